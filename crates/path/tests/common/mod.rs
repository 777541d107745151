//! A desk in one hand: a core, a journal in memory, a scripted venue and clocks that move when a
//! test says so. It uses the crate's public interface only.
#![allow(dead_code, unused_imports, reason = "every test file uses its own part of the harness")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

pub(crate) mod build;
pub(crate) mod dice;
pub(crate) mod journal;
pub(crate) mod venue;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

pub(crate) use build::*;
use domain::{
    Activate, BookId, CalendarKind, ClientOrderId, Instrument, InstrumentId, Intent, Nanos,
    OrderStatus, Origin, Protective, Qty, SignedQty, Timestamp,
};
pub(crate) use journal::MemoryJournal;
use path::{
    broker::{CancelOutcome, Capabilities, PlaceOutcome, TermsOutcome, VenueEvent},
    budget::{BudgetTable, DeskLimits},
    codes::{Refusal, RefusalCode},
    commit::{Action, Committed, Failed, commit},
    core::{Core, Input, Reply, ReplyId},
    event::{AccountOpened, ArmedAs, Event, LimitTarget},
    journal::{
        Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, StreamBatch, StreamId,
    },
    market::{MarketView, Now, Session},
    policy::{KillLevel, LatchKind, Policy},
    state::{AccountState, Order},
    verbs::{CancelOrder, PlaceOrder, SetTerms},
    wire::{Mono, Wire},
};
pub(crate) use venue::{OnCancel, OnPlace, OnTerms, Venue};

/// The instant at which every test begins: 2024-01-02 00:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_704_153_600);
/// No test lets the desk talk to itself longer than this.
const ROUNDS_MAX: usize = 20_000;

pub(crate) struct Desk {
    pub(crate) core: Core,
    pub(crate) journal: MemoryJournal,
    pub(crate) venue: Venue,
    pub(crate) budget: BudgetTable,
    pub(crate) wire: Wire,
    pub(crate) now: Now,
    /// Everything that was sent, in order.
    pub(crate) sent: Vec<PlaceOrder>,
    pub(crate) cancels: Vec<CancelOrder>,
    pub(crate) terms: Vec<SetTerms>,
    pub(crate) replaces: Vec<path::verbs::ReplaceOrder>,
    pub(crate) look_ups: usize,
    pub(crate) snapshots: usize,
    pub(crate) lists: usize,
    pub(crate) failed: Vec<Failed>,
    /// Answers of the venue wait here while the line is held.
    pub(crate) held_line: bool,
    pub(crate) line: VecDeque<Input>,
    pub(crate) capabilities: Capabilities,
    clock: Arc<AtomicI64>,
    replies: Vec<(ReplyId, Reply)>,
    next_reply: u64,
}

fn stream() -> StreamId {
    StreamId::account(&account())
}

/// Writes the first record of the account's stream.
fn open_account(journal: &mut MemoryJournal, policy: Policy, now: Now) {
    let opened = AccountOpened { spec: spec(), policy, installation: installation() };
    let event = Event::AccountOpened(opened);
    let draft = Draft {
        at: now.at,
        wall_at: now.wall,
        kind: event.kind().into(),
        version: event.version(),
        body: event.body().unwrap().into(),
    };
    let record = EventRecord::seal(&stream(), &Head::default(), draft);
    let batch = StreamBatch {
        stream: stream(),
        expected: Head::default(),
        token: LeaseToken(1),
        records: vec![record],
    };
    journal.append(&[batch]).pop().unwrap().unwrap();
}

pub(crate) fn fold(journal: &MemoryJournal) -> AccountState {
    AccountState::fold(None, &stream(), journal.records(&stream())).unwrap().unwrap()
}

impl Desk {
    /// A desk that has met its venue: 100 000 USD, IBM at 99.99 / 100.01, BTC at 50 000.
    pub(crate) fn new() -> Self {
        Self::with_policy(plain_policy())
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        let mut desk = Self::unconnected(policy, capabilities());
        desk.open_market();
        desk.connect();
        desk
    }

    pub(crate) fn with_capabilities(capabilities: Capabilities) -> Self {
        let mut desk = Self::unconnected(plain_policy(), capabilities);
        desk.open_market();
        desk.connect();
        desk
    }

