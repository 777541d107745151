//! Adding, changing and resetting people.

use std::sync::Arc;

use serde_json::json;

use super::{end_sessions, user_in};
use crate::{
    error::IdentityError,
    grants::Grants,
    ids::UserId,
    names::UserName,
    recovery,
    rights::Role,
    rows::{Rows, User},
    service::Identity,
};

/// People of one desk.
const USERS_MAX: usize = 1_000;

/// Somebody to add.
#[derive(Clone)]
pub struct NewUser {
    /// The name.
    pub name: UserName,
    /// The role.
    pub role: Role,
    /// The accounts.
    pub grants: Grants,
    /// A first password, which must be changed; made here when absent.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("role", &self.role).finish()
    }
}

/// What is to be different about somebody.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Another role.
    pub role: Option<Role>,
    /// Other accounts.
    pub grants: Option<Grants>,
    /// Whether the person is kept out.
    pub disabled: Option<bool>,
}

impl Identity {
    /// Everybody, by name.
    #[must_use]
    pub fn users(&self) -> Vec<Arc<User>> {
        let mut users: Vec<_> = self.directory().users.values().cloned().collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users
    }

    /// Adds somebody. The password that is returned was made here and is shown once.
    ///
    /// # Errors
    /// [`IdentityError::NameTaken`], [`IdentityError::PasswordWeak`], [`IdentityError::TooMany`], and
    /// [`IdentityError::LastAdmin`] when the first one is no admin.
    pub fn add_user(
        &self,
        new: NewUser,
        by: &str,
    ) -> Result<(User, Option<String>), IdentityError> {
        let made = match &new.password {
            Some(_) => None,
            None => Some(recovery::fresh(self.entropy.as_ref())?),
        };
        let password = new.password.as_deref().or(made.as_deref()).unwrap_or_default();
        let hash = self.hash_of(new.name.as_str(), password)?;
        let user = self.fresh_user(new.name, new.role, new.grants, hash, true)?;
        self.change(|rows| {
            let users = rows.users()?;
            if users.len() >= USERS_MAX {
                return Err(IdentityError::TooMany("users"));
            }
            // Whoever is first ends the bootstrap key, and must be able to go on.
            if users.is_empty() && user.role != Role::Admin {
                return Err(IdentityError::LastAdmin);
            }
            if users.iter().any(|other| other.name == user.name) {
                return Err(IdentityError::NameTaken);
            }
            rows.put_user(&user)?;
            let mut event = self.event("user_added", by, user.name.as_str());
            event.detail = json!({"role": user.role.name(), "accounts": user.grants.list()});
            rows.record(&event)
        })?;
        self.setup().close();
        Ok((user, made))
    }

    /// Changes somebody's role, accounts, or whether they are kept out; their sessions end.
    ///
    /// # Errors
    /// [`IdentityError::UserUnknown`], [`IdentityError::LastAdmin`].
    pub fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        by: &str,
    ) -> Result<User, IdentityError> {
        self.change(|rows| {
            let mut user = user_in(rows, id)?;
            user.role = change.role.unwrap_or(user.role);
            user.disabled = change.disabled.unwrap_or(user.disabled);
            if let Some(grants) = &change.grants {
                user.grants = grants.clone();
            }
            end_sessions(rows, &mut user, None)?;
            rows.put_user(&user)?;
            some_admin(rows)?;
            let mut event = self.event("user_changed", by, user.name.as_str());
            event.detail = json!({
                "role": user.role.name(), "accounts": user.grants.list(), "disabled": user.disabled,
            });
            rows.record(&event)?;
            Ok(user)
        })
    }

    /// Gives somebody a one-time password, which is shown once, and takes the second factor away:
    /// this is for who lost them. Their sessions end.
    ///
    /// # Errors
    /// [`IdentityError::UserUnknown`].
    pub fn reset_user(&self, id: &UserId, by: &str) -> Result<(User, String), IdentityError> {
        let password = recovery::fresh(self.entropy.as_ref())?;
        let hash = self.settings.hashing.hash(&password, &self.random()?)?;
        let user = self.change(|rows| {
            let mut user = user_in(rows, id)?;
            user.password = hash;
            user.must_change = true;
            (user.totp, user.totp_pending, user.totp_since) = (None, None, None);
            end_sessions(rows, &mut user, None)?;
            rows.put_user(&user)?;
            rows.set_recovery(id, &[])?;
            for device in rows.devices(id)? {
                rows.delete_device(&device)?;
            }
            rows.record(&self.event("user_reset", by, user.name.as_str()))?;
            Ok(user)
        })?;
        Ok((user, password))
    }

    pub(crate) fn fresh_user(
        &self,
        name: UserName,
        role: Role,
        grants: Grants,
        password: String,
        must_change: bool,
    ) -> Result<User, IdentityError> {
        Ok(User {
            id: UserId::from_random(self.random()?),
            name,
            role,
            grants,
            password,
            must_change,
            disabled: false,
            version: 1,
            totp: None,
            totp_pending: None,
            totp_since: None,
            totp_step: 0,
            created_at: self.now(),
        })
    }
}

/// Refuses what would leave nobody to administer the desk.
fn some_admin(rows: &mut dyn Rows) -> Result<(), IdentityError> {
    let found = rows.users()?.iter().any(|user| user.role == Role::Admin && !user.disabled);
    if found { Ok(()) } else { Err(IdentityError::LastAdmin) }
}
