//! Reading requests: bodies, queries and path segments, each with problem documents for errors.
//!
//! The framework's own extractors answer errors as plain text. It must not know routes.

use std::{fmt, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{
    body::{Fields, FromFields},
    problem::{ApiError, FieldError},
    router::body_max,
};

/// A strict JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let json = kind.is_some_and(|k| {
            k.split(';').next().is_some_and(|m| m.trim().eq_ignore_ascii_case("application/json"))
        });
        if !json {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                format!("The content type is `{}`.", kind.unwrap_or("absent")),
                "Send JSON with `Content-Type: application/json`.",
            ));
        }
        let max = body_max(request.uri().path());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return too_large(max);
            }
            unreadable()
        })?;
        Fields::read(&bytes).map(Self)
    }
}

/// Reads the body of a request to `path` whole, up to the bound.
pub(crate) async fn buffer(path: &str, body: axum::body::Body) -> Result<Bytes, ApiError> {
    let max = body_max(path);
    axum::body::to_bytes(body, max).await.map_err(|error| {
        let inner = error.into_inner();
        if inner.is::<http_body_util::LengthLimitError>() {
            return too_large(max);
        }
        unreadable()
    })
}

fn unreadable() -> ApiError {
    let remedy = "Send the whole body again.";
    ApiError::invalid("body_unreadable", "The body did not arrive whole.", remedy)
}

fn too_large(max: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("The body has more than {} KiB.", max / 1_024),
        "Send less at once.",
    )
}

/// A query string in which every parameter is known.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::invalid(
                "invalid_query",
                rejection.body_text(),
                "Change the query; GET /api/openapi.json lists what each route knows.",
            )),
        }
    }
}

/// Path segments.
#[derive(Debug)]
pub(crate) struct At<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::invalid(
                "invalid_path",
                rejection.body_text(),
                "Use ids as the lists show them, url-encoded.",
            )),
        }
    }
}

/// Parses a parameter, naming it when it is wrong.
pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| {
        let value = Some(text.chars().take(80).collect());
        let field = field.to_owned();
        ApiError::fields(vec![FieldError { field, value, rule: error.to_string() }])
    })
}

/// As [`parse`], for a parameter that may be absent.
pub(crate) fn parse_opt<T: FromStr<Err: fmt::Display>>(
    field: &str,
    text: Option<&String>,
) -> Result<Option<T>, ApiError> {
    text.map(|t| parse(field, t)).transpose()
}

/// A page's size: `default` when absent, refused beyond `max`.
pub(crate) fn page(limit: Option<usize>, default: usize, max: usize) -> Result<usize, ApiError> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(ApiError::fields(vec![FieldError {
            field: "limit".to_owned(),
            value: Some(limit.to_string()),
            rule: format!("1 to {max}"),
        }])),
    }
}
