//! Replay time as a function of elapsed real time.
//!
//! A demo shows years in minutes and should not show nights, so replay time may run faster and
//! leap from a close to the next opening. This module must not read a clock: the monotonic time,
//! counted from any fixed origin, is a parameter of every call, and how often it is asked does
//! not change what it answers. Replay time never goes backward.

use domain::{CalendarKind, Nanos, Timestamp};

use super::ClockError;
use crate::calendar::Calendar;

/// How replay time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So much replay time in so much real time.
    Ratio {
        /// Replay time in ns.
        replay: Nanos,
        /// Real time in ns.
        real: Nanos,
        /// Leaves out the time in which this calendar is closed.
        skip_closed: Option<Calendar>,
    },
    /// Every session of the calendar takes the same real time, short ones too, and closed time
    /// takes none: with daily bars one bar comes every `real`.
    PerSession {
        /// Real time of a session in ns.
        real: Nanos,
        /// Whose sessions.
        calendar: Calendar,
    },
}

impl Pace {
    /// Real time, sped up by a whole factor.
    #[must_use]
    pub const fn times(factor: u32) -> Self {
        Self::Ratio { replay: Nanos(factor as i64), real: Nanos(1), skip_closed: None }
    }

    fn check(self) -> Result<Self, ClockError> {
        let (replay, real) = match self {
            Self::Ratio { replay, real, .. } => (replay, real),
            Self::PerSession { real, .. } => (Nanos(1), real),
        };
        if replay <= Nanos(0) || real <= Nanos(0) {
            return Err(ClockError::Pace { replay, real });
        }
        Ok(self)
    }

    /// Whose closed time is left out. A round-the-clock calendar has none, but it has sessions.
    fn skips(self) -> Option<Calendar> {
        match self {
            Self::PerSession { calendar, .. } => Some(calendar),
            Self::Ratio { skip_closed, .. } => {
                skip_closed.filter(|calendar| calendar.kind() != CalendarKind::AlwaysOpen)
            }
        }
    }

    /// An instant in closed time moves to the next opening, if there is one.
    fn settle(self, at: Timestamp) -> Timestamp {
        match self.skips() {
            Some(calendar) if !calendar.is_open(at) => calendar.next_open(at).unwrap_or(at),
            _ => at,
        }
    }

    /// How time passes from an instant up to the next leap.
    fn leg(self, from: Timestamp) -> Leg {
        let Some(calendar) = self.skips() else {
            let (replay, real) = match self {
                Self::Ratio { replay, real, .. } => (replay.0, real.0),
                Self::PerSession { real, .. } => (1, real.0),
            };
            return Leg { replay: replay.into(), real: real.into(), end: None, next: None };
        };
        let Some(session) = calendar.session_at(from) else {
            // No session is left: time stands still.
            return Leg { replay: 1, real: 1, end: Some(from), next: None };
        };
        let (replay, real) = match self {
            Self::Ratio { replay, real, .. } => (replay.0, real.0),
            Self::PerSession { real, .. } => (session.close.since(session.open).0, real.0),
        };
        // Sessions round the clock touch, so the close itself may be the next opening.
        let next = calendar.next_open(Timestamp(session.close.0 - 1));
        Leg { replay: replay.into(), real: real.into(), end: Some(session.close), next }
    }
}

/// A stretch of time that passes evenly.
#[derive(Debug, Clone, Copy)]
struct Leg {
    replay: i128,
    real: i128,
    end: Option<Timestamp>,
    /// Where time goes on after the end.
    next: Option<Timestamp>,
}

impl Leg {
    /// The real time, rounded up, after which replay time has come from one instant to another.
    fn real_between(&self, from: Timestamp, to: Timestamp) -> i128 {
        let span = (i128::from(to.0) - i128::from(from.0)).max(0);
        (span * self.real + self.replay - 1) / self.replay
    }

    /// The instant that is reached after so much real time, rounded down.
    fn after(&self, from: Timestamp, real: i128) -> Timestamp {
        // Real time is 63 bits and so is the factor: the product fits.
        let at = i128::from(from.0) + real * self.replay / self.real;
        let at = Timestamp(i64::try_from(at).unwrap_or(i64::MAX));
        self.end.map_or(at, |end| at.min(end))
    }
}

