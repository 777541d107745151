//! Files that people name: texts that are read whole, and results that are written whole.
//!
//! It exists so that no command waits for a pipe, reads a device without an end, or writes over
//! what somebody needs. This module must not know what stands in a file.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Read, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::failure::Failure;

/// Bytes at the beginning of a file by which it is known.
const HEAD_BYTES: u64 = 4_096;

/// Why a file could not be opened, with what to do.
fn not_opened(path: &Path, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::NotFound {
        let message = format!(
            "can't open {}: there is no such file; check its name and folder",
            path.display()
        );
        return Failure::new("file", message);
    }
    Failure::file("open", path, error)
}

/// Opens what is a file, and no folder, pipe or device; `options` say how.
pub(crate) fn open_with(path: &Path, options: &mut OpenOptions) -> Result<File, Failure> {
    // Without the flag a pipe would be waited for; files know nothing of it.
    let flag = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = options.custom_flags(flag).open(path).map_err(|error| not_opened(path, &error))?;
    let kind = file.metadata().map_err(|error| not_opened(path, &error))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() { "a folder" } else { "a pipe or a device" };
    let message = format!(
        "can't open {}: it is {what}, and a file is needed; name a file, or write to one first",
        path.display()
    );
    Err(Failure::new("file", message))
}

/// Opens a file for reading.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    open_with(path, OpenOptions::new().read(true))
}

/// Reads a file of at most `most` bytes; `what` names such a file in words.
pub(crate) fn bytes(path: &Path, file: &File, what: &str, most: u64) -> Result<Vec<u8>, Failure> {
    let wrong = |error: io::Error| Failure::file("read", path, &error);
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(wrong)?;
    let read = bytes.len() as u64;
    if read > most {
        let size = file.metadata().map_err(wrong)?.len().max(read);
        let message = format!(
            "{}: {what} has at most {most} bytes, this file has {size}; name another file",
            path.display()
        );
        return Err(Failure::new("file_too_large", message));
    }
    Ok(bytes)
}

/// Reads a text of at most `most` bytes; `what` names such a text in words.
pub(crate) fn text(path: &Path, what: &str, most: usize) -> Result<String, Failure> {
    let bytes = bytes(path, &open(path)?, what, most as u64)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let packed = error.as_bytes().starts_with(&[0x1f, 0x8b]);
        let why = if packed {
            "it is packed by gzip; unpack it first: gunzip".to_owned()
        } else {
            format!("byte {} is no UTF-8 text; save it as UTF-8", at + 1)
        };
        Failure::new("file_encoding", format!("{}: {why}", path.display()))
    })
}

/// Refuses a file as an output that is also read.
pub(crate) fn check_not_read(option: &str, path: &Path, read: &[PathBuf]) -> Result<(), Failure> {
    let id = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    let Some(own) = id(path) else { return Ok(()) };
    match read.iter().find(|input| id(input) == Some(own)) {
        None => Ok(()),
        Some(input) => Err(Failure::usage(format!(
            "{option} {}: the command reads this file as {}; name another file to write to",
            path.display(),
            input.display()
        ))),
    }
}

/// A file that a result is written to, whole or not at all.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    option: &'a str,
    path: &'a Path,
    /// Files that the command reads.
    read: Vec<PathBuf>,
    /// What stands at the beginning of such a result, and of nothing else.
    mark: &'a str,
}

impl<'a> Target<'a> {
    /// A file that `option` names. It may exist only as an earlier result, known by `mark`.
    pub(crate) fn new(
        option: &'a str,
        path: &'a Path,
        read: Vec<PathBuf>,
        mark: &'a str,
    ) -> Result<Self, Failure> {
        let target = Self { option, path, read, mark };
        target.replaced()?;
        Ok(target)
    }

