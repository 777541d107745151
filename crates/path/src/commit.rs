//! From a decision to something that may happen: the durable append.
//!
//! A step of the core leaves a [`Batch`]: records and the effects that may only follow once the
//! records are durable. [`commit`] is the one place that turns a cleared request into a recorded
//! one. It must not know what the records mean.

use crate::{
    broker::OrderRef,
    core::{Reply, ReplyId},
    event::Event,
    journal::{AppendError, Head, JournalStore, StreamBatch, StreamId},
    verbs::{CancelOrder, Cleared, PlaceOrder, Recorded, ReplaceOrder, SetTerms, Verb},
};

/// Something that should happen once the records before it are durable.
#[derive(Debug)]
pub(crate) enum Effect {
    Place(Cleared<PlaceOrder>),
    Replace(Cleared<ReplaceOrder>),
    Cancel(Cleared<CancelOrder>),
    SetTerms(Cleared<SetTerms>),
    LookUp(OrderRef),
    Recent(domain::Timestamp),
    Snapshot(domain::Timestamp),
    Reply(ReplyId, Box<Reply>),
}

/// Something that may happen now.
#[derive(Debug)]
pub enum Action {
    /// Send an order.
    Place(Recorded<PlaceOrder>),
    /// Send an order that takes another one's place.
    Replace(Recorded<ReplaceOrder>),
    /// Send a cancel.
    Cancel(Recorded<CancelOrder>),
    /// Ask for other terms.
    SetTerms(Recorded<SetTerms>),
    /// Ask the venue about one order.
    LookUp(OrderRef),
    /// Ask the venue for its orders since this time, open or ended.
    Recent(domain::Timestamp),
    /// Ask the venue about everything, with executions from this time on.
    Snapshot(domain::Timestamp),
    /// Answer who asked.
    Reply(ReplyId, Box<Reply>),
}

/// What one step decided.
#[derive(Debug)]
#[must_use = "a batch that is not committed leaves the core ahead of its journal"]
pub struct Batch {
    pub(crate) append: StreamBatch,
    pub(crate) events: Vec<Event>,
    pub(crate) effects: Vec<Effect>,
}

impl Batch {
    /// The stream that it belongs to.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        &self.append.stream
    }

    /// The lease under which it was decided.
    #[must_use]
    pub fn token(&self) -> crate::journal::LeaseToken {
        self.append.token
    }

    /// The records that it adds.
    #[must_use]
    pub fn records(&self) -> &[crate::journal::EventRecord] {
        &self.append.records
    }

    /// True when it has neither records nor effects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.append.records.is_empty() && self.effects.is_empty()
    }

    /// True when it starts new risk. Such a batch never goes to the emergency journal.
    #[must_use]
    pub fn opens_risk(&self) -> bool {
        self.events.iter().any(Event::opens_risk)
    }

    /// Who waits for an answer.
    #[must_use]
    pub fn reply_ids(&self) -> Vec<ReplyId> {
        self.effects
            .iter()
            .filter_map(|e| if let Effect::Reply(id, _) = e { Some(*id) } else { None })
            .collect()
    }

    /// True when nothing in it depends on durability: questions to the venue only.
    fn is_inert(&self) -> bool {
        self.append.records.is_empty()
            && self
                .effects
                .iter()
                .all(|e| matches!(e, Effect::LookUp(_) | Effect::Recent(_) | Effect::Snapshot(_)))
    }
}

/// A batch whose records are durable.
#[derive(Debug)]
pub struct Committed {
    /// The stream.
    pub stream: StreamId,
    /// The stream's head after the batch.
    pub head: Head,
    /// What happened.
    pub events: Vec<Event>,
    /// What may happen now, in order.
    pub actions: Vec<Action>,
}

/// A batch whose records are not in the journal. Its requests are gone: nothing of it is sent.
#[derive(Debug)]
pub struct Failed {
    /// The stream.
    pub stream: StreamId,
    /// Why.
    pub error: AppendError,
    /// Who waits for an answer.
    pub replies: Vec<ReplyId>,
}

/// Makes batches durable in one write and releases their effects.
///
/// Answers in the order of the batches. A batch that fails releases nothing; whoever built later
/// batches of the same stream on it must rebuild its state from the journal.
pub fn commit(store: &mut dyn JournalStore, batches: Vec<Batch>) -> Vec<Result<Committed, Failed>> {
    let mut results = Vec::with_capacity(batches.len());
    let waiting: Vec<usize> = (0..batches.len()).filter(|i| !batches[*i].is_inert()).collect();
    let mut appends = Vec::with_capacity(waiting.len());
    let mut parts = Vec::with_capacity(batches.len());
    for batch in batches {
        let Batch { append, events, effects } = batch;
        let head = append.records.last().map_or(append.expected, |r| r.head());
        parts.push((append.stream.clone(), head, events, effects));
        appends.push(append);
    }
    let mut durable: Vec<Result<(), AppendError>> = appends.iter().map(|_| Ok(())).collect();
    if !waiting.is_empty() {
        let mut index = 0;
        appends.retain(|_| {
            index += 1;
            waiting.contains(&(index - 1))
        });
        let outcomes = store.append(&appends);
        for (slot, position) in waiting.iter().enumerate() {
            let outcome = outcomes.get(slot).cloned();
            durable[*position] = outcome.unwrap_or(Err(AppendError::Dead));
        }
    }
    for ((stream, head, events, effects), outcome) in parts.into_iter().zip(durable) {
        results.push(match outcome {
            Ok(()) => {
                let actions = effects.into_iter().map(release).collect();
                Ok(Committed { stream, head, events, actions })
            }
            Err(error) => {
                let replies = effects.iter().filter_map(reply_id).collect();
                Err(Failed { stream, error, replies })
            }
        });
    }
    results
}

fn reply_id(effect: &Effect) -> Option<ReplyId> {
    if let Effect::Reply(id, _) = effect { Some(*id) } else { None }
}

fn release(effect: Effect) -> Action {
    match effect {
        Effect::Place(cleared) => Action::Place(record(cleared)),
        Effect::Replace(cleared) => Action::Replace(record(cleared)),
        Effect::Cancel(cleared) => Action::Cancel(record(cleared)),
        Effect::SetTerms(cleared) => Action::SetTerms(record(cleared)),
        Effect::LookUp(order) => Action::LookUp(order),
        Effect::Recent(since) => Action::Recent(since),
        Effect::Snapshot(since) => Action::Snapshot(since),
        Effect::Reply(id, reply) => Action::Reply(id, reply),
    }
}

fn record<V: Verb>(cleared: Cleared<V>) -> Recorded<V> {
    cleared.into_recorded()
}
