//! Taking an order away.
//!
//! Whether that lowers risk is the gate's to say: a stop is taken away only on purpose.

use axum::{Json, http::StatusCode};
use domain::{AccountId, ClientOrderId};
use path::core::Reply;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{At, Params, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
};

/// How to cancel.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CancelQuery {
    /// True to cancel the stop of a position and let the position stand without it.
    accept_unprotected: Option<bool>,
}

/// A cancel on its way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Cancelling {
    /// The order.
    order: String,
    /// Always true: the venue's answer follows as an event.
    cancelling: bool,
}

/// Cancels an order.
#[utoipa::path(delete, path = "/api/orders/{account}/{client_order_id}", tag = "orders",
    params(("account" = String, Path, description = "The account", example = "main"),
        ("client_order_id" = String, Path, description = "The order", example = "cfa1b2c3-1-a"),
        CancelQuery),
    responses((status = 202, description = "On its way", body = Cancelling),
        (status = 404, description = "No such order, or it has ended", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It protects a position", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn cancel(
    state: Asked,
    At((account, order)): At<(String, String)>,
    Params(query): Params<CancelQuery>,
) -> Result<(StatusCode, Json<Cancelling>), ApiError> {
    let account: AccountId = parse("account", &account)?;
    let order: ClientOrderId = parse("client_order_id", &order)?;
    let handle = state.account(&account)?;
    let unprotected = query.accept_unprotected.unwrap_or(false);
    match handle.cancel(order.clone(), state.origin(), unprotected).await? {
        Reply::Refused(refusals) => Err(ApiError::refused(&refusals)),
        _ => {
            let body = Cancelling { order: order.to_string(), cancelling: true };
            Ok((StatusCode::ACCEPTED, Json(body)))
        }
    }
}
