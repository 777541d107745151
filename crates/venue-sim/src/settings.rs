//! What an account may do: shorts, borrowing, leverage.
//!
//! This module must not know what an account holds, beyond whether new settings leave it secured.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, Currency, InstrumentId, Money};
use path::{broker::TermsOutcome, policy, terms::Terms};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{config::range, engine::Engine, error::SimError};

/// How what is bought or sold short, other than contracts, is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginPlan {
    /// In full, out of the balance in the instrument's quote currency.
    #[default]
    Cash,
    /// In part: the venue lends the rest, and lends what is sold short. Regulation T asks for
    /// 0.5 and 0.25.
    Margin {
        /// Share of the value of holdings and shorts that the equity must cover to open.
        initial_rate: Decimal,
        /// Share of the value below which the venue closes positions.
        maintenance_rate: Decimal,
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

/// What an account may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// True to let it sell what it doesn't hold, if the instrument is shortable. Without a margin
    /// plan a short position freezes twice its value: the proceeds and as much again.
    pub allow_short: bool,
    /// How purchases and shorts are paid for. An account with margin may always be short.
    #[serde(skip_serializing_if = "is_default")]
    pub margin: MarginPlan,
    /// What secures contracts.
    #[serde(skip_serializing_if = "is_default")]
    pub margin_mode: MarginMode,
    /// Leverage by contract, at least 1; the contract's own maximum caps it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub leverage: BTreeMap<InstrumentId, Decimal>,
    /// The leverage of every other contract, at least 1.
    #[serde(skip_serializing_if = "is_one")]
    pub default_leverage: Decimal,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_one(value: &Decimal) -> bool {
    *value == Decimal::ONE
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            allow_short: false,
            margin: MarginPlan::Cash,
            margin_mode: MarginMode::Cross,
            leverage: BTreeMap::new(),
            default_leverage: Decimal::ONE,
        }
    }
}

impl AccountSettings {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SimError::Config`] names the setting and its rule.
    pub fn validate(&self) -> Result<(), SimError> {
        if let MarginPlan::Margin { initial_rate, maintenance_rate } = self.margin {
            let (least, rule) = (Decimal::new(1, 6), "0.000001 to 1, at most 12 decimals");
            range("initial_rate", initial_rate, least, Decimal::ONE, rule)?;
            let rule = "0.000001 to the initial rate, at most 12 decimals";
            range("maintenance_rate", maintenance_rate, least, initial_rate, rule)?;
        }
        let leverages = self.leverage.values().chain([&self.default_leverage]);
        for leverage in leverages {
            let rule = "1 to 1000, at most 12 decimals";
            range("leverage", *leverage, Decimal::ONE, Decimal::ONE_THOUSAND, rule)?;
        }
        Ok(())
    }

    /// The settings of these terms; the leverage that was set for single contracts stays.
    #[must_use]
    pub fn with_terms(self, terms: &Terms) -> Self {
        let margin = match terms.margin {
            Some((initial_rate, maintenance_rate)) => {
                MarginPlan::Margin { initial_rate, maintenance_rate }
            }
            None => MarginPlan::Cash,
        };
        let margin_mode = match terms.margin_mode {
            policy::MarginMode::Cross => MarginMode::Cross,
            policy::MarginMode::Isolated => MarginMode::Isolated,
        };
        let (allow_short, default_leverage) = (terms.allow_short, terms.leverage.get());
        Self { allow_short, margin, margin_mode, default_leverage, ..self }
    }

    /// The same in the desk's words; `None` for a leverage that the desk can't hold.
    #[must_use]
    pub fn terms(&self) -> Option<Terms> {
        Some(Terms {
            allow_short: self.allow_short,
            margin: match self.margin {
                MarginPlan::Margin { initial_rate, maintenance_rate } => {
                    Some((initial_rate, maintenance_rate))
                }
                MarginPlan::Cash => None,
            },
            margin_mode: match self.margin_mode {
                MarginMode::Cross => policy::MarginMode::Cross,
                MarginMode::Isolated => policy::MarginMode::Isolated,
            },
            leverage: policy::Leverage::try_from(self.default_leverage).ok()?,
        })
    }

    /// True when it may sell what it doesn't hold.
    #[must_use]
    pub const fn may_short(&self) -> bool {
        self.allow_short || matches!(self.margin, MarginPlan::Margin { .. })
    }

    /// The leverage of a contract.
    #[must_use]
    pub fn leverage_of(&self, instrument: &InstrumentId) -> Decimal {
        self.leverage.get(instrument).copied().unwrap_or(self.default_leverage)
    }
}

/// The answer to a request for other terms. Storage that failed has left the old ones, but that is
/// for the next snapshot to tell.
#[must_use]
pub fn terms_outcome(changed: Result<(), SimError>) -> TermsOutcome {
    match changed {
        Ok(()) => TermsOutcome::Accepted,
        Err(error @ SimError::Storage(_)) => TermsOutcome::Unknown { why: error.to_string() },
        Err(error) => TermsOutcome::Rejected { text: error.to_string() },
    }
}

impl Engine {
    /// What an account may do.
    #[must_use]
    pub fn settings(&self, account: &AccountId) -> Option<&AccountSettings> {
        self.accounts.get(account).map(|account| &account.state.settings)
    }

    /// Lets an account trade on other terms; the leverage of single contracts stays.
    ///
    /// # Errors
    /// As [`Engine::set_settings`].
    pub fn set_terms(&mut self, account: &AccountId, terms: &Terms) -> Result<(), SimError> {
        let settings = self.settings(account).cloned().unwrap_or_default().with_terms(terms);
        self.set_settings(account, settings)
    }

    /// Gives an account other settings, which hold from now on for what is held and ordered too.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`]; [`SimError::Config`] when a setting is out of range, or when
    /// the margin mode would change while a contract is held; [`SimError::Funds`] when what is held
    /// and ordered would need more than there is. Nothing has changed then.
    pub fn set_settings(
        &mut self,
        account: &AccountId,
        settings: AccountSettings,
    ) -> Result<(), SimError> {
        settings.validate()?;
        let held = self.account_mut(account)?;
        let mode = settings.margin_mode;
        let before = std::mem::replace(&mut held.state.settings, settings);
        if let Err(error) = self.still_secured(account, mode != before.margin_mode) {
            self.account_mut(account)?.state.settings = before;
            return Err(error);
        }
        self.dirty.account(account);
        Ok(())
    }

    fn still_secured(&self, id: &AccountId, other_mode: bool) -> Result<(), SimError> {
        let Some(account) = self.accounts.get(id) else { return Ok(()) };
        let held = account.state.positions.iter().filter(|(_, p)| !p.qty.is_zero());
        let held: Vec<_> = held.filter_map(|(id, _)| self.instrument(id)).collect();
        if other_mode && held.iter().any(|rules| rules.asset_class.is_contract()) {
            let value = match account.state.settings.margin_mode {
                MarginMode::Cross => "cross",
                MarginMode::Isolated => "isolated",
            };
            let rule = "it changes only while no contract is held";
            return Err(SimError::Config { field: "margin_mode", value: value.to_owned(), rule });
        }
        let mut currencies: BTreeSet<Currency> = held.iter().map(|rules| rules.quote).collect();
        currencies.extend(account.state.cash.iter().map(|money| money.currency()));
        for currency in currencies {
            let free = self.available(account, currency);
            if free < Decimal::ZERO {
                let (asked, free) = (Money::new(-free, currency), Money::zero(currency));
                return Err(SimError::Funds { asked, free });
            }
        }
        Ok(())
    }
}
