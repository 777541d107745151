//! The writer of the journal on PostgreSQL.
//!
//! One call is one transaction with one durable commit, however many streams it carries. The
//! streams are locked by name first, so that heads and leases are compared and moved while nobody
//! else can, and all their records travel in one statement. This module must not know what a
//! record means.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use path::journal::{AppendError, Hash, Head, JournalStore, StreamBatch, StreamId};

use super::{JOURNAL_SCHEMA, Lane, PgShared, lock, lock_key, values::Owned};
use crate::{
    error::StoreError,
    fault::{DbError, Fault},
    journal::admit,
    lease::StreamState,
    session::{Columns, Session, values},
    sql,
};

/// How long the outcome of a commit is asked for after the connection broke in the middle of it.
const RESOLVE_WITHIN: Duration = Duration::from_secs(3);
/// Pause between those questions.
const RESOLVE_EVERY: Duration = Duration::from_millis(100);

/// The journal's writer. See [`JournalStore::append`] for what it promises.
///
/// - A full disk of the server answers [`AppendError::Full`] for every batch, changes nothing, and
///   the next call tries again.
/// - A batch that isn't a chain from its own head is refused with [`AppendError::Io`] alone; the
///   others go in.
/// - When another program holds a stream for more than five seconds the answer is
///   [`AppendError::Io`] and nothing was written.
/// - A connection that broke before the commit was sent is made anew once and the write is
///   repeated: the server has ended the first one without a trace.
/// - When the connection breaks *during* the commit, the writer connects anew, waits until the old
///   session is gone, and looks whether the records are there; so the answer is the truth. When
///   the server can't be asked for three seconds, the answer is [`AppendError::Io`] although the
///   records may be there; then readers and writers of this process first wait until the outcome
///   stands, and the caller reads the heads again.
/// - Damage that the server reports answers [`AppendError::Io`] once and [`AppendError::Dead`]
///   from then on. A failed *sync* stops the server itself, which then recovers from its log.
///
/// Leases are judged as on SQLite.
pub struct PgJournal {
    lane: Lane,
    shared: Arc<PgShared>,
}

impl fmt::Debug for PgJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgJournal")
            .field("place", self.shared.url())
            .field("dead", &self.shared.is_dead())
            .finish_non_exhaustive()
    }
}

type Outcomes = Vec<Result<(), AppendError>>;

/// Why a transaction has no outcomes.
enum Trouble {
    /// Nothing of it is in the journal.
    NotWritten(DbError),
    /// It may be in the journal or not.
    Unknown(String),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::NotWritten(error)
    }
}

/// The last record of a stream in a transaction: whether it is there tells whether all are.
struct Witness {
    stream: StreamId,
    head: Head,
}

impl PgJournal {
    pub(super) fn open(shared: Arc<PgShared>) -> Result<Self, StoreError> {
        let lane = Lane::connect(shared.url(), JOURNAL_SCHEMA)?;
        Ok(Self { lane, shared })
    }

