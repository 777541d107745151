//! Asking for an order.
//!
//! The answer comes when the verdict is on disk; with a wait, when the venue has answered. It must
//! not know how orders are judged.

use axum::http::HeaderMap;
use path::core::Reply;

use super::{
    outcome::Outcome,
    request::{OrderRequest, OrderRequestSchema},
    wait::{Wait, WaitQuery},
};
use crate::{
    extract::{Body, Params},
    guard::asked::Asked,
    guard::memo::key_of,
    problem::{ApiError, Problem},
};

/// Places an order.
#[utoipa::path(post, path = "/api/orders", tag = "orders", request_body = OrderRequestSchema,
    params(WaitQuery),
    responses(
        (status = 201, description = "On disk and on its way", body = Outcome,
            example = json!({"outcome": "recorded", "account": "main", "order": "cfa1b2c3-1-a",
                "class": "entry", "qty": "10", "replayed": false})),
        (status = 200, description = "A compound close that ended while it was waited for",
            body = Outcome),
        (status = 202, description = "Waits for approval or for the market's next opening, or a \
                compound close has begun", body = Outcome),
        (status = 409, description = "The key stands for another request", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Refused by the gate, with every reason", body = Problem,
            content_type = "application/problem+json",
            example = json!({"type": "urn:cofferdam:problem:refused", "title": "Unprocessable Entity",
                "status": 422, "code": "refused",
                "detail": "The order's value is above the limit. Limit 10000, this would be 50000.",
                "remedy": "Use the largest allowed size, or have an operator raise the limit.",
                "refusals": [{"code": "order_notional",
                    "message": "The order's value is above the limit. Limit 10000, this would be 50000.",
                    "limit": "10000", "value": "50000", "max_allowed_qty": "100",
                    "set_by": "account", "can_change": true,
                    "remedy": "Use the largest allowed size, or have an operator raise the limit."}]}))))]
pub(crate) async fn create(
    state: Asked,
    Params(wait): Params<WaitQuery>,
    headers: HeaderMap,
    Body(body): Body<OrderRequest>,
) -> Result<Outcome, ApiError> {
    let span = wait.span()?;
    let account = state.account(&body.account)?;
    let events = state.desk().subscribe();
    let intent = body.into_intent(key_of(&headers)?, &state)?;
    let reply = account.submit(intent).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    finish(account.id(), reply, wait).await
}

/// The outcome of a reply, after the wait that was asked for.
pub(crate) async fn finish(
    account: &domain::AccountId,
    reply: Reply,
    wait: Option<Wait>,
) -> Result<Outcome, ApiError> {
    let (order, closes) = match &reply {
        Reply::Recorded { order, .. } => (Some(order.clone()), Vec::new()),
        Reply::Closing { close, .. } => (None, vec![*close]),
        Reply::ClosingAll(begun) => (None, begun.iter().map(|(_, _, close, _)| *close).collect()),
        _ => (None, Vec::new()),
    };
    let mut outcome = Outcome::of(account, reply)?;
    // What is recorded is recorded: a wait that fails must not hide it.
    match (wait, order) {
        (Some(wait), Some(order)) => outcome.state = wait.order(&order).await.ok().flatten(),
        (Some(wait), None) if !closes.is_empty() => outcome.ended = wait.closes(closes).await.ok(),
        _ => {}
    }
    Ok(outcome)
}
