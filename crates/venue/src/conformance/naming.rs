//! The promises about names: which id an order has in what the venue tells.
//!
//! A venue either takes the client's ids and tells them everywhere, or nowhere; then it lists its
//! orders, open or ended, so that one whose answer was lost is found by content and time. This
//! module must not know which venue it runs against.

use domain::{ClientOrderId, Nanos, OrderKind, Side, Timestamp};
use path::broker::{OrderRef, OrderReport, PlaceOutcome, VenueEvent, VenueStatus};

use super::{
    Probe, Rig, Verdict,
    checks::{Found, SOON, accepted, ensure, fills},
    probe::price,
};

const HAS_IDS: Verdict = Verdict::Skipped("the venue tells the client's ids");
const HAS_NONE: Verdict = Verdict::Skipped("the venue knows no client ids");

/// Every report about an order of this check: its answer, what the stream told, and the lists.
async fn told_of<R: Rig>(
    p: &mut Probe<'_, R>,
    answer: &PlaceOutcome,
) -> Result<Vec<OrderReport>, String> {
    let mut all = vec![accepted(answer)?.clone()];
    p.pass(SOON).await?;
    all.extend(p.told.iter().filter_map(|event| match event {
        VenueEvent::Order(report) => Some(report.clone()),
        _ => None,
    }));
    all.extend(p.everything(Timestamp::default()).await?.open_orders);
    Ok(all)
}

/// Answer, stream and lists name an order by the client's id, executions too.
pub(super) async fn orders_are_told_by_the_clients_id<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.has_client_ids() {
        return Ok(HAS_NONE);
    }
    let sent = p.limit(Side::Buy, "3", "95").await?;
    let told = told_of(p, &sent.outcome).await?;
    let other = told.iter().find(|r| r.client_order_id.as_ref() != Some(&sent.id));
    ensure!(other.is_none(), "told without the client's id: {other:?}");
    p.price("94").await?;
    p.pass(SOON).await?;
    let other = fills(&p.told).into_iter().find(|f| f.client_order_id.as_ref() != Some(&sent.id));
    ensure!(other.is_none(), "an execution without the client's id: {other:?}");
    Ok(Verdict::Kept)
}

/// Nothing names an order by the client's id, and the venue's own id finds it, live or ended.
pub(super) async fn nothing_is_told_by_the_clients_id<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if p.has_client_ids() {
        return Ok(HAS_IDS);
    }
    let sent = p.limit(Side::Buy, "3", "95").await?;
    let told = told_of(p, &sent.outcome).await?;
    let named = told.iter().find(|r| r.client_order_id.is_some());
    ensure!(named.is_none(), "told by the client's id: {named:?}");
    let venue_order_id = Some(accepted(&sent.outcome)?.venue_order_id.clone());
    let order = OrderRef { client_order_id: sent.id.clone(), venue_order_id };
    let live = p.look_up_as(&order).await?;
    let right = live.as_ref().is_some_and(|r| p.is_about(r, &sent.id) && !r.status.is_final());
    ensure!(right, "while it rests it is {live:?}");
    p.price("94").await?;
    p.pass(SOON).await?;
    let named = fills(&p.told).into_iter().find(|f| !p.is_of(f, &sent.id));
    ensure!(named.is_none(), "an execution has another name: {named:?}");
    let ended = p.look_up_as(&order).await?;
    let right = ended.as_ref().is_some_and(|r| r.status == VenueStatus::Filled);
    ensure!(right, "when it has filled it is {ended:?}");
    Ok(Verdict::Kept)
}

async fn resting<R: Rig>(
    p: &mut Probe<'_, R>,
    qty: &str,
    limit: &str,
) -> Result<ClientOrderId, String> {
    let sent = p.limit(Side::Buy, qty, limit).await?;
    accepted(&sent.outcome)?;
    Ok(sent.id)
}

/// The list of recent orders has those that rest, that filled and that were cancelled, as they were
/// asked, with the time at which they were taken in.
pub(super) async fn recent_orders_are_listed_open_or_ended<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if p.has_client_ids() {
        return Ok(HAS_IDS);
    }
    let begin = p.rig.now().at;
    let rests = resting(p, "3", "80").await?;
    let filled = resting(p, "4", "95").await?;
    let cancelled = resting(p, "5", "79").await?;
    p.cancel(&cancelled).await?;
    p.price("94").await?;
    p.pass(SOON).await?;
    let now = p.rig.now().at;
    let list = p.recent(begin).await?;
    ensure!(list.complete, "the list is not complete");
    ensure!(list.orders.len() == 3, "of 3 orders it has {}", list.orders.len());
    let expected = [
        (rests, VenueStatus::Working, "80"),
        (filled, VenueStatus::Filled, "95"),
        (cancelled, VenueStatus::Cancelled, "79"),
    ];
    for (id, status, limit) in expected {
        let report = list.orders.iter().find(|r| p.is_about(r, &id));
        let kind = OrderKind::Limit { limit: price(limit)? };
        let right = |r: &&OrderReport| r.status == status && r.kind == kind;
        ensure!(report.as_ref().is_some_and(right), "the order at {limit} is listed as {report:?}");
        let at = report.and_then(|r| r.placed_at);
        let timely = at.is_some_and(|at| begin <= at && at <= now);
        ensure!(timely, "the order at {limit} was taken in at {at:?}");
    }
    Ok(Verdict::Kept)
}

async fn lost<R: Rig>(
    p: &mut Probe<'_, R>,
    limit: &str,
) -> Result<Result<ClientOrderId, Verdict>, String> {
    if p.has_client_ids() {
        return Ok(Err(HAS_IDS));
    }
    if !p.rig.lose_next_answer() {
        return Ok(Err(Verdict::Skipped("the rig can't lose an answer")));
    }
    let sent = p.limit(Side::Buy, "3", limit).await?;
    if !matches!(sent.outcome, PlaceOutcome::Unknown { .. }) {
        let text = format!("a lost answer came to {:?}", sent.outcome);
        return Ok(Err(Verdict::Broken(text)));
    }
    Ok(Ok(sent.id))
}

/// When the answer to an order is lost, the adapter says so, and the order is found by what it is.
pub(super) async fn a_lost_answer_is_found_by_content<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    let id = match lost(p, "80").await? {
        Ok(id) => id,
        Err(verdict) => return Ok(verdict),
    };
    p.pass(Nanos(p.broker.capabilities().acceptance_window.0)).await?;
    p.find_out(&id).await?;
    let found = p.order(&id).is_some_and(|o| o.is_acknowledged() && o.end.is_none());
    ensure!(found, "the order is in the books as {:?}", p.order(&id).map(|o| o.status()));
    let open = p.everything(Timestamp::default()).await?.open_orders;
    let one = open.len() == 1 && open.iter().all(|r| p.is_about(r, &id));
    ensure!(one, "there rest {open:?}");
    Ok(Verdict::Kept)
}

/// The same for an order that filled before it was found, with its executions.
pub(super) async fn a_lost_answer_to_what_filled_is_found_by_content<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    let id = match lost(p, "95").await? {
        Ok(id) => id,
        Err(verdict) => return Ok(verdict),
    };
    p.price("94").await?;
    p.pass(Nanos(p.broker.capabilities().acceptance_window.0)).await?;
    p.find_out(&id).await?;
    p.pass(SOON).await?;
    let order = p.order(&id);
    let whole = order.is_some_and(|o| o.end == Some(VenueStatus::Filled) && o.is_settled());
    ensure!(whole, "the order is in the books as {:?}", order.map(|o| (o.status(), o.filled)));
    Ok(Verdict::Kept)
}
