//! Ids of people, sessions and keys: random, in hexadecimal digits.
//!
//! They are names, not secrets. A type for each keeps one from being taken for another.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has {0} of the digits 0-9 and a-f")]
pub struct IdInvalid(usize);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// How many random bytes make one.
            pub(crate) const BYTES: usize = $bytes;

            pub(crate) fn from_random(bytes: [u8; $bytes]) -> Self {
                Self(hex::encode(bytes))
            }

            /// The digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdInvalid;

            fn from_str(text: &str) -> Result<Self, IdInvalid> {
                let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if text.len() == 2 * Self::BYTES && digits {
                    return Ok(Self(text.to_owned()));
                }
                Err(IdInvalid(2 * Self::BYTES))
            }
        }
    };
}

random_id!(
    /// A person.
    UserId, 8
);
random_id!(
    /// A signed-in browser or program of a person.
    SessionId, 16
);
random_id!(
    /// A key of a program; the middle part of `cfd_<id>_<secret>`.
    KeyId, 6
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_an_id() {
        let id = UserId::from_random([0xab; 8]);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for wrong in ["", "ab", "ABABABABABABABAB", "abababababababag", "abababababababababab"] {
            assert!(wrong.parse::<UserId>().is_err(), "{wrong}");
        }
    }
}
