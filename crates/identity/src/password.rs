//! Passwords: how strong they must be, and how they are kept.
//!
//! Only an Argon2id hash is kept, as a PHC string that carries its own parameters, so that they can
//! be raised later: a hash with weaker ones is made anew at the next right sign-in. Strength is
//! length first; the list beside it holds the most common passwords (from Django's list, MIT), and
//! what is one of those with a few characters around it is refused too. It must not know people.

use std::{collections::BTreeSet, sync::OnceLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{CustomizedPasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::error::{IdentityError, Weakness};

/// No password has fewer characters.
pub const PASSWORD_LEN_MIN: usize = 12;
/// No password has more characters; what is longer is not hashed.
const LEN_MAX: usize = 256;
/// Characters that may stand around a common password without making it a good one.
const PADDING_MAX: usize = 6;
/// Fewer different characters are no password.
const DISTINCT_MIN: usize = 5;

const COMMON: &str = include_str!("../data/common-passwords.txt");

fn common() -> &'static BTreeSet<&'static str> {
    static LIST: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| COMMON.lines().collect())
}

/// Judges a password that somebody chose.
///
/// # Errors
/// [`Weakness`] says what is wrong first.
pub fn check_strength(name: &str, password: &str) -> Result<(), Weakness> {
    let length = password.chars().count();
    if length < PASSWORD_LEN_MIN {
        return Err(Weakness::Short);
    }
    if length > LEN_MAX {
        return Err(Weakness::Long);
    }
    let lower = password.to_lowercase();
    if is_repetitive(&lower) {
        return Err(Weakness::Repetitive);
    }
    let plain = unleet(&lower);
    for own in [name, "cofferdam"] {
        let own = own.to_lowercase();
        let rest = plain.replace(&own, "");
        if own.chars().count() >= 3
            && (plain.contains(&own) || lower.contains(&own))
            && rest.chars().count() < PASSWORD_LEN_MIN
        {
            return Err(Weakness::FromName);
        }
    }
    if is_common(&lower) || is_common(&plain) { Err(Weakness::Common) } else { Ok(()) }
}

fn is_repetitive(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let distinct: BTreeSet<char> = chars.iter().copied().collect();
    // A beginning that is repeated to the end, such as `abcabcabcabc`.
    let repeated = (1..=chars.len() / 2).any(|period| {
        period <= PADDING_MAX && chars.iter().skip(period).zip(&chars).all(|(a, b)| a == b)
    });
    let steps = chars.windows(2).filter(|pair| {
        let (a, b) = (u32::from(pair[0]), u32::from(pair[1]));
        a.abs_diff(b) <= 1
    });
    let counts_on = steps.count() * 4 >= (chars.len() - 1) * 3;
    distinct.len() < DISTINCT_MIN || repeated || counts_on
}

/// Digits and signs that stand for letters, turned back.
fn unleet(text: &str) -> String {
    let back = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(back).collect()
}

/// True for a common password, alone, twice, or with a little around it.
fn is_common(text: &str) -> bool {
    let list = common();
    if list.contains(text) {
        return true;
    }
    let chars: Vec<char> = text.chars().collect();
    let spare = PADDING_MAX.min(chars.len());
    (0..=spare).any(|front| {
        (0..=spare - front).any(|back| {
            let core: String = chars[front..chars.len() - back].iter().collect();
            let half: String =
                chars[front..].iter().take((chars.len() - front - back) / 2).collect();
            let twice = !half.is_empty() && core == format!("{half}{half}");
            list.contains(core.as_str()) || (twice && list.contains(half.as_str()))
        })
    })
}

/// How much work a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for Hashing {
    /// OWASP's first choice is 19 MiB and 2 passes; this is more, and well under a second.
    fn default() -> Self {
        Self { memory_kib: 32 * 1_024, passes: 2 }
    }
}

impl Hashing {
    fn params(self) -> Result<Params, IdentityError> {
        Params::new(self.memory_kib, self.passes, 1, None)
            .map_err(|_| IdentityError::Damaged("hashing parameters"))
    }

    /// The hash to keep.
    pub(crate) fn hash(self, password: &str, salt: &[u8; 16]) -> Result<String, IdentityError> {
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?);
        let hash: PasswordHash = argon
            .hash_password_customized(password.as_bytes(), salt, None, None, self.params()?)
            .map_err(|_| IdentityError::Damaged("password"))?;
        Ok(hash.to_string())
    }

    /// True when the hash was made with less work than now, or in another way.
    pub(crate) fn is_outdated(self, hash: &str) -> bool {
        let now = format!("$argon2id$v=19$m={},t={},p=1$", self.memory_kib, self.passes);
        !hash.starts_with(&now)
    }
}

/// True for the password of this hash. What is no hash is nobody's password.
pub(crate) fn verify(password: &str, hash: &str) -> bool {
    if password.chars().count() > LEN_MAX || !hash.starts_with("$argon2id$") {
        return false;
    }
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Hashing = Hashing { memory_kib: 64, passes: 1 };

    #[test]
    fn weak_passwords_are_refused_and_say_why() {
        let weak = |password: &str| check_strength("margarethe", password).unwrap_err();
        assert_eq!(weak("Tr0ub4dor&3"), Weakness::Short);
        assert_eq!(weak(&"x9-Kq".repeat(100)), Weakness::Long);
        assert_eq!(weak("aaaaaaaaaaaaaa"), Weakness::Repetitive);
        assert_eq!(weak("abcabcabcabcabc"), Weakness::Repetitive);
        assert_eq!(weak("dragonDRAGON"), Weakness::Repetitive);
        assert_eq!(weak("123456789abcdef"), Weakness::Repetitive);
        for common in ["qwerty123456", "Password2024!", "P@ssw0rd1234", "iloveyou2023"] {
            assert_eq!(weak(common), Weakness::Common, "{common}");
        }
        for own in ["Margarethe2024", "m4rg4rethe!!99", "cofferdam1234"] {
            assert_eq!(weak(own), Weakness::FromName, "{own}");
        }
        for good in
            ["correct horse battery", "vier Möwen am Deich", "k7#Lq-92hfZw", "äöüßéèáà漢字かな"]
        {
            assert_eq!(check_strength("margarethe", good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_hash_carries_its_parameters_and_is_renewed_when_they_rise() {
        let hash = QUICK.hash("correct horse", &[7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(verify("correct horse", &hash) && !verify("correct horsf", &hash));
        assert!(!QUICK.is_outdated(&hash) && Hashing::default().is_outdated(&hash));
        assert_ne!(hash, QUICK.hash("correct horse", &[8; 16]).unwrap(), "the salt counts");
        for none in ["", "plain", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAA", "$argon2id$"] {
            assert!(!verify("", none) && !verify("plain", none), "{none}");
        }
        assert!(Hashing::default().memory_kib >= 19 * 1_024);
    }
}
