//! The synchronous heart of an account: one input in, records and effects out.
//!
//! Three drivers run it: an async actor, the fault simulator, and batch runs. It reads no clock
//! and does no IO. What it decides becomes events; the state changes only by folding them, so a
//! restart reaches the same state. What is not in the journal (quotes, timers, questions under
//! way) lives in `live` and is found out anew after a restart.
//!
//! One order travels through these files: `submit` → [`crate::gate`] →
//! [`crate::commit`] → [`crate::wire`] → `venue` → `protect`.

mod admin;
mod arm;
mod close;
mod duties;
mod fractions;
mod group;
mod input;
mod instruments;
mod keys;
mod kill;
mod live;
mod marks;
mod movements;
mod outside;
mod protect;
mod reconcile;
mod replace;
mod reverse;
mod second;
mod settle;
mod submit;
mod terms;
mod touch;
mod unbound;
mod venue;
mod watch;

use std::cell::RefCell;

use domain::{ClientOrderId, Intent, IntentId, Origin, Principal};
pub use input::{Input, Preview, Reply, ReplyId};
use live::Live;
pub use live::Unprotected;
pub use replace::Changes;
pub use second::Compared;
use touch::TouchedSet;

use crate::{
    broker::Capabilities,
    budget::DeskBudget,
    commit::{Batch, Effect},
    event::{AlarmRaised, Event},
    gate::{self, Context, Figures, Fitness, Touched, Verdict, exposure},
    journal::{Draft, EventRecord, Head, LeaseToken, StreamBatch, StreamId},
    market::{MarketView, Now},
    state::AccountState,
    wire::Mono,
};

/// The next numbers that were not handed out in this run. A decision that could not be written
/// may yet be found in the journal after a crash, so its numbers are never used again.
#[derive(Debug, Default, Clone, Copy)]
struct Handed {
    order: u64,
    close: u64,
}

impl Handed {
    fn note(&mut self, event: &Event) {
        match event {
            Event::OrderRecorded(e) => {
                let number = e.client_order_id.number().unwrap_or_default();
                self.order = self.order.max(number.saturating_add(1));
            }
            Event::TermsRequested(e) => {
                let number = e.client_order_id.number().unwrap_or_default();
                self.order = self.order.max(number.saturating_add(1));
            }
            Event::CloseStarted(e) => self.close = self.close.max(e.id.saturating_add(1)),
            _ => {}
        }
    }
}

/// One account's core.
#[derive(Debug)]
pub struct Core {
    state: AccountState,
    market: MarketView,
    figures: RefCell<Figures>,
    handed: Handed,
    live: Live,
    second: Option<second::Second>,
    capabilities: Capabilities,
    token: LeaseToken,
    stream: StreamId,
}

impl Core {
    /// A core over a folded state. Call [`Core::start`] next.
    #[must_use]
    pub fn new(
        state: AccountState,
        market: MarketView,
        capabilities: Capabilities,
        token: LeaseToken,
        now: Mono,
    ) -> Self {
        let stream = StreamId::account(&state.spec.id);
        let figures = RefCell::new(Figures::unread());
        let (live, handed) = (Live::new(now), Handed::default());
        let second = None;
        Self { state, market, figures, handed, live, second, capabilities, token, stream }
    }

    /// The account's state, what is not yet durable included.
    #[must_use]
    pub fn state(&self) -> &AccountState {
        &self.state
    }

    /// What is known about the market.
    #[must_use]
    pub fn market(&self) -> &MarketView {
        &self.market
    }

    /// What the venue can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The writer's lease.
    #[must_use]
    pub fn token(&self) -> LeaseToken {
        self.token
    }

    /// Whether the desk is fit to trade this account.
    #[must_use]
    pub fn fitness(&self) -> Fitness {
        Fitness {
            journal: self.live.journal && self.live.fault.is_none(),
            reconciled: self.live.reconciled,
        }
    }

    /// True while the venue's stream is up.
    #[must_use]
    pub fn connected(&self) -> bool {
        self.live.connected
    }

    /// Quantities without the protection that their plan asks for, and since when.
    #[must_use]
    pub fn unprotected(&self) -> Vec<Unprotected> {
        self.live.unprotected()
    }

