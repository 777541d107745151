//! People and keys of the running desk: the clock and randomness that `identity` asks for, the key
//! files in the data folder, and the first set-up's token.
//!
//! Whoever can read the data folder could change the database beside the desk, so a key in a 0600
//! file there gives nothing away. Until somebody exists it is the bootstrap key, which stands for
//! the operator. From the set-up on it is the local key: an ordinary one that reads, trades and
//! pulls the kill switch from loopback, and can be revoked. It must not decide what anybody may do.

use std::{
    fs,
    io::{IsTerminal, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::Timestamp;
use identity::{Clock, Entropy, Identity, IdentityError, IdentityStore, SETUP_SECONDS, Settings};

use super::{ServeError, key};

/// The file with the key for the command line on this machine.
pub(crate) const LOCAL_KEY_FILE: &str = "local.key";
/// The file with the set-up token, where there is no terminal to show it on.
const TOKEN_FILE: &str = "setup.token";
/// How often the changes of other desks on the same database are taken over.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether uses of sessions and keys are to be written.
const WRITE_EVERY: Duration = Duration::from_secs(30);

/// The wall clock.
#[derive(Debug)]
struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        desk::clock::wall_time()
    }
}

/// The system's randomness.
#[derive(Debug)]
struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), IdentityError> {
        getrandom::fill(bytes).map_err(|_| IdentityError::NoRandomness)
    }
}

/// Identity over a database.
pub(crate) fn open(store: Arc<dyn IdentityStore>) -> Result<Arc<Identity>, IdentityError> {
    let identity = Identity::open(store, Arc::new(Wall), Arc::new(System), Settings::default())?;
    Ok(Arc::new(identity))
}

/// The bootstrap key while nobody exists; after that the files are brought to what holds.
pub(super) fn keys_at_start(dir: &Path, identity: &Identity) -> Result<Option<String>, ServeError> {
    if identity.needs_setup() {
        return key::ensure(dir).map(Some);
    }
    forget(&key::path(dir));
    // A crash between the set-up's transaction and its file has left a key that nobody holds.
    if let Some(local) = identity.mint_local_key(has_local_key(dir))? {
        keep_local_key(dir, &local)?;
    }
    Ok(None)
}

/// True when the folder has the file of the local key.
pub(crate) fn has_local_key(dir: &Path) -> bool {
    dir.join(LOCAL_KEY_FILE).exists()
}

/// Puts the local key in the place of the bootstrap key.
pub(crate) fn keep_local_key(dir: &Path, local: &str) -> Result<(), ServeError> {
    private(&dir.join(LOCAL_KEY_FILE), local)?;
    forget(&key::path(dir));
    forget(&dir.join(TOKEN_FILE));
    Ok(())
}

/// What the door does with the local key that a set-up makes.
pub(super) fn keeper(dir: &Path) -> Arc<dyn Fn(&str) + Send + Sync> {
    let dir = dir.to_owned();
    Arc::new(move |local| {
        if let Err(error) = keep_local_key(&dir, local) {
            tracing::error!(%error, "the key for the command line was not written: stop the desk and use `cofferdam key create`");
        }
    })
}

/// Writes a private file whole, in the place of an earlier one.
fn private(path: &Path, text: &str) -> Result<(), ServeError> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    forget(&fresh);
    let what = || format!("write {}", path.display());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(ServeError::io(what()))?;
    writeln!(file, "{text}").map_err(ServeError::io(what()))?;
    file.sync_all().map_err(ServeError::io(what()))?;
    fs::rename(&fresh, path).map_err(ServeError::io(what()))
}

fn forget(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, file = %path.display(), "a file was not removed");
        }
        _ => {}
    }
}

/// Tells how the first admin is made, when nobody exists. The token goes to a terminal, or else to
/// a private file: never where output is collected.
pub(super) fn invite(
    identity: &Identity,
    dir: &Path,
    listen: SocketAddr,
) -> Result<(), ServeError> {
    if !identity.needs_setup() {
        return Ok(());
    }
    let token = identity.offer_setup()?;
    let minutes = SETUP_SECONDS / 60;
    if std::io::stdout().is_terminal() {
        println!("Set-up: make the first admin at http://{listen}/#setup={token}");
    } else {
        let file = dir.join(TOKEN_FILE);
        private(&file, &token)?;
        println!(
            "Set-up: make the first admin at http://{listen}/ with the token in {}",
            file.display()
        );
    }
    println!("        (good once, for {minutes} minutes; a restart makes a new one)");
    Ok(())
}

/// Takes over what other desks change, and writes when sessions and keys were last used.
pub(super) fn spawn(identity: &Arc<Identity>) {
    if identity.is_shared() {
        repeat(identity.clone(), REFRESH_EVERY, |identity| identity.refresh().map(drop));
    }
    repeat(identity.clone(), WRITE_EVERY, Identity::write_use);
}

fn repeat(
    identity: Arc<Identity>,
    every: Duration,
    work: fn(&Identity) -> Result<(), IdentityError>,
) {
    tokio::spawn(async move {
        let mut failing = false;
        loop {
            tokio::time::sleep(every).await;
            let identity = identity.clone();
            let done = tokio::task::spawn_blocking(move || work(&identity)).await;
            let failed = !matches!(done, Ok(Ok(())));
            if failed && !failing {
                tracing::warn!(?done, "people and keys are judged by what was known last");
            }
            failing = failed;
        }
    });
}

#[cfg(test)]
mod tests {
    use identity::{Grants, NewUser, Role};
    use store::{DataDirLock, SqliteDatabase};

    use super::*;

    #[test]
    fn a_key_whose_file_a_crash_has_prevented_is_replaced_at_the_next_start() {
        let tmp = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(tmp.path()).unwrap();
        let identity = open(Arc::new(SqliteDatabase::open(&lock).unwrap().identities())).unwrap();
        let name = "owner".parse().unwrap();
        let new = NewUser { name, role: Role::Admin, grants: Grants::All, password: None };
        identity.add_user(new, "machine").unwrap();
        let lost = identity.mint_local_key(false).unwrap().unwrap();
        assert!(!has_local_key(lock.dir()));
        keys_at_start(lock.dir(), &identity).unwrap();
        let kept = fs::read_to_string(lock.dir().join(LOCAL_KEY_FILE)).unwrap();
        let here = Some([127, 0, 0, 1].into());
        assert!(identity.by_key(kept.trim(), here).is_some());
        assert!(identity.by_key(&lost, here).is_none());
        keys_at_start(lock.dir(), &identity).unwrap();
        assert_eq!(fs::read_to_string(lock.dir().join(LOCAL_KEY_FILE)).unwrap(), kept, "once");
    }
}
