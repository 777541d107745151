//! The latest of what an account was told, in memory.
//!
//! This module must not know where older ones are kept.

use std::collections::VecDeque;

use domain::Timestamp;

use crate::changes::{ActionRow, FillRow, MovementRow};

/// Something that happened at a time.
pub(crate) trait Dated {
    /// When.
    fn at(&self) -> Timestamp;
}

impl Dated for FillRow {
    fn at(&self) -> Timestamp {
        self.fill.at
    }
}

impl Dated for MovementRow {
    fn at(&self) -> Timestamp {
        self.movement.at
    }
}

impl Dated for ActionRow {
    fn at(&self) -> Timestamp {
        self.action.at
    }
}

/// The latest rows, in order of time.
#[derive(Debug, Clone)]
pub(crate) struct Recent<T> {
    rows: VecDeque<T>,
    forgot: bool,
}

impl<T: Dated> Recent<T> {
    /// None yet; `forgot` when there may be older ones elsewhere.
    pub(crate) fn new(forgot: bool) -> Self {
        Self { rows: VecDeque::new(), forgot }
    }

    pub(crate) fn push(&mut self, row: T) {
        self.rows.push_back(row);
    }

    /// Forgets the oldest, down to this count.
    pub(crate) fn trim(&mut self, keep: usize) {
        while self.rows.len() > keep {
            self.rows.pop_front();
            self.forgot = true;
        }
    }

    /// Rows at or after `since`.
    pub(crate) fn since(&self, since: Timestamp) -> impl Iterator<Item = &T> {
        self.rows.iter().filter(move |row| row.at() >= since)
    }

    /// True when every row at or after `since` is here.
    pub(crate) fn reaches(&self, since: Timestamp) -> bool {
        !self.forgot || self.rows.front().is_some_and(|row| row.at() < since)
    }
}
