//! The promises, one function each.
//!
//! A check says what was seen when a promise is broken. It must not know which venue it runs
//! against, and allows every documented way of keeping the promise.

use std::collections::BTreeSet;

use domain::{ClientOrderId, Fill, Nanos, OrderKind, Qty, Side, TimeInForce, Timestamp, TradeId};
use path::{
    broker::{
        CancelOutcome, OrderRef, OrderReport, PlaceOutcome, VenueEvent, VenueRejection, VenueStatus,
    },
    wire::NotSent,
};
use rust_decimal::Decimal;

use super::{
    Probe, Rig, Verdict,
    belief::built_in,
    probe::{Mark, price},
};

pub(super) type Found = Result<Verdict, String>;

/// How long an adapter may take to tell what has happened.
pub(super) const SOON: Nanos = Nanos::from_secs(2);

macro_rules! ensure {
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            return Ok(Verdict::Broken(format!($($text)*)));
        }
    };
}
pub(super) use ensure;

fn quantity(text: &str) -> Result<Qty, String> {
    text.parse().map_err(|e| format!("the suite itself: {e}"))
}

pub(super) fn accepted(outcome: &PlaceOutcome) -> Result<&OrderReport, String> {
    match outcome {
        PlaceOutcome::Accepted(report) => Ok(report),
        other => Err(format!("a plain order was not accepted: {other:?}")),
    }
}

pub(super) fn fills(told: &[VenueEvent]) -> Vec<&Fill> {
    let fills = told.iter().filter_map(|event| match event {
        VenueEvent::Fill(fill) => Some(fill),
        _ => None,
    });
    fills.collect()
}

fn trades<'a>(fills: impl IntoIterator<Item = &'a Fill>) -> BTreeSet<&'a TradeId> {
    fills.into_iter().map(|f| &f.trade_id).collect()
}

pub(super) fn filled(told: &[VenueEvent]) -> Decimal {
    fills(told).iter().map(|f| f.qty.get()).sum()
}

/// An order at the market is filled, every execution is told once with the order's id, the end is
/// told, and list, look-up and position say the same.
pub(super) async fn a_market_order_fills_and_is_told_once<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let sent = p.market(Side::Buy, "10").await?;
    accepted(&sent.outcome)?;
    p.pass(SOON).await?;
    let told = fills(&p.told);
    ensure!(trades(told.iter().copied()).len() == told.len(), "an execution was told twice");
    ensure!(filled(&p.told) == Decimal::TEN, "bought 10, told {}", filled(&p.told));
    let foreign = told.iter().find(|f| !p.is_of(f, &sent.id));
    ensure!(foreign.is_none(), "an execution without the order's id: {foreign:?}");
    let end = p.end_told(&sent.id);
    ensure!(end == Some(VenueStatus::Filled), "the stream told {end:?} as the end");
    let report = p.look_up(&sent.id).await?;
    let complete = |r: &OrderReport| r.status == VenueStatus::Filled && r.filled == r.qty;
    ensure!(report.as_ref().is_some_and(complete), "looked up as {report:?}");
    let all = p.everything(Timestamp::default()).await?;
    ensure!(all.complete, "the lists are not complete");
    ensure!(trades(&all.fills) == trades(told), "the list has other executions than the stream");
    let held = all.positions.get(&p.rig.instrument().id).map(|q| q.get());
    ensure!(held == Some(Decimal::TEN), "the position is {held:?}");
    Ok(Verdict::Kept)
}

/// Cash moves by exactly price times quantity and the fee of each execution.
pub(super) async fn cash_is_what_the_fills_say<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let quote = p.rig.instrument().quote;
    let before = p.everything(Timestamp::default()).await?.cash.get(quote).amount();
    accepted(&p.market(Side::Buy, "7").await?.outcome)?;
    p.price("103").await?;
    accepted(&p.market(Side::Sell, "4").await?.outcome)?;
    p.pass(SOON).await?;
    let mut expected = before;
    for fill in fills(&p.told) {
        let value = fill.price.get() * fill.qty.get();
        expected += if fill.side == Side::Buy { -value } else { value };
        if fill.fee.currency() == quote {
            expected -= fill.fee.amount();
        }
    }
    let after = p.everything(Timestamp::default()).await?.cash.get(quote).amount();
    ensure!(after == expected, "cash is {after}, the executions say {expected}");
    Ok(Verdict::Kept)
}

