//! Costs, sizes and what an account can pay, as whole numbers.
//!
//! Every formula is the desk's: quotes of the replay, slippage and fees of the paper venue, sizes
//! and buying power of the gate. Prices are in ticks, quantities in steps, cash in units fine
//! enough for every amount that occurs. It must not know bars or signals.

use domain::{Price, Size};
use rust_decimal::Decimal;

use crate::{
    error::Unscreenable,
    levels::{Away, Levels},
    tape::{TICKS_MAX, whole},
};

/// Decimals at which fees are rounded up.
const FEE_DECIMALS: u32 = 8;
/// Decimals of a rate at most.
const RATE_DECIMALS_MAX: u32 = 6;
/// Exact products have fewer digits than this, so that the engine's decimals hold them too.
const EXACT_MAX: i128 = 10_i128.pow(26);
/// The venue takes no order of a larger value, in the quote currency.
const VALUE_MAX: i128 = 10_000_000_000_000;
const BPS: i128 = 10_000;
/// Decimals of a distance.
const DISTANCE_DECIMALS: u32 = 12;

/// Money and costs of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What the account begins with, above 0.
    pub cash: Decimal,
    /// Fee of every fill as a share of its value, 0 or more.
    pub fee: Decimal,
    /// By how many hundredths of a per cent orders fill worse; 0 to 1000.
    pub slippage_bps: Decimal,
    /// Half the distance from bid to ask in hundredths of a per cent.
    pub half_spread_bps: Decimal,
}

/// A factor above 0 as a quotient of whole numbers.
#[derive(Debug, Clone, Copy)]
struct Factor {
    over: i128,
    under: i128,
}

impl Factor {
    /// `1 + value`, or `1 + value / 10 000` for basis points.
    fn one_plus(value: Decimal, unit: i128) -> Self {
        let under = unit * 10_i128.pow(value.scale());
        Self { over: under + value.mantissa(), under }
    }

    fn reduced(self) -> Self {
        let common = common(self.over, self.under);
        Self { over: self.over / common, under: self.under / common }
    }

    fn is_one(self) -> bool {
        self.over == self.under
    }

    fn up(self, value: i64) -> Option<i64> {
        let exact = product(value.into(), self.over)?;
        i64::try_from(quotient(exact.checked_add(self.under - 1)?, self.under)).ok()
    }

    fn down(self, value: i64) -> Option<i64> {
        let exact = product(value.into(), self.over)?;
        i64::try_from(quotient(exact, self.under)).ok()
    }
}

/// A product, fast where both factors are as small as they nearly always are.
#[inline]
fn product(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// The quotient of two whole numbers that are not negative, rounded down.
#[inline]
pub(crate) fn quotient(over: i128, under: i128) -> i128 {
    if under == 1 {
        return over;
    }
    match (u64::try_from(over), u64::try_from(under)) {
        (Ok(over), Ok(under)) => i128::from(over / under),
        _ => over / under,
    }
}

/// How much an entry is.
#[derive(Debug, Clone, Copy)]
enum Sizing {
    /// So many steps.
    Steps(i64),
    /// Steps are over ÷ (price in ticks × under).
    Value(Factor),
    /// Steps are equity × over ÷ (price in ticks × under).
    Equity(Factor),
    /// Steps are equity × over ÷ (what a step loses × under), where a step loses its distance to
    /// the stop times `whole` and both prices times `rate`.
    Risk { share: Factor, rate: i128, whole: i128 },
}

/// What an order comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deal {
    /// In steps.
    pub(crate) qty: i64,
    /// In ticks, what it fills at.
    pub(crate) price: i64,
    /// In units of cash.
    pub(crate) value: i128,
    /// In units of cash.
    pub(crate) fee: i128,
}

/// Costs and sizes in whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct Money {
    /// Decimals of cash.
    pub(crate) decimals: u32,
    /// Units of cash in one tick × step.
    pub(crate) unit: i128,
    /// What the account begins with.
    pub(crate) cash: i128,
    largest: i128,
    bid: Factor,
    ask: Factor,
    sells: Factor,
    buys: Factor,
    /// What a buy needs at the gate, over its value at the ask.
    buy_needs: Factor,
    /// What a sale needs at the gate, over its value at the last price.
    sell_needs: Factor,
    /// Units of 1e-8 that a tick × step of value is charged.
    fee: Factor,
    fee_unit: i128,
    /// Units of a distance in a tick.
    tick: i128,
    sizing: Sizing,
}

fn rate(what: &'static str, value: Decimal, most: Decimal) -> Result<Decimal, Unscreenable> {
    let value = value.normalize();
    let sound = value >= Decimal::ZERO && value <= most && value.scale() <= RATE_DECIMALS_MAX;
    if sound { Ok(value) } else { Err(Unscreenable::Digits { what, value }) }
}

const fn power(exponent: u32) -> i128 {
    10_i128.pow(exponent)
}

