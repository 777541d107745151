//! Why a run can't be.
//!
//! It must not know HTTP.

use desk::DeskError;
use domain::{AccountId, BookId, InstrumentId, Timeframe, Timestamp};
use path::codes::Refusal;
use strategy::ParamError;

use crate::{
    ports::Change,
    record::{RunId, RunState},
};

fn way_out(state: RunState) -> &'static str {
    match state {
        RunState::Stopped => "start the strategy anew",
        RunState::Stopping => "it can only be asked to stop again",
        RunState::Running | RunState::Paused => "pause, resume or stop it",
    }
}

fn words(refusals: &[Refusal]) -> String {
    let words = refusals.iter().map(|r| format!("{} ({}) {}", r.message, r.code, r.remedy));
    words.collect::<Vec<_>>().join(" ")
}

/// Why a strategy can't be started, or a run not be changed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The strategy's file has faults.
    #[error("the strategy has {count} faults, the first: {first}")]
    Strategy {
        /// How many.
        count: usize,
        /// The first, in words.
        first: String,
    },
    /// A value for a constant that it can't have.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// A rule is wrong with these constants.
    #[error("{key} is wrong with these parameters: {why}")]
    Rule {
        /// The rule.
        key: &'static str,
        /// Why.
        why: String,
    },
    /// The account doesn't know a symbol.
    #[error("account {account} trades no {symbol}")]
    UnknownSymbol {
        /// The account.
        account: AccountId,
        /// The symbol.
        symbol: String,
    },
    /// The desk has no bars of that span for a symbol.
    #[error("the desk has no {timeframe} bars of {instrument}; it has {known}")]
    NoFeed {
        /// The instrument.
        instrument: InstrumentId,
        /// The strategy's timeframe.
        timeframe: Timeframe,
        /// What there is, in words.
        known: String,
    },
    /// The book holds something that the strategy would take for its own.
    #[error(
        "book {book} holds or orders {instrument} already; give the strategy a book of its own"
    )]
    BookInUse {
        /// The book.
        book: BookId,
        /// The instrument.
        instrument: InstrumentId,
    },
    /// Another strategy runs in the book.
    #[error("run {run} works in book {book}; stop it first or take another book")]
    BookTaken {
        /// The book.
        book: BookId,
        /// Who works there.
        run: RunId,
    },
    /// There are as many runs as there may be.
    #[error("{max} strategies run already, which is the most; stop one first")]
    TooMany {
        /// The most.
        max: usize,
    },
    /// The account took too long over a close.
    #[error("the account did not answer; what was wanted at the close of {at} may be undone")]
    Late {
        /// The close.
        at: Timestamp,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    Unknown(RunId),
    /// A name that no run can have.
    #[error("`{0}` is no name of a run; those are run-1, run-2 and so on")]
    Id(RunId),
    /// In its state the run can't be changed so.
    #[error("run {run} is {}: it can't {change}; {}", state.name(), way_out(*state))]
    Impossible {
        /// The run.
        run: RunId,
        /// What it does.
        state: RunState,
        /// What was to be done.
        change: Change,
    },
    /// What stopping needs was refused; the run is still being stopped.
    #[error("run {run} is not stopped yet: {}; it can be asked to stop again", words(refusals))]
    Refused {
        /// The run.
        run: RunId,
        /// Every rule that refused.
        refusals: Vec<Refusal>,
    },
    /// Stopping took too long; the run is still being stopped.
    #[error("run {0} is not stopped yet: its account did not answer in time; ask to stop it again")]
    StopLate(RunId),
    /// The account has no answer.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The run can't be kept.
    #[error("the run can't be kept: {0}")]
    Store(String),
}

impl RunError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Strategy { .. } => "strategy_faults",
            Self::Param(ParamError::Unknown { .. }) => "unknown_parameter",
            Self::Param(ParamError::Range { .. }) => "parameter_range",
            Self::Rule { .. } => "rule_with_parameters",
            Self::UnknownSymbol { .. } => "unknown_symbol",
            Self::NoFeed { .. } => "no_bars",
            Self::BookInUse { .. } => "book_in_use",
            Self::BookTaken { .. } => "book_taken",
            Self::TooMany { .. } => "too_many_runs",
            Self::Late { .. } => "account_late",
            Self::Unknown(_) => "run_unknown",
            Self::Id(_) => "run_id",
            Self::Impossible { state: RunState::Stopped, .. } => "run_stopped",
            Self::Impossible { state: RunState::Stopping, .. } => "run_stopping",
            Self::Impossible { .. } => "run_state",
            Self::Refused { .. } => "refused",
            Self::StopLate(_) => "run_stop_late",
            Self::Desk(_) => "desk",
            Self::Store(_) => "store",
        }
    }
}
