//! Set-up, sign-in, and the ends of sessions.

use domain::Timestamp;
use sha2::{Digest, Sha256};

use super::{end_sessions, user_in};
use crate::{
    delay,
    error::IdentityError,
    grants::Grants,
    ids::{SessionId, UserId},
    names::UserName,
    password, recovery,
    rights::Role,
    rows::{Device, Rows, Session, User},
    service::Identity,
    totp::TotpSecret,
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

fn device_hash(token: &str) -> [u8; 32] {
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
        let password = self.hash_of(name.as_str(), &attempt.password)?;
        let user = self.fresh_user(name, Role::Admin, Grants::All, password, false)?;
        let parts = self.fresh_session(&user, attempt)?;
        let (key, local_key) = self.fresh_local_key()?;
        let event = self.event("setup_claimed", user.name.as_str(), user.name.as_str());
        self.change(|rows| {
            // Two claims with one token: the second finds the first one's user.
            if !rows.users()?.is_empty() {
                return Err(IdentityError::SetupDone);
            }
            rows.put_user(&user)?;
            rows.put_key(&key)?;
            rows.put_session(&parts.session)?;
            rows.put_device(&parts.device)?;
            rows.record(&event)
        })?;
        self.setup().close();
        self.signed_in(user, parts, Some(local_key))
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`] for whatever is wrong, [`IdentityError::SecondFactorNeeded`]
    /// after the right password only, [`IdentityError::SignInDelayed`].
    pub fn sign_in(&self, attempt: &SignIn) -> Result<SignedIn, IdentityError> {
        // A name that can't exist is counted under one that nobody has.
        let name = attempt.name.parse::<UserName>();
        let name = name.or_else(|_| "no-such-name".parse())?;
        let hash = attempt.device.as_deref().map(device_hash);
        let (user, counted) = self.transact(|rows| {
            let user = rows.users()?.into_iter().find(|user| user.name == name);
            let trusted = match (&user, hash) {
                (Some(user), Some(hash)) => {
                    rows.devices(&user.id)?.into_iter().any(|d| d.hash == hash)
                }
                _ => false,
            };
            let device = hash.filter(|_| trusted);
            let counted = delay::counted(&name, &attempt.address, device.as_ref());
            delay::admit(rows, &counted, self.now())?;
            Ok((user, counted))
        })?;
        let stored = user.as_ref().map_or(self.nobody.as_str(), |user| &user.password);
        let right = password::verify(&attempt.password, stored);
        let Some(user) = user.filter(|user| right && !user.disabled) else {
            let event = self.event("sign_in_failed", &attempt.address, name.as_str());
            self.transact(|rows| rows.record(&event))?;
            return Err(IdentityError::SignInFailed);
        };
        let renewed = if self.settings.hashing.is_outdated(&user.password) {
            Some(self.settings.hashing.hash(&attempt.password, &self.random()?)?)
        } else {
            None
        };
        let parts = self.fresh_session(&user, attempt)?;
        let user = self.change(|rows| {
            // What was verified must still be so.
            let mut now = user_in(rows, &user.id)?;
            if now.password != user.password || now.disabled || now.version != user.version {
                return Err(IdentityError::SignInFailed);
            }
            let used = self.check_factor(rows, &mut now, attempt.code.as_deref(), true)?;
            if let Some(hash) = renewed {
                now.password = hash;
            }
            rows.put_user(&now)?;
            delay::clear(rows, &counted)?;
            make_room(rows, &user.id)?;
            rows.put_session(&parts.session)?;
            if let Some(hash) = hash {
                rows.delete_device(&Device { hash, ..parts.device.clone() })?;
            }
            rows.put_device(&parts.device)?;
            let mut event = self.event("signed_in", now.name.as_str(), now.name.as_str());
            event.detail = serde_json::json!({"address": attempt.address, "factor": used});
            rows.record(&event)?;
            Ok(now)
        })?;
        self.signed_in(user, parts, None)
    }

    /// Checks the second factor when it is on, and uses it up. The caller writes the person back.
    pub(crate) fn check_factor(
        &self,
        rows: &mut dyn Rows,
        user: &mut User,
        code: Option<&str>,
        recovery_counts: bool,
    ) -> Result<&'static str, IdentityError> {
        let Some(secret) = &user.totp else { return Ok("none") };
        let secret = TotpSecret::parse(secret).ok_or(IdentityError::Damaged("second factor"))?;
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        let code = code.ok_or(IdentityError::SecondFactorNeeded)?;
        if let Some(step) = secret.step_of(code, user.totp_step, self.now()) {
            user.totp_step = step;
            return Ok("totp");
        }
        if recovery_counts
            && let Some(hash) = recovery::hash(code)
            && rows.take_recovery(&user.id, &hash)?
        {
            return Ok("recovery");
        }
        Err(IdentityError::SignInFailed)
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

    fn fresh_session(&self, user: &User, attempt: &SignIn) -> Result<Parts, IdentityError> {
        let token = hex::encode(self.random::<16>()?);
        let now = self.now();
        let clean = attempt.agent.chars().filter(|c| !c.is_control()).take(AGENT_MAX);
        Ok(Parts {
            session: Session {
                id: SessionId::from_random(self.random()?),
                user: user.id.clone(),
                version: user.version,
                created_at: now.to_second(),
                seen_at: now,
                address: attempt.address.clone(),
                agent: clean.collect(),
            },
            device: Device { user: user.id.clone(), hash: device_hash(&token), seen_at: now },
            token,
        })
    }

    fn signed_in(
        &self,
        user: User,
        parts: Parts,
        local_key: Option<String>,
    ) -> Result<SignedIn, IdentityError> {
        let token = self.token_of(&parts.session)?;
        let ends = self.ends(&parts.session);
        let Parts { session, token: device, .. } = parts;
        Ok(SignedIn { user, session, token, device, ends, local_key })
    }
}

struct Parts {
    session: Session,
    device: Device,
    token: String,
}

/// Keeps the number of a person's sessions and browsers within bounds.
fn make_room(rows: &mut dyn Rows, user: &UserId) -> Result<(), IdentityError> {
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