/// Maps monotonic time to replay time.
#[derive(Debug, Clone)]
pub struct ReplayClock {
    pace: Pace,
    /// At this monotonic time it was `anchor` in the replay.
    anchor_mono: Nanos,
    anchor: Timestamp,
    /// The latest monotonic time seen.
    mono: Nanos,
    paused: bool,
}

impl ReplayClock {
    /// A running clock that shows `start` at the monotonic time `mono`. A start in time that the
    /// pace leaves out moves to the next opening.
    ///
    /// # Errors
    /// [`ClockError::Pace`] unless replay time and real time of the pace are greater than zero.
    pub fn new(start: Timestamp, pace: Pace, mono: Nanos) -> Result<Self, ClockError> {
        let pace = pace.check()?;
        let anchor = pace.settle(start);
        Ok(Self { pace, anchor_mono: mono, anchor, mono, paused: false })
    }

    /// The replay time at a monotonic time. A monotonic time before the latest one seen counts as
    /// the latest.
    pub fn now(&mut self, mono: Nanos) -> Timestamp {
        self.mono = self.mono.max(mono);
        if self.paused {
            return self.anchor;
        }
        loop {
            let elapsed = i128::from(self.mono.0) - i128::from(self.anchor_mono.0);
            let leg = self.pace.leg(self.anchor);
            let Some(end) = leg.end else { return leg.after(self.anchor, elapsed) };
            let to_end = leg.real_between(self.anchor, end);
            let Some(next) = leg.next.filter(|_| elapsed > to_end) else {
                return leg.after(self.anchor, elapsed);
            };
            // `to_end` is less than the elapsed time, so it fits.
            self.anchor_mono.0 += i64::try_from(to_end).unwrap_or(i64::MAX);
            self.anchor = next;
        }
    }

    /// The monotonic time at which the clock will show `target` or, if it leaves that out, the
    /// first instant after it: until then a driver may sleep. `None` while paused, and for an
    /// instant that it never reaches.
    #[must_use]
    pub fn due_at(&self, target: Timestamp) -> Option<Nanos> {
        if self.paused {
            return None;
        }
        let (mut mono, mut from) = (i128::from(self.anchor_mono.0), self.anchor);
        loop {
            let leg = self.pace.leg(from);
            let Some(end) = leg.end.filter(|end| target > *end) else {
                return i64::try_from(mono + leg.real_between(from, target)).ok().map(Nanos);
            };
            mono += leg.real_between(from, end);
            from = leg.next?;
            if target <= from {
                return i64::try_from(mono + 1).ok().map(Nanos);
            }
        }
    }

    /// True while the clock stands.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Stops the clock at a monotonic time; it shows the same instant until it is resumed.
    pub fn pause(&mut self, mono: Nanos) {
        self.re_anchor(mono);
        self.paused = true;
    }

    /// Lets the clock go on from where it stands.
    pub fn resume(&mut self, mono: Nanos) {
        self.re_anchor(mono);
        self.paused = false;
    }

    /// Changes the pace from a monotonic time on. An instant that the new pace leaves out moves
    /// to the next opening.
    ///
    /// # Errors
    /// [`ClockError::Pace`] unless replay time and real time of the pace are greater than zero;
    /// the old pace goes on.
    pub fn set_pace(&mut self, pace: Pace, mono: Nanos) -> Result<(), ClockError> {
        let pace = pace.check()?;
        self.re_anchor(mono);
        (self.pace, self.anchor) = (pace, pace.settle(self.anchor));
        Ok(())
    }

    /// Leaps forward to an instant, also while paused. What was passed over is due at once. An
    /// instant that the pace leaves out moves to the next opening.
    ///
    /// # Errors
    /// [`ClockError::Backward`] for an instant before the present one; nothing changes.
    pub fn seek(&mut self, to: Timestamp, mono: Nanos) -> Result<(), ClockError> {
        let now = self.now(mono);
        if to < now {
            return Err(ClockError::Backward { now, to });
        }
        self.re_anchor(mono);
        self.anchor = self.pace.settle(to);
        Ok(())
    }

