//! What the desk needs from the outside, in its own words.
//!
//! The binary fills these in; the desk knows no database and no venue.

use std::{path::PathBuf, sync::Arc};

use domain::Origin;
use path::{
    broker::BoxFuture,
    journal::{
        AppendError, EventRecord, Head, JournalReader, JournalStore, ReadError, SnapshotRecord,
        StreamId,
    },
    policy::KillLevel,
};
use serde::Serialize;

use crate::clock::Clock;

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
    fn records(&self) -> Result<Vec<(StreamId, EventRecord)>, ReadError>;

    /// Grows with every clearing.
    fn generation(&self) -> u64;

    /// Empties it, after its records are in the main journal.
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

/// Keeps a snapshot.
pub type SaveSnapshot = Arc<dyn Fn(SnapshotRecord) + Send + Sync>;

/// Everything that a desk needs from the outside.
pub struct Ports {
    /// The main journal.
    pub journal: Box<dyn JournalStore + Send>,
    /// The emergency journal.
    pub emergency: Box<dyn Emergency>,
    /// Tells whether the main journal's disk has room, after it had none.
    pub has_room: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Reads the main journal.
    pub reader: Arc<dyn JournalReader + Send + Sync>,
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
