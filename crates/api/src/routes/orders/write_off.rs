//! Writing off an order that the venue took and no longer knows.
//!
//! Whether it is lost is the account's to say. It must not ask a venue.

use axum::Json;
use domain::{AccountId, ClientOrderId};

use crate::{
    extract::{At, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    routes::{Done, done},
};

/// Ends an order that the venue took and, asked twice since, doesn't know. It keeps its risk until
/// then. Should the venue tell that it lives, or an execution of it, it counts again.
#[utoipa::path(post, path = "/api/orders/{account}/{client_order_id}/write-off", tag = "orders",
    params(("account" = String, Path, description = "The account", example = "main"),
        ("client_order_id" = String, Path, description = "The order", example = "cfa1b2c3-1-a")),
    responses((status = 200, description = "Written off", body = Done),
        (status = 404, description = "No such order, or it has ended", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The venue has not said twice that it doesn't know it",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn write_off(
    state: Asked,
    At((account, order)): At<(String, String)>,
) -> Result<Json<Done>, ApiError> {
    let account: AccountId = parse("account", &account)?;
    let order: ClientOrderId = parse("client_order_id", &order)?;
    let handle = state.account(&account)?;
    done(handle.write_off(order, state.operator()).await?)
}
