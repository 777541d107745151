//! Which orders the venue takes in: the instrument's rules and the order's own consistency.
//!
//! This module must not know funds, positions or sessions.

use domain::{Instrument, OrderKind, Price, Qty, TimeInForce};
use path::broker::{PlaceOutcome, VenueRejection};
use rust_decimal::Decimal;

use crate::order::Request;

/// No order and no position is worth more than this, so that exact arithmetic has room.
pub(crate) const VALUE_MAX: i64 = 10_000_000_000_000;

/// A refusal in the venue's words.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: VenueRejection,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(code: VenueRejection, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    fn rules(text: impl Into<String>) -> Self {
        Self::new(VenueRejection::Rules, text)
    }
}

impl From<Refusal> for PlaceOutcome {
    fn from(Refusal { code, text }: Refusal) -> Self {
        Self::Rejected { code, text }
    }
}

/// Checks that type, time in force and post-only go together.
pub(crate) fn check_form(request: &Request) -> Result<(), Refusal> {
    use TimeInForce::{Cls, Day, Fok, Gtc, Ioc, Opg};
    let stop = request.kind.trigger().is_some();
    if stop && !matches!(request.tif, Day | Gtc) {
        return Err(Refusal::rules("a stop order lives for the day or until it is cancelled"));
    }
    if request.conditions.extended_hours {
        if !matches!(request.kind, OrderKind::Limit { .. }) {
            return Err(Refusal::rules("only a limit order may fill outside regular hours"));
        }
        if !matches!(request.tif, Day | Gtc) {
            let text = "an order for extended hours lives for the day or until it is cancelled";
            return Err(Refusal::rules(text));
        }
    }
    if request.post_only {
        if !matches!(request.kind, OrderKind::Limit { .. }) {
            return Err(Refusal::rules("only a limit order can be post-only"));
        }
        if matches!(request.tif, Ioc | Fok | Opg | Cls) {
            return Err(Refusal::rules("a post-only order must be able to rest in the book"));
        }
    }
    Ok(())
}

/// Checks that a contract has sound terms and that nothing else has any.
pub(crate) fn check_terms(rules: &Instrument) -> Result<(), Refusal> {
    match &rules.contract {
        Some(terms) if rules.asset_class.is_contract() => {
            terms.validate().map_err(|error| Refusal::rules(error.to_string()))
        }
        None if !rules.asset_class.is_contract() => Ok(()),
        _ => Err(Refusal::rules("the terms of a contract are missing, or it is none")),
    }
}

/// Checks prices and quantity against the instrument's rules.
pub(crate) fn check_numbers(rules: &Instrument, request: &Request) -> Result<(), Refusal> {
    let prices = [("limit", request.kind.limit()), ("trigger", request.kind.trigger())];
    for (name, price) in prices {
        if let Some(price) = price.filter(|price| !price.is_on_tick(rules.tick)) {
            let tick = rules.tick;
            return Err(Refusal::rules(format!(
                "{name} {price} is no multiple of the tick {tick}"
            )));
        }
    }
    let qty = request.qty;
    if qty.is_zero() {
        return Err(Refusal::rules("quantity 0"));
    }
    if !qty.is_on_step(rules.step) {
        let step = rules.step;
        return Err(Refusal::rules(format!("quantity {qty} is no multiple of the step {step}")));
    }
    if qty < rules.min_qty {
        let min = rules.min_qty;
        return Err(Refusal::rules(format!("quantity {qty} is below the minimum {min}")));
    }
    if let Some(max) = rules.max_qty.filter(|max| qty > *max) {
        return Err(Refusal::rules(format!("quantity {qty} is above the maximum {max}")));
    }
    Ok(())
}

/// Checks the order's value at the price by which it is reckoned.
pub(crate) fn check_value(
    rules: &Instrument,
    qty: Qty,
    price: Price,
    reduce_only: bool,
) -> Result<(), Refusal> {
    let value = rules.notional(price, qty).map_err(|error| Refusal::rules(error.to_string()))?;
    if value.amount() > Decimal::from(VALUE_MAX) {
        return Err(Refusal::rules(format!("value {value} is above the venue's {VALUE_MAX}")));
    }
    if !reduce_only && value.amount() < rules.min_notional {
        let min = rules.min_notional;
        return Err(Refusal::rules(format!("value {value} is below the minimum {min}")));
    }
    Ok(())
}
