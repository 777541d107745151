//! Core and venue in one hand: what the core decides is carried out at once, and what the venue
//! answers is told to the core before anything else happens.
//!
//! Effects leave after the append, as with every driver. This module must not know bars.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{AccountId, InstrumentId, IntentId, Nanos, Origin, Timestamp};
use path::{
    broker::{CancelOutcome, PlaceOutcome, QueryError, TermsOutcome, VenueEvent},
    budget::BudgetTable,
    commit::{Action, Batch, Committed, commit},
    core::{Core, Input, Reply, ReplyId},
    event::Event,
    journal::{AppendError, EventRecord, JournalStore, StreamBatch},
    market::Now,
    wire::{Mono, MonoClock, Wire},
};
use venue_sim::{Engine, SimTick, terms_outcome};

use crate::{
    error::BacktestError,
    outcome::{Tally, Told, Watcher},
    setup::Keep,
    trader::{Held, Wish},
};

/// Between two prices the desk's timers see no more than this: a close that waits for volume is
/// given up after so many prices, not after the night between two of them.
const PRICE_APART: Nanos = Nanos::from_secs(1);
/// Answers in a row after which core and venue are taken to go round in circles.
const ROUNDS_MAX: usize = 20_000;
/// Orders after which the venue forgets what ended long ago.
const FORGET_EVERY: u64 = 512;

/// The journal of a run: none, or one in memory.
#[derive(Debug)]
pub(crate) struct Journal {
    keep: Keep,
    pub(crate) records: Vec<EventRecord>,
}

impl Journal {
    pub(crate) fn new(keep: Keep) -> Self {
        Self { keep, records: Vec::new() }
    }
}

impl JournalStore for Journal {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        if self.keep == Keep::Records {
            self.records.extend(batches.iter().flat_map(|b| b.records.iter().cloned()));
        }
        batches.iter().map(|_| Ok(())).collect()
    }
}

/// The wish that is being told, so that its refusal is counted once.
#[derive(Debug, Default)]
struct Asked {
    intent: Option<IntentId>,
    recorded: bool,
}

/// Core and venue.
pub(crate) struct Driver<'w> {
    pub(crate) core: Core,
    pub(crate) engine: Engine,
    pub(crate) account: AccountId,
    pub(crate) journal: Journal,
    pub(crate) now: Now,
    pub(crate) tally: Tally,
    pub(crate) held: Held,
    pub(crate) watcher: &'w mut dyn Watcher,
    /// Something was recorded since this was last taken.
    pub(crate) moved: bool,
    budget: BudgetTable,
    wire: Wire,
    clock: Arc<AtomicI64>,
    queue: VecDeque<Input>,
    asked: Option<Asked>,
    /// Refusals that were answered and not recorded one by one.
    unrecorded: u64,
    sent: u64,
    fault: Option<BacktestError>,
}

impl<'w> Driver<'w> {
    pub(crate) fn new(
        core: Core,
        engine: Engine,
        journal: Journal,
        at: Timestamp,
        watcher: &'w mut dyn Watcher,
    ) -> Self {
        let mono = Mono(PRICE_APART.0);
        let clock = Arc::new(AtomicI64::new(mono.0));
        let reader = clock.clone();
        let reads: MonoClock = Arc::new(move || Mono(reader.load(Ordering::Relaxed)));
        let wire = Wire::new(reads, core.token(), Mono(i64::MAX), core.state().kill_epoch);
        let account = core.state().spec.id.clone();
        Self {
            core,
            engine,
            account,
            journal,
            now: Now { at, wall: at, mono, trusted: true },
            tally: Tally::default(),
            held: Held::default(),
            watcher,
            moved: true,
            budget: BudgetTable::default(),
            wire,
            clock,
            queue: VecDeque::new(),
            asked: None,
            unrecorded: 0,
            sent: 0,
            fault: None,
        }
    }

    /// What made the run impossible to go on with, if anything did.
    pub(crate) fn check(&mut self) -> Result<(), BacktestError> {
        self.fault.take().map_or(Ok(()), Err)
    }

