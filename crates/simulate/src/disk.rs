//! A simulated disk with two journals, snapshots and the lease.
//!
//! Only what was synced survives a crash. It refuses as a real store does: a newer lease, another
//! head, no room, a failed sync, and everything after one. This module must not know what records
//! mean.

use std::{collections::BTreeMap, sync::Arc};

use path::journal::{
    AppendError, EventRecord, Hash, Head, JournalReader, JournalStore, LeaseToken, ReadError,
    SnapshotRecord, StreamBatch, StreamId,
};

/// What happens to the next append.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It succeeds.
    #[default]
    None,
    /// The sync fails.
    SyncFails,
    /// The machine dies after the write and before the sync.
    DiesUnsynced,
    /// The machine dies after the sync and before the answer.
    DiesSynced,
}

/// The disk that all desk processes share.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    streams: BTreeMap<StreamId, Vec<EventRecord>>,
    emergency: BTreeMap<StreamId, Vec<EventRecord>>,
    snapshots: BTreeMap<StreamId, Vec<SnapshotRecord>>,
    /// The newest lease.
    pub(crate) lease: LeaseToken,
    /// When the newest lease ends, by the simulated clock.
    pub(crate) lease_until: i64,
    /// The next append's fate.
    pub(crate) mishap: Mishap,
    /// No room for the main journal.
    pub(crate) full: bool,
    /// The main journal waits to be opened anew.
    pub(crate) dead: bool,
    /// The machine died in the last append.
    pub(crate) died: bool,
}

/// The head of a chain of records.
fn head_of(records: &[EventRecord]) -> Head {
    records.last().map_or_else(Head::default, EventRecord::head)
}

impl Disk {
    /// Records of a stream's main journal.
    pub(crate) fn main(&self, stream: &StreamId) -> &[EventRecord] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    /// Records of a stream's emergency journal that the main one does not have.
    pub(crate) fn emergency(&self, stream: &StreamId) -> &[EventRecord] {
        let taken = head_of(self.main(stream)).seq;
        let records = self.emergency.get(stream).map_or(&[][..], Vec::as_slice);
        let from = records.iter().position(|r| r.seq > taken).unwrap_or(records.len());
        &records[from..]
    }

    /// The last durable record of a stream, in whichever journal.
    pub(crate) fn durable_head(&self, stream: &StreamId) -> Head {
        self.emergency(stream).last().map_or_else(|| head_of(self.main(stream)), EventRecord::head)
    }

    /// Empties a stream's emergency journal, after it was taken over.
    pub(crate) fn clear_emergency(&mut self, stream: &StreamId) {
        self.emergency.remove(stream);
    }

    /// Stores a snapshot.
    pub(crate) fn save(&mut self, stream: &StreamId, head: Head, body: String) {
        let body_hash = Hash::of(body.as_bytes());
        let state_version = path::state::STATE_VERSION;
        let body: Arc<str> = body.into();
        let record =
            SnapshotRecord { stream: stream.clone(), head, state_version, body, body_hash };
        self.snapshots.entry(stream.clone()).or_default().push(record);
    }

    /// Every snapshot of a stream, the oldest first.
    pub(crate) fn snapshots(&self, stream: &StreamId) -> &[SnapshotRecord] {
        self.snapshots.get(stream).map_or(&[], Vec::as_slice)
    }

    /// Gives the lease to a new holder.
    pub(crate) fn acquire(&mut self, until: i64) -> LeaseToken {
        self.lease = LeaseToken(self.lease.0 + 1);
        self.lease_until = until;
        self.lease
    }

    /// Extends the lease of its holder; false for anybody else.
    pub(crate) fn renew(&mut self, token: LeaseToken, until: i64) -> bool {
        if token == self.lease {
            self.lease_until = until;
        }
        token == self.lease
    }

    /// The disk as a machine finds it when it starts.
    pub(crate) fn reopen(&mut self) {
        self.dead = false;
        self.died = false;
        self.mishap = Mishap::None;
    }

    fn admit(&self, batch: &StreamBatch, found: Head) -> Result<(), AppendError> {
        if batch.token != self.lease {
            return Err(AppendError::Fenced { held: batch.token.0, current: self.lease.0 });
        }
        if batch.expected != found {
            let (expected, found) = (batch.expected.seq, found.seq);
            return Err(AppendError::Conflict { expected, found });
        }
        Ok(())
    }
}

/// The main journal.
pub(crate) struct Main<'a>(pub(crate) &'a mut Disk);

impl JournalStore for Main<'_> {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        let disk = &mut *self.0;
        if disk.dead {
            return vec![Err(AppendError::Dead); batches.len()];
        }
        if disk.full && batches.iter().any(|b| !b.records.is_empty()) {
            return vec![Err(AppendError::Full); batches.len()];
        }
        let mut unsynced: BTreeMap<StreamId, Vec<EventRecord>> = BTreeMap::new();
        let mut results = Vec::with_capacity(batches.len());
        for batch in batches {
            let written = unsynced.get(&batch.stream).filter(|w| !w.is_empty());
            let found = written.map_or_else(|| head_of(disk.main(&batch.stream)), |w| head_of(w));
            let admitted = disk.admit(batch, found);
            if admitted.is_ok() {
                let written = unsynced.entry(batch.stream.clone()).or_default();
                written.extend(batch.records.iter().cloned());
            }
            results.push(admitted);
        }
        match std::mem::take(&mut disk.mishap) {
            Mishap::SyncFails => {
                disk.dead = true;
                let error = AppendError::Io("the sync failed".to_owned());
                return vec![Err(error); batches.len()];
            }
            Mishap::DiesUnsynced => {
                disk.died = true;
                return vec![Err(AppendError::Dead); batches.len()];
            }
            Mishap::DiesSynced => disk.died = true,
            Mishap::None => {}
        }
        for (stream, records) in unsynced {
            disk.streams.entry(stream).or_default().extend(records);
        }
        results
    }
}

/// The small journal for exits, cancels and the kill switch while the main one is down.
pub(crate) struct Emergency<'a>(pub(crate) &'a mut Disk);

impl JournalStore for Emergency<'_> {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        let mut results = Vec::with_capacity(batches.len());
        for batch in batches {
            let admitted = self.0.admit(batch, self.0.durable_head(&batch.stream));
            if admitted.is_ok() {
                let records = self.0.emergency.entry(batch.stream.clone()).or_default();
                records.extend(batch.records.iter().cloned());
            }
            results.push(admitted);
        }
        results
    }
}

impl JournalReader for Disk {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        Ok(head_of(self.main(stream)))
    }

    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError> {
        let later = self.main(stream).iter().filter(|r| r.seq > after);
        Ok(later.take(limit).cloned().collect())
    }

    fn snapshot(&self, stream: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        Ok(self.snapshots(stream).last().cloned())
    }
}
