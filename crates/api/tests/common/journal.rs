//! A journal in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use desk::{Emergency, EmergencyRecord};
use path::journal::{
    AppendError, EventRecord, Head, JournalReader, JournalStore, ReadError, SnapshotRecord,
    StreamBatch, StreamId,
};

type Streams = BTreeMap<StreamId, Vec<EventRecord>>;

/// The main journal.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Streams>>);

impl Memory {
    /// Changes a record, as an attacker would.
    pub fn alter(&self, stream: &StreamId, seq: u64, body: &str) {
        let mut streams = self.0.lock().unwrap();
        let index = usize::try_from(seq - 1).unwrap();
        streams.get_mut(stream).unwrap()[index].body = body.into();
    }
}

fn append(streams: &mut Streams, batch: &StreamBatch) -> Result<(), AppendError> {
    let records = streams.entry(batch.stream.clone()).or_default();
    let head = records.last().map_or_else(Head::default, EventRecord::head);
    if head != batch.expected {
        return Err(AppendError::Conflict { expected: batch.expected.seq, found: head.seq });
    }
    records.extend(batch.records.iter().cloned());
    Ok(())
}

impl JournalStore for Memory {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        let mut streams = self.0.lock().unwrap();
        batches.iter().map(|b| append(&mut streams, b)).collect()
    }
}

impl JournalReader for Memory {
    fn head(&self, stream: &StreamId) -> Result<Head, ReadError> {
        let streams = self.0.lock().unwrap();
        Ok(streams.get(stream).and_then(|r| r.last()).map_or_else(Head::default, EventRecord::head))
    }

    fn read(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, ReadError> {
        let streams = self.0.lock().unwrap();
        let records = streams.get(stream).map_or(&[][..], Vec::as_slice);
        let after = usize::try_from(after).unwrap().min(records.len());
        Ok(records[after..].iter().take(limit).cloned().collect())
    }

    fn snapshot(&self, _: &StreamId) -> Result<Option<SnapshotRecord>, ReadError> {
        Ok(None)
    }
}

/// An emergency journal that is never needed.
pub struct Spare;

impl JournalStore for Spare {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        batches.iter().map(|_| Err(AppendError::Full)).collect()
    }
}

impl Emergency for Spare {
    fn begin(&mut self, _: &StreamId, _: Head) -> Result<(), AppendError> {
        Ok(())
    }

    fn records(&self) -> Result<Vec<EmergencyRecord>, ReadError> {
        Ok(Vec::new())
    }

    fn set_aside(&mut self, _: &[EmergencyRecord]) -> Result<(), ReadError> {
        Ok(())
    }

    fn generation(&self) -> u64 {
        0
    }

    fn clear(&mut self) -> Result<(), ReadError> {
        Ok(())
    }
}