    /// Lets time come to an instant. False when it was there.
    pub(crate) fn advance(&mut self, at: Timestamp) -> bool {
        let span = at.since(self.now.at).0.clamp(0, PRICE_APART.0);
        self.pass(Nanos(span));
        self.now.at = self.now.at.max(at);
        self.now.wall = self.now.at;
        span > 0
    }

    /// Lets the desk's timers run on.
    pub(crate) fn pass(&mut self, span: Nanos) {
        self.now.mono = self.now.mono.plus(span);
        self.clock.store(self.now.mono.0, Ordering::Relaxed);
    }

    /// The first run of the desk on this account.
    pub(crate) fn start(&mut self) {
        let batch = self.core.start(1, self.now, &mut self.budget);
        self.settle(batch);
        self.come_to_rest();
    }

    /// Tells the core something, and whatever follows from it.
    pub(crate) fn tell(&mut self, input: Input) {
        self.step(input);
        self.come_to_rest();
    }

    /// Tells the core a wish of the trader.
    pub(crate) fn wish(&mut self, wish: Wish, origin: Origin) {
        let intent = match &wish {
            Wish::Submit(intent) | Wish::Reverse(intent) => Some(intent.id.clone()),
            _ => None,
        };
        self.tally.counts.wishes += 1;
        self.asked = Some(Asked { intent, recorded: false });
        self.tell(wish.clone().into_input(origin, Some(ReplyId(0))));
        self.asked = None;
        self.show(Told::Wished(&wish));
    }

    /// Shows the watcher what was told, now that all is at rest.
    pub(crate) fn show(&mut self, what: Told<'_>) {
        self.watcher.told(self.now.at, what, &self.core);
    }

    /// Tells a setting that has to be taken.
    pub(crate) fn set(&mut self, what: &'static str, input: Input) -> Result<(), BacktestError> {
        let before = self.tally.refusals.wishes;
        self.asked = Some(Asked::default());
        self.tell(input);
        self.asked = None;
        self.check()?;
        if self.tally.refusals.wishes == before {
            return Ok(());
        }
        let codes = self.tally.refusals.codes.keys().map(|c| c.name()).collect::<Vec<_>>();
        Err(BacktestError::Setting { what, why: codes.join(", ") })
    }

    /// The venue hears a price; what it tells about it waits.
    pub(crate) fn venue_price(&mut self, tick: &SimTick) {
        let events = self.engine.on_tick(tick, self.now.at);
        self.hear(events);
    }

    /// The account hears what the venue told.
    pub(crate) fn hear(&mut self, events: Vec<venue_sim::engine::AccountEvent>) {
        self.queue.extend(events.into_iter().map(|(_, event)| Input::Venue(event)));
        self.come_to_rest();
    }

    /// True while prices of an instrument can change anything of the account.
    pub(crate) fn busy(&self, id: &InstrumentId) -> bool {
        let state = self.core.state();
        let held = |b: &path::state::Book| {
            b.plans.contains_key(id) || b.positions.get(id).is_some_and(|p| !p.qty.is_zero())
        };
        state.live_of(id).next().is_some()
            || state.books.values().any(held)
            || state.armed.values().any(|a| a.intent.instrument == *id)
            || state.holds.values().any(|h| h.intent.instrument == *id)
            || state.closes.values().any(|c| c.instrument == *id)
    }

    /// Asks the watcher whether the run is to go on.
    pub(crate) fn ask_to_go_on(&mut self) {
        if !self.watcher.goes_on(self.tally.counts.bars) {
            self.fault.get_or_insert(BacktestError::Stopped);
        }
    }

    fn come_to_rest(&mut self) {
        let mut rounds = 0;
        while let Some(input) = self.queue.pop_front() {
            rounds += 1;
            if rounds > ROUNDS_MAX {
                self.fault.get_or_insert(BacktestError::Endless(format!("{input:?}")));
                self.queue.clear();
                return;
            }
            self.step(input);
        }
    }

    fn step(&mut self, input: Input) {
        let batch = self.core.step(input, self.now, &mut self.budget);
        self.settle(batch);
    }

    fn settle(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        for result in commit(&mut self.journal, vec![batch]) {
            match result {
                Ok(committed) => self.carry_out(committed),
                Err(failed) => {
                    self.fault.get_or_insert(failed.error.into());
                }
            }
        }
    }

