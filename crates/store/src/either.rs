//! One of the two databases, for a program that doesn't care which.
//!
//! This module must not do anything by itself.

use path::journal::JournalStore;

use crate::{
    SIM_VENUE_FILE,
    backend::Backend,
    database::SqliteDatabase,
    datadir::{DataDirLock, Repair},
    error::StoreError,
    identities::Identities,
    kills::Kills,
    kvlog::KvLog,
    lease::Leases,
    meta::Meta,
    pg::{DatabaseUrl, Errand, PgDatabase},
    reader::Reader,
    runs::Runs,
    snapshot::Snapshots,
    strategies::Strategies,
    strategy_runs::StrategyRuns,
    uses::Uses,
};

/// The open database of a desk. Clones are the same database.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file in the data folder, which one process uses.
    Sqlite(SqliteDatabase),
    /// A server, which several desks may share.
    Postgres(PgDatabase),
}

impl Database {
    /// Opens the server's database when an address is given, else the data folder's file.
    ///
    /// # Errors
    /// As [`SqliteDatabase::open`] and [`PgDatabase::open`].
    pub fn open(lock: &DataDirLock, url: Option<&DatabaseUrl>) -> Result<Self, StoreError> {
        match url {
            Some(url) => Ok(Self::Postgres(PgDatabase::open(url)?)),
            None => Ok(Self::Sqlite(SqliteDatabase::open(lock)?)),
        }
    }

    /// True when other processes may use it at the same time, so that only a lease that was
    /// confirmed in time keeps them out.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        match self {
            Self::Sqlite(db) => db.repairs(),
            Self::Postgres(_) => &[],
        }
    }

    /// True after a failure that only opening anew can mend.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        match self {
            Self::Sqlite(db) => db.is_dead(),
            Self::Postgres(db) => db.is_dead(),
        }
    }

    /// The writer of the journal. A process needs one: group commit lives in it.
    ///
    /// # Errors
    /// [`StoreError::Dead`] after a failure, or when it can't be opened.
    pub fn journal(&self) -> Result<Box<dyn JournalStore + Send>, StoreError> {
        Ok(match self {
            Self::Sqlite(db) => Box::new(db.journal()?),
            Self::Postgres(db) => Box::new(db.journal()?),
        })
    }

    /// A reader of the journal, with connections of its own.
    #[must_use]
    pub fn reader(&self) -> Reader {
        match self {
            Self::Sqlite(db) => db.reader(),
            Self::Postgres(db) => db.reader(),
        }
    }

    /// The leases.
    #[must_use]
    pub fn leases(&self) -> Leases {
        match self {
            Self::Sqlite(db) => db.leases(),
            Self::Postgres(db) => db.leases(),
        }
    }

    /// The snapshots, for writing.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        match self {
            Self::Sqlite(db) => db.snapshots(),
            Self::Postgres(db) => db.snapshots(),
        }
    }

    /// People, sessions and keys.
    #[must_use]
    pub fn identities(&self) -> Identities {
        match self {
            Self::Sqlite(db) => db.identities(),
            Self::Postgres(db) => db.identities(),
        }
    }

    /// Strategies.
    #[must_use]
    pub fn strategies(&self) -> Strategies {
        Strategies(self.research())
    }

    /// Runs over past prices and their results.
    #[must_use]
    pub fn runs(&self) -> Runs {
        Runs(self.research())
    }

    /// Strategies at work.
    #[must_use]
    pub fn strategy_runs(&self) -> StrategyRuns {
        StrategyRuns(self.research())
    }

    fn research(&self) -> Backend {
        match self {
            Self::Sqlite(db) => Backend::Sqlite(db.0.clone()),
            Self::Postgres(db) => db.backend(Errand::Research),
        }
    }

    /// The installation's identity.
    #[must_use]
    pub fn meta(&self) -> Meta {
        match self {
            Self::Sqlite(db) => db.meta(),
            Self::Postgres(db) => db.meta(),
        }
    }

    /// The kill switch that several desks share; a folder's file has one desk only.
    #[must_use]
    pub fn kills(&self) -> Option<Kills> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(db) => Some(db.kills()),
        }
    }

    /// What accounts use of the limits over several desks; a folder's file has one desk only.
    #[must_use]
    pub fn uses(&self) -> Option<Uses> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(db) => Some(db.uses()),
        }
    }

    /// The simulated venue's rows: a file of their own in `dir`, or a schema of their own.
    ///
    /// # Errors
    /// As [`KvLog::open`] and [`KvLog::open_server`].
    pub fn venue_log(&self, dir: &std::path::Path) -> Result<KvLog, StoreError> {
        match self {
            Self::Sqlite(_) => KvLog::open(dir.join(SIM_VENUE_FILE)),
            Self::Postgres(db) => KvLog::open_server(db.url()),
        }
    }
}
