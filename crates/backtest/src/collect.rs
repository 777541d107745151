//! A watcher that keeps what a report needs: fills, round trips, the equity curve.
//!
//! It grows with the bars; a sweep watches with something smaller. It must not judge a result.

use domain::{BookId, Fill, Timestamp};
use path::event::Event;
use statement::{RoundTrip, Statement, StatementError};

use crate::outcome::{BarMark, Watcher};

/// Keeps fills, round trips and the equity curve.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    fills: Vec<(BookId, Fill)>,
    curve: Vec<BarMark>,
    statement: Statement,
    fault: Option<StatementError>,
}

impl Collected {
    /// Every execution, with its book.
    #[must_use]
    pub fn fills(&self) -> &[(BookId, Fill)] {
        &self.fills
    }

    /// The account at every close of bars.
    #[must_use]
    pub fn curve(&self) -> &[BarMark] {
        &self.curve
    }

    /// Round trips that have ended, the earliest first; the latest 100 000.
    pub fn trips(&self) -> impl Iterator<Item = &RoundTrip> {
        self.statement.trips()
    }

    /// The account's statement: lots, round trips, days, movements.
    ///
    /// # Errors
    /// [`StatementError`] when an exact amount did not fit; from then on it was not continued.
    pub const fn statement(&self) -> Result<&Statement, &StatementError> {
        match &self.fault {
            Some(fault) => Err(fault),
            None => Ok(&self.statement),
        }
    }
}

impl Watcher for Collected {
    fn event(&mut self, at: Timestamp, event: &Event) {
        if let Event::Filled(filled) = event {
            self.fills.push((filled.book.clone(), filled.fill.clone()));
        }
        if self.fault.is_none() {
            self.fault = self.statement.take(at, event).err();
        }
    }

    fn bars_closed(&mut self, mark: &BarMark) {
        self.curve.push(*mark);
    }
}
