//! The host allow-list: a foreign name that points here (DNS rebinding) is not served.
//!
//! Configured names are those under which the desk is reached from elsewhere, so they are served over
//! TLS or through a trusted proxy and never in the clear.
//!
//! It must not know keys or origins.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::Response,
};

use crate::{forwarded::Carrier, problem::ApiError, state::ApiState};

/// Names of this machine for itself.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Lets requests pass whose host is on the list.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let carrier = request.extensions().get::<Carrier>();
    // Only a call within the program has no carrier; it has no connection that could be unsafe.
    let hosts: &[String] = match carrier {
        Some(carrier) if !carrier.is_secure() => &[],
        _ => &state.config().hosts,
    };
    match host_of(request.headers(), request.uri()) {
        Some(host) if is_allowed(&host, hosts) => Ok(next.run(request).await),
        found => Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_not_allowed",
            match found {
                Some(host) => format!("This desk does not answer for the host `{host}`."),
                None => "The request names no host, or several.".to_owned(),
            },
            "Use localhost, 127.0.0.1 or [::1] on this machine, or a name that was given with --host by \
             https.",
        )),
    }
}

/// The one host that the request names, in the header and, if there, in its target.
pub(crate) fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut values = headers.get_all(header::HOST).iter();
    let named = match (values.next(), values.next()) {
        (Some(value), None) => Some(value.to_str().ok()?.to_ascii_lowercase()),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    let target = uri.authority().map(|a| a.as_str().to_ascii_lowercase());
    match (named, target) {
        (Some(named), Some(target)) => (named == target).then_some(named),
        (named, target) => named.or(target),
    }
    .filter(|host| !host.is_empty() && host.len() <= 255)
}

/// True for a name of this machine for itself, whatever the port is.
pub(crate) fn is_this_machine(host: &str) -> bool {
    LOOPBACK.contains(&without_port(host))
}

fn is_allowed(host: &str, configured: &[String]) -> bool {
    let name = without_port(host);
    is_this_machine(host)
        || configured.iter().any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            allowed == host || (without_port(&allowed) == allowed && allowed == name)
        })
}

/// The name alone. What follows the colon must be a port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !name.is_empty()
                && port.len() <= 5
                && port.bytes().all(|b| b.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_on_the_list_are_served() {
        let configured = ["desk.example".to_owned(), "other.example:8443".to_owned()];
        let allowed = |host| is_allowed(host, &configured);
        for host in ["localhost", "localhost:3000", "127.0.0.1:1", "[::1]:3000", "[::1]"] {
            assert!(allowed(host), "{host}");
        }
        assert!(allowed("desk.example") && allowed("desk.example:3000"));
        assert!(allowed("other.example:8443") && !allowed("other.example:1"));
        for host in [
            "evil.example",
            "localhost.evil.example",
            "localhost:evil",
            "127.0.0.1.nip.io",
            "::1",
            "localhost:3000:1",
            "user@localhost",
        ] {
            assert!(!allowed(host), "{host}");
        }
    }

    #[test]
    fn header_and_target_must_agree() {
        let mut headers = HeaderMap::new();
        let target: Uri = "http://evil.example/api/desk".parse().unwrap();
        assert_eq!(host_of(&headers, &target).as_deref(), Some("evil.example"));
        headers.insert(header::HOST, "localhost".parse().unwrap());
        assert_eq!(host_of(&headers, &target), None);
        headers.append(header::HOST, "evil.example".parse().unwrap());
        assert_eq!(host_of(&headers, &Uri::from_static("/")), None);
    }
}
