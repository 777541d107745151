//! Running figures of an account: each instrument's worst case, and their sums.
//!
//! A judgement needs sums over everything held and working, within a microsecond or two. So each
//! instrument's part is kept, and computed anew, whole, from state and market when something about
//! that instrument changed; sums are computed anew from the parts. Nothing is ever added to a
//! figure over time, so nothing can drift, and what is kept equals [`Figures::of`] at any moment.
//! A figure that is missing a price or a rate, or that is beyond every real account, is `None`:
//! whatever a venue or a feed reports, nothing here overflows. This module must not know limits
//! or refusals.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    BookId, Cash, Currency, Instrument, InstrumentId, OrderKind, Price, Qty, Side, SignedQty,
    num::within_magnitude,
};
use rust_decimal::Decimal;

use super::{margin::Needs, reach::Reach};
use crate::{
    market::MarketView,
    state::{AccountState, Order},
    verbs::RiskClass,
};

fn possible(figure: &Decimal) -> bool {
    within_magnitude(*figure)
}

/// The product of factors, when it is no larger than an amount may be.
#[must_use]
pub(super) fn product(factors: &[Decimal]) -> Option<Decimal> {
    let (first, rest) = factors.split_first()?;
    rest.iter().try_fold(*first, |product, f| product.checked_mul(*f)).filter(possible)
}

/// The sum of two figures, when it is no larger than an amount may be.
pub(super) fn sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    a.checked_add(b).filter(possible)
}

fn total(figures: impl Iterator<Item = Option<Decimal>>) -> Option<Decimal> {
    let mut total = Decimal::ZERO;
    for figure in figures {
        total = sum(total, figure?)?;
    }
    Some(total.normalize())
}

/// What may have changed since figures were last computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Touched {
    /// Nothing that a figure rests on.
    Nothing,
    /// One instrument: what is held or working of it, its price or its protective levels.
    Instrument(InstrumentId),
    /// Anything.
    Everything,
}

/// What one instrument comes to when everything on one side fills, in its quote currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worst {
    net: SignedQty,
    buys: Decimal,
    sells: Decimal,
}

impl Default for Worst {
    fn default() -> Self {
        Self { net: SignedQty::ZERO, buys: Decimal::ZERO, sells: Decimal::ZERO }
    }
}

impl Worst {
    /// What is held, before any order fills.
    pub(super) fn holding(net: SignedQty) -> Self {
        Self { net, ..Self::default() }
    }

    pub(super) fn with(mut self, side: Side, qty: Qty, price: Price) -> Option<Self> {
        let value = product(&[price.get(), qty.get()])?;
        let total = if side == Side::Buy { &mut self.buys } else { &mut self.sells };
        *total = sum(*total, value)?;
        Some(self)
    }
}

/// One instrument's part of every figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) worst: Option<Worst>,
    /// Largest value that the position can reach, in the reporting currency.
    pub(super) exposure: Option<Decimal>,
    reach: Option<Reach>,
    heat: Option<Decimal>,
    value: Option<Decimal>,
    /// What it ties up, in the quote currency.
    pub(super) needs: Option<Needs>,
    /// `None` when the account doesn't know the instrument.
    currency: Option<Currency>,
    /// True for what is delivered, false for a contract.
    spot: bool,
    /// What it moves together with.
    cluster: Option<u32>,
}

/// All figures of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    parts: BTreeMap<InstrumentId, Part>,
    pub(super) wallets: Cash,
    equity: Option<Decimal>,
    exposure: Option<Decimal>,
    reach: Option<Reach>,
    /// The exposures of what moves together.
    clusters: BTreeMap<Option<u32>, Option<Decimal>>,
    /// The part of the exposure that is delivered.
    pub(super) spot: Option<Decimal>,
    heat: Option<Decimal>,
    pub(super) needs: BTreeMap<Currency, Option<Needs>>,
    /// Initial margin of all contracts, in the reporting currency.
    pub(super) initial: Option<Decimal>,
    /// Something is bought whose currency nobody knows.
    pub(super) needs_unknown: bool,
    stale: BTreeSet<InstrumentId>,
    all_stale: bool,
}

