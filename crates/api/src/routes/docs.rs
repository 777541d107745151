//! The API's own description.
//!
//! It is made from the routes, so it can't differ from them.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use crate::{problem::ApiError, router};

/// The OpenAPI 3.1 description of everything.
#[utoipa::path(get, path = "/api/openapi.json", tag = "docs", security(()),
    responses((status = 200, description = "The description", body = Object,
        content_type = "application/json")))]
pub(crate) async fn openapi() -> Result<Response, ApiError> {
    let text = router::openapi()
        .to_json()
        .map_err(|e| ApiError::internal("openapi_unwritable", e.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
