//! The journal's one writer: a thread that commits what all accounts decided, in groups.
//!
//! While one write is being synced, the next group gathers; so throughput grows with load and
//! latency stays one sync. When the main journal fails, exits, cancels and kills go to the
//! emergency journal and entries fail; when it takes writes again, the emergency records are
//! merged.
//! It must not know what is decided.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    time::{Duration, Instant},
};

use path::{
    commit::{Batch, Committed, Failed, commit},
    journal::{
        AppendError, EventRecord, JournalReader, JournalStore, LeaseToken, StreamBatch, StreamId,
    },
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    divert::{Both, Heads},
    merge::{MainJournal, Merged, merge},
    ports::{Emergency, WrittenUnder},
};

/// Batches in one write.
const GROUP_MAX: usize = 512;
/// Batches that may wait.
const QUEUE_MAX: usize = 8_192;
/// How often a journal that can't be written is tried again.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// How often the thread looks up while nothing is to be written.
const IDLE_FOR: Duration = Duration::from_millis(100);

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
        written_under: WrittenUnder,
        takes_writes: Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = sync_channel(QUEUE_MAX);
        let writable = Arc::new(AtomicBool::new(true));
        let held = Held::default();
        let mut thread = Thread {
            journal,
            emergency,
            reader,
            written_under,
            takes_writes,
            trial: None,
            tried_at: Instant::now(),
            heads: Heads::new(),
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
    written_under: WrittenUnder,
    takes_writes: Arc<dyn Fn() -> bool + Send + Sync>,
    /// A trial that is under way, and when the last one began.
    trial: Option<Receiver<bool>>,
    tried_at: Instant,
    heads: Heads,
    writable: Arc<AtomicBool>,
    held: Held,
    tokens: Vec<(StreamId, LeaseToken)>,
}

impl Thread {
    fn run(&mut self, inbox: &Receiver<Job>) {
        loop {
            let first = match inbox.recv_timeout(IDLE_FOR) {
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
                    let head = batch.records.last().map(|r| (batch.stream.clone(), r.head()));
                    let result = self.journal.append(&[batch]).pop();
                    let result = result.unwrap_or(Err(AppendError::Dead));
                    if result.is_ok() {
                        self.heads.extend(head);
                    }
                    let _ = to.send(result);
                }
            }
        }
        // A stream's batches build on each other, and each is compared with the head before it,
        // so a group may hold several of one stream.
        let writable = self.writable.load(Ordering::Acquire);
        let mut journals = Both {
            main: writable.then_some(self.journal.as_mut()),
            emergency: self.emergency.as_mut(),
            reader: self.reader.as_ref(),
            heads: &mut self.heads,
            down: None,
            diverted: false,
        };
        let results = commit(&mut journals, batches);
        let Both { down, diverted, .. } = journals;
        if diverted {
            self.note_held();
        }
        if let Some(error) = down {
            self.writable.store(false, Ordering::Release);
            tracing::error!(%error, "the journal can't be written: entries stop");
        }
        for (result, (serial, to)) in results.into_iter().zip(to) {
            let _ = to.send((serial, result));
        }
    }

    fn note_token(&mut self, stream: &StreamId, token: LeaseToken) {
        match self.tokens.iter_mut().find(|(s, _)| s == stream) {
            Some((_, known)) => *known = token,
            None => self.tokens.push((stream.clone(), token)),
        }
    }

    fn note_held(&self) {
        if let Ok(records) = self.emergency.records() {
            let records = records.into_iter().map(|r| (r.stream, r.record)).collect();
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = records;
        }
    }

    /// True when a trial has shown that the database takes writes. It runs on a thread of its own:
    /// a server that doesn't answer must not hold up what goes to the emergency journal.
    fn database_takes_writes(&mut self) -> bool {
        match self.trial.as_ref().map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => return false,
            Some(Ok(true)) => {
                self.trial = None;
                return true;
            }
            Some(Ok(false) | Err(TryRecvError::Disconnected)) => self.trial = None,
            None => {}
        }
        if self.tried_at.elapsed() < TRY_EVERY {
            return false;
        }
        self.tried_at = Instant::now();
        let (answer, told) = sync_channel(1);
        let takes_writes = self.takes_writes.clone();
        let started = std::thread::Builder::new()
            .name("journal-trial".to_owned())
            .spawn(move || answer.send(takes_writes()).ok());
        match started {
            Ok(_) => self.trial = Some(told),
            Err(error) => tracing::error!(%error, "no thread tries the journal"),
        }
        false
    }

    /// When the database takes a write and the journal answers, merges what the emergency journal
    /// holds.
    fn try_to_recover(&mut self) {
        if !self.database_takes_writes() {
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
        let token =
            |stream: &StreamId| tokens.iter().find(|(s, _)| s == stream).map(|(_, token)| *token);
        let mut main = MainJournal {
            journal: self.journal.as_mut(),
            reader: self.reader.as_ref(),
            written_under: &self.written_under,
        };
        match merge(&mut main, self.emergency.as_mut(), token) {
            Ok(Merged { count, aside, heads }) => {
                self.heads.extend(heads);
                self.note_held();
                self.writable.store(true, Ordering::Release);
                tracing::info!(count, aside, "the journal can be written again, and is merged");
            }
            Err(error) => tracing::warn!(%error, "the emergency journal could not be merged yet"),
        }
    }
}
