//! The rules that an entry must pass, each with its code.
//!
//! Every rule is judged, so that a refusal names everything that is wrong at once. This module
//! must not change anything and must not be asked about exits.

mod caps;
mod conduct;
mod funds;
mod market;
mod sizes;

use std::cell::OnceCell;

use domain::{Cap, Intent, Limits, OrderKind, Origin, OriginKind, Price, Scope, Side};
use rust_decimal::Decimal;

use super::{
    Context, Resolved,
    exposure::{Own, WithOrder},
};
use crate::{
    budget::DeskExceeded,
    codes::{Refusal, RefusalCode as Code},
    policy::LatchKind,
    state::OriginUse,
};
pub(crate) use sizes::{daily_loss, drawdown};

/// A wish under judgement: what it may look at, and the limits of every scope that applies to it.
pub(super) struct Case<'a> {
    pub(super) ctx: &'a Context<'a>,
    intent: &'a Intent,
    pub(super) r: &'a Resolved,
    scopes: [Option<(Scope, &'a Limits)>; 7],
    with_order: OnceCell<WithOrder>,
    own: OnceCell<Option<Own>>,
}

/// What percentages are taken of, in the reporting currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    /// The account's equity.
    equity: Decimal,
    /// The account's trading capital.
    capital: Decimal,
    /// The book's capital where it has one, but no more than the account's.
    own: Decimal,
}

impl Base {
    fn of(case: &Case<'_>, equity: Decimal) -> Self {
        let state = case.ctx.state;
        let capital = state.policy.capital(equity);
        let given = state.books.get(&case.intent.book).and_then(|b| b.capital);
        Self { equity, capital, own: given.map_or(capital, |given| given.min(capital)) }
    }

