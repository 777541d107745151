//! The way of a price through its bar: which levels it meets, and which extreme comes first.
//!
//! A bar tells four prices. Between two of them the price passes every level, so an order that
//! acts at a level is met there, and not where the bar's next price happens to be. The order of low
//! and high is not told: where a position's stop and its target both lie inside the bar, the stop
//! comes first. A backtest and a replay on the live desk go this way; it must not know how orders
//! fill, or who of both asks.

use std::collections::BTreeSet;

use domain::{
    Bar, Instrument, InstrumentId, Nanos, OrderKind, Price, Qty, Quote, Side, Timestamp,
    num::Rounding,
};
use market::replay::{Phase, Replay, Tick, on_tick};
use path::{
    core::Core,
    state::{Book, Order},
    verbs::RiskClass,
};
use rust_decimal::{Decimal, RoundingStrategy};
use venue_sim::FillLimitsOn;

/// Levels between two prices of a bar that are met one by one; then the next price comes.
pub const LEVELS_MAX: usize = 1_000;

/// Steps in which the price is found at which a quote reaches a level, and ticks from there on.
const SETTLES_AT_MOST: usize = 1_000;
const SETTLES: usize = 12;

/// Where the price of a series is inside its bar.
#[derive(Debug, Clone, Copy, Default)]
pub struct Course {
    last: Option<(Price, Timestamp)>,
    /// The bar of which one extreme was told.
    extremes: Option<usize>,
    low_first: bool,
}

impl Course {
    /// True when a tick is the first extreme of its bar, so that [`Course::turned`] asks which
    /// extreme comes first.
    #[must_use]
    pub fn asks(&self, tick: &Tick) -> bool {
        tick.phase == Phase::Path && self.extremes != Some(tick.bar)
    }

    /// A tick's quote, with low and high of its bar in the order in which they come here.
    pub fn turned(
        &mut self,
        replay: &Replay,
        tick: &Tick,
        low_first: impl FnOnce(&Bar) -> bool,
    ) -> Quote {
        let Some(bar) = replay.bar_of(tick).filter(|_| tick.phase == Phase::Path) else {
            return tick.quote;
        };
        let second = !self.asks(tick);
        if !second {
            self.extremes = Some(tick.bar);
            self.low_first = low_first(bar);
        }
        let price = if self.low_first == second { bar.high } else { bar.low };
        if price == tick.quote.last {
            return tick.quote;
        }
        replay.quote(&tick.instrument, price, tick.quote.at).unwrap_or(tick.quote)
    }

    /// The piece of the way to a price. A bar's open is no way: the price may have leapt there.
    #[must_use]
    pub fn leg(&self, phase: Phase, quote: &Quote) -> Option<Leg> {
        let from = self.last.filter(|_| phase != Phase::Open)?;
        Some(Leg { from, to: (quote.last, quote.at) })
    }

    /// The price was told.
    pub fn came_to(&mut self, price: Price, at: Timestamp) {
        self.last = Some((price, at));
    }
}

/// What a price of a series is for everything that has it: the instrument of the series, and the
/// contracts that follow it.
pub fn quotes(traded: &[Instrument], quote: Quote, mut each: impl FnMut(InstrumentId, Quote)) {
    let mut traded = traded.iter();
    if let Some(own) = traded.next() {
        each(own.id.clone(), quote);
    }
    for follower in traded {
        each(follower.id.clone(), on_tick(quote, follower.tick));
    }
}

/// The share of a volume that one of so many levels has, of which the price at the end has one as
/// well; rounded down to the volume's own decimals.
#[must_use]
pub fn share(volume: Qty, levels: usize) -> Qty {
    let whole = volume.get();
    let part = whole.checked_div(Decimal::from(levels + 1)).unwrap_or(Decimal::ZERO);
    let part = part.round_dp_with_strategy(whole.scale(), RoundingStrategy::ToZero);
    Qty::new(part).unwrap_or(Qty::ZERO)
}

/// A piece of the way, from one price to another.
#[derive(Debug, Clone, Copy)]
pub struct Leg {
    from: (Price, Timestamp),
    to: (Price, Timestamp),
}

impl Leg {
    /// The rest of the way from a level on.
    #[must_use]
    pub const fn after(self, stop: &Stop) -> Self {
        Self { from: (stop.price, stop.at), to: self.to }
    }

