//! Rules by value: quantity, losses, and where the caps are judged.
//!
//! A figure that can't be told fails closed. This module must not know prices' ages or sessions.

use domain::{Qty, Scope};
use rust_decimal::Decimal;

use super::{super::Resolved, Base, Case, caps::Caps, tightest};
use crate::{
    codes::{Refusal, RefusalCode as Code},
    policy::LatchKind,
    state::AccountState,
};

/// Everything that is judged by value.
pub(super) fn judge(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { ctx, r, .. } = *case;
    let (Some(price), Some(notional)) = (r.unit_price, r.notional) else { return };
    let Some(equity) = ctx.book().equity() else {
        out.push(Refusal::rule(Code::EquityUnknown, Code::EquityUnknown.meaning()));
        return;
    };
    let base = Base::of(case, equity);
    Caps::new(case, base, (price, notional), out).judge();
    let qty_limit = tightest(case.scopes().filter_map(|(s, l)| Some((l.order_qty?, s))));
    if let Some((limit, scope)) = qty_limit.filter(|(limit, _)| r.qty > *limit) {
        let max = limit.to_step(r.instrument.step);
        out.push(Refusal::limit(Code::OrderQty, scope, limit, r.qty, Some(max)));
    }
    losses(case, equity, out);
}

/// A figure that can't be told, because something held or ordered has no price: fails closed.
pub(super) fn untold(code: Code) -> Refusal {
    let text = format!("What `{code}` limits can't be told, because something has no price.");
    Refusal::rule(Code::EquityUnknown, text)
}

fn losses(case: &Case<'_>, equity: Decimal, out: &mut Vec<Refusal>) {
    let ctx = case.ctx;
    if ctx.state.day.is_none() && case.scopes().any(|(_, l)| l.daily_loss.is_some()) {
        let text = "The equity at the day's opening is not known yet.";
        out.push(Refusal::rule(Code::EquityUnknown, text));
    }
    let daily = daily_loss(ctx.state, equity, case.scopes());
    if let Some((loss, limit, scope)) = daily
        && !ctx.state.latches.contains_key(&LatchKind::DailyLoss)
    {
        out.push(Refusal::limit(Code::DailyLossLimit, scope, limit, loss, None));
    }
    let fall = drawdown(ctx.state, equity, case.scopes());
    if let Some((percent, limit, scope)) = fall
        && !ctx.state.latches.contains_key(&LatchKind::Drawdown)
    {
        let (limit, value) = (format!("{limit} %"), format!("{percent} %"));
        out.push(Refusal::limit(Code::DrawdownLimit, scope, limit, value, None));
    }
}

/// The day's loss, the limit and who set it, when the loss has reached the limit. A percentage is
/// of the trading capital, as it was at the day's opening.
pub(crate) fn daily_loss<'a>(
    state: &AccountState,
    equity: Decimal,
    scopes: impl Iterator<Item = (Scope, &'a domain::Limits)>,
) -> Option<(Decimal, Decimal, Scope)> {
    let day = state.day?;
    let loss = day.equity - equity;
    if loss <= Decimal::ZERO {
        return None;
    }
    let capital = state.policy.capital(day.equity);
    let (limit, scope) =
        tightest(scopes.filter_map(|(s, l)| Some((l.daily_loss?.resolve(capital), s))))?;
    (loss >= limit).then(|| (loss.normalize(), limit.normalize(), scope))
}

/// The fall from the peak in percent, the limit and who set it, when it has reached the limit.
pub(crate) fn drawdown<'a>(
    state: &AccountState,
    equity: Decimal,
    scopes: impl Iterator<Item = (Scope, &'a domain::Limits)>,
) -> Option<(Decimal, Decimal, Scope)> {
    let peak = state.peak.filter(|p| *p > Decimal::ZERO)?;
    if equity >= peak {
        return None;
    }
    let (limit, scope) =
        tightest(scopes.filter_map(|(s, l)| Some((l.drawdown_percent?.get(), s))))?;
    let fall = (peak - equity) * Decimal::ONE_HUNDRED / peak;
    (fall >= limit).then(|| (fall.round_dp(4).normalize(), limit, scope))
}

/// The largest quantity on the step that fits, for a need that only grows with the quantity.
pub(super) fn largest_fitting(r: &Resolved, fits: impl Fn(Qty) -> bool) -> Qty {
    let step = r.instrument.step.get();
    let of = |steps: i64| {
        let qty = Decimal::from(steps).checked_mul(step).and_then(|q| Qty::new(q).ok());
        qty.unwrap_or(Qty::ZERO)
    };
    let whole = r.qty.get().checked_div(step).unwrap_or_default().trunc();
    let (mut low, mut high) = (0, i64::try_from(whole).unwrap_or(i64::MAX - 1));
    while low < high {
        let middle = low + (high - low + 1) / 2;
        if fits(of(middle)) { low = middle } else { high = middle - 1 }
    }
    of(low)
}

/// The largest quantity on the step whose value stays within `room`.
pub(super) fn largest(r: &Resolved, room: Decimal, per_unit: Decimal) -> Qty {
    if room <= Decimal::ZERO || per_unit <= Decimal::ZERO {
        return Qty::ZERO;
    }
    let raw = room.checked_div(per_unit).unwrap_or_default();
    let raw = raw.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::ToZero);
    Qty::new(raw).map_or(Qty::ZERO, |q| q.to_step(r.instrument.step))
}
