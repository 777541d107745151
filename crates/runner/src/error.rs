//! Why a run can't be.
//!
//! It must not know HTTP.

use desk::DeskError;
use domain::{AccountId, BookId, InstrumentId, Timeframe, Timestamp};
use strategy::ParamError;

use crate::record::RunId;

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
    /// It was stopped, and stays so.
    #[error("run {0} was stopped; start the strategy anew")]
    Stopped(RunId),
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
            Self::Stopped(_) => "run_stopped",
            Self::Desk(_) => "desk",
            Self::Store(_) => "store",
        }
    }
}
