//! Passwords, second factors and step-up: what a signed-in person does about themselves.

use domain::Timestamp;
use serde_json::json;

use super::{end_sessions, user_in};
use crate::{
    delay,
    error::IdentityError,
    ids::UserId,
    password, qr, recovery,
    rows::{Session, User},
    service::Identity,
    stepup::Purpose,
    totp::{SECRET_BYTES, TotpSecret},
};

/// A second factor to set up. It is shown once.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret in letters.
    pub secret: String,
    /// The address for an application.
    pub uri: String,
    /// The address as a picture.
    pub qr_svg: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

/// A person's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor {
    /// Since when it is on.
    pub since: Option<Timestamp>,
    /// Recovery codes that are left.
    pub codes_left: u64,
}

impl Identity {
    /// How it stands with a person's second factor.
    #[must_use]
    pub fn second_factor(&self, user: &User) -> SecondFactor {
        let left = self.directory().recovery_left.get(&user.id).copied().unwrap_or(0);
        SecondFactor { since: user.totp.as_ref().and(user.totp_since), codes_left: left }
    }

    /// Checks a password and, where it is on and asked for, the second factor, of somebody who is
    /// signed in. Attempts are counted and delayed like those of a sign-in.
    fn prove(
        &self,
        session: &Session,
        password: &str,
        code: Option<Option<&str>>,
    ) -> Result<(), IdentityError> {
        let counted = self.transact(|rows| {
            let user = user_in(rows, &session.user)?;
            let counted = delay::counted_again(&user.name, session.id.as_str());
            delay::admit(rows, &counted, self.now())?;
            Ok((user, counted))
        });
        let (user, counted) = counted?;
        if !password::verify(password, &user.password) {
            return Err(IdentityError::SignInFailed);
        }
        self.transact(|rows| {
            let mut now = user_in(rows, &session.user)?;
            if now.password != user.password || now.version != user.version {
                return Err(IdentityError::SignInFailed);
            }
            if let Some(code) = code {
                self.check_factor(rows, &mut now, code, true)?;
                rows.put_user(&now)?;
            }
            delay::clear(rows, &counted)
        })
    }

    /// Replaces a person's password; their other sessions end. The token of the present session
    /// changes with it.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`] for a wrong present password, [`IdentityError::PasswordWeak`].
    pub fn change_password(
        &self,
        session: &Session,
        current: &str,
        new: &str,
    ) -> Result<String, IdentityError> {
        self.prove(session, current, None)?;
        let user = self.user(&session.user)?;
        let hash = self.hash_of(user.name.as_str(), new)?;
        let kept = self.change(|rows| {
            let mut user = user_in(rows, &session.user)?;
            user.password = hash;
            user.must_change = false;
            let kept = end_sessions(rows, &mut user, Some(session))?;
            rows.put_user(&user)?;
            rows.record(&self.event("password_changed", user.name.as_str(), user.name.as_str()))?;
            Ok(kept)
        })?;
        self.token_of(&kept.ok_or(IdentityError::SessionEnded)?)
    }

    /// Makes a second factor that is not on yet.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`] for a wrong password, [`IdentityError::NotEnrolling`] when
    /// one is on.
    pub fn begin_totp(
        &self,
        session: &Session,
        password: &str,
    ) -> Result<Enrolment, IdentityError> {
        self.prove(session, password, None)?;
        let secret = TotpSecret::new(self.random::<SECRET_BYTES>()?);
        let user = self.change(|rows| {
            let mut user = user_in(rows, &session.user)?;
            if user.totp.is_some() {
                return Err(IdentityError::NotEnrolling);
            }
            user.totp_pending = Some(secret.letters());
            rows.put_user(&user)?;
            Ok(user)
        })?;
        let uri = secret.uri(user.name.as_str());
        Ok(Enrolment { secret: secret.letters(), qr_svg: qr::svg(&uri), uri })
    }

