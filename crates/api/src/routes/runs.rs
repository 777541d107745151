//! Strategies at work on paper: list, start, pause, resume, stop.
//!
//! A run asks for every trade like anybody, so this door opens and closes nothing by itself. It
//! must not know how rules decide.

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use domain::{AccountId, BookId};
use identity::Grants;
use runner::{NewRun, RunError, RunId, RunRecord, Seen, Stop};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::{
        self,
        run::{DamagedRunView, Standing, StrategyRunList, StrategyRunView},
    },
};

/// Constants that one request may give.
const PARAMS_MAX: usize = strategy::PARAMS_MAX;

/// A strategy to run.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"strategy_id": "s-1", "account": "main", "book": "trend",
    "params": {"fast": 12}}))]
pub(crate) struct NewStrategyRun {
    /// A stored strategy; its text of now is what runs.
    strategy_id: Option<String>,
    /// The text of a strategy that isn't stored: TOML, at most 64 KiB.
    source: Option<String>,
    /// Where it trades; paper and replay accounts only.
    #[schema(value_type = String)]
    account: AccountId,
    /// Its book, which must hold nothing that the strategy trades; opened when there is none.
    #[schema(value_type = String)]
    book: BookId,
    /// Constants that are not at their defaults.
    #[schema(required = false)]
    params: BTreeMap<String, f64>,
}

impl FromFields for NewStrategyRun {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (strategy_id, source) = (f.may::<String>("strategy_id"), f.may::<String>("source"));
        let (account, book) = (f.need("account"), f.need("book"));
        let params = f.numbers("params", PARAMS_MAX);
        let (strategy_id, source) = (strategy_id?, source?);
        if strategy_id.is_some() == source.is_some() {
            f.refuse("strategy_id", "either this or `source`, and not both");
            return None;
        }
        let (account, book) = (account?, book?);
        Some(Self { strategy_id, source, account, book, params: params? })
    }
}

/// What becomes of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AtStop {
    /// They stay, with the stops that they have.
    Keep,
    /// They are closed at the market.
    Close,
}

/// How a run is to end.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"positions": "keep"}))]
pub(crate) struct StopRequest {
    /// What becomes of positions. It has to be written.
    positions: AtStop,
}

impl FromFields for StopRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { positions: f.need_choice("positions", "keep or close")? })
    }
}

fn failed(error: RunError) -> ApiError {
    let (code, text) = (error.code(), error.to_string());
    match error {
        RunError::Desk(error) => error.into(),
        RunError::Unknown(_) => {
            ApiError::not_found(code, text, "Use an id that GET /api/strategy-runs shows.")
        }
        RunError::Id(_) => {
            ApiError::invalid(code, text, "Use an id that GET /api/strategy-runs shows.")
        }
        RunError::BookTaken { .. } | RunError::BookInUse { .. } | RunError::Impossible { .. } => {
            ApiError::conflict(code, text, "See what runs at GET /api/strategy-runs.")
        }
        RunError::Refused { refusals, .. } => ApiError::refused(&refusals),
        RunError::StopLate(_) => {
            let remedy = "It is being stopped: ask again with POST /api/strategy-runs/{id}/stop.";
            ApiError::unavailable(code, text, remedy).retry_after(1)
        }
        RunError::TooMany { .. } => {
            ApiError::conflict(code, text, "Stop one with POST /api/strategy-runs/{id}/stop.")
        }
        RunError::Store(_) | RunError::Late { .. } => {
            ApiError::unavailable(code, text, "Try again in a moment.")
        }
        RunError::Strategy { .. } | RunError::Rule { .. } => {
            ApiError::invalid(code, text, "POST /api/strategies/check names every fault.")
        }
        RunError::Param(_) => {
            ApiError::invalid(code, text, "GET /api/strategies/{id} shows parameters and ranges.")
        }
        RunError::UnknownSymbol { .. } => {
            ApiError::invalid(code, text, "GET /api/instruments shows what is traded.")
        }
        RunError::NoFeed { .. } => {
            let remedy = "Change the strategy's timeframe, or import bars of this one and start \
                          the desk with --replay-from DATE.";
            ApiError::invalid(code, text, remedy)
        }
    }
}

impl Asked {
    /// A run, when its account is granted. One that isn't is answered like one that isn't there.
    async fn run(&self, id: &str) -> Result<Seen, ApiError> {
        let all = self.runs().list();
        let mine = all.into_iter().find(|seen| seen.record.id.0 == id);
        let mine = mine.filter(|seen| self.grants().has(&seen.record.account));
        mine.ok_or_else(|| failed(RunError::Unknown(RunId(id.to_owned()))))
    }

    /// A run as it is shown now.
    async fn shown(&self, seen: Seen) -> StrategyRunView {
        let (book, ids) = (seen.record.book.clone(), seen.instruments.clone());
        let standing = match self.account(&seen.record.account) {
            Ok(account) if seen.timeframe.is_some() => {
                let look = move |core: &path::core::Core, _| Standing::of(core, &book, &ids);
                views::look(&account, look).await.ok()
            }
            // An account that has no answer leaves the run's own figures; what a stopped run's book
            // holds by now may be somebody else's.
            _ => None,
        };
        StrategyRunView::new(seen, standing)
    }

