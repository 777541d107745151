//! The file to which a sweep adds each set as it ends.
//!
//! A line is written whole before the next set is told, so a sweep that is stopped loses the sets
//! under way and no others. This module must not know what stands in a line.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use ::research::sweep::{Row, Sweep};

use crate::cli::failure::Failure;

/// Bytes of the largest file that is taken up: a million sets.
const SIZE_MAX: u64 = 2 << 30;

/// An open file.
#[derive(Debug)]
pub(super) struct SweepLog {
    file: File,
    path: PathBuf,
}

impl SweepLog {
    /// Opens or makes the file, for this process alone, and reads which sets are done.
    pub(super) fn open(path: &Path, sweep: &Sweep) -> Result<(Self, Vec<Row>), Failure> {
        let wrong = |error: std::io::Error| Failure::file("open", path, &error);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(wrong)?;
        file.try_lock().map_err(|_| {
            let message =
                format!("{}: another sweep writes to it; name another file", path.display());
            Failure::new("sweep_log_busy", message)
        })?;
        let size = file.metadata().map_err(wrong)?.len();
        if size > SIZE_MAX {
            let message = format!("{}: {size} bytes are no log of a sweep", path.display());
            return Err(Failure::new("sweep_log_unknown", message));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(wrong)?;
        // A character may be torn at the end; whole lines are text.
        let text = String::from_utf8_lossy(&bytes);
        let done = sweep
            .resume(&text)
            .map_err(|error| Failure::new(error.code(), format!("{}: {error}", path.display())))?;
        file.set_len(done.whole as u64).map_err(wrong)?;
        file.seek(SeekFrom::End(0)).map_err(wrong)?;
        let mut log = Self { file, path: path.to_owned() };
        if done.whole == 0 {
            log.write(&sweep.first_line()?)?;
        }
        Ok((log, done.rows))
    }

    /// Adds a line.
    pub(super) fn write(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| Failure::file("write", &self.path, &error))
    }
}