pub(super) async fn is_listed<R: Rig>(
    p: &Probe<'_, R>,
    id: &ClientOrderId,
) -> Result<bool, String> {
    let all = p.everything(Timestamp::default()).await?;
    Ok(all.open_orders.iter().any(|r| p.is_about(r, id)))
}

/// A resting order is in the list under its id; after its cancel the end is told.
pub(super) async fn a_resting_order_is_listed_until_it_is_cancelled<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    let sent = p.limit(Side::Buy, "3", "80").await?;
    let report = accepted(&sent.outcome)?;
    ensure!(report.status == VenueStatus::Working, "accepted as {:?}", report.status);
    ensure!(is_listed(p, &sent.id).await?, "the order is not in the list");
    let outcome = p.cancel(&sent.id).await?;
    ensure!(matches!(outcome, CancelOutcome::Accepted(_)), "the cancel came to {outcome:?}");
    p.pass(SOON).await?;
    let ended = p.order(&sent.id).and_then(|o| o.end);
    ensure!(ended == Some(VenueStatus::Cancelled), "the books have {ended:?}");
    ensure!(!is_listed(p, &sent.id).await?, "the cancelled order is still in the list");
    ensure!(filled(&p.told).is_zero(), "an order below the market was filled");
    Ok(Verdict::Kept)
}

/// After the end of a cancel was told, no execution comes.
pub(super) async fn a_cancelled_order_never_fills<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let sent = p.limit(Side::Buy, "3", "90").await?;
    accepted(&sent.outcome)?;
    p.cancel(&sent.id).await?;
    p.pass(SOON).await?;
    p.price("85").await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told).is_zero(), "a cancelled order was filled: {:?}", fills(&p.told));
    Ok(Verdict::Kept)
}

/// A limit that the market goes through fills, never worse than the limit.
pub(super) async fn a_limit_fills_at_its_price_or_better<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let sent = p.limit(Side::Buy, "5", "95").await?;
    accepted(&sent.outcome)?;
    p.price("94").await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told) == Decimal::from(5), "of 5 were filled {}", filled(&p.told));
    let worse = fills(&p.told).into_iter().find(|f| f.price.get() > Decimal::from(95));
    ensure!(worse.is_none(), "filled worse than the limit: {worse:?}");
    Ok(Verdict::Kept)
}

/// A stop is listed while the market is away from it and fills once the market is there.
pub(super) async fn a_stop_rests_and_triggers<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    accepted(&p.market(Side::Buy, "6").await?.outcome)?;
    p.pass(SOON).await?;
    let kind = OrderKind::Stop { trigger: price("92")? };
    let stop = p.send(Side::Sell, "6", kind, TimeInForce::Gtc, Mark::None).await?;
    accepted(&stop.outcome)?;
    p.price("97").await?;
    ensure!(is_listed(p, &stop.id).await?, "the stop is not in the list");
    p.price("91").await?;
    p.pass(SOON).await?;
    let held = p.everything(Timestamp::default()).await?.positions;
    ensure!(held.is_empty(), "after the stop the venue holds {held:?}");
    let end = p.end_told(&stop.id);
    ensure!(end == Some(VenueStatus::Filled), "the stream told {end:?} as the end of the stop");
    Ok(Verdict::Kept)
}

/// An immediate order that can't fill ends or is refused, and is in no list.
pub(super) async fn an_immediate_order_does_not_rest<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let kind = OrderKind::Limit { limit: price("80")? };
    let sent = p.send(Side::Buy, "2", kind, TimeInForce::Ioc, Mark::None).await?;
    p.pass(SOON).await?;
    let refused = matches!(sent.outcome, PlaceOutcome::Rejected { .. });
    let ended = p.order(&sent.id).and_then(|o| o.end);
    ensure!(refused || ended.is_some(), "it came to {:?} and did not end", sent.outcome);
    ensure!(!is_listed(p, &sent.id).await?, "an immediate order rests");
    Ok(Verdict::Kept)
}

