//! Requests that wait for the market's next opening or price.
//!
//! Nothing is sized or judged before: in its time each is a new request at the price of then. What
//! was asked for one position happens in the order in which it was asked, each once the closes
//! before it are done. It must not know what a market is.

use domain::{
    Activate, CalendarKind, InstrumentId, Intent, IntentId, Nanos, OrderKind, Origin, Percent,
    Protective, Qty, Side, Size, TimeInForce,
};

use super::{Reply, ReplyId, Step, keys, live::Holding};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{ArmedAs, ArmedEnd, ArmedEnded, Event, HoldDecision, HoldResolved, OrderArmed},
    gate,
    market::Session,
    policy::KillLevel,
    state::Armed,
    verbs::RiskClass,
};

/// A request that has waited so long has missed its opening.
const WAITS_AT_MOST: Nanos = Nanos::from_secs(6 * 86_400);
/// Requests that may wait.
const ARMED_MAX: usize = 1_000;

impl Step<'_> {
    /// Lets a wish wait.
    pub(super) fn arm(&mut self, intent: Intent, becomes: ArmedAs, reply: Option<ReplyId>) {
        if let Some(refusal) = self.cannot_wait(&intent) {
            let class = self.class_of(&intent, std::slice::from_ref(&refusal));
            return self.refused(intent, class, vec![refusal], reply);
        }
        let calendar = self.state().instruments.get(&intent.instrument).map(|i| i.calendar);
        let session = calendar.and_then(|c| self.core.market.session(c));
        let (day, open) = session.map_or((None, false), |s| (Some(s.day), s.open));
        let id = intent.id.clone();
        let intent = Box::new(intent);
        self.emit(Event::OrderArmed(OrderArmed { intent, day, open, becomes }));
        self.reply(reply, Reply::Armed { intent: id });
    }

    /// Lets a close wait, of which so much would be closed now.
    pub(super) fn arm_close(
        &mut self,
        (book, instrument): Holding,
        (share, qty, activate): (Percent, Qty, Activate),
        key: Option<String>,
        origin: Origin,
        reply: Option<ReplyId>,
    ) {
        let position = self.state().position(&book, &instrument);
        // The number of the record that is about to be written names the request.
        let id = IntentId::new(format!("close-{}", self.state().head.seq + 1)).ok();
        let (Some(side), Some(id)) = (Side::reducing(position), id) else { return };
        let conditions = domain::Conditions { activate, ..domain::Conditions::default() };
        let intent = Intent {
            id,
            account: self.state().spec.id.clone(),
            book,
            instrument,
            side,
            size: Size::Quantity(qty),
            kind: OrderKind::Market,
            tif: TimeInForce::default(),
            post_only: false,
            reduce_only: true,
            protective: Protective::default(),
            conditions,
            origin,
            idempotency_key: key,
        };
        self.arm(intent, ArmedAs::Close { share }, reply);
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
        let opens = instrument.calendar != CalendarKind::AlwaysOpen;
        if intent.conditions.activate == Activate::NextOpen && !opens {
            let text = format!("The market of {} never closes.", instrument.id);
            return rule(RefusalCode::OrderShape, text);
        }
        if state.armed.len() >= ARMED_MAX || state.armed.contains_key(&intent.id) {
            let text = format!("{} requests wait for an opening or a price.", state.armed.len());
            return rule(RefusalCode::Capacity, text);
        }
        None
    }

    /// Asks for what waited, where its time has come.
    pub(super) fn armed_duty(&mut self) {
        let mut waiting: Vec<(u64, IntentId)> =
            self.state().armed.iter().map(|(id, armed)| (armed.number, id.clone())).collect();
        waiting.sort_unstable();
        for (_, id) in waiting {
            let Some(armed) = self.state().armed.get(&id) else { continue };
            let Some(end) = self.wait_ends(armed) else { continue };
            let armed = armed.clone();
            if !self.emit(Event::ArmedEnded(ArmedEnded { intent: id.clone(), end, by: None })) {
                continue;
            }
            match end {
                ArmedEnd::Opened => self.happens(armed),
                ArmedEnd::Missed => {
                    self.alarm("armed_missed", format!("Order {id} missed its opening."));
                }
                ArmedEnd::Killed | ArmedEnd::Withdrawn | ArmedEnd::UnitsChanged => {}
            }
        }
    }

    /// How a wait ends now, if it does.
    fn wait_ends(&self, armed: &Armed) -> Option<ArmedEnd> {
        let halted = self.state().kill.as_ref().is_some_and(|k| k.level >= KillLevel::Halt);
        let intent = &armed.intent;
        if halted && !self.takes_out(intent) {
            return Some(ArmedEnd::Killed);
        }
        if self.now.at.since(armed.since) > WAITS_AT_MOST {
            return Some(ArmedEnd::Missed);
        }
        let due = match intent.conditions.activate {
            Activate::NextOpen => self.has_opened(armed),
            Activate::NextPrice | Activate::Now => self.has_priced(armed),
        };
        let free = || self.closing(&intent.book, &intent.instrument).is_none();
        (due && free()).then_some(ArmedEnd::Opened)
    }

    /// What waited happens.
    fn happens(&mut self, Armed { mut intent, becomes, .. }: Armed) {
        if let ArmedAs::Close { share } = becomes {
            return self.close_armed(intent, share);
        }
        let content = keys::content(&intent);
        intent.conditions.activate = Activate::Now;
        let held = self.state().backed(&intent.book, &intent.instrument);
        if becomes == ArmedAs::Reversal && !held.is_zero() {
            return self.reverse_now(intent, content, None);
        }
        self.submit_now(intent, content, None, false);
    }

    /// A close whose time has come, of what the book holds now.
    fn close_armed(&mut self, intent: Intent, share: Percent) {
        match self.close_qty(&intent.book, &intent.instrument, share, &intent.origin) {
            Err(refusal) => self.refused(intent, RiskClass::Exit, vec![refusal], None),
            Ok(qty) => {
                let holding = (intent.book, intent.instrument);
                let content = super::close::content(&holding, share, intent.conditions.activate);
                let key = intent.idempotency_key;
                let key = key.map(|key| crate::event::Idempotency { key, content });
                self.close_or_join(holding, qty, intent.origin, key);
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

    /// True once a price has come that is younger than the wish and of its market's session.
    fn has_priced(&self, armed: &Armed) -> bool {
        let id = &armed.intent.instrument;
        let calendar = self.state().instruments.get(id).map(|i| i.calendar);
        let Some(calendar) = calendar else { return false };
        let open = self.core.market.session(calendar).is_some_and(|s| s.open);
        let opened = self.core.live.opened.get(&calendar);
        let quote = self.core.market.quote(id).zip(opened);
        open && quote.is_some_and(|(q, opened)| q.at > armed.since && q.at >= *opened)
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
            let text = format!("Nothing with id {id} waits for an opening or a price.");
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
