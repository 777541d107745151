//! The bodies of events, one struct each.
//!
//! A field is never taken away or given another meaning; a new one has a default.

use domain::{
    BookId, Cash, CashMovement, ClientOrderId, Conditions, CorporateAction, Fill, InstallationId,
    Instrument, InstrumentId, Intent, IntentId, Limits, Money, OrderKind, Origin, Price,
    Protective, Qty, Side, SignedQty, TimeInForce, Timestamp, VenueOrderId,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{ArmedAs, ArmedEnd, ClosePurpose, HoldDecision, LimitTarget, RejectReason};
use crate::{
    broker::{OrderReport, VenueStatus},
    codes::{Refusal, RefusalCode},
    journal::Hash,
    policy::{AccountSpec, KillLevel, LatchKind, Policy},
    verbs::RiskClass,
};

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name { $($(#[$attr])* pub $field: $ty,)* }
        )*
    };
}

bodies! {
    /// Body of `account_opened`.
    AccountOpened {
        /// What the account is.
        spec: AccountSpec,
        /// Its first policy.
        policy: Policy,
        /// The installation that owns the account's order ids.
        installation: InstallationId,
    }
    /// Body of `incarnation_started`.
    IncarnationStarted {
        /// Grows by one with every start; part of order ids.
        incarnation: u32,
    }
    /// Body of `instrument_set`.
    InstrumentSet {
        /// The rules.
        instrument: Instrument,
    }
    /// Body of `book_opened`.
    BookOpened {
        /// The book.
        book: BookId,
        /// A name for people.
        name: String,
        /// Capital given to the book, in the reporting currency.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capital: Option<Decimal>,
        /// Who opened it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Origin>,
    }
    /// Body of `limits_set`.
    LimitsSet {
        /// What the limits apply to.
        target: LimitTarget,
        /// The new limits.
        limits: Box<Limits>,
        /// Who set them.
        by: Origin,
    }
    /// Body of `policy_set`.
    PolicySet {
        /// The new policy.
        policy: Policy,
        /// Who set it.
        by: Origin,
    }
    /// Body of `terms_requested`.
    TermsRequested {
        /// The id under which the venue is asked, once.
        client_order_id: ClientOrderId,
        /// The policy that holds once the venue has agreed to its terms.
        policy: Policy,
        /// Who asked.
        by: Origin,
    }
    /// Body of `terms_refused`.
    TermsRefused {
        /// The request.
        client_order_id: ClientOrderId,
        /// The venue's or the desk's words.
        text: String,
    }
    /// Body of `intent_refused`.
    IntentRefused {
        /// What was asked.
        intent: Box<Intent>,
        /// The class under which it was judged.
        class: RiskClass,
        /// Every broken rule.
        refusals: Vec<Refusal>,
    }
    /// Body of `refusals_counted`.
    RefusalsCounted {
        /// Who asked.
        origin: Origin,
        /// How many refusals are not recorded one by one.
        count: u64,
        /// The codes met.
        codes: Vec<RefusalCode>,
    }
    /// Body of `order_held`.
    OrderHeld {
        /// What was asked.
        intent: Box<Intent>,
        /// Its value in the reporting currency.
        notional: Decimal,
        /// The limit above which it needs approval.
        limit: Decimal,
        /// When it lapses, by the wall clock: it waits for people.
        expires_at: Timestamp,
    }
    /// Body of `hold_resolved`.
    HoldResolved {
        /// What waited.
        intent: IntentId,
        /// How it ended.
        decision: HoldDecision,
        /// Who decided; absent when it lapsed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Origin>,
    }
    /// Body of `order_armed`.
    OrderArmed {
        /// What was asked.
        intent: Box<Intent>,
        /// The trading day in which it was asked, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<i64>,
        /// The market was open then.
        open: bool,
        /// What becomes of it in its time.
        #[serde(default, skip_serializing_if = "ArmedAs::is_order")]
        becomes: ArmedAs,
    }
    /// Body of `armed_ended`.
    ArmedEnded {
        /// What waited.
        intent: IntentId,
        /// How it ended.
        end: ArmedEnd,
        /// Who took it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Origin>,
    }
    /// Body of `order_recorded`.
    OrderRecorded {
        /// The id under which it is sent, once.
        client_order_id: ClientOrderId,
        /// The request that it serves.
        intent: IntentId,
        /// On whose behalf.
        book: BookId,
        /// What is traded.
        instrument: InstrumentId,
        /// The side.
        side: Side,
        /// How much.
        qty: Qty,
        /// Type and prices.
        kind: OrderKind,
        /// How long it lives.
        tif: TimeInForce,
        /// Refuse rather than take liquidity.
        post_only: bool,
        /// Sent to the venue as only reducing.
        reduce_only: bool,
        /// Which rules applied.
        class: RiskClass,
        /// Who asked.
        origin: Origin,
        /// Levels for the position that it makes.
        #[serde(default)]
        protective: Protective,
        /// What else holds for it.
        #[serde(default, skip_serializing_if = "Conditions::is_plain")]
        conditions: Conditions,
        /// The order whose place it takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<ClientOrderId>,
        /// The compound close that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        close: Option<u64>,
        /// The price against which it was judged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Price>,
        /// Its value in the reporting currency, for entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notional: Option<Decimal>,
        /// The caller's key and the hash of what it stood for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency: Option<Idempotency>,
    }
    /// A caller's key and the content that it stands for.
    Idempotency {
        /// The key.
        key: String,
        /// Hash of the request's content.
        content: Hash,
    }
    /// Body of `order_accepted`.
    OrderAccepted {
        /// The order.
        client_order_id: ClientOrderId,
        /// The venue's id.
        venue_order_id: VenueOrderId,
    }
    /// Body of `order_unknown`.
    OrderUnknown {
        /// The order.
        client_order_id: ClientOrderId,
        /// What happened.
        why: String,
    }
    /// Body of `order_rejected`.
    OrderRejected {
        /// The order.
        client_order_id: ClientOrderId,
        /// Why.
        reason: RejectReason,
        /// The venue's or the desk's words.
        text: String,
    }
    /// Body of `order_ended`.
    OrderEnded {
        /// The order.
        client_order_id: ClientOrderId,
        /// How it ended.
        status: VenueStatus,
        /// How much of it was filled, by the venue's count.
        filled: Qty,
        /// The venue's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// Body of `order_resurfaced`.
    OrderResurfaced {
        /// The order.
        client_order_id: ClientOrderId,
        /// The venue's id.
        venue_order_id: VenueOrderId,
        /// How much may still fill.
        open: Qty,
    }
    /// Body of `order_written_off`.
    OrderWrittenOff {
        /// The order.
        client_order_id: ClientOrderId,
        /// Who.
        by: Origin,
    }
    /// Body of `cancel_recorded`.
    CancelRecorded {
        /// The order to cancel.
        client_order_id: ClientOrderId,
        /// Who asked.
        origin: Origin,
        /// Why.
        reason: String,
    }
    /// Body of `cancel_failed`.
    CancelFailed {
        /// The order.
        client_order_id: ClientOrderId,
        /// What happened.
        why: String,
    }
    /// Body of `filled`.
    Filled {
        /// The book that it belongs to.
        book: BookId,
        /// The venue's report.
        fill: Fill,
    }
    /// Body of `external_order`.
    ExternalOrder {
        /// The venue's report.
        report: OrderReport,
    }
    /// Body of `adopted`.
    Adopted {
        /// What is held.
        instrument: InstrumentId,
        /// How much.
        qty: SignedQty,
        /// At what price it is taken into the books.
        price: Price,
        /// Where the price comes from.
        source: String,
        /// The book that manages it from now on.
        book: BookId,
        /// Who decided it; nobody when it was found like that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Origin>,
    }
    /// Body of `position_adjusted`.
    PositionAdjusted {
        /// What changed.
        instrument: InstrumentId,
        /// The change, booked to `unmanaged`.
        qty: SignedQty,
        /// The price at which it is valued.
        price: Price,
        /// What came or went in the reporting currency, by which loss and drawdown are corrected.
        /// Absent for a contract, which is taken over at its price and is worth nothing then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reporting: Option<Decimal>,
        /// What the desk knows about it.
        reason: String,
    }
    /// Body of `cash_adjusted`.
    CashAdjusted {
        /// The change, booked to `unmanaged`.
        money: Money,
        /// The same in the reporting currency, by which loss and drawdown are corrected.
        reporting: Decimal,
        /// What the desk knows about it.
        reason: String,
    }
    /// Body of `cash_moved`.
    CashMoved {
        /// The venue's report.
        movement: CashMovement,
        /// A deposit or withdrawal in the reporting currency, by which loss and drawdown are
        /// corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reporting: Option<Decimal>,
        /// Whose it is; the parts add up to the whole.
        shares: Vec<Share>,
    }
    /// A book's part of a movement of cash.
    Share {
        /// The book.
        book: BookId,
        /// Its part; negative was paid.
        money: Money,
        /// The fraction of a unit that it was paid for, which is sold by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sold: Option<SoldFraction>,
    }
    /// A fraction of a unit that a corporate action left and that the venue paid in cash.
    SoldFraction {
        /// How much of the holding: positive of a long one.
        qty: SignedQty,
        /// The price of a unit, at 12 decimals.
        price: Price,
    }
    /// Body of `action_applied`.
    ActionApplied {
        /// The venue's report.
        action: CorporateAction,
    }
    /// Body of `reconciled`.
    Reconciled {
        /// Every execution before this venue time is in the books.
        through: Timestamp,
        /// Balances at the venue.
        cash: Cash,
    }
    /// Body of `close_started`.
    CloseStarted {
        /// Number of the close within the account.
        id: u64,
        /// The book.
        book: BookId,
        /// What is closed.
        instrument: InstrumentId,
        /// How much is to be closed.
        qty: Qty,
        /// Who asked.
        origin: Origin,
        /// Why.
        purpose: ClosePurpose,
        /// The partial target that it takes up, by its place in the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<u8>,
        /// What is asked for once it is done: the second half of a reversal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<Box<Intent>>,
        /// The caller's key and the hash of what it stood for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency: Option<Idempotency>,
    }
    /// Body of `close_ended`.
    CloseEnded {
        /// The close.
        id: u64,
        /// True when nothing is left to close.
        done: bool,
        /// What happened.
        text: String,
    }
    /// Body of `plan_set`.
    PlanSet {
        /// The book.
        book: BookId,
        /// What is protected.
        instrument: InstrumentId,
        /// The new levels.
        protective: Protective,
        /// Who set them.
        by: Origin,
    }
    /// Body of `day_opened`.
    DayOpened {
        /// Number of the trading day.
        day: i64,
        /// Equity at its opening, in the reporting currency.
        equity: Decimal,
    }
    /// Body of `peak_raised`.
    PeakRaised {
        /// The new peak, in the reporting currency.
        equity: Decimal,
    }
    /// Body of `marked`.
    Marked {
        /// Equity in the reporting currency, where it can be told; absent between two hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        equity: Option<Decimal>,
        /// How far prices went since they were last marked.
        prices: Vec<PriceMark>,
    }
    /// How far the price of one instrument went.
    PriceMark {
        /// What is held.
        instrument: InstrumentId,
        /// The lowest price.
        low: Price,
        /// The highest price.
        high: Price,
        /// The latest price.
        last: Price,
    }
    /// Body of `latch_set`.
    LatchSet {
        /// Which.
        latch: LatchKind,
        /// The numbers.
        text: String,
    }
    /// Body of `latch_released`.
    LatchReleased {
        /// Which.
        latch: LatchKind,
        /// Who; absent when a new day released it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Origin>,
        /// The peak from which drawdown counts from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peak: Option<Decimal>,
    }
    /// Body of `kill_pulled`.
    KillPulled {
        /// How far it stops.
        level: KillLevel,
        /// The epoch that begins.
        epoch: u64,
        /// Who.
        by: Origin,
        /// Why.
        reason: String,
    }
    /// Body of `kill_released`.
    KillReleased {
        /// Who.
        by: Origin,
    }
    /// Body of `alarm`.
    AlarmRaised {
        /// A stable code.
        code: String,
        /// One sentence.
        text: String,
    }
    /// Body of `emergency_merged`.
    EmergencyMerged {
        /// The generation of the emergency journal.
        generation: u64,
        /// How many of its records are now in this stream.
        count: u64,
    }
}
