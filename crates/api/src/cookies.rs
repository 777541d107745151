//! The two cookies: the session's and the browser's own.
//!
//! Both have the `__Host-` prefix, so a browser takes them only over a connection that it trusts,
//! for this host and every path, and no other page or name on the machine can set them. Scripts
//! can't read them and no other site makes the browser send them. It must not know what is in them.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::Timestamp;

use crate::problem::ApiError;

/// The session's cookie.
pub(crate) const SESSION: &str = "__Host-cofferdam";
/// The cookie of a browser in which somebody has signed in before.
pub(crate) const DEVICE: &str = "__Host-cofferdam-device";
/// How long a browser is remembered.
const DEVICE_SECONDS: i64 = 180 * 86_400;

/// The value of a cookie; nothing when it comes twice.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = all
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

fn line(name: &str, value: &str, seconds: i64) -> Result<HeaderValue, ApiError> {
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| ApiError::internal("cookie_unwritable", "A cookie can't be written."))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Sets the session's cookie.
pub(crate) fn session(
    token: &str,
    now: Timestamp,
    ends: Timestamp,
) -> Result<HeaderValue, ApiError> {
    line(SESSION, token, (ends.since(now).0 / 1_000_000_000).max(0))
}

/// Sets the browser's cookie.
pub(crate) fn device(token: &str) -> Result<HeaderValue, ApiError> {
    line(DEVICE, token, DEVICE_SECONDS)
}

/// Takes the session's cookie away.
pub(crate) fn ended() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-cofferdam=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_read_and_two_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers, SESSION), None);
        headers.append(header::COOKIE, "a=1; __Host-cofferdam=x.y.z; b=2".parse().unwrap());
        assert_eq!(read(&headers, SESSION), Some("x.y.z"));
        assert_eq!(read(&headers, DEVICE), None);
        headers.append(header::COOKIE, "__Host-cofferdam=other".parse().unwrap());
        assert_eq!(read(&headers, SESSION), None);
    }

    #[test]
    fn cookies_are_for_this_host_and_no_script() {
        let now = Timestamp::from_secs(100);
        let cookie = session("t", now, Timestamp::from_secs(160)).unwrap();
        let text = cookie.to_str().unwrap();
        assert!(text.starts_with("__Host-cofferdam=t; Path=/; Max-Age=60;"), "{text}");
        for part in ["Secure", "HttpOnly", "SameSite=Strict"] {
            assert!(text.contains(part));
            assert!(ended().to_str().unwrap().contains(part));
        }
        assert!(cookie.is_sensitive() && !text.contains("Domain"));
    }
}