    /// What a judgement may look at.
    #[must_use]
    pub fn context(&self, now: Now) -> Context<'_> {
        Context {
            state: &self.state,
            market: &self.market,
            figures: &self.figures,
            now,
            fitness: self.fitness(),
            capabilities: &self.capabilities,
            token: self.token,
        }
    }

    /// The account's figures at the prices of now.
    #[must_use]
    pub fn book(&self) -> exposure::Book<'_> {
        exposure::Book { state: &self.state, market: &self.market, figures: &self.figures }
    }

    /// True when the figures that are kept equal those computed from nothing. For tests and the
    /// fault simulator.
    #[must_use]
    pub fn figures_agree(&self) -> bool {
        let mut kept = self.figures.borrow_mut();
        kept.freshen(&self.state, &self.market);
        *kept == Figures::of(&self.state, &self.market)
    }

    /// Replaces a decided state that could not be written by the durable one. Orders without the
    /// venue's answer are asked about; books and venue are compared anew.
    pub fn reload(&mut self, state: AccountState, writable: bool, now: Mono) {
        let connected = self.live.connected;
        self.state = state;
        self.figures.get_mut().touch(&Touched::Everything);
        let opened = std::mem::take(&mut self.live.opened);
        self.live = Live::new(now);
        self.live.opened = opened;
        self.live.connected = connected;
        self.live.journal = writable;
        let unanswered: Vec<_> = self
            .state
            .live_orders()
            .filter(|o| o.end.is_none() && !o.is_acknowledged())
            .map(|o| o.client_order_id.clone())
            .collect();
        for id in unanswered {
            self.live.inquire_from(id, now);
        }
    }

    /// What the gate would say to a wish now. Nothing is reserved or recorded.
    pub fn preview(&self, intent: &Intent, now: Now, budget: &mut dyn DeskBudget) -> Preview {
        let ctx = self.context(now);
        let resolved = match gate::resolve(&ctx, intent) {
            Ok(resolved) => resolved,
            Err(refusals) => return Preview { resolved: None, refusals, held: None },
        };
        let id = ClientOrderId::compose(&self.state.installation, 0, 0);
        let verdict = gate::judge(&ctx, intent, &resolved, &id, false, budget);
        let usage = gate::usage(&ctx.book());
        budget.publish(&self.state.spec.id, usage);
        let resolved = Some(resolved);
        match verdict {
            Verdict::Cleared(_) => Preview { resolved, refusals: Vec::new(), held: None },
            Verdict::Refused(refusals) => Preview { resolved, refusals, held: None },
            Verdict::Held { notional, limit } => {
                Preview { resolved, refusals: Vec::new(), held: Some((notional, limit)) }
            }
        }
    }

    /// Takes one input and decides.
    pub fn step(&mut self, input: Input, now: Now, budget: &mut dyn DeskBudget) -> Batch {
        let mut step = Step::new(self, now, budget);
        step.take(input);
        step.duties();
        step.finish()
    }

    /// Begins a run of the desk: a new incarnation. Every order without the venue's answer
    /// becomes unknown, and nothing may be opened before books and venue were compared.
    pub fn start(&mut self, incarnation: u32, now: Now, budget: &mut dyn DeskBudget) -> Batch {
        let mut step = Step::new(self, now, budget);
        step.begin(incarnation);
        step.touched.everything();
        step.duties();
        step.finish()
    }
}

/// One step under way.
struct Step<'a> {
    core: &'a mut Core,
    now: Now,
    budget: &'a mut dyn DeskBudget,
    expected: Head,
    records: Vec<EventRecord>,
    events: Vec<Event>,
    effects: Vec<Effect>,
    touched: TouchedSet,
}

impl<'a> Step<'a> {
    fn new(core: &'a mut Core, now: Now, budget: &'a mut dyn DeskBudget) -> Self {
        let expected = core.state.head;
        Self {
            core,
            now,
            budget,
            expected,
            records: Vec::new(),
            events: Vec::new(),
            effects: Vec::new(),
            touched: TouchedSet::default(),
        }
    }

    /// Records an event and folds it. An event that can't be folded is not recorded: the account
    /// takes no entries from then on and says why, and what rests on the event must not happen:
    /// false.
    fn emit(&mut self, event: Event) -> bool {
        let body = match event.body() {
            Ok(body) => body,
            Err(error) => {
                self.fault(event.kind(), &error.to_string());
                return false;
            }
        };
        if let Err(text) = self.core.state.apply(&event, self.now.at) {
            self.fault(event.kind(), &text);
            return false;
        }
        self.core.handed.note(&event);
        let touched = self.core.touched(&event);
        self.core.figures.get_mut().touch(&touched);
        self.touched.add(touched);
        let draft = Draft {
            at: self.now.at,
            wall_at: self.now.wall,
            kind: event.kind().into(),
            version: event.version(),
            body: body.into(),
        };
        let record = EventRecord::seal(&self.core.stream, &self.core.state.head, draft);
        self.core.state.head = record.head();
        self.records.push(record);
        self.events.push(event);
        true
    }

    fn fault(&mut self, kind: &str, text: &str) {
        if self.core.live.fault.is_none() {
            self.core.live.fault = Some(format!("{kind}: {text}"));
            let text = format!("An event `{kind}` does not fit the books: {text}. Entries stop.");
            self.alarm("books_fault", text);
        }
    }

    fn alarm(&mut self, code: &str, text: impl Into<String>) {
        let alarm = AlarmRaised { code: code.to_owned(), text: text.into() };
        self.emit(Event::Alarm(alarm));
    }

