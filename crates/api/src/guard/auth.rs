//! The key: every route asks for it, but the health check.
//!
//! A key travels in a header, never in an address, where logs and histories keep it. It must not
//! know what a key may do.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::Response,
};

use super::{HEALTH, SOCKET, is_upgrade};
use crate::{key::KEY_PREFIX, problem::ApiError, state::ApiState};

/// Marks a socket that has yet to send its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPending;

/// No key's secret is shorter. The bootstrap key's has 64 characters.
const SECRET_MIN: usize = 16;

/// Names of parameters in which keys are sometimes put.
const KEY_NAMES: [&str; 7] =
    ["key", "api_key", "apikey", "api-key", "x-api-key", "token", "access_token"];

/// Lets requests pass that carry the key.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    if has_key(&parts.uri) {
        return Err(ApiError::invalid(
            "key_in_url",
            "The address holds a key. Addresses end up in logs and histories.",
            "Send the key as `X-API-Key` or `Authorization: Bearer`, and replace this one.",
        ));
    }
    if HEALTH.contains(&parts.uri.path()) {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    match presented(&parts.headers) {
        Presented::Key(key) if state.config().key.accepts(key) => {}
        Presented::None if parts.uri.path() == SOCKET && is_upgrade(&parts) => {
            parts.extensions.insert(KeyPending);
        }
        Presented::Key(_) | Presented::Several | Presented::None => {
            return Err(failed(&state));
        }
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The answer to a missing or wrong key, which one can't ask for without end.
fn failed(state: &ApiState) -> ApiError {
    match state.failures().take() {
        Ok(()) => ApiError::new(
            StatusCode::UNAUTHORIZED,
            "key_required",
            "The key is missing or wrong.",
            "Send the key as `X-API-Key` or `Authorization: Bearer`.",
        ),
        Err(wait) => ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_failures",
            "Too many requests without the right key.",
            "Wait, then send the right key; requests with it are served meanwhile.",
        )
        .retry_after(wait),
    }
}

enum Presented<'a> {
    None,
    Key(&'a str),
    Several,
}

fn presented(headers: &HeaderMap) -> Presented<'_> {
    let plain = headers.get_all("x-api-key").iter().map(|v| v.to_str().unwrap_or(""));
    let bearer = headers.get_all(header::AUTHORIZATION).iter().map(|v| {
        let text = v.to_str().unwrap_or("");
        let (scheme, key) = text.split_once(' ').unwrap_or((text, ""));
        if scheme.eq_ignore_ascii_case("bearer") { key.trim() } else { "" }
    });
    let mut keys = plain.chain(bearer);
    match (keys.next(), keys.next()) {
        (None, _) => Presented::None,
        (Some(key), None) => Presented::Key(key),
        (Some(first), Some(second)) if first == second => Presented::Key(first),
        _ => Presented::Several,
    }
}

/// True when a text holds a key's whole form, `cfd_<id>_<secret>`. A name may begin like one.
fn holds_key(text: &str) -> bool {
    let length = |text: &str| text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    text.match_indices(KEY_PREFIX).any(|(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        let id = length(rest);
        let secret = rest[id..].strip_prefix('_').map_or(0, length);
        id > 0 && secret >= SECRET_MIN
    })
}

fn has_key(uri: &Uri) -> bool {
    let whole = uri.path_and_query().map_or("", |p| p.as_str()).to_ascii_lowercase();
    holds_key(&whole)
        || uri.query().is_some_and(|query| {
            query.split('&').any(|pair| {
                let name = pair.split('=').next().unwrap_or("").to_ascii_lowercase();
                KEY_NAMES.contains(&name.as_str())
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_addresses_are_seen() {
        let secret = "0123456789abcdef".repeat(4);
        let in_path = format!("/api/journal/CFD_1a2b3c4d_{secret}");
        let in_query = format!("/?a=xcfd_1a2b3c4d_{secret}");
        for uri in ["/ws?api_key=x", "/api/desk?token=a", &in_path, &in_query] {
            assert!(has_key(&uri.parse().unwrap()), "{uri}");
        }
        let plain = [
            "/api/orders?symbol=sim:KEY&after=1",
            "/api/accounts/main/books/cfd_index_uk",
            "/api/orders?symbol=sim:cfd_",
        ];
        for uri in plain {
            assert!(!has_key(&uri.parse().unwrap()), "{uri}");
        }
    }
}
