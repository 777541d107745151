//! Instruments: list them, list a contract at the simulated venue.
//!
//! A contract follows a series of prices that the desk has. It must not know where those come
//! from.

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};

use crate::{
    extract::Body,
    guard::asked::Asked,
    problem::{ApiError, Problem},
    routes::contract::{NewInstrumentRequest, NewInstrumentSchema},
    views::{
        self,
        instrument::{InstrumentList, InstrumentView},
    },
};

/// Every instrument that an account trades.
#[utoipa::path(get, path = "/api/instruments", tag = "market",
    responses((status = 200, description = "The instruments", body = InstrumentList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<InstrumentList>, ApiError> {
    let all = views::gather(&state, None, |core, _| {
        let view = |i| InstrumentView::new(core, i);
        core.state().instruments.values().map(view).collect::<Vec<_>>()
    })
    .await?;
    let mut by_symbol: BTreeMap<String, InstrumentView> = BTreeMap::new();
    for view in all.found.into_iter().flat_map(|(_, views)| views) {
        match by_symbol.get_mut(&view.symbol) {
            Some(known) => known.accounts.extend(view.accounts),
            None => {
                by_symbol.insert(view.symbol.clone(), view);
            }
        }
    }
    for listed in state.contracts().listed() {
        let view = by_symbol.get_mut(listed.id.as_str());
        if let Some(terms) = view.and_then(|view| view.contract.as_mut()) {
            terms.complete(&listed);
        }
    }
    let instruments = by_symbol.into_values().collect();
    let assumptions = state.contracts().assumptions();
    Ok(Json(InstrumentList { instruments, assumptions, unavailable: all.unavailable }))
}

/// Lists a contract at the simulated venue: for every account, and for good. A contract that is
/// listed already is given these terms; its currency, multiplier and kind stay.
#[utoipa::path(post, path = "/api/instruments", tag = "market", request_body = NewInstrumentSchema,
    responses((status = 201, description = "Listed", body = InstrumentList),
        (status = 409, description = "The venue lists no more", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    Body(NewInstrumentRequest(wanted)): Body<NewInstrumentRequest>,
) -> Result<(StatusCode, Json<InstrumentList>), ApiError> {
    let id = state.contracts().list(wanted).await?;
    let Json(mut all) = list(state).await?;
    all.instruments.retain(|instrument| instrument.symbol == id.as_str());
    Ok((StatusCode::CREATED, Json(all)))
}
