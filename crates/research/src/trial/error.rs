//! Why a strategy can't be tried.

use backtest::BacktestError;
use domain::{Edge, Timestamp};
use formula::Diagnostic;
use market::ActionError;
use rust_decimal::Decimal;
use statement::StatementError;
use strategy::ParamError;
use thiserror::Error;

use crate::stats::StatisticsError;

/// Why a strategy can't be tried.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum TrialError {
    /// No capital.
    #[error("cash is {0}: a trial begins with more than 0")]
    Cash(Decimal),
    /// Bars are missing.
    #[error("there are no bars of `{0}`; give them with --bars {0}=FILE.csv")]
    NoBars(String),
    /// A symbol that can't be an instrument.
    #[error("`{symbol}` is no symbol: {why}")]
    Symbol { symbol: String, why: String },
    /// A value for a constant that it can't have.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// A constant without a value.
    #[error("parameter {0} has no value; give it one, or take the strategy's defaults")]
    NoValue(String),
    /// Limits that nobody knows.
    #[error("{field} {name}: write research, or a preset; {why}")]
    Limits { field: &'static str, name: String, why: String },
    /// A stretch that ends before it begins.
    #[error("until {until} is before from {from}: a stretch ends where it begins or later")]
    Edges { from: Edge, until: Edge },
    /// A stretch without a bar.
    #[error(
        "no bar of {symbol} closes {}: its bars go from {} to {}; choose a stretch in there, or add \
         bars", stretch(*from, *until), covered.0, covered.1
    )]
    Stretch {
        symbol: String,
        from: Option<Edge>,
        until: Option<Edge>,
        covered: (Timestamp, Timestamp),
    },
    /// A split that can't happen.
    #[error("{symbol} can't be split as the table says: {error}")]
    Split { symbol: String, error: ActionError },
    /// A rule that is wrong with these constants.
    #[error("{key} is wrong with these parameters: {error}")]
    Rule { key: &'static str, error: Diagnostic },
    /// The run could not begin or go on.
    #[error(transparent)]
    Run(#[from] BacktestError),
    /// An exact amount that doesn't fit.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The equity of an instant is unknown.
    #[error("the account has no value at {0}: a price is missing")]
    EquityUnknown(Timestamp),
    /// An amount that doesn't fit.
    #[error("an amount of trade {0} is too large to be counted")]
    Amount(u64),
    /// The figures could not be made.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
    /// The screening kernel told something else than the engine: neither is to be believed.
    #[error(
        "set {set}: the screening kernel says {figure} is {} and the engine says {}; \
         search again with the engine alone and report this",
        number(*kernel),
        number(*engine)
    )]
    Screen { set: usize, figure: &'static str, kernel: Option<f64>, engine: Option<f64> },
    /// A set that an earlier search had tried has another figure now: its record is not of this
    /// search, or was changed.
    #[error(
        "set {set}: {figure} is {} where it was kept and {} when it is tried again; remove the \
         file and search again",
        number(*kept),
        number(*now)
    )]
    Kept { set: usize, figure: &'static str, kept: Option<f64>, now: Option<f64> },
    /// The result could not be written as JSON, which plain data does not have.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// A stretch in words.
pub(super) fn stretch(from: Option<Edge>, until: Option<Edge>) -> String {
    match (from, until) {
        (Some(from), Some(until)) => format!("from {from} until {until}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "at any time".to_owned(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| value.to_string())
}

impl TrialError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cash(_) => "trial_cash",
            Self::NoBars(_) => "trial_no_bars",
            Self::Symbol { .. } => "trial_symbol",
            Self::Param(ParamError::Unknown { .. }) => "trial_unknown_param",
            Self::Param(ParamError::Range { .. }) => "trial_param_range",
            Self::NoValue(_) => "trial_no_value",
            Self::Limits { .. } => "trial_limits",
            Self::Edges { .. } => "trial_edges",
            Self::Stretch { .. } => "trial_stretch",
            Self::Split { .. } => "trial_split",
            Self::Rule { .. } => "trial_rule",
            Self::Run(_) => "trial_run",
            Self::Statement(_) | Self::Amount(_) => "trial_amount",
            Self::EquityUnknown(_) => "trial_equity_unknown",
            Self::Statistics(_) => "trial_statistics",
            Self::Screen { .. } => "trial_screen",
            Self::Kept { .. } => "trial_kept",
            Self::Json(_) => "trial_json",
        }
    }

    /// What of a request is at fault, when it is one value of it.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        match self {
            Self::Cash(_) => Some("cash".to_owned()),
            Self::Param(error) => Some(format!("params.{}", error.name())),
            Self::NoValue(name) => Some(format!("params.{name}")),
            Self::Limits { field, .. } => Some((*field).to_owned()),
            Self::Edges { .. } => Some("until".to_owned()),
            Self::Stretch { from, covered, .. } => {
                let late = from.is_some_and(|from| from.first() > covered.1);
                Some(if late { "from" } else { "until" }.to_owned())
            }
            _ => None,
        }
    }
}
