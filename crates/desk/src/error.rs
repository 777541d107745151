//! Why the desk could not answer, as opposed to the gate's refusals.

use domain::AccountId;
use path::{
    event::DecodeError,
    journal::{AppendError, ReadError},
    state::FoldError,
};
use thiserror::Error;

/// A failure of the desk itself.
#[derive(Debug, Error)]
pub enum DeskError {
    /// No such account.
    #[error("there is no account `{0}`; list the accounts and use an id shown there")]
    AccountUnknown(AccountId),
    /// The id or the venue's identity is taken.
    #[error("account `{0}` exists already")]
    AccountExists(AccountId),
    /// Another desk that shares the database has the account.
    #[error("account `{account}` is held by the desk `{holder}`; ask that one")]
    AccountElsewhere {
        /// The account.
        account: AccountId,
        /// The other desk's name.
        holder: String,
    },
    /// The account's task has ended.
    #[error("account `{0}` has stopped; see the log, then restart the desk")]
    AccountStopped(AccountId),
    /// The account has more work than it may queue.
    #[error("account `{0}` is busy; try again in a moment")]
    Busy(AccountId),
    /// The journal could not be written, and what was asked is not an exit.
    #[error("not done, and nothing was sent: {0}")]
    Journal(#[from] AppendError),
    /// The journal could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal does not fold.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A record is of an unknown form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A file of the desk could not be read or written.
    #[error("{what}: {source}")]
    File {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Plain data could not be written as JSON.
    #[error("data can't be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl DeskError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AccountUnknown(_) => "account_unknown",
            Self::AccountExists(_) => "account_exists",
            Self::AccountElsewhere { .. } => "account_elsewhere",
            Self::AccountStopped(_) => "account_stopped",
            Self::Busy(_) => "busy",
            Self::Journal(error) => error.code(),
            Self::Read(_) => "journal_unreadable",
            Self::Fold(_) | Self::Decode(_) => "journal_damaged",
            Self::File { .. } => "file",
            Self::Json(_) => "internal",
        }
    }
}