    /// The first of the levels that were found between its ends.
    #[must_use]
    pub fn first_of(&self, found: &BTreeSet<Price>) -> Option<Stop> {
        let price = *if self.rises() { found.first() } else { found.last() }?;
        Some(Stop { price, at: self.instant(price), levels: found.len() })
    }

    fn rises(&self) -> bool {
        self.to.0 > self.from.0
    }

    fn passes(&self, level: Price) -> bool {
        let (low, high) = (self.from.0.min(self.to.0), self.from.0.max(self.to.0));
        low < level && level < high
    }

    /// When the price is at a level of the way, if it moves evenly.
    fn instant(&self, level: Price) -> Timestamp {
        let span = Decimal::from(self.to.1.since(self.from.1).0);
        let part = span
            .checked_mul(self.from.0.distance(level))
            .and_then(|part| part.checked_div(self.from.0.distance(self.to.0)));
        let nanos = part.and_then(|part| i64::try_from(part.trunc()).ok()).unwrap_or_default();
        self.from.1.plus(Nanos(nanos))
    }
}

/// The next level of a way and how many there are.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// The level.
    pub price: Price,
    /// When the price is there.
    pub at: Timestamp,
    /// How many levels there are, this one included.
    pub levels: usize,
}

/// Where one account's orders and plans act.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it holds a closure")]
pub struct Levels<'a> {
    /// The account.
    pub core: &'a Core,
    /// What has this price: an instrument and the contracts that follow it.
    pub traded: &'a [Instrument],
    /// When a limit is reached.
    pub fill_limits_on: FillLimitsOn,
    /// The quote around a price.
    pub quote: &'a dyn Fn(Price, Timestamp) -> Quote,
}

impl Levels<'_> {
    /// The levels between the ends of a leg, without the ends.
    #[must_use]
    pub fn of(&self, leg: &Leg) -> BTreeSet<Price> {
        let mut found = BTreeSet::new();
        if leg.from.0 == leg.to.0 {
            return found;
        }
        let state = self.core.state();
        for instrument in self.traded {
            for order in state.live_of(&instrument.id).filter(|o| o.end.is_none()) {
                found.extend(self.of_order(order, instrument));
            }
            for book in state.books.values() {
                self.of_plan(book, instrument, leg.to.1, &mut found);
            }
            if instrument.contract.is_some() {
                found.extend(self.liquidated_at(instrument));
            }
        }
        found.retain(|level| leg.passes(*level));
        found
    }

    fn of_order(&self, order: &Order, instrument: &Instrument) -> impl Iterator<Item = Price> {
        let limit = order.kind.limit().and_then(|limit| match self.fill_limits_on {
            FillLimitsOn::Touch => Some(limit),
            FillLimitsOn::TradeThrough => beyond(limit, order.side, instrument.tick),
        });
        order.kind.trigger().into_iter().chain(limit)
    }

    fn of_plan(
        &self,
        book: &Book,
        instrument: &Instrument,
        at: Timestamp,
        found: &mut BTreeSet<Price>,
    ) {
        let Some(plan) = book.plans.get(&instrument.id) else { return };
        let Some(position) = book.positions.get(&instrument.id) else { return };
        let Some(side) = Side::reducing(position.qty) else { return };
        found.extend(plan.levels.stop);
        let open = plan.levels.targets.iter().zip(plan.taken).filter(|(_, taken)| !taken);
        let targets = open.map(|(target, _)| target.price).chain(plan.levels.target);
        found.extend(targets.filter_map(|level| self.sold_at(level, side, instrument.tick, at)));
    }

    /// One tick beyond the price at which the venue would liquidate a contract.
    fn liquidated_at(&self, instrument: &Instrument) -> Option<Price> {
        let side = Side::reducing(self.core.state().net_position(&instrument.id))?;
        let price = self.core.book().liquidation_price(&instrument.id)?;
        let (rounding, sign) = match side {
            Side::Sell => (Rounding::Down, Decimal::NEGATIVE_ONE),
            Side::Buy => (Rounding::Up, Decimal::ONE),
        };
        let near = price.to_tick(instrument.tick, rounding)?;
        if near == price { near.moved(sign * instrument.tick.get()) } else { Some(near) }
    }

    /// The first price at which the side's quote reaches a level: a target is reached by the bid of
    /// a long position and by the ask of a short one.
    fn sold_at(&self, level: Price, side: Side, tick: Price, at: Timestamp) -> Option<Price> {
        let sell = side == Side::Sell;
        let (rounding, sign) = if sell {
            (Rounding::Up, Decimal::ONE)
        } else {
            (Rounding::Down, Decimal::NEGATIVE_ONE)
        };
        let told = |price: Price| {
            let quote = (self.quote)(price, at);
            if sell { quote.bid } else { quote.ask }
        };
        let reached =
            |price: &Price| if sell { told(*price) >= level } else { told(*price) <= level };
        let mut near = level.to_tick(tick, rounding)?;
        // A quote's distance from its price changes by less than the price does, so this settles, at
        // once under a usual spread.
        let mut before = near;
        for _ in 0..SETTLES_AT_MOST {
            let next = level.moved(sign * told(near).distance(near))?.to_tick(tick, rounding)?;
            let settled = next == near || next == before;
            (before, near) = (near, next);
            if settled {
                break;
            }
        }
        let step = sign * tick.get();
        for _ in 0..SETTLES {
            match near.moved(-step).filter(&reached) {
                Some(nearer) => near = nearer,
                None => break,
            }
        }
        for _ in 0..SETTLES {
            if reached(&near) {
                break;
            }
            near = near.moved(step)?;
        }
        Some(near)
    }
}

