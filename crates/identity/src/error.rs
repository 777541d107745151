//! What can go wrong, as enums with stable codes.
//!
//! A failed sign-in says nothing about whether the name exists. No message holds a secret.

use domain::Timestamp;
use thiserror::Error;

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Weakness {
    /// Too few characters.
    #[error("it has fewer than 12 characters")]
    Short,
    /// Too many characters.
    #[error("it has more than 256 characters")]
    Long,
    /// It is on the list of common ones, or one of those with a little around it.
    #[error("it is a common password, or a common one with a few characters more")]
    Common,
    /// It repeats a few characters or counts on.
    #[error("it repeats itself")]
    Repetitive,
    /// It is made from the person's name or the program's.
    #[error("it is made from the name")]
    FromName,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// The name has another form than names have.
    #[error(
        "a name has 2 to 32 of a-z, 0-9, `-`, `_`, `.` and `@`, begins with a letter or digit, and is not reserved"
    )]
    NameInvalid,
    /// Somebody has the name, or a key has it or had it.
    #[error("the name is taken, or was a key's before")]
    NameTaken,
    /// The password is easily guessed.
    #[error("the password is weak: {0}")]
    PasswordWeak(#[from] Weakness),
    /// The new password is the present one.
    #[error("the new password is the present one")]
    PasswordUnchanged,
    /// A one-time password was not used in its time.
    #[error("the one-time password is older than 72 hours")]
    OneTimePasswordExpired,
    /// The name, the password or the code is wrong.
    #[error("the name, the password or the code is wrong")]
    SignInFailed,
    /// The password is right, and the second factor is missing.
    #[error("a code of the second factor is needed")]
    SecondFactorNeeded,
    /// Too many attempts went wrong.
    #[error("too many attempts went wrong; the next one is taken in {seconds} s")]
    SignInDelayed {
        /// Seconds until the next attempt is taken.
        seconds: u64,
    },
    /// The desk has users already.
    #[error("this desk is set up already")]
    SetupDone,
    /// The one-time token is wrong, used or too old.
    #[error("the set-up token is wrong, used, or older than 15 minutes")]
    SetupTokenWrong,
    /// The cookie stands for no session that is alive.
    #[error("nobody is signed in with this cookie")]
    SessionEnded,
    /// The key is unknown, revoked, expired, or used from another address.
    #[error("the key is unknown, revoked, expired, or bound to another address")]
    KeyRefused,
    /// There is no such person.
    #[error("there is no such user")]
    UserUnknown,
    /// There is no such session of this person.
    #[error("there is no such session")]
    SessionUnknown,
    /// There is no such key.
    #[error("there is no such key")]
    KeyUnknown,
    /// Nobody could administer the desk any more.
    #[error("the desk would be left without an admin who can sign in")]
    LastAdmin,
    /// The code of the second factor is wrong, old, or used already.
    #[error("the code is wrong or was used already")]
    CodeWrong,
    /// There is no second factor to activate, or it is on already.
    #[error("no second factor waits for its first code")]
    NotEnrolling,
    /// The action asks for a second factor that the person doesn't have.
    #[error("this needs a second factor, and none is set up")]
    SecondFactorMissing,
    /// The second factor was turned on too short a time ago for this.
    #[error(
        "this needs a second factor that is at least 24 hours old; yours is from {good_from} on"
    )]
    FactorTooYoung {
        /// From when on it is old enough.
        good_from: Timestamp,
    },
    /// A key can't have more rights than who mints it, or has none.
    #[error("a key has at least one scope, and no more rights than who mints it")]
    KeyTooWide,
    /// A bound is reached.
    #[error("there are too many {0}")]
    TooMany(&'static str),
    /// The system gave no randomness.
    #[error("the system has no randomness")]
    NoRandomness,
    /// What is stored can't be understood.
    #[error("stored {0} is damaged")]
    Damaged(&'static str),
    /// The store failed.
    #[error("the store failed: {detail}")]
    Store {
        /// The store's own code.
        code: &'static str,
        /// Its words.
        detail: String,
    },
}

impl IdentityError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameInvalid => "name_invalid",
            Self::NameTaken => "name_taken",
            Self::PasswordWeak(_) => "password_weak",
            Self::PasswordUnchanged => "password_unchanged",
            Self::OneTimePasswordExpired => "one_time_password_expired",
            Self::SignInFailed => "sign_in_failed",
            Self::SecondFactorNeeded => "second_factor_needed",
            Self::SignInDelayed { .. } => "sign_in_delayed",
            Self::SetupDone => "setup_done",
            Self::SetupTokenWrong => "setup_token_wrong",
            Self::SessionEnded => "session_ended",
            Self::KeyRefused => "key_refused",
            Self::UserUnknown => "user_unknown",
            Self::SessionUnknown => "session_unknown",
            Self::KeyUnknown => "key_unknown",
            Self::LastAdmin => "last_admin",
            Self::CodeWrong => "code_wrong",
            Self::NotEnrolling => "totp_not_enrolling",
            Self::SecondFactorMissing => "second_factor_missing",
            Self::FactorTooYoung { .. } => "factor_too_young",
            Self::KeyTooWide => "key_too_wide",
            Self::TooMany(_) => "too_many",
            Self::NoRandomness => "no_randomness",
            Self::Damaged(_) => "identity_damaged",
            Self::Store { .. } => "identity_store",
        }
    }
}
