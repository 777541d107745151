//! Names of people and keys, which stand in the journal next to what they asked for.
//!
//! A name is written in one way only: small letters, digits and a few signs. Two names that look
//! alike but differ in case can't exist. It must not know who has which name.

use std::{fmt, str::FromStr};

use domain::Principal;
use serde::Serialize;

use crate::error::IdentityError;

/// The longest name.
const LEN_MAX: usize = 32;
/// The shortest name.
const LEN_MIN: usize = 2;
/// Names under which the desk itself acts, or that would be read as if it did.
const RESERVED: [&str; 10] = [
    "bootstrap",
    "desk",
    "system",
    "external",
    "cofferdam",
    "anonymous",
    "machine",
    "nobody",
    "operator",
    "no-such-name",
];
/// The name of the key for the command line on this machine.
pub(crate) const LOCAL: &str = "local";

/// The name of a person or a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the name of the key for the command line, which no person and no other key has.
    pub(crate) fn is_local(&self) -> bool {
        self.0 == LOCAL
    }

    /// As the journal writes a person.
    #[must_use]
    pub fn principal(&self) -> Principal {
        // Every name has the form of a principal; the test below says so.
        Principal::new(&self.0).unwrap_or_else(|_| Principal::desk())
    }

    /// As the journal writes a key: no person's name has a colon.
    #[must_use]
    pub fn key_principal(&self) -> Principal {
        Principal::new(format!("key:{}", self.0)).unwrap_or_else(|_| Principal::desk())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let name = text.trim().to_ascii_lowercase();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.@".contains(&b);
        let fits = (LEN_MIN..=LEN_MAX).contains(&name.len()) && name.bytes().all(plain);
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !fits || !begins || RESERVED.contains(&name.as_str()) {
            return Err(IdentityError::NameInvalid);
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form_and_are_principals() {
        let name: UserName = " Alice.B ".parse().unwrap();
        assert_eq!(name.as_str(), "alice.b");
        assert_eq!(name.principal().as_str(), "alice.b");
        assert_eq!(name.key_principal().as_str(), "key:alice.b");
        let longest = "a".repeat(LEN_MAX);
        assert_eq!(longest.parse::<UserName>().unwrap().principal().as_str(), longest);
        let key = longest.parse::<UserName>().unwrap().key_principal();
        assert_eq!(key.as_str(), format!("key:{longest}"));
        for wrong in [
            "",
            "a",
            "-a",
            "a b",
            "ä-name",
            "desk",
            "Bootstrap",
            "machine",
            "nobody",
            "operator",
            "no-such-name",
            &"a".repeat(33),
            "a\n",
        ] {
            let trimmed_is_short = wrong.trim().len() < 2;
            let refused = wrong.parse::<UserName>().is_err();
            assert!(refused, "{wrong:?} {trimmed_is_short}");
        }
    }
}
