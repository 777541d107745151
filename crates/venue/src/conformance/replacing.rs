//! The promises about an order that takes another one's place.
//!
//! They are asked only of a venue that says it can do that. This module must not know which venue
//! it runs against.

use domain::{ClientOrderId, Nanos, Side, Timestamp};
use path::broker::{PlaceOutcome, VenueStatus};
use rust_decimal::Decimal;

use super::{
    Probe, Rig, Verdict,
    checks::{Found, SOON, accepted, ensure, filled, is_listed},
    probe::price,
};

const NO_SUCH_VERB: Verdict = Verdict::Skipped("the venue can't replace an order");

async fn resting<R: Rig>(p: &mut Probe<'_, R>, limit: &str) -> Result<ClientOrderId, String> {
    let sent = p.limit(Side::Buy, "3", limit).await?;
    accepted(&sent.outcome)?;
    p.pass(SOON).await?;
    Ok(sent.id)
}

/// The old order ends without another execution, the new one lives under its own id with the new
/// price, and what the market then reaches fills once.
pub(super) async fn a_replacement_takes_the_place_of_the_old_order<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    if !p.broker.capabilities().replace {
        return Ok(NO_SUCH_VERB);
    }
    let old = resting(p, "80").await?;
    let sent = p.replace(&old, "85").await?;
    let report = accepted(&sent.outcome)?;
    ensure!(p.is_about(report, &sent.id), "the answer is about {report:?}");
    p.pass(SOON).await?;
    let end = p.end_told(&old);
    ensure!(end == Some(VenueStatus::Cancelled), "the stream told {end:?} as the old order's end");
    ensure!(!is_listed(p, &old).await?, "the old order is still in the list");
    ensure!(is_listed(p, &sent.id).await?, "the new order is not in the list");
    let found = p.look_up(&sent.id).await?;
    let limit = found.as_ref().and_then(|report| report.kind.limit());
    ensure!(limit == Some(price("85")?), "the new order is looked up as {found:?}");
    p.price("79").await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told) == Decimal::from(3), "of 3 were filled {}", filled(&p.told));
    Ok(Verdict::Kept)
}

/// When the venue refuses the new order, it never lived and the old one goes on.
pub(super) async fn a_refused_replacement_leaves_the_old_order<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    if !p.broker.capabilities().replace {
        return Ok(NO_SUCH_VERB);
    }
    let old = resting(p, "80").await?;
    let mut finer = p.rig.instrument();
    finer.tick = price("0.0001")?;
    p.believe(finer).await?;
    let sent = p.replace(&old, "80.0001").await?;
    let refused = matches!(sent.outcome, PlaceOutcome::Rejected { .. });
    ensure!(refused, "a price off the tick came to {:?}", sent.outcome);
    p.pass(SOON).await?;
    ensure!(is_listed(p, &old).await?, "the old order is gone");
    let found = p.look_up(&sent.id).await?;
    let lives = found.as_ref().is_some_and(|report| !report.status.is_final());
    ensure!(!lives, "the refused order lives: {found:?}");
    Ok(Verdict::Kept)
}

/// When the answer is lost, the adapter says so, and what became of the two is found out.
pub(super) async fn a_lost_replacement_is_found_by_its_id<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.broker.capabilities().replace {
        return Ok(NO_SUCH_VERB);
    }
    let old = resting(p, "80").await?;
    if !p.rig.lose_next_answer() {
        return Ok(Verdict::Skipped("the rig can't lose an answer"));
    }
    let sent = p.replace(&old, "85").await?;
    let unknown = matches!(sent.outcome, PlaceOutcome::Unknown { .. });
    ensure!(unknown, "a lost answer came to {:?}", sent.outcome);
    let wait = p.broker.capabilities().acceptance_window.0.max(SOON.0);
    p.pass(Nanos(wait)).await?;
    p.pass(SOON).await?;
    p.find_out(&sent.id).await?;
    p.pass(SOON).await?;
    let known = p.order(&sent.id).is_some_and(|o| o.is_acknowledged() && !o.unknown);
    ensure!(known, "the new order is in the books as {:?}", p.order(&sent.id).map(|o| o.status()));
    let ended = p.order(&old).and_then(|o| o.end);
    ensure!(ended == Some(VenueStatus::Cancelled), "the books have the old order as {ended:?}");
    let all = p.everything(Timestamp::default()).await?;
    ensure!(all.open_orders.len() == 1, "{} orders rest", all.open_orders.len());
    Ok(Verdict::Kept)
}

/// An order that has filled can't be replaced: the new one is refused and nothing is placed.
pub(super) async fn an_ended_order_is_not_replaced<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.broker.capabilities().replace {
        return Ok(NO_SUCH_VERB);
    }
    let old = resting(p, "95").await?;
    p.compare().await?;
    let belief = p.belief();
    p.price("94").await?;
    p.pass(SOON).await?;
    ensure!(filled(&p.told) == Decimal::from(3), "of 3 were filled {}", filled(&p.told));
    let mut late = Probe::from_belief(&mut *p.rig, belief).await?;
    let sent = late.replace(&old, "90").await?;
    let refused = matches!(sent.outcome, PlaceOutcome::Rejected { .. });
    ensure!(refused, "the replacement of a filled order came to {:?}", sent.outcome);
    late.rig.wait(SOON).await;
    let all = late.everything(Timestamp::default()).await?;
    ensure!(all.open_orders.is_empty(), "it rests: {:?}", all.open_orders);
    let held = all.positions.get(&late.rig.instrument().id).map(|q| q.get());
    ensure!(held == Some(Decimal::from(3)), "the position is {held:?}");
    Ok(Verdict::Kept)
}
