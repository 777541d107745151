//! How long a request may take, and that what was begun is finished.
//!
//! A write goes on when its caller goes away or the time is over: half a release or half an opened
//! account would be worse than one that nobody waits for. The answer says so. It must not know
//! what a write does.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use tokio::time::timeout_at;

use super::{is_pull, is_safe};
use crate::{extract::buffer, problem::ApiError, state::ApiState};

/// How long a request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// How long a check of the journal may take.
const CHECK_WITHIN: Duration = Duration::from_secs(300);

/// Answers requests that take too long.
pub(crate) async fn limit(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let within = within(&request, state.config().kill_within);
    let deadline = tokio::time::Instant::now() + within;
    let late = |_| late(within);
    if is_safe(request.method()) {
        return timeout_at(deadline, next.run(request)).await.map_err(late);
    }
    let (parts, body) = request.into_parts();
    let body = timeout_at(deadline, buffer(parts.uri.path(), body)).await.map_err(late)??;
    let work = tokio::spawn(next.run(Request::from_parts(parts, Body::from(body))));
    timeout_at(deadline, work).await.map_err(late)?.map_err(|error| {
        tracing::error!(%error, "a request's task ended");
        ApiError::internal("task_ended", "The request's task ended before its answer.")
    })
}

fn within(request: &Request, kill: Duration) -> Duration {
    match request.uri().path() {
        path if path.ends_with("/verify") => CHECK_WITHIN,
        // Who pulls the switch must hear which desks have not stopped.
        _ if is_pull(request) => kill.max(REQUEST_WITHIN),
        _ => REQUEST_WITHIN,
    }
}

fn late(within: Duration) -> ApiError {
    ApiError::new(
        StatusCode::GATEWAY_TIMEOUT,
        "timeout",
        format!("There was no answer within {} s.", within.as_secs()),
        "A write goes on and may be done all the same: look before you ask again, or repeat it \
         with the same Idempotency-Key.",
    )
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    #[test]
    fn a_pull_may_take_as_long_as_the_other_desks_leases() {
        let kill = Duration::from_secs(25);
        let at = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path);
            within(&request.body(Body::empty()).unwrap(), kill)
        };
        assert_eq!(at(Method::POST, "/api/kill"), kill);
        for (method, path) in [(Method::GET, "/api/kill"), (Method::POST, "/api/kill/release")] {
            assert_eq!(at(method, path), REQUEST_WITHIN, "{path}");
        }
        assert_eq!(at(Method::GET, "/api/journal/verify"), CHECK_WITHIN);
    }
}
