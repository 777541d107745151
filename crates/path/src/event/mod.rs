//! What can happen to an account, as the journal records it.
//!
//! Each kind of event is one struct whose JSON is the record's body. A body's form is never
//! changed: a new form gets a new version and an upcaster, and one golden file of every version
//! is kept. This module must not know how events change a state.

mod bodies;

pub use bodies::*;
use domain::{BookId, InstrumentId, OriginKind, Percent, Principal};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{broker::VenueRejection, verbs::RiskClass};

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
    /// The venue is asked for the terms of another policy.
    TermsRequested(TermsRequested) = "terms_requested";
    /// The terms stay as they were.
    TermsRefused(TermsRefused) = "terms_refused";
    /// A request waits for approval.
    OrderHeld(OrderHeld) = "order_held";
    /// A wait ended.
    HoldResolved(HoldResolved) = "hold_resolved";
    /// A request waits for the next opening or price.
    OrderArmed(OrderArmed) = "order_armed";
    /// A wait for an opening or a price ended.
    ArmedEnded(ArmedEnded) = "armed_ended";
    /// An order was cleared and will be sent.
    OrderRecorded(Box<OrderRecorded>) = "order_recorded";
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
    /// An operator ended an order that the venue took and no longer knows.
    OrderWrittenOff(OrderWrittenOff) = "order_written_off";
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
    /// Cash moved without an execution: funding, a dividend, a deposit.
    CashMoved(CashMoved) = "cash_moved";
    /// Every holding of an instrument changed its unit.
    ActionApplied(ActionApplied) = "action_applied";
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
    /// Prices and equity, once in a while.
    Marked(Marked) = "marked";
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

impl Event {
    /// True for what starts new risk: an entry, or a request for other terms. It never goes to the
    /// emergency journal.
    #[must_use]
    pub fn opens_risk(&self) -> bool {
        match self {
            Self::OrderRecorded(order) => order.class == RiskClass::Entry,
            Self::TermsRequested(_) => true,
            _ => false,
        }
    }
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
    /// One principal by name, whatever door it comes through.
    Principal(Principal),
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
    /// It was asked in units that a split has changed.
    UnitsChanged,
}

/// What becomes of a request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmedAs {
    /// An order.
    #[default]
    Order,
    /// A close of this share of what the book holds then.
    Close {
        /// The share.
        share: Percent,
    },
    /// A close of what the book holds on the other side then, and an order once that is done.
    Reversal,
}

impl ArmedAs {
    fn is_order(&self) -> bool {
        matches!(self, Self::Order)
    }
}

/// How a wait for an opening or a price ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmedEnd {
    /// The market opened or the price came; the gate judges now.
    Opened,
    /// The kill switch stopped it.
    Killed,
    /// Nobody was there when the market opened or the price came.
    Missed,
    /// Somebody took it back.
    Withdrawn,
    /// It was asked in units that a split has changed.
    UnitsChanged,
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
    /// The trailing stop was reached before it rested there.
    Stop,
    /// The time stop was due.
    TimeStop,
}