impl Figures {
    /// Figures that will be computed when they are first read.
    #[must_use]
    pub fn unread() -> Self {
        Self { all_stale: true, ..Self::default() }
    }

    /// The figures of a state in a market.
    #[must_use]
    pub fn of(state: &AccountState, market: &MarketView) -> Self {
        let mut figures = Self::unread();
        figures.freshen(state, market);
        figures
    }

    pub(crate) fn touch(&mut self, touched: &Touched) {
        match touched {
            Touched::Nothing => {}
            Touched::Everything => self.all_stale = true,
            Touched::Instrument(id) => {
                if !self.all_stale && !self.stale.contains(id) {
                    self.stale.insert(id.clone());
                }
            }
        }
    }

    /// Computes anew what was touched.
    pub(crate) fn freshen(&mut self, state: &AccountState, market: &MarketView) {
        let source = Source::new(state, market);
        if self.all_stale {
            self.parts.clear();
            self.stale = source.instruments();
        } else if self.stale.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.stale) {
            let live: Vec<&Order> = state.live_of(&id).collect();
            match (Source { live: Some(&live), ..source }).part(&id) {
                Some(part) => self.parts.insert(id, part),
                None => self.parts.remove(&id),
            };
        }
        self.all_stale = false;
        let cash = state.cash();
        self.sum_up(&source, &cash);
        self.wallets = state.wallets_over(cash);
    }

    fn sum_up(&mut self, source: &Source<'_>, cash: &Cash) {
        let parts = self.parts.values();
        self.exposure = total(parts.clone().map(|p| p.exposure));
        self.reach = parts.clone().try_fold(Reach::default(), |all, p| all.plus(p.reach?));
        self.heat = total(parts.clone().map(|p| p.heat));
        self.spot = total(parts.clone().filter(|p| p.spot).map(|p| p.exposure));
        let cash = cash.iter().map(|m| product(&[m.amount(), source.rate(m.currency())?]));
        self.equity = total(cash.chain(parts.clone().map(|p| p.value)));
        self.needs.clear();
        self.clusters.clear();
        self.needs_unknown = false;
        for part in parts {
            let together = self.clusters.entry(part.cluster).or_insert(Some(Decimal::ZERO));
            *together = together.zip(part.exposure).and_then(|(a, b)| sum(a, b));
            match part.currency {
                Some(currency) => {
                    let needs = self.needs.entry(currency).or_insert(Some(Needs::default()));
                    *needs = needs.zip(part.needs).and_then(|(a, b)| a.plus(b));
                }
                None => self.needs_unknown |= part.needs.is_none(),
            }
        }
        let initial = |(currency, needs): (&Currency, &Option<Needs>)| {
            let initial = needs.as_ref()?.initial;
            if initial.is_zero() {
                Some(initial)
            } else {
                product(&[initial, source.rate(*currency)?])
            }
        };
        self.initial = total(self.needs.iter().map(initial));
    }

    pub(super) fn part(&self, instrument: &InstrumentId) -> Option<&Part> {
        self.parts.get(instrument)
    }

    /// The sum of the exposures of a cluster in which `exposure` stands for the instrument's own.
    pub(super) fn together(
        &self,
        instrument: &InstrumentId,
        cluster: Option<u32>,
        exposure: Decimal,
    ) -> Option<Decimal> {
        let Some(together) = self.clusters.get(&cluster) else { return Some(exposure) };
        let Some(part) = self.parts.get(instrument).filter(|part| part.cluster == cluster) else {
            return sum((*together)?, exposure);
        };
        match (together, part.exposure) {
            (Some(all), Some(own)) => sum(sum(*all, -own)?, exposure),
            // Whether only its own figure is missing is found out the long way.
            _ => {
                let others = self.parts.iter().filter(|(id, _)| *id != instrument);
                let mut others = others.filter(|(_, part)| part.cluster == cluster);
                others.try_fold(exposure, |total, (_, part)| sum(total, part.exposure?))
            }
        }
    }

    pub(super) fn reach(&self) -> Option<Reach> {
        self.reach
    }

    pub(super) fn equity(&self) -> Option<Decimal> {
        self.equity
    }

    pub(super) fn exposure(&self) -> Option<Decimal> {
        self.exposure
    }

    pub(super) fn heat(&self) -> Option<Decimal> {
        self.heat
    }
}