    /// The earlier result that is replaced, when there is one.
    fn replaced(&self) -> Result<Option<PathBuf>, Failure> {
        let Self { option, path, .. } = self;
        check_not_read(option, path, &self.read)?;
        if fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return self.folder().map(|_| None);
        }
        let file = open(path)?;
        let mut head = Vec::new();
        let wrong = |error: io::Error| Failure::file("read", path, &error);
        (&file).take(HEAD_BYTES).read_to_end(&mut head).map_err(wrong)?;
        if !String::from_utf8_lossy(&head).contains(self.mark) {
            let message = format!(
                "{option} {}: the file exists and is no earlier result of this command; name \
                 another file, or delete this one",
                path.display()
            );
            return Err(Failure::new("file_exists", message));
        }
        path.canonicalize().map(Some).map_err(wrong)
    }

    /// The folder of the file, which must exist.
    fn folder(&self) -> Result<&'a Path, Failure> {
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if folder.is_dir() {
            return Ok(folder);
        }
        let (option, path) = (self.option, self.path.display());
        let message = format!(
            "{option} {path}: there is no folder {}; make it, or name another file",
            folder.display()
        );
        Err(Failure::new("file", message))
    }

    /// Writes the result.
    pub(crate) fn write(&self, text: &str) -> Result<(), Failure> {
        let wrong = |error: io::Error| Failure::file("write", self.path, &error);
        let replaced = self.replaced()?;
        let folder = match &replaced {
            Some(path) => path.parent().unwrap_or(path),
            None => self.folder()?,
        };
        let mut fresh = tempfile::Builder::new()
            .prefix(".cofferdam-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(wrong)?;
        fresh.write_all(text.as_bytes()).map_err(wrong)?;
        fresh.as_file().sync_all().map_err(wrong)?;
        let kept = match replaced {
            Some(path) => fresh.persist(path),
            None => fresh.persist_noclobber(self.path),
        };
        kept.map(drop).map_err(|error| wrong(error.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "<title>ours</title>";

    #[test]
    fn a_result_replaces_an_earlier_one_and_nothing_else() {
        let tmp = tempfile::tempdir().unwrap();
        let at = |name: &str| tmp.path().join(name);
        let (page, notes, link) = (at("page.html"), at("notes.txt"), at("link.html"));
        let write = |path: &Path, read: Vec<PathBuf>, text: &str| {
            Target::new("--html", path, read, MARK).and_then(|target| target.write(text))
        };
        write(&page, Vec::new(), &format!("{MARK}1")).unwrap();
        write(&page, Vec::new(), &format!("{MARK}2")).unwrap();
        std::os::unix::fs::symlink(&page, &link).unwrap();
        write(&link, Vec::new(), &format!("{MARK}3")).unwrap();
        assert_eq!(fs::read_to_string(&page).unwrap(), format!("{MARK}3"), "through the link");
        assert!(link.is_symlink());
        fs::write(&notes, "mine").unwrap();
        let refused =
            |path: &Path, read: Vec<PathBuf>| write(path, read, MARK).unwrap_err().to_string();
        assert!(refused(&notes, Vec::new()).contains("no earlier result of this command"));
        let read = refused(&link, vec![page.clone()]);
        assert!(read.contains("--html") && read.contains("name another file"), "{read}");
        assert!(refused(&at("no/page.html"), Vec::new()).contains("there is no folder"));
        assert!(refused(tmp.path(), Vec::new()).contains("it is a folder"));
        assert!(refused(Path::new("/dev/null"), Vec::new()).contains("a pipe or a device"));
        assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 3, "nothing is left behind");
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let tmp = tempfile::tempdir().unwrap();
        let page = tmp.path().join("page.html");
        let target = Target::new("--html", &page, Vec::new(), MARK).unwrap();
        fs::write(&page, "mine").unwrap();
        assert!(target.write(MARK).unwrap_err().to_string().contains("no earlier result"));
        assert_eq!(fs::read_to_string(&page).unwrap(), "mine");
    }

    #[test]
    fn a_text_is_a_file_of_a_bounded_size() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("s.toml");
        let told = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            text(&path, "a strategy", 8).map_err(|error| error.to_string())
        };
        assert_eq!(told(b"12345678").unwrap(), "12345678");
        let large = told(&[b'x'; 2_000]).unwrap_err();
        for word in ["s.toml", "a strategy has at most 8 bytes", "2000", "name another file"] {
            assert!(large.contains(word), "{large}");
        }
        assert!(told(b"ab\xff").unwrap_err().contains("byte 3 is no UTF-8 text"));
        assert!(told(b"\x1f\x8b\x08").unwrap_err().contains("gunzip"));
        for (path, words) in [
            (Path::new("/dev/zero"), "a pipe or a device"),
            (tmp.path(), "it is a folder"),
            (&tmp.path().join("none"), "there is no such file"),
        ] {
            let told = text(path, "a strategy", 8).unwrap_err().to_string();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        assert!(open(&path).unwrap_err().to_string().contains("a pipe or a device"));
    }
}
