//! The bytes of the emergency journal: header slots and frames.
//!
//! Pure encoding and decoding, so that what survives a torn write is decided in one place. This
//! module must not open files.
//!
//! Two header slots take turns, so that a torn header write leaves the other one:
//! `magic(8) version(4) installation(8) generation(8) sha256(32)`, numbers big-endian. A frame is
//! `length(4) generation(8) sha256(32) payload(length)`; its hash covers generation, position and
//! payload, so that neither a frame of an earlier generation nor one at another place is taken for
//! one of now.

use domain::{InstallationId, Timestamp};
use path::journal::{EventRecord, Hash, Head, LeaseToken, StreamId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"CFEMERG\n";
const VERSION: u32 = 1;
/// Distance of the two header slots: one block of the usual disk each.
pub(crate) const SLOT_BYTES: u64 = 4096;
/// Where frames begin.
pub(crate) const FRAMES_AT: u64 = 2 * SLOT_BYTES;
pub(crate) const FRAME_HEAD_BYTES: usize = 4 + 8 + 32;
const HEADER_BYTES: usize = 8 + 4 + 8 + 8 + 32;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) installation: InstallationId,
    pub(crate) generation: u64,
}

/// What a header slot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Never written.
    Blank,
    /// Torn or damaged.
    Damaged,
    /// Written by a program with another form of the file.
    OtherVersion(u32),
    /// A header.
    Valid(Header),
}

impl Header {
    /// Where the header of this generation stands.
    pub(crate) fn offset(&self) -> u64 {
        (self.generation % 2) * SLOT_BYTES
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        let mut name = [0; 8];
        let id = self.installation.as_str().as_bytes();
        name[..id.len()].copy_from_slice(id);
        out.extend_from_slice(&name);
        out.extend_from_slice(&self.generation.to_be_bytes());
        let hash = Hash::of(&out);
        out.extend_from_slice(&hash.0);
        out
    }

    pub(crate) fn decode(slot: &[u8]) -> Slot {
        let Some(bytes) = slot.get(..HEADER_BYTES) else { return Slot::Damaged };
        if bytes.iter().all(|byte| *byte == 0) {
            return Slot::Blank;
        }
        let (content, hash) = bytes.split_at(HEADER_BYTES - 32);
        if Hash::of(content).0 != *hash || content[..8] != *MAGIC {
            return Slot::Damaged;
        }
        let version = u32::from_be_bytes(array(&content[8..12]));
        if version != VERSION {
            return Slot::OtherVersion(version);
        }
        let name = String::from_utf8_lossy(&content[12..20]);
        match InstallationId::new(name.trim_end_matches('\0')) {
            Ok(installation) => {
                let generation = u64::from_be_bytes(array(&content[20..28]));
                Slot::Valid(Self { installation, generation })
            }
            Err(_) => Slot::Damaged,
        }
    }
}

/// Copies a slice whose length the caller has fixed.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

/// One record with what it was to follow, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload {
    pub(crate) stream: String,
    /// The head that the record follows.
    pub(crate) expected: Head,
    pub(crate) token: LeaseToken,
    /// How many records of the same batch follow; a batch counts only when it is whole.
    pub(crate) remaining: u32,
    pub(crate) record: RecordForm,
}

/// The written form of an [`EventRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordForm {
    seq: u64,
    at: Timestamp,
    wall_at: Timestamp,
    kind: String,
    version: u16,
    body: String,
    prev: Hash,
    hash: Hash,
}

impl From<&EventRecord> for RecordForm {
    fn from(record: &EventRecord) -> Self {
        Self {
            seq: record.seq,
            at: record.at,
            wall_at: record.wall_at,
            kind: record.kind.to_string(),
            version: record.version,
            body: record.body.to_string(),
            prev: record.prev,
            hash: record.hash,
        }
    }
}

impl From<RecordForm> for EventRecord {
    fn from(form: RecordForm) -> Self {
        let RecordForm { seq, at, wall_at, kind, version, body, prev, hash } = form;
        Self { seq, at, wall_at, kind: kind.into(), version, body: body.into(), prev, hash }
    }
}

impl Payload {
    /// The stream, when a desk knows such a name.
    pub(crate) fn stream_id(&self) -> Option<StreamId> {
        StreamId::parse(&self.stream)
    }
}

fn frame_hash(generation: u64, offset: u64, payload: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"cofferdam/emergency/1");
    hasher.update(generation.to_be_bytes());
    hasher.update(offset.to_be_bytes());
    hasher.update(payload);
    hasher.finalize().into()
}

/// Appends the frame that is to stand at `offset` to `out`; false when it is too long.
pub(crate) fn encode(generation: u64, offset: u64, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u32::try_from(payload.len()) else { return false };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&generation.to_be_bytes());
    out.extend_from_slice(&frame_hash(generation, offset, payload));
    out.extend_from_slice(payload);
    true
}

/// What stands at a place of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A whole frame and the bytes that it takes.
    Frame { payload: &'a [u8], bytes: usize },
    /// Nothing was written here in this generation.
    End,
    /// A frame of this generation was begun and is not whole.
    Torn,
}

/// Reads the frame at `offset`, where `rest` begins.
pub(crate) fn decode(generation: u64, offset: u64, rest: &[u8]) -> Found<'_> {
    let Some((head, after)) = rest.split_at_checked(FRAME_HEAD_BYTES) else { return Found::End };
    let length = u32::from_be_bytes(array(&head[..4])) as usize;
    if length == 0 || u64::from_be_bytes(array(&head[4..12])) != generation {
        return Found::End;
    }
    match after.get(..length) {
        Some(payload) if frame_hash(generation, offset, payload) == head[12..] => {
            Found::Frame { payload, bytes: FRAME_HEAD_BYTES + length }
        }
        _ => Found::Torn,
    }
}
