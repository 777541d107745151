//! Passwords, second factors and step-up: what a signed-in person does about themselves.

use domain::Timestamp;
use serde_json::json;

use super::{end_sessions, live_in, user_in};
use crate::{
    delay::{self, Counted},
    error::IdentityError,
    ids::UserId,
    password, qr, recovery,
    rows::{Rows, Session, User},
    service::Identity,
    stepup::{Purpose, factor_holds},
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
    /// signed in. Attempts are counted and delayed like those of a sign-in. What is given back is
    /// the person as proven; who writes afterwards asks [`proven_in`].
    fn prove(
        &self,
        session: &Session,
        password: &str,
        code: Option<Option<&str>>,
    ) -> Result<User, IdentityError> {
        let (user, counted) = self.counted_again(session)?;
        if !password::verify(password, &user.password) {
            self.proof_failed(&user)?;
            return Err(IdentityError::SignInFailed);
        }
        let done = self.transact(|rows| {
            let mut now = proven_in(rows, session, &user)?;
            if let Some(code) = code {
                self.check_factor(rows, &mut now, code, true)?;
                rows.put_user(&now)?;
            }
            delay::clear(rows, &counted)?;
            Ok(now)
        });
        match done {
            Err(IdentityError::CodeWrong) => {
                self.proof_failed(&user)?;
                Err(IdentityError::SignInFailed)
            }
            Err(IdentityError::SecondFactorNeeded) => {
                self.transact(|rows| delay::take_back(rows, &counted))?;
                Err(IdentityError::SecondFactorNeeded)
            }
            other => other,
        }
    }

    fn counted_again(&self, session: &Session) -> Result<(User, Vec<Counted>), IdentityError> {
        self.admitted(|rows| {
            let user = live_in(rows, session)?;
            let counted = delay::counted_again(user.name.as_str(), session.id.as_str());
            Ok((user, counted))
        })
    }

    fn proof_failed(&self, user: &User) -> Result<(), IdentityError> {
        let name = user.name.as_str();
        self.went_wrong("proof_failed", name, name, name)
    }

    /// Replaces a person's password; their other sessions end, their keys stay. The token of the
    /// present session changes with it.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`] for a wrong present password, [`IdentityError::PasswordWeak`],
    /// [`IdentityError::PasswordUnchanged`], [`IdentityError::SessionEnded`].
    pub fn change_password(
        &self,
        session: &Session,
        current: &str,
        new: &str,
    ) -> Result<String, IdentityError> {
        if current == new {
            return Err(IdentityError::PasswordUnchanged);
        }
        let proven = self.prove(session, current, None)?;
        let hash = self.hash_of(proven.name.as_str(), new)?;
        self.change(|rows| {
            let mut user = proven_in(rows, session, &proven)?;
            user.password = hash;
            (user.must_change, user.password_ends) = (false, None);
            let token = self.keep_only(rows, &mut user, session)?;
            rows.record(&self.event("password_changed", user.name.as_str(), user.name.as_str()))?;
            Ok(token)
        })
    }

    /// Ends the other sessions of a person, who is written, and gives the new token of this one.
    fn keep_only(
        &self,
        rows: &mut dyn Rows,
        user: &mut User,
        session: &Session,
    ) -> Result<String, IdentityError> {
        let kept = end_sessions(rows, user, Some(session))?;
        rows.put_user(user)?;
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
        let proven = self.prove(session, password, None)?;
        let secret = TotpSecret::new(self.random::<SECRET_BYTES>()?);
        let user = self.change(|rows| {
            let mut user = proven_in(rows, session, &proven)?;
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
        let (known, counted) = self.counted_again(session)?;
        let token = self.change(|rows| {
            let mut user = proven_in(rows, session, &known)?;
            let pending = user.totp_pending.take().ok_or(IdentityError::NotEnrolling)?;
            let secret = TotpSecret::parse(&pending).ok_or(IdentityError::NotEnrolling)?;
            let step = secret.step_of(code.trim(), user.totp_step, self.now());
            user.totp_step = step.ok_or(IdentityError::CodeWrong)?;
            user.totp = Some(pending);
            user.totp_since = Some(self.now());
            let token = self.keep_only(rows, &mut user, session)?;
            rows.set_recovery(&user.id, &hashes)?;
            delay::clear(rows, &counted)?;
            rows.record(&self.event("second_factor_on", user.name.as_str(), user.name.as_str()))?;
            Ok(token)
        });
        if token.as_ref().is_err_and(|error| *error == IdentityError::CodeWrong) {
            self.proof_failed(&known)?;
        }
        Ok((codes, token?))
    }

    /// Turns the second factor off. The door has asked for a step-up.
    ///
    /// # Errors
    /// [`IdentityError::SecondFactorMissing`] when none is on.
    pub fn remove_totp(&self, session: &Session) -> Result<String, IdentityError> {
        self.change(|rows| {
            let mut user = live_in(rows, session)?;
            if user.totp.take().is_none() {
                return Err(IdentityError::SecondFactorMissing);
            }
            (user.totp_pending, user.totp_since) = (None, None);
            let token = self.keep_only(rows, &mut user, session)?;
            rows.set_recovery(&user.id, &[])?;
            rows.record(&self.event("second_factor_off", user.name.as_str(), user.name.as_str()))?;
            Ok(token)
        })
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

    /// Proves who somebody is once more, for one request. Who has a second factor always gives it;
    /// with a real broker key on the desk nobody proves anything without one that is a day old.
    ///
    /// # Errors
    /// [`IdentityError::SignInFailed`], [`IdentityError::SecondFactorNeeded`],
    /// [`IdentityError::SecondFactorMissing`], [`IdentityError::FactorTooYoung`],
    /// [`IdentityError::SignInDelayed`].
    pub fn step_up(
        &self,
        session: &Session,
        action: &str,
        argument_hash: &str,
        password: &str,
        code: Option<&str>,
        real_key: bool,
    ) -> Result<(String, Timestamp), IdentityError> {
        let user = self.user(&session.user)?;
        factor_holds(real_key, &user, self.now())?;
        let proven = self.prove(session, password, Some(code))?;
        // What was turned off and on again in between is another factor.
        factor_holds(real_key, &proven, self.now())?;
        let random = self.random()?;
        let purpose = purpose(session, action, argument_hash);
        let mut event = self.event("stepped_up", user.name.as_str(), action);
        event.detail = json!({"argument_hash": argument_hash});
        self.transact(|rows| {
            live_in(rows, session)?;
            rows.record(&event)
        })?;
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

/// The person who was proven, while session and password are still the ones of the proof.
fn proven_in(rows: &mut dyn Rows, session: &Session, proven: &User) -> Result<User, IdentityError> {
    let user = live_in(rows, session)?;
    let same = user.password == proven.password && user.version == proven.version;
    if same { Ok(user) } else { Err(IdentityError::SessionEnded) }
}

fn purpose(session: &Session, action: &str, argument_hash: &str) -> Purpose {
    Purpose {
        user: session.user.clone(),
        session: session.id.clone(),
        action: action.to_owned(),
        argument_hash: argument_hash.to_owned(),
    }
}
