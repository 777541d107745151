//! The gate: one pure judgement of every request that would change something at a venue.
//!
//! `judge` looks at a request, the account's state, its limits, the market and the clock, and
//! either clears it, refuses it with every broken rule, or holds it for approval. Only this
//! module makes a [`Cleared`]. Exits, protective orders and cancels are never refused by risk
//! rules, stale data or the kill switch. It must not know doors, journals or venues.

pub mod exposure;
pub mod figures;
pub mod margin;
mod own;
pub mod plan;
mod reach;
pub mod resolve;
mod rules;

use std::cell::RefCell;

use domain::{ClientOrderId, GroupId, Instrument, Intent, OrderKind, Origin, Qty, Side};
use rust_decimal::Decimal;

pub use figures::Figures;
pub(crate) use figures::Touched;
pub use margin::Margin;
pub use plan::on_tick;
pub use resolve::{Resolved, exit_part, exit_step, resolve};
pub(crate) use rules::{daily_loss, door, drawdown, shape};

use crate::{
    broker::Capabilities,
    budget::{DeskBudget, DeskUse, desk_currency, figure_unknown},
    codes::{Refusal, RefusalCode},
    journal::LeaseToken,
    market::{MarketView, Now},
    state::{AccountState, Order},
    terms::Terms,
    verbs::{CancelOrder, Cleared, Permit, PlaceOrder, ReplaceOrder, RiskClass, SetTerms},
};

/// The longest span between verdict and write.
pub const SEND_WITHIN: domain::Nanos = domain::Nanos::from_secs(2);

/// What is known about the desk's own fitness to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitness {
    /// The main journal can be written.
    pub journal: bool,
    /// Books and venue were compared since the start and the last reconnect.
    pub reconciled: bool,
}

/// Everything that a judgement may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The account.
    pub state: &'a AccountState,
    /// The market.
    pub market: &'a MarketView,
    /// The figures kept over both.
    pub figures: &'a RefCell<Figures>,
    /// The clocks.
    pub now: Now,
    /// The desk's own fitness.
    pub fitness: Fitness,
    /// What the venue can do.
    pub capabilities: &'a Capabilities,
    /// The writer's lease.
    pub token: LeaseToken,
}

impl<'a> Context<'a> {
    /// State and market together.
    #[must_use]
    pub fn book(&self) -> exposure::Book<'a> {
        exposure::Book { state: self.state, market: self.market, figures: self.figures }
    }

    fn permit(&self, class: RiskClass) -> Permit {
        Permit {
            token: self.token,
            epoch: self.state.kill_epoch,
            send_before: self.now.mono.plus(SEND_WITHIN),
            class,
        }
    }
}

/// The gate's answer to a request for an order.
#[derive(Debug)]
pub enum Verdict {
    /// It may be sent once it is on disk.
    Cleared(Cleared<PlaceOrder>),
    /// It may not, for these reasons.
    Refused(Vec<Refusal>),
    /// It needs somebody's approval: its value and the limit above which it does.
    Held {
        /// Value in the reporting currency.
        notional: Decimal,
        /// The limit.
        limit: Decimal,
    },
}

/// Judges a request for an order of somebody outside the desk.
pub fn judge(
    ctx: &Context<'_>,
    intent: &Intent,
    resolved: &Resolved,
    client_order_id: &ClientOrderId,
    approved: bool,
    budget: &mut dyn DeskBudget,
) -> Verdict {
    let case = rules::Case::new(ctx, intent, resolved);
    let mut refusals = rules::shape(intent, resolved);
    if resolved.class == RiskClass::Entry {
        refusals.extend(rules::entry(&case));
    }
    if !refusals.is_empty() {
        return Verdict::Refused(refusals);
    }
    if resolved.class == RiskClass::Entry {
        if !approved && let Some((notional, limit)) = rules::needs_approval(&case) {
            return Verdict::Held { notional, limit };
        }
        if let Err(refusal) = reserve(&case, budget) {
            return Verdict::Refused(vec![refusal]);
        }
    }
    let group = intent.conditions.group.as_ref();
    let request = PlaceOrder {
        account: ctx.state.spec.id.clone(),
        client_order_id: client_order_id.clone(),
        instrument: resolved.instrument.id.clone(),
        side: intent.side,
        qty: resolved.qty,
        kind: resolved.kind,
        tif: intent.tif,
        post_only: intent.post_only,
        reduce_only: resolved.class == RiskClass::Exit
            && venue_reduces(ctx, &resolved.instrument, (intent.side, group), resolved.qty),
        conditions: intent.conditions.clone(),
    };
    Verdict::Cleared(Cleared::new(request, ctx.permit(resolved.class)))
}

