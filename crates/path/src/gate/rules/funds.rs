//! Rules about what pays for an entry: cash, margin, equity; and about the rates they rest on.
//!
//! A figure that can't be told fails closed. This module must not know limits that people set.

use domain::{Qty, Scope, Side};
use rust_decimal::Decimal;

use super::{
    super::{exposure::Book, figures::product},
    Case,
    sizes::{largest, largest_fitting, untold},
};
use crate::codes::{Refusal, RefusalCode as Code};

/// Whether rates are fresh and funds suffice.
pub(super) fn judge(case: &Case<'_>, out: &mut Vec<Refusal>) {
    rates(case, out);
    let r = case.r;
    let book = case.ctx.book();
    if r.unit_price.is_none() || r.notional.is_none() || book.equity().is_none() {
        return;
    }
    let policy = &case.ctx.state.policy;
    let refusal = if r.instrument.contract.is_some() {
        margin(case, &book)
    } else if case.intent.side == Side::Sell || policy.spot_margin_rate.is_some() {
        equity(case, &book)
    } else {
        cash(case, &book)
    };
    out.extend(refusal);
}

/// A rate that is too old is as good as none: for what is bought, and for all cash and holdings,
/// because every limit rests on their value.
fn rates(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let ctx = case.ctx;
    let reporting = ctx.state.spec.reporting;
    let mut currencies = ctx.book().currencies_but(reporting);
    if case.r.instrument.quote != reporting {
        currencies.insert(case.r.instrument.quote);
    }
    let oldest = i64::from(ctx.state.policy.rate_max_age_secs);
    for currency in currencies {
        let age = ctx.market.rate_age(currency, reporting, ctx.now.at);
        let age = age.map(|a| a.0.saturating_abs());
        if let Some(age) = age.filter(|age| *age > oldest.saturating_mul(1_000_000_000)) {
            let secs = age / 1_000_000_000;
            let text = format!("The rate from {currency} is {secs} s old; {oldest} s are allowed.");
            out.push(Refusal::rule(Code::RateMissing, text));
        }
    }
}

/// A cash account pays what it buys.
fn cash(case: &Case<'_>, book: &Book<'_>) -> Option<Refusal> {
    let r = case.r;
    let available = book.available_cash(r.instrument.quote);
    let price = book.cost_price(&r.kind, r.reference);
    let costs = Decimal::ONE + case.ctx.state.policy.fee_rate;
    let per_unit = price.and_then(|p| product(&[p, r.instrument.multiplier, costs]));
    let needed = per_unit.and_then(|p| product(&[p, r.qty.get()]));
    let (Some(available), Some(per_unit), Some(needed)) = (available, per_unit, needed) else {
        return Some(untold(Code::BuyingPower));
    };
    (needed > available).then(|| refusal(available, needed, largest(r, available, per_unit)))
}

/// A contract needs margin for the worst case.
fn margin(case: &Case<'_>, book: &Book<'_>) -> Option<Refusal> {
    let r = case.r;
    let available = book.margin(r.instrument.quote).map(|m| m.available);
    let order = (case.intent.side, &r.kind);
    covered(case, available, |qty| book.margin_needed(&r.instrument, order, (qty, r.reference)))
}

/// A short sale, and everything in a margin account, is covered by equity.
fn equity(case: &Case<'_>, book: &Book<'_>) -> Option<Refusal> {
    let r = case.r;
    let order = (case.intent.side, &r.kind);
    let needed = |qty| book.equity_needed(&r.instrument, order, (qty, r.reference));
    covered(case, book.free_equity(), needed)
}

fn covered(
    case: &Case<'_>,
    available: Option<Decimal>,
    needed: impl Fn(Qty) -> Option<Decimal>,
) -> Option<Refusal> {
    let Some((available, value)) = available.zip(needed(case.r.qty)) else {
        return Some(untold(Code::BuyingPower));
    };
    (value > available).then(|| {
        let fits = |qty: Qty| needed(qty).is_some_and(|value| value <= available);
        refusal(available, value, largest_fitting(case.r, fits))
    })
}

fn refusal(available: Decimal, needed: Decimal, max: Qty) -> Refusal {
    let (limit, value) = (available.normalize(), needed.round_dp(8).normalize());
    let mut refusal = Refusal::limit(Code::BuyingPower, Scope::Account, limit, value, Some(max));
    refusal.can_change = false;
    refusal
}
