//! Time-based one-time codes (RFC 6238): SHA-1, six digits, thirty seconds.
//!
//! Phones' clocks are off, so the step before and the one after are taken too; each step is taken
//! once, by comparing with the last one used, so a code that somebody looked over is worth nothing.
//! The RFC's own vectors are the test. It must not know people.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one that are taken.
const SKEW_STEPS: i64 = 1;
/// Bytes of a secret: as many as the hash has, as RFC 4226 asks.
pub(crate) const SECRET_BYTES: usize = 20;

/// What the person's application and the desk both know.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    pub(crate) const fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// From the letters that a person types.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// As letters that a person can type.
    pub(crate) fn letters(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The address that an application reads from the picture.
    pub(crate) fn uri(&self, name: &str) -> String {
        let name = name.replace('@', "%40");
        format!(
            "otpauth://totp/Cofferdam:{name}?secret={}&issuer=Cofferdam&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
            self.letters()
        )
    }

    fn code(&self, step: u64) -> Option<String> {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).ok()?;
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let at = usize::from(digest.last()? & 0x0f);
        let bytes: [u8; 4] = digest.get(at..at + 4)?.try_into().ok()?;
        let number = u32::from_be_bytes(bytes) & 0x7fff_ffff;
        Some(format!("{:06}", number % 1_000_000))
    }

    /// The step whose code this is, when it is later than the last one used.
    pub(crate) fn step_of(&self, code: &str, last_used: i64, now: Timestamp) -> Option<i64> {
        let present = now.0.div_euclid(1_000_000_000).div_euclid(STEP_SECONDS);
        let mut found = None;
        // Every step is compared, so that the time it takes tells nothing.
        for step in present - SKEW_STEPS..=present + SKEW_STEPS {
            let expected = self.code(u64::try_from(step).ok()?)?;
            let same = bool::from(expected.as_bytes().ct_eq(code.as_bytes()));
            if same && step > last_used && found.is_none() {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a moment, for tests.
    #[cfg(feature = "memory")]
    pub(crate) fn code_at(&self, now: Timestamp) -> Option<String> {
        let step = now.0.div_euclid(1_000_000_000).div_euclid(STEP_SECONDS);
        self.code(u64::try_from(step).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; the RFC shows eight digits, of which these are the last six.
    #[test]
    fn the_vectors_of_the_rfc() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ] {
            let step = u64::try_from(seconds / STEP_SECONDS).unwrap();
            assert_eq!(secret.code(step).unwrap(), code);
        }
        assert_eq!(TotpSecret::parse(&secret.letters()), Some(secret.clone()));
        assert!(!format!("{secret:?}").contains(&secret.letters()));
    }

    #[test]
    fn a_step_is_taken_once_and_only_near_its_time() {
        let secret = TotpSecret::new([9; SECRET_BYTES]);
        let at = |seconds: i64| Timestamp::from_secs(1_700_000_010 + seconds);
        let code = secret.code(u64::try_from(1_700_000_010_i64 / 30).unwrap()).unwrap();
        let step = secret.step_of(&code, 0, at(0)).unwrap();
        assert_eq!(secret.step_of(&code, 0, at(30)), Some(step), "one step late");
        assert_eq!(secret.step_of(&code, 0, at(-30)), Some(step), "one step early");
        assert_eq!(secret.step_of(&code, 0, at(60)), None);
        assert_eq!(secret.step_of(&code, 0, at(-60)), None);
        assert_eq!(secret.step_of(&code, step, at(0)), None, "used");
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(secret.step_of(wrong, 0, at(0)), None, "{wrong}");
        }
    }
}
