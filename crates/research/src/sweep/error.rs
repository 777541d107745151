//! Why a search can't begin.

use thiserror::Error;

use super::{AXES_MAX, SETS_MAX};

/// Why a search can't begin.
#[derive(Debug, Clone, PartialEq, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum SweepError {
    /// An axis that can't be read.
    #[error("grid `{text}`: {why}; write NAME=FROM..TO:STEP, for example fast=5..50:5")]
    Axis { text: String, why: &'static str },
    /// A parameter that the strategy doesn't have.
    #[error("grid `{name}`: the strategy has no such parameter; it has: {known}")]
    Unknown { name: String, known: String },
    /// A parameter with two axes.
    #[error("grid `{0}`: the parameter has two axes; give it one")]
    Twice(String),
    /// An axis that leaves the parameter's range.
    #[error(
        "grid `{name}={from}..{to}`: the strategy allows {min} to {max}; change the grid, or the \
         range in the strategy file"
    )]
    Range { name: String, from: String, to: String, min: f64, max: f64 },
    /// Nothing to search.
    #[error("there is nothing to search: name a parameter with --grid, or draw with --random N")]
    Nothing,
    /// No parameter to draw.
    #[error("the strategy has no parameter to draw; add [params] to its file")]
    NoParams,
    /// More axes than can be searched.
    #[error("{0} axes are too many: at most {AXES_MAX}; fix a parameter with --param NAME=VALUE")]
    Axes(usize),
    /// More sets than can be tried.
    #[error("{0} sets are too many: at most {SETS_MAX}; take larger steps, or draw with --random")]
    Sets(u128),
    /// A figure that can't be searched for.
    #[error("objective `{name}`: {why}; take one of: {known}")]
    Objective { name: String, why: &'static str, known: String },
}

impl SweepError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Axis { .. } => "sweep_axis",
            Self::Unknown { .. } => "sweep_unknown_param",
            Self::Twice(_) => "sweep_axis_twice",
            Self::Range { .. } => "sweep_axis_range",
            Self::Nothing => "sweep_nothing",
            Self::NoParams => "sweep_no_params",
            Self::Axes(_) => "sweep_axes",
            Self::Sets(_) => "sweep_sets",
            Self::Objective { .. } => "sweep_objective",
        }
    }
}
