//! The emergency journal: room for exits, cancels and kill when the journal can't be written.
//!
//! A small file whose blocks are written with zeros beforehand, so that using it needs no room on
//! the disk. Records wait in it until the journal works again; then the caller appends them there
//! and clears the file. On file systems that never overwrite in place (btrfs, ZFS) a write needs
//! room after all and may be refused like any other. This module must not know SQL nor what a
//! record means.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use domain::InstallationId;
use path::journal::{
    AppendError, EventRecord, Head, JournalStore, LeaseToken, StreamBatch, StreamId,
};

use crate::{
    connection::{FILE_MODE, tighten},
    datadir::Repair,
    emergency_file::{
        create, find_header, grow, read_range, scan, settle, write_header, write_private,
        write_zeros,
    },
    error::StoreError,
    frame::{self, FRAMES_AT, Header, Payload},
};

/// The size of the file unless configured otherwise, in bytes. Several thousand records fit.
pub const CAPACITY_DEFAULT: u64 = 4 * 1024 * 1024;
/// The smallest size, in bytes.
pub const CAPACITY_MIN: u64 = 64 * 1024;
/// The largest size, in bytes: the file is read as a whole.
pub const CAPACITY_MAX: u64 = 256 * 1024 * 1024;

/// One record that waits to be merged into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyEntry {
    /// The stream.
    pub stream: StreamId,
    /// The head that the record follows.
    pub expected: Head,
    /// The lease under which it was written.
    pub token: LeaseToken,
    /// The record.
    pub record: EventRecord,
}

/// Everything that waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmergencyEntries {
    /// The records in the order in which they were written.
    pub entries: Vec<EmergencyEntry>,
    /// True when opening dropped the end of a write that was never acknowledged.
    pub torn_tail: bool,
}

#[derive(Debug, Clone, Copy)]
struct Tracked {
    head: Head,
    token: LeaseToken,
    /// Records of the stream are in the file.
    waits: bool,
}

/// The open emergency journal. One process has it: the one that holds the data folder.
#[derive(Debug)]
pub struct EmergencyJournal {
    file: File,
    path: PathBuf,
    header: Header,
    capacity: u64,
    end: u64,
    torn_tail: bool,
    streams: BTreeMap<StreamId, Tracked>,
    dead: bool,
    repairs: Vec<Repair>,
}

impl EmergencyJournal {
    /// Opens the file, or makes it and fills it with zeros, so that all its blocks exist. A file
    /// of another size keeps what it holds; a smaller one grows when there is room. Records of an
    /// earlier run are kept and wait in [`EmergencyJournal::entries`].
    ///
    /// # Errors
    /// [`StoreError::Full`] when a new file doesn't fit; [`StoreError::OtherInstallation`];
    /// [`StoreError::Corrupt`] when it holds something whose header can't be read;
    /// [`StoreError::Refused`] for a capacity outside [`CAPACITY_MIN`] to [`CAPACITY_MAX`].
    pub fn open(
        path: impl AsRef<Path>,
        installation: &InstallationId,
        capacity: u64,
    ) -> Result<Self, StoreError> {
        if !(CAPACITY_MIN..=CAPACITY_MAX).contains(&capacity) {
            let why = format!("an emergency journal has {CAPACITY_MIN} to {CAPACITY_MAX} bytes");
            return Err(StoreError::Refused(why));
        }
        let path = path.as_ref().to_owned();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(&path)
            .map_err(StoreError::file("open", &path))?;
        let repairs = tighten(&path, FILE_MODE)?.into_iter().collect();
        let length = file.metadata().map_err(StoreError::file("examine", &path))?.len();
        let bytes = read_range(&file, 0, length.min(CAPACITY_MAX))
            .map_err(StoreError::file("read", &path))?;
        let header = match find_header(&bytes, &path)? {
            Some(header) if header.installation != *installation => {
                return Err(StoreError::OtherInstallation {
                    what: path.display().to_string(),
                    found: header.installation.to_string(),
                    expected: installation.to_string(),
                });
            }
            Some(header) => header,
            None => create(&file, &path, installation, capacity)?,
        };
        let capacity = grow(&file, length, capacity).map_err(StoreError::file("extend", &path))?;
        let scan = scan(&bytes, &header, length, &path)?;
        settle(&file, &bytes, scan.end).map_err(StoreError::file("settle", &path))?;
        let mut streams = BTreeMap::new();
        for entry in &scan.entries {
            let (head, token) = (entry.record.head(), entry.token);
            let tracked = Tracked { head, token, waits: true };
            streams.insert(entry.stream.clone(), tracked);
        }
        let (end, torn_tail) = (scan.end, scan.torn);
        Ok(Self { file, path, header, capacity, end, torn_tail, streams, dead: false, repairs })
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Grows by one with every clearing.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.header.generation
    }

