//! What the journal's last word is, without a desk: each account's stream folded, read only.
//!
//! It is the same fold that the desk starts from. One damaged stream must not hide the others.
//! This module must not write, and must not conclude anything about a venue.

use domain::AccountId;
use path::{
    journal::{EventRecord, Hash, JournalReader, StreamId},
    state::{AccountState, STATE_VERSION},
};
use store::Reader;

use super::{failure::Failure, progress::Progress};

/// Records read at once.
const PAGE: usize = 2_000;

/// One account as the journal tells it.
#[derive(Debug)]
pub(crate) struct Folded {
    /// The account.
    pub(crate) account: AccountId,
    /// Its state, or why it can't be told.
    pub(crate) state: Result<Option<AccountState>, String>,
    stream: StreamId,
}

/// The accounts that have a stream.
pub(crate) fn accounts(reader: &Reader) -> Result<Vec<AccountId>, Failure> {
    let id = |name: &str| AccountId::new(name.strip_prefix("account/")?).ok();
    Ok(reader.heads()?.iter().filter_map(|(name, _)| id(name)).collect())
}

/// Folds the streams of all accounts.
pub(crate) fn all(reader: &Reader) -> Result<Vec<Folded>, Failure> {
    let mut progress = Progress::new();
    let folded = accounts(reader)?.into_iter().map(|id| fold(reader, id, &mut progress));
    Ok(folded.collect())
}

/// Folds one account's stream; `None` when it has none.
pub(crate) fn one(reader: &Reader, account: &AccountId) -> Result<Option<Folded>, Failure> {
    let known = accounts(reader)?.contains(account);
    Ok(known.then(|| fold(reader, account.clone(), &mut Progress::new())))
}

fn fold(reader: &Reader, account: AccountId, progress: &mut Progress) -> Folded {
    let stream = StreamId::account(&account);
    let start = reader.snapshot(&stream).ok().flatten().and_then(|snapshot| {
        let known = snapshot.state_version == STATE_VERSION
            && Hash::of(snapshot.body.as_bytes()) == snapshot.body_hash;
        let state: AccountState = serde_json::from_str(&snapshot.body).ok().filter(|_| known)?;
        let record = last(reader, &stream, snapshot.head.seq)?;
        (record.head() == snapshot.head && state.head == snapshot.head).then_some(state)
    });
    let state = advance(reader, &stream, start, progress);
    Folded { account, state, stream }
}

impl Folded {
    /// Takes in what was written since.
    pub(crate) fn refresh(&mut self, reader: &Reader) {
        if let Ok(state) = &mut self.state {
            let state = state.take();
            self.state = advance(reader, &self.stream, state, &mut Progress::new());
        }
    }
}

fn last(reader: &Reader, stream: &StreamId, seq: u64) -> Option<EventRecord> {
    reader.read(stream, seq.checked_sub(1)?, 1).ok()?.pop()
}

fn advance(
    reader: &Reader,
    stream: &StreamId,
    mut state: Option<AccountState>,
    progress: &mut Progress,
) -> Result<Option<AccountState>, String> {
    loop {
        let after = state.as_ref().map_or(0, |state| state.head.seq);
        let records = reader.read(stream, after, PAGE).map_err(|error| error.to_string())?;
        if records.is_empty() {
            return Ok(state);
        }
        progress.tell(|| format!("reading the journal: {stream}, record {after}"));
        state = AccountState::fold(state, stream, &records).map_err(|error| error.to_string())?;
    }
}