    fn carry_out(&mut self, committed: Committed) {
        let Committed { events, actions, .. } = committed;
        self.moved |= !events.is_empty();
        for event in &events {
            self.held.note(self.now.at, event);
            self.watcher.event(self.now.at, event);
            self.count(event);
        }
        for action in actions {
            self.act(action);
        }
    }

    /// Counts an event. A refusal of the wish that is being told is counted with its answer.
    fn count(&mut self, event: &Event) {
        match (event, &mut self.asked) {
            (Event::IntentRefused(e), Some(asked))
                if asked.intent.as_ref() == Some(&e.intent.id) =>
            {
                asked.recorded = true;
                self.tally.counts.records += 1;
            }
            (Event::RefusalsCounted(e), _) => {
                let mut rest = e.clone();
                rest.count = e.count.saturating_sub(std::mem::take(&mut self.unrecorded));
                self.tally.note(&Event::RefusalsCounted(rest));
            }
            _ => self.tally.note(event),
        }
    }

    fn answered(&mut self, reply: &Reply) {
        let (Reply::Refused(refusals), Some(asked)) = (reply, &self.asked) else { return };
        if asked.intent.is_some() && !asked.recorded {
            self.unrecorded += 1;
        }
        self.tally.refused(refusals.iter().map(|r| r.code));
    }

    fn act(&mut self, action: Action) {
        let at = self.now.at;
        match action {
            Action::Place(recorded) => {
                let order = recorded.client_order_id().clone();
                let (outcome, events) = match self.wire.release(recorded) {
                    Ok((request, _in_flight)) => self.engine.place(&request, at),
                    Err(why) => (PlaceOutcome::NotSent(why), Vec::new()),
                };
                self.placed(order, outcome, events);
            }
            Action::Replace(recorded) => {
                let order = recorded.client_order_id().clone();
                let (outcome, events) = match self.wire.release(recorded) {
                    Ok((request, _in_flight)) => self.engine.replace(&request, at),
                    Err(why) => (PlaceOutcome::NotSent(why), Vec::new()),
                };
                self.placed(order, outcome, events);
            }
            Action::Cancel(recorded) => {
                let order = recorded.client_order_id().clone();
                let (outcome, events) = match self.wire.release(recorded) {
                    Ok((request, _in_flight)) => self.engine.cancel_asked(&request, at),
                    Err(why) => (CancelOutcome::NotSent(why), Vec::new()),
                };
                self.queue.extend(events.into_iter().map(Input::Venue));
                self.queue.push_back(Input::CancelAnswered { order, outcome });
            }
            Action::SetTerms(recorded) => {
                let request = recorded.client_order_id().clone();
                let outcome = match self.wire.release(recorded) {
                    Ok((wanted, _in_flight)) => {
                        terms_outcome(self.engine.set_terms(&self.account, &wanted.terms))
                    }
                    Err(why) => TermsOutcome::NotSent(why),
                };
                self.queue.push_back(Input::TermsAnswered { request, outcome });
            }
            Action::LookUp(order) => {
                let answer = Ok(self.engine.order(&self.account, &order.client_order_id));
                let order = order.client_order_id;
                self.queue.push_back(Input::LookedUp { order, answer });
            }
            Action::Recent(_) => {
                let why = "orders are found by the client's ids".to_owned();
                self.queue.push_back(Input::Recent(Err(QueryError(why))));
            }
            Action::Snapshot(since) => {
                let answer = self.engine.snapshot(&self.account, since, at);
                let answer = answer.map_err(|error| QueryError(error.to_string()));
                self.queue.push_back(Input::Snapshot(answer));
            }
            Action::Reply(_, reply) => self.answered(&reply),
        }
    }

    fn placed(
        &mut self,
        order: domain::ClientOrderId,
        outcome: PlaceOutcome,
        events: Vec<VenueEvent>,
    ) {
        self.queue.push_back(Input::Placed { order, outcome });
        self.queue.extend(events.into_iter().map(Input::Venue));
        self.sent += 1;
        if self.sent.is_multiple_of(FORGET_EVERY) {
            let (done, fills) = (self.engine.config().keep_done, self.engine.config().keep_fills);
            self.engine.forget_ended(done, fills);
        }
    }
}