    async fn shown_after(&self, record: RunRecord) -> Result<Json<StrategyRunView>, ApiError> {
        let seen = self.run(&record.id.0).await?;
        Ok(Json(self.shown(seen).await))
    }
}

/// Every run, the newest first; stopped ones too, and beside them what can't be read.
#[utoipa::path(get, path = "/api/strategy-runs", tag = "strategies",
    responses((status = 200, description = "The runs", body = StrategyRunList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<StrategyRunList>, ApiError> {
    let mut items = Vec::new();
    let runs = state.runs().damaged();
    let damaged = runs.into_iter().filter(|one| match &one.account {
        Some(account) => state.grants().has(account),
        // Whose it is can't be read, so who has every account is told.
        None => *state.grants() == Grants::All,
    });
    let damaged = damaged.map(DamagedRunView::from).collect();
    for seen in state.runs().list() {
        if state.grants().has(&seen.record.account) {
            items.push(state.shown(seen).await);
        }
    }
    Ok(Json(StrategyRunList { items, damaged }))
}

/// Starts a strategy on paper. It decides on the next close of its bars.
#[utoipa::path(post, path = "/api/strategy-runs", tag = "strategies",
    request_body = NewStrategyRun,
    responses((status = 201, description = "Started", body = StrategyRunView),
        (status = 409, description = "The book is in use", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "It can't run as it is", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn start(
    state: Asked,
    Body(body): Body<NewStrategyRun>,
) -> Result<(StatusCode, Json<StrategyRunView>), ApiError> {
    let account = state.account(&body.account)?.id().clone();
    let source = match (&body.strategy_id, body.source) {
        (Some(id), _) => state.strategies().get(id.clone(), state.reach()).await?.1,
        (None, source) => source.unwrap_or_default(),
    };
    let new = NewRun {
        strategy_id: body.strategy_id,
        source,
        account,
        book: body.book,
        params: body.params,
        by: state.origin(),
    };
    let record = state.runs().start(new).await.map_err(failed)?;
    Ok((StatusCode::CREATED, state.shown_after(record).await?))
}

/// One run.
#[utoipa::path(get, path = "/api/strategy-runs/{id}", tag = "strategies",
    params(("id" = String, Path, description = "The run", example = "run-1")),
    responses((status = 200, description = "The run", body = StrategyRunView),
        (status = 404, description = "No such run", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(
    state: Asked,
    At(id): At<String>,
) -> Result<Json<StrategyRunView>, ApiError> {
    let seen = state.run(&id).await?;
    let source = Some(seen.record.source.clone());
    let mut view = state.shown(seen).await;
    view.source = source;
    Ok(Json(view))
}

/// Lets a run open nothing more. What it holds it closes as its rules say.
#[utoipa::path(post, path = "/api/strategy-runs/{id}/pause", tag = "strategies",
    params(("id" = String, Path, description = "The run", example = "run-1")),
    responses((status = 200, description = "Paused", body = StrategyRunView),
        (status = 409, description = "It was stopped", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn pause(
    state: Asked,
    At(id): At<String>,
) -> Result<Json<StrategyRunView>, ApiError> {
    let id = state.run(&id).await?.record.id;
    let record = state.runs().pause(&id, &state.origin()).await.map_err(failed)?;
    state.shown_after(record).await
}

/// Lets a paused run go on.
#[utoipa::path(post, path = "/api/strategy-runs/{id}/resume", tag = "strategies",
    params(("id" = String, Path, description = "The run", example = "run-1")),
    responses((status = 200, description = "It goes on", body = StrategyRunView),
        (status = 409, description = "It was stopped", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn resume(
    state: Asked,
    At(id): At<String>,
) -> Result<Json<StrategyRunView>, ApiError> {
    let id = state.run(&id).await?.record.id;
    let record = state.runs().resume(&id, &state.origin()).await.map_err(failed)?;
    state.shown_after(record).await
}

/// Ends a run for good. What waits or works to open a position is taken back. The run is
/// `stopping` until nothing is left of that, and can be asked to stop again.
#[utoipa::path(post, path = "/api/strategy-runs/{id}/stop", tag = "strategies",
    request_body = StopRequest,
    params(("id" = String, Path, description = "The run", example = "run-1")),
    responses((status = 200, description = "Stopped, or being stopped", body = StrategyRunView),
        (status = 422, description = "A close was refused; it is still being stopped",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The account has no answer; it is still being stopped",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stop(
    state: Asked,
    At(id): At<String>,
    Body(body): Body<StopRequest>,
) -> Result<Json<StrategyRunView>, ApiError> {
    let id = state.run(&id).await?.record.id;
    let positions = match body.positions {
        AtStop::Keep => Stop::Keep,
        AtStop::Close => Stop::Close,
    };
    let record = state.runs().stop(&id, positions, &state.origin()).await.map_err(failed)?;
    state.shown_after(record).await
}
