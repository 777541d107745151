//! What a request passes before it reaches a route: host, origin, who asks,
//! rights, rate, time, proof.
//!
//! Each check is a module and answers with a problem document. None may know what routes do.

pub(crate) mod access;
pub(crate) mod asked;
pub(crate) mod auth;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod memo;
pub(crate) mod origin;
#[cfg(test)]
mod pages;
pub(crate) mod rate;
pub(crate) mod stepup;
pub(crate) mod time;

use axum::{
    extract::Request,
    http::{Method, header, request::Parts},
};

/// True for methods that change nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// True for a pull of the kill switch: it is done each time that it is asked for, and takes as long
/// as the other desks may.
pub(crate) fn is_pull(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path() == "/api/kill"
}

/// True when the request wants to become a socket.
pub(crate) fn is_upgrade(parts: &Parts) -> bool {
    parts.headers.contains_key(header::UPGRADE)
}

/// The path of the socket.
pub(crate) const SOCKET: &str = "/ws";
/// Paths that say no more than a status, as often as anybody likes.
pub(crate) const HEALTH: [&str; 2] = ["/api/health", "/api/health/ready"];
