//! The name of a data folder among desks that share a database.
//!
//! Whoever has the folder has its name: the folder's lock proves that the process before is gone,
//! so a restart goes on with the leases of the name at once. A copy of a folder is another folder
//! and gets a name of its own, on this machine or on another one: machines and disks number their
//! folders alike. This module must not know leases.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::ServeError;

/// The file's name in the data folder: the name, and which folder has it.
const FILE: &str = "instance";
/// A longer text is no name of ours.
const LENGTH_MAX: usize = 64;

/// Where systems keep what tells one machine from another.
const MACHINE_ID: &str = "/etc/machine-id";

/// Reads the name, or makes it: the machine's name with six characters that no other folder has.
pub(super) fn name(data_dir: &Path) -> Result<String, ServeError> {
    let machine = fs::read_to_string(MACHINE_ID).unwrap_or_default();
    name_on(data_dir, &machine)
}

/// [`name`] on a machine.
fn name_on(data_dir: &Path, machine: &str) -> Result<String, ServeError> {
    let path = data_dir.join(FILE);
    let found = fs::metadata(data_dir)
        .map_err(ServeError::io(format!("examine {}", data_dir.display())))?;
    let folder = place(machine, found.dev(), found.ino());
    match fs::read_to_string(&path) {
        Ok(text) => match named(&text) {
            Some((name, known)) if known == folder => Ok(name.to_owned()),
            _ => create(&path, &folder),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&path, &folder),
        Err(error) => Err(ServeError::io(format!("read {}", path.display()))(error)),
    }
}

/// Which folder it is: of which machine, which disk, and which number on the disk. The machine's
/// own id is not to be told to others, so only a digest is kept.
fn place(machine: &str, disk: u64, number: u64) -> String {
    let digest = Sha256::digest(format!("cofferdam/instance/1\n{}", machine.trim()));
    format!("{}-{disk:x}-{number:x}", hex::encode(&digest[..8]))
}

fn named(text: &str) -> Option<(&str, &str)> {
    let (name, folder) = text.trim().split_once(' ')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let sound = !name.is_empty() && name.len() <= LENGTH_MAX && name.chars().all(allowed);
    sound.then_some((name, folder))
}

fn create(path: &Path, folder: &str) -> Result<String, ServeError> {
    let mut random = [0_u8; 3];
    getrandom::fill(&mut random)
        .map_err(|error| ServeError::Invalid(format!("no randomness: {error}")))?;
    let uname = rustix::system::uname();
    let machine: String = uname
        .nodename()
        .to_string_lossy()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(LENGTH_MAX / 2)
        .collect();
    let name = format!("{machine}-{}", hex::encode(random)).trim_start_matches('-').to_owned();
    let failed = || ServeError::io(format!("write {}", path.display()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(failed())?;
    writeln!(file, "{name} {folder}").map_err(failed())?;
    file.sync_all().map_err(failed())?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_and_a_copy_gets_another() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = name(one.path()).unwrap();
        assert_eq!(name(one.path()).unwrap(), first);
        fs::copy(one.path().join(FILE), two.path().join(FILE)).unwrap();
        let second = name(two.path()).unwrap();
        assert_ne!(second, first);
        assert_eq!(name(two.path()).unwrap(), second);
        fs::write(one.path().join(FILE), "not two words of ours").unwrap();
        assert_ne!(name(one.path()).unwrap(), first);
    }

    #[test]
    fn the_same_folder_on_another_machine_or_disk_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let first = name_on(folder.path(), "one").unwrap();
        assert_eq!(name_on(folder.path(), "one\n").unwrap(), first);
        assert_ne!(name_on(folder.path(), "two").unwrap(), first);
        assert_ne!(place("one", 1, 7), place("one", 2, 7));
        assert_ne!(place("one", 1, 7), place("one", 1, 8));
    }
}
