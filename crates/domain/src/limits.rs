//! The numbers that the gate checks, and where they may be set.
//!
//! This module must not know how a limit is judged.

use std::{collections::BTreeSet, fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    ids::InstrumentId,
    num::{Multiple, NumError, Percent, Qty},
    window::Window,
};

/// Who set a limit. Of several that apply, the tightest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole desk.
    Desk,
    /// One account.
    Account,
    /// One book.
    Book,
    /// One origin, by kind.
    Origin,
    /// One principal by name: an agent, a key, a user.
    Principal,
    /// One instrument.
    Instrument,
    /// The venue's own rule, which nobody can change.
    Venue,
    /// A rule of the desk that has no number to set.
    Rule,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Desk => "desk",
            Self::Account => "account",
            Self::Book => "book",
            Self::Origin => "origin",
            Self::Principal => "principal",
            Self::Instrument => "instrument",
            Self::Venue => "venue",
            Self::Rule => "rule",
        })
    }
}

/// A ceiling, as an amount in the account's reporting currency or as a share of its capital.
/// Written `25000` or `10%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// An amount in the reporting currency.
    Amount(Qty),
    /// A percentage of equity.
    OfEquity(Percent),
}

impl Cap {
    /// The ceiling in the reporting currency for an account of this equity. A percentage of
    /// negative equity is zero.
    #[must_use]
    pub fn resolve(self, equity: Decimal) -> Decimal {
        match self {
            Self::Amount(amount) => amount.get(),
            Self::OfEquity(percent) => percent.of(equity.max(Decimal::ZERO)),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{amount}"),
            Self::OfEquity(percent) => write!(f, "{percent}%"),
        }
    }
}
impl FromStr for Cap {
    type Err = NumError;
    fn from_str(s: &str) -> Result<Self, NumError> {
        match s.strip_suffix('%') {
            Some(percent) => Ok(Self::OfEquity(percent.parse()?)),
            None => Ok(Self::Amount(s.parse()?)),
        }
    }
}
impl Serialize for Cap {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Cap {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Limits of one scope. What is absent is not limited by this scope.
///
/// Each cap says what it is a cap on: notional is price × quantity × multiplier, whatever margin
/// it takes. A percentage is of the account's trading capital: its equity, or less where the
/// policy says so. The account's, an origin's, a principal's and an instrument's limits are about
/// the whole account; a book's about that book alone, its percentages of the book's capital where
/// it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Notional. Largest value of one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<Cap>,
    /// Largest quantity of one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_qty: Option<Qty>,
    /// Notional. Largest value of the position in one instrument, working entries included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_notional: Option<Cap>,
    /// Notional. Largest sum of the values of all positions and working entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_exposure: Option<Cap>,
    /// Notional. Largest value by which longs exceed shorts, or shorts longs, working entries of
    /// the larger side included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_exposure: Option<Cap>,
    /// Notional. Largest sum of the values of all positions and working entries that move
    /// together with the order's instrument. Instruments whose correlation isn't known count as
    /// moving together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlated_exposure: Option<Cap>,
    /// Largest gross exposure (notional) as a multiple of equity. Not a percentage of the trading
    /// capital: what a venue would liquidate is the equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leverage: Option<Multiple>,
    /// Margin. Largest initial margin that contracts, and in a margin account everything that is
    /// delivered, would need in the worst case of working entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin_used: Option<Cap>,
    /// Largest sum of what would be lost if every stop were hit; a position without a stop counts
    /// its whole notional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portfolio_heat: Option<Cap>,
    /// Loss of the account since the day's opening, unrealised and fees included, that stops
    /// entries until the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_loss: Option<Cap>,
    /// Fall from the equity's peak, in percent, that stops entries until a person releases it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawdown_percent: Option<Percent>,
    /// Notional. Sum of the values of all entries in one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_entry_notional: Option<Cap>,
    /// Notional. Sum of the values of the entries of whoever asks in one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_daily_notional: Option<Cap>,
    /// Live orders at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_orders: Option<u32>,
    /// Entries per second of whoever asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_per_second: Option<u32>,
    /// Entries per minute of whoever asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_per_minute: Option<u32>,
    /// Entries per day of whoever asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_per_day: Option<u32>,
    /// How far beyond the fresh price an order may buy or sell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_collar_percent: Option<Percent>,
    /// Oldest price on which an entry may rest, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_age_ms: Option<u32>,
    /// Notional. An entry above this value waits for approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_above: Option<Cap>,
    /// Only these instruments, when present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<BTreeSet<InstrumentId>>,
    /// Never these instruments.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<InstrumentId>,
    /// Pause after a losing exit in the same instrument, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_cooldown_secs: Option<u32>,
    /// Entries only at these times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trading_window: Option<Window>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_read_as_people_write_them() {
        let cap: Cap = "2.5%".parse().unwrap();
        assert_eq!(cap.resolve(Decimal::from(1000)), Decimal::from(25));
        assert_eq!(cap.resolve(Decimal::from(-1000)), Decimal::ZERO);
        assert_eq!("25000".parse::<Cap>().unwrap().resolve(Decimal::ONE), Decimal::from(25_000));
        assert!("ten".parse::<Cap>().is_err());
    }

    #[test]
    fn unknown_limits_are_refused_not_ignored() {
        let error = serde_json::from_str::<Limits>(r#"{"order_notionall":"5%"}"#).unwrap_err();
        assert!(error.to_string().contains("order_notionall"));
    }
}
