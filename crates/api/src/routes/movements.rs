//! What moved without an execution, page by page, and what each book earned in all.
//!
//! Both are views of the journal, like statements. It must not write.

use axum::Json;
use domain::{AccountId, BookId, InstrumentId};
use serde::Deserialize;
use statement::{Movement, Reason, Statement};
use utoipa::IntoParams;

use super::statement::{PAGE, PAGE_MAX, look};
use crate::{
    extract::{At, Params, page},
    guard::asked::Asked,
    problem::{ApiError, FieldError, Problem},
    views::movement::{MovementPage, MovementView, TotalsPage},
};

/// Which movements.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MovementQuery {
    /// Only of this kind: funding, borrow_fee, interest, dividend, cash_in_lieu, deposit,
    /// withdrawal, adjustment or split.
    kind: Option<String>,
    /// Only this book's.
    #[param(value_type = Option<String>)]
    book: Option<BookId>,
    /// Only on this symbol, written `venue:SYMBOL`.
    #[param(value_type = Option<String>)]
    symbol: Option<InstrumentId>,
    /// Only those with a smaller number: `next_before` of the page before.
    before: Option<u64>,
    /// Rows on the page, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

fn reason(name: Option<&String>) -> Result<Option<Reason>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    let known = Reason::parse(name).map(Some);
    known.ok_or_else(|| {
        let rule = "funding, borrow_fee, interest, dividend, cash_in_lieu, deposit, withdrawal, \
                    adjustment or split";
        let value = Some(name.chars().take(80).collect());
        ApiError::fields(vec![FieldError {
            field: "kind".to_owned(),
            value,
            rule: rule.to_owned(),
        }])
    })
}

/// What moved without an execution: funding, loans, dividends, deposits, splits; the newest first.
#[utoipa::path(get, path = "/api/accounts/{id}/movements", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), MovementQuery),
    responses((status = 200, description = "The movements", body = MovementPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn list(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<MovementQuery>,
) -> Result<Json<MovementPage>, ApiError> {
    let (limit, reason) = (page(query.limit, PAGE, PAGE_MAX)?, reason(query.kind.as_ref())?);
    let wanted = move |m: &&Movement| {
        query.before.is_none_or(|before| m.number < before)
            && reason.is_none_or(|reason| m.reason == reason)
            && query.book.as_ref().is_none_or(|book| m.book.as_ref() == Some(book))
            && query.symbol.as_ref().is_none_or(|symbol| m.instrument.as_ref() == Some(symbol))
    };
    let view = move |statement: &Statement, through| {
        let mut found = statement.movements().rev().filter(wanted);
        let rows: Vec<&Movement> = found.by_ref().take(limit).collect();
        let next_before = rows.last().map(|row| row.number).filter(|_| found.next().is_some());
        let movements = rows.into_iter().map(MovementView::from).collect();
        MovementPage { through, movements, next_before }
    };
    Ok(Json(look(&state, &id, view).await?))
}

/// Whose totals.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TotalsQuery {
    /// Only this book's.
    #[param(value_type = Option<String>)]
    book: Option<BookId>,
}

/// What each book earned and paid in all: results, fees, funding, loans, dividends.
#[utoipa::path(get, path = "/api/accounts/{id}/totals", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), TotalsQuery),
    responses((status = 200, description = "The totals", body = TotalsPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn totals(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<TotalsQuery>,
) -> Result<Json<TotalsPage>, ApiError> {
    let view = move |statement: &Statement, through| {
        let wanted = |book: &BookId| query.book.as_ref().is_none_or(|wanted| wanted == book);
        let lines = statement.totals().filter(|t| wanted(&t.book)).flat_map(|t| t.lines());
        let totals = lines.map(|line| (&line).into()).collect();
        TotalsPage { through, totals }
    };
    Ok(Json(look(&state, &id, view).await?))
}
