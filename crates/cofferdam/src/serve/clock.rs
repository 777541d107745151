//! The desk's clock while a replay drives it.

use std::sync::{Mutex, PoisonError};

use desk::clock::{Clock, Trust, boot_time, wall_time};
use domain::Nanos;
use market::replay::ReplayClock;
use path::market::Now;

/// The replay's time as the desk's clock. It never goes backward.
pub(super) struct DrivenClock {
    replay: Mutex<ReplayClock>,
    trust: Trust,
}

impl DrivenClock {
    pub(super) fn new(replay: ReplayClock) -> Self {
        Self { replay: Mutex::new(replay), trust: Trust::new(wall_time(), boot_time()) }
    }
}

impl Clock for DrivenClock {
    fn now(&self) -> Now {
        let (wall, mono) = (wall_time(), boot_time());
        let at = self.replay.lock().unwrap_or_else(PoisonError::into_inner).now(Nanos(mono.0));
        Now { at, wall, mono, trusted: self.trust.judge(wall, mono) }
    }
}
