//! Checking the journal's chains, and saying no more than the check proves.
//!
//! Works while the desk writes: each stream is checked up to the head that it had when its turn
//! came. This module must not know SQL; it reads like everybody else.

use domain::{InstallationId, Timestamp};
use path::journal::{ChainError, Head, JournalReader, ReadError, StreamId};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::{checkpoint::Checkpoint, error::StoreError};

/// Records that are held in memory at once.
const CHUNK: usize = 1024;

/// What the check needs beyond [`JournalReader`].
pub trait JournalIndex {
    /// The names of all streams that have a head or a record, sorted.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    fn stream_names(&self) -> Result<Vec<String>, ReadError>;

    /// The installation that the journal belongs to, once it has a name.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    fn installation(&self) -> Result<Option<InstallationId>, ReadError>;
}

/// How far the check is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The stream under check.
    pub stream: &'a str,
    /// Streams done before it.
    pub streams_done: usize,
    /// Streams in all.
    pub streams: usize,
    /// Records checked in this stream.
    pub records: u64,
    /// Records that this stream has.
    pub of: u64,
}

/// The first thing that is wrong with a stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Break {
    /// A record was changed, removed, repeated or inserted.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The last records are gone but the head still names them.
    #[error("{stream}: records after {last} are missing; the head names record {head}")]
    Missing {
        /// The stream.
        stream: String,
        /// The last record that is there.
        last: u64,
        /// The record that the head names.
        head: u64,
    },
    /// The head was altered, or the whole stream rewritten beneath it.
    #[error("{stream}: record {seq} is not the one that the head names")]
    Head {
        /// The stream.
        stream: String,
        /// The record.
        seq: u64,
    },
    /// A record stands behind the head.
    #[error("{stream}: record {seq} stands behind the head; it was not written by a desk")]
    BehindHead {
        /// The stream.
        stream: String,
        /// The record.
        seq: u64,
    },
    /// The stream ends before the checkpoint.
    #[error("{stream}: cut off after record {last}; the checkpoint saw record {seen}")]
    Truncated {
        /// The stream.
        stream: String,
        /// The last record that is there.
        last: u64,
        /// The record that the checkpoint saw.
        seen: u64,
    },
    /// The checkpoint saw another history.
    #[error("{stream}: record {seq} is not the one that the checkpoint saw; history was rewritten")]
    Rewritten {
        /// The stream.
        stream: String,
        /// The record.
        seq: u64,
    },
    /// The name is none that a desk uses.
    #[error("`{stream}` is no stream of a desk")]
    UnknownStream {
        /// The stream.
        stream: String,
    },
}

impl Break {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(ChainError::Sequence { .. }) => "chain_sequence",
            Self::Chain(ChainError::Previous { .. }) => "chain_previous",
            Self::Chain(ChainError::Content { .. }) => "chain_content",
            Self::Missing { .. } => "chain_missing",
            Self::Head { .. } => "chain_head",
            Self::BehindHead { .. } => "chain_behind_head",
            Self::Truncated { .. } => "chain_truncated",
            Self::Rewritten { .. } => "chain_rewritten",
            Self::UnknownStream { .. } => "chain_unknown_stream",
        }
    }
}

impl Serialize for Break {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = s.serialize_struct("Break", 2)?;
        out.serialize_field("code", self.code())?;
        out.serialize_field("message", &self.to_string())?;
        out.end()
    }
}

/// What was found in one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// The stream's name.
    pub stream: String,
    /// Records that were checked and are sound.
    pub records: u64,
    /// The head of the sound part.
    pub head: Head,
    /// What is wrong after that.
    pub broken: Option<Break>,
}

/// What was found in all streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// One entry per stream, by name.
    pub streams: Vec<StreamReport>,
    /// Sound records in all.
    pub records: u64,
    /// When the checkpoint was made that was compared.
    pub checkpoint: Option<Timestamp>,
}

