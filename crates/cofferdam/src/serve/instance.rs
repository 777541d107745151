//! The name of a data folder among desks that share a database.
//!
//! Whoever has the folder has its name: the folder's lock proves that the process before is gone,
//! so a restart goes on with the leases of the name at once. This module must not know leases.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use super::ServeError;

/// The file's name in the data folder.
const FILE: &str = "instance";
/// A longer text is no name of ours.
const LENGTH_MAX: usize = 64;

/// Reads the name, or makes it: the machine's name with six characters that no other folder has.
pub(super) fn name(data_dir: &Path) -> Result<String, ServeError> {
    let path = data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if is_name(text.trim()) => Ok(text.trim().to_owned()),
        Ok(_) => Err(ServeError::Invalid(format!(
            "{} holds no name of a desk; remove it, and a new name is made",
            path.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&path),
        Err(error) => Err(ServeError::io(format!("read {}", path.display()))(error)),
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.len() <= LENGTH_MAX && text.chars().all(allowed)
}

fn create(path: &Path) -> Result<String, ServeError> {
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
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed())?;
    writeln!(file, "{name}").map_err(failed())?;
    file.sync_all().map_err(failed())?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name_and_two_folders_have_two() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = name(one.path()).unwrap();
        assert!(is_name(&first), "{first}");
        assert_eq!(name(one.path()).unwrap(), first);
        assert_ne!(name(two.path()).unwrap(), first);
        fs::write(one.path().join(FILE), "two words\n").unwrap();
        name(one.path()).unwrap_err();
    }
}