    /// The ceiling that a scope's cap comes to.
    fn resolve(&self, scope: Scope, cap: Cap) -> Decimal {
        cap.resolve(if scope == Scope::Book { self.own } else { self.capital })
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(ctx: &'a Context<'a>, intent: &'a Intent, r: &'a Resolved) -> Self {
        let state = ctx.state;
        let by_kind = |kind| state.origin_limits.get(&kind).map(|l| (Scope::Origin, l));
        let by_name = |name| state.principal_limits.get(name).map(|l| (Scope::Principal, l));
        let origin = &intent.origin;
        let asker = origin.asked_by.as_ref();
        let scopes = [
            Some((Scope::Account, &state.limits)),
            state.books.get(&intent.book).map(|b| (Scope::Book, &b.limits)),
            by_kind(origin.kind),
            by_name(&origin.principal),
            asker.and_then(|a| by_kind(a.kind)),
            asker.and_then(|a| by_name(&a.principal)),
            state.instrument_limits.get(&intent.instrument).map(|l| (Scope::Instrument, l)),
        ];
        Self { ctx, intent, r, scopes, with_order: OnceCell::new(), own: OnceCell::new() }
    }

    pub(super) fn side(&self) -> Side {
        self.intent.side
    }

    /// The worst case with the order; nothing can be told while it has no price.
    pub(super) fn with_order(&self) -> WithOrder {
        *self.with_order.get_or_init(|| {
            let Some(price) = self.r.unit_price else { return WithOrder::default() };
            let book = self.ctx.book();
            book.with_order(&self.r.instrument, self.intent.side, self.r.qty, price)
        })
    }

    fn scopes(&self) -> impl Iterator<Item = (Scope, &'a Limits)> + Clone + '_ {
        self.scopes.iter().flatten().copied()
    }

    /// The scopes whose caps are about the whole account.
    fn wide_scopes(&self) -> impl Iterator<Item = (Scope, &'a Limits)> + Clone + '_ {
        self.scopes().filter(|(scope, _)| *scope != Scope::Book)
    }

    fn book_limits(&self) -> Option<&'a Limits> {
        self.scopes().find(|(scope, _)| *scope == Scope::Book).map(|(_, limits)| limits)
    }

    /// What those behind the order have entered before: who it is for, and who asked.
    fn usages(&self) -> impl Iterator<Item = &'a OriginUse> + '_ {
        let names = self.intent.origin.names();
        names.filter_map(|(_, name)| self.ctx.state.origins.get(name))
    }

    /// The number of the trading day, by which entries are counted.
    fn day(&self) -> i64 {
        let state = self.ctx.state;
        state.day.map_or_else(|| self.ctx.now.at.utc_day(), |d| d.number)
    }
}

/// Nobody asks in the name of the desk itself, or of somebody at the broker.
pub(crate) fn door(origin: &Origin) -> Option<Refusal> {
    matches!(origin.kind, OriginKind::External | OriginKind::System).then(|| {
        let text = format!("`{}` is not a door.", origin.kind.name());
        Refusal::rule(Code::OriginNotAllowed, text)
    })
}

/// Rules about the request itself, for entries and exits.
pub(crate) fn shape(intent: &Intent, resolved: &Resolved) -> Vec<Refusal> {
    let mut out = Vec::new();
    out.extend(door(&intent.origin));
    if intent.post_only && resolved.kind.limit().is_none() {
        let text = format!("A {} order can't be post-only.", resolved.kind.name());
        out.push(Refusal::rule(Code::OrderShape, text));
    }
    if intent.conditions.extended_hours && !matches!(resolved.kind, OrderKind::Limit { .. }) {
        let text = "Before the opening and after the close only limit orders are sent.";
        out.push(Refusal::rule(Code::OrderShape, text));
    }
    if intent.conditions.trigger_by.is_some() && resolved.kind.trigger().is_none() {
        let text = format!("A {} order has no trigger to be set off.", resolved.kind.name());
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
pub(super) fn entry(case: &Case<'_>) -> Vec<Refusal> {
    let mut out = Vec::new();
    standing(case.ctx, &mut out);
    market::judge(case, &mut out);
    conduct::judge(case, &mut out);
    sizes::judge(case, &mut out);
    funds::judge(case, &mut out);
    out
}

/// Why the account may open nothing at all now; empty when it may.
pub(super) fn standing_of(ctx: &Context<'_>) -> Vec<Refusal> {
    let mut out = Vec::new();
    standing(ctx, &mut out);
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
            kill.level,
            kill.since.to_second(),
            kill.by.principal,
            kill.reason
        );
        rule(Code::KillActive, text);
    }
    for (kind, latch) in &ctx.state.latches {
        let code = match kind {
            LatchKind::DailyLoss => Code::DailyLossLimit,
            LatchKind::Drawdown => Code::DrawdownLimit,
            LatchKind::ForeignDesk => Code::ForeignDesk,
            LatchKind::Rewound => Code::Rewound,
            LatchKind::Liquidated => Code::Liquidated,
        };
        rule(code, format!("{} ({})", code.meaning(), latch.text));
    }
}

/// Whether the entry needs approval: its value and the limit.
pub(super) fn needs_approval(case: &Case<'_>) -> Option<(Decimal, Decimal)> {
    let Case { ctx, intent, r, .. } = *case;
    let waits = |(kind, _)| ctx.state.policy.approval_for.contains(&kind);
    if !intent.origin.names().any(waits) {
        return None;
    }
    let base = Base::of(case, ctx.book().equity()?);
    let caps = case.scopes().filter_map(|(s, l)| Some((base.resolve(s, l.approval_above?), s)));
    let (limit, _) = tightest(caps)?;
    let notional = r.notional?;
    (notional > limit).then_some((notional, limit))
}

/// The refusal of an entry that would break a limit of the whole desk.
pub(super) fn desk_refusal(exceeded: DeskExceeded, r: &Resolved, price: Price) -> Refusal {
    let per_unit = r.notional.unwrap_or_default() / r.qty.get().max(Decimal::new(1, 12));
    let room = |limit: Decimal, would: Decimal| {
        let own = per_unit.max(Decimal::new(1, 12)) * r.qty.get();
        Some(sizes::largest(
            r,
            limit - (would - own),
            if per_unit.is_zero() { price.get() } else { per_unit },
        ))
    };
    match exceeded {
        DeskExceeded::GrossExposure(limit, would) => {
            Refusal::limit(Code::GrossExposure, Scope::Desk, limit, would, room(limit, would))
        }
        DeskExceeded::NetExposure(limit, would) => {
            Refusal::limit(Code::NetExposure, Scope::Desk, limit, would, room(limit, would))
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
