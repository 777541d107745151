//! Orders that wait for the market's next opening.
//!
//! Nothing is sized or judged before: at the opening each is a new wish at the price of then. It
//! must not know what a market is.

use domain::{Activate, CalendarKind, InstrumentId, Intent, IntentId, Nanos, Origin};

use super::{Reply, ReplyId, Step};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{ArmedEnd, ArmedEnded, Event, HoldDecision, HoldResolved, OrderArmed},
    gate,
    market::Session,
    policy::KillLevel,
    state::Armed,
};

/// An order that has waited so long has missed its opening.
const WAITS_AT_MOST: Nanos = Nanos::from_secs(6 * 86_400);
/// Orders that may wait.
const ARMED_MAX: usize = 1_000;

impl Step<'_> {
    /// Lets a wish wait for the next opening.
    pub(super) fn arm(&mut self, intent: Intent, reply: Option<ReplyId>) {
        if let Some(refusal) = self.cannot_wait(&intent) {
            let class = self.class_of(&intent, std::slice::from_ref(&refusal));
            return self.refused(intent, class, vec![refusal], reply);
        }
        let calendar = self.state().instruments.get(&intent.instrument).map(|i| i.calendar);
        let session = calendar.and_then(|c| self.core.market.session(c));
        let (day, open) = session.map_or((None, false), |s| (Some(s.day), s.open));
        let id = intent.id.clone();
        self.emit(Event::OrderArmed(OrderArmed { intent: Box::new(intent), day, open }));
        self.reply(reply, Reply::Armed { intent: id });
    }

    fn cannot_wait(&self, intent: &Intent) -> Option<Refusal> {
        let state = self.state();
        if let Some(refusal) = gate::door(&intent.origin) {
            return Some(refusal);
        }
        let rule = |code, text: String| Some(Refusal::rule(code, text));
        let Some(instrument) = state.instruments.get(&intent.instrument) else {
            let text = format!("The account has no instrument `{}`.", intent.instrument);
            return rule(RefusalCode::InstrumentUnknown, text);
        };
        if !state.books.contains_key(&intent.book) || intent.book.is_unmanaged() {
            let text = format!("The account has no book `{}` to trade in.", intent.book);
            return rule(RefusalCode::BookUnknown, text);
        }
        if instrument.calendar == CalendarKind::AlwaysOpen {
            let text = format!("The market of {} never closes.", instrument.id);
            return rule(RefusalCode::OrderShape, text);
        }
        if state.armed.len() >= ARMED_MAX || state.armed.contains_key(&intent.id) {
            let text = format!("{} orders wait for an opening.", state.armed.len());
            return rule(RefusalCode::Capacity, text);
        }
        None
    }

    /// Asks for what waited, where its market has opened.
    pub(super) fn armed_duty(&mut self) {
        let now = self.now.at;
        let halted = self.state().kill.as_ref().is_some_and(|k| k.level >= KillLevel::Halt);
        let ended: Vec<(Intent, ArmedEnd)> = self
            .state()
            .armed
            .values()
            .filter_map(|armed| {
                let end = if halted && !self.takes_out(&armed.intent) {
                    ArmedEnd::Killed
                } else if now.since(armed.since) > WAITS_AT_MOST {
                    ArmedEnd::Missed
                } else if self.has_opened(armed) {
                    ArmedEnd::Opened
                } else {
                    return None;
                };
                Some((armed.intent.clone(), end))
            })
            .collect();
        for (mut intent, end) in ended {
            let id = intent.id.clone();
            if !self.emit(Event::ArmedEnded(ArmedEnded { intent: id.clone(), end, by: None })) {
                continue;
            }
            match end {
                ArmedEnd::Opened => {
                    intent.conditions.activate = Activate::Now;
                    self.submit(intent, None, false);
                }
                ArmedEnd::Missed => {
                    self.alarm("armed_missed", format!("Order {id} missed its opening."));
                }
                ArmedEnd::Killed | ArmedEnd::Withdrawn | ArmedEnd::UnitsChanged => {}
            }
        }
    }

    /// True for what can only reduce: a halt leaves it waiting.
    fn takes_out(&self, intent: &Intent) -> bool {
        let held = self.state().position(&intent.book, &intent.instrument);
        intent.reduce_only || domain::Side::reducing(held) == Some(intent.side)
    }

    /// True once its market has opened and has told a price since: what is sized by yesterday's
    /// close is sized across the gap.
    fn has_opened(&self, armed: &Armed) -> bool {
        let id = &armed.intent.instrument;
        let instrument = self.state().instruments.get(id);
        let Some(calendar) = instrument.map(|i| i.calendar) else { return false };
        let Some(session) = self.core.market.session(calendar) else { return false };
        let begun = !armed.open || armed.day.is_some_and(|day| session.day > day);
        let since = self.core.live.opened.get(&calendar);
        let priced = self.core.market.quote(id).zip(since).is_some_and(|(q, at)| q.at >= *at);
        session.open && begun && priced
    }

    /// A market opened or closed, or a trading day began.
    pub(super) fn session(&mut self, calendar: CalendarKind, session: Session) {
        let before = self.core.market.session(calendar).filter(|s| s.open);
        if session.open && before.is_none_or(|before| before.day < session.day) {
            self.core.live.opened.insert(calendar, self.now.at);
        }
        self.core.market.set_session(calendar, session);
    }

    /// Requests that wait, for an opening or for an approval, were made in units that are no more:
    /// they end, and who asked is told.
    pub(super) fn units_changed(&mut self, instrument: &InstrumentId) {
        let waits = |intent: &Intent| intent.instrument == *instrument;
        let armed = self.state().armed.values().filter(|a| waits(&a.intent));
        let armed: Vec<IntentId> = armed.map(|a| a.intent.id.clone()).collect();
        let holds = self.state().holds.values().filter(|h| waits(&h.intent));
        let holds: Vec<IntentId> = holds.map(|h| h.intent.id.clone()).collect();
        for intent in armed.iter().cloned() {
            let end = ArmedEnd::UnitsChanged;
            self.emit(Event::ArmedEnded(ArmedEnded { intent, end, by: None }));
        }
        for intent in holds.iter().cloned() {
            let decision = HoldDecision::UnitsChanged;
            self.emit(Event::HoldResolved(HoldResolved { intent, decision, by: None }));
        }
        for id in armed.iter().chain(&holds) {
            let text =
                format!("Request {id} ended: {instrument} was split. Ask again in new units.");
            self.alarm("units_changed", text);
        }
    }

    /// Somebody takes back what waits.
    pub(super) fn disarm(&mut self, id: &IntentId, by: Origin, reply: Option<ReplyId>) {
        let known = self.state().armed.contains_key(id);
        let unknown = || {
            let text = format!("Nothing with id {id} waits for an opening.");
            Refusal::rule(RefusalCode::OrderUnknown, text)
        };
        if let Some(refusal) = gate::door(&by).or_else(|| (!known).then(unknown)) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        let (intent, end, by) = (id.clone(), ArmedEnd::Withdrawn, Some(by));
        self.emit(Event::ArmedEnded(ArmedEnded { intent, end, by }));
        self.reply(reply, Reply::Done);
    }
}
