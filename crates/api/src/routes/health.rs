//! Whether the program lives, and whether it is ready: a status and nothing else.
//!
//! These two routes answer without a key, so they must not tell anything about the desk.

use identity::Grants;
use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{state::ApiState, views};

/// For so long the last answer about readiness is given again.
const FRESH: Duration = Duration::from_secs(1);

/// A status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Status {
    /// ok, ready or not_ready.
    #[schema(example = "ok")]
    status: &'static str,
}

/// The program lives.
#[utoipa::path(get, path = "/api/health", tag = "health", security(()),
    responses((status = 200, description = "It lives", body = Status)))]
pub(crate) async fn health() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// The desk is ready to trade: the journal can be written, the clocks agree, and every account
/// answers, is connected and compared.
#[utoipa::path(get, path = "/api/health/ready", tag = "health", security(()),
    responses((status = 200, description = "Ready", body = Status),
        (status = 503, description = "Not ready; a key shows why at /api/desk", body = Status)))]
pub(crate) async fn ready(State(state): State<ApiState>) -> (StatusCode, Json<Status>) {
    let ready = match state.known_ready(FRESH) {
        Some(known) => known,
        None => {
            let ready = judge(&state).await;
            state.set_ready(ready);
            ready
        }
    };
    if ready {
        (StatusCode::OK, Json(Status { status: "ready" }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Status { status: "not_ready" }))
    }
}

async fn judge(state: &ApiState) -> bool {
    let desk = state.desk();
    if !desk.journal_writable() || !desk.clock().now().trusted {
        return false;
    }
    let looks =
        views::gather_granted(desk, &Grants::All, None, |core, _| views::account::fitness(core))
            .await;
    looks.is_ok_and(|all| {
        all.unavailable.is_empty()
            && all.found.iter().all(|(_, f)| f.journal && f.reconciled && f.connected)
    })
}
