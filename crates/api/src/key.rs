//! The bootstrap key: how it is written, and how a presented one is compared.
//!
//! Only the hash of the key is kept, and the comparison takes the same time wherever two hashes
//! differ. It must not know where a key came from.

use std::fmt;

use identity::KEY_PREFIX;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// No key is longer; what is longer is not hashed.
const KEY_LEN_MAX: usize = 256;

/// The SHA-256 of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

impl KeyHash {
    /// The hash of a whole key, `cfd_<id>_<secret>`.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// A hash that was kept as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A hash that was kept as 64 hexadecimal digits.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// True for the key of this hash, in constant time.
    #[must_use]
    pub fn accepts(&self, key: &str) -> bool {
        if key.len() > KEY_LEN_MAX || !is_key_shaped(key) {
            return false;
        }
        let presented: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        presented.ct_eq(&self.0).into()
    }
}

/// True for a text of the form `cfd_<id>_<secret>`.
fn is_key_shaped(text: &str) -> bool {
    text.strip_prefix(KEY_PREFIX)
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_is_accepted() {
        let hash = KeyHash::of("cfd_boot_0123456789abcdef");
        assert!(hash.accepts("cfd_boot_0123456789abcdef"));
        for wrong in ["", "cfd_", "cfd_boot_0123456789abcdeF", "cfd_boot_", "boot_0123"] {
            assert!(!hash.accepts(wrong), "{wrong}");
        }
        assert!(!KeyHash::of("plain").accepts("plain"), "a key has the form of a key");
        assert!(!hash.accepts(&format!("cfd_boot_{}", "a".repeat(1_000))));
    }

    #[test]
    fn a_hash_can_be_kept_as_text() {
        let hash = KeyHash::of("cfd_a_b");
        let text = hex::encode(Sha256::digest(b"cfd_a_b"));
        assert_eq!(KeyHash::parse_hex(&text), Some(hash.clone()));
        assert_eq!(KeyHash::parse_hex("12"), None);
        assert_eq!(format!("{hash:?}"), "KeyHash", "not even the hash is printed");
    }
}
