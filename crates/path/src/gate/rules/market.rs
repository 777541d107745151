//! Rules about the market and the venue: lists, session, price, collar, the venue's own numbers.
//!
//! It must not know limits by value.

use domain::{Scope, Side};
use rust_decimal::Decimal;

use super::{Case, tightest};
use crate::codes::{Refusal, RefusalCode as Code};

/// A quote may be this much ahead of the desk's clock before the clocks are taken to disagree.
const AHEAD_MAX: domain::Nanos = domain::Nanos::from_secs(5);

/// By how much the collar of an account with delayed prices is wider.
const DELAYED_COLLAR: Decimal = Decimal::TWO;

/// Price, session, lists.
pub(super) fn judge(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { ctx, r, .. } = *case;
    let id = &r.instrument.id;
    if !r.instrument.tradable {
        let text = format!("{id} is suspended.");
        out.push(Refusal::rule(Code::InstrumentNotTradable, text));
    }
    let denied = case.scopes().find(|(_, l)| {
        l.denied.contains(id) || l.allowed.as_ref().is_some_and(|a| !a.contains(id))
    });
    if let Some((scope, _)) = denied {
        let text = format!("{id} is not allowed by the {scope}'s list.");
        out.push(Refusal {
            set_by: scope,
            can_change: true,
            ..Refusal::rule(Code::SymbolDenied, text)
        });
    }
    let open = ctx.market.session(r.instrument.calendar).is_some_and(|s| s.open);
    let early = case.intent.conditions.extended_hours && ctx.capabilities.extended_hours;
    if !open && !early && !ctx.capabilities.queues_when_closed {
        out.push(Refusal::rule(Code::MarketClosed, format!("The market of {id} is closed.")));
    }
    match ctx.market.age(id, ctx.now.at) {
        None => out.push(Refusal::rule(Code::NoQuote, format!("There is no price for {id}."))),
        Some(age) if age.0 < -AHEAD_MAX.0 => {
            let text = format!("The price of {id} is from the future by {} ms.", -age.as_millis());
            out.push(Refusal::rule(Code::ClockUntrusted, text));
        }
        Some(age) => {
            let limit = tightest(case.scopes().filter_map(|(s, l)| Some((l.quote_age_ms?, s))));
            let limit = limit.map(|(limit, scope)| (i64::from(limit) + delay_ms(case), scope));
            if let Some((limit, scope)) = limit
                && age.as_millis() > limit
                && open
            {
                let value = format!("{} ms", age.as_millis());
                let limit = format!("{limit} ms");
                out.push(Refusal::limit(Code::StaleQuote, scope, limit, value, None));
            }
        }
    }
    if ctx.state.policy.data_delay_secs.is_some() && r.kind.limit().is_none() {
        out.push(Refusal::rule(Code::DelayedData, Code::DelayedData.meaning()));
    }
    collar(case, out);
    if ctx.book().rate(r.instrument.quote).is_none() {
        let text = format!("There is no rate from {}.", r.instrument.quote);
        out.push(Refusal::rule(Code::RateMissing, text));
    }
    venue(case, out);
}

/// By how much the account's prices are declared to be late, in milliseconds.
fn delay_ms(case: &Case<'_>) -> i64 {
    let delay = case.ctx.state.policy.data_delay_secs;
    delay.map_or(0, |delay| i64::from(delay.secs()) * 1_000)
}

/// The aggressive side must stay near the market. A stop's trigger is meant to be away from it.
fn collar(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { intent, r, .. } = *case;
    let (Some(limit), Some(reference)) = (r.kind.limit(), r.reference) else { return };
    if r.kind.trigger().is_some() {
        return;
    }
    let collar = tightest(case.scopes().filter_map(|(s, l)| Some((l.price_collar_percent?, s))));
    let Some((percent, scope)) = collar else { return };
    let delayed = case.ctx.state.policy.data_delay_secs.is_some();
    let width = percent.get() * if delayed { DELAYED_COLLAR } else { Decimal::ONE };
    let away = if intent.side == Side::Buy { width } else { -width };
    let Some(bound) = reference.moved_percent(away) else { return };
    let beyond = match intent.side {
        Side::Buy => limit > bound,
        Side::Sell => limit < bound,
    };
    if beyond {
        out.push(Refusal::limit(Code::PriceCollar, scope, bound, limit, None));
    }
}

/// The venue's own numbers.
fn venue(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let r = case.r;
    let i = &r.instrument;
    if r.qty < i.min_qty {
        out.push(Refusal::limit(Code::MinQty, Scope::Venue, i.min_qty, r.qty, None));
    }
    if let Some(max) = i.max_qty.filter(|max| r.qty > *max) {
        out.push(Refusal::limit(Code::MaxQty, Scope::Venue, max, r.qty, Some(max)));
    }
    let value = r.unit_price.and_then(|p| i.notional(p, r.qty).ok());
    if let Some(value) = value.filter(|v| v.amount() < i.min_notional) {
        out.push(Refusal::limit(
            Code::MinNotional,
            Scope::Venue,
            i.min_notional,
            value.amount(),
            None,
        ));
    }
}
