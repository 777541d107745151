//! What can go wrong in the store, in words that say what to do.
//!
//! Every error has a stable code for the API and for logs. This module must not know which
//! operation raised an error beyond what the variant names.

use std::{fmt, io, path::PathBuf};

use domain::Timestamp;
use path::journal::ReadError;
use thiserror::Error;

use crate::fault::{DbError, Fault};

/// The holder of a data folder, as far as the lock file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner(pub Option<u32>);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// What about a database's server or address makes it unfit for a journal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} is {value}: {rule}; {remedy}")]
pub struct Unsuitable {
    /// The stable code.
    pub code: &'static str,
    /// What was looked at.
    pub field: &'static str,
    /// What was found, never a secret.
    pub value: String,
    /// What is asked of it.
    pub rule: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// Why the store did not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process uses the data folder.
    #[error("the data folder {} is in use by {owner}; stop it, or start with another folder", dir.display())]
    Locked {
        /// The data folder.
        dir: PathBuf,
        /// Who holds it.
        owner: Owner,
    },
    /// A file operation failed.
    #[error("can't {what} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// No room on the disk. Nothing was changed.
    #[error("no room on the disk for {0}")]
    Full(String),
    /// The database is busy with another writer. Nothing was changed.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Sql(String),
    /// The database's server can't be reached, or the connection broke. Whether the last change
    /// was made is not known.
    #[error("the database's server can't be reached: {0}; see that it runs and takes connections")]
    Lost(String),
    /// The database's server or its address must not be used.
    #[error(transparent)]
    Unsuitable(#[from] Unsuitable),
    /// A migration that was applied to this database has another text in this program.
    #[error(
        "migration {number} ({name}) was edited after it was applied; \
         use the program version that made this database"
    )]
    MigrationEdited {
        /// The migration's number.
        number: u32,
        /// Its name.
        name: String,
    },
    /// The database was made by a newer program.
    #[error("the database has migration {found}, this program knows {known}; use a newer program")]
    TooNew {
        /// The newest migration in the database.
        found: u32,
        /// The newest migration in the program.
        known: u32,
    },
    /// The database is of something else.
    #[error("{0} is not a database of this program")]
    Foreign(String),
    /// The file to write exists.
    #[error("{} exists already; choose another name or move it away", .0.display())]
    Exists(PathBuf),
    /// Stored content is damaged.
    #[error("{what} is damaged: {detail}")]
    Corrupt {
        /// What is damaged.
        what: String,
        /// How it shows.
        detail: String,
    },
    /// The content belongs to another installation.
    #[error("{what} belongs to installation {found}, this one is {expected}")]
    OtherInstallation {
        /// What was read.
        what: String,
        /// The installation named in it.
        found: String,
        /// This installation.
        expected: String,
    },
    /// The caller's values contradict the journal.
    #[error("refused: {0}")]
    Refused(String),
    /// An earlier write failed and the store waits to be opened anew.
    #[error("the journal is closed after an earlier failure; restart to recover")]
    Dead,
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "store_locked",
            Self::File { .. } => "store_file",
            Self::Full(_) => "store_full",
            Self::Busy(_) => "store_busy",
            Self::Sql(_) => "store_sql",
            Self::Lost(_) => "store_lost",
            Self::Unsuitable(why) => why.code,
            Self::MigrationEdited { .. } => "store_migration_edited",
            Self::TooNew { .. } => "store_too_new",
            Self::Foreign(_) => "store_foreign",
            Self::Exists(_) => "store_exists",
            Self::Corrupt { .. } => "store_corrupt",
            Self::OtherInstallation { .. } => "store_other_installation",
            Self::Refused(_) => "store_refused",
            Self::Dead => "store_dead",
        }
    }

    pub(crate) fn file(
        what: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::Full(path.display().to_string()),
            _ => Self::File { what, path, source },
        }
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error.fault {
            Fault::Full => Self::Full("the database".to_owned()),
            Fault::Busy => Self::Busy(error.text),
            Fault::Lost => Self::Lost(error.text),
            Fault::MaybeFull | Fault::Io => Self::Sql(error.text),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<ReadError> for StoreError {
    fn from(error: ReadError) -> Self {
        Self::Sql(error.0)
    }
}

/// Why a lease was not given or kept.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// Somebody else holds it.
    #[error("the lease is held by {by} until {until}")]
    Held {
        /// The holder.
        by: String,
        /// When it ends unless it is renewed.
        until: Timestamp,
    },
    /// The token is not the current one: the lease was taken over or released.
    #[error("lease {held} has ended; the current one is {current}")]
    Lost {
        /// The token that was shown.
        held: u64,
        /// The newest token; 0 when the lease was never taken.
        current: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LeaseError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "lease_held",
            Self::Lost { .. } => "lease_lost",
            Self::Store(error) => error.code(),
        }
    }
}

impl From<DbError> for LeaseError {
    fn from(error: DbError) -> Self {
        Self::Store(error.into())
    }
}
