//! The journal's one writer: a thread that commits what all accounts decided, in groups.
//!
//! While one write is being synced, the next group gathers; so throughput grows with load and
//! latency stays one sync. When the main journal fails, exits, cancels and kills go to the
//! emergency journal and entries fail; when there is room again, the emergency records are merged.
//! It must not know what is decided.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use path::{
    commit::{Batch, Committed, Failed, commit},
    journal::{
        AppendError, EventRecord, JournalReader, JournalStore, LeaseToken, StreamBatch, StreamId,
    },
};
use tokio::sync::{mpsc, oneshot};

use crate::{merge::merge, ports::Emergency};

/// Batches in one write.
const GROUP_MAX: usize = 512;
/// Batches that may wait.
const QUEUE_MAX: usize = 8_192;
/// How often a full journal is tried again.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// What a batch came to.
pub(crate) type Written = Result<Committed, Failed>;

/// Where answers go, each with the number that its batch was sent with.
pub(crate) type ToActor = mpsc::UnboundedSender<(u64, Written)>;

enum Job {
    Batch { batch: Batch, serial: u64, to: ToActor },
    Records { batch: StreamBatch, to: oneshot::Sender<Result<(), AppendError>> },
}

/// Sends batches to the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: SyncSender<Job>,
    writable: Arc<AtomicBool>,
    held: Held,
}

/// A copy of what the emergency journal holds.
type Held = Arc<Mutex<Vec<(StreamId, EventRecord)>>>;

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(
        journal: Box<dyn JournalStore + Send>,
        emergency: Box<dyn Emergency>,
        reader: Arc<dyn JournalReader + Send + Sync>,
        has_room: Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel(QUEUE_MAX);
        let writable = Arc::new(AtomicBool::new(true));
        let held = Held::default();
        let mut thread = Thread {
            journal,
            emergency,
            reader,
            has_room,
            writable: writable.clone(),
            held: held.clone(),
            tokens: Vec::new(),
        };
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || thread.run(&inbox))?;
        Ok(Self { jobs, writable, held })
    }

    /// True while the main journal can be written.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Acquire)
    }

    /// What the emergency journal holds of a stream.
    pub(crate) fn emergency_records(&self, stream: &StreamId) -> Vec<EventRecord> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().filter(|(s, _)| s == stream).map(|(_, r)| r.clone()).collect()
    }

    /// Queues a batch. The answer comes to `to` under `serial`, also when the queue is full.
    pub(crate) fn send(&self, batch: Batch, serial: u64, to: &ToActor) {
        let job = Job::Batch { batch, serial, to: to.clone() };
        let refused = match self.jobs.try_send(job) {
            Ok(()) => return,
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => job,
        };
        if let Job::Batch { batch, serial, to } = refused {
            let error = AppendError::Io("the journal's queue is full".to_owned());
            let _ = to.send((serial, Err(failed(error, &batch))));
        }
    }

    /// Appends records that no core decided, such as the desk's own.
    pub(crate) async fn append(&self, batch: StreamBatch) -> Result<(), AppendError> {
        let (to, answer) = oneshot::channel();
        self.jobs.try_send(Job::Records { batch, to }).map_err(|_| AppendError::Dead)?;
        answer.await.unwrap_or(Err(AppendError::Dead))
    }
}

fn failed(error: AppendError, batch: &Batch) -> Failed {
    Failed { stream: batch.stream().clone(), error, replies: batch.reply_ids() }
}

struct Thread {
    journal: Box<dyn JournalStore + Send>,
    emergency: Box<dyn Emergency>,
    reader: Arc<dyn JournalReader + Send + Sync>,
    has_room: Arc<dyn Fn() -> bool + Send + Sync>,
    writable: Arc<AtomicBool>,
    held: Held,
    tokens: Vec<(StreamId, LeaseToken)>,
}

impl Thread {
    fn run(&mut self, inbox: &Receiver<Job>) {
        loop {
            let first = match inbox.recv_timeout(PROBE_EVERY) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if !self.writable.load(Ordering::Acquire) {
                self.try_to_recover();
            }
            let Some(first) = first else { continue };
            let mut jobs = vec![first];
            while jobs.len() < GROUP_MAX {
                match inbox.try_recv() {
                    Ok(job) => jobs.push(job),
                    Err(_) => break,
                }
            }
            self.write(jobs);
        }
    }