impl Money {
    /// The terms and sizes of a market whose prices and quantities have so many decimals.
    pub(crate) fn new(
        terms: &Terms,
        size: Size,
        (price, qty): (u32, u32),
    ) -> Result<Self, Unscreenable> {
        let fee = rate("fee", terms.fee, Decimal::new(1, 1))?;
        let slip = rate("slippage_bps", terms.slippage_bps, Decimal::ONE_THOUSAND)?;
        let half = rate("half_spread_bps", terms.half_spread_bps, Decimal::ONE_THOUSAND)?;
        // The venue rounds a slipped price to 12 decimals before it is rounded to the tick.
        if price + slip.scale() + 4 > 12 {
            let (what, value) = ("slippage_bps", slip);
            return Err(Unscreenable::Digits { what, value });
        }
        let (value, start) = (price + qty, terms.cash.normalize());
        let decimals = value.max(FEE_DECIMALS).max(start.scale());
        let digits = || Unscreenable::Digits { what: "cash", value: start };
        if decimals > 2 * FEE_DECIMALS {
            return Err(digits());
        }
        let cash = whole(start, decimals).ok_or_else(digits)?;
        let largest = VALUE_MAX * power(decimals);
        if cash <= 0 || cash > largest {
            return Err(digits());
        }
        let (bid, ask) = (Factor::one_plus(-half, BPS), Factor::one_plus(half, BPS));
        let (sells, buys) = (Factor::one_plus(-slip, BPS), Factor::one_plus(slip, BPS));
        let costs = Factor::one_plus(fee, 1);
        let buy_needs = Factor { over: buys.over * costs.over, under: buys.under * costs.under };
        let charged = fee.mantissa() * power(FEE_DECIMALS);
        let charged = Factor { over: charged, under: power(fee.scale() + value) };
        let cash_unit = power(decimals - value);
        Ok(Self {
            decimals,
            unit: cash_unit,
            cash,
            largest,
            bid,
            ask,
            sells,
            buys,
            buy_needs: buy_needs.reduced(),
            sell_needs: costs.reduced(),
            fee: charged.reduced(),
            fee_unit: power(decimals - FEE_DECIMALS),
            tick: power(DISTANCE_DECIMALS - price),
            sizing: sizing(size, costs, (price, qty, decimals))?,
        })
    }

    /// Bid and ask around a price.
    #[inline]
    fn quote(&self, last: i64) -> Option<(i64, i64)> {
        if self.ask.is_one() {
            return Some((last, last));
        }
        Some((self.bid.down(last).filter(|bid| *bid > 0)?, self.ask.up(last)?))
    }

    /// The price at which a buy, or a sale, fills.
    #[inline]
    fn filled(&self, buy: bool, standing: i64) -> Option<i64> {
        match buy {
            _ if self.buys.is_one() => Some(standing),
            true => self.buys.up(standing),
            false => self.sells.down(standing).map(|price| price.max(1)),
        }
    }

    #[inline]
    fn deal(&self, qty: i64, price: i64) -> Option<Deal> {
        let raw = i128::from(qty) * i128::from(price);
        let value = product(raw, self.unit).filter(|value| *value <= self.largest)?;
        let fee = if self.fee.over == 0 {
            0
        } else {
            let exact = product(raw, self.fee.over).filter(|fee| *fee < EXACT_MAX)?;
            quotient(exact + self.fee.under - 1, self.fee.under) * self.fee_unit
        };
        Some(Deal { qty, price, value, fee })
    }

    /// The order that closes a position of so many steps at a price, at an auction without a
    /// spread.
    ///
    /// `None` when an amount does not fit.
    #[inline]
    pub(crate) fn exit(&self, buy: bool, qty: i64, (last, auction): (i64, bool)) -> Option<Deal> {
        let (bid, ask) = self.quote(last)?;
        let standing = match (auction, buy) {
            (true, _) => last,
            (false, true) => ask,
            (false, false) => bid,
        };
        self.deal(qty, self.filled(buy, standing)?)
    }

    /// The order that opens a position out of so much cash at a bar's open, as it passes sizing,
    /// the gate and the venue, with its levels; the inner `None` when one of them refuses it, the
    /// outer when an amount does not fit.
    #[inline]
    pub(crate) fn entry(
        &self,
        buy: bool,
        cash: i128,
        open: i64,
        away: &Away,
    ) -> Option<Option<(Deal, Levels)>> {
        let (bid, ask) = self.quote(open)?;
        let standing = if buy { ask } else { bid };
        let Some(levels) = self.levels(buy, standing, away)? else { return Some(None) };
        let qty = self.size(cash, standing, levels.stop)?;
        if qty == 0 {
            return Some(None);
        }
        let (counts, needs) = if buy { (ask, self.buy_needs) } else { (open, self.sell_needs) };
        let value = product(i128::from(qty) * i128::from(counts), self.unit)?;
        let needed = product(value, needs.over).filter(|needed| *needed < EXACT_MAX * BPS * BPS)?;
        if needed > product(cash, needs.under)? {
            return Some(None);
        }
        let deal = self.deal(qty, self.filled(buy, standing)?)?;
        if deal.value + deal.fee > cash {
            return Some(None);
        }
        let target = levels.target.map(|target| self.reached(buy, target));
        Some(Some((deal, Levels { target, ..levels })))
    }

