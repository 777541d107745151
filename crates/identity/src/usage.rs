//! When sessions and keys were last used: kept in memory, written now and then.
//!
//! A write for each request would make reading as dear as trading. It must not judge anybody.

use std::{collections::HashMap, sync::atomic::Ordering};

use domain::{Nanos, Timestamp};

use crate::{
    error::IdentityError,
    ids::{KeyId, SessionId},
    rows::Session,
    service::{Identity, lock},
    tally,
};

/// How far apart writes are.
const TOUCH_EVERY: Nanos = Nanos::from_secs(60);

/// When sessions and keys were last used, since it was last written.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) sessions: HashMap<SessionId, Timestamp>,
    pub(crate) keys: HashMap<KeyId, Timestamp>,
    pub(crate) written: Timestamp,
}

impl Identity {
    /// Writes when sessions and keys were last used, at most once a minute, removes sessions that
    /// are over, and records what was counted in an hour that is over.
    ///
    /// # Errors
    /// The store's; then it is written the next time.
    pub fn write_use(&self) -> Result<(), IdentityError> {
        let now = self.now();
        let (sessions, keys) = {
            let mut used = lock(&self.used);
            if now.since(used.written) < TOUCH_EVERY {
                return Ok(());
            }
            used.written = now;
            (used.sessions.clone(), used.keys.clone())
        };
        if self.has_counts.load(Ordering::Acquire)
            && self.transact(|rows| tally::close(rows, now))?
        {
            self.has_counts.store(false, Ordering::Release);
        }
        let known = self.directory();
        let over: Vec<SessionId> = known
            .sessions
            .values()
            .filter(|s| known.users.get(&s.user).is_none_or(|u| !self.is_alive(s, u, now)))
            .map(|s| s.id.clone())
            .collect();
        if sessions.is_empty() && keys.is_empty() && over.is_empty() {
            return Ok(());
        }
        self.change(|rows| {
            for session in rows.sessions()? {
                if over.contains(&session.id) {
                    rows.delete_session(&session.id)?;
                } else if let Some(seen) = sessions.get(&session.id) {
                    let seen_at = session.seen_at.max(*seen);
                    rows.put_session(&Session { seen_at, ..session })?;
                }
            }
            for mut key in rows.keys()? {
                if let Some(used) = keys.get(&key.id) {
                    key.used_at = key.used_at.max(Some(*used));
                    rows.put_key(&key)?;
                }
            }
            Ok(())
        })?;
        let mut used = lock(&self.used);
        used.sessions.retain(|id, seen| sessions.get(id) != Some(seen));
        used.keys.retain(|id, seen| keys.get(id) != Some(seen));
        Ok(())
    }
}