/// State and market, from which figures are computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) state: &'a AccountState,
    pub(super) market: &'a MarketView,
    /// The live orders of the one instrument that is looked at, looked up once.
    live: Option<&'a [&'a Order]>,
}

impl<'a> Source<'a> {
    pub(super) fn new(state: &'a AccountState, market: &'a MarketView) -> Self {
        Self { state, market, live: None }
    }

    /// Live orders in an instrument.
    pub(super) fn live_of(
        &self,
        id: &'a InstrumentId,
    ) -> impl Iterator<Item = &'a Order> + use<'a> {
        let state = self.state;
        let found = self.live.is_none().then(|| state.live_of(id));
        found.into_iter().flatten().chain(self.live.into_iter().flatten().copied())
    }

    pub(super) fn rate(&self, currency: Currency) -> Option<Decimal> {
        self.market.rate(currency, self.state.spec.reporting)
    }

    fn instruments(&self) -> BTreeSet<InstrumentId> {
        let held = self.state.held_instruments();
        let working = self.state.live.instruments().cloned();
        let foreign = self.state.external.values().map(|r| r.instrument.clone());
        held.into_iter().chain(working).chain(foreign).collect()
    }

    /// What still may fill of an instrument, foreign orders included: side, quantity, type,
    /// reference.
    fn working(
        &self,
        id: &'a InstrumentId,
    ) -> impl Iterator<Item = (Side, Qty, &'a OrderKind, Option<Price>)> {
        let own = self.live_of(id);
        let own = own.map(|o| (o.side, o.open_qty(), &o.kind, o.reference));
        let foreign = self.state.external.values().filter(move |r| r.instrument == *id);
        let foreign = foreign.map(|r| (r.side, r.qty.minus(r.filled), &r.kind, None));
        own.chain(foreign)
    }

    /// An instrument's part of the figures; `None` when nothing is held or working.
    fn part(&self, id: &'a InstrumentId) -> Option<Part> {
        let books = self.state.books.values();
        let held = books.filter(|b| b.positions.get(id).is_some_and(|p| !p.qty.is_zero()));
        let mut held = held.peekable();
        if held.peek().is_none() && self.working(id).next().is_none() {
            return None;
        }
        let instrument = self.state.instruments.get(id);
        let worst = self.worst(id);
        Some(Part {
            worst,
            exposure: instrument
                .zip(worst.as_ref())
                .and_then(|(instrument, worst)| self.exposure(instrument, worst)),
            reach: instrument.and_then(|i| self.reach(i, None)),
            heat: instrument.and_then(|i| self.heat(i)),
            value: self.value(id, instrument),
            needs: self.needs(id, instrument, worst.as_ref()),
            currency: instrument.map(|i| i.quote),
            spot: instrument.is_none_or(|i| i.contract.is_none()),
            cluster: self.market.cluster(id),
        })
    }

    fn positions(
        &self,
        id: &'a InstrumentId,
    ) -> impl Iterator<Item = (&'a BookId, domain::Position)> {
        let books = self.state.books.values();
        let positions = books.filter_map(move |b| Some((&b.id, *b.positions.get(id)?)));
        positions.filter(|(_, p)| !p.qty.is_zero())
    }

    fn worst(&self, id: &'a InstrumentId) -> Option<Worst> {
        let mut worst = Worst::default();
        for (_, position) in self.positions(id) {
            worst.net = worst.net.plus(position.qty);
        }
        for (side, open, kind, reference) in self.working(id).filter(|w| !w.1.is_zero()) {
            let price = self.order_price(id, kind).or(reference)?;
            worst = worst.with(side, open, price)?;
        }
        Some(worst)
    }

