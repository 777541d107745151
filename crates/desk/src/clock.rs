//! The desk's clocks, and whether they can be believed.
//!
//! Trading rules use `at`, which a replay may drive; deadlines use the monotonic clock, which goes
//! on while the machine sleeps. When the wall clock jumps against elapsed time, entries stop until
//! the two have agreed for a while. It must not know what is decided by time.

use std::sync::{Mutex, PoisonError};

use domain::{Nanos, Timestamp};
use path::{market::Now, wire::Mono};

/// Reads the clocks.
pub trait Clock: Send + Sync {
    /// All readings at once.
    fn now(&self) -> Now;

    /// The monotonic clock alone.
    fn mono(&self) -> Mono {
        boot_time()
    }
}

/// How far wall clock and elapsed time may drift apart.
const DRIFT_MAX: Nanos = Nanos::from_secs(3);
/// How long they must agree to be believed again.
const AGREE_FOR: Nanos = Nanos::from_secs(30);

/// Nanoseconds since boot, sleep included.
#[must_use]
pub fn boot_time() -> Mono {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Mono(time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec))
}

/// The wall clock.
#[must_use]
pub fn wall_time() -> Timestamp {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    Timestamp(time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec))
}

/// Watches whether the wall clock keeps step with elapsed time.
#[derive(Debug)]
pub struct Trust(Mutex<TrustState>);

#[derive(Debug, Clone, Copy)]
struct TrustState {
    wall: Timestamp,
    mono: Mono,
    doubted: Option<Mono>,
}

impl Trust {
    /// Starts to watch at these readings.
    #[must_use]
    pub fn new(wall: Timestamp, mono: Mono) -> Self {
        Self(Mutex::new(TrustState { wall, mono, doubted: None }))
    }

    /// Judges new readings. After a jump the clocks are believed again once they have agreed for
    /// half a minute from the new start.
    pub fn judge(&self, wall: Timestamp, mono: Mono) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drift = wall.since(state.wall).0 - mono.since(state.mono).0;
        if drift.abs() > DRIFT_MAX.0 {
            *state = TrustState { wall, mono, doubted: Some(mono) };
            return false;
        }
        match state.doubted {
            Some(since) if mono.since(since) < AGREE_FOR => false,
            _ => {
                state.doubted = None;
                true
            }
        }
    }
}

/// The machine's clocks: the desk's time is the wall's.
#[derive(Debug)]
pub struct SystemClock(Trust);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Trust::new(wall_time(), boot_time()))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let (wall, mono) = (wall_time(), boot_time());
        Now { at: wall, wall, mono, trusted: self.0.judge(wall, mono) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_clock_is_noticed_and_forgiven_after_half_a_minute() {
        let at = |secs: i64| (Timestamp::from_secs(1_000 + secs), Mono(secs * 1_000_000_000));
        let (wall, mono) = at(0);
        let trust = Trust::new(wall, mono);
        let (wall, mono) = at(10);
        assert!(trust.judge(wall, mono));
        let jumped = |secs: i64| (at(secs).0.plus(Nanos::from_secs(3_600)), at(secs).1);
        let (wall, mono) = jumped(11);
        assert!(!trust.judge(wall, mono));
        let (wall, mono) = jumped(30);
        assert!(!trust.judge(wall, mono));
        let (wall, mono) = jumped(42);
        assert!(trust.judge(wall, mono));
    }
}
