//! Positions: list, close, protect, adopt.
//!
//! It must not know how a close is carried out.

use axum::{Json, extract::State, http::HeaderMap};
use domain::{AccountId, BookId, Percent, Price, Protective};
use rust_decimal::Decimal;
use utoipa::ToSchema;

use super::{
    Done, done,
    orders::{
        create::finish,
        outcome::Outcome,
        wait::{Wait, WaitQuery},
    },
};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, Params, parse},
    guard::memo::key_of,
    problem::{ApiError, FieldError, Problem},
    state::{ApiState, by_key, by_operator},
    views::{
        self,
        position::{PositionId, PositionList, of_account},
    },
};

/// Every open position.
#[utoipa::path(get, path = "/api/positions", tag = "positions",
    responses((status = 200, description = "The positions", body = PositionList)))]
pub(crate) async fn list(State(state): State<ApiState>) -> Result<Json<PositionList>, ApiError> {
    positions(&state, None).await
}

/// The open positions of an account.
#[utoipa::path(get, path = "/api/accounts/{id}/positions", tag = "positions",
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "The positions", body = PositionList)))]
pub(crate) async fn list_of_account(
    State(state): State<ApiState>,
    At(id): At<AccountId>,
) -> Result<Json<PositionList>, ApiError> {
    positions(&state, Some(&id)).await
}

async fn positions(
    state: &ApiState,
    only: Option<&AccountId>,
) -> Result<Json<PositionList>, ApiError> {
    let all = views::gather(state.desk(), only, of_account).await?;
    let positions = all.found.into_iter().flat_map(|(_, positions)| positions).collect();
    Ok(Json(PositionList { positions, unavailable: all.unavailable }))
}

/// How much to close.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"percent": "50"}))]
pub(crate) struct CloseRequest {
    /// The share of the position, above 0 and at most 100; 100 when absent.
    #[schema(value_type = Option<String>)]
    percent: Percent,
}

impl FromFields for CloseRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let whole = Percent::basis_points(10_000);
        let percent = f.decimal::<Percent>("percent")?.unwrap_or(whole);
        if percent.get() <= Decimal::ZERO || percent > whole {
            f.refuse("percent", "above 0 and at most 100");
            return None;
        }
        Some(Self { percent })
    }
}

/// Closes a share of a position at the market.
#[utoipa::path(post, path = "/api/positions/{id}/close", tag = "positions",
    request_body = CloseRequest,
    params(("id" = String, Path, description = "`<account>.<book>.<venue:symbol>`, url-encoded",
            example = "main.manual.sim:IBM"),
        WaitQuery),
    responses((status = 200, description = "Ended while it was waited for", body = Outcome),
        (status = 202, description = "The close has begun", body = Outcome),
        (status = 422, description = "Nothing to close", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn close(
    State(state): State<ApiState>,
    At(id): At<String>,
    Params(wait): Params<WaitQuery>,
    headers: HeaderMap,
    Body(body): Body<CloseRequest>,
) -> Result<Outcome, ApiError> {
    let (span, key) = (wait.span()?, key_of(&headers)?);
    let id: PositionId = parse("id", &id)?;
    let account = state.desk().account(&id.account)?;
    let events = state.desk().subscribe();
    let reply = account.close(id.book, id.instrument, body.percent, key, by_key()).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    finish(account.id(), reply, wait).await
}

/// New levels of a position. They replace both old ones.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"stop": "95", "target": "120"}))]
pub(crate) struct ProtectionRequest {
    /// Close at a loss from here on; rests at the venue.
    #[schema(value_type = Option<String>)]
    stop: Option<Price>,
    /// Close at a profit from here on; watched by the desk.
    #[schema(value_type = Option<String>)]
    target: Option<Price>,
    /// True to let the position stand without a stop; needed when none is given.
    #[schema(required = false)]
    #[allow(dead_code, reason = "read with the fields, and described")]
    accept_unprotected: bool,
}

impl FromFields for ProtectionRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let stop = f.decimal::<Price>("stop");
        let target = f.decimal::<Price>("target");
        let accept = f.flag("accept_unprotected");
        let (stop, target, accept_unprotected) = (stop?, target?, accept?);
        if stop.is_none() && !accept_unprotected {
            f.refuse("stop", "required, or `accept_unprotected` must be true");
            return None;
        }
        Some(Self { stop, target, accept_unprotected })
    }
}

