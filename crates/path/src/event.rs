//! What can happen to an account, as the journal records it.
//!
//! Each kind of event is one struct whose JSON is the record's body. A body's form is never
//! changed: a new form gets a new version and an upcaster, and one golden file of every version
//! is kept. This module must not know how events change a state.

use domain::{
    BookId, Cash, ClientOrderId, Fill, InstallationId, Instrument, InstrumentId, Intent, IntentId,
    Limits, Money, OrderKind, Origin, OriginKind, Price, Protective, Qty, Side, SignedQty,
    TimeInForce, Timestamp, VenueOrderId,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    broker::{OrderReport, VenueRejection, VenueStatus},
    codes::{Refusal, RefusalCode},
    journal::Hash,
    policy::{AccountSpec, KillLevel, LatchKind, Policy},
    verbs::RiskClass,
};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $kind:literal;)*) => {
        /// One thing that happened to an account.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant($body),)*
        }

        impl Event {
            /// Every kind of event.
            pub const KINDS: &[&'static str] = &[$($kind,)*];

            /// The kind as the journal writes it.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// The version of the body's form.
            #[must_use]
            pub const fn version(&self) -> u16 {
                1
            }

            /// The body as JSON text.
            ///
            /// # Errors
            /// A serialisation failure, which the plain data of events does not have.
            pub fn body(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(body) => serde_json::to_string(body),)* }
            }

            /// Reads a record's kind, version and body.
            ///
            /// # Errors
            /// [`DecodeError`] when this program doesn't know the kind or version, or the body
            /// doesn't have its form.
            pub fn decode(kind: &str, version: u16, body: &str) -> Result<Self, DecodeError> {
                match (kind, version) {
                    $(($kind, 1) => Ok(Self::$variant(parse(kind, body)?)),)*
                    _ => Err(DecodeError::Unknown { kind: kind.to_owned(), version }),
                }
            }
        }
    };
}

events! {
    /// The account was created.
    AccountOpened(AccountOpened) = "account_opened";
    /// A new run of the desk took the account over.
    IncarnationStarted(IncarnationStarted) = "incarnation_started";
    /// An instrument's rules came into force.
    InstrumentSet(InstrumentSet) = "instrument_set";
    /// A book was opened.
    BookOpened(BookOpened) = "book_opened";
    /// Limits of one scope were replaced.
    LimitsSet(LimitsSet) = "limits_set";
    /// The account's policy was replaced.
    PolicySet(PolicySet) = "policy_set";
    /// A request was refused.
    IntentRefused(IntentRefused) = "intent_refused";
    /// More refusals than are recorded one by one.
    RefusalsCounted(RefusalsCounted) = "refusals_counted";
    /// A request waits for approval.
    OrderHeld(OrderHeld) = "order_held";
    /// A wait ended.
    HoldResolved(HoldResolved) = "hold_resolved";
    /// An order was cleared and will be sent.
    OrderRecorded(OrderRecorded) = "order_recorded";
    /// The venue has the order.
    OrderAccepted(OrderAccepted) = "order_accepted";
    /// The venue's answer is missing.
    OrderUnknown(OrderUnknown) = "order_unknown";
    /// The order never lived at the venue.
    OrderRejected(OrderRejected) = "order_rejected";
    /// The order's life at the venue ended.
    OrderEnded(OrderEnded) = "order_ended";
    /// An order that was taken for dead lives at the venue.
    OrderResurfaced(OrderResurfaced) = "order_resurfaced";
    /// A cancel was cleared and will be sent.
    CancelRecorded(CancelRecorded) = "cancel_recorded";
    /// A cancel did not reach its aim; the order may live on.
    CancelFailed(CancelFailed) = "cancel_failed";
    /// An execution.
    Filled(Filled) = "filled";
    /// An order that the desk did not send.
    ExternalOrder(ExternalOrder) = "external_order";
    /// A holding of the unmanaged book was given to another book.
    Adopted(Adopted) = "adopted";
    /// A quantity changed at the venue without an execution that explains it.
    PositionAdjusted(PositionAdjusted) = "position_adjusted";
    /// Cash came, went, or was found.
    CashAdjusted(CashAdjusted) = "cash_adjusted";
    /// Books and venue were compared.
    Reconciled(Reconciled) = "reconciled";
    /// A compound close began.
    CloseStarted(CloseStarted) = "close_started";
    /// A compound close ended.
    CloseEnded(CloseEnded) = "close_ended";
    /// A position's protective levels were replaced.
    PlanSet(PlanSet) = "plan_set";
    /// A trading day began.
    DayOpened(DayOpened) = "day_opened";
    /// Equity reached a new peak.
    PeakRaised(PeakRaised) = "peak_raised";
    /// A latch closed.
    LatchSet(LatchSet) = "latch_set";
    /// A latch was released.
    LatchReleased(LatchReleased) = "latch_released";
    /// The kill switch was pulled.
    KillPulled(KillPulled) = "kill_pulled";
    /// The kill switch was released.
    KillReleased(KillReleased) = "kill_released";
    /// Something that a person should know.
    Alarm(AlarmRaised) = "alarm";
    /// Records of the emergency journal follow or were taken over.
    EmergencyMerged(EmergencyMerged) = "emergency_merged";
}

/// Why a record can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A newer program wrote it.
    #[error("event `{kind}` version {version} is unknown: a newer program wrote this journal")]
    Unknown {
        /// The kind.
        kind: String,
        /// The version.
        version: u16,
    },
    /// The body doesn't have the form of its kind.
    #[error("event `{kind}` has a body of another form: {text}")]
    Body {
        /// The kind.
        kind: String,
        /// What is wrong.
        text: String,
    },
}

fn parse<T: serde::de::DeserializeOwned>(kind: &str, body: &str) -> Result<T, DecodeError> {
    serde_json::from_str(body)
        .map_err(|e| DecodeError::Body { kind: kind.to_owned(), text: e.to_string() })
}

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
    }
    /// Body of `position_adjusted`.
    PositionAdjusted {
        /// What changed.
        instrument: InstrumentId,
        /// The change, booked to `unmanaged`.
        qty: SignedQty,
        /// The price at which it is valued.
        price: Price,
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

/// What limits apply to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitTarget {
    /// The whole account.
    Account,
    /// One book.
    Book(BookId),
    /// Every origin of a kind.
    Origin(OriginKind),
    /// One instrument.
    Instrument(InstrumentId),
}

/// How a wait for approval ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldDecision {
    /// Somebody approved; the gate judged again.
    Approved,
    /// Somebody declined.
    Declined,
    /// Nobody decided in time.
    Lapsed,
}

/// Why an order never lived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The venue refused it.
    Venue(VenueRejection),
    /// The desk did not send it.
    NotSent,
    /// It was sent and the venue never got it.
    NeverPlaced,
}

/// Why a position is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosePurpose {
    /// Somebody asked.
    Request,
    /// The target was reached.
    Target,
    /// The kill switch.
    Flatten,
    /// The position could not be protected.
    Unprotected,
}
