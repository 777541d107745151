//! What secures an account, per currency, and what a contract position needs.
//!
//! It must not know orders.

use std::collections::BTreeSet;

use domain::{Currency, InstrumentId, Position};
use path::{core::Core, policy::MarginMode};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::decimal;

/// What the holdings of a margin account need, at the last prices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HoldingsMarginView {
    /// The value of what is held and of what is short, contracts aside.
    pub(crate) value: String,
    /// What equity must cover to open that.
    pub(crate) used: String,
    /// Below which the venue closes positions.
    pub(crate) maintenance: String,
}

/// Margin in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MarginView {
    /// The currency of the amounts.
    #[schema(example = "USD")]
    pub(crate) currency: String,
    /// The balance that the venue shows: cash, of contracts only what was taken.
    #[schema(example = "100000")]
    pub(crate) wallet: String,
    /// Profit or loss of the contracts in it that was not taken; null while a price is missing,
    /// like what follows.
    pub(crate) unrealized: Option<String>,
    /// Initial margin of contracts, each in the largest value that working orders can make of it.
    pub(crate) used: Option<String>,
    /// What contracts must stay covered with; below it the venue liquidates.
    pub(crate) maintenance: Option<String>,
    /// What is left for contracts.
    pub(crate) available: Option<String>,
    /// What other holdings need; null in a cash account and while a price is missing.
    pub(crate) holdings: Option<HoldingsMarginView>,
}

/// A position in a contract.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ContractPositionView {
    /// The value of the quantity at the last price, without a sign; null while that is missing.
    pub(crate) notional: Option<String>,
    /// The leverage with which margin is reckoned: the account's, at most the contract's.
    #[schema(example = "5")]
    pub(crate) leverage: String,
    /// cross or isolated.
    pub(crate) margin_mode: &'static str,
    /// An estimate of the price at which the venue liquidates the account's net position in the
    /// contract, all books together, all else being as it is; null when no price does.
    pub(crate) liquidation_price: Option<String>,
    /// When the contract is settled; null for a perpetual one.
    pub(crate) expires: Option<String>,
}

/// The name of a margin mode.
pub(crate) const fn mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Cross => "cross",
        MarginMode::Isolated => "isolated",
    }
}

/// Margin in every currency in which there is cash or a holding.
pub(crate) fn of_account(core: &Core) -> Vec<MarginView> {
    let state = core.state();
    let wallets = state.wallets();
    let mut currencies: BTreeSet<Currency> = wallets.iter().map(|m| m.currency()).collect();
    let held = state.held_instruments();
    let quotes = held.iter().filter_map(|id| state.instruments.get(id));
    currencies.extend(quotes.map(|instrument| instrument.quote));
    let view = |currency: Currency| {
        let margin = core.book().margin(currency);
        MarginView {
            currency: currency.to_string(),
            wallet: decimal(wallets.get(currency).amount()),
            unrealized: margin.map(|m| decimal(m.unrealized)),
            used: margin.map(|m| decimal(m.used)),
            maintenance: margin.map(|m| decimal(m.maintenance)),
            available: margin.map(|m| decimal(m.available)),
            holdings: holdings(core, currency),
        }
    };
    currencies.into_iter().map(view).collect()
}

fn holdings(core: &Core, currency: Currency) -> Option<HoldingsMarginView> {
    let state = core.state();
    let (initial, maintenance) = state.policy.margin_rates()?;
    let held = state.held_instruments();
    let rules = held.iter().filter_map(|id| state.instruments.get(id));
    let mut rules = rules.filter(|i| {
        i.quote == currency && i.contract.is_none() && !state.net_position(&i.id).is_zero()
    });
    let value = rules.try_fold(Decimal::ZERO, |sum, instrument| {
        let units = state.net_position(&instrument.id).get();
        let units = units.checked_mul(instrument.multiplier)?;
        let mark = core.market().mark(&instrument.id)?.get();
        sum.checked_add(units.checked_mul(mark)?.abs())
    })?;
    Some(HoldingsMarginView {
        value: decimal(value),
        used: decimal(value.checked_mul(initial)?),
        maintenance: decimal(value.checked_mul(maintenance)?),
    })
}

/// What is told of a position beside what every position has; `None` for what is no contract.
pub(crate) fn of_position(
    core: &Core,
    id: &InstrumentId,
    position: &Position,
) -> Option<ContractPositionView> {
    let state = core.state();
    let instrument = state.instruments.get(id)?;
    let terms = instrument.contract.as_ref()?;
    let mark = core.market().mark(id);
    let value = mark.and_then(|mark| position.value(mark, instrument.multiplier).ok());
    Some(ContractPositionView {
        notional: value.map(|value| decimal(value.amount().abs())),
        leverage: decimal(state.policy.leverage.get().min(terms.max_leverage)),
        margin_mode: mode(state.policy.margin_mode),
        liquidation_price: core.book().liquidation_price(id).map(|p| p.to_string()),
        expires: terms.expires.map(|at| at.to_string()),
    })
}
