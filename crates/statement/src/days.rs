//! Trading days: equity at each opening, and what lay between.
//!
//! It must not know trades.

use std::collections::VecDeque;

use domain::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::ROWS_MAX;

/// A trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Its number: days since 1970-01-01.
    pub day: i64,
    /// When it opened, on the desk's clock.
    pub opened: Timestamp,
    /// Equity at the opening, in the reporting currency.
    pub equity: Decimal,
    /// What came in less what went out during the day.
    pub deposits: Decimal,
    /// What the day earned up to the next opening, deposits taken out; absent while it lasts.
    pub result: Option<Decimal>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Days(VecDeque<Day>);

impl Days {
    pub(crate) fn marks(&self) -> impl DoubleEndedIterator<Item = &Day> + ExactSizeIterator {
        self.0.iter()
    }

    pub(crate) fn open(&mut self, opened: Timestamp, day: i64, equity: Decimal) {
        if let Some(before) = self.0.back_mut() {
            let result = equity - before.equity - before.deposits;
            before.result = Some(result.normalize());
        }
        self.0.push_back(Day { day, opened, equity, deposits: Decimal::ZERO, result: None });
        if self.0.len() > ROWS_MAX {
            self.0.pop_front();
        }
    }

    /// Money that came or went. Before the first day it is part of its opening.
    pub(crate) fn deposit(&mut self, reporting: Decimal) {
        if let Some(day) = self.0.back_mut() {
            day.deposits = (day.deposits + reporting).normalize();
        }
    }
}
