//! What was told before, as far as it is remembered.
//!
//! It must not know what the keys mean.

use std::collections::{BTreeSet, VecDeque};

/// Keys that are known when they are told again; the books remember them likewise.
const KEYS_MAX: usize = 50_000;

/// The latest keys.
#[derive(Debug, Clone)]
pub(crate) struct Seen<T> {
    keys: BTreeSet<T>,
    order: VecDeque<T>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { keys: BTreeSet::new(), order: VecDeque::new() }
    }
}

impl<T: Ord + Clone> Seen<T> {
    /// Takes a key in; false when it is known.
    pub(crate) fn first_time(&mut self, key: T) -> bool {
        if !self.keys.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        true
    }
}
