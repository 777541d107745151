//! Step-up: a person proves once more who they are, for one request and no other.
//!
//! A proof is 128 random bits, of which the hash is kept in memory, bound to the person, the
//! session, the action and the hash of the very request. It is good once, for two minutes, and a
//! restart voids it: who was about to release a kill switch can type a password again. It must not
//! know what the actions are.

use std::collections::BTreeMap;

use domain::{Nanos, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    error::IdentityError,
    ids::{SessionId, UserId},
    rows::User,
};

/// How long a proof lives.
pub const PROOF_SECONDS: i64 = 120;
/// Proofs that wait for their use at once.
const PROOFS_MAX: usize = 1_024;

/// Proofs of one session that wait at once; then the oldest goes.
const OF_SESSION_MAX: usize = 8;
/// How old a second factor must be once the desk holds a real broker key.
pub const FACTOR_SECONDS: i64 = 24 * 3_600;

/// Whether a person's second factor is good for a proof. Once the desk holds a real broker key a
/// proof takes one that is at least a day old: who has stolen a password and a session must not be
/// able to turn a factor of their own on and release, arm or raise with it at once.
///
/// # Errors
/// [`IdentityError::SecondFactorMissing`], [`IdentityError::FactorTooYoung`].
pub fn factor_holds(real_key: bool, user: &User, now: Timestamp) -> Result<(), IdentityError> {
    if !real_key {
        return Ok(());
    }
    let since = user.totp.as_ref().and(user.totp_since);
    let since = since.ok_or(IdentityError::SecondFactorMissing)?;
    let good_from = since.plus(Nanos::from_secs(FACTOR_SECONDS));
    if now < good_from { Err(IdentityError::FactorTooYoung { good_from }) } else { Ok(()) }
}

/// What binds a proof to one request: SHA-256 over method, path and body, a line feed after each of
/// the first two, in hexadecimal digits.
#[must_use]
pub fn argument_hash(method: &str, path_and_query: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(method.as_bytes());
    hash.update(b"\n");
    hash.update(path_and_query.as_bytes());
    hash.update(b"\n");
    hash.update(body);
    hex::encode(hash.finalize())
}

/// For what a proof is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Purpose {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) action: String,
    pub(crate) argument_hash: String,
}

/// Proofs that wait, by the hash of their text.
#[derive(Debug, Default)]
pub(crate) struct Proofs(BTreeMap<[u8; 32], (Purpose, Timestamp)>);

