//! The store: the one crate that knows SQL.
//!
//! It keeps the journal that `path` defines, the leases that decide who may write to it, the
//! snapshots that shorten a start, the rows of people, keys, strategies and what was tried with
//! them, and the checks, copies and checkpoints that let an owner trust what is on disk. It must not know what a record means, what the time is (wall time is always a
//! parameter), or how the desk reacts to a failure: it reports failures and never hides one.
//!
//! ```text
//! <data-dir>/            mode 0700
//!   LOCK                 held by the running desk, see [`datadir`]
//!   cofferdam.sqlite     journal, leases, snapshots, meta; see [`database`]
//!   emergency.journal    preallocated, for a full or failing disk; see [`emergency`]
//!   sim-venue.sqlite     the simulated venue's own memory; see [`kvlog`]
//! ```
//!
//! The two databases may instead be schemas on a PostgreSQL server ([`pg`]), which several desks
//! may share; [`either`] hides which it is. What is done with rows is written once for both.

pub mod backup;
pub mod checkpoint;
pub mod database;
pub mod datadir;
pub mod either;
pub mod emergency;
pub mod error;
pub mod identities;
pub mod journal;
pub mod kills;
pub mod kvlog;
pub mod lease;
pub mod meta;
mod owned;
pub mod pg;
pub mod reader;
pub mod runs;
pub mod snapshot;
pub mod strategies;
pub mod strategy_runs;
pub mod uses;
pub mod verify;

mod backend;
mod connection;
mod emergency_file;
mod fault;
mod frame;
mod migrate;
mod session;
mod sql;

pub use backup::BackupReport;
pub use checkpoint::Checkpoint;
pub use database::SqliteDatabase;
pub use datadir::{DataDirLock, Repair};
pub use either::Database;
pub use emergency::{EmergencyEntries, EmergencyEntry, EmergencyJournal};
pub use error::{LeaseError, StoreError, Unsuitable};
pub use identities::{Identities, RecordReport};
pub use journal::SqliteJournal;
pub use kills::{Holder, Kills, Standing};
pub use kvlog::KvLog;
pub use lease::{HeldLease, Leases};
pub use meta::{Meta, Rewind};
pub use pg::{DatabaseUrl, PgDatabase, PgJournal};
pub use reader::Reader;
pub use runs::{Ended, RUNS_KEPT_MAX, RunRow, RunStatus, Runs};
pub use snapshot::{SnapshotRead, SnapshotWarning, Snapshots};
pub use strategies::{
    STRATEGIES_MAX, STRATEGIES_OF_ONE_MAX, Strategies, StrategiesError, StrategyRow,
};
pub use strategy_runs::{RunChange, StrategyRuns};
pub use uses::{UseRow, Uses};
pub use verify::{Break, JournalIndex, Progress, StreamReport, VerifyReport, verify};

/// File name of the journal's database.
pub const JOURNAL_FILE: &str = "cofferdam.sqlite";
/// File name of the emergency journal.
pub const EMERGENCY_FILE: &str = "emergency.journal";
/// File name of the simulated venue's database.
pub const SIM_VENUE_FILE: &str = "sim-venue.sqlite";
