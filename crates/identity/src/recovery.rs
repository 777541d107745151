//! Recovery codes: ten, each good for one sign-in without the telephone.
//!
//! A code has 80 random bits, so a plain SHA-256 is enough to keep it: nobody guesses it offline.
//! It must not know people.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::{error::IdentityError, service::Entropy};

/// How many a person has.
pub(crate) const CODES: usize = 10;
const CODE_BYTES: usize = 10;
const GROUP: usize = 4;

/// Sixteen letters and digits in groups of four: a secret that a person can type.
pub(crate) fn fresh(entropy: &dyn Entropy) -> Result<String, IdentityError> {
    let mut bytes = [0; CODE_BYTES];
    entropy.fill(&mut bytes)?;
    let letters = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
    let groups: Vec<&str> =
        (0..letters.len()).step_by(GROUP).map(|at| &letters[at..at + GROUP]).collect();
    Ok(groups.join("-"))
}

/// A whole set.
pub(crate) fn set(entropy: &dyn Entropy) -> Result<Vec<String>, IdentityError> {
    (0..CODES).map(|_| fresh(entropy)).collect()
}

/// What is kept of a code, however a person types it; `None` for what has no code's form.
pub(crate) fn hash(code: &str) -> Option<[u8; 32]> {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let fits = plain.len() == CODE_BYTES * 8 / 5 && code.len() <= 64;
    fits.then(|| Sha256::digest(plain.as_bytes()).into())
}