/// A post-only order at a price that would take is refused or ended without an execution.
pub(super) async fn a_post_only_order_does_not_take<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let kind = OrderKind::Limit { limit: price("101")? };
    let sent = p.send(Side::Buy, "2", kind, TimeInForce::Gtc, Mark::PostOnly).await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told).is_zero(), "a post-only order took: {:?}", sent.outcome);
    if let PlaceOutcome::Rejected { code, .. } = &sent.outcome {
        ensure!(*code == VenueRejection::WouldTake, "refused as {code:?}");
    }
    Ok(Verdict::Kept)
}

/// The same client id sent twice is one order.
pub(super) async fn the_same_id_is_one_order<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.has_client_ids() {
        return Ok(Verdict::Skipped("the venue knows no client ids"));
    }
    let before = p.belief();
    let first = p.limit(Side::Buy, "3", "80").await?;
    let venue_id = accepted(&first.outcome)?.venue_order_id.clone();
    let mut again = Probe::from_belief(&mut *p.rig, before).await?;
    let second = again.limit(Side::Buy, "3", "80").await?;
    ensure!(first.id == second.id, "the suite itself: {} and {}", first.id, second.id);
    let one = match &second.outcome {
        PlaceOutcome::DuplicateId => true,
        PlaceOutcome::Accepted(report) => report.venue_order_id == venue_id,
        _ => false,
    };
    ensure!(one, "the second came to {:?}", second.outcome);
    let all = again.everything(Timestamp::default()).await?;
    ensure!(all.open_orders.len() == 1, "{} orders rest", all.open_orders.len());
    Ok(Verdict::Kept)
}

/// An order that breaks a rule of the instrument is refused as such, and nothing lives.
pub(super) async fn a_broken_rule_is_a_refusal_and_nothing_lives<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    let mut finer = p.rig.instrument();
    finer.tick = price("0.0001")?;
    p.believe(finer).await?;
    let sent = p.limit(Side::Buy, "2", "80.0001").await?;
    let rules = |code: &VenueRejection| matches!(code, VenueRejection::Rules);
    let PlaceOutcome::Rejected { code, text } = &sent.outcome else {
        return Ok(Verdict::Broken(format!("a price off the tick came to {:?}", sent.outcome)));
    };
    ensure!(rules(code), "refused as {code:?}: {text}");
    ensure!(!text.is_empty(), "refused without a word");
    let found = p.look_up(&sent.id).await?;
    let lives = found.as_ref().is_some_and(|r| !r.status.is_final());
    ensure!(!lives, "the refused order lives: {found:?}");
    Ok(Verdict::Kept)
}

/// An order marked as only reducing never opens a position, whatever the desk believed.
pub(super) async fn a_reduce_only_order_never_opens<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.broker.capabilities().reduce_only {
        return Ok(Verdict::Skipped("the venue has no such mark"));
    }
    accepted(&p.market(Side::Buy, "5").await?.outcome)?;
    p.compare().await?;
    let holding = p.belief();
    accepted(&p.market(Side::Sell, "5").await?.outcome)?;
    p.pass(SOON).await?;
    let mut late = Probe::from_belief(&mut *p.rig, holding).await?;
    let sent = late.send(Side::Sell, "5", OrderKind::Market, TimeInForce::Gtc, Mark::ReduceOnly);
    let sent = sent.await?;
    late.rig.wait(SOON).await;
    let held = late.everything(Timestamp::default()).await?.positions;
    ensure!(held.is_empty(), "{:?} opened {held:?}", sent.outcome);
    Ok(Verdict::Kept)
}

/// A cancel of an order that has filled ends nothing and takes no execution back.
pub(super) async fn a_cancel_that_comes_too_late_changes_nothing<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    let sent = p.limit(Side::Buy, "4", "95").await?;
    accepted(&sent.outcome)?;
    p.compare().await?;
    let resting = p.belief();
    p.price("94").await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told) == Decimal::from(4), "of 4 were filled {}", filled(&p.told));
    let mut late = Probe::from_belief(&mut *p.rig, resting).await?;
    let outcome = late.cancel(&sent.id).await?;
    let claims = match &outcome {
        CancelOutcome::Accepted(Some(report)) => report.filled < quantity("4")?,
        _ => false,
    };
    ensure!(!claims, "the cancel claims to have ended it: {outcome:?}");
    let report = late.look_up(&sent.id).await?;
    let complete = report.as_ref().is_some_and(|r| r.status == VenueStatus::Filled);
    ensure!(complete, "after the cancel it is {report:?}");
    Ok(Verdict::Kept)
}

