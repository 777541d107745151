//! The reference of the formula language, for editors.
//!
//! It must not say anything that the language's own tables don't say.

use axum::Json;

use crate::views::strategy::FunctionList;

/// Every function and name of the formula language.
#[utoipa::path(get, path = "/api/formulas/functions", tag = "strategies",
    responses((status = 200, description = "The reference", body = FunctionList)))]
pub(crate) async fn functions() -> Json<FunctionList> {
    Json(FunctionList { items: formula::docs::entries(), names: formula::docs::names() })
}
