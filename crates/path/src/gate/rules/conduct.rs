//! Rules about conduct: how often, how alike, against whom, after what, at what time.
//!
//! It must not know limits by value.

use domain::{Intent, Limits, OrderKind, Qty, Scope, Side};

use super::{super::Resolved, Case, tightest, tightest_high};
use crate::{
    codes::{Refusal, RefusalCode as Code},
    event::OrderRecorded,
    policy::WithoutStop,
    state::{AccountState, OriginUse},
};

/// The most live orders, holds and closes that an account may have.
const OPEN_ITEMS_MAX: usize = 5_000;

/// How often, how alike, against whom.
pub(super) fn judge(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { ctx, intent, r, .. } = *case;
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
    let group = intent.conditions.group.as_ref();
    let group = group.and_then(|g| state.groups.get(&AccountState::group_key(&intent.book, g)));
    if group.is_some_and(|g| g.winner.is_some()) {
        out.push(Refusal::rule(Code::GroupFilled, Code::GroupFilled.meaning()));
    }
    frequency(case, out);
    duplicate(case, out);
    cooldown(case, out);
    window(case, out);
}

/// Every scope's window must be open.
fn window(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let at = case.ctx.now.at;
    let mut windows = case.scopes().filter_map(|(s, l)| Some((l.trading_window?, s)));
    let shut = windows.find(|(window, _)| !window.contains(at));
    if let Some((window, scope)) = shut {
        let now = domain::window::minute_of_week(at);
        out.push(Refusal::limit(Code::TradingWindow, scope, window, now, None));
    }
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
        .live_of(&r.instrument.id)
        .filter(|o| o.side != intent.side)
        .filter(|o| matches!(o.kind, OrderKind::Limit { .. }))
        .find(|o| match (mine, o.kind.limit(), intent.side) {
            _ if takes_any => true,
            (Some(mine), Some(theirs), Side::Buy) => mine >= theirs,
            (Some(mine), Some(theirs), Side::Sell) => mine <= theirs,
            _ => false,
        })
        .map(|o| &o.client_order_id)
}

fn frequency(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let at = case.ctx.now.at;
    let most = |of: &dyn Fn(&OriginUse) -> u32| case.usages().map(of).max().unwrap_or(0);
    let limit = |get: fn(&Limits) -> Option<u32>| {
        tightest(case.scopes().filter_map(|(s, l)| Some((get(l)?, s))))
    };
    let mut judge = |code: Code, limit: Option<(u32, Scope)>, used: &dyn Fn() -> u32| {
        let Some((limit, scope)) = limit else { return };
        let used = used();
        if used >= limit {
            out.push(Refusal::limit(code, scope, limit, u64::from(used) + 1, None));
        }
    };
    judge(Code::EntriesPerSecond, limit(|l| l.entries_per_second), &|| most(&|u| u.within(1, at)));
    judge(Code::EntriesPerMinute, limit(|l| l.entries_per_minute), &|| most(&|u| u.within(60, at)));
    judge(Code::EntriesPerDay, limit(|l| l.entries_per_day), &|| {
        most(&|u| if u.day == case.day() { u.entries } else { 0 })
    });
}

fn duplicate(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { ctx, intent, r, .. } = *case;
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

fn cooldown(case: &Case<'_>, out: &mut Vec<Refusal>) {
    let Case { ctx, intent, .. } = *case;
    let book = ctx.state.books.get(&intent.book);
    let Some(lost) = book.and_then(|b| b.last_loss.get(&intent.instrument)) else { return };
    let pause = tightest_high(case.scopes().filter_map(|(s, l)| Some((l.loss_cooldown_secs?, s))));
    if let Some((secs, scope)) = pause {
        let waited = ctx.now.at.since(*lost).0 / 1_000_000_000;
        if waited < i64::from(secs) {
            let (limit, value) = (format!("{secs} s"), format!("{waited} s"));
            out.push(Refusal::limit(Code::LossCooldown, scope, limit, value, None));
        }
    }
}