    /// The price that an order's open quantity counts with: what it would pay or the last price,
    /// whichever is more.
    pub(super) fn order_price(&self, instrument: &InstrumentId, kind: &OrderKind) -> Option<Price> {
        let mark = self.market.mark(instrument);
        let asked = kind.limit().or(kind.trigger());
        match (mark, asked) {
            (Some(mark), Some(asked)) => Some(mark.max(asked)),
            (mark, asked) => mark.or(asked),
        }
    }

    pub(super) fn exposure(&self, instrument: &Instrument, worst: &Worst) -> Option<Decimal> {
        let value = self.worst_value(instrument, worst)?;
        product(&[value, instrument.multiplier, self.rate(instrument.quote)?])
    }

    /// The largest price × quantity that the position can reach, in the quote currency.
    pub(super) fn worst_value(&self, instrument: &Instrument, worst: &Worst) -> Option<Decimal> {
        let held = if worst.net.is_zero() {
            Decimal::ZERO
        } else {
            let mark = self.market.mark(&instrument.id);
            let price = mark.or_else(|| self.last_known_price(&instrument.id))?;
            product(&[worst.net.get(), price.get()])?
        };
        let (up, down) = (held + worst.buys, held - worst.sells);
        Some(up.abs().max(down.abs()))
    }

    pub(super) fn last_known_price(&self, instrument: &InstrumentId) -> Option<Price> {
        let multiplier = self.state.instruments.get(instrument)?.multiplier;
        self.state
            .books
            .values()
            .find_map(|b| b.positions.get(instrument)?.average_price(multiplier))
    }

    /// What is lost when every stop is hit. A position or entry without a stop counts whole.
    fn heat(&self, instrument: &'a Instrument) -> Option<Decimal> {
        let (id, rate) = (&instrument.id, self.rate(instrument.quote)?);
        let mut total = Decimal::ZERO;
        for (book, position) in self.positions(id) {
            let mark = self.market.mark(id).or_else(|| self.last_known_price(id))?;
            let per_unit = self.position_risk(book, id, mark);
            let qty = position.qty.abs().get();
            total = sum(total, product(&[per_unit, qty, instrument.multiplier, rate])?)?;
        }
        for order in self.live_of(id).filter(|o| o.class == RiskClass::Entry) {
            let risk = self.order_risk(order)?;
            let open = order.open_qty().get();
            total = sum(total, product(&[risk, open, instrument.multiplier, rate])?)?;
        }
        Some(total)
    }

    pub(super) fn position_risk(
        &self,
        book: &BookId,
        instrument: &InstrumentId,
        mark: Price,
    ) -> Decimal {
        let position = self.state.position(book, instrument);
        let stop = self.state.books.get(book).and_then(|b| b.plans.get(instrument)?.levels.stop);
        match stop {
            Some(stop) if position.is_long() => (mark.get() - stop.get()).max(Decimal::ZERO),
            Some(stop) => (stop.get() - mark.get()).max(Decimal::ZERO),
            None => mark.get(),
        }
    }

    pub(super) fn order_risk(&self, order: &Order) -> Option<Decimal> {
        let price = self.order_price(&order.instrument, &order.kind).or(order.reference)?;
        Some(order.protective.stop.map_or_else(|| price.get(), |stop| price.distance(stop)))
    }

    fn value(&self, id: &'a InstrumentId, instrument: Option<&Instrument>) -> Option<Decimal> {
        let mut total = Decimal::ZERO;
        for (_, position) in self.positions(id) {
            let value = position.value(self.market.mark(id)?, instrument?.multiplier).ok()?;
            total = sum(total, product(&[value.amount(), self.rate(value.currency())?])?)?;
        }
        Some(total)
    }

    /// What one unit may cost at most: the limit, else the trigger or reference with the
    /// policy's buffer.
    pub(super) fn cost_price(&self, kind: &OrderKind, reference: Option<Price>) -> Option<Decimal> {
        if let Some(limit) = kind.limit() {
            return Some(limit.get());
        }
        let base = kind.trigger().max(reference)?.get();
        Some(base + self.state.policy.market_buffer.of(base))
    }
}
