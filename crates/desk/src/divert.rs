//! The main journal with the emergency journal behind it.
//!
//! The write that finds the main journal gone is often the exit or the kill that must not fail. So
//! what the main journal can't take goes to the emergency journal in the same step, unless it
//! opens risk. The heads that were seen durable stand in for those that can't be asked for. This
//! module must not know what else a record means.

use std::collections::BTreeMap;

use path::{
    event::Event,
    journal::{AppendError, EventRecord, Head, JournalReader, JournalStore, StreamBatch, StreamId},
};

use crate::ports::Emergency;

/// The last durable head of each stream that was written.
pub(crate) type Heads = BTreeMap<StreamId, Head>;

/// Both journals, for one write.
pub(crate) struct Both<'a> {
    /// Absent while it can't be written.
    pub(crate) main: Option<&'a mut (dyn JournalStore + Send)>,
    pub(crate) emergency: &'a mut dyn Emergency,
    pub(crate) reader: &'a (dyn JournalReader + Send + Sync),
    pub(crate) heads: &'a mut Heads,
    /// Why the main journal did not take something, when it was its own fault.
    pub(crate) down: Option<AppendError>,
    /// True when something is in the emergency journal now.
    pub(crate) diverted: bool,
}

/// True when an error is the journal's own and not the batch's.
pub(crate) fn is_down(error: &AppendError) -> bool {
    matches!(error, AppendError::Full | AppendError::Io(_) | AppendError::Dead)
}

/// True when a batch starts new risk; what can't be read counts as doing so.
fn opens_risk(batch: &StreamBatch) -> bool {
    batch.records.iter().any(|record: &EventRecord| {
        match Event::decode(&record.kind, record.version, &record.body) {
            Ok(event) => event.opens_risk(),
            Err(_) => true,
        }
    })
}

impl Both<'_> {
    fn divert(&mut self, batch: &StreamBatch) -> Result<(), AppendError> {
        if opens_risk(batch) {
            return Err(AppendError::Full);
        }
        let head = self.emergency_head(batch)?;
        self.emergency.begin(&batch.stream, head)?;
        let mut answers = self.emergency.append(std::slice::from_ref(batch));
        answers.pop().unwrap_or(Err(AppendError::Dead))?;
        self.diverted = true;
        Ok(())
    }

    /// The head on which the emergency journal goes on.
    fn emergency_head(&self, batch: &StreamBatch) -> Result<Head, AppendError> {
        let stream = &batch.stream;
        let known = self.emergency.records().map_err(|error| AppendError::Io(error.to_string()))?;
        let last = known.iter().rev().find(|r| r.stream == *stream).map(|r| r.record.head());
        let durable = self.heads.get(stream).copied();
        // After a merge that reached only some streams, the main journal is ahead.
        let newest = last.filter(|last| durable.is_none_or(|d| last.seq > d.seq)).or(durable);
        if newest == Some(batch.expected) {
            return Ok(batch.expected);
        }
        match self.reader.head(stream) {
            Ok(main) => Ok(last.filter(|last| last.seq > main.seq).unwrap_or(main)),
            Err(error) => newest.ok_or_else(|| AppendError::Io(error.to_string())),
        }
    }
}

impl JournalStore for Both<'_> {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        let Some(main) = self.main.as_mut() else {
            return batches.iter().map(|batch| self.divert(batch)).collect();
        };
        let mut outcomes = main.append(batches);
        for (outcome, batch) in outcomes.iter_mut().zip(batches) {
            match outcome {
                Ok(()) => {
                    let head = batch.records.last().map(EventRecord::head);
                    self.heads.extend(head.map(|head| (batch.stream.clone(), head)));
                }
                Err(error) if is_down(error) => {
                    self.down.get_or_insert_with(|| error.clone());
                    if self.divert(batch).is_ok() {
                        *outcome = Ok(());
                    }
                }
                Err(_) => {}
            }
        }
        outcomes
    }
}
