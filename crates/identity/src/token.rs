//! The cookie's token: a JSON Web Token with HMAC-SHA-256.
//!
//! The header is one constant and is compared byte for byte before anything is parsed, so there is
//! no algorithm to choose: `none`, another name, a key id or a public key in the header are all
//! just other headers, and are refused. Then comes the signature, then the times; who the claims
//! mean is looked up afterwards. Libraries for JWT bring every algorithm there is, RSA among them,
//! to verify this one. It must not know sessions.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::IdentityError;

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// No token of this desk is longer.
const LEN_MAX: usize = 512;
/// How far a token may have been made in the future: several desks have several clocks.
const SKEW_SECONDS: i64 = 30;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    /// The person.
    pub(crate) sub: String,
    /// The session.
    pub(crate) sid: String,
    /// The person's session version when it was made.
    pub(crate) ver: u64,
    /// When it was made, in seconds.
    pub(crate) iat: i64,
    /// When it ends at the latest, in seconds.
    pub(crate) exp: i64,
}

/// The key that tokens are signed with.
#[derive(Clone)]
pub(crate) struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As it is stored. A short key, or one of a single repeated byte, is no key.
    pub(crate) fn parse(text: &str) -> Result<Self, IdentityError> {
        let damaged = IdentityError::Damaged("session key");
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| damaged.clone())?;
        let distinct: std::collections::BTreeSet<u8> = bytes.into_iter().collect();
        if distinct.len() < 8 { Err(damaged) } else { Ok(Self(bytes)) }
    }

    pub(crate) fn text(&self) -> String {
        hex::encode(self.0)
    }

    fn mac(&self, signed: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(signed.as_bytes());
        Some(mac)
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, IdentityError> {
        let damaged = || IdentityError::Damaged("session");
        let body = serde_json::to_vec(claims).map_err(|_| damaged())?;
        let signed = format!("{HEADER}.{}", BASE64URL_NOPAD.encode(&body));
        let tag = self.mac(&signed).ok_or_else(damaged)?.finalize().into_bytes();
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&tag)))
    }

    /// What a token says, when this key signed it and it is in its time.
    pub(crate) fn open(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > LEN_MAX {
            return None;
        }
        let (signed, tag) = token.rsplit_once('.')?;
        let (header, body) = signed.split_once('.')?;
        if header != HEADER {
            return None;
        }
        let tag = BASE64URL_NOPAD.decode(tag.as_bytes()).ok()?;
        // The comparison takes the same time wherever two tags differ.
        self.mac(signed)?.verify_slice(&tag).ok()?;
        let body = BASE64URL_NOPAD.decode(body.as_bytes()).ok()?;
        let claims: Claims = serde_json::from_slice(&body).ok()?;
        let now = now.0.div_euclid(1_000_000_000);
        let in_time =
            claims.iat <= now + SKEW_SECONDS && now < claims.exp && claims.iat < claims.exp;
        in_time.then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_secs(1_700_000_000)
    }

    fn claims() -> Claims {
        let (sub, sid) = ("a1".to_owned(), "b2".to_owned());
        Claims { sub, sid, ver: 3, iat: 1_699_999_000, exp: 1_700_001_000 }
    }

    fn key() -> SigningKey {
        SigningKey::new(std::array::from_fn(|n| u8::try_from(n).unwrap()))
    }

    fn with_header(header: &str, body: &str, tag: &[u8]) -> String {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        format!("{}.{}.{}", encode(header.as_bytes()), encode(body.as_bytes()), encode(tag))
    }

    #[test]
    fn a_token_says_what_was_signed() {
        let token = key().sign(&claims()).unwrap();
        assert_eq!(key().open(&token, now()), Some(claims()));
        assert_eq!(BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#), HEADER);
    }

    /// RFC 7515, appendix A.1: the signature over another program's token.
    #[test]
    fn the_mac_is_the_one_of_the_rfc() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = BASE64URL_NOPAD.decode(key.as_bytes()).unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(signed.as_bytes());
        let tag = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        assert_eq!(tag, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn other_algorithms_and_other_keys_are_refused() {
        let key = key();
        let body = serde_json::to_string(&claims()).unwrap();
        let tag = |header: &str, key: &SigningKey| {
            let signed = format!(
                "{}.{}",
                BASE64URL_NOPAD.encode(header.as_bytes()),
                BASE64URL_NOPAD.encode(body.as_bytes())
            );
            key.mac(&signed).unwrap().finalize().into_bytes().to_vec()
        };
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"alg":"ES256","jwk":{"kty":"EC"}}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            "",
        ] {
            assert_eq!(key.open(&with_header(header, &body, b""), now()), None, "{header}");
            let right_tag = tag(header, &key);
            assert_eq!(key.open(&with_header(header, &body, &right_tag), now()), None, "{header}");
        }
        let own = r#"{"alg":"HS256","typ":"JWT"}"#;
        assert!(key.open(&with_header(own, &body, &tag(own, &key)), now()).is_some());
        assert_eq!(key.open(&with_header(own, &body, b""), now()), None, "no signature");
        assert_eq!(key.open(&with_header(own, &body, &tag(own, &key)[..16]), now()), None, "half");
        let other = SigningKey::new([1; 32]);
        assert_eq!(key.open(&with_header(own, &body, &tag(own, &other)), now()), None);
    }

    #[test]
    fn times_are_kept() {
        let key = key();
        let open = |iat, exp| {
            let token = key.sign(&Claims { iat, exp, ..claims() }).unwrap();
            key.open(&token, now()).is_some()
        };
        let t = 1_700_000_000;
        assert!(open(t, t + 1) && open(t + 30, t + 60));
        assert!(!open(t - 10, t), "ended this second");
        assert!(!open(t + 31, t + 60), "made in the future");
        assert!(!open(t + 20, t + 10), "ends before it begins");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let token = key().sign(&claims()).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(key().open(&changed, now()), None, "byte {at}");
        }
        assert_eq!(key().open(&"x".repeat(LEN_MAX + 1), now()), None);
    }

    #[test]
    fn a_weak_key_is_none() {
        assert!(SigningKey::parse(&key().text()).is_ok());
        for weak in ["", "secret", &"00".repeat(32), &"ab".repeat(32), &"ab".repeat(16)] {
            assert!(SigningKey::parse(weak).is_err(), "{weak}");
        }
    }
}