/// One tick better than a limit for its side: there the market has gone through it.
fn beyond(limit: Price, side: Side, tick: Price) -> Option<Price> {
    limit.moved(if side == Side::Buy { -tick.get() } else { tick.get() })
}

/// Positions whose stop and target both lie inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Torn {
    longs: bool,
    shorts: bool,
}

impl Torn {
    /// Those of an account.
    #[must_use]
    pub fn of(levels: &Levels<'_>, bar: &Bar) -> Self {
        let mut torn = Self::default();
        for instrument in levels.traded {
            for book in levels.core.state().books.values() {
                match self::torn(levels, book, instrument, bar) {
                    Some(Side::Sell) => torn.longs = true,
                    Some(Side::Buy) => torn.shorts = true,
                    None => {}
                }
            }
        }
        torn
    }

    /// Those of two accounts.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { longs: self.longs || other.longs, shorts: self.shorts || other.shorts }
    }

    /// True when the way goes to the bar's low before its high: the other way round where a bar
    /// fell, but always first to where the stop of a position is whose target lies in the bar as
    /// well. Where positions ask for both, the bar's own direction decides.
    #[must_use]
    pub fn low_first(self, bar: &Bar) -> bool {
        if self.longs == self.shorts { bar.close >= bar.open } else { self.longs }
    }
}

/// The side that closes a book's position, when both its stop and a target of it lie inside a bar.
fn torn(on: &Levels<'_>, book: &Book, instrument: &Instrument, bar: &Bar) -> Option<Side> {
    let state = on.core.state();
    let side = Side::reducing(book.positions.get(&instrument.id)?.qty)?;
    let exits = || {
        let live = state.live_in(&book.id, &instrument.id);
        live.filter(|o| o.side == side && o.class != RiskClass::Entry && o.end.is_none())
    };
    let plan = book.plans.get(&instrument.id);
    let levels = plan.map(|plan| plan.levels).unwrap_or_default();
    let stops = exits().filter_map(|o| o.kind.trigger()).chain(levels.stop);
    let limits = exits().filter_map(|o| match o.kind {
        OrderKind::Limit { limit } => Some(limit),
        _ => None,
    });
    // A target is met where the quote reaches it, which under a spread is another price.
    let targets = levels.targets.iter().map(|t| t.price).chain(levels.target);
    let targets = targets.filter_map(|t| on.sold_at(t, side, instrument.tick, bar.open_at));
    let targets: Vec<Price> = limits.chain(targets).collect();
    let below = |level: &Price| *level >= bar.low && *level < bar.open;
    let above = |level: &Price| *level <= bar.high && *level > bar.open;
    let mut stops = stops;
    let both = match side {
        Side::Sell => stops.any(|s| below(&s)) && targets.iter().any(above),
        Side::Buy => stops.any(|s| above(&s)) && targets.iter().any(below),
    };
    both.then_some(side)
}
