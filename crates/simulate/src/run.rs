//! Runs of many seeds, and one run with a trace.
//!
//! This module must not know what a run does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    check::Invariant,
    report::{Report, Violation},
    world::World,
};

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many threads, at least one.
    pub threads: usize,
    /// Stop at the first run with a violation.
    pub fail_fast: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { first: 1, seeds: 1, threads: 2, fail_fast: false }
    }
}

/// Plays the worlds of the seeds.
#[must_use]
pub fn run(options: &Options) -> Report {
    let end = options.first.saturating_add(options.seeds);
    let next = AtomicU64::new(options.first);
    let stop = AtomicBool::new(false);
    let total = Mutex::new(Report { seeds: (options.first, end), ..Report::default() });
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            let report = one(seed);
            if options.fail_fast && !report.violations.is_empty() {
                stop.store(true, Ordering::Relaxed);
            }
            total.lock().unwrap_or_else(PoisonError::into_inner).merge(report);
        }
    };
    thread::scope(|scope| {
        for _ in 1..options.threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.violations.sort_by_key(|violation| violation.seed);
    report
}

fn one(seed: u64) -> Report {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, false);
        world.play();
        world.report().0
    }));
    played.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        let text = text.or_else(|| cause.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        let detail = text.unwrap_or_else(|| "a step panicked".to_owned());
        let invariant = Invariant::NoPanic.name().to_owned();
        let violations = vec![Violation { seed, invariant, detail }];
        Report { runs: 1, seeds: (seed, seed + 1), violations, ..Report::default() }
    })
}

/// Plays one world and tells everything that happened in it.
#[must_use]
pub fn trace(seed: u64) -> (Report, Vec<String>) {
    let mut world = World::new(seed, true);
    world.play();
    world.report()
}
