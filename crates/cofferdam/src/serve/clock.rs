//! The desk's clock while a replay drives it.
//!
//! It must not know what is replayed.

use std::sync::{Mutex, PoisonError};

use desk::clock::{Clock, Trust, boot_time, wall_time};
use domain::{Nanos, Timestamp};
use market::replay::ReplayClock;
use path::market::Now;

/// The replay's time as the desk's clock. It never goes backward, and it stands still at an instant
/// at which something is due until that has happened.
pub(super) struct DrivenClock {
    driven: Mutex<Driven>,
    trust: Trust,
}

struct Driven {
    replay: ReplayClock,
    /// The latest instant that was told or shown.
    shown: Timestamp,
    /// What is due next.
    due: Option<Timestamp>,
}

impl DrivenClock {
    pub(super) fn new(replay: ReplayClock) -> Self {
        let driven = Driven { replay, shown: Timestamp(i64::MIN), due: None };
        Self { driven: Mutex::new(driven), trust: Trust::new(wall_time(), boot_time()) }
    }

    fn driven(&self) -> std::sync::MutexGuard<'_, Driven> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is due at this instant: time stops there. With `None` it runs on.
    pub(super) fn stop_at(&self, due: Option<Timestamp>) {
        self.driven().due = due;
    }

    /// Time has come to an instant.
    pub(super) fn come_to(&self, at: Timestamp) {
        let mut driven = self.driven();
        driven.shown = driven.shown.max(at);
    }
}

impl Clock for DrivenClock {
    fn now(&self) -> Now {
        let (wall, mono) = (wall_time(), boot_time());
        let mut driven = self.driven();
        let runs = driven.replay.now(Nanos(mono.0));
        let at = driven.due.map_or(runs, |due| runs.min(due)).max(driven.shown);
        driven.shown = at;
        drop(driven);
        Now { at, wall, mono, trusted: self.trust.judge(wall, mono) }
    }
}
