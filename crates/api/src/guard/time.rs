//! How long a request may take.
//!
//! It must not cut off what has begun: what was told to the desk is done even when nobody waits
//! for the answer, and the answer says so.

use std::time::Duration;

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use crate::problem::ApiError;

/// How long a request may take.
pub(crate) const REQUEST_WITHIN: Duration = Duration::from_secs(10);
/// How long a check of the journal may take.
const CHECK_WITHIN: Duration = Duration::from_secs(300);

/// Ends requests that take too long.
pub(crate) async fn limit(request: Request, next: Next) -> Result<Response, ApiError> {
    let check = request.uri().path().ends_with("/verify");
    let within = if check { CHECK_WITHIN } else { REQUEST_WITHIN };
    tokio::time::timeout(within, next.run(request)).await.map_err(|_| {
        ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            format!("There was no answer within {} s.", within.as_secs()),
            "What was asked may be done all the same: look before you ask again, or repeat it \
             with the same Idempotency-Key.",
        )
    })
}
