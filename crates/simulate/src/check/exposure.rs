//! What an account risks, computed a second time and by another hand than the gate's.
//!
//! Only plain sums over the simulator's own ledger. This module must not know when it is asked.

use std::collections::{BTreeMap, BTreeSet};

use domain::{BookId, Cap, Currency, InstrumentId, Limits, OrderKind, Side};
use path::{event::OrderRecorded, verbs::RiskClass};
use rust_decimal::Decimal;

use super::Ledger;

/// Latest prices and exchange rates, as one core knows them.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    pub(crate) prices: BTreeMap<InstrumentId, Decimal>,
    /// Units of the reporting currency for one of a currency.
    pub(crate) rates: BTreeMap<Currency, Decimal>,
}

/// Reads one cap of a scope's limits.
type CapOf = fn(&Limits) -> Option<Cap>;

/// Whose figures: the account's, or one book's alone.
pub(crate) type Whose<'a> = Option<&'a BookId>;

/// The price at which a live order counts.
fn counted(kind: &OrderKind, mark: Option<Decimal>, reference: Option<Decimal>) -> Option<Decimal> {
    let asked = kind.limit().or(kind.trigger()).map(|p| p.get());
    match (mark, asked) {
        (Some(mark), Some(asked)) => Some(if mark > asked { mark } else { asked }),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => reference,
    }
}

/// The price at which an order was judged.
fn judged(order: &OrderRecorded) -> Option<Decimal> {
    order.kind.limit().or(order.kind.trigger()).or(order.reference).map(|p| p.get())
}

impl Ledger {
    /// What one unit at a price of one is worth in the reporting currency.
    pub(crate) fn unit(&self, instrument: &InstrumentId, marks: &Marks) -> Option<Decimal> {
        let rules = self.instruments.get(instrument)?;
        Some(rules.multiplier * *marks.rates.get(&rules.quote)?)
    }

    /// Cash and holdings at the latest prices, in the reporting currency.
    pub(crate) fn equity(&self, marks: &Marks) -> Option<Decimal> {
        let mut total = Decimal::ZERO;
        for (currency, amount) in self.cash.iter().filter(|(_, amount)| !amount.is_zero()) {
            total += *amount * *marks.rates.get(currency)?;
        }
        for ((_, instrument), qty) in self.positions.iter().filter(|(_, q)| !q.is_zero()) {
            total += *qty * *marks.prices.get(instrument)? * self.unit(instrument, marks)?;
        }
        Some(total)
    }

    /// What one instrument is worth, and what its live orders may still buy and sell, those that
    /// `counts` lets through; `fresh` is the order under judgement, which counts at the price at
    /// which it was judged.
    fn sides(
        &self,
        instrument: &InstrumentId,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
        whose: Whose<'_>,
        counts: fn(&OrderRecorded) -> bool,
    ) -> Option<(Decimal, Decimal, Decimal)> {
        let (mark, unit) = (marks.prices.get(instrument).copied(), self.unit(instrument, marks)?);
        let net =
            whose.map_or_else(|| self.net(instrument), |book| self.position(book, instrument));
        let held = if net.is_zero() { Decimal::ZERO } else { net * mark? * unit };
        let (mut buys, mut sells) = (Decimal::ZERO, Decimal::ZERO);
        // The venue keeps one of an order and the one that takes its place.
        let replaced = fresh.and_then(|f| f.replaces.as_ref());
        let live = self.live().filter(|(id, _)| Some(*id) != replaced);
        let live = live.filter(|(_, o)| o.body.instrument == *instrument && counts(&o.body));
        for (id, order) in live.filter(|(_, o)| whose.is_none_or(|book| o.body.book == *book)) {
            let open = order.open();
            if open.is_zero() {
                continue;
            }
            let price = match fresh.filter(|f| f.client_order_id == *id) {
                Some(fresh) => judged(fresh)?,
                None => counted(&order.body.kind, mark, order.body.reference.map(|p| p.get()))?,
            };
            let side = if order.body.side == Side::Buy { &mut buys } else { &mut sells };
            *side += price * open * unit;
        }
        let foreign = self.external.values().filter(|r| r.instrument == *instrument);
        for report in foreign.filter(|_| whose.is_none()) {
            let open = (report.qty.get() - report.filled.get()).max(Decimal::ZERO);
            if open.is_zero() {
                continue;
            }
            let side = if report.side == Side::Buy { &mut buys } else { &mut sells };
            *side += counted(&report.kind, mark, None)? * open * unit;
        }
        Some((held, buys, sells))
    }

