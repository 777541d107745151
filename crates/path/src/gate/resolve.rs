//! From a wish to exact numbers: rounding, sizing, attached stops, and what the order does to
//! risk.
//!
//! Rounding never works against who asks: a quantity goes down, a limit never gets worse, a
//! protective stop moves toward the price, an entry's trigger away from it. This module must not
//! judge limits.

use domain::{
    Instrument, Intent, OrderKind, Price, Protective, Qty, Scope, Side, Size, num::Rounding,
};
use rust_decimal::Decimal;

use super::{Context, exposure, figures, plan, venue_reduces};
use crate::{
    codes::{Refusal, RefusalCode},
    policy::WithoutStop,
    verbs::RiskClass,
};

/// A wish in exact numbers.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The rules of what is traded.
    pub instrument: Instrument,
    /// What the order does to risk.
    pub class: RiskClass,
    /// How much, on the step.
    pub qty: Qty,
    /// Type and prices, on the tick.
    pub kind: OrderKind,
    /// Protective levels, on the tick, the attached stop included.
    pub protective: Protective,
    /// The price that the order meets now: ask for a buy, bid for a sell.
    pub reference: Option<Price>,
    /// The price with which one unit is valued: limit or trigger, else the reference.
    pub unit_price: Option<Price>,
    /// Value in the reporting currency.
    pub notional: Option<Decimal>,
    /// For an exit: a market order that must first take resting exits away.
    pub needs_close: bool,
}

fn refuse<T>(code: RefusalCode, message: impl Into<String>) -> Result<T, Vec<Refusal>> {
    Err(vec![Refusal::rule(code, message)])
}

/// Resolves a wish.
///
/// # Errors
/// The refusals that make a resolution impossible.
pub fn resolve(ctx: &Context<'_>, intent: &Intent) -> Result<Resolved, Vec<Refusal>> {
    let state = ctx.state;
    let Some(instrument) = state.instruments.get(&intent.instrument) else {
        let text = format!("The account has no instrument `{}`.", intent.instrument);
        return refuse(RefusalCode::InstrumentUnknown, text);
    };
    if !state.books.contains_key(&intent.book) || intent.book.is_unmanaged() {
        let text = format!("The account has no book `{}` to trade in.", intent.book);
        return refuse(RefusalCode::BookUnknown, text);
    }
    let reference = ctx.market.quote(&instrument.id).map(|q| match intent.side {
        Side::Buy => q.ask,
        Side::Sell => q.bid,
    });
    let position = state.position(&intent.book, &intent.instrument);
    let reducing = Side::reducing(position) == Some(intent.side);
    let kind = round_kind(instrument, intent, reducing)?;
    let unit_price = kind.limit().or(kind.trigger()).or(reference);
    if reducing {
        return resolve_exit(ctx, intent, instrument, kind, (reference, unit_price));
    }
    if intent.reduce_only {
        let text = "There is no position on the other side that this order could reduce.";
        return refuse(RefusalCode::NothingToReduce, text);
    }
    let Some(price) = unit_price else {
        let text = format!("There is no price for {}.", instrument.id);
        return refuse(RefusalCode::NoQuote, text);
    };
    let protective = protective(ctx, instrument, intent, price)?;
    let qty = entry_qty(ctx, instrument, intent, price, &protective)?;
    let notional = value(ctx, instrument, price, qty)?;
    Ok(Resolved {
        instrument: instrument.clone(),
        class: RiskClass::Entry,
        qty,
        kind,
        protective,
        reference,
        unit_price: Some(price),
        notional,
        needs_close: false,
    })
}

fn value(
    ctx: &Context<'_>,
    instrument: &Instrument,
    price: Price,
    qty: Qty,
) -> Result<Option<Decimal>, Vec<Refusal>> {
    let money = match instrument.notional(price, qty) {
        Ok(money) => money,
        Err(error) => return refuse(RefusalCode::AmountOverflow, error.to_string()),
    };
    let Some(rate) = ctx.book().rate(money.currency()) else { return Ok(None) };
    match figures::product(&[money.amount(), rate]) {
        Some(value) => Ok(Some(value.normalize())),
        None => refuse(RefusalCode::AmountOverflow, format!("A value of {money} is too large.")),
    }
}

fn round_kind(
    instrument: &Instrument,
    intent: &Intent,
    reducing: bool,
) -> Result<OrderKind, Vec<Refusal>> {
    let tick = instrument.tick;
    let patient = if intent.side == Side::Buy { Rounding::Down } else { Rounding::Up };
    let late = if intent.side == Side::Buy { Rounding::Up } else { Rounding::Down };
    let trigger_rounding = if reducing { patient } else { late };
    let round = |price: Price, rounding| match price.to_tick(tick, rounding) {
        Some(price) => Ok(price),
        None => refuse(
            RefusalCode::PriceInvalid,
            format!("Price {price} is nothing after rounding to the tick {tick}."),
        ),
    };
    Ok(match intent.kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: round(limit, patient)? },
        OrderKind::Stop { trigger } => {
            OrderKind::Stop { trigger: round(trigger, trigger_rounding)? }
        }
        OrderKind::StopLimit { trigger, limit } => OrderKind::StopLimit {
            trigger: round(trigger, trigger_rounding)?,
            limit: round(limit, patient)?,
        },
    })
}