    fn re_anchor(&mut self, mono: Nanos) {
        self.anchor = self.now(mono);
        self.anchor_mono = self.mono;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCKS: Calendar = Calendar::of(CalendarKind::UsEquities);
    const CRYPTO: Calendar = Calendar::of(CalendarKind::AlwaysOpen);

    fn at(text: &str) -> Timestamp {
        format!("2024-{text}Z").parse().unwrap()
    }

    fn secs(secs: i64) -> Nanos {
        Nanos::from_secs(secs)
    }

    #[test]
    fn time_passes_by_the_factor_and_stands_while_paused() {
        let mut clock = ReplayClock::new(at("01-01T00:00:00"), Pace::times(60), secs(5)).unwrap();
        assert_eq!(clock.now(secs(6)), at("01-01T00:01:00"));
        assert_eq!(clock.due_at(at("01-01T00:02:00")), Some(secs(7)));
        clock.pause(secs(7));
        assert_eq!((clock.now(secs(100)), clock.is_paused()), (at("01-01T00:02:00"), true));
        assert_eq!(clock.due_at(at("01-02T00:00:00")), None);
        clock.resume(secs(100));
        assert_eq!(clock.now(secs(101)), at("01-01T00:03:00"));
        assert_eq!(clock.now(secs(50)), at("01-01T00:03:00"), "monotonic time went back");
        clock.set_pace(Pace::times(1), secs(101)).unwrap();
        assert_eq!(clock.now(secs(102)), at("01-01T00:03:01"));
        assert_eq!(clock.set_pace(Pace::times(0), secs(102)).unwrap_err().code(), "replay_pace");
    }

    #[test]
    fn seeking_goes_forward_only() {
        let mut clock = ReplayClock::new(at("01-01T00:00:00"), Pace::times(1), secs(0)).unwrap();
        clock.pause(secs(0));
        clock.seek(at("02-01T00:00:00"), secs(1)).unwrap();
        assert_eq!(clock.now(secs(9)), at("02-01T00:00:00"));
        let error = clock.seek(at("01-31T00:00:00"), secs(9)).unwrap_err();
        assert_eq!(error.code(), "replay_backward");
        clock.resume(secs(9));
        assert_eq!(clock.now(secs(10)), at("02-01T00:00:01"));
    }

    #[test]
    fn closed_time_is_left_out() {
        let pace = Pace::Ratio { replay: secs(3_600), real: secs(1), skip_closed: Some(STOCKS) };
        let mut clock = ReplayClock::new(at("01-12T20:00:00"), pace, secs(0)).unwrap();
        assert_eq!(clock.now(secs(1)), at("01-12T21:00:00"));
        // Over the weekend and a holiday to Tuesday.
        assert_eq!(clock.due_at(at("01-14T12:00:00")), Some(Nanos(1_000_000_001)));
        assert_eq!(clock.now(secs(2)), at("01-16T15:30:00"));
        clock.seek(at("01-20T00:00:00"), secs(2)).unwrap();
        assert_eq!(clock.now(secs(2)), at("01-22T14:30:00"));
    }

    #[test]
    fn every_session_takes_as_long_as_the_others() {
        let pace = Pace::PerSession { real: secs(2), calendar: STOCKS };
        let mut clock = ReplayClock::new(at("11-27T00:00:00"), pace, secs(0)).unwrap();
        assert_eq!(clock.now(secs(2)), at("11-27T21:00:00"));
        assert_eq!(clock.now(secs(4)), at("11-29T18:00:00"), "an early close takes no less");
        assert_eq!(clock.due_at(at("12-02T21:00:00")), Some(secs(6)));
        let pace = Pace::PerSession { real: secs(1), calendar: CRYPTO };
        clock.set_pace(pace, secs(4)).unwrap();
        assert_eq!(clock.now(Nanos(4_250_000_000)), at("11-30T00:00:00"));
        assert_eq!(clock.now(Nanos(5_750_000_000)), at("12-01T12:00:00"));
    }

    #[test]
    fn after_the_last_known_session_time_stands_still() {
        let pace = Pace::PerSession { real: secs(1), calendar: STOCKS };
        let last: Timestamp = "2100-12-31T21:00:00Z".parse().unwrap();
        let mut clock = ReplayClock::new(last, pace, secs(0)).unwrap();
        assert_eq!(clock.now(secs(100)), last);
        assert_eq!(clock.due_at(Timestamp(last.0 + 1)), None);
        let beyond: Timestamp = "2101-06-01T00:00:00Z".parse().unwrap();
        clock.seek(beyond, secs(100)).unwrap();
        assert_eq!(clock.now(secs(200)), beyond);
    }
}