/// An id that was never sent, or given by the venue, is unknown, which is not an error.
pub(super) async fn an_unknown_id_is_unknown<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let client_order_id = "cfc0nf0r-9-never".parse().map_err(built_in)?;
    let venue_order_id = Some("never".parse().map_err(built_in)?);
    let found = p.look_up_as(&OrderRef { client_order_id, venue_order_id }).await?;
    ensure!(found.is_none(), "an id that was never sent is {found:?}");
    Ok(Verdict::Kept)
}

/// When the answer to an order is lost, the adapter says so, and the order is found by its id.
pub(super) async fn a_lost_answer_is_found_by_the_clients_id<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    if !p.has_client_ids() {
        return Ok(Verdict::Skipped("the venue knows no client ids"));
    }
    if !p.rig.lose_next_answer() {
        return Ok(Verdict::Skipped("the rig can't lose an answer"));
    }
    let sent = p.limit(Side::Buy, "3", "80").await?;
    let unknown = matches!(sent.outcome, PlaceOutcome::Unknown { .. });
    ensure!(unknown, "a lost answer came to {:?}", sent.outcome);
    let wait = p.broker.capabilities().acceptance_window.0.max(SOON.0);
    p.pass(Nanos(wait)).await?;
    p.pass(SOON).await?;
    let known = p.order(&sent.id).is_some_and(|o| o.is_acknowledged() && !o.unknown);
    ensure!(known, "the order is in the books as {:?}", p.order(&sent.id).map(|o| o.status()));
    let all = p.everything(Timestamp::default()).await?;
    ensure!(all.open_orders.len() == 1, "{} orders rest", all.open_orders.len());
    Ok(Verdict::Kept)
}

async fn not_sent<R: Rig>(p: &mut Probe<'_, R>, why: NotSent) -> Found {
    let sent = p.market(Side::Buy, "1").await?;
    let right = sent.outcome == PlaceOutcome::NotSent(why);
    ensure!(right, "the order came to {:?}", sent.outcome);
    p.rig.wait(SOON).await;
    let found = p.look_up(&sent.id).await?;
    ensure!(found.is_none(), "the venue has it: {found:?}");
    Ok(Verdict::Kept)
}

/// An entry that was judged before the kill switch does not leave after it.
pub(super) async fn nothing_leaves_after_the_kill_switch<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    p.pull_before_sending();
    not_sent(p, NotSent::Killed).await
}

/// Nothing leaves a desk whose lease has ended.
pub(super) async fn nothing_leaves_without_the_lease<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    p.lose_lease();
    not_sent(p, NotSent::LeaseLost).await
}

/// A door leads to one account: an order in another's name is refused.
pub(super) async fn an_order_of_another_account_is_refused<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let believed = p.in_the_name_of("somebody-else")?;
    let mut other = Probe::from_belief(&mut *p.rig, believed).await?;
    let sent = other.limit(Side::Buy, "1", "80").await?;
    let refused = matches!(sent.outcome, PlaceOutcome::Rejected { .. });
    ensure!(refused, "another account's order came to {:?}", sent.outcome);
    let all = other.everything(Timestamp::default()).await?;
    ensure!(all.open_orders.is_empty(), "it rests: {:?}", all.open_orders);
    Ok(Verdict::Kept)
}

/// Executions at or after the time asked for are in the answer, earlier ones need not be.
pub(super) async fn executions_are_told_from_the_time_asked_for<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    accepted(&p.market(Side::Buy, "1").await?.outcome)?;
    p.pass(Nanos::from_secs(5)).await?;
    p.price("101").await?;
    accepted(&p.market(Side::Buy, "2").await?.outcome)?;
    p.pass(SOON).await?;
    let told = fills(&p.told);
    let Some(second) = told.iter().find(|f| f.qty.get() == Decimal::TWO) else {
        return Ok(Verdict::Broken(format!("the stream told {told:?}")));
    };
    let since = p.everything(second.at).await?.fills;
    let listed = since.iter().any(|f| f.trade_id == second.trade_id);
    ensure!(listed, "the execution at the time asked for is missing");
    let all = p.everything(Timestamp::default()).await?.fills;
    ensure!(all.len() == told.len(), "of {} executions {} are listed", told.len(), all.len());
    Ok(Verdict::Kept)
}