impl Proofs {
    /// Keeps a proof; the text is for the person's program. `None` when too many wait.
    pub(crate) fn give(
        &mut self,
        random: [u8; 16],
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<(String, Timestamp)> {
        self.0.retain(|_, (_, ends)| now < *ends);
        let of = self.0.iter().filter(|(_, (other, _))| other.session == purpose.session);
        let mut own: Vec<([u8; 32], Timestamp)> = of.map(|(hash, (_, e))| (*hash, *e)).collect();
        if own.len() >= OF_SESSION_MAX {
            own.sort_by_key(|(_, ends)| *ends);
            for (hash, _) in own.iter().take(own.len() + 1 - OF_SESSION_MAX) {
                self.0.remove(hash);
            }
        }
        if self.0.len() >= PROOFS_MAX {
            return None;
        }
        let text = hex::encode(random);
        let ends = now.plus(Nanos::from_secs(PROOF_SECONDS));
        self.0.insert(Sha256::digest(text.as_bytes()).into(), (purpose, ends));
        Some((text, ends))
    }

    /// True for a proof of exactly this purpose; whatever it was for, it is used up.
    pub(crate) fn take(&mut self, text: &str, purpose: &Purpose, now: Timestamp) -> bool {
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let found = self.0.remove(&hash);
        found.is_some_and(|(given, ends)| given == *purpose && now < ends)
    }

    /// Voids what a session has.
    pub(crate) fn forget(&mut self, session: &SessionId) {
        self.0.retain(|_, (purpose, _)| purpose.session != *session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn purpose() -> Purpose {
        Purpose {
            user: UserId::from_random([1; 8]),
            session: SessionId::from_random([2; 16]),
            action: "POST /api/kill/release".to_owned(),
            argument_hash: argument_hash("POST", "/api/kill/release", b"{}"),
        }
    }

    #[test]
    fn a_proof_is_good_once_for_one_request() {
        let mut proofs = Proofs::default();
        let (text, ends) = proofs.give([7; 16], purpose(), NOW).unwrap();
        assert_eq!(ends.since(NOW), Nanos::from_secs(120));
        assert!(proofs.take(&text, &purpose(), NOW));
        assert!(!proofs.take(&text, &purpose(), NOW), "replayed");
        assert!(!proofs.take("", &purpose(), NOW));
    }

    #[test]
    fn another_purpose_is_refused_and_uses_it_up() {
        let others = [
            Purpose { user: UserId::from_random([9; 8]), ..purpose() },
            Purpose { session: SessionId::from_random([9; 16]), ..purpose() },
            Purpose { action: "PUT /api/desk/limits".to_owned(), ..purpose() },
            Purpose {
                argument_hash: argument_hash("POST", "/api/kill/release", b"{ }"),
                ..purpose()
            },
        ];
        for other in others {
            let mut proofs = Proofs::default();
            let (text, ends) = proofs.give([7; 16], purpose(), NOW).unwrap();
            assert!(!proofs.take(&text, &other, NOW), "{other:?}");
            assert!(!proofs.take(&text, &purpose(), NOW), "a misused proof is void");
            let (text, _) = proofs.give([8; 16], purpose(), NOW).unwrap();
            assert!(!proofs.take(&text, &purpose(), ends), "too old");
        }
    }

    #[test]
    fn proofs_end_with_their_session_and_are_bounded() {
        let mut proofs = Proofs::default();
        let (text, _) = proofs.give([7; 16], purpose(), NOW).unwrap();
        proofs.forget(&purpose().session);
        assert!(!proofs.take(&text, &purpose(), NOW));
        for n in 0..PROOFS_MAX {
            let random = u128::try_from(n).unwrap().to_be_bytes();
            let session = SessionId::from_random(random);
            assert!(proofs.give(random, Purpose { session, ..purpose() }, NOW).is_some());
        }
        assert!(proofs.give([0xff; 16], purpose(), NOW).is_none());
        let later = NOW.plus(Nanos::from_secs(PROOF_SECONDS));
        assert!(proofs.give([0xff; 16], purpose(), later).is_some());
    }

    #[test]
    fn one_session_can_not_take_the_room_of_others() {
        let mut proofs = Proofs::default();
        let mut given = Vec::new();
        for n in 0..PROOFS_MAX + 10 {
            let now = NOW.plus(Nanos(i64::try_from(n).unwrap()));
            let random = u128::try_from(n).unwrap().to_be_bytes();
            given.push(proofs.give(random, purpose(), now).unwrap().0);
        }
        assert_eq!(proofs.0.len(), OF_SESSION_MAX);
        let oldest = given.len() - OF_SESSION_MAX;
        assert!(!proofs.take(&given[oldest - 1], &purpose(), NOW), "the oldest has gone");
        assert!(proofs.take(&given[oldest], &purpose(), NOW), "the newest stay");
    }

    #[test]
    fn with_a_real_key_a_factor_must_be_a_day_old() {
        let user = |totp_since: Option<Timestamp>| User {
            id: UserId::from_random([1; 8]),
            name: "owner".parse().unwrap(),
            role: crate::Role::Admin,
            grants: crate::Grants::All,
            password: String::new(),
            must_change: false,
            password_ends: None,
            disabled: false,
            version: 1,
            totp: totp_since.map(|_| "SECRET".to_owned()),
            totp_pending: None,
            totp_since,
            totp_step: 0,
            created_at: NOW,
        };
        assert_eq!(factor_holds(false, &user(None), NOW), Ok(()));
        assert_eq!(factor_holds(false, &user(Some(NOW)), NOW), Ok(()));
        let missing = Err(IdentityError::SecondFactorMissing);
        assert_eq!(factor_holds(true, &user(None), NOW), missing);
        let good_from = NOW.plus(Nanos::from_secs(FACTOR_SECONDS));
        let told = IdentityError::FactorTooYoung { good_from };
        let young = Err(told.clone());
        let before = Timestamp(good_from.0 - 1);
        assert_eq!(factor_holds(true, &user(Some(NOW)), NOW), young);
        assert_eq!(factor_holds(true, &user(Some(NOW)), before), young);
        assert_eq!(factor_holds(true, &user(Some(NOW)), good_from), Ok(()));
        assert_eq!(told.code(), "factor_too_young");
        assert!(told.to_string().contains(&good_from.to_string()), "{told}");
    }

    #[test]
    fn what_is_hashed_can_not_be_shifted() {
        assert_ne!(argument_hash("POST", "/a", b"b"), argument_hash("POST", "/ab", b""));
        assert_ne!(argument_hash("POST", "/a", b""), argument_hash("PUT", "/a", b""));
    }
}
