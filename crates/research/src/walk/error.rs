//! Why history can't be walked.

use thiserror::Error;

use super::windows::FOLDS_MAX;
use crate::trial::TrialError;

/// Why history can't be walked.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum WalkError {
    /// A window without bars.
    #[error("{0} is 0 bars: a window needs at least 1")]
    Zero(&'static str),
    /// Bars for no fold.
    #[error(
        "there are {bars} bars: one fold needs train + test = {train} + {test}; take shorter \
         windows or more history"
    )]
    TooShort { bars: usize, train: usize, test: usize },
    /// More folds than can be walked.
    #[error("{0} folds are too many: at most {FOLDS_MAX}; take longer tests")]
    Folds(usize),
    /// Nothing to choose from.
    #[error(
        "fold {fold}: no set of parameters has an objective on its train window{why}; take a longer \
         window or another objective"
    )]
    NothingChosen { fold: usize, why: String },
    /// No money is left.
    #[error("the account has {equity} left after fold {fold}: a further one needs more than 0")]
    Ruined { fold: usize, equity: rust_decimal::Decimal },
    /// A test or the joined figures could not be made.
    #[error(transparent)]
    Trial(#[from] TrialError),
}

impl WalkError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Zero(_) => "walk_zero",
            Self::TooShort { .. } => "walk_too_short",
            Self::Folds(_) => "walk_folds",
            Self::NothingChosen { .. } => "walk_nothing_chosen",
            Self::Ruined { .. } => "walk_ruined",
            Self::Trial(error) => error.code(),
        }
    }
}
