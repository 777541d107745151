//! The dashboard's files, which are part of the program.
//!
//! Addresses that are no file are pages of the dashboard and get its shell; the shell and its
//! scripts hold no data, so nobody has to sign in for them. It must not know what a page shows.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::Embed;
use tower_http::compression::CompressionLayer;

use crate::problem::ApiError;

/// What `npm run build` made; empty in a program that was built without it.
#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

/// The page that every address of the dashboard begins with.
const SHELL: &str = "index.html";
/// Files whose names change with their content.
const HASHED: &str = "assets/";

/// Scripts, styles and connections come from this desk only, and nothing is inline.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; object-src 'none'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Serves the dashboard.
pub fn pages() -> Router {
    Router::new().fallback(serve).layer(CompressionLayer::new())
}

async fn serve(method: Method, uri: Uri) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        let detail = format!("There is nothing at `{}` to {method}.", short(&uri));
        let remedy = "GET /api/openapi.json lists every route.";
        return ApiError::not_found("route_unknown", detail, remedy).into_response();
    }
    let wanted = uri.path().trim_start_matches('/');
    match Built::get(wanted) {
        Some(file) => answer(wanted, file.data.into_owned()),
        None if wanted.starts_with(HASHED) => {
            let detail = format!("There is no file `{}`.", short(&uri));
            ApiError::not_found("file_unknown", detail, "Load the page anew.").into_response()
        }
        None => shell(),
    }
}

fn shell() -> Response {
    match Built::get(SHELL) {
        Some(file) => answer(SHELL, file.data.into_owned()),
        None => ApiError::not_found(
            "dashboard_missing",
            "This program was built without its dashboard.",
            "Build it with `npm ci && npm run build` in `web`, then build the program again; the \
             API and the command line work without it.",
        )
        .into_response(),
    }
}

fn answer(name: &str, data: Vec<u8>) -> Response {
    let kept =
        if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = (StatusCode::OK, Body::from(data)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// The type of a file, by its name.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn short(uri: &Uri) -> String {
    uri.path().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(method: Method, path: &str) -> Response {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        pages().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn an_address_of_the_dashboard_is_its_shell_or_says_how_to_build_it() {
        for path in ["/", "/trade", "/settings?tab=keys", "/../../etc/passwd"] {
            let response = get(Method::GET, path).await;
            if Built::get(SHELL).is_some() {
                assert_eq!(response.status(), StatusCode::OK, "{path}");
                assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
                assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
            } else {
                assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_page_is_not_taken_for_one() {
        let missing = get(Method::GET, "/assets/none-0.js").await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        assert_eq!(get(Method::POST, "/trade").await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn files_have_their_type_and_hashed_ones_are_kept() {
        for name in Built::iter() {
            let response = get(Method::GET, &format!("/{name}")).await;
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            let kept = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
            assert_eq!(kept.contains("immutable"), name.starts_with(HASHED), "{name}");
            let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
            assert_ne!(kind, "application/octet-stream", "{name}");
        }
    }
}
