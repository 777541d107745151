//! What holdings are worth as security and what they need: contracts, borrowed money, shorts.
//!
//! Everything is counted per currency; nothing is converted. This module must not know when or why
//! an order fills.

use domain::{AccountId, Contract, Currency, Instrument, InstrumentId, Money, Position, Price};
use rust_decimal::Decimal;

use crate::{
    account::Account,
    engine::Engine,
    error::SimError,
    market::MarketState,
    settings::{MarginMode, MarginPlan},
};

/// How an instrument is paid for by an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Security<'a> {
    /// In full.
    Whole,
    /// A share of the value; the venue lends the rest.
    Share { initial: Decimal, maintenance: Decimal },
    /// By the margin table of a contract.
    Contract(&'a Contract),
}

/// What secures an account in one currency, and what that must cover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Cash, the value of holdings on margin, and the profit or loss of contracts in cross mode.
    pub(crate) balance: Decimal,
    /// The profit of contracts in it that was not yet taken.
    pub(crate) profit: Decimal,
    /// What is set aside for what is held.
    pub(crate) initial: Decimal,
    /// What the balance must not fall below.
    pub(crate) maintenance: Decimal,
}

/// One holding as it counts in a [`Standing`].
pub(crate) struct Weight {
    pub(crate) profit: Decimal,
    pub(crate) value: Decimal,
    pub(crate) initial: Decimal,
    pub(crate) maintenance: Decimal,
}

impl Engine {
    /// How an account pays for an instrument.
    pub(crate) fn security<'a>(&self, account: &Account, rules: &'a Instrument) -> Security<'a> {
        match (&rules.contract, account.state.settings.margin) {
            (Some(terms), _) if rules.asset_class.is_contract() => Security::Contract(terms),
            (_, MarginPlan::Margin { initial_rate, maintenance_rate }) => {
                Security::Share { initial: initial_rate, maintenance: maintenance_rate }
            }
            (_, MarginPlan::Cash) => Security::Whole,
        }
    }

    /// The signed value of what an account holds, by the venue's mark.
    pub(crate) fn value_of(&self, account: &Account, market: &MarketState) -> Decimal {
        let rules = &market.instrument;
        let Some(position) = account.state.positions.get(&rules.id) else { return Decimal::ZERO };
        value(position, market.value_price(), rules)
    }

    /// How one holding counts.
    pub(crate) fn weight(
        &self,
        account: &Account,
        market: &MarketState,
        position: &Position,
    ) -> Weight {
        let rules = &market.instrument;
        let value = value(position, market.value_price(), rules);
        let profit = value - position.cost.amount();
        let (initial, maintenance) = match self.security(account, rules) {
            Security::Whole if position.qty.is_short() => {
                (value.abs() * Decimal::TWO, Decimal::ZERO)
            }
            Security::Whole => (Decimal::ZERO, Decimal::ZERO),
            Security::Share { initial, maintenance } => {
                (value.abs() * initial, value.abs() * maintenance)
            }
            Security::Contract(terms) => {
                let leverage = account.state.settings.leverage_of(&rules.id);
                let table = terms.initial_margin(value, leverage);
                let initial = match account.state.settings.margin_mode {
                    MarginMode::Cross => table.unwrap_or_else(|_| value.abs()),
                    MarginMode::Isolated => account.state.aside(&rules.id),
                };
                let maintenance = terms.maintenance_margin(value);
                (initial, maintenance.unwrap_or_else(|_| value.abs()))
            }
        };
        Weight { profit, value, initial, maintenance }
    }

    /// What secures an account in a currency, and what that must cover. Contracts that are secured
    /// alone count with what is set aside for them and nothing else.
    pub(crate) fn standing(&self, account: &Account, currency: Currency) -> Standing {
        let balance = account.state.cash.get(currency).amount();
        let mut sum = Standing { balance, ..Standing::default() };
        let cross = account.state.settings.margin_mode == MarginMode::Cross;
        for (id, position) in account.state.positions.iter().filter(|(_, p)| !p.qty.is_zero()) {
            let Some(market) = self.markets.get(id) else { continue };
            let rules = &market.state.instrument;
            if rules.quote != currency {
                continue;
            }
            let weight = self.weight(account, &market.state, position);
            sum.initial += weight.initial;
            match self.security(account, rules) {
                Security::Contract(_) if cross => {
                    sum.balance += weight.profit;
                    sum.profit += weight.profit;
                    sum.maintenance += weight.maintenance;
                }
                Security::Share { .. } => {
                    sum.balance += weight.value;
                    sum.maintenance += weight.maintenance;
                }
                Security::Contract(_) | Security::Whole => {}
            }
        }
        sum
    }

    /// Sets the leverage of a contract for an account. What is held alone keeps what is set aside
    /// for it; everything else is counted by the new leverage at once.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::UnknownInstrument`]; [`SimError::Config`] when
    /// the instrument is no contract or the leverage is not within 1 and the contract's maximum;
    /// [`SimError::Funds`] when what is held and ordered would need more than there is.
    pub fn set_leverage(
        &mut self,
        account: &AccountId,
        instrument: &InstrumentId,
        leverage: Decimal,
    ) -> Result<(), SimError> {
        let rules = self.instrument(instrument);
        let rules = rules.ok_or_else(|| SimError::UnknownInstrument(instrument.clone()))?;
        let currency = rules.quote;
        let most = rules.contract.as_ref().map(|terms| terms.max_leverage);
        if leverage < Decimal::ONE || leverage.scale() > 12 || most.is_none_or(|m| leverage > m) {
            let rule = "1 to the contract's maximum, at most 12 decimals";
            let value = leverage.to_string();
            return Err(SimError::Config { field: "leverage", value, rule });
        }
        let held = self.account_mut(account)?;
        let before = held.state.settings.leverage.insert(instrument.clone(), leverage);
        let Some(held) = self.accounts.get(account) else { return Ok(()) };
        let free = self.available(held, currency);
        if free < Decimal::ZERO {
            let held = self.account_mut(account)?;
            match before {
                Some(before) => held.state.settings.leverage.insert(instrument.clone(), before),
                None => held.state.settings.leverage.remove(instrument),
            };
            let (asked, free) = (Money::new(-free, currency), Money::zero(currency));
            return Err(SimError::Funds { asked, free });
        }
        self.dirty.account(account);
        Ok(())
    }
}

/// The signed value at a price, else at cost.
fn value(position: &Position, price: Option<Price>, rules: &Instrument) -> Decimal {
    let value = price.and_then(|price| position.value(price, rules.multiplier).ok());
    value.map_or(position.cost.amount(), |value| value.amount())
}
