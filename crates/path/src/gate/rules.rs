//! The rules that an entry must pass, each with its code.
//!
//! Every rule is judged, so that a refusal names everything that is wrong at once. This module
//! must not change anything and must not be asked about exits.

use domain::{Cap, Intent, OrderKind, Origin, OriginKind, Price, Qty, Scope, Side};
use rust_decimal::Decimal;

use super::{Context, Resolved, exposure::product, scopes};
use crate::{
    budget::DeskExceeded,
    codes::{Refusal, RefusalCode as Code},
    event::OrderRecorded,
    policy::{LatchKind, WithoutStop},
    state::AccountState,
};

/// The most live orders, holds and closes that an account may have.
const OPEN_ITEMS_MAX: usize = 5_000;
/// A quote may be this much ahead of the desk's clock before the clocks are taken to disagree.
const AHEAD_MAX: domain::Nanos = domain::Nanos::from_secs(5);

/// Nobody asks in the name of the desk itself, or of somebody at the broker.
pub(crate) fn door(origin: &Origin) -> Option<Refusal> {
    let text = format!("`{}` is not a door.", origin.kind.name());
    matches!(origin.kind, OriginKind::External | OriginKind::System)
        .then(|| Refusal::rule(Code::OriginNotAllowed, text))
}

/// Rules about the request itself, for entries and exits.
pub(crate) fn shape(intent: &Intent, resolved: &Resolved) -> Vec<Refusal> {
    let mut out = Vec::new();
    out.extend(door(&intent.origin));
    if intent.post_only && resolved.kind.limit().is_none() {
        let text = format!("A {} order can't be post-only.", resolved.kind.name());
        out.push(Refusal::rule(Code::OrderShape, text));
    }
    if let OrderKind::StopLimit { trigger, limit } = resolved.kind {
        let unreachable = match intent.side {
            Side::Buy => limit < trigger,
            Side::Sell => limit > trigger,
        };
        if unreachable {
            let text = format!("Limit {limit} can't fill once {trigger} has triggered.");
            out.push(Refusal::rule(Code::OrderShape, text));
        }
    }
    out
}

/// All rules for an entry.
pub(super) fn entry(ctx: &Context<'_>, intent: &Intent, r: &Resolved) -> Vec<Refusal> {
    let mut out = Vec::new();
    standing(ctx, &mut out);
    market(ctx, intent, r, &mut out);
    venue(r, &mut out);
    conduct(ctx, intent, r, &mut out);
    sizes(ctx, intent, r, &mut out);
    out
}

/// Whether the account may open anything at all now.
fn standing(ctx: &Context<'_>, out: &mut Vec<Refusal>) {
    let mut rule = |code: Code, text: String| out.push(Refusal::rule(code, text));
    if !ctx.fitness.journal {
        rule(Code::JournalUnavailable, Code::JournalUnavailable.meaning().to_owned());
    }
    if !ctx.fitness.reconciled {
        rule(Code::NotReconciled, Code::NotReconciled.meaning().to_owned());
    }
    if !ctx.now.trusted {
        rule(Code::ClockUntrusted, Code::ClockUntrusted.meaning().to_owned());
    }
    if let Some(kill) = &ctx.state.kill {
        let text = format!(
            "The kill switch is at {} since {}, pulled by {}: {}.",
            kill.level, kill.since, kill.by.principal, kill.reason
        );
        rule(Code::KillActive, text);
    }
    for (kind, latch) in &ctx.state.latches {
        let code = match kind {
            LatchKind::DailyLoss => Code::DailyLossLimit,
            LatchKind::Drawdown => Code::DrawdownLimit,
            LatchKind::ForeignDesk => Code::ForeignDesk,
            LatchKind::Rewound => Code::Rewound,
        };
        rule(code, format!("{} ({})", code.meaning(), latch.text));
    }
}

