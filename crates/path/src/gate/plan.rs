//! Protective levels in exact numbers, and whether they make sense together.
//!
//! A level that can't do what it is for is named, never moved. This module must not know limits.

use domain::{
    Instrument, Percent, Price, Protective, Side, Target, Targets, TimeStop, Timestamp, TrailBy,
    num::Rounding,
};

use crate::codes::{Refusal, RefusalCode};

/// The protective levels of a position that is reduced on `side`, on the tick: a stop moves
/// toward the price, so that it never allows more loss than was asked for, and so do targets and
/// the activation of a trailing stop.
///
/// # Errors
/// The refusal of a level of which nothing is left.
pub fn on_tick(
    instrument: &Instrument,
    side: Side,
    levels: Protective,
) -> Result<Protective, Refusal> {
    let (near, far) = match side {
        Side::Sell => (Rounding::Up, Rounding::Down),
        Side::Buy => (Rounding::Down, Rounding::Up),
    };
    let tick = instrument.tick;
    let exact = |level: Price, rounding| {
        level.to_tick(tick, rounding).ok_or_else(|| {
            let text = format!("Price {level} is nothing after rounding to the tick {tick}.");
            Refusal::rule(RefusalCode::PriceInvalid, text)
        })
    };
    let round = |level: Option<Price>, rounding| level.map(|l| exact(l, rounding)).transpose();
    let mut trail = levels.trail;
    if let Some(trail) = &mut trail {
        trail.activation = round(trail.activation, far)?;
    }
    let rounded = levels.targets.iter().map(|t| Ok(Target { price: exact(t.price, far)?, ..t }));
    let rounded: Vec<Target> = rounded.collect::<Result<_, Refusal>>()?;
    let targets = Targets::new(&rounded).unwrap_or(levels.targets);
    let (stop, target) = (round(levels.stop, near)?, round(levels.target, far)?);
    Ok(Protective { stop, target, trail, targets, time_stop: levels.time_stop })
}

/// Where a trailing stop begins for a position that `side` opens or holds at a price: none while
/// it waits for its activation. Rounded away from the price, so that the distance is at least what
/// was asked for.
#[must_use]
pub fn first_stop(
    instrument: &Instrument,
    side: Side,
    price: Price,
    levels: &Protective,
) -> Option<Price> {
    let long = side == Side::Buy;
    let far = if long { Rounding::Down } else { Rounding::Up };
    let trail = levels.trail.filter(|trail| trail.is_active(price, long))?;
    trail.stop_for(price, long)?.to_tick(instrument.tick, far)
}

/// Checks the levels of a position that `side` opens against its price.
///
/// # Errors
/// The refusal of the first level that can't do what it is for.
pub fn check(
    instrument: &Instrument,
    side: Side,
    price: Price,
    levels: &Protective,
    now: Timestamp,
) -> Result<(), Refusal> {
    let buy = side == Side::Buy;
    let at_loss = |level: Price| if buy { level < price } else { level > price };
    let at_profit = |level: Price| if buy { level > price } else { level < price };
    let misplaced = |name: &str, level: Price| {
        let text = format!("A {side} at {price} can't have its {name} at {level}.");
        Err(Refusal::rule(RefusalCode::StopWrongSide, text))
    };
    if let Some(stop) = levels.stop.filter(|stop| !at_loss(*stop)) {
        return misplaced("stop", stop);
    }
    if let Some(target) = levels.target.filter(|target| !at_profit(*target)) {
        return misplaced("target", target);
    }
    if let Some(target) = levels.targets.iter().find(|t| !at_profit(t.price)) {
        return misplaced("partial target", target.price);
    }
    shares(levels)?;
    trail(instrument, levels)?;
    if let Some(TimeStop::At(at)) = levels.time_stop
        && at <= now
    {
        let text = format!("The time stop is {} s in the past.", now.since(at).0 / 1_000_000_000);
        return Err(Refusal::rule(RefusalCode::PlanInvalid, text));
    }
    Ok(())
}

fn shares(levels: &Protective) -> Result<(), Refusal> {
    let (none, all) = (Percent::basis_points(0), Percent::basis_points(10_000));
    let invalid = |text: String| Err(Refusal::rule(RefusalCode::PlanInvalid, text));
    let mut sum = rust_decimal::Decimal::ZERO;
    for target in levels.targets.iter() {
        if target.share <= none || target.share > all {
            return invalid(format!(
                "The partial target at {} closes {} % of the position; write more than 0 and at \
                 most 100.",
                target.price, target.share
            ));
        }
        sum += target.share.get();
    }
    if sum > all.get() {
        return invalid(format!("The partial targets close {sum} % together; at most 100."));
    }
    Ok(())
}

fn trail(instrument: &Instrument, levels: &Protective) -> Result<(), Refusal> {
    let Some(trail) = levels.trail else { return Ok(()) };
    let bad = match trail.by {
        TrailBy::Percent(by) => {
            let whole = by >= Percent::basis_points(10_000);
            (by <= Percent::basis_points(0) || whole)
                .then(|| format!("A trail of {by} % is not between 0 and 100."))
        }
        TrailBy::Amount(by) => (by < instrument.tick)
            .then(|| format!("A trail of {by} is less than one tick of {}.", instrument.tick)),
    };
    bad.map_or(Ok(()), |text| Err(Refusal::rule(RefusalCode::PlanInvalid, text)))
}