    fn reply(&mut self, id: Option<ReplyId>, reply: Reply) {
        if let Some(id) = id {
            self.effects.push(Effect::Reply(id, Box::new(reply)));
        }
    }

    fn state(&self) -> &AccountState {
        &self.core.state
    }

    fn next_order_id(&self) -> ClientOrderId {
        let state = self.state();
        let number = state.next_order.max(self.core.handed.order);
        ClientOrderId::compose(&state.installation, state.incarnation, number)
    }

    fn next_close(&self) -> u64 {
        self.state().next_close.max(self.core.handed.close)
    }

    fn finish(self) -> Batch {
        let usage = gate::usage(&self.core.book());
        self.budget.publish(&self.core.state.spec.id, usage);
        let append = StreamBatch {
            stream: self.core.stream.clone(),
            expected: self.expected,
            token: self.core.token,
            records: self.records,
        };
        Batch { append, events: self.events, effects: self.effects }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Submit { intent, reply } => self.submit(*intent, reply, false),
            Input::Cancel { order, origin, accept_unprotected, reply } => {
                self.cancel_request(&order, &origin, accept_unprotected, reply);
            }
            Input::Replace { order, changes, intent, origin, reply } => {
                self.replace_request(&order, changes, (intent, origin), reply);
            }
            Input::Close { book, instrument, share, key, activate, origin, reply } => {
                self.close_request((book, instrument), (share, activate), key, origin, reply);
            }
            Input::CloseAll { instrument, share, origin, reply } => {
                self.close_all(instrument.as_ref(), share, &origin, reply);
            }
            Input::Reverse { intent, reply } => self.reverse(*intent, reply),
            Input::Disarm { intent, by, reply } => self.disarm(&intent, by, reply),
            Input::Decide { hold, approve, by, reply } => self.decide(&hold, approve, by, reply),
            Input::Kill { level, epoch, by, reason, reply } => {
                self.kill(level, epoch, by, reason, reply);
            }
            Input::ReleaseKill { by, reply } => self.release_kill(by, reply),
            Input::ReleaseLatch { latch, rebase, by, reply } => {
                self.release_latch(latch, rebase, by, reply);
            }
            Input::SetLimits { target, limits, by, reply } => {
                self.set_limits(target, limits, by, reply);
            }
            Input::SetPolicy { policy, by, reply } => self.set_policy(*policy, by, reply),
            Input::SetPlan { book, instrument, protective, by, reply } => {
                self.set_plan(&book, &instrument, protective, by, reply);
            }
            Input::OpenBook { book, name, capital, by, reply } => {
                self.open_book(book, name, capital, by, reply);
            }
            Input::Adopt { instrument, book, by, reply } => {
                self.adopt(&instrument, &book, by, reply);
            }
            Input::WriteOff { order, by, reply } => self.write_off(&order, by, reply),
            Input::LeaveDust { book, instrument, by, reply } => {
                self.leave_dust(book, instrument, &by, reply);
            }
            Input::SetInstrument(instrument) => self.instrument_told(*instrument),
            Input::EmergencyMerged { generation, count } => {
                let merged = crate::event::EmergencyMerged { generation, count };
                self.emit(Event::EmergencyMerged(merged));
            }
            Input::Placed { order, outcome } => self.placed(&order, outcome),
            Input::TermsAnswered { request, outcome } => self.terms_answered(&request, outcome),
            Input::CancelAnswered { order, outcome } => self.cancel_answered(&order, outcome),
            Input::Venue(event) => self.venue_event(event),
            Input::LookedUp { order, answer } => self.looked_up(&order, answer),
            Input::Recent(answer) => self.recent_answer(answer),
            Input::Snapshot(answer) => self.snapshot_answer(answer),
            Input::Quote { instrument, quote } => self.quote(&instrument, quote),
            Input::Session { calendar, session } => self.session(calendar, session),
            Input::Rate { from, to, rate, at } => {
                if self.core.market.set_rate(from, to, rate, at) {
                    self.core.figures.get_mut().touch(&Touched::Everything);
                }
            }
            Input::Range { instrument, range } => self.core.market.set_range(instrument, range),
            Input::Clusters(clusters) => {
                self.core.market.set_clusters(clusters);
                self.core.figures.get_mut().touch(&Touched::Everything);
            }
            Input::Journal { writable } => self.core.live.journal = writable,
            Input::Tick => self.touched.everything(),
        }
    }
}

/// The origin of what the desk does by itself.
fn system() -> Origin {
    Origin::new(domain::OriginKind::System, Principal::desk())
}

/// The id of an intent that the desk makes by itself for an order.
fn system_intent(order: &ClientOrderId) -> Option<IntentId> {
    IntentId::new(format!("sys-{order}")).ok()
}