    /// The levels around a price; the inner `None` when one would be at 0 or below.
    #[inline]
    fn levels(&self, buy: bool, standing: i64, away: &Away) -> Option<Option<Levels>> {
        let level = |distance: Option<Price>, up: bool| -> Option<Option<i64>> {
            let Some(distance) = distance else { return Some(None) };
            let units = whole(distance.get(), DISTANCE_DECIMALS)?;
            let ticks =
                i64::try_from(quotient(units.checked_add(self.tick - 1)?, self.tick)).ok()?;
            let level = standing.checked_add(if up { ticks } else { -ticks })?;
            (level <= TICKS_MAX).then_some(Some(level))
        };
        let (stop, target) = (level(away.stop, !buy)?, level(away.target, buy)?);
        let lost = |level: Option<i64>| level.is_some_and(|level| level <= 0);
        Some((!lost(stop) && !lost(target)).then_some(Levels { stop, target }))
    }

    /// The first price at which the quote of the closing side has reached a target.
    #[inline]
    fn reached(&self, long: bool, target: i64) -> i64 {
        if self.ask.is_one() {
            return target;
        }
        let Factor { over, under } = if long { self.bid } else { self.ask };
        let exact = i128::from(target) * under;
        let ticks = if long { quotient(exact + over - 1, over) } else { quotient(exact, over) };
        i64::try_from(ticks).unwrap_or(if long { i64::MAX } else { 0 })
    }

    /// The size of an entry in steps.
    #[inline]
    fn size(&self, cash: i128, price: i64, stop: Option<i64>) -> Option<i64> {
        let (over, under) = match self.sizing {
            Sizing::Steps(steps) => return Some(steps),
            Sizing::Value(factor) => (factor.over, product(price.into(), factor.under)?),
            Sizing::Equity(factor) => {
                let over = product(cash.max(0), factor.over)?;
                (over, product(price.into(), factor.under)?)
            }
            Sizing::Risk { share, rate, whole } => {
                let (price, stop) = (i128::from(price), i128::from(stop?));
                let lost = (price - stop).abs() * whole + (price + stop) * rate;
                (product(cash.max(0), share.over)?, product(lost, share.under)?)
            }
        };
        i64::try_from(quotient(over, under)).ok()
    }
}

fn sizing(
    size: Size,
    costs: Factor,
    (price, qty, cash): (u32, u32, u32),
) -> Result<Sizing, Unscreenable> {
    let digits = |what, value| Unscreenable::Digits { what, value };
    match size {
        Size::Quantity(asked) => {
            let steps = whole(asked.to_step(step(qty)).get(), qty);
            let steps = steps.and_then(|s| i64::try_from(s).ok());
            steps.map(Sizing::Steps).ok_or(digits("quantity", asked.get()))
        }
        Size::Notional(value) => {
            let value = value.get().normalize();
            let over = value.mantissa().checked_mul(power(price + qty));
            let over = over.filter(|o| *o < EXACT_MAX && value.scale() <= FEE_DECIMALS);
            let over = over.ok_or(digits("notional", value))?;
            Ok(Sizing::Value(Factor { over, under: power(value.scale()) }.reduced()))
        }
        Size::PercentEquity(percent) => {
            let percent = percent.get().normalize();
            if percent.scale() > RATE_DECIMALS_MAX || percent > Decimal::ONE_THOUSAND {
                return Err(digits("percent_equity", percent));
            }
            // steps = cash × share ÷ (price × costs), each in its own units
            let over = percent.mantissa() * costs.under * power(price + qty);
            let under = power(percent.scale() + 2 + cash) * costs.over;
            Ok(Sizing::Equity(Factor { over, under }.reduced()))
        }
        Size::RiskPercent(percent) => {
            let percent = percent.get().normalize();
            if percent.scale() > RATE_DECIMALS_MAX || percent > Decimal::ONE_THOUSAND {
                return Err(digits("risk_percent", percent));
            }
            // `costs` is 1 + fee, so that fee is (over − under) ÷ under.
            let (whole, rate) = (costs.under, costs.over - costs.under);
            let over = percent.mantissa() * whole;
            let under = power(percent.scale() + 2 + cash - price - qty);
            Ok(Sizing::Risk { share: Factor { over, under }.reduced(), rate, whole })
        }
    }
}

/// The step of so many decimals.
fn step(decimals: u32) -> domain::Qty {
    domain::Qty::new(Decimal::new(1, decimals)).unwrap_or_default()
}

/// The largest number that divides both.
fn common(a: i128, b: i128) -> i128 {
    if b == 0 { a.max(1) } else { common(b, a % b) }
}
