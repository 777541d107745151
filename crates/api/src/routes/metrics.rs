//! Figures for Prometheus.
//!
//! It must not know how figures are written.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{metrics, state::ApiState};

/// Figures in Prometheus' text form.
#[utoipa::path(get, path = "/metrics", tag = "metrics",
    responses((status = 200, description = "The figures", body = String,
        content_type = "text/plain; version=0.0.4")))]
pub(crate) async fn metrics(State(state): State<ApiState>) -> Response {
    let text = metrics::collect(&state).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
