//! Numbers of a policy that have a range, as types that can't leave it.
//!
//! This module must not know what the numbers are used for.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A setting that is out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A leverage below 1 or beyond what any venue gives.
    #[error("leverage {0} is not between 1 and {LEVERAGE_MAX}")]
    Leverage(Decimal),
    /// A margin rate of nothing, or of more than the whole value.
    #[error("a margin rate of {0} is not above 0 and at most 1; 0.5 is half of the value")]
    MarginRate(Decimal),
    /// A delay of nothing, or of more than a day.
    #[error("a data delay of {0} s is not between 1 and {DATA_DELAY_MAX} s")]
    DataDelay(u32),
    /// A fee that pays for what is bought, or is more than all of it.
    #[error("a fee rate of {0} is not between 0 and 1; 0.001 is 0.1 %")]
    FeeRate(Decimal),
    /// A trading capital of nothing.
    #[error("a trading capital of {0} is not more than zero; absent, it is the whole equity")]
    TradingCapital(Decimal),
    /// A maintenance rate that no initial rate stands above.
    #[error(
        "a maintenance rate of {maintenance} needs an initial rate that is not below it; the \
         initial rate is {initial}, 0 meaning a cash account"
    )]
    Maintenance {
        /// The maintenance rate.
        maintenance: Decimal,
        /// The initial rate; zero for a cash account.
        initial: Decimal,
    },
}

/// What secures a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginMode {
    /// The whole balance and the profit of every contract secure all contracts.
    #[default]
    Cross,
    /// What was set aside as it was opened secures each contract alone.
    Isolated,
}

impl MarginMode {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) fn is_cross(&self) -> bool {
        *self == Self::Cross
    }
}

/// The largest leverage that can be set.
pub const LEVERAGE_MAX: i64 = 1_000;

macro_rules! setting {
    ($(#[$doc:meta])* $name:ident, $error:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(Decimal);

        impl $name {
            /// The number.
            #[must_use]
            pub fn get(self) -> Decimal {
                self.0
            }
        }
        impl TryFrom<Decimal> for $name {
            type Error = SettingError;
            fn try_from(value: Decimal) -> Result<Self, SettingError> {
                let valid: fn(Decimal) -> bool = $valid;
                let value = value.normalize();
                if valid(value) { Ok(Self(value)) } else { Err(SettingError::$error(value)) }
            }
        }
        impl From<$name> for Decimal {
            fn from(setting: $name) -> Self {
                setting.0
            }
        }
    };
}

setting!(
    /// How many times its margin a position in a contract may be worth: 1 to [`LEVERAGE_MAX`]. The
    /// contract's own maximum holds beside it.
    Leverage, Leverage, |v| v >= Decimal::ONE && v <= Decimal::from(LEVERAGE_MAX)
);
setting!(
    /// The share of a position's value that must be covered by equity: above 0 and at most 1.
    MarginRate, MarginRate, |v| v > Decimal::ZERO && v <= Decimal::ONE
);

/// The longest delay of prices that can be declared, in seconds: a day.
pub const DATA_DELAY_MAX: u32 = 86_400;

/// How far the prices of an account are behind the market, in seconds: 1 to [`DATA_DELAY_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct DataDelay(u32);

impl DataDelay {
    /// The number of seconds.
    #[must_use]
    pub const fn secs(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for DataDelay {
    type Error = SettingError;
    fn try_from(secs: u32) -> Result<Self, SettingError> {
        let valid = (1..=DATA_DELAY_MAX).contains(&secs);
        if valid { Ok(Self(secs)) } else { Err(SettingError::DataDelay(secs)) }
    }
}

impl From<DataDelay> for u32 {
    fn from(delay: DataDelay) -> Self {
        delay.0
    }
}

impl Leverage {
    /// A position is worth no more than what is set aside for it.
    pub const ONE: Self = Self(Decimal::ONE);

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(crate) fn is_one(&self) -> bool {
        *self == Self::ONE
    }
}

impl Default for Leverage {
    fn default() -> Self {
        Self::ONE
    }
}
