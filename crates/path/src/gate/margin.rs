//! What holdings and working orders tie up: cost, margin, and what covers shorts.
//!
//! What is delivered is paid; a contract needs margin for the largest value that the account's net
//! position can reach; what is sold short is covered. This module must not know limits or refusals.

use std::collections::BTreeSet;

use domain::{
    Contract, Currency, Instrument, InstrumentId, OrderKind, Position, Price, Qty, Side, SignedQty,
};
use rust_decimal::Decimal;

use super::figures::{Figures, Source, Worst, product, sum};
use crate::{
    policy::{MarginMode, MarginRate},
    state::AccountState,
    verbs::RiskClass,
};

/// What one instrument, or everything in one currency, ties up; in that currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// What live buys of what is delivered may still cost, and the fees of live entries.
    pub(super) cost: Decimal,
    /// What is owed for what is held short, and what must cover the worst case of shorts.
    pub(super) shorts: Decimal,
    /// Initial margin of contracts in their worst case.
    pub(super) initial: Decimal,
    /// Maintenance margin of contracts as they are held.
    pub(super) maintenance: Decimal,
    /// Profit or loss of contracts at the last price.
    pub(super) unrealized: Decimal,
}

impl Needs {
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            cost: sum(self.cost, other.cost)?,
            shorts: sum(self.shorts, other.shorts)?,
            initial: sum(self.initial, other.initial)?,
            maintenance: sum(self.maintenance, other.maintenance)?,
            unrealized: sum(self.unrealized, other.unrealized)?,
        })
    }

    /// What is left of a wallet for contracts.
    pub(super) fn left_of(&self, wallet: Decimal) -> Option<Decimal> {
        let covered = sum(wallet, self.unrealized)?;
        let tied = sum(sum(self.initial, self.cost)?, self.shorts)?;
        sum(covered, -tied)
    }
}

/// Margin in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin {
    /// The currency.
    pub currency: Currency,
    /// The balance that the venue shows.
    pub wallet: Decimal,
    /// Profit or loss of the contracts in it, at the last price.
    pub unrealized: Decimal,
    /// Initial margin of every contract's worst case.
    pub used: Decimal,
    /// What contracts must stay covered with; below it the venue liquidates.
    pub maintenance: Decimal,
    /// What is left for contracts: wallet + unrealised − used − what spot orders and shorts tie up.
    pub available: Decimal,
}

/// Reading what is tied up.
impl Figures {
    /// Spot exposure, and initial margin of contracts, in the reporting currency.
    pub(super) fn tied(&self) -> Option<(Decimal, Decimal)> {
        (!self.needs_unknown).then_some(())?;
        self.spot.zip(self.initial)
    }

    pub(super) fn currencies_but(&self, reporting: Currency) -> BTreeSet<Currency> {
        let all = self.needs.keys().copied().chain(self.wallets.iter().map(|m| m.currency()));
        all.filter(|currency| *currency != reporting).collect()
    }

    fn needs(&self, currency: Currency) -> Option<Needs> {
        (!self.needs_unknown).then_some(())?;
        self.needs.get(&currency).copied().unwrap_or(Some(Needs::default()))
    }

    /// What can be spent: profit of contracts that is not realised can't, a loss is gone.
    pub(super) fn available_cash(&self, currency: Currency) -> Option<Decimal> {
        let mut needs = self.needs(currency)?;
        needs.unrealized = needs.unrealized.min(Decimal::ZERO);
        needs.left_of(self.wallets.get(currency).amount())
    }

    pub(super) fn margin(&self, currency: Currency) -> Option<Margin> {
        let needs = self.needs(currency)?;
        let wallet = self.wallets.get(currency).amount();
        let (unrealized, used) = (needs.unrealized, needs.initial);
        let (maintenance, available) = (needs.maintenance, needs.left_of(wallet)?.normalize());
        Some(Margin { currency, wallet, unrealized, used, maintenance, available })
    }