    /// True when no record waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end == FRAMES_AT
    }

    /// Room for frames, in bytes. A record takes its JSON and 44 bytes.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.capacity.saturating_sub(self.end)
    }

    /// Sets the head on which the next records of a stream are built: the journal's last durable
    /// one. A stream must be begun before records of it are taken.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] when records of the stream wait and end at another head.
    pub fn begin(&mut self, stream: &StreamId, head: Head) -> Result<(), AppendError> {
        if let Some(tracked) = self.streams.get(stream).filter(|tracked| tracked.waits) {
            if tracked.head != head {
                let (expected, found) = (head.seq, tracked.head.seq);
                return Err(AppendError::Conflict { expected, found });
            }
            return Ok(());
        }
        let tracked = Tracked { head, token: LeaseToken::default(), waits: false };
        self.streams.insert(stream.clone(), tracked);
        Ok(())
    }

    /// Reads everything that waits, from the file.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or holds a frame that no desk wrote.
    pub fn entries(&self) -> Result<EmergencyEntries, StoreError> {
        let bytes =
            read_range(&self.file, 0, self.end).map_err(StoreError::file("read", &self.path))?;
        let scan = scan(&bytes, &self.header, self.end, &self.path)?;
        if scan.end != self.end {
            let detail = format!("its frames end at byte {}, not {}", scan.end, self.end);
            let what = self.path.display().to_string();
            return Err(StoreError::Corrupt { what, detail });
        }
        Ok(EmergencyEntries { entries: scan.entries, torn_tail: self.torn_tail })
    }

    /// Forgets everything in one step, after it was merged into the journal. Streams must be begun
    /// again. A crash leaves either all records or none.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; it takes nothing more until it is opened
    /// anew.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        if self.dead {
            return Err(StoreError::Dead);
        }
        let generation = self.header.generation + 1;
        let next = Header { installation: self.header.installation.clone(), generation };
        if let Err(error) = write_header(&self.file, &next) {
            self.dead = true;
            return Err(StoreError::file("clear", &self.path)(error));
        }
        self.header = next;
        self.end = FRAMES_AT;
        self.torn_tail = false;
        self.streams.clear();
        Ok(())
    }

    /// Writes records that can't be merged into a file of JSON lines beside this one, and answers
    /// where that is. A generation has one such file; it is replaced when records are set aside
    /// again.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written and synced.
    pub fn set_aside<'a>(
        &self,
        records: impl IntoIterator<Item = (&'a StreamId, LeaseToken, &'a EventRecord)>,
    ) -> Result<PathBuf, StoreError> {
        let mut lines = Vec::new();
        for (stream, token, record) in records {
            let line = serde_json::json!({ "stream": stream, "token": token, "record": record });
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
        let mut path = self.path.as_os_str().to_owned();
        path.push(format!(".aside-{}", self.header.generation));
        let path = PathBuf::from(path);
        write_private(&path, &lines).map_err(StoreError::file("write", &path))?;
        Ok(path)
    }

    /// Checks a batch against what is staged and encodes its frames behind `out`.
    fn stage(
        &self,
        batch: &StreamBatch,
        staged: &mut BTreeMap<StreamId, Tracked>,
        out: &mut Vec<u8>,
    ) -> Result<(), AppendError> {
        let refuse = |why: String| AppendError::Io(format!("the batch was refused: {why}"));
        let tracked = *staged
            .get(&batch.stream)
            .or_else(|| self.streams.get(&batch.stream))
            .ok_or_else(|| refuse(format!("{} was not begun", batch.stream)))?;
        if batch.token < tracked.token {
            let (held, current) = (batch.token.0, tracked.token.0);
            return Err(AppendError::Fenced { held, current });
        }
        if batch.expected != tracked.head {
            let (expected, found) = (batch.expected.seq, tracked.head.seq);
            return Err(AppendError::Conflict { expected, found });
        }
        let start = out.len();
        let mut head = batch.expected;
        for (at, record) in batch.records.iter().enumerate() {
            let next = record.verify(&batch.stream, &head).map_err(|e| refuse(e.to_string()))?;
            let remaining = u32::try_from(batch.records.len() - at - 1).unwrap_or(u32::MAX);
            let payload = Payload {
                stream: batch.stream.to_string(),
                expected: head,
                token: batch.token,
                remaining,
                record: record.into(),
            };
            let json = serde_json::to_vec(&payload).map_err(|e| refuse(e.to_string()))?;
            let offset = self.end + out.len() as u64;
            let fits = offset + frame::FRAME_HEAD_BYTES as u64 + json.len() as u64 <= self.capacity;
            if !fits || !frame::encode(self.header.generation, offset, &json, out) {
                out.truncate(start);
                return Err(AppendError::Full);
            }
            head = next;
        }
        let waits = tracked.waits || !batch.records.is_empty();
        staged.insert(batch.stream.clone(), Tracked { head, token: batch.token, waits });
        Ok(())
    }

    /// Writes the frames and waits for the disk.
    fn write(&mut self, frames: &[u8]) -> Result<(), AppendError> {
        let failed = match self.file.write_all_at(frames, self.end) {
            Ok(()) => match self.file.sync_data() {
                Ok(()) => {
                    self.end += frames.len() as u64;
                    return Ok(());
                }
                Err(error) => AppendError::Io(error.to_string()),
            },
            Err(error) if error.kind() == io::ErrorKind::StorageFull => AppendError::Full,
            Err(error) => AppendError::Io(error.to_string()),
        };
        // Frames that arrived before the failure must not be found later.
        let erased = write_zeros(&self.file, self.end, frames.len() as u64)
            .and_then(|()| self.file.sync_data());
        if failed == AppendError::Full && erased.is_ok() {
            return Err(AppendError::Full);
        }
        self.dead = true;
        Err(match failed {
            AppendError::Full => AppendError::Io("no room, not even to erase".to_owned()),
            other => other,
        })
    }
}

impl JournalStore for EmergencyJournal {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        if self.dead {
            return vec![Err(AppendError::Dead); batches.len()];
        }
        let mut staged = BTreeMap::new();
        let mut frames = Vec::new();
        let outcomes: Vec<_> =
            batches.iter().map(|batch| self.stage(batch, &mut staged, &mut frames)).collect();
        if !frames.is_empty()
            && let Err(error) = self.write(&frames)
        {
            return vec![Err(error); batches.len()];
        }
        self.streams.extend(staged);
        outcomes
    }
}
