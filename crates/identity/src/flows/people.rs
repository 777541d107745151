//! Adding, changing and resetting people.

use std::sync::Arc;

use domain::{Nanos, Timestamp};
use serde_json::json;

use super::{end_sessions, keys::name_is_free, user_in};
use crate::{
    delay,
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
/// How long a password is good that somebody else knows.
const ONE_TIME: Nanos = Nanos::from_secs(72 * 3_600);

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

    /// Adds somebody. The password that is returned was made here and is shown once. Whoever chose
    /// it, it is good for 72 hours and must be changed.
    ///
    /// # Errors
    /// [`IdentityError::NameTaken`], [`IdentityError::NameInvalid`], [`IdentityError::PasswordWeak`], [`IdentityError::TooMany`], and
    /// [`IdentityError::LastAdmin`] when the first one is no admin.
    pub fn add_user(
        &self,
        new: NewUser,
        by: &str,
    ) -> Result<(User, Option<String>), IdentityError> {
        if new.name.is_local() {
            return Err(IdentityError::NameInvalid);
        }
        let made = match &new.password {
            Some(_) => None,
            None => Some(recovery::fresh(self.entropy.as_ref())?),
        };
        let password = new.password.as_deref().or(made.as_deref()).unwrap_or_default();
        let hash = self.hash_of(new.name.as_str(), password)?;
        let ends = Some(self.now().plus(ONE_TIME));
        let user = self.fresh_user(new.name, new.role, new.grants, hash, ends)?;
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
            name_is_free(rows, &user.name)?;
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

    /// Gives somebody a one-time password, which is shown once and good for 72 hours, and takes the
    /// second factor away: this is for who lost them. Their sessions, keys and trusted browsers end,
    /// since whoever took the password may have made some; the delays of the name are forgotten.
    ///
    /// # Errors
    /// [`IdentityError::UserUnknown`].
    pub fn reset_user(&self, id: &UserId, by: &str) -> Result<(User, String), IdentityError> {
        self.reset(id, by, false)
    }

    /// As [`Identity::reset_user`], by who administers the machine itself: trusted browsers stay, so
    /// that strangers who knock on the name don't delay the person's own.
    ///
    /// # Errors
    /// [`IdentityError::UserUnknown`].
    pub fn reset_user_here(&self, id: &UserId) -> Result<(User, String), IdentityError> {
        self.reset(id, "machine", true)
    }

    fn reset(
        &self,
        id: &UserId,
        by: &str,
        keeps_devices: bool,
    ) -> Result<(User, String), IdentityError> {
        let password = recovery::fresh(self.entropy.as_ref())?;
        let hash = self.settings.hashing.hash(&password, &self.random()?)?;
        let user = self.change(|rows| {
            let mut user = user_in(rows, id)?;
            user.password = hash;
            user.must_change = true;
            user.password_ends = Some(self.now().plus(ONE_TIME));
            (user.totp, user.totp_pending, user.totp_since) = (None, None, None);
            end_sessions(rows, &mut user, None)?;
            rows.put_user(&user)?;
            rows.set_recovery(id, &[])?;
            if !keeps_devices {
                for device in rows.devices(id)? {
                    rows.delete_device(&device)?;
                }
            }
            delay::forget(rows, user.name.as_str())?;
            let mut event = self.event("user_reset", by, user.name.as_str());
            event.detail = json!({"keys_revoked": self.revoke_all(rows, id)?});
            rows.record(&event)?;
            Ok(user)
        })?;
        Ok((user, password))
    }

    /// Revokes every key of a person; their names.
    fn revoke_all(
        &self,
        rows: &mut dyn Rows,
        owner: &UserId,
    ) -> Result<Vec<UserName>, IdentityError> {
        let mut names = Vec::new();
        for mut key in rows.keys()? {
            if key.owner.as_ref() == Some(owner) && key.revoked_at.is_none() {
                key.revoked_at = Some(self.now());
                rows.put_key(&key)?;
                names.push(key.name);
            }
        }
        Ok(names)
    }

    pub(crate) fn fresh_user(
        &self,
        name: UserName,
        role: Role,
        grants: Grants,
        password: String,
        ends: Option<Timestamp>,
    ) -> Result<User, IdentityError> {
        Ok(User {
            id: UserId::from_random(self.random()?),
            name,
            role,
            grants,
            password,
            must_change: ends.is_some(),
            password_ends: ends,
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