    /// True after the server reported damage.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.shared.is_dead()
    }

    fn write(&mut self, batches: &[StreamBatch]) -> Result<Outcomes, Trouble> {
        self.lane.begin().map_err(DbError::from)?;
        let staged = self.stage(batches);
        let (outcomes, staged) = match staged {
            Ok(staged) => staged,
            Err(error) => {
                self.lane.rollback();
                return Err(error.into());
            }
        };
        let Some(witness) = staged else {
            self.lane.rollback();
            return Ok(outcomes);
        };
        match self.lane.commit() {
            Ok(()) => Ok(outcomes),
            Err(error) if error.fault == Fault::Lost => {
                self.resolve(batches, &witness, error).map(|()| outcomes)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Judges and inserts inside the transaction. Without a witness nothing was inserted.
    fn stage(&mut self, batches: &[StreamBatch]) -> Result<(Outcomes, Option<Witness>), DbError> {
        let mut keys = keys(batches);
        let unresolved = self.shared.unresolved().clone();
        keys.extend(&unresolved);
        lock(&mut self.lane, &keys)?;
        self.shared.unresolved().retain(|key| !unresolved.contains(key));
        let mut states = self.states(batches)?;
        let mut rows = Rows::default();
        let mut heads = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(batches.len());
        for batch in batches {
            let admitted = states
                .get(batch.stream.as_str())
                .ok_or_else(|| DbError::other("a question about a stream has no answer"))
                .map(|state| {
                    admit(state, batch)
                        .and_then(|(head, token)| storable(batch).map(|()| (head, token)))
                })?;
            if let Ok((head, token)) = &admitted
                && !batch.records.is_empty()
            {
                rows.add(batch, *token);
                heads.insert(batch.stream.clone(), (*head, *token));
                if let Some(state) = states.get_mut(batch.stream.as_str()) {
                    state.moved(*head, batch.token.0);
                }
            }
            outcomes.push(admitted.map(drop));
        }
        let Some((stream, (head, _))) = heads.first_key_value() else {
            return Ok((outcomes, None));
        };
        let witness = Witness { stream: stream.clone(), head: *head };
        self.lane.execute_columns(sql::PG_INSERT_EVENTS, rows.into_columns())?;
        self.lane.execute_columns(sql::PG_UPSERT_STREAMS, head_columns(heads))?;
        Ok((outcomes, Some(witness)))
    }

    fn states(
        &mut self,
        batches: &[StreamBatch],
    ) -> Result<BTreeMap<String, StreamState>, DbError> {
        let names: BTreeSet<&str> = batches.iter().map(|batch| batch.stream.as_str()).collect();
        let names = Owned::Texts(names.into_iter().map(Arc::from).collect());
        let rows = self.lane.rows(sql::PG_STREAM_STATES, vec![names])?;
        let state = |row: &postgres::Row| {
            let row: &dyn Columns = row;
            Ok((row.words(0)?.to_string(), StreamState::at(row, 1)?))
        };
        rows.iter().map(state).collect()
    }

    /// Finds out what became of a commit whose answer was lost: done, or not written.
    fn resolve(
        &mut self,
        batches: &[StreamBatch],
        witness: &Witness,
        lost: DbError,
    ) -> Result<(), Trouble> {
        let keys = keys(batches);
        let deadline = Instant::now() + RESOLVE_WITHIN;
        loop {
            match self.is_there(&keys, witness) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(Trouble::NotWritten(lost)),
                Err(_) if Instant::now() < deadline => thread::sleep(RESOLVE_EVERY),
                Err(_) => {
                    self.shared.unresolved().extend(&keys);
                    return Err(Trouble::Unknown(lost.text));
                }
            }
        }
    }

    /// Whether a record is in the journal, once the session that wrote it holds its locks no more.
    fn is_there(&mut self, keys: &BTreeSet<i64>, witness: &Witness) -> Result<bool, DbError> {
        self.lane.begin()?;
        lock(&mut self.lane, keys)?;
        let session: &mut dyn Session = &mut self.lane;
        let seq = witness.head.seq.cast_signed();
        let stream = witness.stream.as_str();
        let found = session.first(sql::EVENT_HASH, values![stream, seq], |row| row.digest(0))?;
        self.lane.rollback();
        Ok(found.map(Hash) == Some(witness.head.hash))
    }

    fn fail(&self, trouble: Trouble) -> AppendError {
        let error = match trouble {
            Trouble::NotWritten(error) => error,
            Trouble::Unknown(text) => {
                let rest =
                    "whether the records are in is found out before anything else is written";
                return AppendError::Io(format!(
                    "the server was lost in a commit ({text}); {rest}"
                ));
            }
        };
        match error.fault {
            Fault::Full => AppendError::Full,
            Fault::Busy => AppendError::Io(format!("another program holds it: {}", error.text)),
            Fault::Lost => AppendError::Io(format!("the server can't be reached: {}", error.text)),
            Fault::MaybeFull | Fault::Io => {
                tracing::error!(error = %error.text, "the server failed; the journal closes");
                self.shared.dead.store(true, std::sync::atomic::Ordering::Release);
                AppendError::Io(error.text)
            }
        }
    }
}

impl JournalStore for PgJournal {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        if batches.is_empty() {
            return Vec::new();
        }
        if self.is_dead() {
            return vec![Err(AppendError::Dead); batches.len()];
        }
        let lost = |t: &Trouble| matches!(t, Trouble::NotWritten(e) if e.fault == Fault::Lost);
        let written = match self.write(batches) {
            Err(trouble) if lost(&trouble) => self.write(batches),
            other => other,
        };
        written.unwrap_or_else(|trouble| vec![Err(self.fail(trouble)); batches.len()])
    }
}

fn keys(batches: &[StreamBatch]) -> BTreeSet<i64> {
    batches.iter().map(|batch| lock_key(JOURNAL_SCHEMA, batch.stream.as_str())).collect()
}

/// The server's texts have no zero character. JSON writes it as an escape, so no record of a desk
/// has one.
fn storable(batch: &StreamBatch) -> Result<(), AppendError> {
    let bare = |record: &path::journal::EventRecord| {
        record.body.contains('\0') || record.kind.contains('\0')
    };
    if batch.records.iter().any(bare) {
        let why = "the batch was refused: a record holds a zero character".to_owned();
        return Err(AppendError::Io(why));
    }
    Ok(())
}

/// Records of several streams, column by column.
#[derive(Default)]
struct Rows {
    streams: Vec<Arc<str>>,
    seqs: Vec<i64>,
    ats: Vec<i64>,
    walls: Vec<i64>,
    kinds: Vec<Arc<str>>,
    versions: Vec<i64>,
    bodies: Vec<Arc<str>>,
    prevs: Vec<[u8; 32]>,
    hashes: Vec<[u8; 32]>,
    tokens: Vec<i64>,
}

impl Rows {
    fn add(&mut self, batch: &StreamBatch, token: i64) {
        let stream: Arc<str> = Arc::from(batch.stream.as_str());
        for record in &batch.records {
            self.streams.push(stream.clone());
            self.seqs.push(record.seq.cast_signed());
            self.ats.push(record.at.0);
            self.walls.push(record.wall_at.0);
            self.kinds.push(record.kind.clone());
            self.versions.push(record.version.into());
            self.bodies.push(record.body.clone());
            self.prevs.push(record.prev.0);
            self.hashes.push(record.hash.0);
            self.tokens.push(token);
        }
    }

    fn into_columns(self) -> Vec<Owned> {
        vec![
            Owned::Texts(self.streams),
            Owned::Ints(self.seqs),
            Owned::Ints(self.ats),
            Owned::Ints(self.walls),
            Owned::Texts(self.kinds),
            Owned::Ints(self.versions),
            Owned::Texts(self.bodies),
            Owned::Hashes(self.prevs),
            Owned::Hashes(self.hashes),
            Owned::Ints(self.tokens),
        ]
    }
}

fn head_columns(heads: BTreeMap<StreamId, (Head, i64)>) -> Vec<Owned> {
    let (mut streams, mut seqs, mut hashes, mut tokens) = (vec![], vec![], vec![], vec![]);
    for (stream, (head, token)) in heads {
        streams.push(Arc::from(stream.as_str()));
        seqs.push(head.seq.cast_signed());
        hashes.push(head.hash.0);
        tokens.push(token);
    }
    vec![Owned::Texts(streams), Owned::Ints(seqs), Owned::Hashes(hashes), Owned::Ints(tokens)]
}
