//! What a run knows of its positions beyond the books: since when, for how many bars.
//!
//! It is read from the account's journal and from the bars that closed, so that a restart knows
//! what the run before knew. It must not decide.

use std::collections::BTreeSet;

use backtest::trader::Held;
use domain::{InstrumentId, IntentId, Principal, Timestamp};
use path::{
    event::{ArmedEnd, Event},
    journal::{JournalReader, ReadError, StreamId},
};

/// Records that are read at once.
const CHUNK: usize = 1_024;

/// The fold of an account's journal from one record on.
#[derive(Debug)]
pub(crate) struct Recall {
    stream: StreamId,
    principal: Principal,
    /// Wishes of the run that were refused, also those that waited for a price, and those that the
    /// kill switch ended while they waited.
    pub(crate) refused: u64,
    /// Wishes of the run that wait for a price.
    waiting: BTreeSet<IntentId>,
    /// Records that were taken in.
    seq: u64,
    pub(crate) held: Held,
}

impl Recall {
    /// Nothing is remembered of what was before `seq`.
    pub(crate) fn new(stream: StreamId, principal: Principal, seq: u64) -> Self {
        Self { stream, principal, refused: 0, waiting: BTreeSet::new(), seq, held: Held::default() }
    }

    /// Bars have closed: what was recorded up to then is taken in, and then the bars count.
    pub(crate) fn bars_closed<'a>(
        &mut self,
        journal: &(dyn JournalReader + Send + Sync),
        at: Timestamp,
        instruments: impl Iterator<Item = &'a InstrumentId>,
    ) -> Result<(), ReadError> {
        'records: loop {
            let records = journal.read(&self.stream, self.seq, CHUNK)?;
            let last = records.len() < CHUNK;
            for record in records {
                if record.at > at {
                    break 'records;
                }
                let event = Event::decode(&record.kind, record.version, &record.body);
                let event = event.map_err(|error| ReadError(error.to_string()))?;
                self.held.note(record.at, &event);
                self.refused += self.refusals(&event);
                self.seq = record.seq;
            }
            if last {
                break;
            }
        }
        instruments.for_each(|instrument| self.held.bar_closed(instrument));
        Ok(())
    }

    fn refusals(&mut self, event: &Event) -> u64 {
        match event {
            Event::OrderArmed(e) if e.intent.origin.principal == self.principal => {
                self.waiting.insert(e.intent.id.clone());
                0
            }
            Event::ArmedEnded(e) => {
                let mine = self.waiting.remove(&e.intent);
                u64::from(mine && e.end == ArmedEnd::Killed)
            }
            Event::IntentRefused(e) if e.intent.origin.principal == self.principal => 1,
            Event::RefusalsCounted(e) if e.origin.principal == self.principal => e.count,
            _ => 0,
        }
    }
}
