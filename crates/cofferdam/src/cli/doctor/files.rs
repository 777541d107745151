//! Whether the data folder and its files are private to their owner.
//!
//! This module must not open any of them.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use super::{Check, State};

/// What a data folder holds besides bars, which are no secret.
const FILES: [&str; 8] = [
    store::datadir::LOCK_FILE,
    store::JOURNAL_FILE,
    "cofferdam.sqlite-wal",
    "cofferdam.sqlite-shm",
    store::EMERGENCY_FILE,
    store::SIM_VENUE_FILE,
    "bootstrap.key",
    "KILL",
];
/// A kill file holds no secret, and a person may have made it with `touch`.
const MAY_BE_READ: [&str; 1] = ["KILL"];

/// Checks the folder and each file.
pub(super) fn check(dir: &Path) -> Vec<Check> {
    let folder = match fs::symlink_metadata(dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let found = format!("{} does not exist yet", dir.display());
            let check = Check::new("data folder", State::Note, found);
            return vec![check.remedy("the desk makes it at its first start: cofferdam up")];
        }
        Err(error) => {
            let found = format!("{}: {error}", dir.display());
            return vec![Check::new("data folder", State::Fail, found)];
        }
    };
    let mode = folder.permissions().mode() & 0o777;
    let found = format!("{}, mode {mode:04o}", dir.display());
    let own = rustix::process::geteuid().as_raw();
    let folder = if folder.is_dir() && folder.uid() != own {
        Check::new("data folder", State::Fail, format!("{found}, of user {}", folder.uid()))
            .remedy("run as its owner")
    } else if mode & 0o077 != 0 {
        Check::new("data folder", State::Fail, found)
            .remedy(format!("run: chmod 700 {}", dir.display()))
    } else {
        Check::new("data folder", State::Ok, found)
    };
    vec![folder, files(dir)]
}

fn files(dir: &Path) -> Check {
    let mut present = 0;
    let mut loose = Vec::new();
    for name in FILES {
        let Ok(metadata) = fs::symlink_metadata(dir.join(name)) else { continue };
        present += 1;
        let mode = metadata.permissions().mode() & 0o777;
        let forbidden = if MAY_BE_READ.contains(&name) { 0o022 } else { 0o077 };
        if mode & forbidden != 0 || !metadata.is_file() {
            loose.push(format!("{name} {mode:04o}"));
        }
    }
    if loose.is_empty() {
        return Check::new(
            "file modes",
            State::Ok,
            format!("{present} files, none open to others"),
        );
    }
    Check::new("file modes", State::Fail, format!("open to others: {}", loose.join(", ")))
        .remedy("run chmod 600 on them; if a key was among them, replace it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_others_can_read_fail() {
        let tmp = tempfile::tempdir().unwrap();
        let set = |name: &str, mode: u32| {
            let path = tmp.path().join(name);
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::set_permissions(tmp.path(), fs::Permissions::from_mode(0o700)).unwrap();
        set("bootstrap.key", 0o600);
        set("KILL", 0o644);
        assert!(check(tmp.path()).iter().all(|check| check.state == State::Ok));
        set("bootstrap.key", 0o640);
        let checks = check(tmp.path());
        assert_eq!(checks[1].state, State::Fail);
        assert!(checks[1].found.contains("bootstrap.key 0640"), "{}", checks[1].found);
        fs::set_permissions(tmp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(check(tmp.path())[0].state, State::Fail);
        assert_eq!(check(Path::new("/nowhere/at/all"))[0].state, State::Note);
    }
}
