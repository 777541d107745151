//! What an account is and how it wants to be treated.
//!
//! This module must not know the rules that read these settings.

use std::{collections::BTreeSet, fmt, str::FromStr};

use domain::{
    AccountId, CalendarKind, Cap, Currency, Limits, Multiple, OriginKind, Percent, VenueId,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use crate::setting::{
    DATA_DELAY_MAX, DataDelay, LEVERAGE_MAX, Leverage, MarginMode, MarginRate, SettingError,
};

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

/// An exchange rate of yesterday is good enough for currencies whose markets close at night.
const RATE_MAX_AGE_SECS: u32 = 86_400;

const fn rate_max_age() -> u32 {
    RATE_MAX_AGE_SECS
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_rate_max_age(secs: &u32) -> bool {
    *secs == RATE_MAX_AGE_SECS
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
    /// The most of the account's equity, in the reporting currency, of which percentages are
    /// taken: caps as well as sizes by equity and by risk. Absent, it is the whole equity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trading_capital: Option<Decimal>,
    /// The leverage with which margin is reckoned for contracts.
    #[serde(default, skip_serializing_if = "Leverage::is_one")]
    pub leverage: Leverage,
    /// The share of the value of what is held or sold short that equity must cover. Absent for a
    /// cash account: what is bought is paid, and what is sold short is covered whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_margin_rate: Option<MarginRate>,
    /// The share of that value below which the venue closes positions of a margin account; at most
    /// [`Policy::spot_margin_rate`]. Absent, it is half of that. The desk never judges by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_maintenance_rate: Option<MarginRate>,
    /// What secures contracts.
    #[serde(default, skip_serializing_if = "MarginMode::is_cross")]
    pub margin_mode: MarginMode,
    /// The age in seconds from which an exchange rate is as good as none for entries.
    #[serde(default = "rate_max_age", skip_serializing_if = "is_rate_max_age")]
    pub rate_max_age_secs: u32,
    /// How far the account's prices are behind the market, for an account whose data is delayed:
    /// its entries are limit orders only, the price collar is twice as wide, and a price may be so
    /// much older. Absent for live data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_delay_secs: Option<DataDelay>,
}

impl Policy {
    /// The part of an equity of which percentages are taken.
    #[must_use]
    pub fn capital(&self, equity: Decimal) -> Decimal {
        self.trading_capital.map_or(equity, |most| equity.min(most))
    }

    /// What a margin account's venue asks for, as shares of the value of what is held or sold
    /// short: to open, and to go on holding. `None` for a cash account.
    #[must_use]
    pub fn margin_rates(&self) -> Option<(Decimal, Decimal)> {
        let initial = self.spot_margin_rate?.get();
        let half = || initial * Decimal::new(5, 1);
        Some((initial, self.spot_maintenance_rate.map_or_else(half, MarginRate::get)))
    }

    /// Checks the settings that must fit one another, and those whose type has no range.
    ///
    /// # Errors
    /// [`SettingError::Maintenance`] for a maintenance rate without, or above, the initial rate;
    /// [`SettingError::FeeRate`] and [`SettingError::TradingCapital`] out of their ranges.
    pub fn validate(&self) -> Result<(), SettingError> {
        if !(Decimal::ZERO..=Decimal::ONE).contains(&self.fee_rate) {
            return Err(SettingError::FeeRate(self.fee_rate));
        }
        if let Some(capital) = self.trading_capital.filter(|c| *c <= Decimal::ZERO) {
            return Err(SettingError::TradingCapital(capital));
        }
        let Some(maintenance) = self.spot_maintenance_rate.map(MarginRate::get) else {
            return Ok(());
        };
        let initial = self.spot_margin_rate.map(MarginRate::get);
        if initial.is_some_and(|initial| maintenance <= initial) {
            return Ok(());
        }
        Err(SettingError::Maintenance { maintenance, initial: initial.unwrap_or_default() })
    }
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
            trading_capital: None,
            leverage: Leverage::ONE,
            spot_margin_rate: None,
            spot_maintenance_rate: None,
            margin_mode: MarginMode::Cross,
            rate_max_age_secs: RATE_MAX_AGE_SECS,
            data_delay_secs: None,
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
    /// The venue liquidated a position; an operator releases it.
    Liquidated,
}

/// A named set of limits to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Several stocks, for cash.
    Stocks,
    /// One instrument only: the position may be the whole account, the loss may not.
    SingleInstrument,
    /// Crypto against a stable coin, round the clock.
    CryptoSpot,
    /// Futures in layers, with leverage.
    FuturesDca,
}

impl FromStr for Preset {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let name = s.replace('_', "-");
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("preset `{s}` is unknown; write one of {names}")
        })
    }
}

impl Preset {
    /// Every preset, in the order of the documentation.
    pub const ALL: [Self; 4] =
        [Self::Stocks, Self::SingleInstrument, Self::CryptoSpot, Self::FuturesDca];