    /// A desk at a venue that neither keeps nor tells the client's order ids.
    pub(crate) fn without_client_ids() -> Self {
        Self::nameless(Capabilities { client_ids: false, ..capabilities() })
    }

    pub(crate) fn nameless(capabilities: Capabilities) -> Self {
        let mut desk = Self::over(Venue::nameless(), plain_policy(), capabilities);
        desk.open_market();
        desk.connect();
        desk
    }

    /// A desk that knows its instruments and nothing else.
    pub(crate) fn unconnected(policy: Policy, capabilities: Capabilities) -> Self {
        Self::over(Venue::new(), policy, capabilities)
    }

    /// The same over a venue that has a history.
    pub(crate) fn over(venue: Venue, policy: Policy, capabilities: Capabilities) -> Self {
        let now = Now { at: START, wall: START, mono: Mono(1_000_000_000), trusted: true };
        let mut journal = MemoryJournal::default();
        open_account(&mut journal, policy, now);
        let state = fold(&journal);
        let clock = Arc::new(AtomicI64::new(now.mono.0));
        let token = LeaseToken(1);
        let wire = wire(&clock, token, 0);
        let market = MarketView::default();
        let core = Core::new(state, market, capabilities.clone(), token, now.mono);
        let mut desk = Self {
            core,
            journal,
            venue,
            budget: BudgetTable::new(DeskLimits::default()),
            wire,
            now,
            sent: Vec::new(),
            cancels: Vec::new(),
            terms: Vec::new(),
            replaces: Vec::new(),
            look_ups: 0,
            snapshots: 0,
            lists: 0,
            failed: Vec::new(),
            held_line: false,
            line: VecDeque::new(),
            capabilities,
            clock,
            replies: Vec::new(),
            next_reply: 1,
        };
        desk.start(1);
        desk.tell(Input::SetInstrument(Box::new(stock(IBM))));
        desk.tell(Input::SetInstrument(Box::new(crypto(BTC))));
        desk
    }

    fn start(&mut self, incarnation: u32) {
        let batch = self.core.start(incarnation, self.now, &mut self.budget);
        self.settle(batch);
        self.deliver();
    }

    /// Opens the market and tells the usual prices.
    pub(crate) fn open_market(&mut self) {
        self.session(true, START.utc_day());
        self.price(IBM, "99.99", "100.01");
        self.price(BTC, "50000", "50000");
    }

    /// The stream comes up, and books and venue are compared.
    pub(crate) fn connect(&mut self) {
        self.tell(Input::Venue(VenueEvent::Connected));
        self.pass(Nanos::from_secs(3));
    }

    /// A crash and a start from the journal: everything that was not durable is gone.
    pub(crate) fn restart(&mut self) {
        let state = fold(&self.journal);
        let incarnation = state.incarnation + 1;
        let token = LeaseToken(u64::from(incarnation));
        self.wire = wire(&self.clock, token, state.kill_epoch);
        let (capabilities, market) = (self.capabilities.clone(), MarketView::default());
        self.core = Core::new(state, market, capabilities, token, self.now.mono);
        self.line.clear();
        self.start(incarnation);
    }

    /// A restart after which market and venue are there again.
    pub(crate) fn restart_and_connect(&mut self) {
        self.restart();
        let day = self.now.at.utc_day();
        self.session(true, day);
        for (instrument, quote) in self.venue.quotes.clone() {
            let quote = domain::Quote { at: self.now.at, ..quote };
            self.tell(Input::Quote { instrument, quote });
        }
        self.connect();
    }

    /// Lets time pass in quarters of a second.
    pub(crate) fn pass(&mut self, span: Nanos) {
        let quarter = Nanos::from_millis(250);
        let mut left = span.0;
        while left > 0 {
            self.advance(Nanos(left.min(quarter.0)));
            self.tell(Input::Tick);
            left -= quarter.0;
        }
    }

    /// Moves the clocks and tells nobody.
    pub(crate) fn advance(&mut self, span: Nanos) {
        self.now.at = self.now.at.plus(span);
        self.now.wall = self.now.wall.plus(span);
        self.now.mono = self.now.mono.plus(span);
        self.clock.store(self.now.mono.0, Ordering::SeqCst);
    }

