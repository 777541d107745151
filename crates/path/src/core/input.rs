//! What can be told to a core, and what it answers.

use std::collections::BTreeMap;

use domain::{
    Activate, BookId, CalendarKind, ClientOrderId, Currency, Instrument, InstrumentId, Intent,
    IntentId, Limits, Origin, Percent, Protective, Qty, Quote, Timestamp,
};
use rust_decimal::Decimal;

use super::replace::Changes;
use crate::{
    broker::{
        CancelOutcome, OrderReport, PlaceOutcome, QueryError, RecentOrders, TermsOutcome,
        VenueEvent, VenueSnapshot,
    },
    codes::Refusal,
    event::LimitTarget,
    market::Session,
    policy::{KillLevel, LatchKind, Policy},
    verbs::RiskClass,
};

/// Names who waits for an answer; the driver makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyId(pub u64);

/// One thing that a core is told. `reply` names who waits; without it nobody does.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields repeat the words of DESIGN and of the events")]
pub enum Input {
    /// Somebody wants to trade.
    Submit { intent: Box<Intent>, reply: Option<ReplyId> },
    /// Somebody wants an order gone.
    Cancel {
        order: ClientOrderId,
        origin: Origin,
        accept_unprotected: bool,
        reply: Option<ReplyId>,
    },
    /// Somebody wants a working order changed. The change is judged like a new order.
    Replace {
        order: ClientOrderId,
        changes: Changes,
        intent: IntentId,
        origin: Origin,
        reply: Option<ReplyId>,
    },
    /// Somebody wants a share of a book's position closed at the market, at once or of what it
    /// holds at the next opening or price. The same `key` of the same origin closes once.
    Close {
        book: BookId,
        instrument: InstrumentId,
        share: Percent,
        key: Option<String>,
        activate: Activate,
        origin: Origin,
        reply: Option<ReplyId>,
    },
    /// Somebody wants a share of every managed position closed at the market, of one instrument or
    /// of all.
    CloseAll {
        instrument: Option<InstrumentId>,
        share: Percent,
        origin: Origin,
        reply: Option<ReplyId>,
    },
    /// Somebody wants a position closed and, once it is, the other direction opened by this wish,
    /// at once or at the next opening or price.
    Reverse { intent: Box<Intent>, reply: Option<ReplyId> },
    /// Somebody takes a request back that waits for an opening or a price.
    Disarm { intent: IntentId, by: Origin, reply: Option<ReplyId> },
    /// Somebody decides about a request that waits.
    Decide { hold: IntentId, approve: bool, by: Origin, reply: Option<ReplyId> },
    /// The kill switch is pulled. The wire's epoch was raised to `epoch` before.
    Kill { level: KillLevel, epoch: u64, by: Origin, reason: String, reply: Option<ReplyId> },
    /// An operator releases the kill switch.
    ReleaseKill { by: Origin, reply: Option<ReplyId> },
    /// An operator releases a latch; `rebase` lets drawdown count from today's equity.
    ReleaseLatch { latch: LatchKind, rebase: bool, by: Origin, reply: Option<ReplyId> },
    /// An operator replaces limits.
    SetLimits { target: LimitTarget, limits: Box<Limits>, by: Origin, reply: Option<ReplyId> },
    /// An operator replaces the policy.
    SetPolicy { policy: Box<Policy>, by: Origin, reply: Option<ReplyId> },
    /// Somebody moves a position's protective levels.
    SetPlan {
        book: BookId,
        instrument: InstrumentId,
        protective: Protective,
        by: Origin,
        reply: Option<ReplyId>,
    },
    /// An operator opens a book.
    OpenBook {
        book: BookId,
        name: String,
        capital: Option<Decimal>,
        by: Origin,
        reply: Option<ReplyId>,
    },
    /// An operator gives an unmanaged holding to a book.
    Adopt { instrument: InstrumentId, book: BookId, by: Origin, reply: Option<ReplyId> },
    /// An operator ends an order that the venue took and no longer knows.
    WriteOff { order: ClientOrderId, by: Origin, reply: Option<ReplyId> },
    /// An operator gives a book's holding back that is too little to trade.
    LeaveDust { book: BookId, instrument: InstrumentId, by: Origin, reply: Option<ReplyId> },
    /// The venue's rules for an instrument.
    SetInstrument(Box<Instrument>),
    /// Records of the emergency journal were taken over.
    EmergencyMerged { generation: u64, count: u64 },
    /// The answer to an order that was sent.
    Placed { order: ClientOrderId, outcome: PlaceOutcome },
    /// The answer to a request for other terms.
    TermsAnswered { request: ClientOrderId, outcome: TermsOutcome },
    /// The answer to a cancel that was sent.
    CancelAnswered { order: ClientOrderId, outcome: CancelOutcome },
    /// The venue tells something.
    Venue(VenueEvent),
    /// The answer about one order.
    LookedUp { order: ClientOrderId, answer: Result<Option<OrderReport>, QueryError> },
    /// The answer about the orders of a while.
    Recent(Result<RecentOrders, QueryError>),
    /// The answer about everything.
    Snapshot(Result<VenueSnapshot, QueryError>),
    /// A new price.
    Quote { instrument: InstrumentId, quote: Quote },
    /// A market opened or closed, or a trading day began.
    Session { calendar: CalendarKind, session: Session },
    /// An exchange rate and the time of its price.
    Rate { from: Currency, to: Currency, rate: Decimal, at: Timestamp },
    /// The 14-bar average true range of an instrument.
    Range { instrument: InstrumentId, range: Decimal },
    /// Which instruments move together: each one's cluster. An instrument that is left out is in
    /// the cluster of everything unknown.
    Clusters(BTreeMap<InstrumentId, u32>),
    /// Whether the main journal can be written.
    Journal { writable: bool },
    /// Time has passed.
    Tick,
}

/// What a core answers, once everything that it rests on is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields repeat the words of DESIGN and of the events")]
pub enum Reply {
    /// The order is on disk and on its way; `replayed` when the same key had asked before.
    Recorded { order: ClientOrderId, class: RiskClass, qty: Qty, replayed: bool },
    /// A compound close has begun.
    Closing { close: u64, qty: Qty },
    /// Compound closes have begun, one per position: book, instrument, number, quantity.
    ClosingAll(Vec<(BookId, InstrumentId, u64, Qty)>),
    /// It waits for the market's next opening or price.
    Armed { intent: IntentId },
    /// The venue is asked for other terms; the policy holds once it has agreed.
    TermsAsked { request: ClientOrderId },
    /// It waits for approval.
    Held { intent: IntentId, notional: Decimal, limit: Decimal, expires_at: Timestamp },
    /// It was refused.
    Refused(Vec<Refusal>),
    /// The kill switch stands at this level; the epoch's entries in flight are being cancelled.
    Killed { level: KillLevel, epoch: u64 },
    /// Done.
    Done,
}

/// What the gate would say.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The wish in exact numbers, when it can be resolved.
    pub resolved: Option<crate::gate::Resolved>,
    /// Every broken rule; empty when the wish would pass.
    pub refusals: Vec<Refusal>,
    /// Value and limit, when it would wait for approval.
    pub held: Option<(Decimal, Decimal)>,
}
