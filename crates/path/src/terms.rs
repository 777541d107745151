//! On which terms a venue lets an account trade: short, on margin, with leverage.
//!
//! They are a policy's, in the words that both sides understand. This module must not know how a
//! venue grants them.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::policy::{Leverage, MarginMode, Policy};

/// On which terms an account trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// It may sell what it doesn't hold, where the venue lends it.
    pub allow_short: bool,
    /// The shares of the value of what is held or short that equity must cover, to open and to go
    /// on holding; `None` for a cash account.
    pub margin: Option<(Decimal, Decimal)>,
    /// What secures contracts.
    pub margin_mode: MarginMode,
    /// The leverage of contracts; a contract's own maximum caps it.
    pub leverage: Leverage,
}

impl Terms {
    /// The terms of a policy.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Self {
            allow_short: policy.allow_short,
            margin: policy.margin_rates(),
            margin_mode: policy.margin_mode,
            leverage: policy.leverage,
        }
    }

    /// True when anything becomes possible that was not before. Another margin mode counts as
    /// that, whichever it is.
    #[must_use]
    pub fn loosens(&self, before: &Self) -> bool {
        let rates = |terms: &Self| terms.margin.unwrap_or((Decimal::ONE, Decimal::ONE));
        let ((initial, held), (initial_before, held_before)) = (rates(self), rates(before));
        self.allow_short && !before.allow_short
            || self.margin.is_some() && before.margin.is_none()
            || initial < initial_before
            || held < held_before
            || self.margin_mode != before.margin_mode
            || self.leverage.get() > before.leverage.get()
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.margin {
            Some((initial, held)) => write!(f, "margin {initial}/{held}")?,
            None => f.write_str("cash")?,
        }
        let short = if self.allow_short { "may be short" } else { "never short" };
        let mode = match self.margin_mode {
            MarginMode::Cross => "cross",
            MarginMode::Isolated => "isolated",
        };
        write!(f, ", {short}, leverage {}, {mode}", self.leverage.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_more_room_loosens() {
        let leverage = |times: i64| Leverage::try_from(Decimal::from(times)).unwrap();
        let cash = Terms::of(&Policy::default());
        let lent = Terms { margin: Some((Decimal::new(5, 1), Decimal::new(25, 2))), ..cash };
        let whole = Terms { margin: Some((Decimal::ONE, Decimal::ONE)), ..cash };
        let dearer = Terms { margin: Some((Decimal::new(6, 1), Decimal::new(25, 2))), ..cash };
        let short = Terms { allow_short: true, ..cash };
        let five = Terms { leverage: leverage(5), ..cash };
        let alone = Terms { margin_mode: MarginMode::Isolated, ..cash };
        for (loose, tight) in
            [(lent, cash), (whole, cash), (lent, dearer), (short, cash), (five, cash)]
        {
            assert!(loose.loosens(&tight), "{loose:?} over {tight:?}");
            assert!(!tight.loosens(&loose), "{tight:?} over {loose:?}");
        }
        assert!(alone.loosens(&cash) && cash.loosens(&alone));
        assert!(!cash.loosens(&cash));
    }
}
