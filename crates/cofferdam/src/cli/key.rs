//! The API key: from the environment or a private file, never from an argument.
//!
//! An argument would stand in the shell's history and in the list of processes. This module must
//! not know what a key may do, and no error of it quotes one.

use std::{
    fmt,
    fs::File,
    io::{ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::failure::Failure;

/// A key file is no longer than this.
const BYTES_MAX: u64 = 1024;

/// A secret that can't be shown.
#[derive(Clone)]
pub(crate) struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Takes the text of a key.
    pub(crate) fn parse(text: &str, from: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            let message =
                format!("{from} holds no key: one line such as cfd_<id>_<secret> belongs there");
            return Err(Failure::new("key_invalid", message));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads a key from a file that only its owner can read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| missing(path, &error))?;
        let metadata = file.metadata().map_err(|e| Failure::file("examine", path, &e))?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_file() {
            let message = format!("{} is not a file; name a file with the key", path.display());
            return Err(Failure::new("key_file", message));
        }
        if mode & 0o077 != 0 {
            let message = format!(
                "the key file {path} can be read by others (mode {mode:04o}), so it was not used; \
                 run: chmod 600 {path}, and replace the key if others use this machine",
                path = path.display()
            );
            return Err(Failure::new("key_file_mode", message));
        }
        let mut text = String::new();
        file.take(BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|e| Failure::file("read", path, &e))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// The secret, for the header of a request and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

fn missing(path: &Path, error: &std::io::Error) -> Failure {
    if error.kind() != ErrorKind::NotFound {
        return Failure::file("read the key file", path, error);
    }
    let message = format!(
        "there is no key: {} does not exist. A desk writes it at its first start; name its folder \
         with --data-dir, another file with --key-file, or set COFFERDAM_KEY",
        path.display()
    );
    Failure::new("key_missing", message)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(mode: u32, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bootstrap.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn only_a_private_file_is_read_and_the_key_is_never_shown() {
        let (_dir, path) = file(0o600, "cfd_a_sesame\n");
        let key = Key::read(&path).unwrap();
        assert_eq!(key.expose(), "cfd_a_sesame");
        assert_eq!(format!("{key:?}"), "Key(…)");
        for mode in [0o640, 0o604, 0o666, 0o610] {
            let (_dir, path) = file(mode, "cfd_a_sesame\n");
            let failure = Key::read(&path).unwrap_err();
            assert_eq!(failure.code(), "key_file_mode");
            assert!(!failure.to_string().contains("sesame"), "{failure}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_without_quoting_it() {
        for text in ["", "  \n", "two words", "cfd_é"] {
            let failure = Key::parse(text, "COFFERDAM_KEY").unwrap_err();
            assert_eq!(failure.code(), "key_invalid");
            assert!(text.trim().is_empty() || !failure.to_string().contains(text.trim()));
        }
        assert_eq!(Key::read(Path::new("/nowhere/key")).unwrap_err().code(), "key_missing");
        assert_eq!(Key::read(Path::new("/")).unwrap_err().code(), "key_file");
    }
}
