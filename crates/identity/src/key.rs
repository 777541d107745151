//! API keys: `cfd_<id>_<secret>`, of which only the SHA-256 is kept.
//!
//! The secret has 256 random bits, so a slow hash would only slow every request down. It must not
//! know scopes.

use sha2::{Digest, Sha256};

use crate::{error::IdentityError, ids::KeyId, service::Entropy};

/// The leading characters of every key.
pub const KEY_PREFIX: &str = "cfd_";
/// No key is longer; what is longer is not hashed.
const LEN_MAX: usize = 256;

/// A key to show once, its id, and what is kept of it.
pub(crate) fn fresh(entropy: &dyn Entropy) -> Result<(KeyId, String, [u8; 32]), IdentityError> {
    let (mut id, mut secret) = ([0; KeyId::BYTES], [0; 32]);
    entropy.fill(&mut id)?;
    entropy.fill(&mut secret)?;
    let id = KeyId::from_random(id);
    let key = format!("{KEY_PREFIX}{id}_{}", hex::encode(secret));
    let hash = hash_of_key(&key);
    Ok((id, key, hash))
}

/// What is kept of a key.
#[must_use]
pub fn hash_of_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The id in a presented key; `None` for what has no key's form.
pub(crate) fn id_of(key: &str) -> Option<KeyId> {
    if key.len() > LEN_MAX {
        return None;
    }
    let (id, secret) = key.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    if secret.is_empty() { None } else { id.parse().ok() }
}
