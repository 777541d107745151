//! Whether and at which price a market takes an order: the rules of filling, and nothing else.
//!
//! Pure functions of one order and one step of the price. This module must not know volume, funds,
//! positions or time.

use domain::{Instrument, Liquidity, Price, Quote, Side, TriggerBy, num::Rounding};
use rust_decimal::Decimal;

use crate::{
    config::{FillLimitsOn, SimConfig, TriggerOn},
    market::Quiet,
    order::{Acting, SimOrder},
};

/// One step of the price, as orders meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The price jumped: everything fills at this one price. Opens and auctions.
    Gap(Price),
    /// A quote; `traded` when its last price is a trade of this step.
    Quote { quote: Quote, traded: bool },
    /// Everything between low and high in unknown order, after the open and before the close.
    Path { open: Price, high: Price, low: Price, close: Price },
}

/// How an order fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) price: Price,
    pub(crate) liquidity: Liquidity,
    /// Slippage comes on top.
    pub(crate) slips: bool,
}

/// What a step does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// It fills, as far as volume and funds reach.
    Fill(Terms),
    /// Its trigger is reached. What comes next is asked with the point given.
    Trigger(Point),
}

/// True when `price` is as good as or better than `limit` for the side.
fn reaches(side: Side, price: Price, limit: Price) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

/// True when a limit that rests fills because the market was at `price`.
fn fills_resting(side: Side, price: Price, limit: Price, config: &SimConfig) -> bool {
    let touched = config.fill_limits_on == FillLimitsOn::Touch || price != limit;
    touched && reaches(side, price, limit)
}

/// The price at which the side takes from the quote.
pub(crate) fn standing(side: Side, quote: &Quote) -> Price {
    match side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    }
}

/// The worse of two prices for a side that takes.
fn worse(side: Side, a: Price, b: Price) -> Price {
    match side {
        Side::Buy => a.max(b),
        Side::Sell => a.min(b),
    }
}

/// Which price sets the order off: what it says itself, else the venue's choice.
pub(crate) fn trigger_by(order: &SimOrder, config: &SimConfig) -> TriggerBy {
    order.conditions.trigger_by.unwrap_or(match config.trigger_on {
        TriggerOn::Last => TriggerBy::Last,
        TriggerOn::Quote => TriggerBy::Quote,
    })
}

/// True when a waiting order is set off by this mark.
pub(crate) fn reached_by_mark(order: &SimOrder, mark: Price, config: &SimConfig) -> bool {
    match order.acting() {
        Acting::Waiting(trigger) if trigger_by(order, config) == TriggerBy::Mark => {
            reaches(order.side.opposite(), mark, trigger)
        }
        _ => false,
    }
}

/// What the step does to the order, at a venue whose mark price is `mark`, if it tells one.
pub(crate) fn effect(
    order: &SimOrder,
    point: &Point,
    config: &SimConfig,
    mark: Option<Price>,
) -> Effect {
    match order.acting() {
        Acting::Market => market(order.side, point),
        Acting::Waiting(trigger) => match (trigger_by(order, config), mark) {
            // A path has no mark of its own: the mark is looked at when it is told.
            (TriggerBy::Mark, Some(mark)) => {
                let now = !matches!(point, Point::Path { .. });
                let reached = now && reached_by_mark(order, mark, config);
                if reached { Effect::Trigger(*point) } else { Effect::None }
            }
            (by, _) => waiting(order.side, trigger, point, by),
        },
        Acting::Limit(limit) if order.taking => taking(order.side, limit, point, config),
        Acting::Limit(limit) => resting(order.side, limit, point, config),
    }
}

fn market(side: Side, point: &Point) -> Effect {
    let price = match point {
        Point::Gap(price) => *price,
        Point::Quote { quote, .. } => standing(side, quote),
        Point::Path { .. } => return Effect::None,
    };
    Effect::Fill(Terms { price, liquidity: Liquidity::Taker, slips: true })
}

/// A stop is reached from the other side than a limit: a selling stop when the price falls to it.
fn waiting(side: Side, trigger: Price, point: &Point, by: TriggerBy) -> Effect {
    let reached = |price| reaches(side.opposite(), price, trigger);
    match point {
        Point::Gap(price) if reached(*price) => Effect::Trigger(*point),
        Point::Quote { quote, .. } => {
            let price = match by {
                TriggerBy::Last | TriggerBy::Mark => quote.last,
                TriggerBy::Quote => standing(side, quote),
            };
            if reached(price) { Effect::Trigger(*point) } else { Effect::None }
        }
        Point::Path { open, high, low, close } => {
            let extreme = if side == Side::Buy { *high } else { *low };
            if !reached(extreme) {
                return Effect::None;
            }
            // The price came to the trigger and went from there to the close.
            let at = worse(side, trigger, *open);
            let (high, low) = (at.max(*close), at.min(*close));
            Effect::Trigger(Point::Path { open: at, high, low, close: *close })
        }
        Point::Gap(_) => Effect::None,
    }
}

