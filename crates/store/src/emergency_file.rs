//! The emergency journal's file: making it, reading it, and making sure of what was read.
//!
//! Apart from [`crate::emergency`] so that what touches the disk can be read on one page. This
//! module must not know heads or leases.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use domain::InstallationId;

use crate::{
    connection::{FILE_MODE, sync_dir_of},
    emergency::EmergencyEntry,
    error::StoreError,
    frame::{self, FRAMES_AT, Found, Header, Payload, SLOT_BYTES, Slot},
};

/// What a file holds.
pub(crate) struct Scan {
    pub(crate) entries: Vec<EmergencyEntry>,
    /// Where the last whole batch ends.
    pub(crate) end: u64,
    /// Something of this generation follows that is no whole batch.
    pub(crate) torn: bool,
}

pub(crate) fn read_range(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

pub(crate) fn write_zeros(file: &File, mut at: u64, mut length: u64) -> io::Result<()> {
    let zeros = [0; 64 * 1024];
    while length > 0 {
        let part = &zeros[..usize::try_from(length).unwrap_or(usize::MAX).min(zeros.len())];
        file.write_all_at(part, at)?;
        at += part.len() as u64;
        length -= part.len() as u64;
    }
    Ok(())
}

pub(crate) fn write_header(file: &File, header: &Header) -> io::Result<()> {
    file.write_all_at(&header.encode(), header.offset())?;
    file.sync_data()
}

pub(crate) fn create(
    file: &File,
    path: &Path,
    installation: &InstallationId,
    capacity: u64,
) -> Result<Header, StoreError> {
    let header = Header { installation: installation.clone(), generation: 1 };
    write_zeros(file, 0, capacity)
        .and_then(|()| file.sync_all())
        .and_then(|()| write_header(file, &header))
        .map_err(StoreError::file("fill", path))?;
    sync_dir_of(path)?;
    Ok(header)
}

/// Writes a whole file for the owner's eyes and waits for the disk.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    let options = options.write(true).create(true).truncate(true).mode(FILE_MODE);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_dir_of(path).map_err(|error| io::Error::other(error.to_string()))
}

/// Gives an existing file the configured size, or leaves it as it is when there is no room.
pub(crate) fn grow(file: &File, length: u64, capacity: u64) -> io::Result<u64> {
    let length = length.max(file.metadata()?.len());
    if length >= capacity {
        return Ok(length);
    }
    match write_zeros(file, length, capacity - length).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(capacity),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            file.set_len(length)?;
            Ok(length)
        }
        Err(error) => Err(error),
    }
}

/// The newest header; none when the file is new or its making was cut short.
pub(crate) fn find_header(bytes: &[u8], path: &Path) -> Result<Option<Header>, StoreError> {
    let corrupt =
        |detail: String| Err(StoreError::Corrupt { what: path.display().to_string(), detail });
    let mut newest: Option<Header> = None;
    for at in [0, SLOT_BYTES] {
        let slot = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        match Header::decode(slot) {
            Slot::Valid(header) => {
                if newest.as_ref().is_none_or(|known| known.generation < header.generation) {
                    newest = Some(header);
                }
            }
            Slot::OtherVersion(version) => {
                return corrupt(format!("its form {version} is not known; use a newer program"));
            }
            Slot::Blank | Slot::Damaged => {}
        }
    }
    if newest.is_none() {
        let frames = usize::try_from(FRAMES_AT).ok().and_then(|at| bytes.get(at..));
        if frames.unwrap_or_default().iter().any(|byte| *byte != 0) {
            return corrupt("it holds data but neither header can be read".to_owned());
        }
    }
    Ok(newest)
}

/// Collects whole batches up to the first place that isn't a whole frame of this generation.
pub(crate) fn scan(
    bytes: &[u8],
    header: &Header,
    limit: u64,
    path: &Path,
) -> Result<Scan, StoreError> {
    let corrupt = |offset: u64, detail: String| StoreError::Corrupt {
        what: format!("{}, frame at byte {offset}", path.display()),
        detail,
    };
    let mut entries = Vec::new();
    let mut batch = Vec::new();
    let (mut at, mut end) = (FRAMES_AT, FRAMES_AT);
    let mut torn = false;
    while at < limit {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let (payload, taken) = match frame::decode(header.generation, at, rest) {
            Found::Frame { payload, bytes } => (payload, bytes as u64),
            Found::End => break,
            Found::Torn => {
                torn = true;
                break;
            }
        };
        let payload: Payload =
            serde_json::from_slice(payload).map_err(|e| corrupt(at, e.to_string()))?;
        let stream = payload
            .stream_id()
            .ok_or_else(|| corrupt(at, format!("`{}` is no stream", payload.stream)))?;
        let Payload { expected, token, remaining, record, .. } = payload;
        batch.push(EmergencyEntry { stream, expected, token, record: record.into() });
        at += taken;
        if remaining == 0 {
            entries.append(&mut batch);
            end = at;
        }
    }
    Ok(Scan { entries, end, torn: torn || !batch.is_empty() })
}

/// Makes the file on the disk what it was read as: after a failed sync, the kernel may show bytes
/// that the disk never got. What follows the last whole batch is zeroed, so that a frame of a torn
/// write can't come back when a later frame happens to end before it.
pub(crate) fn settle(file: &File, bytes: &[u8], end: u64) -> io::Result<()> {
    let (kept, rest) = bytes.split_at(usize::try_from(end).map_or(0, |end| end.min(bytes.len())));
    let frames = kept.get(usize::try_from(FRAMES_AT).unwrap_or(usize::MAX)..).unwrap_or_default();
    let dirty = rest.iter().any(|byte| *byte != 0);
    if !frames.is_empty() {
        file.write_all_at(frames, FRAMES_AT)?;
    }
    if dirty {
        write_zeros(file, end, rest.len() as u64)?;
    }
    if dirty || !frames.is_empty() {
        file.sync_data()?;
    }
    Ok(())
}
