//! Orders that wait for the market's next opening: list them, take one back.
//!
//! They are sized and judged at the opening. It must not know when a market opens.

use axum::Json;
use domain::{AccountId, IntentId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Done, done};
use crate::{
    extract::{At, Params, parse, parse_opt},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::{
        self,
        armed::{ArmedList, ArmedView},
    },
};

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArmedQuery {
    /// Only this account's.
    account: Option<String>,
}

/// Everything that waits for an opening.
#[utoipa::path(get, path = "/api/armed", tag = "armed", params(ArmedQuery),
    responses((status = 200, description = "The requests", body = ArmedList)))]
pub(crate) async fn list(
    state: Asked,
    Params(query): Params<ArmedQuery>,
) -> Result<Json<ArmedList>, ApiError> {
    let account = parse_opt::<AccountId>("account", query.account.as_ref())?;
    let all = views::gather(&state, account.as_ref(), |core, _| {
        let state = core.state();
        let view = |armed| (ArmedView::new(&state.spec.id, armed), armed.since);
        state.armed.values().map(view).collect::<Vec<_>>()
    })
    .await?;
    let mut found: Vec<_> = all.found.into_iter().flat_map(|(_, armed)| armed).collect();
    found.sort_by_key(|(_, since)| *since);
    let armed = found.into_iter().map(|(view, _)| view).collect();
    Ok(Json(ArmedList { armed, unavailable: all.unavailable }))
}

/// Takes a request back that waits for an opening.
#[utoipa::path(delete, path = "/api/armed/{account}/{intent}", tag = "armed",
    params(("account" = String, Path, description = "The account", example = "main"),
        ("intent" = String, Path, description = "The request that waits")),
    responses((status = 200, description = "Taken back", body = Done),
        (status = 404, description = "Nothing of this id waits", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn disarm(
    state: Asked,
    At((account, intent)): At<(String, String)>,
) -> Result<Json<Done>, ApiError> {
    let account: AccountId = parse("account", &account)?;
    let intent: IntentId = parse("intent", &intent)?;
    done(state.account(&account)?.disarm(intent, state.origin()).await?)
}
