//! Positions: list, close, adopt, leave alone.
//!
//! It must not know how a close is carried out.

use axum::{Json, http::HeaderMap};
use domain::{AccountId, BookId, InstrumentId, Percent};
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
    guard::asked::Asked,
    guard::memo::key_of,
    problem::{ApiError, FieldError, Problem},
    views::{
        self,
        position::{PositionId, PositionList, of_account},
    },
};

/// Every open position.
#[utoipa::path(get, path = "/api/positions", tag = "positions",
    responses((status = 200, description = "The positions", body = PositionList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<PositionList>, ApiError> {
    positions(&state, None).await
}

/// The open positions of an account.
#[utoipa::path(get, path = "/api/accounts/{id}/positions", tag = "positions",
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "The positions", body = PositionList)))]
pub(crate) async fn list_of_account(
    state: Asked,
    At(id): At<AccountId>,
) -> Result<Json<PositionList>, ApiError> {
    positions(&state, Some(&id)).await
}

async fn positions(
    state: &Asked,
    only: Option<&AccountId>,
) -> Result<Json<PositionList>, ApiError> {
    let all = views::gather(state, only, of_account).await?;
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
        Some(Self { percent: share(f, percent)? })
    }
}

/// A share of a position that can be closed.
fn share(f: &mut Fields, percent: Percent) -> Option<Percent> {
    if percent.get() <= Decimal::ZERO || percent > Percent::basis_points(10_000) {
        f.refuse_value("percent", percent, "above 0 and at most 100");
        return None;
    }
    Some(percent)
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
    state: Asked,
    At(id): At<String>,
    Params(wait): Params<WaitQuery>,
    headers: HeaderMap,
    Body(body): Body<CloseRequest>,
) -> Result<Outcome, ApiError> {
    let (span, key) = (wait.span()?, key_of(&headers)?);
    let id: PositionId = parse("id", &id)?;
    let account = state.account(&id.account)?;
    let events = state.desk().subscribe();
    let reply = account.close(id.book, id.instrument, body.percent, key, state.origin()).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    finish(account.id(), reply, wait).await
}

/// How much to close of everything.
#[derive(Debug, ToSchema)]
#[schema(examples(json!({"percent": "100"}), json!({"percent": "50", "symbol": "sim:IBM"})))]
pub(crate) struct CloseAllRequest {
    /// The share of each position, above 0 and at most 100. It has to be written, since it may be
    /// everything.
    #[schema(value_type = String, example = "100")]
    percent: Percent,
    /// Only the positions in this instrument; all when absent.
    #[schema(value_type = Option<String>, example = "sim:IBM")]
    symbol: Option<InstrumentId>,
}

impl FromFields for CloseAllRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let percent = f.need_decimal::<Percent>("percent");
        let percent = percent.and_then(|percent| share(f, percent));
        let symbol = f.may::<InstrumentId>("symbol");
        Some(Self { percent: percent?, symbol: symbol? })
    }
}

/// Closes a share of every position of an account at the market, in all of its books. Unmanaged
/// holdings stay.
#[utoipa::path(post, path = "/api/accounts/{id}/close", tag = "positions",
    request_body = CloseAllRequest,
    params(("id" = String, Path, description = "The account", example = "main"), WaitQuery),
    responses((status = 200, description = "All ended while they were waited for", body = Outcome),
        (status = 202, description = "The closes have begun, one per position", body = Outcome,
            example = json!({"outcome": "closing", "account": "main", "ended": false, "closes": [
                {"book": "manual", "symbol": "sim:IBM", "close": 4, "qty": "10"},
                {"book": "trend", "symbol": "sim:IBM", "close": 5, "qty": "3"}]})),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Nothing to close", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn close_all(
    state: Asked,
    At(id): At<AccountId>,
    Params(wait): Params<WaitQuery>,
    Body(body): Body<CloseAllRequest>,
) -> Result<Outcome, ApiError> {
    let span = wait.span()?;
    let account = state.account(&id)?;
    let events = state.desk().subscribe();
    let reply = account.close_all(body.symbol, body.percent, state.origin()).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    finish(account.id(), reply, wait).await
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
    state: Asked,
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
    let account = state.account(&id.account)?;
    done(account.adopt(id.instrument, body.book, state.origin()).await?)
}

/// Leaves dust alone: what a book holds and is too little for the venue to trade goes to
/// `unmanaged` at the last price, where it is shown and nothing tries to close or protect it.
#[utoipa::path(post, path = "/api/positions/{id}/leave", tag = "positions",
    params(("id" = String, Path, description = "`<account>.<book>.<venue:symbol>`, url-encoded",
            example = "main.manual.sim:BTC")),
    responses((status = 200, description = "Left alone", body = Done),
        (status = 422, description = "It is no dust", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn leave(state: Asked, At(id): At<String>) -> Result<Json<Done>, ApiError> {
    let id: PositionId = parse("id", &id)?;
    let account = state.account(&id.account)?;
    done(account.leave_dust(id.book, id.instrument, state.operator()).await?)
}