    /// The name as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stocks => "stocks",
            Self::SingleInstrument => "single-instrument",
            Self::CryptoSpot => "crypto-spot",
            Self::FuturesDca => "futures-dca",
        }
    }

    /// For whom it is and what it caps, in words.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Stocks => {
                "Several stocks for cash. Notional: position 10 %, moving together 15 %, all \
                 100 % of capital. Loss: 2 % a day, heat 25 %, drawdown 20 %."
            }
            Self::SingleInstrument => {
                "One instrument only: the position may be the whole account, the loss may not. \
                 Notional: order 50 %, position 100 %. Loss: 2 % a day, heat 10 %, drawdown 20 %."
            }
            Self::CryptoSpot => {
                "Crypto against a stable coin, round the clock. Notional: order 10 %, position \
                 20 %, all 100 % of capital. Loss: 2 % a day, heat 25 %, drawdown 20 %."
            }
            Self::FuturesDca => {
                "Futures in layers. Notional: order 50 %, position 200 % of capital, all 3 times \
                 the equity. Margin: 60 % of capital. Loss: 5 % a day, heat 50 %, drawdown 25 %."
            }
        }
    }

    /// The preset's limits for an account. Each cap is notional, unless [`Limits`] says otherwise
    /// of it, and a share of the trading capital.
    #[must_use]
    pub fn limits(self) -> Limits {
        let percent = |n: u32| Percent::basis_points(n * 100);
        let cap = |n: u32| Some(Cap::OfEquity(percent(n)));
        let common = Limits {
            gross_exposure: cap(100),
            daily_loss: cap(2),
            drawdown_percent: Some(percent(20)),
            open_orders: Some(200),
            entries_per_second: Some(10),
            entries_per_minute: Some(120),
            entries_per_day: Some(2_000),
            price_collar_percent: Some(percent(3)),
            quote_age_ms: Some(60_000),
            ..Limits::default()
        };
        match self {
            Self::Stocks => Limits {
                order_notional: cap(10),
                position_notional: cap(10),
                correlated_exposure: cap(15),
                portfolio_heat: cap(25),
                ..common
            },
            Self::SingleInstrument => Limits {
                order_notional: cap(50),
                position_notional: cap(100),
                portfolio_heat: cap(10),
                ..common
            },
            Self::CryptoSpot => Limits {
                order_notional: cap(10),
                position_notional: cap(20),
                portfolio_heat: cap(25),
                ..common
            },
            Self::FuturesDca => Limits {
                order_notional: cap(50),
                position_notional: cap(200),
                gross_exposure: None,
                leverage: Multiple::new(Decimal::from(3)).ok(),
                margin_used: cap(60),
                portfolio_heat: cap(50),
                daily_loss: cap(5),
                drawdown_percent: Some(percent(25)),
                ..common
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintenance_rate_needs_an_initial_rate_that_is_not_below_it() {
        let rate = |text: &str| MarginRate::try_from(text.parse::<Decimal>().unwrap()).ok();
        let with = |spot_margin_rate, spot_maintenance_rate| Policy {
            spot_margin_rate,
            spot_maintenance_rate,
            ..Policy::default()
        };
        assert_eq!(Policy::default().margin_rates(), None);
        let half = with(rate("0.5"), None).margin_rates();
        assert_eq!(half, Some((Decimal::new(5, 1), Decimal::new(25, 2))));
        let told = with(rate("0.5"), rate("0.3")).margin_rates();
        assert_eq!(told, Some((Decimal::new(5, 1), Decimal::new(3, 1))));
        assert_eq!(with(rate("0.5"), rate("0.5")).validate(), Ok(()));
        for (initial, maintenance) in [(None, "0.2"), (rate("0.5"), "0.6")] {
            let error = with(initial, rate(maintenance)).validate().unwrap_err().to_string();
            assert!(error.contains(maintenance), "{error}");
        }
    }

    #[test]
    fn a_leverage_or_margin_rate_out_of_range_is_not_read() {
        let read = |text: &str| serde_json::from_str::<Policy>(text).map_err(|e| e.to_string());
        let mut policy = serde_json::to_value(Policy::default()).unwrap();
        for name in ["leverage", "spot_margin_rate", "rate_max_age_secs"] {
            assert_eq!(policy.get(name), None, "{name} is written when it was set");
        }
        assert_eq!(read(&policy.to_string()), Ok(Policy::default()));
        for (name, bad) in [
            ("leverage", "0.99"),
            ("leverage", "1000.01"),
            ("spot_margin_rate", "0"),
            ("spot_margin_rate", "1.01"),
        ] {
            let good = policy[name].take();
            policy[name] = bad.into();
            let error = read(&policy.to_string()).unwrap_err();
            assert!(error.contains(bad), "{name}: {error}");
            policy[name] = if good.is_null() { "1".into() } else { good };
        }
        assert_eq!(read(&policy.to_string()).unwrap().leverage, Leverage::ONE);
    }
}
