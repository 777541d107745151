//! Records of the emergency journal on their way into the main one.
//!
//! A merge that was cut off can be repeated: the record that says what was merged is appended in
//! the same write. A write that failed may yet be found in the main journal after a crash; then
//! the emergency records follow it under new numbers, and what it began is ended, because the desk
//! had taken it for lost and decided anew. This module must not know what else an event means.

use std::collections::BTreeMap;

use path::{
    event::{CloseEnded, EmergencyMerged, Event},
    journal::{
        AppendError, Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, ReadError,
        StreamBatch, StreamId,
    },
};

use crate::ports::Emergency;

/// Records read at once.
const PAGE: usize = 2_000;

fn io(error: impl std::fmt::Display) -> AppendError {
    AppendError::Io(error.to_string())
}

/// Appends the emergency journal's records to the main one, in order, and clears it. Answers how
/// many there were.
///
/// # Errors
/// The main journal's, when it can't take them.
pub(crate) fn merge(
    journal: &mut (dyn JournalStore + Send),
    emergency: &mut dyn Emergency,
    reader: &(dyn JournalReader + Send + Sync),
    token: impl Fn(&StreamId) -> LeaseToken,
) -> Result<usize, AppendError> {
    let mut streams: BTreeMap<StreamId, Vec<EventRecord>> = BTreeMap::new();
    for (stream, record) in emergency.records().map_err(io)? {
        streams.entry(stream).or_default().push(record);
    }
    if streams.is_empty() {
        return Ok(0);
    }
    let (generation, mut count, mut batches) = (emergency.generation(), 0, Vec::new());
    for (stream, mut waiting) in streams {
        let Some(first) = waiting.first() else { continue };
        let since = since(reader, &stream, first.seq.saturating_sub(1)).map_err(io)?;
        let merged: u64 = since.iter().map(|record| merged_by(record, generation)).sum();
        waiting.drain(..usize::try_from(merged).unwrap_or(usize::MAX).min(waiting.len()));
        let Some(first) = waiting.first() else { continue };
        let base = Head { seq: first.seq.saturating_sub(1), hash: first.prev };
        count += waiting.len();
        let expected = reader.head(&stream).map_err(io)?;
        let lost = if merged == 0 { &since[..] } else { &[] };
        let records = sequel(&stream, expected, base, lost, waiting, generation)?;
        batches.push(StreamBatch { token: token(&stream), stream, expected, records });
    }
    // One write for all streams, so that a full disk merges all of them or none.
    let appended = if batches.is_empty() { Vec::new() } else { journal.append(&batches) };
    for (outcome, batch) in appended.into_iter().zip(&batches) {
        match outcome {
            Err(AppendError::Fenced { .. }) => set_aside(batch),
            other => other?,
        }
    }
    if let Err(error) = emergency.clear() {
        // What is merged says so and is not merged again.
        tracing::error!(%error, "the emergency journal could not be cleared");
    }
    Ok(count)
}

/// Another desk took the account over while only the emergency journal could be written. What
/// this one did in its last seconds can't be added to a history that went on without it; the
/// venue's reports tell the new holder. It is logged, so that a person can see it.
fn set_aside(batch: &StreamBatch) {
    for EventRecord { seq, kind, body, .. } in &batch.records {
        let stream = &batch.stream;
        tracing::error!(%stream, seq, %kind, %body, "a record of the emergency journal is not merged");
    }
}

/// What the main journal has of a stream after a record.
fn since(
    reader: &(dyn JournalReader + Send + Sync),
    stream: &StreamId,
    mut after: u64,
) -> Result<Vec<EventRecord>, ReadError> {
    let mut found = Vec::new();
    loop {
        let page = reader.read(stream, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.seq;
        found.extend(page);
    }
}

fn decode(record: &EventRecord) -> Option<Event> {
    Event::decode(&record.kind, record.version, &record.body).ok()
}

/// How many records of a generation a record says were merged.
fn merged_by(record: &EventRecord, generation: u64) -> u64 {
    match decode(record) {
        Some(Event::EmergencyMerged(e)) if e.generation == generation => e.count,
        _ => 0,
    }
}

/// The records that go on from the main journal's head.
fn sequel(
    stream: &StreamId,
    head: Head,
    base: Head,
    since: &[EventRecord],
    waiting: Vec<EventRecord>,
    generation: u64,
) -> Result<Vec<EventRecord>, AppendError> {
    let count = waiting.len() as u64;
    let mut chain = Chain { stream, head, records: Vec::new() };
    if head == base {
        chain.head = waiting.last().map_or(head, EventRecord::head);
        chain.records = waiting;
    } else {
        tracing::warn!(%stream, "a write that had failed is in the journal after all");
        for record in waiting {
            let EventRecord { at, wall_at, kind, version, body, .. } = record;
            chain.seal(Draft { at, wall_at, kind, version, body });
        }
        for lost in since {
            let Some(Event::CloseStarted(close)) = decode(lost) else { continue };
            let text = "decided anew while the journal could not be written".to_owned();
            chain.event(&Event::CloseEnded(CloseEnded { id: close.id, done: false, text }))?;
        }
    }
    chain.event(&Event::EmergencyMerged(EmergencyMerged { generation, count }))?;
    Ok(chain.records)
}

struct Chain<'a> {
    stream: &'a StreamId,
    head: Head,
    records: Vec<EventRecord>,
}

impl Chain<'_> {
    fn seal(&mut self, draft: Draft) {
        let record = EventRecord::seal(self.stream, &self.head, draft);
        self.head = record.head();
        self.records.push(record);
    }

    /// Seals an event of the merge itself, at the time of the last record.
    fn event(&mut self, event: &Event) -> Result<(), AppendError> {
        let Some(last) = self.records.last() else { return Ok(()) };
        let (at, wall_at) = (last.at, last.wall_at);
        let (kind, version) = (event.kind().into(), event.version());
        let body = event.body().map_err(io)?.into();
        self.seal(Draft { at, wall_at, kind, version, body });
        Ok(())
    }
}