    /// The price at which the account's position in a contract would be liquidated.
    pub(super) fn liquidation(&self, source: &Source<'_>, contract: &Instrument) -> Option<Price> {
        let position = source.net_contract(contract);
        let terms = contract.contract.as_ref()?;
        if source.state.policy.margin_mode == MarginMode::Isolated {
            // What was set aside as it was opened, by the cost that it has now.
            let leverage = source.state.policy.leverage.get();
            let aside = terms.initial_margin(position.cost.amount(), leverage).ok()?;
            return liquidation(&position, contract.multiplier, terms, aside);
        }
        let (all, own) = (self.needs(contract.quote)?, self.part(&contract.id)?.needs?);
        let wallet = self.wallets.get(contract.quote).amount();
        let unrealized = sum(all.unrealized, -own.unrealized)?;
        let maintenance = sum(all.maintenance, -own.maintenance)?;
        let others = sum(sum(wallet, unrealized)?, -maintenance)?;
        liquidation(&position, contract.multiplier, terms, others)
    }
}

impl Source<'_> {
    /// What an instrument ties up; `None` when it can't be told.
    pub(super) fn needs(
        &self,
        id: &InstrumentId,
        instrument: Option<&Instrument>,
        worst: Option<&Worst>,
    ) -> Option<Needs> {
        let cost = self.cost(id, instrument)?;
        let Some(instrument) = instrument else { return Some(Needs { cost, ..Needs::default() }) };
        let needs = match &instrument.contract {
            None => Needs { shorts: self.shorts(instrument)?, ..Needs::default() },
            Some(terms) => self.margins(instrument, terms, worst?)?,
        };
        Some(Needs { cost, ..needs })
    }

    /// What live orders may still cost: the price of buys of what is delivered, and fees.
    fn cost(&self, id: &InstrumentId, instrument: Option<&Instrument>) -> Option<Decimal> {
        let contract = instrument.is_some_and(|i| i.asset_class.is_contract());
        let fee = self.state.policy.fee_rate;
        let share = if contract { fee } else { Decimal::ONE + fee };
        let mut total = Decimal::ZERO;
        let mut add = |kind: &OrderKind, reference: Option<Price>, open: Qty| {
            let price = self.cost_price(kind, reference)?;
            total = sum(total, product(&[price, open.get(), instrument?.multiplier, share])?)?;
            Some(())
        };
        let pays = |side: Side, entry: bool| if contract { entry } else { side == Side::Buy };
        let net = self.state.net_position(id);
        // What buys a short back is counted with the short, as what is owed for it.
        let mut owed = if net.is_short() { net.abs() } else { Qty::ZERO };
        for order in self.live_of(id) {
            if pays(order.side, order.class == RiskClass::Entry) {
                let open = order.open_qty();
                let back = if order.is_reducing_class() { open.min_of(owed) } else { Qty::ZERO };
                owed = owed.minus(back);
                add(&order.kind, order.reference, open.minus(back))?;
            }
        }
        let foreign = self.state.external.values();
        for report in foreign.filter(|r| r.instrument == *id && pays(r.side, true)) {
            add(&report.kind, self.market.mark(id), report.qty.minus(report.filled))?;
        }
        Some(total)
    }

    /// What is owed for what is held short, and the cover of what may be short once every sale
    /// filled.
    fn shorts(&self, instrument: &Instrument) -> Option<Decimal> {
        let id = &instrument.id;
        let net = self.state.net_position(id);
        let own = self.live_of(id).filter(|o| o.side == Side::Sell);
        let foreign = self.state.external.values();
        let foreign = foreign.filter(|r| r.instrument == *id && r.side == Side::Sell);
        let open = own.map(|o| o.open_qty()).chain(foreign.map(|r| r.qty.minus(r.filled)));
        let sells = open.fold(Qty::ZERO, Qty::plus);
        let short = if net.is_short() { net.abs() } else { Qty::ZERO };
        let worst = short_of(net, sells);
        if worst.is_zero() {
            return Some(Decimal::ZERO);
        }
        let price = self.market.mark(id).or_else(|| self.last_known_price(id))?;
        let covered = product(&[worst.get(), spot_rate(self.state)])?;
        product(&[sum(short.get(), covered)?, price.get(), instrument.multiplier])
    }

    fn margins(&self, instrument: &Instrument, terms: &Contract, worst: &Worst) -> Option<Needs> {
        let net = self.net_contract(instrument);
        let unrealized = if net.qty.is_zero() {
            Decimal::ZERO
        } else {
            let mark = self.market.mark(&instrument.id)?;
            net.unrealized(mark, instrument.multiplier).ok()?.amount()
        };
        let held = sum(unrealized, net.cost.amount())?;
        Some(Needs {
            initial: self.initial_margin(instrument, terms, worst)?,
            maintenance: terms.maintenance_margin(held).ok()?,
            unrealized,
            ..Needs::default()
        })
    }

    pub(super) fn net_contract(&self, instrument: &Instrument) -> Position {
        let net = self.state.contracts.get(&instrument.id).copied();
        net.unwrap_or_else(|| Position::flat(instrument.quote))
    }

    /// Initial margin of the largest value that a contract's net position can reach.
    pub(super) fn initial_margin(
        &self,
        instrument: &Instrument,
        terms: &Contract,
        worst: &Worst,
    ) -> Option<Decimal> {
        let value = product(&[self.worst_value(instrument, worst)?, instrument.multiplier])?;
        terms.initial_margin(value, self.state.policy.leverage.get()).ok()
    }

    /// Initial margin of the largest value that a position can reach, in the reporting currency.
    /// What is delivered needs none in a cash account, where it is paid.
    pub(super) fn margin_of(&self, instrument: &Instrument, worst: &Worst) -> Option<Decimal> {
        match (&instrument.contract, self.state.policy.spot_margin_rate) {
            (Some(terms), _) => {
                let margin = self.initial_margin(instrument, terms, worst)?;
                product(&[margin, self.rate(instrument.quote)?])
            }
            (None, Some(rate)) => product(&[self.exposure(instrument, worst)?, rate.get()]),
            (None, None) => Some(Decimal::ZERO),
        }
    }
}