/// A stop that was just triggered: it takes at the price of the trigger, a stop-limit within its
/// limit. A stop-limit that can't take rests and fills if the price comes back through its limit.
pub(crate) fn triggered(order: &SimOrder, point: &Point, config: &SimConfig) -> Effect {
    let Point::Path { open, .. } = point else {
        return effect(order, point, config, None);
    };
    match order.acting() {
        Acting::Limit(limit) if !reaches(order.side, *open, limit) => {
            resting(order.side, limit, point, config)
        }
        _ => effect(order, &Point::Gap(*open), config, None),
    }
}

fn taking(side: Side, limit: Price, point: &Point, config: &SimConfig) -> Effect {
    let price = match point {
        Point::Gap(price) => *price,
        Point::Quote { quote, .. } => standing(side, quote),
        Point::Path { .. } => return resting(side, limit, point, config),
    };
    if !reaches(side, price, limit) {
        return Effect::None;
    }
    Effect::Fill(Terms { price, liquidity: Liquidity::Taker, slips: false })
}

fn resting(side: Side, limit: Price, point: &Point, config: &SimConfig) -> Effect {
    let through = |price| fills_resting(side, price, limit, config);
    let price = match point {
        Point::Gap(price) => through(*price).then_some(*price),
        Point::Quote { quote, traded } => {
            let crossed = through(standing(side, quote)) || (*traded && through(quote.last));
            crossed.then_some(limit)
        }
        Point::Path { open, high, low, .. } => {
            let extreme = if side == Side::Buy { *low } else { *high };
            // A remainder that was marketable at the open fills at the open.
            let better = worse(side.opposite(), limit, *open);
            through(extreme).then_some(better)
        }
    };
    price.map_or(Effect::None, |price| {
        Effect::Fill(Terms { price, liquidity: Liquidity::Maker, slips: false })
    })
}

/// The lowest and the highest price that orders can meet in this step.
pub(crate) fn span(point: &Point) -> (Price, Price) {
    match point {
        Point::Gap(price) => (*price, *price),
        Point::Quote { quote, .. } => (quote.bid.min(quote.last), quote.ask.max(quote.last)),
        Point::Path { high, low, .. } => (*low, *high),
    }
}

/// The band of prices in which none of these orders acts; `None` when one acts at any price.
pub(crate) fn quiet<'a>(
    orders: impl Iterator<Item = &'a SimOrder>,
    config: &SimConfig,
) -> Option<Quiet> {
    let mut band = Quiet { above: None, below: None };
    for order in orders {
        // Buying limits and selling stops wait for a fall, the others for a rise.
        let (level, falls) = match order.acting() {
            Acting::Market => return None,
            Acting::Limit(_) if order.taking => return None,
            Acting::Limit(limit) => (limit, order.side == Side::Buy),
            Acting::Waiting(_) if trigger_by(order, config) == TriggerBy::Mark => return None,
            Acting::Waiting(trigger) => (trigger, order.side == Side::Sell),
        };
        if falls {
            band.above = Some(band.above.map_or(level, |above| above.max(level)));
        } else {
            band.below = Some(band.below.map_or(level, |below| below.min(level)));
        }
    }
    Some(band)
}

/// How early among its like an order is met: less comes first. The stop or limit nearest to where
/// the price came from; the limit that reaches furthest when all fill at one price.
pub(crate) fn rank(order: &SimOrder, point: &Point) -> Decimal {
    let from = match point {
        Point::Gap(price) => *price,
        Point::Quote { quote, .. } => quote.last,
        Point::Path { open, .. } => *open,
    };
    let distance = |price: Price, above: bool| {
        let gap = price.get() - from.get();
        if above { gap } else { -gap }
    };
    match order.acting() {
        Acting::Market => Decimal::ZERO,
        Acting::Waiting(trigger) => distance(trigger, order.side == Side::Buy),
        Acting::Limit(limit) => distance(limit, order.side == Side::Sell),
    }
}

/// The price after slippage, rounded to the tick against the side.
pub(crate) fn slipped(price: Price, side: Side, config: &SimConfig, rules: &Instrument) -> Price {
    if config.slippage_bps.is_zero() {
        return price;
    }
    let percent = config.slippage_bps / Decimal::ONE_HUNDRED;
    let (percent, rounding) = match side {
        Side::Buy => (percent, Rounding::Up),
        Side::Sell => (-percent, Rounding::Down),
    };
    let moved = price.moved_percent(percent).and_then(|p| p.to_tick(rules.tick, rounding));
    moved.unwrap_or(if side == Side::Buy { price } else { rules.tick.min(price) })
}