fn resolve_exit(
    ctx: &Context<'_>,
    intent: &Intent,
    instrument: &Instrument,
    kind: OrderKind,
    (reference, unit_price): (Option<Price>, Option<Price>),
) -> Result<Resolved, Vec<Refusal>> {
    let state = ctx.state;
    let position = state.backed(&intent.book, &intent.instrument);
    if position.is_zero() {
        let text = "Somebody closed the position past the desk; adopt what is unmanaged.";
        return refuse(RefusalCode::NothingToReduce, text);
    }
    let asked = match exit_qty(ctx, instrument, intent, unit_price)? {
        qty if qty.is_zero() => instrument.step.min_of(position),
        qty => qty,
    };
    if asked > position && !intent.reduce_only {
        let mut refusal = Refusal::rule(
            RefusalCode::WouldFlip,
            format!("The book holds {position}; an order of {asked} would turn the position."),
        );
        refusal.max_allowed_qty = Some(position);
        return Err(vec![refusal]);
    }
    let wanted = asked.min_of(position);
    let group = intent.conditions.group.as_ref();
    let group = group.filter(|_| venue_reduces(ctx, instrument, (intent.side, group), wanted));
    let reducible = state.reducible_in(&intent.book, &intent.instrument, group);
    let immediate = matches!(kind, OrderKind::Market);
    if reducible < wanted && !immediate && reducible.is_zero() {
        let text = format!("Other exits cover the whole position of {position}.");
        let mut refusal = Refusal::rule(RefusalCode::ReservedByExits, text);
        refusal.max_allowed_qty = Some(Qty::ZERO);
        return Err(vec![refusal]);
    }
    let needs_close = immediate && reducible < wanted;
    let qty = if needs_close { wanted } else { exit_step(instrument, wanted.min_of(reducible)) };
    let qty = instrument.max_qty.map_or(qty, |max| if needs_close { qty } else { qty.min_of(max) });
    Ok(Resolved {
        instrument: instrument.clone(),
        class: RiskClass::Exit,
        qty,
        kind,
        protective: Protective::default(),
        reference,
        unit_price,
        notional: None,
        needs_close,
    })
}

/// A part of a position on the step: rounded down, but never to nothing while there is a step of
/// it.
#[must_use]
pub fn exit_part(instrument: &Instrument, part: Qty, whole: Qty) -> Qty {
    let rounded = part.min_of(whole).to_step(instrument.step);
    if rounded.is_zero() { instrument.step.min_of(whole) } else { rounded }
}

/// Rounds an exit down to the step, but never to nothing: dust goes out whole.
#[must_use]
pub fn exit_step(instrument: &Instrument, qty: Qty) -> Qty {
    let rounded = qty.to_step(instrument.step);
    if rounded.is_zero() { qty } else { rounded }
}

fn exit_qty(
    ctx: &Context<'_>,
    instrument: &Instrument,
    intent: &Intent,
    unit_price: Option<Price>,
) -> Result<Qty, Vec<Refusal>> {
    match (intent.size, unit_price) {
        (Size::Quantity(qty), _) => Ok(qty),
        (_, Some(price)) => raw_qty(ctx, instrument, intent, price, &Protective::default())
            .map_err(|refusals| refusals.into_iter().map(unsized_exit).collect()),
        (_, None) => {
            let text = "Without a price only a quantity can be closed.";
            refuse(RefusalCode::OrderShape, text)
        }
    }
    .map(|qty| qty.to_step(instrument.step))
}

/// What can't be told never stops an exit: it only has to be asked for as a quantity.
fn unsized_exit(refusal: Refusal) -> Refusal {
    if refusal.code == RefusalCode::AmountOverflow {
        return refusal;
    }
    let text = format!("{} Close by quantity instead.", refusal.message);
    Refusal::rule(RefusalCode::OrderShape, text)
}

fn too_large<T>() -> Result<T, Vec<Refusal>> {
    refuse(RefusalCode::AmountOverflow, "The size is more than can be counted.")
}