    /// The worst value of one instrument.
    pub(crate) fn worst(
        &self,
        instrument: &InstrumentId,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
        whose: Whose<'_>,
    ) -> Option<Decimal> {
        let (held, buys, sells) = self.sides(instrument, marks, fresh, whose, |_| true)?;
        let (up, down) = ((held + buys).abs(), (held - sells).abs());
        Some(if up > down { up } else { down })
    }

    fn instruments(&self) -> BTreeSet<&InstrumentId> {
        let held = self.positions.iter().filter(|(_, q)| !q.is_zero()).map(|((_, id), _)| id);
        let live = self.live().map(|(_, o)| &o.body.instrument);
        let foreign = self.external.values().map(|r| &r.instrument);
        held.chain(live).chain(foreign).collect()
    }

    /// The sum of the worst values of all instruments.
    pub(crate) fn gross(
        &self,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
        whose: Whose<'_>,
    ) -> Option<Decimal> {
        let worst = |id| self.worst(id, marks, fresh, whose);
        self.instruments().into_iter().try_fold(Decimal::ZERO, |sum, id| Some(sum + worst(id)?))
    }

    /// By how much longs exceed shorts once the working buys that open something are filled, or
    /// shorts longs once the sells are.
    pub(crate) fn net_toward(
        &self,
        side: Side,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
        whose: Whose<'_>,
    ) -> Option<Decimal> {
        let opens = |order: &OrderRecorded| order.class == RiskClass::Entry;
        let mut total = Decimal::ZERO;
        for id in self.instruments() {
            let (held, buys, sells) = self.sides(id, marks, fresh, whose, opens)?;
            total += if side == Side::Buy { held + buys } else { sells - held };
        }
        Some(total)
    }

    /// Every limit that an entry breaks which was just recorded.
    pub(crate) fn broken_limits(&self, order: &OrderRecorded, marks: &Marks) -> Vec<String> {
        let mut out = Vec::new();
        let Some(equity) = self.equity(marks) else {
            return vec!["an entry was cleared although the equity can't be told".to_owned()];
        };
        let Some(price) = judged(order) else {
            return vec!["an entry was cleared without a price".to_owned()];
        };
        let Some(unit) = self.unit(&order.instrument, marks) else {
            return vec!["an entry was cleared without an exchange rate".to_owned()];
        };
        let value = price * order.qty.get() * unit;
        if order.notional.is_none_or(|recorded| recorded != value) {
            out.push(format!("the value is recorded as {:?} and is {value}", order.notional));
        }
        let wide = self.wide_scopes(order);
        let own: Vec<_> = self.book_limits.get(&order.book).into_iter().collect();
        for (whose, scopes) in [(None, wide), (Some(&order.book), own)] {
            let gross = self.gross(marks, Some(order), whose);
            let entered = match whose {
                None => self.day_notional,
                Some(book) => self.book_notional.get(book).copied().unwrap_or_default(),
            };
            let asked = self.asked_notional.get(&order.origin.principal).copied();
            let worst = self.worst(&order.instrument, marks, Some(order), whose);
            let net = self.net_toward(order.side, marks, Some(order), whose);
            // Nobody tells clusters here: everything is taken to move together.
            let caps: [(&str, CapOf, Option<Decimal>); 7] = [
                ("order_notional", |l| l.order_notional, Some(value)),
                ("position_notional", |l| l.position_notional, worst),
                ("gross_exposure", |l| l.gross_exposure, gross),
                ("net_exposure", |l| l.net_exposure, net),
                ("correlated_exposure", |l| l.correlated_exposure, gross),
                ("daily_entry_notional", |l| l.daily_entry_notional, Some(entered)),
                ("origin_daily_notional", |l| l.origin_daily_notional, asked),
            ];
            for (name, cap, would) in caps {
                for limit in scopes.iter().filter_map(|l| cap(l)) {
                    let limit = limit.resolve(equity);
                    if would.is_none_or(|would| would > limit) {
                        out.push(format!("{name} {would:?} is beyond {limit} ({whose:?})"));
                    }
                }
            }
            for most in scopes.iter().filter_map(|l| l.leverage) {
                let limit = most.of(equity.max(Decimal::ZERO));
                if gross.is_none_or(|gross| gross > limit) {
                    out.push(format!("a gross of {gross:?} is beyond {most} times the equity"));
                }
            }
            out.extend(self.margin_beyond(order, &scopes, marks, whose));
            out.extend(self.counts_beyond(order, &scopes, whose));
        }
        if self.policy.data_delay_secs.is_some() && order.kind.limit().is_none() {
            out.push(format!("a {} order rests on delayed prices", order.kind.name()));
        }
        out
    }

