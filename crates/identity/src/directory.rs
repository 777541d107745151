//! Everything that a request is judged by, in memory.
//!
//! A request must be judged when the database is full, slow or gone: the kill switch above all. So
//! people, sessions and keys are read whole after each change and judged from here. It must not
//! decide anything.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    error::IdentityError,
    ids::{KeyId, SessionId, UserId},
    rows::{ApiKey, Rows, Session, User},
};

/// The name of the setting that counts changes.
pub(crate) const REVISION: &str = "revision";

/// People, sessions and keys as they stood after a change.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) revision: u64,
    pub(crate) users: BTreeMap<UserId, Arc<User>>,
    pub(crate) sessions: HashMap<SessionId, Session>,
    pub(crate) keys: HashMap<KeyId, ApiKey>,
    pub(crate) recovery_left: BTreeMap<UserId, u64>,
}

/// The number of the last change.
pub(crate) fn revision(rows: &mut dyn Rows) -> Result<u64, IdentityError> {
    match rows.setting(REVISION)? {
        Some(text) => text.parse().map_err(|_| IdentityError::Damaged("revision")),
        None => Ok(0),
    }
}

impl Directory {
    pub(crate) fn load(rows: &mut dyn Rows) -> Result<Self, IdentityError> {
        let mut directory = Self { revision: revision(rows)?, ..Self::default() };
        for user in rows.users()? {
            directory.recovery_left.insert(user.id.clone(), rows.recovery_left(&user.id)?);
            directory.users.insert(user.id.clone(), Arc::new(user));
        }
        directory.sessions = rows.sessions()?.into_iter().map(|s| (s.id.clone(), s)).collect();
        directory.keys = rows.keys()?.into_iter().map(|k| (k.id.clone(), k)).collect();
        Ok(directory)
    }
}
