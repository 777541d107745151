//! What a simulation found.
//!
//! This module must not know how anything is found.

use std::collections::BTreeMap;

use serde::Serialize;

/// Something that must hold and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The seed that replays it.
    pub seed: u64,
    /// The name of what must hold.
    pub invariant: String,
    /// What was found instead.
    pub detail: String,
}

/// The outcome of one or many runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many runs.
    pub runs: u64,
    /// The first seed and the one after the last.
    pub seeds: (u64, u64),
    /// How often each kind of fault was injected.
    pub faults: BTreeMap<String, u64>,
    /// How often each invariant was checked against something that it speaks about.
    pub checks: BTreeMap<String, u64>,
    /// Everything that did not hold.
    pub violations: Vec<Violation>,
    /// Inputs that cores took.
    pub events: u64,
    /// Orders that were written to the wire.
    pub orders: u64,
    /// Executions at the venue.
    pub fills: u64,
    /// Starts of a desk, the first one of each run included.
    pub starts: u64,
    /// Records in the journals.
    pub records: u64,
}

impl Report {
    /// Takes another report's numbers in.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.orders += other.orders;
        self.fills += other.fills;
        self.starts += other.starts;
        self.records += other.records;
        for (name, count) in other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (name, count) in other.checks {
            *self.checks.entry(name).or_default() += count;
        }
        self.violations.extend(other.violations);
    }
}