/// Price, session, lists.
fn market(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    let id = &r.instrument.id;
    if !r.instrument.tradable {
        let text = format!("{id} is suspended.");
        out.push(Refusal::rule(Code::InstrumentNotTradable, text));
    }
    let denied = scopes(ctx.state, intent).find(|(_, l)| {
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
    if !open && !ctx.capabilities.queues_when_closed {
        out.push(Refusal::rule(Code::MarketClosed, format!("The market of {id} is closed.")));
    }
    match ctx.market.age(id, ctx.now.at) {
        None => out.push(Refusal::rule(Code::NoQuote, format!("There is no price for {id}."))),
        Some(age) if age.0 < -AHEAD_MAX.0 => {
            let text = format!("The price of {id} is from the future by {} ms.", -age.as_millis());
            out.push(Refusal::rule(Code::ClockUntrusted, text));
        }
        Some(age) => {
            let limit =
                tightest(scopes(ctx.state, intent).filter_map(|(s, l)| Some((l.quote_age_ms?, s))));
            if let Some((limit, scope)) = limit
                && age.as_millis() > i64::from(limit)
                && open
            {
                let value = format!("{} ms", age.as_millis());
                let limit = format!("{limit} ms");
                out.push(Refusal::limit(Code::StaleQuote, scope, limit, value, None));
            }
        }
    }
    collar(ctx, intent, r, out);
    if ctx.book().rate(r.instrument.quote).is_none() {
        let text = format!("There is no rate from {}.", r.instrument.quote);
        out.push(Refusal::rule(Code::RateMissing, text));
    }
}

/// The aggressive side must stay near the market. A stop's trigger is meant to be away from it.
fn collar(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    let (Some(limit), Some(reference)) = (r.kind.limit(), r.reference) else { return };
    if r.kind.trigger().is_some() {
        return;
    }
    let collar =
        tightest(scopes(ctx.state, intent).filter_map(|(s, l)| Some((l.price_collar_percent?, s))));
    let Some((percent, scope)) = collar else { return };
    let sign = if intent.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let Some(bound) = reference.moved_percent(sign * percent.get()) else { return };
    let beyond = match intent.side {
        Side::Buy => limit > bound,
        Side::Sell => limit < bound,
    };
    if beyond {
        out.push(Refusal::limit(Code::PriceCollar, scope, bound, limit, None));
    }
}

/// The venue's own numbers.
fn venue(r: &Resolved, out: &mut Vec<Refusal>) {
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

/// How often, how alike, against whom.
fn conduct(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    let state = ctx.state;
    if state.live.len() + state.holds.len() + state.closes.len() >= OPEN_ITEMS_MAX {
        out.push(Refusal::rule(Code::Capacity, format!("{OPEN_ITEMS_MAX} items are open.")));
    }
    let short = intent.side == Side::Sell && !(state.policy.allow_short && r.instrument.shortable);
    if short {
        let mut refusal = Refusal::rule(Code::ShortNotAllowed, Code::ShortNotAllowed.meaning());
        refusal.max_allowed_qty = Some(Qty::ZERO);
        out.push(refusal);
    }
    if state.policy.without_stop == WithoutStop::Refuse && r.protective.stop.is_none() {
        out.push(Refusal::rule(Code::StopRequired, Code::StopRequired.meaning()));
    }
    if let Some(other) = crossing(state, intent, r) {
        out.push(Refusal::rule(Code::SelfCross, format!("It would meet your order {other}.")));
    }
    frequency(ctx, intent, out);
    duplicate(ctx, intent, r, out);
    cooldown(ctx, intent, out);
}

/// A live order of the account that the new one would trade against.
fn crossing<'a>(
    state: &'a AccountState,
    intent: &Intent,
    r: &Resolved,
) -> Option<&'a domain::ClientOrderId> {
    let takes_any = matches!(r.kind, OrderKind::Market);
    let mine = r.kind.limit();
    state
        .live_orders()
        .filter(|o| o.instrument == r.instrument.id && o.side != intent.side)
        .filter(|o| matches!(o.kind, OrderKind::Limit { .. }))
        .find(|o| match (mine, o.kind.limit(), intent.side) {
            _ if takes_any => true,
            (Some(mine), Some(theirs), Side::Buy) => mine >= theirs,
            (Some(mine), Some(theirs), Side::Sell) => mine <= theirs,
            _ => false,
        })
        .map(|o| &o.client_order_id)
}

fn frequency(ctx: &Context<'_>, intent: &Intent, out: &mut Vec<Refusal>) {
    let Some(usage) = ctx.state.origins.get(&intent.origin.principal) else { return };
    let within = |secs: i64| {
        let span = secs * 1_000_000_000;
        let recent = usage.recent.iter().filter(|t| ctx.now.at.since(**t).0 < span);
        u32::try_from(recent.count()).unwrap_or(u32::MAX)
    };
    let day = ctx.state.day.map_or_else(|| ctx.now.at.utc_day(), |d| d.number);
    let today = if usage.day == day { usage.entries } else { 0 };
    let limits = || scopes(ctx.state, intent);
    let rules = [
        (
            Code::EntriesPerSecond,
            within(1),
            tightest(limits().filter_map(|(s, l)| Some((l.entries_per_second?, s)))),
        ),
        (
            Code::EntriesPerMinute,
            within(60),
            tightest(limits().filter_map(|(s, l)| Some((l.entries_per_minute?, s)))),
        ),
        (
            Code::EntriesPerDay,
            today,
            tightest(limits().filter_map(|(s, l)| Some((l.entries_per_day?, s)))),
        ),
    ];
    for (code, used, limit) in rules {
        if let Some((limit, scope)) = limit
            && used >= limit
        {
            out.push(Refusal::limit(code, scope, limit, u64::from(used) + 1, None));
        }
    }
}

fn duplicate(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    if intent.idempotency_key.is_some() {
        return;
    }
    let last = ctx.state.origins.get(&intent.origin.principal).and_then(|u| u.last);
    let Some((hash, at)) = last else { return };
    let window = i64::from(ctx.state.policy.duplicate_window_ms) * 1_000_000;
    let same = OrderRecorded::content_of(intent, r) == hash;
    if same && ctx.now.at.since(at).0 < window {
        let text = format!("The same order came {} ms ago.", ctx.now.at.since(at).as_millis());
        out.push(Refusal::rule(Code::DuplicateContent, text));
    }
}

fn cooldown(ctx: &Context<'_>, intent: &Intent, out: &mut Vec<Refusal>) {
    let book = ctx.state.books.get(&intent.book);
    let Some(lost) = book.and_then(|b| b.last_loss.get(&intent.instrument)) else { return };
    let pause = tightest_high(
        scopes(ctx.state, intent).filter_map(|(s, l)| Some((l.loss_cooldown_secs?, s))),
    );
    if let Some((secs, scope)) = pause {
        let waited = ctx.now.at.since(*lost).0 / 1_000_000_000;
        if waited < i64::from(secs) {
            let (limit, value) = (format!("{secs} s"), format!("{waited} s"));
            out.push(Refusal::limit(Code::LossCooldown, scope, limit, value, None));
        }
    }
}

/// Everything that is judged by value.
fn sizes(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    let (Some(price), Some(notional)) = (r.unit_price, r.notional) else { return };
    let book = ctx.book();
    let Some(equity) = book.equity() else {
        out.push(Refusal::rule(Code::EquityUnknown, Code::EquityUnknown.meaning()));
        return;
    };
    let limits = || scopes(ctx.state, intent);
    let cap = |get: fn(&domain::Limits) -> Option<Cap>| {
        tightest(limits().filter_map(|(s, l)| Some((get(l)?.resolve(equity), s))))
    };
    let per_unit = notional / r.qty.get().max(Decimal::new(1, 12));
    let mut over = |code: Code,
                    limit: Option<(Decimal, Scope)>,
                    would: Option<Decimal>,
                    per: Decimal| {
        let Some((limit, scope)) = limit else { return };
        let Some(would) = would else { return out.push(untold(code)) };
        if would > limit {
            let max = largest(r, limit - (would - per * r.qty.get()), per);
            out.push(Refusal::limit(code, scope, limit.normalize(), would.normalize(), Some(max)));
        }
    };
    over(Code::OrderNotional, cap(|l| l.order_notional), Some(notional), per_unit);
    let exposure = book.instrument_exposure(&r.instrument, Some((intent.side, r.qty, price)));
    over(Code::PositionNotional, cap(|l| l.position_notional), exposure, per_unit);
    let gross = book.gross_exposure(Some((&r.instrument, intent.side, r.qty, price)));
    over(Code::GrossExposure, cap(|l| l.gross_exposure), gross, per_unit);
    let risk = r.protective.stop.map_or(price.get(), |s| price.distance(s));
    let rate = book.rate(r.instrument.quote).unwrap_or_default();
    let risk_unit = product(&[risk, r.instrument.multiplier, rate]).unwrap_or(per_unit);
    let heat = product(&[risk_unit, r.qty.get()]).zip(book.heat()).map(|(own, held)| held + own);
    over(Code::PortfolioHeat, cap(|l| l.portfolio_heat), heat, risk_unit);
    let entries = Some(ctx.state.entries_notional + notional);
    over(Code::DailyEntryNotional, cap(|l| l.daily_entry_notional), entries, per_unit);
    let qty_limit = tightest(limits().filter_map(|(s, l)| Some((l.order_qty?, s))));
    if let Some((limit, scope)) = qty_limit.filter(|(limit, _)| r.qty > *limit) {
        out.push(Refusal::limit(
            Code::OrderQty,
            scope,
            limit,
            r.qty,
            Some(limit.to_step(r.instrument.step)),
        ));
    }
    let orders = tightest(limits().filter_map(|(s, l)| Some((l.open_orders?, s))));
    if let Some((limit, scope)) = orders
        && ctx.state.live.len() >= limit as usize
    {
        out.push(Refusal::limit(Code::OpenOrders, scope, limit, ctx.state.live.len() + 1, None));
    }
    losses(ctx, intent, equity, out);
    buying_power(ctx, intent, r, out);
}

/// A figure that can't be told, because something held or ordered has no price: fails closed.
fn untold(code: Code) -> Refusal {
    let text = format!("What `{code}` limits can't be told, because something has no price.");
    Refusal::rule(Code::EquityUnknown, text)
}

fn losses(ctx: &Context<'_>, intent: &Intent, equity: Decimal, out: &mut Vec<Refusal>) {
    let daily = daily_loss(ctx.state, equity, scopes(ctx.state, intent));
    if let Some((loss, limit, scope)) = daily
        && !ctx.state.latches.contains_key(&LatchKind::DailyLoss)
    {
        out.push(Refusal::limit(Code::DailyLossLimit, scope, limit, loss, None));
    }
    let fall = drawdown(ctx.state, equity, scopes(ctx.state, intent));
    if let Some((percent, limit, scope)) = fall
        && !ctx.state.latches.contains_key(&LatchKind::Drawdown)
    {
        let (limit, value) = (format!("{limit} %"), format!("{percent} %"));
        out.push(Refusal::limit(Code::DrawdownLimit, scope, limit, value, None));
    }
}

/// The day's loss, the limit and who set it, when the loss has reached the limit.
pub(crate) fn daily_loss<'a>(
    state: &AccountState,
    equity: Decimal,
    scopes: impl Iterator<Item = (Scope, &'a domain::Limits)>,
) -> Option<(Decimal, Decimal, Scope)> {
    let day = state.day?;
    let loss = day.equity - equity;
    let (limit, scope) =
        tightest(scopes.filter_map(|(s, l)| Some((l.daily_loss?.resolve(day.equity), s))))?;
    (loss >= limit && loss > Decimal::ZERO).then(|| (loss.normalize(), limit.normalize(), scope))
}

/// The fall from the peak in percent, the limit and who set it, when it has reached the limit.
pub(crate) fn drawdown<'a>(
    state: &AccountState,
    equity: Decimal,
    scopes: impl Iterator<Item = (Scope, &'a domain::Limits)>,
) -> Option<(Decimal, Decimal, Scope)> {
    let peak = state.peak.filter(|p| *p > Decimal::ZERO)?;
    let fall = (peak - equity) * Decimal::ONE_HUNDRED / peak;
    let (limit, scope) =
        tightest(scopes.filter_map(|(s, l)| Some((l.drawdown_percent?.get(), s))))?;
    (fall >= limit && fall > Decimal::ZERO).then(|| (fall.round_dp(4).normalize(), limit, scope))
}

fn buying_power(ctx: &Context<'_>, intent: &Intent, r: &Resolved, out: &mut Vec<Refusal>) {
    if intent.side == Side::Sell {
        return;
    }
    let book = ctx.book();
    let available = book.available_cash(r.instrument.quote);
    let price = book.cost_price(&r.kind, r.reference);
    let costs = Decimal::ONE + ctx.state.policy.fee_rate;
    let per_unit = price.and_then(|p| product(&[p, r.instrument.multiplier, costs]));
    let needed = per_unit.and_then(|p| product(&[p, r.qty.get()]));
    let (Some(available), Some(per_unit), Some(needed)) = (available, per_unit, needed) else {
        return out.push(untold(Code::BuyingPower));
    };
    if needed > available {
        let max = largest(r, available, per_unit);
        let (limit, value) = (available.normalize(), needed.round_dp(8).normalize());
        let mut refusal =
            Refusal::limit(Code::BuyingPower, Scope::Account, limit, value, Some(max));
        refusal.can_change = false;
        out.push(refusal);
    }
}

/// The largest quantity on the step whose value stays within `room`.
fn largest(r: &Resolved, room: Decimal, per_unit: Decimal) -> Qty {
    if room <= Decimal::ZERO || per_unit <= Decimal::ZERO {
        return Qty::ZERO;
    }
    let raw = room.checked_div(per_unit).unwrap_or_default();
    let raw = raw.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::ToZero);
    Qty::new(raw).map_or(Qty::ZERO, |q| q.to_step(r.instrument.step))
}

