//! Set-up, what a sign-in begins, and the ends of sessions.

use domain::Timestamp;
use sha2::{Digest, Sha256};

use super::{end_sessions, keys::name_is_free, user_in};
use crate::{
    error::IdentityError,
    grants::Grants,
    ids::{SessionId, UserId},
    names::UserName,
    rights::Role,
    rows::{Device, Rows, Session, User},
    service::Identity,
};

/// Sessions of one person at once; the one that was used the longest ago goes.
const SESSIONS_MAX: usize = 32;
/// Browsers that are remembered for one person.
const DEVICES_MAX: usize = 16;
/// Characters that are kept of what a browser says of itself.
const AGENT_MAX: usize = 120;

/// An attempt to sign in.
#[derive(Clone, Default)]
pub struct SignIn {
    /// The name as it was typed.
    pub name: String,
    /// The password.
    pub password: String,
    /// A code of the second factor, or a recovery code.
    pub code: Option<String>,
    /// From where.
    pub address: String,
    /// What the browser says of itself.
    pub agent: String,
    /// The token of the browser's own cookie, when it has one.
    pub device: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A sign-in that went well. The two tokens are for cookies and nothing else.
#[derive(Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session.
    pub session: Session,
    /// The session's token.
    pub token: String,
    /// The browser's token.
    pub device: String,
    /// When the session ends at the latest.
    pub ends: Timestamp,
    /// The key for the command line on this machine; only the set-up makes one.
    pub local_key: Option<String>,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user).finish_non_exhaustive()
    }
}

pub(super) fn device_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Identity {
    /// A new one-time token, for the terminal. Earlier ones are void.
    ///
    /// # Errors
    /// [`IdentityError::SetupDone`] when somebody exists.
    pub fn offer_setup(&self) -> Result<String, IdentityError> {
        if !self.needs_setup() {
            return Err(IdentityError::SetupDone);
        }
        let random = self.random()?;
        let now = self.now();
        Ok(self.setup().offer(random, now))
    }

    /// Makes the first admin, who is signed in, and the key for the command line on this machine.
    /// From its transaction on the bootstrap key is nobody's.
    ///
    /// # Errors
    /// [`IdentityError::SetupDone`], [`IdentityError::SetupTokenWrong`], or what is wrong with name
    /// or password; these leave the token good.
    pub fn claim_setup(&self, token: &str, attempt: &SignIn) -> Result<SignedIn, IdentityError> {
        if !self.needs_setup() {
            return Err(IdentityError::SetupDone);
        }
        let now = self.now();
        if !self.setup().accepts(token, now) {
            return Err(IdentityError::SetupTokenWrong);
        }
        let name: UserName = attempt.name.parse()?;
        if name.is_local() {
            return Err(IdentityError::NameInvalid);
        }
        let password = self.hash_of(name.as_str(), &attempt.password)?;
        let user = self.fresh_user(name, Role::Admin, Grants::All, password, None)?;
        let parts = self.fresh_session(&user, attempt)?;
        let (key, local_key) = self.fresh_local_key()?;
        let event = self.event("setup_claimed", user.name.as_str(), user.name.as_str());
        self.change(|rows| {
            // Two claims with one token: the second finds the first one's user.
            if !rows.users()?.is_empty() {
                return Err(IdentityError::SetupDone);
            }
            name_is_free(rows, &user.name)?;
            rows.put_user(&user)?;
            rows.put_key(&key)?;
            rows.put_session(&parts.session)?;
            rows.put_device(&parts.device)?;
            rows.record(&event)
        })?;
        self.setup().close();
        Ok(self.signed_in(user, parts, Some(local_key)))
    }

    /// Ends one session of a person.
    ///
    /// # Errors
    /// [`IdentityError::SessionUnknown`] when it is nobody's or another person's.
    pub fn end_session(&self, user: &UserId, id: &SessionId) -> Result<(), IdentityError> {
        self.proofs().forget(id);
        self.change(|rows| {
            let found = rows.sessions()?.into_iter().find(|s| s.id == *id && s.user == *user);
            found.ok_or(IdentityError::SessionUnknown)?;
            rows.delete_session(id)?;
            let by = user_in(rows, user)?.name;
            rows.record(&self.event("signed_out", by.as_str(), id.as_str()))
        })
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// The store's.
    pub fn end_all_sessions(&self, id: &UserId) -> Result<(), IdentityError> {
        self.change(|rows| {
            let mut user = user_in(rows, id)?;
            end_sessions(rows, &mut user, None)?;
            rows.put_user(&user)?;
            rows.record(&self.event(
                "signed_out_everywhere",
                user.name.as_str(),
                user.name.as_str(),
            ))
        })
    }

    /// The sessions of a person that are alive, the newest first.
    #[must_use]
    pub fn sessions_of(&self, user: &UserId) -> Vec<Session> {
        let (directory, now) = (self.directory(), self.now());
        let alive = |s: &&Session| now < self.ends(s) && now < self.idle_ends(s);
        let mine = directory.sessions.values().filter(|s| s.user == *user).filter(alive);
        let mut found: Vec<Session> = mine.cloned().collect();
        found.sort_by_key(|s| std::cmp::Reverse(s.created_at));
        found
    }

    pub(super) fn fresh_session(
        &self,
        user: &User,
        attempt: &SignIn,
    ) -> Result<Parts, IdentityError> {
        let browser = hex::encode(self.random::<16>()?);
        let now = self.now();
        let clean = attempt.agent.chars().filter(|c| !c.is_control()).take(AGENT_MAX);
        let session = Session {
            id: SessionId::from_random(self.random()?),
            user: user.id.clone(),
            version: user.version,
            created_at: now.to_second(),
            seen_at: now,
            address: attempt.address.clone(),
            agent: clean.collect(),
        };
        Ok(Parts {
            token: self.token_of(&session)?,
            session,
            device: Device { user: user.id.clone(), hash: device_hash(&browser), seen_at: now },
            browser,
        })
    }

    pub(super) fn signed_in(
        &self,
        user: User,
        parts: Parts,
        local_key: Option<String>,
    ) -> SignedIn {
        let ends = self.ends(&parts.session);
        let Parts { session, token, browser: device, .. } = parts;
        SignedIn { user, session, token, device, ends, local_key }
    }
}

/// A session to begin, with its tokens: nothing may fail once it is stored.
pub(super) struct Parts {
    pub(super) session: Session,
    token: String,
    pub(super) device: Device,
    browser: String,
}

/// Keeps the number of a person's sessions and browsers within bounds.
pub(super) fn make_room(rows: &mut dyn Rows, user: &UserId) -> Result<(), IdentityError> {
    let mut sessions: Vec<_> = rows.sessions()?.into_iter().filter(|s| s.user == *user).collect();
    sessions.sort_by_key(|s| s.seen_at);
    let over = (sessions.len() + 1).saturating_sub(SESSIONS_MAX);
    for session in &sessions[..over] {
        rows.delete_session(&session.id)?;
    }
    let mut devices = rows.devices(user)?;
    devices.sort_by_key(|d| d.seen_at);
    let over = (devices.len() + 1).saturating_sub(DEVICES_MAX);
    for device in &devices[..over] {
        rows.delete_device(device)?;
    }
    Ok(())
}