/// True when the venue can hold the order to only reducing, and the account's net position is
/// large enough for it not to stand in the way of a book that differs from the net.
fn venue_reduces(
    ctx: &Context<'_>,
    instrument: &Instrument,
    (side, group): (Side, Option<&GroupId>),
    qty: Qty,
) -> bool {
    if !ctx.capabilities.reduce_only {
        return false;
    }
    let net = ctx.state.net_position(&instrument.id);
    let others = ctx
        .state
        .live_of(&instrument.id)
        .filter(|o| o.side == side)
        .filter(|o| group.is_none() || o.conditions.group.as_ref() != group)
        .fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()));
    Side::reducing(net) == Some(side) && net.abs() >= others.plus(qty)
}

fn reserve(case: &rules::Case<'_>, budget: &mut dyn DeskBudget) -> Result<(), Refusal> {
    let (ctx, resolved) = (case.ctx, case.r);
    let Some(price) = resolved.unit_price else {
        return Err(Refusal::rule(RefusalCode::NoQuote, RefusalCode::NoQuote.meaning()));
    };
    let entry = resolved.notional.unwrap_or_default();
    let reach = ctx.book().reach().and_then(|r| r.with(case.side(), entry));
    let usage = used(&ctx.book(), case.with_order().gross, reach, entry, 1);
    budget
        .reserve(&ctx.state.spec.id, usage)
        .map_err(|exceeded| rules::desk_refusal(exceeded, resolved, price))
}

/// What the account uses of the desk's limits.
#[must_use]
pub fn usage(book: &exposure::Book<'_>) -> DeskUse {
    used(book, book.gross_exposure(), book.reach(), Decimal::ZERO, 0)
}

/// A figure that can't be told, because a price or the rate into the desk's currency is missing,
/// counts as the largest there is, so that the desk's limit fails closed.
fn used(
    book: &exposure::Book<'_>,
    gross: Option<Decimal>,
    reach: Option<exposure::Reach>,
    entry: Decimal,
    orders: u32,
) -> DeskUse {
    let (state, unknown) = (book.state, figure_unknown());
    let rate = book.market.rate(state.spec.reporting, desk_currency());
    let in_desk = |figure: Option<Decimal>| match figure.zip(rate) {
        Some((figure, rate)) if rate == Decimal::ONE => figure,
        Some((figure, rate)) => figures::product(&[figure, rate]).unwrap_or(unknown),
        None => unknown,
    };
    DeskUse {
        gross_exposure: in_desk(gross),
        net_long: in_desk(reach.map(|r| r.long)),
        net_short: in_desk(reach.map(|r| r.short)),
        entries_notional: in_desk(state.entries_notional.checked_add(entry)).min(unknown),
        open_orders: u32::try_from(state.live.len()).unwrap_or(u32::MAX).saturating_add(orders),
    }
}

/// An exit or protective order of the desk itself, on behalf of a book.
#[derive(Debug, Clone)]
pub struct Reduction {
    /// What is traded.
    pub instrument: Instrument,
    /// The book whose position it reduces.
    pub book: domain::BookId,
    /// How much is wanted; the clearance may be for less.
    pub qty: Qty,
    /// Type and prices.
    pub kind: OrderKind,
    /// Exit or protective.
    pub class: RiskClass,
}

/// Judges an order that only reduces a book's position: it passes whenever something is left to
/// reduce, clamped to that. `None` when nothing is.
#[must_use]
pub fn clear_reduction(
    ctx: &Context<'_>,
    reduction: &Reduction,
    client_order_id: &ClientOrderId,
) -> Option<Cleared<PlaceOrder>> {
    let id = &reduction.instrument.id;
    let side = Side::reducing(ctx.state.position(&reduction.book, id))?;
    let qty = reduction.qty.min_of(ctx.state.reducible(&reduction.book, id));
    let qty = exit_step(&reduction.instrument, qty);
    let qty = reduction.instrument.max_qty.map_or(qty, |max| qty.min_of(max));
    // What a fee in the base asset leaves beside the steps can rest nowhere.
    let rests = reduction.class != RiskClass::Protective || qty >= reduction.instrument.step;
    if qty.is_zero() || !rests {
        return None;
    }
    let reduce_only = venue_reduces(ctx, &reduction.instrument, (side, None), qty);
    let qty = if reduce_only { qty } else { beside_foreign(ctx, reduction, side, qty) };
    let request = PlaceOrder {
        account: ctx.state.spec.id.clone(),
        client_order_id: client_order_id.clone(),
        instrument: id.clone(),
        side,
        qty,
        kind: reduction.kind,
        tif: domain::TimeInForce::Gtc,
        post_only: false,
        reduce_only,
        conditions: domain::Conditions::default(),
    };
    Some(Cleared::new(request, ctx.permit(reduction.class)))
}