    /// Turns the second factor on with its first code, and gives the recovery codes. Other sessions
    /// end; the token of the present one changes.
    ///
    /// # Errors
    /// [`IdentityError::NotEnrolling`], [`IdentityError::CodeWrong`].
    pub fn activate_totp(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<(Vec<String>, String), IdentityError> {
        let codes = recovery::set(self.entropy.as_ref())?;
        let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        let counted = self.transact(|rows| {
            let user = user_in(rows, &session.user)?;
            let counted = delay::counted_again(&user.name, session.id.as_str());
            delay::admit(rows, &counted, self.now())?;
            Ok(counted)
        })?;
        let kept = self.change(|rows| {
            let mut user = user_in(rows, &session.user)?;
            let pending = user.totp_pending.take().ok_or(IdentityError::NotEnrolling)?;
            let secret = TotpSecret::parse(&pending).ok_or(IdentityError::NotEnrolling)?;
            let step = secret.step_of(code.trim(), user.totp_step, self.now());
            user.totp_step = step.ok_or(IdentityError::CodeWrong)?;
            user.totp = Some(pending);
            user.totp_since = Some(self.now());
            let kept = end_sessions(rows, &mut user, Some(session))?;
            rows.put_user(&user)?;
            rows.set_recovery(&user.id, &hashes)?;
            delay::clear(rows, &counted)?;
            rows.record(&self.event("second_factor_on", user.name.as_str(), user.name.as_str()))?;
            Ok(kept)
        })?;
        Ok((codes, self.token_of(&kept.ok_or(IdentityError::SessionEnded)?)?))
    }

    /// Turns the second factor off. The door has asked for a step-up.
    ///
    /// # Errors
    /// [`IdentityError::SecondFactorMissing`] when none is on.
    pub fn remove_totp(&self, session: &Session) -> Result<String, IdentityError> {
        let kept = self.change(|rows| {
            let mut user = user_in(rows, &session.user)?;
            if user.totp.take().is_none() {
                return Err(IdentityError::SecondFactorMissing);
            }
            (user.totp_pending, user.totp_since) = (None, None);
            let kept = end_sessions(rows, &mut user, Some(session))?;
            rows.put_user(&user)?;
            rows.set_recovery(&user.id, &[])?;
            rows.record(&self.event("second_factor_off", user.name.as_str(), user.name.as_str()))?;
            Ok(kept)
        })?;
        self.token_of(&kept.ok_or(IdentityError::SessionEnded)?)
    }

    /// Replaces the recovery codes. The door has asked for a step-up.
    ///
    /// # Errors
    /// [`IdentityError::SecondFactorMissing`] without a second factor.
    pub fn renew_recovery(&self, user: &UserId) -> Result<Vec<String>, IdentityError> {
        let codes = recovery::set(self.entropy.as_ref())?;
        let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        self.change(|rows| {
            let user = user_in(rows, user)?;
            if user.totp.is_none() {
                return Err(IdentityError::SecondFactorMissing);
            }
            rows.set_recovery(&user.id, &hashes)?;
            rows.record(&self.event("recovery_renewed", user.name.as_str(), user.name.as_str()))
        })?;
        Ok(codes)
    }

    /// Proves who somebody is once more, for one request. With `second` a person without a second
    /// factor is refused; who has one always gives it.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`], [`IdentityError::SecondFactorNeeded`],
    /// [`IdentityError::SecondFactorMissing`], [`IdentityError::SignInDelayed`].
    pub fn step_up(
        &self,
        session: &Session,
        action: &str,
        argument_hash: &str,
        password: &str,
        code: Option<&str>,
        second: bool,
    ) -> Result<(String, Timestamp), IdentityError> {
        let user = self.user(&session.user)?;
        if second && user.totp.is_none() {
            return Err(IdentityError::SecondFactorMissing);
        }
        self.prove(session, password, Some(code))?;
        let random = self.random()?;
        let purpose = purpose(session, action, argument_hash);
        let mut event = self.event("stepped_up", user.name.as_str(), action);
        event.detail = json!({"argument_hash": argument_hash});
        self.transact(|rows| rows.record(&event))?;
        let now = self.now();
        let given = self.proofs().give(random, purpose, now);
        given.ok_or(IdentityError::TooMany("proofs that wait for their use"))
    }

    /// True for a proof of exactly this; it is used up in any case.
    #[must_use]
    pub fn take_proof(
        &self,
        session: &Session,
        action: &str,
        argument_hash: &str,
        proof: &str,
    ) -> bool {
        let now = self.now();
        self.proofs().take(proof, &purpose(session, action, argument_hash), now)
    }
}

fn purpose(session: &Session, action: &str, argument_hash: &str) -> Purpose {
    Purpose {
        user: session.user.clone(),
        session: session.id.clone(),
        action: action.to_owned(),
        argument_hash: argument_hash.to_owned(),
    }
}
