//! Why a strategy can't be tried.

use backtest::BacktestError;
use domain::Timestamp;
use formula::Diagnostic;
use rust_decimal::Decimal;
use statement::StatementError;
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
    /// A constant that the strategy doesn't have.
    #[error("the strategy has no parameter `{name}`; it has: {known}")]
    UnknownParam { name: String, known: String },
    /// A constant outside its range.
    #[error("parameter {name} is {value}: a number from {min} to {max} is needed")]
    ParamRange { name: String, value: f64, min: f64, max: f64 },
    /// Limits that nobody knows.
    #[error("{field} {name}: write research, or a preset; {why}")]
    Limits { field: &'static str, name: String, why: String },
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
        "set {set}: the screening kernel says {figure} is {kernel:?} and the engine says {engine:?}; \
         search again with the engine alone and report this"
    )]
    Screen { set: usize, figure: &'static str, kernel: Option<f64>, engine: Option<f64> },
    /// The result could not be written as JSON, which plain data does not have.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl TrialError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cash(_) => "trial_cash",
            Self::NoBars(_) => "trial_no_bars",
            Self::Symbol { .. } => "trial_symbol",
            Self::UnknownParam { .. } => "trial_unknown_param",
            Self::ParamRange { .. } => "trial_param_range",
            Self::Limits { .. } => "trial_limits",
            Self::Rule { .. } => "trial_rule",
            Self::Run(_) => "trial_run",
            Self::Statement(_) | Self::Amount(_) => "trial_amount",
            Self::EquityUnknown(_) => "trial_equity_unknown",
            Self::Statistics(_) => "trial_statistics",
            Self::Screen { .. } => "trial_screen",
            Self::Json(_) => "trial_json",
        }
    }

    /// What of a request is at fault, when it is one value of it.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        match self {
            Self::Cash(_) => Some("cash".to_owned()),
            Self::UnknownParam { name, .. } | Self::ParamRange { name, .. } => {
                Some(format!("params.{name}"))
            }
            Self::Limits { field, .. } => Some((*field).to_owned()),
            _ => None,
        }
    }
}
