//! The file to which a sweep adds each set as it ends.
//!
//! A line is written whole before the next set is told, so a sweep that is stopped loses the sets
//! under way and no others. Every few seconds, at the end and at Ctrl-C the file is brought to
//! disk, so that a power cut takes no more than the last seconds. This module must not know what
//! stands in a line.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use ::research::sweep::{LINE_BYTES_MAX, Row, Sweep};

use crate::cli::{failure::Failure, files};

/// Bytes of the largest file that is taken up.
const SIZE_MAX: u64 = 2 << 30;
/// Lines beside those of sets: the first one, and one that was torn.
const LINES_BESIDE: usize = 2;
/// Lines may be on their way to disk for so long.
const SYNC_EVERY: Duration = Duration::from_secs(5);
/// Exit code of what Ctrl-C has ended, as shells count it.
const INTERRUPTED: i32 = 130;

/// An open file.
#[derive(Debug)]
pub(super) struct SweepLog {
    file: Arc<File>,
    path: PathBuf,
    synced: Instant,
}

impl SweepLog {
    /// Opens or makes the file, for this process alone, and reads which sets are done. `read` are
    /// the files that the command reads.
    pub(super) fn open(
        path: &Path,
        read: &[PathBuf],
        sweep: &Sweep,
    ) -> Result<(Self, Vec<Row>), Failure> {
        files::check_not_read("--out", path, read)?;
        let wrong = |error: std::io::Error| Failure::file("open", path, &error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = files::open_with(path, &mut options)?;
        file.try_lock().map_err(|error| not_locked(path, &error))?;
        let most = (sweep.space().len() + LINES_BESIDE).saturating_mul(LINE_BYTES_MAX) as u64;
        let log = files::bytes(path, &file, "a log of this sweep", most.min(SIZE_MAX))?;
        let done = sweep
            .resume(&log)
            .map_err(|error| Failure::new(error.code(), format!("{}: {error}", path.display())))?;
        file.set_len(done.whole as u64).map_err(wrong)?;
        file.seek(SeekFrom::End(0)).map_err(wrong)?;
        let file = Arc::new(file);
        sync_when_interrupted(path, Arc::downgrade(&file)).map_err(wrong)?;
        let mut log = Self { file, path: path.to_owned(), synced: Instant::now() };
        if done.whole == 0 {
            log.write(&sweep.first_line()?)?;
        }
        Ok((log, done.rows))
    }

    /// Adds a line.
    pub(super) fn write(&mut self, line: &str) -> Result<(), Failure> {
        let written = (&*self.file).write_all(line.as_bytes());
        written.map_err(|error| Failure::file("write", &self.path, &error))?;
        if self.synced.elapsed() >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Brings all lines to disk.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.synced = Instant::now();
        self.file.sync_all().map_err(|error| Failure::file("write", &self.path, &error))
    }
}

/// Why the file isn't this process's alone.
fn not_locked(path: &Path, error: &TryLockError) -> Failure {
    let path = path.display();
    match error {
        TryLockError::WouldBlock => {
            let message = format!("{path}: another sweep writes to it; name another file");
            Failure::new("sweep_log_busy", message)
        }
        TryLockError::Error(error) => {
            let message = format!(
                "{path}: the file can't be locked ({error}), so another sweep could write to it \
                 too; name a file on a disk of this machine"
            );
            Failure::new("sweep_log_lock", message)
        }
    }
}

/// At Ctrl-C brings the file to disk before the process ends.
fn sync_when_interrupted(path: &Path, file: Weak<File>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let path = path.display().to_string();
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
            return;
        }
        if let Some(file) = file.upgrade() {
            match file.sync_all() {
                Ok(()) => eprintln!("\nstopped; the same command goes on with the sets in {path}"),
                Err(error) => eprintln!("\nstopped; can't write {path}: {error}"),
            }
        }
        std::process::exit(INTERRUPTED)
    };
    thread::Builder::new().name("sweep interrupt".to_owned()).spawn(wait).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_file_and_one_that_can_not_be_locked_are_told_apart() {
        let path = Path::new("a.jsonl");
        let busy = not_locked(path, &TryLockError::WouldBlock).to_string();
        assert!(busy.contains("a.jsonl: another sweep writes to it; name another file"), "{busy}");
        let odd = TryLockError::Error(std::io::Error::from(std::io::ErrorKind::Unsupported));
        let told = not_locked(path, &odd).to_string();
        assert!(told.contains("can't be locked (unsupported)"), "{told}");
        assert!(told.contains("name a file on a disk of this machine"), "{told}");
    }
}