/// Whether the entry needs approval: its value and the limit.
pub(super) fn needs_approval(
    ctx: &Context<'_>,
    intent: &Intent,
    r: &Resolved,
) -> Option<(Decimal, Decimal)> {
    if !ctx.state.policy.approval_for.contains(&intent.origin.kind) {
        return None;
    }
    let equity = ctx.book().equity()?;
    let caps =
        scopes(ctx.state, intent).filter_map(|(s, l)| Some((l.approval_above?.resolve(equity), s)));
    let (limit, _) = tightest(caps)?;
    let notional = r.notional?;
    (notional > limit).then_some((notional, limit))
}

/// The refusal of an entry that would break a limit of the whole desk.
pub(super) fn desk_refusal(exceeded: DeskExceeded, r: &Resolved, price: Price) -> Refusal {
    let per_unit = r.notional.unwrap_or_default() / r.qty.get().max(Decimal::new(1, 12));
    let room = |limit: Decimal, would: Decimal| {
        let own = per_unit.max(Decimal::new(1, 12)) * r.qty.get();
        Some(largest(
            r,
            limit - (would - own),
            if per_unit.is_zero() { price.get() } else { per_unit },
        ))
    };
    match exceeded {
        DeskExceeded::GrossExposure(limit, would) => {
            Refusal::limit(Code::GrossExposure, Scope::Desk, limit, would, room(limit, would))
        }
        DeskExceeded::DailyEntryNotional(limit, would) => {
            Refusal::limit(Code::DailyEntryNotional, Scope::Desk, limit, would, room(limit, would))
        }
        DeskExceeded::OpenOrders(limit, would) => {
            Refusal::limit(Code::OpenOrders, Scope::Desk, limit, would, None)
        }
    }
}

fn tightest<T: PartialOrd>(limits: impl Iterator<Item = (T, Scope)>) -> Option<(T, Scope)> {
    limits.reduce(|a, b| if b.0 < a.0 { b } else { a })
}

fn tightest_high<T: PartialOrd>(limits: impl Iterator<Item = (T, Scope)>) -> Option<(T, Scope)> {
    limits.reduce(|a, b| if b.0 > a.0 { b } else { a })
}