/// Judges an order that only reduces and takes the place of another one of its class: it passes
/// for at most what that one and the rest of the position leave. `None` when nothing is left.
#[must_use]
pub(crate) fn clear_replacement(
    ctx: &Context<'_>,
    old: &Order,
    kind: OrderKind,
    qty: Qty,
    client_order_id: &ClientOrderId,
) -> Option<Cleared<ReplaceOrder>> {
    let instrument = ctx.state.instruments.get(&old.instrument)?;
    let reducing = Side::reducing(ctx.state.position(&old.book, &old.instrument));
    if reducing != Some(old.side) || !old.is_reducing_class() {
        return None;
    }
    let free = ctx.state.reducible(&old.book, &old.instrument).plus(old.open_qty());
    let qty = exit_step(instrument, qty.min_of(free));
    if qty.is_zero() {
        return None;
    }
    let order = PlaceOrder {
        account: ctx.state.spec.id.clone(),
        client_order_id: client_order_id.clone(),
        instrument: old.instrument.clone(),
        side: old.side,
        qty,
        kind,
        tif: domain::TimeInForce::Gtc,
        post_only: false,
        reduce_only: old.reduce_only,
        conditions: domain::Conditions::default(),
    };
    let cleared = Cleared::new(order, ctx.permit(old.class));
    Some(cleared.instead_of(old.client_order_id.clone(), old.venue_order_id.clone()))
}

/// Where nothing can be sold short, a foreign order holds its part of the holdings, and the venue
/// would refuse the whole reduction: what the foreign orders leave goes out. When they leave
/// nothing, the venue is asked all the same.
fn beside_foreign(ctx: &Context<'_>, reduction: &Reduction, side: Side, qty: Qty) -> Qty {
    let instrument = &reduction.instrument;
    if ctx.state.policy.allow_short && instrument.shortable {
        return qty;
    }
    let foreign = ctx
        .state
        .external
        .values()
        .filter(|r| r.instrument == instrument.id && r.side == side)
        .fold(Qty::ZERO, |sum, r| sum.plus(r.qty.minus(r.filled)));
    let left = ctx.state.reducible(&reduction.book, &instrument.id).minus(foreign);
    let left = left.to_step(instrument.step).min_of(qty);
    if left.is_zero() { qty } else { left }
}

/// Judges a request for other terms. What loosens them opens risk, and passes only where an entry
/// could be judged at all; what tightens them always passes. They are measured by the policy and by
/// what the venue told last.
///
/// # Errors
/// Every reason for which the account may open nothing now.
pub(crate) fn clear_terms(
    ctx: &Context<'_>,
    (terms, told): (Terms, Option<Terms>),
    request: &ClientOrderId,
) -> Result<Cleared<SetTerms>, Vec<Refusal>> {
    let before = Terms::of(&ctx.state.policy);
    let loosens = terms.loosens(&before) || told.is_some_and(|told| terms.loosens(&told));
    let class = if loosens { RiskClass::Entry } else { RiskClass::Cancel };
    let refusals = if loosens { rules::standing_of(ctx) } else { Vec::new() };
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let account = ctx.state.spec.id.clone();
    let request = SetTerms { account, client_order_id: request.clone(), terms };
    Ok(Cleared::new(request, ctx.permit(class)))
}

/// Judges a cancel. Taking an entry away lowers risk and always passes; taking a protective order
/// away raises it and passes only for the desk itself or for an operator who says so.
///
/// # Errors
/// The refusal.
pub fn clear_cancel(
    ctx: &Context<'_>,
    order: &Order,
    origin: &Origin,
    accept_unprotected: bool,
) -> Result<Cleared<CancelOrder>, Refusal> {
    let system = origin.kind == domain::OriginKind::System;
    let protects = order.class == RiskClass::Protective;
    if protects && !system && (!accept_unprotected || origin.kind.is_automated()) {
        let text = format!("Order {} is the stop of a position.", order.client_order_id);
        return Err(Refusal::rule(RefusalCode::CancelUnprotects, text));
    }
    if protects && !system && ctx.state.kill.is_some() {
        let text = "While the kill switch is on, stops stay.";
        return Err(Refusal::rule(RefusalCode::CancelUnprotects, text));
    }
    let request = CancelOrder {
        account: ctx.state.spec.id.clone(),
        client_order_id: order.client_order_id.clone(),
        venue_order_id: order.venue_order_id.clone(),
        instrument: order.instrument.clone(),
    };
    Ok(Cleared::new(request, ctx.permit(RiskClass::Cancel)))
}