    fn write(&mut self, jobs: Vec<Job>) {
        let mut batches = Vec::with_capacity(jobs.len());
        let mut to = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::Batch { batch, serial, to: answer } => {
                    self.note_token(batch.stream(), batch.token());
                    batches.push(batch);
                    to.push((serial, answer));
                }
                Job::Records { batch, to } => {
                    self.note_token(&batch.stream, batch.token);
                    let result = self.journal.append(&[batch]).pop();
                    let _ = to.send(result.unwrap_or(Err(AppendError::Dead)));
                }
            }
        }
        if !self.writable.load(Ordering::Acquire) {
            return self.write_emergency(batches, &to);
        }
        // A stream's batches build on each other, and each is compared with the head before it,
        // so a group may hold several of one stream.
        let results = commit(self.journal.as_mut(), batches);
        for (result, (serial, to)) in results.into_iter().zip(to) {
            if let Err(failed) = &result
                && matches!(
                    failed.error,
                    AppendError::Full | AppendError::Io(_) | AppendError::Dead
                )
                && self.writable.swap(false, Ordering::AcqRel)
            {
                tracing::error!(error = %failed.error, "the journal can't be written: entries stop");
            }
            let _ = to.send((serial, result));
        }
    }

    fn note_token(&mut self, stream: &StreamId, token: LeaseToken) {
        match self.tokens.iter_mut().find(|(s, _)| s == stream) {
            Some((_, known)) => *known = token,
            None => self.tokens.push((stream.clone(), token)),
        }
    }

    fn write_emergency(&mut self, batches: Vec<Batch>, to: &[(u64, ToActor)]) {
        for (batch, (serial, to)) in batches.into_iter().zip(to) {
            let serial = *serial;
            if batch.opens_risk() {
                let _ = to.send((serial, Err(failed(AppendError::Full, &batch))));
                continue;
            }
            if let Err(error) = self.begin_emergency(batch.stream()) {
                let _ = to.send((serial, Err(failed(error, &batch))));
                continue;
            }
            for result in commit(self.emergency.as_mut(), vec![batch]) {
                self.note_held();
                let _ = to.send((serial, result));
            }
        }
    }

    fn note_held(&self) {
        if let Ok(records) = self.emergency.records() {
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = records;
        }
    }

    fn begin_emergency(&mut self, stream: &StreamId) -> Result<(), AppendError> {
        let known = self.emergency.records().map_err(|e| AppendError::Io(e.to_string()))?;
        let last = known.iter().rev().find(|(s, _)| s == stream).map(|(_, r)| r.head());
        let main = self.reader.head(stream).map_err(|e| AppendError::Io(e.to_string()))?;
        // After a merge that reached only some streams, the main journal is ahead.
        let head = last.filter(|last| last.seq > main.seq).unwrap_or(main);
        self.emergency.begin(stream, head)
    }

    /// Tries an empty append; when it goes through, merges what the emergency journal holds.
    fn try_to_recover(&mut self) {
        if !(self.has_room)() {
            return;
        }
        let probe = self.tokens.first().and_then(|(stream, token)| {
            let expected = self.reader.head(stream).ok()?;
            Some(StreamBatch {
                stream: stream.clone(),
                expected,
                token: *token,
                records: Vec::new(),
            })
        });
        let Some(probe) = probe else { return };
        // A lease that was taken over meanwhile shows as well that the journal answers.
        let answer = self.journal.append(&[probe]);
        if !matches!(answer.first(), Some(Ok(()) | Err(AppendError::Fenced { .. }))) {
            return;
        }
        let tokens = self.tokens.clone();
        let token = |stream: &StreamId| {
            tokens.iter().find(|(s, _)| s == stream).map_or(LeaseToken::default(), |(_, t)| *t)
        };
        match merge(self.journal.as_mut(), self.emergency.as_mut(), self.reader.as_ref(), token) {
            Ok(count) => {
                self.note_held();
                self.writable.store(true, Ordering::Release);
                tracing::info!(count, "the journal can be written again; emergency records merged");
            }
            Err(error) => tracing::warn!(%error, "the emergency journal could not be merged yet"),
        }
    }
}
