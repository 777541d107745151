//! What people and programs do: set up, sign in, prove, add people, mint keys.
//!
//! Each flow reads and decides inside one transaction; the slow hash of a password is computed
//! outside of it.

pub(crate) mod keys;
pub(crate) mod people;
pub(crate) mod second;
pub(crate) mod sessions;

use crate::{
    error::IdentityError,
    ids::UserId,
    rows::{Rows, Session, User},
    service::Identity,
};

/// A person inside a transaction.
pub(crate) fn user_in(rows: &mut dyn Rows, id: &UserId) -> Result<User, IdentityError> {
    let found = rows.users()?.into_iter().find(|user| user.id == *id);
    found.ok_or(IdentityError::UserUnknown)
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
    /// The hash of a password that somebody chose, when it is good enough.
    pub(crate) fn hash_of(&self, name: &str, password: &str) -> Result<String, IdentityError> {
        crate::password::check_strength(name, password)?;
        self.settings.hashing.hash(password, &self.random()?)
    }
}
