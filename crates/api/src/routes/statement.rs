//! What an account did: round trips, tax lots, trading days; every table as CSV.
//!
//! Statements are computed from the journal and kept, so that the next request reads only what
//! is new. It must not write.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{AccountId, BookId, InstrumentId};
use path::{
    event::Event,
    journal::{JournalReader, StreamId},
};
use serde::Deserialize;
use statement::{
    Movement, Statement, Summary, TotalsLine, days_csv, lots_csv, movements_csv, totals_csv,
    trips_csv,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{At, Params, page},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::statement::{DayPage, EquityPage, LotPage, TripPage},
};

/// Records read at once.
const CHUNK: usize = 1_000;
/// The largest page.
pub(super) const PAGE_MAX: usize = 1_000;
/// The page when none is asked for.
pub(super) const PAGE: usize = 100;

/// Statements by account, as far as they were read.
#[derive(Default)]
pub(crate) struct Statements(Mutex<BTreeMap<AccountId, Arc<Mutex<Read>>>>);

#[derive(Default)]
struct Read {
    through: u64,
    statement: Statement,
}

impl Statements {
    fn of(&self, account: &AccountId) -> Arc<Mutex<Read>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(account.clone()).or_default().clone()
    }
}

impl Read {
    /// Takes in what the journal has beyond what was read.
    fn advance(&mut self, reader: &dyn JournalReader, stream: &StreamId) -> Result<(), String> {
        loop {
            let records = reader.read(stream, self.through, CHUNK).map_err(|e| e.to_string())?;
            if records.is_empty() {
                return Ok(());
            }
            for record in records {
                let named = |e: &dyn std::fmt::Display| format!("record {}: {e}", record.seq);
                let event = Event::decode(&record.kind, record.version, &record.body)
                    .map_err(|e| named(&e))?;
                self.statement.take(record.at, &event).map_err(|e| named(&e))?;
                self.through = record.seq;
            }
        }
    }
}

/// Looks at an account's statement on a thread that may block.
pub(super) async fn look<T: Send + 'static>(
    state: &Asked,
    account: &AccountId,
    look: impl FnOnce(&Statement, u64) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let stream = StreamId::account(state.account(account)?.id());
    let (known, reader) = (state.statements().of(account), state.desk().reader());
    let read = tokio::task::spawn_blocking(move || {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever goes wrong leaves nothing half read behind.
        let mut read = std::mem::take(&mut *known);
        read.advance(reader.as_ref(), &stream)?;
        let found = look(&read.statement, read.through);
        *known = read;
        Ok::<_, String>(found)
    });
    let failed = |detail: String| ApiError::internal("statement_unreadable", detail);
    read.await.map_err(|e| failed(e.to_string()))?.map_err(failed)
}

/// Which rows.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowQuery {
    /// Only this book's.
    #[param(value_type = Option<String>)]
    book: Option<BookId>,
    /// Only this symbol's, written `venue:SYMBOL`.
    #[param(value_type = Option<String>)]
    symbol: Option<InstrumentId>,
    /// Rows on the page, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

impl RowQuery {
    fn wants(&self, book: &BookId, symbol: &InstrumentId) -> bool {
        self.book.as_ref().is_none_or(|b| b == book)
            && self.symbol.as_ref().is_none_or(|s| s == symbol)
    }
}

/// Round trips of an account, from flat to flat, the newest first.
#[utoipa::path(get, path = "/api/accounts/{id}/trips", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), RowQuery),
    responses((status = 200, description = "The round trips", body = TripPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn trips(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<RowQuery>,
) -> Result<Json<TripPage>, ApiError> {
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    let view = move |statement: &Statement, through| {
        let all = || statement.trips().filter(|t| query.wants(&t.book, &t.instrument));
        let trips = all().rev().take(limit).map(Into::into).collect();
        TripPage { through, summary: Summary::of(all()).into(), trips }
    };
    Ok(Json(look(&state, &id, view).await?))
}

/// Closed tax lots of an account, first in, first out, the newest first.
#[utoipa::path(get, path = "/api/accounts/{id}/lots", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), RowQuery),
    responses((status = 200, description = "The lots", body = LotPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn lots(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<RowQuery>,
) -> Result<Json<LotPage>, ApiError> {
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    let view = move |statement: &Statement, through| {
        let all = || statement.lots().filter(|l| query.wants(&l.book, &l.instrument));
        let lots = all().rev().take(limit).map(Into::into).collect();
        LotPage { through, total: all().count(), lots }
    };
    Ok(Json(look(&state, &id, view).await?))
}

/// How many days.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayQuery {
    /// Days on the page, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Trading days of an account with the equity at each opening, the newest first.
#[utoipa::path(get, path = "/api/accounts/{id}/days", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), DayQuery),
    responses((status = 200, description = "The days", body = DayPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn days(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<DayQuery>,
) -> Result<Json<DayPage>, ApiError> {
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    let view = move |statement: &Statement, through| {
        let days = statement.days().rev().take(limit).map(Into::into).collect();
        DayPage { through, days }
    };
    Ok(Json(look(&state, &id, view).await?))
}

/// Equity of an account over time, about once an hour and at each day's opening, the newest first.
#[utoipa::path(get, path = "/api/accounts/{id}/equity", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), DayQuery),
    responses((status = 200, description = "The marks", body = EquityPage),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn equity(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<DayQuery>,
) -> Result<Json<EquityPage>, ApiError> {
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    let view = move |statement: &Statement, through| {
        let marks = statement.equity().rev().take(limit).map(Into::into).collect();
        EquityPage { through, marks }
    };
    Ok(Json(look(&state, &id, view).await?))
}

/// A table of a statement.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TableName {
    /// Round trips.
    Trips,
    /// Closed tax lots.
    #[default]
    Lots,
    /// Trading days.
    Days,
    /// What moved without an execution.
    Movements,
    /// What each book earned and paid in all.
    Totals,
}

/// Which table.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TableQuery {
    /// trips, lots, days, movements or totals; lots when absent.
    #[serde(default)]
    #[param(inline)]
    table: TableName,
    /// Only this book's.
    #[param(value_type = Option<String>)]
    book: Option<BookId>,
}

/// A whole table as CSV, the earliest row first.
#[utoipa::path(get, path = "/api/accounts/{id}/statement.csv", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main"), TableQuery),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn table(
    state: Asked,
    At(id): At<AccountId>,
    Params(query): Params<TableQuery>,
) -> Result<Response, ApiError> {
    let TableQuery { table, book } = query;
    let text = look(&state, &id, move |statement, _| {
        let wanted = |b: &BookId| book.as_ref().is_none_or(|book| book == b);
        match table {
            TableName::Trips => trips_csv(statement.trips().filter(|t| wanted(&t.book))),
            TableName::Lots => lots_csv(statement.lots().filter(|l| wanted(&l.book))),
            TableName::Days => days_csv(statement.days()),
            TableName::Movements => {
                let all = || book.is_none();
                let wanted = |m: &&Movement| m.book.as_ref().map_or_else(all, wanted);
                movements_csv(statement.movements().filter(wanted))
            }
            TableName::Totals => {
                let books = statement.totals().filter(|t| wanted(&t.book));
                let lines: Vec<TotalsLine> = books.flat_map(|t| t.lines()).collect();
                totals_csv(lines.iter())
            }
        }
    });
    let text =
        text.await?.map_err(|e| ApiError::internal("statement_unreadable", e.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}
