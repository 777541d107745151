//! What people and programs do: set up, sign in, prove, add people, mint keys.
//!
//! Each flow reads and decides inside one transaction; the slow hash of a password is computed
//! outside of it.

pub(crate) mod keys;
pub(crate) mod people;
pub(crate) mod second;
pub(crate) mod sessions;
mod sign_in;

use std::sync::atomic::Ordering;

use crate::{
    delay::{self, Counted},
    error::IdentityError,
    ids::UserId,
    rows::{Rows, Session, User},
    service::Identity,
    tally,
};

/// A person inside a transaction.
pub(crate) fn user_in(rows: &mut dyn Rows, id: &UserId) -> Result<User, IdentityError> {
    let found = rows.users()?.into_iter().find(|user| user.id == *id);
    found.ok_or(IdentityError::UserUnknown)
}

/// The person of a session inside a transaction, while the session lives as it was.
pub(crate) fn live_in(rows: &mut dyn Rows, session: &Session) -> Result<User, IdentityError> {
    let same = |s: &Session| s.id == session.id && s.user == session.user;
    let found = rows.sessions()?.into_iter().find(same).ok_or(IdentityError::SessionEnded)?;
    let user = user_in(rows, &session.user)?;
    let lives = found.version == session.version && found.version == user.version;
    if lives && !user.disabled { Ok(user) } else { Err(IdentityError::SessionEnded) }
}

/// Ends every session of a person but one.
pub(crate) fn end_sessions(
    rows: &mut dyn Rows,
    user: &mut User,
    keep: Option<&Session>,
) -> Result<Option<Session>, IdentityError> {
    user.version = user.version.saturating_add(1);
    let mut kept = None;
    for session in rows.sessions()? {
        if session.user != user.id {
            continue;
        }
        if keep.is_some_and(|keep| keep.id == session.id) {
            let session = Session { version: user.version, ..session };
            rows.put_session(&session)?;
            kept = Some(session);
        } else {
            rows.delete_session(&session.id)?;
        }
    }
    Ok(kept)
}

impl Identity {
    /// Counts an attempt in a transaction that finds out what is counted. When it comes too early,
    /// what the counts were put right by is kept all the same.
    ///
    /// # Errors
    /// [`IdentityError::SignInDelayed`].
    pub(crate) fn admitted<T>(
        &self,
        find: impl FnOnce(&mut dyn Rows) -> Result<(T, Vec<Counted>), IdentityError>,
    ) -> Result<(T, Vec<Counted>), IdentityError> {
        let lot = u64::from_be_bytes(self.random()?);
        let (found, wait) = self.transact(|rows| {
            let (found, counted) = find(rows)?;
            let wait = delay::admit(rows, &counted, self.now(), lot)?;
            Ok(((found, counted), wait))
        })?;
        match wait {
            Some(seconds) => Err(IdentityError::SignInDelayed { seconds }),
            None => Ok(found),
        }
    }

    /// Records what went wrong for a name, within a bound.
    pub(crate) fn went_wrong(
        &self,
        kind: &'static str,
        by: &str,
        name: &str,
        subject: &str,
    ) -> Result<(), IdentityError> {
        let event = self.event(kind, by, subject);
        self.transact(|rows| tally::note(rows, name, &event))?;
        self.has_counts.store(true, Ordering::Release);
        Ok(())
    }

    /// The hash of a password that somebody chose, when it is good enough.
    pub(crate) fn hash_of(&self, name: &str, password: &str) -> Result<String, IdentityError> {
        crate::password::check_strength(name, password)?;
        self.settings.hashing.hash(password, &self.random()?)
    }
}
