//! Runs over past prices: start, list, read, cancel, remove.
//!
//! What a run is, is in `asked`; here it is asked for and shown. It must not know how a strategy is
//! tried.

mod asked;
mod form;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::{
    asked::{Named, RunRequest},
    form::RunForm,
};
use super::strategies::by;
use crate::{
    extract::{At, Body, Params, page},
    guard::asked::Asked,
    ports::{RunView, StrategyText},
    problem::{ApiError, Problem},
};

/// Runs in one answer when no number is asked for.
const PAGE: usize = 50;
/// The most runs in one answer.
const PAGE_MAX: usize = 200;
/// What a report's page may load: nothing but its own style. It is nobody's page, so it runs apart
/// from the dashboard.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/// Runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RunList {
    /// The newest first.
    items: Vec<RunView>,
    /// What to give as `after` for the next page; null when this is the last one.
    next: Option<String>,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// Runs, 1 to 200; 50 when absent.
    limit: Option<usize>,
    /// Only those older than this one.
    after: Option<String>,
}

/// Starts a run; it waits for its turn.
#[utoipa::path(post, path = "/api/backtests", tag = "research", request_body = RunForm,
    responses((status = 202, description = "It waits for its turn", body = RunView),
        (status = 404, description = "No such strategy", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The strategy has faults, or bars are missing", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many runs wait", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn start(
    state: Asked,
    Body(body): Body<RunRequest>,
) -> Result<(StatusCode, Json<RunView>), ApiError> {
    let (id, source) = match &body.strategy {
        Named::Kept(id) => {
            let (_, source) = state.strategies().get(id.clone(), state.reach()).await?;
            (Some(id.clone()), source)
        }
        Named::Text(source) => (None, source.clone()),
    };
    let text = StrategyText::read(source).map_err(|faults| ApiError::faults(&faults))?;
    let run = body.with(id, text, (by(&state), state.reach().owner));
    Ok((StatusCode::ACCEPTED, Json(state.research().start(run).await?)))
}

/// The caller's runs, the newest first; everybody's for who has every account.
#[utoipa::path(get, path = "/api/backtests", tag = "research", params(RunQuery),
    responses((status = 200, description = "The runs", body = RunList)))]
pub(crate) async fn list(
    state: Asked,
    Params(query): Params<RunQuery>,
) -> Result<Json<RunList>, ApiError> {
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    // One more tells whether there is another page.
    let wanted = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut items = state.research().list(wanted, query.after, state.reach()).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|run| run.id.clone());
    Ok(Json(RunList { items, next }))
}

/// A run.
#[utoipa::path(get, path = "/api/backtests/{id}", tag = "research",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RunView),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(state: Asked, At(id): At<String>) -> Result<Json<RunView>, ApiError> {
    Ok(Json(state.research().get(id, state.reach()).await?))
}

/// What came of a run: what the command of its kind prints with `--json`, and for a backtest
/// `curve` besides, at most 2000 points of equity, fall, exposure and buy and hold.
#[utoipa::path(get, path = "/api/backtests/{id}/result", tag = "research",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The result", body = serde_json::Value),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It has no result", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn result(state: Asked, At(id): At<String>) -> Result<Response, ApiError> {
    let text = state.research().result(id, state.reach()).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The page of a backtest, which needs nothing but itself.
#[utoipa::path(get, path = "/api/backtests/{id}/report.html", tag = "research",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It has no page", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn report(state: Asked, At(id): At<String>) -> Result<Response, ApiError> {
    let text = state.research().report(id, state.reach()).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"backtest.html\""),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY),
    ];
    Ok((headers, text).into_response())
}

/// Ends a run that waits or is worked at. One that has ended stays as it is.
#[utoipa::path(post, path = "/api/backtests/{id}/cancel", tag = "research",
    params(("id" = String, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RunView),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "Another desk works at it", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn cancel(state: Asked, At(id): At<String>) -> Result<Json<RunView>, ApiError> {
    Ok(Json(state.research().cancel(id, state.reach()).await?))
}

/// Removes a run that has ended, with its result.
#[utoipa::path(delete, path = "/api/backtests/{id}", tag = "research",
    params(("id" = String, Path, description = "The run")),
    responses((status = 204, description = "Removed"),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn remove(state: Asked, At(id): At<String>) -> Result<StatusCode, ApiError> {
    state.research().remove(id, state.reach()).await?;
    Ok(StatusCode::NO_CONTENT)
}
