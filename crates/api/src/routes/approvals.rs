//! What waits for approval, and deciding about it.
//!
//! Who asked can't approve: neither under a source's name, which the gate checks, nor by a key of
//! one's own, which is checked here. The gate judges anew. It must not judge.

use axum::Json;
use domain::{AccountId, IntentId};
use path::codes::{Refusal, RefusalCode};
use utoipa::ToSchema;

use super::orders::outcome::Outcome;
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::{
        self,
        approval::{ApprovalList, ApprovalView},
    },
};

/// Everything that waits for approval.
#[utoipa::path(get, path = "/api/approvals", tag = "approvals",
    responses((status = 200, description = "The requests", body = ApprovalList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<ApprovalList>, ApiError> {
    let all = views::gather(&state, None, |core, _| {
        let state = core.state();
        let view = |hold| (ApprovalView::new(&state.spec.id, hold), hold.expires_at);
        state.holds.values().map(view).collect::<Vec<_>>()
    })
    .await?;
    let mut found: Vec<_> = all.found.into_iter().flat_map(|(_, holds)| holds).collect();
    found.sort_by_key(|(_, expires_at)| *expires_at);
    let approvals = found.into_iter().map(|(view, _)| view).collect();
    Ok(Json(ApprovalList { approvals, unavailable: all.unavailable }))
}

/// A decision.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"approve": true}))]
pub(crate) struct Decision {
    /// True to approve, false to decline.
    approve: bool,
}

impl FromFields for Decision {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { approve: f.need_flag("approve")? })
    }
}

/// Approves or declines. What is approved is judged anew at the price of now.
#[utoipa::path(post, path = "/api/approvals/{account}/{id}", tag = "approvals",
    request_body = Decision,
    params(("account" = String, Path, description = "The account", example = "main"),
        ("id" = String, Path, description = "The request that waits")),
    responses((status = 200, description = "Declined", body = Outcome),
        (status = 201, description = "Approved, on disk and on its way", body = Outcome),
        (status = 404, description = "Nothing of this id waits", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Approved, and now refused by the gate", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn decide(
    state: Asked,
    At((account, id)): At<(String, String)>,
    Body(body): Body<Decision>,
) -> Result<Outcome, ApiError> {
    let account: AccountId = parse("account", &account)?;
    let id: IntentId = parse("id", &id)?;
    let handle = state.account(&account)?;
    let wanted = id.clone();
    let origin = views::look(&handle, move |core, _| {
        core.state().holds.get(&wanted).map(|hold| hold.intent.origin.clone())
    })
    .await?;
    if body.approve && origin.is_some_and(|origin| state.is_behind(&origin)) {
        let text = "A key of yours asked for it: another person decides.";
        return Err(ApiError::refused(&[Refusal::rule(RefusalCode::ApproverIsOrigin, text)]));
    }
    let reply = handle.decide(id, body.approve, state.operator()).await?;
    Outcome::of(&account, reply)
}
