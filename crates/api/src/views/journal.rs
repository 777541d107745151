//! Records of the journal as they are stored.
//!
//! The body is shown as JSON and, beside it, as the exact text that is hashed, so that anybody can
//! check the chain. It must not know what a record means.

use path::journal::{EventRecord, Head};
use serde::Serialize;
use utoipa::ToSchema;

/// The last record of a stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HeadView {
    /// Its number; 0 for an empty stream.
    pub(crate) seq: u64,
    /// Its hash.
    pub(crate) hash: String,
}

impl From<Head> for HeadView {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: head.hash.to_string() }
    }
}

/// A record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RecordView {
    /// Its number in the stream, from 1.
    pub(crate) seq: u64,
    /// The desk's clock.
    pub(crate) at: String,
    /// The wall clock.
    pub(crate) wall_at: String,
    /// What kind of event it is.
    #[schema(example = "order_recorded")]
    pub(crate) kind: String,
    /// The version of the body's form.
    pub(crate) version: u16,
    /// The body.
    #[schema(value_type = Object)]
    pub(crate) body: serde_json::Value,
    /// The exact text of the body, as it is hashed.
    pub(crate) body_text: String,
    /// Hash of the record before.
    pub(crate) prev: String,
    /// Hash over all of the above.
    pub(crate) hash: String,
}

impl From<&EventRecord> for RecordView {
    fn from(record: &EventRecord) -> Self {
        Self {
            seq: record.seq,
            at: record.at.to_string(),
            wall_at: record.wall_at.to_string(),
            kind: record.kind.to_string(),
            version: record.version,
            body: serde_json::from_str(&record.body).unwrap_or_default(),
            body_text: record.body.to_string(),
            prev: record.prev.to_string(),
            hash: record.hash.to_string(),
        }
    }
}

/// A page of records, the oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RecordPage {
    /// The stream.
    #[schema(example = "account/main")]
    pub(crate) stream: String,
    /// The stream's last record.
    pub(crate) head: HeadView,
    /// The records.
    pub(crate) records: Vec<RecordView>,
    /// Give it as `after` for the next page; absent on the last.
    pub(crate) next: Option<u64>,
}

/// What a check of one stream found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StreamCheck {
    /// The stream.
    pub(crate) stream: String,
    /// True when nothing is wrong.
    pub(crate) sound: bool,
    /// Records that are sound.
    pub(crate) records: u64,
    /// The head of the sound part.
    pub(crate) head: HeadView,
    /// What is wrong after that.
    pub(crate) broken: Option<String>,
    /// What the check does not prove.
    pub(crate) verdict: String,
}
