//! Whose page asks: writes and sockets of foreign pages are refused.
//!
//! Browsers attach `Origin` to every write and socket, and `Sec-Fetch-Site` to everything; a
//! program sends neither. It must not know keys.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{host::host_of, is_safe, is_upgrade};
use crate::{forwarded::Carrier, problem::ApiError, state::ApiState};

/// Lets requests pass that a program or the desk's own page makes.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let host = host_of(&parts.headers, &parts.uri).unwrap_or_default();
    let sensitive = !is_safe(&parts.method) || is_upgrade(&parts);
    // A page that came in the clear may be anybody's on the way, so it is not the https page's own.
    let secure = parts.extensions.get::<Carrier>().is_some_and(|carrier| carrier.is_secure());
    let own = format!("{}://{host}", if secure { "https" } else { "http" });
    if let Err(why) = judge(&parts.headers, &own, &state.config().origins, sensitive) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "origin_refused",
            why,
            "Use the desk's own page, a program, or add the page's origin to the desk's origins.",
        ));
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

fn judge(
    headers: &HeaderMap,
    own: &str,
    configured: &[String],
    sensitive: bool,
) -> Result<(), String> {
    let site = headers.get("sec-fetch-site").map(|v| v.to_str().unwrap_or("?"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => None,
        (Some(one), None) => Some(one.to_str().unwrap_or("?")),
        _ => return Err("The request names several origins.".to_owned()),
    };
    if let Some(origin) = origin {
        let known = origin.eq_ignore_ascii_case(own)
            || configured.iter().any(|c| c.eq_ignore_ascii_case(origin));
        return if known {
            Ok(())
        } else {
            let origin: String = origin.chars().take(80).collect();
            Err(format!("A page of `{origin}` may not use this desk."))
        };
    }
    match site {
        Some("same-origin" | "none") if !sensitive => Ok(()),
        None => Ok(()),
        Some(_) if !sensitive && is_visit(headers) => Ok(()),
        Some("same-origin" | "none") => {
            Err("A browser's write must name its origin, and this one does not.".to_owned())
        }
        Some(_) => Err("A page of another site may not use this desk.".to_owned()),
    }
}

/// True when somebody follows a link to a page: the page that has the link sees nothing of it.
fn is_visit(headers: &HeaderMap) -> bool {
    let is = |name, value: &str| headers.get(name).is_some_and(|v| v == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(origin: Option<&str>, site: Option<&str>, sensitive: bool) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        let configured = ["https://desk.example".to_owned()];
        judge(&headers, "http://localhost:3000", &configured, sensitive).is_ok()
    }

    #[test]
    fn foreign_pages_are_refused_and_programs_are_not() {
        assert!(verdict(None, None, true), "a program");
        assert!(verdict(Some("http://localhost:3000"), Some("same-origin"), true));
        assert!(verdict(Some("https://desk.example"), Some("same-origin"), true));
        assert!(verdict(None, Some("same-origin"), false), "a page's read");
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost:4000",
            "http://localhost",
            "https://desk.example.evil",
            "https://localhost:3000",
        ] {
            assert!(!verdict(Some(origin), None, true), "{origin}");
            assert!(!verdict(Some(origin), None, false), "{origin}");
        }
        assert!(!verdict(None, Some("same-origin"), true), "a browser's write names its origin");
        assert!(!verdict(None, Some("cross-site"), false));
        assert!(!verdict(None, Some("same-site"), false));
        let mut link = HeaderMap::new();
        link.insert("sec-fetch-site", "cross-site".parse().unwrap());
        link.insert("sec-fetch-mode", "navigate".parse().unwrap());
        link.insert("sec-fetch-dest", "document".parse().unwrap());
        assert!(judge(&link, "http://localhost", &[], false).is_ok(), "a link to a page");
        assert!(judge(&link, "http://localhost", &[], true).is_err());
        link.insert("sec-fetch-dest", "iframe".parse().unwrap());
        assert!(judge(&link, "http://localhost", &[], false).is_err());
    }
}
