//! Records of the emergency journal on their way into the main one.
//!
//! A merge that was cut off can be repeated: a record that is there already is known by its
//! content. A write that failed may yet be found in the main journal after a crash; then the
//! emergency records follow it under new numbers, and what it began is ended, because the desk had
//! taken it for lost and decided anew. Where another desk went on with an account, nothing is
//! merged: leases tell whose history it is. This module must not know what else an event means.

use std::collections::BTreeMap;

use path::{
    event::{CloseEnded, EmergencyMerged, Event},
    journal::{
        AppendError, Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, ReadError,
        StreamBatch, StreamId,
    },
};

use crate::ports::{Emergency, EmergencyRecord, WrittenUnder};

/// Records read at once.
const PAGE: usize = 2_000;

fn io(error: impl std::fmt::Display) -> AppendError {
    AppendError::Io(error.to_string())
}

/// The main journal, as a merge needs it.
pub(crate) struct MainJournal<'a> {
    pub(crate) journal: &'a mut (dyn JournalStore + Send),
    pub(crate) reader: &'a (dyn JournalReader + Send + Sync),
    pub(crate) written_under: &'a WrittenUnder,
}

/// What a merge came to.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// Records that are in the main journal now.
    pub(crate) count: usize,
    /// Records that never will be.
    pub(crate) aside: usize,
    /// The heads of the streams that it wrote to.
    pub(crate) heads: Vec<(StreamId, Head)>,
}

/// What happens to one stream's records.
enum Plan {
    Nothing,
    Append { expected: Head, records: Vec<EventRecord>, waiting: Vec<EmergencyRecord> },
    SetAside(Vec<EmergencyRecord>),
}

/// Appends the emergency journal's records to the main one, in order, and clears it. `token` tells
/// the lease of a stream; records of one without a lease are set aside, and so are those of one
/// with which another desk went on.
///
/// # Errors
/// The main journal's, when it can't take them.
pub(crate) fn merge(
    main: &mut MainJournal<'_>,
    emergency: &mut dyn Emergency,
    token: impl Fn(&StreamId) -> Option<LeaseToken>,
) -> Result<Merged, AppendError> {
    let mut streams: BTreeMap<StreamId, Vec<EmergencyRecord>> = BTreeMap::new();
    for record in emergency.records().map_err(io)? {
        streams.entry(record.stream.clone()).or_default().push(record);
    }
    if streams.is_empty() {
        return Ok(Merged::default());
    }
    let (mut aside, mut batches, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for (stream, waiting) in streams {
        let Some(token) = token(&stream) else {
            aside.extend(waiting);
            continue;
        };
        match plan(main, &stream, waiting, emergency.generation())? {
            Plan::Nothing => {}
            Plan::SetAside(records) => aside.extend(records),
            Plan::Append { expected, records, waiting } => {
                batches.push(StreamBatch { stream, expected, token, records });
                behind.push(waiting);
            }
        }
    }
    // One write for all streams, so that a full disk merges all of them or none.
    let appended = if batches.is_empty() { Vec::new() } else { main.journal.append(&batches) };
    let mut merged = Merged::default();
    for ((outcome, batch), waiting) in appended.into_iter().zip(batches).zip(behind) {
        match outcome {
            Err(AppendError::Fenced { .. }) => aside.extend(waiting),
            other => {
                other?;
                merged.count += waiting.len();
                merged.heads.extend(batch.records.last().map(|r| (batch.stream, r.head())));
            }
        }
    }
    merged.aside = aside.len();
    empty(emergency, &aside);
    Ok(merged)
}

/// Clears the emergency journal, unless what could not be merged would be lost with it.
fn empty(emergency: &mut dyn Emergency, aside: &[EmergencyRecord]) {
    if !aside.is_empty() {
        report(aside);
        if let Err(error) = emergency.set_aside(aside) {
            tracing::error!(%error, "records could not be set aside: the emergency journal stays");
            return;
        }
    }
    if let Err(error) = emergency.clear() {
        // What is merged is known by its content and is not merged again.
        tracing::error!(%error, "the emergency journal could not be cleared");
    }
}

/// Another desk took the account over while only the emergency journal could be written. What
/// this one did in its last seconds can't be added to a history that went on without it; the
/// venue's reports tell the new holder. It is logged, so that a person can see it.
fn report(aside: &[EmergencyRecord]) {
    for EmergencyRecord { stream, token, record } in aside {
        let (EventRecord { seq, kind, body, .. }, lease) = (record, token.0);
        tracing::error!(%stream, lease, seq, %kind, %body, "an emergency record is not merged");
    }
}

/// Decides about one stream's records.
fn plan(
    main: &MainJournal<'_>,
    stream: &StreamId,
    mut waiting: Vec<EmergencyRecord>,
    generation: u64,
) -> Result<Plan, AppendError> {
    let Some(first) = waiting.first() else { return Ok(Plan::Nothing) };
    let base = first.record.seq.saturating_sub(1);
    let since = since(main.reader, stream, base).map_err(io)?;
    let (there, until) = already_there(&since, &waiting, generation);
    let until = until.unwrap_or(base);
    let tokens: Vec<_> = waiting.iter().map(|w| w.token).collect();
    waiting.drain(..there);
    let Some(first) = waiting.first() else { return Ok(Plan::Nothing) };
    let others = (main.written_under)(stream, until).map_err(io)?;
    if others.iter().any(|token| !tokens.contains(token)) {
        return Ok(Plan::SetAside(waiting));
    }
    let base = Head { seq: first.record.seq.saturating_sub(1), hash: first.record.prev };
    let expected = main.reader.head(stream).map_err(io)?;
    let lost: Vec<_> = since.into_iter().filter(|r| r.seq > until).collect();
    let records = waiting.iter().map(|w| w.record.clone()).collect();
    let records = sequel(stream, expected, base, &lost, records, generation)?;
    Ok(Plan::Append { expected, records, waiting })
}

/// How many of the waiting records the main journal has already, and the number of its last
/// record that belongs to them: an earlier merge was cut off before the clearing, or the answer to
/// a write was lost that had gone through.
fn already_there(
    since: &[EventRecord],
    waiting: &[EmergencyRecord],
    generation: u64,
) -> (usize, Option<u64>) {
    let (mut there, mut until) = (0, None);
    for record in since {
        if waiting.get(there).is_some_and(|w| is_same(&w.record, record)) {
            there += 1;
            until = Some(record.seq);
        } else if there > 0 && ends_merge(record, generation) {
            until = Some(record.seq);
        }
    }
    (there, until)
}

/// Records of one content: the times count in nanoseconds, so two decisions are never alike.
fn is_same(one: &EventRecord, other: &EventRecord) -> bool {
    let content = |r: &EventRecord| (r.at, r.wall_at, r.version);
    content(one) == content(other) && one.kind == other.kind && one.body == other.body
}

fn ends_merge(record: &EventRecord, generation: u64) -> bool {
    matches!(decode(record), Some(Event::EmergencyMerged(e)) if e.generation == generation)
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