/// Moves a position's stop and target.
#[utoipa::path(put, path = "/api/positions/{id}/protection", tag = "positions",
    request_body = ProtectionRequest,
    params(("id" = String, Path, description = "`<account>.<book>.<venue:symbol>`, url-encoded",
            example = "main.manual.sim:IBM")),
    responses((status = 200, description = "Moved; the venue's stop follows", body = Done)))]
pub(crate) async fn protect(
    State(state): State<ApiState>,
    At(id): At<String>,
    Body(body): Body<ProtectionRequest>,
) -> Result<Json<Done>, ApiError> {
    let id: PositionId = parse("id", &id)?;
    let account = state.desk().account(&id.account)?;
    let levels = Protective { stop: body.stop, target: body.target, ..Protective::default() };
    let wanted = id.clone();
    let errors = views::look(&account, move |core, _| level_errors(core, &wanted, levels)).await?;
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    done(account.set_plan(id.book, id.instrument, levels, by_operator()).await?)
}

/// What a venue would refuse or trigger at once: levels off the tick or beyond the last price.
fn level_errors(core: &path::core::Core, id: &PositionId, levels: Protective) -> Vec<FieldError> {
    let state = core.state();
    let Some(instrument) = state.instruments.get(&id.instrument) else { return Vec::new() };
    let long = state.position(&id.book, &id.instrument).is_long();
    let mark = core.market().mark(&id.instrument);
    let mut errors = Vec::new();
    for (field, level, below) in [("stop", levels.stop, long), ("target", levels.target, !long)] {
        let Some(level) = level else { continue };
        let error =
            |rule| FieldError { field: field.to_owned(), value: Some(level.to_string()), rule };
        if !level.is_on_tick(instrument.tick) {
            errors.push(error(format!("a multiple of the tick {}", instrument.tick)));
        }
        if let Some(mark) = mark.filter(|m| if below { level >= *m } else { level <= *m }) {
            let side = if below { "below" } else { "above" };
            errors.push(error(format!("{side} the last price {mark}, or it would fire at once")));
        }
    }
    errors
}

/// The book that takes a holding over.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"book": "manual"}))]
pub(crate) struct AdoptRequest {
    /// The book; `manual` when absent.
    #[schema(value_type = Option<String>)]
    book: BookId,
}

impl FromFields for AdoptRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { book: f.may::<BookId>("book")?.unwrap_or_else(BookId::manual) })
    }
}

/// Gives an unmanaged holding to a book.
#[utoipa::path(post, path = "/api/positions/{id}/adopt", tag = "positions",
    request_body = AdoptRequest,
    params(("id" = String, Path, description = "`<account>.unmanaged.<venue:symbol>`, url-encoded",
            example = "main.unmanaged.sim:IBM")),
    responses((status = 200, description = "Adopted", body = Done)))]
pub(crate) async fn adopt(
    State(state): State<ApiState>,
    At(text): At<String>,
    Body(body): Body<AdoptRequest>,
) -> Result<Json<Done>, ApiError> {
    let id: PositionId = parse("id", &text)?;
    if !id.book.is_unmanaged() {
        return Err(ApiError::fields(vec![FieldError {
            field: "id".to_owned(),
            value: Some(text),
            rule: "a position of the book `unmanaged`; others are managed already".to_owned(),
        }]));
    }
    let account = state.desk().account(&id.account)?;
    done(account.adopt(id.instrument, body.book).await?)
}