fn raw_qty(
    ctx: &Context<'_>,
    instrument: &Instrument,
    intent: &Intent,
    price: Price,
    protective: &Protective,
) -> Result<Qty, Vec<Refusal>> {
    let fee = ctx.state.policy.fee_rate;
    let unit = price.get() * instrument.multiplier;
    let equity_share = |percent: domain::Percent| {
        let equity = exposure::Book::capital(&ctx.book());
        let rate = ctx.book().rate(instrument.quote);
        match (equity, rate) {
            (Some(equity), Some(rate)) if !rate.is_zero() => {
                let share = percent.get() / Decimal::ONE_HUNDRED;
                let value = figures::product(&[equity.max(Decimal::ZERO), share]);
                value.and_then(|v| v.checked_div(rate)).map_or_else(too_large, Ok)
            }
            (None, _) => refuse(
                RefusalCode::EquityUnknown,
                "The size is a share of equity, and the equity can't be told.",
            ),
            _ => refuse(RefusalCode::RateMissing, "There is no rate for the size."),
        }
    };
    let (value, per_unit) = match intent.size {
        Size::Quantity(qty) => return Ok(qty),
        Size::Notional(value) => (value.get(), unit),
        Size::PercentEquity(percent) => (equity_share(percent)?, unit * (Decimal::ONE + fee)),
        Size::RiskPercent(percent) => {
            let Some(stop) = protective.stop else {
                let text = "A size by risk needs a stop.";
                return refuse(RefusalCode::RiskNeedsStop, text);
            };
            let costs = fee * (price.get() + stop.get());
            let per_unit = (price.distance(stop) + costs) * instrument.multiplier;
            if per_unit.is_zero() {
                return refuse(RefusalCode::StopWrongSide, "The stop is at the price itself.");
            }
            (equity_share(percent)?, per_unit)
        }
    };
    let Some(raw) = value.checked_div(per_unit) else { return too_large() };
    let raw = raw.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::ToZero);
    Qty::new(raw).or_else(|e| refuse(RefusalCode::AmountOverflow, e.to_string()))
}

fn entry_qty(
    ctx: &Context<'_>,
    instrument: &Instrument,
    intent: &Intent,
    price: Price,
    protective: &Protective,
) -> Result<Qty, Vec<Refusal>> {
    let raw = raw_qty(ctx, instrument, intent, price, protective)?;
    let qty = raw.to_step(instrument.step);
    if !qty.is_zero() {
        return Ok(qty);
    }
    let mut refusal =
        Refusal::limit(RefusalCode::SizeRoundsToZero, Scope::Venue, instrument.step, raw, None);
    refusal.message = format!(
        "A size of {raw} is less than one step of {} in {}.",
        instrument.step, instrument.id
    );
    Err(vec![refusal])
}

fn protective(
    ctx: &Context<'_>,
    instrument: &Instrument,
    intent: &Intent,
    price: Price,
) -> Result<Protective, Vec<Refusal>> {
    let buy = intent.side == Side::Buy;
    let far = if buy { Rounding::Down } else { Rounding::Up };
    let one = |refusal| vec![refusal];
    let mut levels =
        plan::on_tick(instrument, intent.side.opposite(), intent.protective).map_err(one)?;
    let distances = intent.conditions.distances;
    let by_distance = |profit: bool, distance: Option<Price>| {
        let up = buy == profit;
        let sign = if up { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        let rounding = if up { Rounding::Up } else { Rounding::Down };
        price.moved(sign * distance?.get())?.to_tick(instrument.tick, rounding)
    };
    if levels.target.is_none() {
        levels.target = by_distance(true, distances.target);
        unless_lost("target", distances.target, levels.target)?;
    }
    if levels.stop.is_none() {
        levels.stop = by_distance(false, distances.stop);
        unless_lost("stop", distances.stop, levels.stop)?;
    }
    let behind = || plan::first_stop(instrument, intent.side, price, &levels);
    let attached = || attached(ctx, instrument, buy, price)?.to_tick(instrument.tick, far);
    levels.stop = levels.stop.or_else(behind).or_else(attached);
    plan::check(instrument, intent.side, price, &levels, ctx.now.at).map_err(one)?;
    Ok(levels)
}

/// Refuses a distance that is wider than the price itself.
fn unless_lost(
    name: &str,
    distance: Option<Price>,
    level: Option<Price>,
) -> Result<(), Vec<Refusal>> {
    match (distance, level) {
        (Some(distance), None) => {
            let text =
                format!("No {name} lies {distance} away from the price: it would be below 0.");
            refuse(RefusalCode::PriceInvalid, text)
        }
        _ => Ok(()),
    }
}

fn attached(ctx: &Context<'_>, instrument: &Instrument, buy: bool, price: Price) -> Option<Price> {
    let WithoutStop::Attach(percent) = ctx.state.policy.without_stop else { return None };
    let sign = if buy { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let by_range =
        ctx.market.range(&instrument.id).and_then(|range| price.moved(sign * range * Decimal::TWO));
    by_range.or_else(|| price.moved_percent(sign * percent.get()))
}
