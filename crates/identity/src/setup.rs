//! The one-time token of the first start: whoever reads the terminal becomes the first admin.
//!
//! It has 128 random bits, lives a quarter of an hour, and is gone once any user exists. Only its
//! hash is kept, in memory and for the running desk alone: a restart makes another. The claim itself
//! is decided in the store's transaction: the first user is inserted only where there is none. It
//! must not know where the token is shown.

use domain::{Nanos, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a token lives.
pub const SETUP_SECONDS: i64 = 15 * 60;

/// The token that waits for its use.
#[derive(Debug, Default)]
pub(crate) struct Setup(Option<Waiting>);

#[derive(Debug)]
struct Waiting {
    hash: [u8; 32],
    ends: Timestamp,
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Setup {
    /// Puts a token in the place of an earlier one; the text is for the terminal.
    pub(crate) fn offer(&mut self, random: [u8; 16], now: Timestamp) -> String {
        let token = hex::encode(random);
        let ends = now.plus(Nanos::from_secs(SETUP_SECONDS));
        self.0 = Some(Waiting { hash: hash(&token), ends });
        token
    }

    /// True for the token while it lives. A right one stays until [`Setup::close`]: a weak password
    /// must not use it up, and neither must wrong ones: nobody guesses 128 bits, and anybody could
    /// keep the owner from the set-up.
    pub(crate) fn accepts(&self, token: &str, now: Timestamp) -> bool {
        let right = |w: &Waiting| bool::from(w.hash.ct_eq(&hash(token))) && now < w.ends;
        self.0.as_ref().is_some_and(right)
    }

    /// No token is good any more.
    pub(crate) fn close(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    #[test]
    fn a_token_lives_a_quarter_of_an_hour_and_the_newest_counts() {
        let mut setup = Setup::default();
        assert!(!setup.accepts("", NOW));
        let first = setup.offer([1; 16], NOW);
        assert_eq!(first.len(), 32);
        let second = setup.offer([2; 16], NOW);
        assert!(!setup.accepts(&first, NOW) && setup.accepts(&second, NOW));
        let last = NOW.plus(Nanos::from_secs(SETUP_SECONDS - 1));
        assert!(setup.accepts(&second, last));
        assert!(!setup.accepts(&second, last.plus(Nanos::from_secs(1))));
        let third = setup.offer([3; 16], NOW);
        setup.close();
        assert!(!setup.accepts(&third, NOW));
    }

    #[test]
    fn guessing_does_not_void_it() {
        let mut setup = Setup::default();
        let token = setup.offer([1; 16], NOW);
        for _ in 0..1_000 {
            assert!(!setup.accepts("00000000000000000000000000000000", NOW));
        }
        assert!(setup.accepts(&token, NOW));
    }
}
