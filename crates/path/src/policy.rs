//! What an account is and how it wants to be treated.
//!
//! This module must not know the rules that read these settings.

use std::{collections::BTreeSet, fmt, str::FromStr};

use domain::{AccountId, CalendarKind, Cap, Currency, Limits, OriginKind, Percent, VenueId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How real an account's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Simulated money on live or synthetic prices.
    Paper,
    /// Simulated money on recorded prices with their own clock.
    Replay,
}

/// What an account is. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSpec {
    /// Its id.
    pub id: AccountId,
    /// A name for people.
    pub name: String,
    /// Where it trades.
    pub venue: VenueId,
    /// The identity that the venue reports; an identity can be added once.
    pub identity: String,
    /// How real its money is.
    pub mode: Mode,
    /// The currency in which its limits are judged.
    pub reporting: Currency,
    /// The calendar whose days bound the daily loss.
    pub calendar: CalendarKind,
}

/// What happens to an entry that names no stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutStop {
    /// A stop is attached: twice the 14-bar average true range from the entry where it is known,
    /// else this percentage.
    Attach(Percent),
    /// The entry is refused.
    Refuse,
    /// The entry passes; the position counts whole as heat.
    Allow,
}

/// What happens when a protective order can't be placed after retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionFailure {
    /// Raise an alarm and keep trying.
    Alert,
    /// Close the position.
    Flatten,
}

/// How an account wants to be treated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What happens to an entry that names no stop.
    pub without_stop: WithoutStop,
    /// What happens when a protective order can't be placed.
    pub protection_failure: ProtectionFailure,
    /// Short positions may be opened where the instrument can be borrowed.
    pub allow_short: bool,
    /// What the desk expects to pay in fees, as a rate of notional, when it reserves cash.
    pub fee_rate: Decimal,
    /// How much more than the quote a market order may cost, when the desk reserves cash.
    pub market_buffer: Percent,
    /// How long a request waits for approval, in seconds.
    pub hold_secs: u32,
    /// Sources whose entries may need approval.
    pub approval_for: BTreeSet<OriginKind>,
    /// Span in which the same order from the same source is taken for a mistake, in milliseconds.
    pub duplicate_window_ms: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            without_stop: WithoutStop::Attach(Percent::basis_points(500)),
            protection_failure: ProtectionFailure::Alert,
            allow_short: false,
            fee_rate: Decimal::new(1, 3),
            market_buffer: Percent::basis_points(50),
            hold_secs: 600,
            approval_for: [
                OriginKind::Strategy,
                OriginKind::Campaign,
                OriginKind::Copy,
                OriginKind::Webhook,
                OriginKind::Agent,
            ]
            .into(),
            duplicate_window_ms: 2_000,
        }
    }
}

/// How far the kill switch stops, each level including the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillLevel {
    /// No entries.
    Pause,
    /// Also cancel every order that can raise risk; stops stay.
    Halt,
    /// Also close every position.
    Flatten,
}

impl fmt::Display for KillLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "pause",
            Self::Halt => "halt",
            Self::Flatten => "flatten",
        })
    }
}

/// A text that is not a kill level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kill level `{0}` is unknown; write pause, halt or flatten")]
pub struct KillLevelError(String);

impl FromStr for KillLevel {
    type Err = KillLevelError;
    fn from_str(s: &str) -> Result<Self, KillLevelError> {
        match s {
            "pause" => Ok(Self::Pause),
            "halt" => Ok(Self::Halt),
            "flatten" => Ok(Self::Flatten),
            other => Err(KillLevelError(other.chars().take(20).collect())),
        }
    }
}

/// A condition that stops entries until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatchKind {
    /// The day's loss reached its limit; the next trading day releases it.
    DailyLoss,
    /// The fall from the peak reached its limit; an operator releases it.
    Drawdown,
    /// Another Cofferdam's orders were seen; an operator releases it.
    ForeignDesk,
    /// The venue knows orders that the journal does not; an operator releases it.
    Rewound,
}

/// A named set of limits to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Several stocks: daily loss 2 %, position 10 %, heat 25 % of equity.
    Stocks,
    /// One instrument only: the position may be the whole account, the loss may not.
    SingleInstrument,
    /// Crypto against a stable coin, round the clock.
    CryptoSpot,
}

impl FromStr for Preset {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "stocks" => Ok(Self::Stocks),
            "single-instrument" | "single_instrument" => Ok(Self::SingleInstrument),
            "crypto-spot" | "crypto_spot" => Ok(Self::CryptoSpot),
            other => Err(format!(
                "preset `{other}` is unknown; write stocks, single-instrument or crypto-spot"
            )),
        }
    }
}

impl Preset {
    /// The preset's limits for an account. All caps are notional, as shares of equity.
    #[must_use]
    pub fn limits(self) -> Limits {
        let percent = |n: u32| Percent::basis_points(n * 100);
        let cap = |n: u32| Some(Cap::OfEquity(percent(n)));
        let (order, position, gross, heat) = match self {
            Self::Stocks => (cap(10), cap(10), cap(100), cap(25)),
            Self::SingleInstrument => (cap(50), cap(100), cap(100), cap(10)),
            Self::CryptoSpot => (cap(10), cap(20), cap(100), cap(25)),
        };
        Limits {
            order_notional: order,
            position_notional: position,
            gross_exposure: gross,
            portfolio_heat: heat,
            daily_loss: cap(2),
            drawdown_percent: Some(percent(20)),
            open_orders: Some(200),
            entries_per_second: Some(10),
            entries_per_minute: Some(120),
            entries_per_day: Some(2_000),
            price_collar_percent: Some(percent(3)),
            quote_age_ms: Some(60_000),
            ..Limits::default()
        }
    }
}
