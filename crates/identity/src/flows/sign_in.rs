//! Signing in: count, verify, ask for the code, begin a session.
//!
//! The attempt is counted in a first transaction and what was verified is checked again in the one
//! that begins the session. What went wrong is recorded in one of its own, within a bound.

use sha2::{Digest, Sha256};

use super::{
    sessions::{Parts, SignIn, SignedIn, device_hash, make_room},
    user_in,
};
use crate::{
    delay::{self, Counted},
    error::IdentityError,
    names::UserName,
    password, recovery,
    rows::{Device, Rows, User},
    service::Identity,
    totp::TotpSecret,
};

/// What stands in the record for a name that nobody has: people type passwords there.
const UNKNOWN: &str = "unknown";

/// An attempt that was counted.
struct Counting {
    user: Option<User>,
    /// The browser's, when the person has signed in from it before.
    device: Option<[u8; 32]>,
    counted: Vec<Counted>,
}

impl Identity {
    /// Signs somebody in.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`] for whatever is wrong, [`IdentityError::SignInDelayed`], and
    /// after the right password only [`IdentityError::SecondFactorNeeded`] and
    /// [`IdentityError::OneTimePasswordExpired`].
    pub fn sign_in(&self, attempt: &SignIn) -> Result<SignedIn, IdentityError> {
        let hash = attempt.device.as_deref().map(device_hash);
        let Counting { user, device, mut counted } = self.counting(attempt, hash)?;
        let stored = user.as_ref().map_or(self.nobody.as_str(), |user| &user.password);
        let right = password::verify(&attempt.password, stored);
        let name = user.as_ref().map_or(UNKNOWN, |user| user.name.as_str()).to_owned();
        let Some(user) = user.filter(|user| right && !user.disabled) else {
            self.went_wrong("sign_in_failed", &attempt.address, &name, &name)?;
            return Err(IdentityError::SignInFailed);
        };
        if user.password_ends.is_some_and(|ends| self.now() >= ends) {
            self.transact(|rows| delay::take_back(rows, &counted))?;
            self.went_wrong("one_time_password_expired", &attempt.address, &name, &name)?;
            return Err(IdentityError::OneTimePasswordExpired);
        }
        if user.totp.is_some() {
            if !has_code(attempt.code.as_deref()) {
                self.transact(|rows| delay::take_back(rows, &counted))?;
                return Err(IdentityError::SecondFactorNeeded);
            }
            let codes = delay::counted_codes(user.name.as_str(), device.as_ref());
            let early = self.admitted(|_| Ok(((), codes.clone()))).err();
            if let Some(early) = early {
                self.transact(|rows| delay::take_back(rows, &counted))?;
                return Err(early);
            }
            counted.extend(codes);
        }
        let parts = self.fresh_session(&user, attempt)?;
        let begun = self.begin(&user, attempt, &counted, &parts, hash);
        if begun.as_ref().is_err_and(|error| *error == IdentityError::CodeWrong) {
            self.went_wrong("code_wrong", &attempt.address, &name, &name)?;
            return Err(IdentityError::SignInFailed);
        }
        Ok(self.signed_in(begun?, parts, None))
    }

    fn counting(
        &self,
        attempt: &SignIn,
        hash: Option<[u8; 32]>,
    ) -> Result<Counting, IdentityError> {
        let name = attempt.name.parse::<UserName>().ok();
        let (mut counting, counted) = self.admitted(|rows| {
            let named = |user: &User| Some(&user.name) == name.as_ref();
            let user = rows.users()?.into_iter().find(named);
            let device = match (&user, hash) {
                (Some(user), Some(hash)) => {
                    let known = rows.devices(&user.id)?.into_iter().any(|d| d.hash == hash);
                    known.then_some(hash)
                }
                _ => None,
            };
            let label = user.as_ref().map(|user| user.name.to_string());
            let label = label.unwrap_or_else(|| self.blind(&attempt.name));
            let counted = delay::counted(&label, &attempt.address, device.as_ref());
            Ok((Counting { user, device, counted: Vec::new() }, counted))
        })?;
        counting.counted = counted;
        Ok(counting)
    }

    /// Under what a name is counted that nobody has. It may be a password in the wrong field, so
    /// only a few bits are kept, which many texts share.
    fn blind(&self, name: &str) -> String {
        let name = name.trim().to_ascii_lowercase();
        let mut hash = Sha256::new();
        hash.update(self.signing.text().as_bytes());
        hash.update(b" counted as ");
        hash.update(name.as_bytes());
        // No name begins with this sign.
        format!("?{}", hex::encode(&hash.finalize()[..4]))
    }

    /// Begins the session, when what was verified is still so.
    fn begin(
        &self,
        user: &User,
        attempt: &SignIn,
        counted: &[Counted],
        parts: &Parts,
        hash: Option<[u8; 32]>,
    ) -> Result<User, IdentityError> {
        let renewed = if self.settings.hashing.is_outdated(&user.password) {
            Some(self.settings.hashing.hash(&attempt.password, &self.random()?)?)
        } else {
            None
        };
        self.change(|rows| {
            let mut now = user_in(rows, &user.id)?;
            if now.password != user.password || now.disabled || now.version != user.version {
                return Err(IdentityError::SignInFailed);
            }
            let used = self.check_factor(rows, &mut now, attempt.code.as_deref(), true)?;
            if let Some(hash) = renewed {
                now.password = hash;
            }
            rows.put_user(&now)?;
            delay::clear(rows, counted)?;
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
        })
    }

    /// Checks the second factor when it is on, and uses it up. The caller writes the person back.
    ///
    /// # Errors
    /// [`IdentityError::SecondFactorNeeded`] without a code, [`IdentityError::CodeWrong`].
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
        Err(IdentityError::CodeWrong)
    }
}

fn has_code(code: Option<&str>) -> bool {
    code.is_some_and(|code| !code.trim().is_empty())
}