impl VerifyReport {
    /// True when nothing is wrong with any stream.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.streams.iter().all(|stream| stream.broken.is_none())
    }

    /// The broken streams.
    pub fn breaks(&self) -> impl Iterator<Item = &Break> {
        self.streams.iter().filter_map(|stream| stream.broken.as_ref())
    }

    /// The verdict in words, with what it does not prove.
    #[must_use]
    pub fn verdict(&self) -> String {
        let broken = self.breaks().count();
        if broken > 0 {
            return format!("broken: {broken} of {} streams", self.streams.len());
        }
        match self.checkpoint {
            None => "consistent; truncation not excluded (no off-host checkpoint)".to_owned(),
            Some(at) => format!(
                "consistent; complete up to the checkpoint of {at}, which is not signed; \
                 truncation after it not excluded"
            ),
        }
    }
}

/// Checks every record of every stream, and the heads; with a checkpoint also that nothing which it
/// saw is gone. `progress` is called after each chunk of records.
///
/// # Errors
/// [`StoreError::OtherInstallation`] when the checkpoint is of another journal; [`StoreError::Sql`]
/// when the store can't be read. What is wrong with the records is in the report.
pub fn verify<R: JournalReader + JournalIndex>(
    reader: &R,
    checkpoint: Option<&Checkpoint>,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<VerifyReport, StoreError> {
    let mut names = reader.stream_names()?;
    if let Some(checkpoint) = checkpoint {
        let here = reader.installation()?;
        if let (Some(here), Some(theirs)) = (&here, &checkpoint.installation)
            && here != theirs
        {
            return Err(checkpoint.foreign(here));
        }
        names.extend(checkpoint.heads.keys().cloned());
        names.sort_unstable();
        names.dedup();
    }
    let mut streams = Vec::with_capacity(names.len());
    for (done, name) in names.iter().enumerate() {
        let seen = checkpoint.and_then(|c| c.heads.get(name)).copied().unwrap_or_default();
        let mut tell = |records, of| {
            let at =
                Progress { stream: name, streams_done: done, streams: names.len(), records, of };
            progress(&at);
        };
        streams.push(check_stream(reader, name, seen, &mut tell)?);
    }
    let records = streams.iter().map(|stream| stream.records).sum();
    Ok(VerifyReport { streams, records, checkpoint: checkpoint.map(|c| c.created_at) })
}

fn check_stream<R: JournalReader>(
    reader: &R,
    name: &str,
    seen: Head,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<StreamReport, ReadError> {
    let report = |head: Head, broken: Option<Break>| StreamReport {
        stream: name.to_owned(),
        records: head.seq,
        head,
        broken,
    };
    let Some(stream) = StreamId::parse(name) else {
        let broken = Break::UnknownStream { stream: name.to_owned() };
        return Ok(report(Head::default(), Some(broken)));
    };
    let target = reader.head(&stream)?;
    let mut head = Head::default();
    while head.seq < target.seq {
        let left = usize::try_from(target.seq - head.seq).unwrap_or(CHUNK).min(CHUNK);
        let records = reader.read(&stream, head.seq, left)?;
        if records.is_empty() {
            let stream = name.to_owned();
            let broken = Break::Missing { stream, last: head.seq, head: target.seq };
            return Ok(report(head, Some(broken)));
        }
        for record in records {
            head = match record.verify(&stream, &head) {
                Ok(head) => head,
                Err(error) => return Ok(report(head, Some(error.into()))),
            };
            if head.seq == seen.seq && head.hash != seen.hash {
                let broken = Break::Rewritten { stream: name.to_owned(), seq: head.seq };
                return Ok(report(head, Some(broken)));
            }
        }
        tell(head.seq, target.seq);
    }
    Ok(report(head, check_end(reader, &stream, target, head, seen)?))
}

/// What a chain alone can't show: the head row, records behind it, and the checkpoint.
fn check_end<R: JournalReader>(
    reader: &R,
    stream: &StreamId,
    target: Head,
    head: Head,
    seen: Head,
) -> Result<Option<Break>, ReadError> {
    let name = stream.to_string();
    if head != target {
        return Ok(Some(Break::Head { stream: name, seq: target.seq }));
    }
    if head.seq < seen.seq {
        return Ok(Some(Break::Truncated { stream: name, last: head.seq, seen: seen.seq }));
    }
    // Records and head move in one commit, so a head that is read later covers what a running desk
    // has added since.
    if let Some(behind) = reader.read(stream, head.seq, 1)?.first()
        && reader.head(stream)?.seq < behind.seq
    {
        return Ok(Some(Break::BehindHead { stream: name, seq: behind.seq }));
    }
    Ok(None)
}
