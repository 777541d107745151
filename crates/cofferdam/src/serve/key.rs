//! The bootstrap key: made at the first start, kept in a private file, needed for everything.
//!
//! It stands for the operator until somebody exists, and no longer; then `people` puts the local key
//! in its place. Only its hash is given to the doors.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::ServeError;

/// The file's name in the data folder.
pub(crate) const KEY_FILE: &str = "bootstrap.key";

/// Where the key is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(KEY_FILE)
}

/// Reads the key, or makes it.
pub(super) fn ensure(data_dir: &Path) -> Result<String, ServeError> {
    let path = path(data_dir);
    match read(&path)? {
        Some(key) => Ok(key),
        None => create(&path),
    }
}

/// Reads the key. A file that others may read is refused.
pub(crate) fn read(path: &Path) -> Result<Option<String>, ServeError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ServeError::io(format!("examine {}", path.display()))(error)),
    };
    if !meta.is_file() || meta.mode() & 0o077 != 0 {
        return Err(ServeError::Invalid(format!(
            "{} must be a plain file that only its owner can read: run `chmod 600` on it, and make \
             a new key if somebody else may have read it",
            path.display()
        )));
    }
    let text =
        fs::read_to_string(path).map_err(ServeError::io(format!("read {}", path.display())))?;
    Ok(Some(text.trim().to_owned()))
}

fn create(path: &Path) -> Result<String, ServeError> {
    let (mut id, mut secret) = ([0_u8; 4], [0_u8; 32]);
    let random = |e: getrandom::Error| ServeError::Invalid(format!("no randomness: {e}"));
    getrandom::fill(&mut id).map_err(random)?;
    getrandom::fill(&mut secret).map_err(random)?;
    let key = format!("cfd_{}_{}", hex::encode(id), hex::encode(secret));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(ServeError::io(format!("create {}", path.display())))?;
    writeln!(file, "{key}").map_err(ServeError::io("write the key"))?;
    file.sync_all().map_err(ServeError::io("write the key"))?;
    Ok(key)
}

/// What the doors compare with.
pub(super) fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
