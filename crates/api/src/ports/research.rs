//! Who tries strategies on past prices.

use std::collections::BTreeMap;

use domain::Timestamp;
use identity::{Owner, Reach};
use path::broker::BoxFuture;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::StrategyText;
use crate::problem::ApiError;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// One set of parameters over one stretch of history.
    Backtest,
    /// Many sets over one stretch.
    Sweep,
    /// Parameters are chosen on one stretch and tested on the next, again and again.
    WalkForward,
    /// Whether rules know the future, and whether they have warmed up.
    Lookahead,
}

/// The values of a parameter that a grid tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridAxis {
    /// The first value.
    pub from: Decimal,
    /// The last one, when the steps meet it.
    pub to: Decimal,
    /// The distance between two values; the parameter's own when absent.
    pub step: Option<Decimal>,
}

/// Which sets of parameters are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sets {
    /// Every combination of these values.
    Grid(BTreeMap<String, GridAxis>),
    /// So many, drawn from the parameters' ranges.
    Random(u32),
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Which sets are tried.
    pub sets: Sets,
    /// The figure to make as good as can be; the command line's when absent.
    pub objective: Option<String>,
}

/// How history is divided for a walk, in bars; the command line's where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WalkPlan {
    /// Bars that parameters are chosen on.
    pub train: Option<u32>,
    /// Bars that they are tested on.
    pub test: Option<u32>,
    /// True when every train window begins with the first bar.
    pub anchored: bool,
}

/// What there is to do, with what belongs to it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// One set of parameters.
    Backtest,
    /// A search.
    Sweep(Search),
    /// A search in windows.
    WalkForward(Search, WalkPlan),
    /// So many cuts of history; the command line's number when absent.
    Lookahead(Option<u32>),
}

impl Task {
    /// The kind of run.
    #[must_use]
    pub const fn kind(&self) -> RunKind {
        match self {
            Self::Backtest => RunKind::Backtest,
            Self::Sweep(_) => RunKind::Sweep,
            Self::WalkForward(..) => RunKind::WalkForward,
            Self::Lookahead(_) => RunKind::Lookahead,
        }
    }
}

/// Money and costs of a run; the command line's where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCosts {
    /// What the account begins with, in US dollars; above 0.
    pub cash: Option<Decimal>,
    /// Fee of each fill as a share of its value.
    pub fee: Option<Decimal>,
    /// By how many hundredths of a per cent market and stop orders fill worse.
    pub slippage_bps: Option<Decimal>,
    /// Distance from bid to ask in hundredths of a per cent.
    pub spread_bps: Option<Decimal>,
    /// What shorts owe a year, as a share of their value.
    pub borrow_rate: Option<Decimal>,
}

/// A run that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// What there is to do.
    pub task: Task,
    /// The strategy's id, when it is one that is kept.
    pub strategy_id: Option<String>,
    /// The strategy.
    pub text: StrategyText,
    /// Constants with another value than their default.
    pub params: BTreeMap<String, f64>,
    /// Money and costs.
    pub costs: RunCosts,
    /// `research`, or a preset.
    pub limits: Option<String>,
    /// A preset that is asked besides, or `none`.
    pub compare: Option<String>,
    /// The seed of everything that is drawn.
    pub seed: Option<u32>,
    /// Bars that close before only warm the rules up.
    pub from: Option<Timestamp>,
    /// Bars that close after are left out.
    pub until: Option<Timestamp>,
    /// Who asked.
    pub by: String,
    /// Whose the run is.
    pub owner: Owner,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for its turn.
    Queued,
    /// It is worked at.
    Running,
    /// It has a result.
    Done,
    /// It ended without one.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

/// How much of a run is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunProgress {
    /// So many.
    pub done: u64,
    /// Of so many; 0 until it is known.
    pub total: u64,
    /// bars, sets, folds or cuts.
    pub unit: ProgressUnit,
}

/// What progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressUnit {
    /// Bars that were played.
    Bars,
    /// Sets that were tried.
    Sets,
    /// Folds that were walked.
    Folds,
    /// Histories that were played.
    Cuts,
}

/// The strategy of a run, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStrategy {
    /// Its id; null when its text came with the request.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub hash: String,
}

/// Why a run has no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunError {
    /// The stable code.
    #[schema(example = "interrupted")]
    pub code: String,
    /// What went wrong, in one sentence.
    pub message: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// What it does.
    pub kind: RunKind,
    /// The strategy.
    pub strategy: RunStrategy,
    /// What is traded, then what is only read.
    pub symbols: Vec<String>,
    /// The span of a bar.
    #[schema(example = "1d")]
    pub timeframe: String,
    /// Every constant that no search replaces.
    pub params: BTreeMap<String, f64>,
    /// How far it is.
    pub status: RunState,
    /// How much is done; null while another desk works at it.
    pub progress: Option<RunProgress>,
    /// What was asked for, with everything that was left to the defaults.
    #[schema(value_type = Object)]
    pub request: Value,
    /// Who asked.
    pub by: String,
    /// Whose it is: a person by name, `key:` and a name for a key of the machine, or `operator`.
    #[schema(example = "alice")]
    pub owner: String,
    /// The name of the desk that works at it.
    pub desk: String,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// Why it has no result.
    pub error: Option<RunError>,
    /// The figures that are told first: of a backtest, of a search's best set, of all tests of a
    /// walk as one account. Null where undefined, amounts as decimal strings.
    #[schema(value_type = Option<Object>)]
    pub figures: Option<Map<String, Value>>,
    /// The hash of the result, of a backtest and of a search's best set.
    pub result_hash: Option<String>,
}

/// Tries strategies on past prices, one run after the other, beside the desk's own work. A run that
/// is not reached is answered like one that isn't there.
pub trait ResearchDesk: Send + Sync {
    /// Takes a run in; it waits for its turn.
    fn start(&self, run: NewRun) -> BoxFuture<'_, Result<RunView, ApiError>>;

    /// At most `limit` runs that are reached, the newest first, those older than `after`.
    fn list(
        &self,
        limit: u32,
        after: Option<String>,
        reach: Reach,
    ) -> BoxFuture<'_, Result<Vec<RunView>, ApiError>>;

    /// One run.
    fn get(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>>;

    /// What came of one that is done, as JSON.
    fn result(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>>;

    /// The page of a backtest that is done.
    fn report(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<String, ApiError>>;

    /// Ends one that waits or is worked at. One that has ended stays as it is.
    fn cancel(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<RunView, ApiError>>;

    /// Removes one that has ended, with its result.
    fn remove(&self, id: String, reach: Reach) -> BoxFuture<'_, Result<(), ApiError>>;
}