/// How much is short once so much was sold.
fn short_of(net: SignedQty, sells: Qty) -> Qty {
    let after = net.plus(sells.signed(false));
    if after.is_short() { after.abs() } else { Qty::ZERO }
}

/// The share of the value of spot holdings that equity must cover; the whole in a cash account.
pub(super) fn spot_rate(state: &AccountState) -> Decimal {
    state.policy.spot_margin_rate.map_or(Decimal::ONE, MarginRate::get)
}

/// The price at which a contract's net position would be liquidated, the rest of the account being
/// as it is.
///
/// With `A` = wallet + unrealised profit of the other contracts − their maintenance margin (for a
/// contract that is secured alone: what was set aside for it), `C` the
/// cost of the position (negative when short), `s` = 1 for long and −1 for short, and `V` its value,
/// the margin balance meets the maintenance margin where
///
/// ```text
/// A − C + s·V = M(V),   M(V) = m + r·(V − b)   within the step that begins at b,
/// V = (m − r·b − A + C) / (s − r),   price = V / (|quantity| × multiplier)
/// ```
///
/// where `r` is the step's maintenance rate and `m` the maintenance margin of the value `b`. The
/// balance less maintenance moves one way only with the price, so at most one step holds its own
/// solution. `None` when none does: a position that no price liquidates.
#[must_use]
pub(super) fn liquidation(
    position: &Position,
    multiplier: Decimal,
    terms: &Contract,
    others: Decimal,
) -> Option<Price> {
    let units = product(&[position.qty.abs().get(), multiplier])?;
    let sign = if position.qty.is_long() { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let balance = sum(others, -position.cost.amount())?;
    let mut begin = Decimal::ZERO;
    for tier in &terms.tiers {
        let rate = tier.maintenance_rate;
        let below = terms.maintenance_margin(begin).ok()?;
        let free = sum(below, -product(&[rate, begin])?)?;
        let value = sum(free, -balance)?.checked_div(sign - rate);
        let within = |v: &Decimal| *v > begin && tier.up_to.is_none_or(|end| *v <= end);
        if let Some(value) = value.filter(within) {
            return Price::new(value.checked_div(units)?.round_dp(domain::num::SCALE_MAX)).ok();
        }
        begin = tier.up_to.unwrap_or(begin);
    }
    None
}
