//! From the journal to a state.
//!
//! A snapshot shortens the way when it is sound; when it isn't, the whole stream is folded.

use path::{
    journal::{EventRecord, Hash, JournalReader, SnapshotRecord, StreamId},
    state::{AccountState, STATE_VERSION},
};

use crate::error::DeskError;

/// Records read at once.
const PAGE: usize = 2_000;

/// Folds a stream to its end, then `more` on top.
///
/// # Errors
/// [`DeskError`] when the journal can't be read or doesn't fold.
pub(crate) fn load(
    reader: &dyn JournalReader,
    stream: &StreamId,
    more: &[EventRecord],
) -> Result<Option<AccountState>, DeskError> {
    let snapshot = reader.snapshot(stream).ok().flatten();
    let start = snapshot.and_then(|s| sound(reader, stream, &s));
    let mut state = start;
    loop {
        let after = state.as_ref().map_or(0, |s| s.head.seq);
        let records = reader.read(stream, after, PAGE)?;
        if records.is_empty() {
            break;
        }
        state = AccountState::fold(state, stream, &records)?;
    }
    let known = state.as_ref().map_or(0, |s| s.head.seq);
    let rest: Vec<_> = more.iter().filter(|r| r.seq > known).cloned().collect();
    Ok(AccountState::fold(state, stream, &rest)?)
}

/// The snapshot's state, when version, hashes and the journal's own record agree.
fn sound(
    reader: &dyn JournalReader,
    stream: &StreamId,
    snapshot: &SnapshotRecord,
) -> Option<AccountState> {
    if snapshot.state_version != STATE_VERSION
        || Hash::of(snapshot.body.as_bytes()) != snapshot.body_hash
    {
        return None;
    }
    let record = reader.read(stream, snapshot.head.seq.checked_sub(1)?, 1).ok()?.pop()?;
    let state: AccountState = serde_json::from_str(&snapshot.body).ok()?;
    (record.head() == snapshot.head && state.head == snapshot.head).then_some(state)
}

/// A snapshot of a durable state.
///
/// # Errors
/// A serialisation failure, which plain data does not have.
pub(crate) fn snapshot(
    stream: &StreamId,
    state: &AccountState,
) -> Result<SnapshotRecord, DeskError> {
    let body = state.to_json()?;
    Ok(SnapshotRecord {
        stream: stream.clone(),
        head: state.head,
        state_version: STATE_VERSION,
        body_hash: Hash::of(body.as_bytes()),
        body: body.into(),
    })
}
