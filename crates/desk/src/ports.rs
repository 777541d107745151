//! What the desk needs from the outside, in its own words.
//!
//! The binary fills these in; the desk knows no database and no venue.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use domain::{AccountId, Origin};
use path::{
    broker::BoxFuture,
    budget::{DeskExceeded, DeskUse},
    journal::{
        AppendError, EventRecord, Head, JournalReader, JournalStore, LeaseToken, ReadError,
        SnapshotRecord, StreamId,
    },
    policy::KillLevel,
};
use serde::Serialize;

use crate::clock::Clock;

/// A record of the emergency journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRecord {
    /// The stream.
    pub stream: StreamId,
    /// The lease under which it was decided.
    pub token: LeaseToken,
    /// The record.
    pub record: EventRecord,
}

/// A small journal of its own room, for exits while the main one can't be written.
pub trait Emergency: JournalStore + Send {
    /// Tells the head on which a stream's next records are built.
    ///
    /// # Errors
    /// As an append.
    fn begin(&mut self, stream: &StreamId, head: Head) -> Result<(), AppendError>;

    /// Every record in it, in order of writing.
    ///
    /// # Errors
    /// [`ReadError`] when the file fails.
    fn records(&self) -> Result<Vec<EmergencyRecord>, ReadError>;

    /// Grows with every clearing.
    fn generation(&self) -> u64;

    /// Keeps records that can't be merged where a person finds them. The same ones may be kept
    /// again.
    ///
    /// # Errors
    /// [`ReadError`] when the file fails; then the records must stay in the journal.
    fn set_aside(&mut self, records: &[EmergencyRecord]) -> Result<(), ReadError>;

    /// Empties it, after its records are in the main journal or set aside.
    ///
    /// # Errors
    /// [`ReadError`] when the file fails.
    fn clear(&mut self) -> Result<(), ReadError>;
}

/// Another desk on the same database, as a pull of the kill switch found it.
#[derive(Debug, Clone, Serialize)]
pub struct OtherDesk {
    /// Its name.
    pub desk: String,
    /// True when it sends no entries any more.
    pub stopped: bool,
    /// How that is known, or why not.
    pub how: String,
}

/// The other desks that share the database.
pub trait Others: Send + Sync {
    /// Pulls the kill switch for all of them, and waits until each has confirmed or can't send
    /// any more; the wait has an end.
    fn kill(&self, level: KillLevel, by: Origin, reason: String) -> BoxFuture<'_, Vec<OtherDesk>>;

    /// Notes that the switch no longer stands; each desk releases its own accounts.
    fn release(&self, by: Origin) -> BoxFuture<'_, Result<(), String>>;
}

/// Judges what accounts of other desks use together with what one of this desk wants.
pub type JudgeUse<'a> = dyn FnMut(&BTreeMap<AccountId, DeskUse>) -> Result<(), DeskExceeded> + 'a;

/// What the accounts of other desks on the same database use of the desk's limits.
pub trait SharedUse: Send + Sync {
    /// Tells `judge` what accounts of other desks use, while no other desk can judge, and keeps
    /// `usage` for the others when it allows. Blocks.
    ///
    /// # Errors
    /// Why it can't be told, in words; then nothing was kept.
    fn reserve(
        &self,
        account: &AccountId,
        usage: DeskUse,
        judge: &mut JudgeUse<'_>,
    ) -> Result<Result<(), DeskExceeded>, String>;

    /// What the account uses has changed; the others are told soon.
    fn publish(&self, account: &AccountId);
}

/// What an account of this desk uses now; `None` when it doesn't run here.
pub type CurrentUse = Arc<dyn Fn(&AccountId) -> Option<DeskUse> + Send + Sync>;

/// The leases under which records of a stream of the main journal were written, of those after a
/// number; each once.
pub type WrittenUnder =
    Arc<dyn Fn(&StreamId, u64) -> Result<Vec<LeaseToken>, ReadError> + Send + Sync>;

/// Keeps a snapshot.
pub type SaveSnapshot = Arc<dyn Fn(SnapshotRecord) + Send + Sync>;

/// Everything that a desk needs from the outside.
pub struct Ports {
    /// The main journal.
    pub journal: Box<dyn JournalStore + Send>,
    /// The emergency journal.
    pub emergency: Box<dyn Emergency>,
    /// Tells whether the main journal's database takes a write again, found out by a write of
    /// its own: an append of nothing goes through on a full disk.
    pub takes_writes: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Reads the main journal.
    pub reader: Arc<dyn JournalReader + Send + Sync>,
    /// Tells who wrote records of the main journal.
    pub written_under: WrittenUnder,
    /// Keeps snapshots.
    pub save_snapshot: SaveSnapshot,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// Where the kill file is.
    pub kill_file: PathBuf,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").field("kill_file", &self.kill_file).finish_non_exhaustive()
    }
}