    /// What leverage and margin rate alone would set aside; a contract's table may ask for more.
    fn margin(
        &self,
        marks: &Marks,
        fresh: Option<&OrderRecorded>,
        whose: Whose<'_>,
    ) -> Option<Decimal> {
        let mut total = Decimal::ZERO;
        for id in self.instruments() {
            let worst = self.worst(id, marks, fresh, whose)?;
            let contract = self.instruments.get(id)?.contract.as_ref();
            total += match (contract, self.policy.spot_margin_rate) {
                (Some(terms), _) => {
                    let most = self.policy.leverage.get();
                    let most = if terms.max_leverage < most { terms.max_leverage } else { most };
                    worst / most
                }
                (None, Some(rate)) => worst * rate.get(),
                (None, None) => Decimal::ZERO,
            };
        }
        Some(total)
    }

    fn margin_beyond(
        &self,
        order: &OrderRecorded,
        scopes: &[&Limits],
        marks: &Marks,
        whose: Whose<'_>,
    ) -> Vec<String> {
        let contract =
            self.instruments.get(&order.instrument).is_some_and(|i| i.contract.is_some());
        let caps: Vec<Cap> = scopes.iter().filter_map(|l| l.margin_used).collect();
        if caps.is_empty() || !(contract || self.policy.spot_margin_rate.is_some()) {
            return Vec::new();
        }
        let (would, equity) = (self.margin(marks, Some(order), whose), self.equity(marks));
        let beyond = |cap: &Cap| {
            let limit = cap.resolve(equity.unwrap_or_default());
            // A quotient is rounded in its last digit.
            let slack = Decimal::new(1, 12);
            let beyond = would.is_none_or(|would| would > limit + slack);
            beyond.then(|| format!("margin_used {would:?} is beyond {limit} ({whose:?})"))
        };
        caps.iter().filter_map(beyond).collect()
    }

    fn counts_beyond(
        &self,
        order: &OrderRecorded,
        scopes: &[&Limits],
        whose: Whose<'_>,
    ) -> Vec<String> {
        let mut out = Vec::new();
        let mine = self.live().filter(|(_, o)| whose.is_none_or(|book| o.body.book == *book));
        let live = mine.count() - usize::from(order.replaces.is_some());
        for limit in scopes {
            if limit.order_qty.is_some_and(|most| order.qty > most) {
                out.push(format!("order_qty {} is beyond {:?}", order.qty, limit.order_qty));
            }
            if limit.open_orders.is_some_and(|most| live > most as usize) {
                out.push(format!("open_orders {live} are beyond {:?}", limit.open_orders));
            }
        }
        out
    }

    /// The limits that are about the whole account.
    fn wide_scopes(&self, order: &OrderRecorded) -> Vec<&Limits> {
        let of_origin = self.origin_limits.get(&order.origin.kind);
        let of_principal = self.principal_limits.get(&order.origin.principal);
        let of_instrument = self.instrument_limits.get(&order.instrument);
        let others = of_origin.into_iter().chain(of_principal).chain(of_instrument);
        std::iter::once(&self.limits).chain(others).collect()
    }
}
