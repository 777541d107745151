//! A journal in memory that behaves like a real one: heads are compared, leases fence, and every
//! kind of failure can be switched on.

use std::collections::BTreeMap;

use path::journal::{
    AppendError, EventRecord, Head, JournalReader, JournalStore, LeaseToken, ReadError,
    SnapshotRecord, StreamBatch, StreamId,
};

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryJournal {
    streams: BTreeMap<StreamId, Vec<EventRecord>>,
    tokens: BTreeMap<StreamId, LeaseToken>,
    /// Every append fails with this while it is set.
    pub(crate) fails: Option<AppendError>,
    /// How many times the disk was asked for durability.
    pub(crate) syncs: usize,
}

impl MemoryJournal {
    pub(crate) fn records(&self, stream: &StreamId) -> &[EventRecord] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    /// A newer holder of the stream appeared: older tokens are fenced off.
    pub(crate) fn take_over(&mut self, stream: &StreamId, token: LeaseToken) {
        self.tokens.insert(stream.clone(), token);
    }

    fn append_one(&mut self, batch: &StreamBatch) -> Result<(), AppendError> {
        let current = self.tokens.get(&batch.stream).copied().unwrap_or_default();
        if batch.token < current {
            return Err(AppendError::Fenced { held: batch.token.0, current: current.0 });
        }
        let head = self.head(&batch.stream).unwrap_or_default();
        if head != batch.expected {
            return Err(AppendError::Conflict { expected: batch.expected.seq, found: head.seq });
        }
        let records = self.streams.entry(batch.stream.clone()).or_default();
        records.extend(batch.records.iter().cloned());
        Ok(())
    }
}

impl JournalStore for MemoryJournal {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        self.syncs += 1;
        if let Some(error) = &self.fails {
            return batches.iter().map(|_| Err(error.clone())).collect();
        }
        batches.iter().map(|batch| self.append_one(batch)).collect()
    }
}

impl JournalReader for MemoryJournal {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        Ok(self.records(stream).last().map_or_else(Head::default, EventRecord::head))
    }

    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError> {
        let records = self.records(stream).iter().filter(|r| r.seq > after);
        Ok(records.take(limit).cloned().collect())
    }

    fn snapshot(&self, _stream: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        Ok(None)
    }
}
