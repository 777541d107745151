//! What is due next: sessions, funding times, splits, prices, in the order of their instants.
//!
//! At one instant a session comes before what time costs and that before prices, as the live feed
//! does it. What happens to an instrument comes after the prices of its instant, which belong to the
//! bar before: a split at a bar's opening does not meet the close of the old one. It must not know
//! who is told.

use std::collections::VecDeque;

use domain::{Bar, CalendarKind, Nanos, Timestamp};
use market::{
    calendar::Calendar,
    replay::{Phase, Replay, Tick},
};
use path::market::Session;
use venue_sim::{FUNDING_EVERY, Phase as VenuePhase, funding_time};

use crate::setup::Dated;

/// Something that is due.
#[derive(Debug)]
pub enum Due {
    /// A market's session is another one.
    Session(CalendarKind, Session),
    /// A funding time.
    Charge,
    /// Something happens to an instrument.
    Happening(Dated),
    /// A price.
    Price(Tick),
}

/// One calendar and when it changes next.
#[derive(Debug)]
struct Sessions {
    calendar: Calendar,
    session: Session,
    next: Option<Timestamp>,
}

impl Sessions {
    fn at(kind: CalendarKind, at: Timestamp) -> Self {
        let calendar = Calendar::of(kind);
        let session = Session { open: calendar.is_open(at), day: calendar.trading_day(at) };
        let next = match calendar.session_at(at) {
            // Midnight belongs to the new day, a closing instant to the old session.
            Some(now) if kind == CalendarKind::AlwaysOpen => Some(now.close),
            Some(now) => Some(now.close.plus(Nanos(1))),
            None => calendar.next_open(at),
        };
        Self { calendar, session, next }
    }
}

/// Everything that is due, in order.
#[derive(Debug)]
pub struct Timetable {
    pub(crate) replay: Replay,
    sessions: Vec<Sessions>,
    charge_at: Timestamp,
    happenings: VecDeque<Dated>,
}

impl Timetable {
    /// Everything that is due after `start`.
    #[must_use]
    pub fn new(
        replay: Replay,
        calendars: &[CalendarKind],
        mut happenings: Vec<Dated>,
        start: Timestamp,
    ) -> Self {
        happenings.retain(|h| h.at > start);
        happenings.sort_by_key(|h| h.at);
        let sessions = calendars.iter().map(|kind| Sessions::at(*kind, start)).collect();
        let charge_at = funding_time(start).plus(FUNDING_EVERY);
        Self { replay, sessions, charge_at, happenings: happenings.into() }
    }

    /// The history that is played.
    #[must_use]
    pub const fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Leaves out what is due before an instant, for a start in the middle of history.
    pub fn skip_to(&mut self, at: Timestamp) {
        self.replay.skip_to(at);
        let calendars: Vec<CalendarKind> =
            self.sessions.iter().map(|s| s.calendar.kind()).collect();
        let before = at.plus(Nanos(-1));
        self.sessions = calendars.iter().map(|kind| Sessions::at(*kind, before)).collect();
        self.charge_at = funding_time(before).plus(FUNDING_EVERY);
        self.happenings.retain(|happening| happening.at > before);
    }

    /// The instant of what is due next; `None` when prices have ended.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        let price_at = self.replay.next_at()?;
        let sessions = self.sessions.iter().filter_map(|s| s.next);
        let happening = self.happenings.front().map(|h| h.at);
        let others = sessions.chain(happening).chain([self.charge_at]);
        Some(others.fold(price_at, Timestamp::min))
    }

    /// The sessions as they are now.
    pub fn sessions(&self) -> impl Iterator<Item = (CalendarKind, Session)> {
        self.sessions.iter().map(|s| (s.calendar.kind(), s.session))
    }

    /// The instant of the next price.
    #[must_use]
    pub fn next_price_at(&self) -> Option<Timestamp> {
        self.replay.next_at()
    }

    /// What is due next; `None` when prices have ended.
    #[allow(clippy::should_implement_trait, reason = "it is no iterator: it says what is due")]
    pub fn next(&mut self) -> Option<(Timestamp, Due)> {
        let price_at = self.replay.next_at()?;
        let changing = self.sessions.iter_mut().filter(|s| s.next.is_some_and(|n| n <= price_at));
        let changing = changing.min_by_key(|s| s.next);
        let session_at = changing.as_ref().and_then(|s| s.next);
        let happens_at = self.happenings.front().map(|h| h.at).filter(|at| *at < price_at);
        let charge_at = Some(self.charge_at).filter(|at| *at <= price_at);
        let first = [session_at, charge_at, happens_at].into_iter().flatten().min();
        let Some(first) = first else {
            return Some((price_at, Due::Price(self.replay.next_due(price_at)?)));
        };
        if let Some(sessions) = changing.filter(|_| session_at == Some(first)) {
            let kind = sessions.calendar.kind();
            *sessions = Sessions::at(kind, first);
            return Some((first, Due::Session(kind, sessions.session)));
        }
        if charge_at == Some(first) {
            // What a leap left out is charged at once, as the venue does it live.
            self.charge_at = funding_time(price_at).max(first).plus(FUNDING_EVERY);
            return Some((first, Due::Charge));
        }
        self.happenings.pop_front().map(|h| (first, Due::Happening(h)))
    }
}

/// Where a tick stands in its market's session. A bar's open is the opening auction where the bar
/// is the first of its trading day, its close the closing auction where it is the last; inside the
/// day trading is continuous.
#[must_use]
pub fn venue_phase(calendar: CalendarKind, bars: &[Bar], tick: &Tick) -> VenuePhase {
    let calendar = Calendar::of(calendar);
    let day = |bar: usize| bars.get(bar).map(|b| calendar.trading_day(b.open_at));
    let before = || tick.bar.checked_sub(1).and_then(day);
    match tick.phase {
        Phase::Open if before() != day(tick.bar) => VenuePhase::Open,
        Phase::Close if day(tick.bar + 1) != day(tick.bar) => VenuePhase::Close,
        Phase::Open | Phase::Path | Phase::Close => VenuePhase::Continuous,
    }
}
