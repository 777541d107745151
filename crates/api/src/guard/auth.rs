//! Who asks, and whether they may: every route passes here.
//!
//! A program shows a key in a header, a browser a session's cookie. Keys never travel in an
//! address, where logs and histories keep them. A cookie is sent by the browser whatever page asks,
//! so a write or a socket with one must name the desk's own origin. Which right a route asks for
//! stands in [`super::access`]. It must not know what a route does.

use std::{net::IpAddr, sync::Arc};

use axum::{
    RequestExt,
    extract::{MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use desk::DeskError;
use domain::AccountId;
use identity::{Caller, KEY_PREFIX, Verb, Who};

use super::{
    SOCKET,
    access::{self, Need, Place, Rule},
    asked::{Asker, forbidden, forbidden_to_key},
    is_safe, is_upgrade,
};
use crate::{cookies, problem::ApiError, serve::Peer, state::ApiState};

/// Marks a socket that has yet to send its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPending;

/// No key's secret is shorter. A minted key's has 64 characters.
const SECRET_MIN: usize = 16;

/// Names of parameters in which keys are sometimes put.
const KEY_NAMES: [&str; 7] =
    ["key", "api_key", "apikey", "api-key", "x-api-key", "token", "access_token"];

/// Lets requests pass that may do what they ask for.
pub(crate) async fn check(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if has_key(request.uri()) {
        return Err(ApiError::invalid(
            "key_in_url",
            "The address holds a key. Addresses end up in logs and histories.",
            "Send the key as `X-API-Key` or `Authorization: Bearer`, and replace this one.",
        ));
    }
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let rule = path.as_deref().and_then(|path| access::rule(request.method().as_str(), path));
    if rule.is_some_and(|rule| rule.need == Need::Nothing) {
        return Ok(next.run(request).await);
    }
    let address = request.extensions().get::<Peer>().map(|peer| peer.0);
    let params = request.extract_parts::<RawPathParams>().await.ok();
    let (mut parts, body) = request.into_parts();
    match authenticate(&state, &parts, address) {
        Ok(caller) => {
            if let Some(rule) = rule {
                authorise(&caller, rule, params.as_ref())?;
                parts.extensions.insert(Asker { caller: Arc::new(caller), rule });
            } else if let Some(path) = path.filter(|path| access::is_known(path)) {
                return Err(wrong_method(&parts, &path));
            }
        }
        Err(Refused::NoKey) if parts.uri.path() == SOCKET && is_upgrade(&parts) => {
            parts.extensions.insert(KeyPending);
        }
        Err(refused) => return Ok(refused.answer(&state)),
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Why somebody is nobody.
enum Refused {
    NoKey,
    WrongKey,
    NoSession,
    NoOrigin,
}

impl Refused {
    fn answer(self, state: &ApiState) -> Response {
        match self {
            Self::NoKey => unknown("Nobody is signed in, and there is no key.").into_response(),
            Self::WrongKey => failed(state).into_response(),
            Self::NoSession => {
                let mut response = ApiError::new(
                    StatusCode::UNAUTHORIZED,
                    "session_ended",
                    "The session has ended.",
                    "Sign in again.",
                )
                .into_response();
                response.headers_mut().append(header::SET_COOKIE, cookies::ended());
                response
            }
            Self::NoOrigin => ApiError::new(
                StatusCode::FORBIDDEN,
                "origin_refused",
                "A write with a cookie must name the origin of the page, and this one does not.",
                "Use the desk's own page, or a key.",
            )
            .into_response(),
        }
    }
}

/// Finds out who asks. A key that is shown counts alone: a request says in one way who it is.
fn authenticate(
    state: &ApiState,
    parts: &Parts,
    address: Option<IpAddr>,
) -> Result<Caller, Refused> {
    match presented(&parts.headers) {
        Presented::Key(key) => by_key(state, key, address).ok_or(Refused::WrongKey),
        Presented::Several => Err(Refused::WrongKey),
        Presented::None => {
            let cookie = cookies::read(&parts.headers, cookies::SESSION).ok_or(Refused::NoKey)?;
            let caller = state.identity().by_cookie(cookie).ok_or(Refused::NoSession)?;
            // The origin check in front of this one has judged an origin that is named.
            let named = parts.headers.contains_key(header::ORIGIN);
            let sensitive = !is_safe(&parts.method) || is_upgrade(parts);
            if sensitive && !named { Err(Refused::NoOrigin) } else { Ok(caller) }
        }
    }
}

/// Who has a key: a program, or, while nobody exists, the operator with the bootstrap key.
pub(crate) fn by_key(state: &ApiState, key: &str, address: Option<IpAddr>) -> Option<Caller> {
    let bootstrap = state.config().key.as_ref().is_some_and(|hash| hash.accepts(key));
    if bootstrap && state.identity().needs_setup() {
        return Some(Caller::bootstrap());
    }
    state.identity().by_key(key, address)
}

/// Refuses what the caller may not do, and hides accounts that are not granted.
fn authorise(
    caller: &Caller,
    rule: &'static Rule,
    params: Option<&RawPathParams>,
) -> Result<(), ApiError> {
    let Need::Right(mut verb) = rule.need else { return Ok(()) };
    if let Some((user, _)) = caller.person()
        && user.must_change
        && !rule.is_before_password()
    {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "password_change_required",
            "The password was given by somebody else and is good for one thing: to choose another.",
            "PUT /api/me/password.",
        ));
    }
    let part = |name: &str| {
        let found = params.and_then(|params| params.iter().find(|(part, _)| *part == name));
        found.map(|(_, value)| value.to_owned())
    };
    let account = match rule.place {
        Place::None | Place::Body => None,
        Place::Path(name) => part(name),
        Place::Position(name) => part(name).map(|id| id.split('.').next().unwrap_or("").to_owned()),
        Place::Stream(name) => match part(name).as_deref().map(|s| s.strip_prefix("account/")) {
            Some(Some(account)) => Some(account.to_owned()),
            // The desk's own stream, or none at all.
            _ => {
                verb = Verb::ReadJournal;
                None
            }
        },
    };
    let account = account.and_then(|text| text.parse::<AccountId>().ok());
    if caller.may(verb, account.as_ref()) {
        return Ok(());
    }
    match account {
        // What is not granted is answered like what does not exist.
        Some(account) if !caller.grants.has(&account) => {
            Err(DeskError::AccountUnknown(account).into())
        }
        _ => {
            let detail = format!("`{}` is not allowed with these rights.", rule.action());
            Err(if matches!(caller.who, Who::Key { .. }) {
                forbidden_to_key(detail)
            } else {
                forbidden(detail)
            })
        }
    }
}

fn wrong_method(parts: &Parts, path: &str) -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("`{path}` does not take {}.", parts.method),
        "GET /api/openapi.json lists what each route takes.",
    )
}

fn unknown(detail: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "key_required",
        detail,
        "Sign in, or send a key as `X-API-Key` or `Authorization: Bearer`.",
    )
}

/// The answer to a wrong key, which one can't ask for without end.
fn failed(state: &ApiState) -> ApiError {
    match state.failures().take() {
        Ok(()) => unknown("The key is wrong, revoked, expired, or bound to another address."),
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