    /// One input and everything that follows from it.
    pub(crate) fn tell(&mut self, input: Input) {
        self.step(input);
        self.deliver();
    }

    pub(crate) fn tell_all(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            self.tell(input);
        }
    }

    /// Lets the venue's waiting answers arrive.
    pub(crate) fn deliver(&mut self) {
        let mut rounds = 0;
        while !self.held_line
            && let Some(input) = self.line.pop_front()
        {
            rounds += 1;
            if rounds == ROUNDS_MAX {
                let events = self.events();
                let kinds: Vec<_> =
                    events.iter().rev().take(24).map(path::event::Event::kind).collect();
                panic!("the desk talks to itself without end: {kinds:?}, then {input:?}");
            }
            self.step(input);
        }
    }

    fn step(&mut self, input: Input) {
        let batch = self.core.step(input, self.now, &mut self.budget);
        assert!(self.core.figures_agree(), "a figure was not computed anew");
        self.settle(batch);
    }

    fn settle(&mut self, batch: path::commit::Batch) {
        for result in commit(&mut self.journal, vec![batch]) {
            match result {
                Ok(committed) => self.act(committed),
                Err(failed) => self.failed.push(failed),
            }
        }
    }

    fn act(&mut self, committed: Committed) {
        let at = self.now.at;
        for action in committed.actions {
            match action {
                Action::Place(recorded) => {
                    let order = recorded.client_order_id().clone();
                    match self.wire.release(recorded) {
                        Ok((request, _in_flight)) => {
                            self.line.extend(self.venue.place(&request, at));
                            self.sent.push(request);
                        }
                        Err(why) => {
                            let outcome = PlaceOutcome::NotSent(why);
                            self.line.push_back(Input::Placed { order, outcome });
                        }
                    }
                }
                Action::Replace(recorded) => {
                    let order = recorded.client_order_id().clone();
                    match self.wire.release(recorded) {
                        Ok((request, _in_flight)) => {
                            self.line.extend(self.venue.replace(&request, at));
                            self.replaces.push(request);
                        }
                        Err(why) => {
                            let outcome = PlaceOutcome::NotSent(why);
                            self.line.push_back(Input::Placed { order, outcome });
                        }
                    }
                }
                Action::Cancel(recorded) => {
                    let order = recorded.client_order_id().clone();
                    match self.wire.release(recorded) {
                        Ok((request, _in_flight)) => {
                            self.line.extend(self.venue.cancel(&request));
                            self.cancels.push(request);
                        }
                        Err(why) => {
                            let outcome = CancelOutcome::NotSent(why);
                            self.line.push_back(Input::CancelAnswered { order, outcome });
                        }
                    }
                }
                Action::SetTerms(recorded) => {
                    let request = recorded.client_order_id().clone();
                    match self.wire.release(recorded) {
                        Ok((request, _in_flight)) => {
                            self.line.extend(self.venue.set_terms(&request));
                            self.terms.push(request);
                        }
                        Err(why) => {
                            let outcome = TermsOutcome::NotSent(why);
                            self.line.push_back(Input::TermsAnswered { request, outcome });
                        }
                    }
                }
                Action::LookUp(order) => {
                    self.look_ups += 1;
                    self.line.push_back(self.venue.look_up(&order));
                }
                Action::Recent(since) => {
                    self.lists += 1;
                    self.line.push_back(self.venue.recent(since));
                }
                Action::Snapshot(since) => {
                    self.snapshots += 1;
                    self.line.push_back(self.venue.snapshot(since, at));
                }
                Action::Reply(id, reply) => self.replies.push((id, *reply)),
            }
        }
    }

    fn answer(&mut self, input: impl FnOnce(ReplyId) -> Input) -> Reply {
        let id = ReplyId(self.next_reply);
        self.next_reply += 1;
        self.tell(input(id));
        let position = self.replies.iter().position(|(r, _)| *r == id);
        self.replies.remove(position.expect("everybody gets an answer")).1
    }
}

fn wire(clock: &Arc<AtomicI64>, token: LeaseToken, epoch: u64) -> Wire {
    let clock = clock.clone();
    let read = Arc::new(move || Mono(clock.load(Ordering::SeqCst)));
    Wire::new(read, token, Mono(i64::MAX), epoch)
}

mod verbs;
pub(crate) use verbs::codes_of;
