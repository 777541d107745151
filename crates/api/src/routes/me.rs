//! What a signed-in person does about themselves: password, second factor, proofs.
//!
//! It must not know how they are kept.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Done,
    people::{Waits, hashed, off, person},
};
use crate::{
    body::{Fields, FromFields},
    cookies,
    extract::Body,
    guard::asked::Asked,
    problem::{ApiError, Problem},
};

/// An answer that also renews the session's cookie, because its version was raised.
fn renewed(state: &Asked, token: &str, body: impl Serialize) -> Result<Response, ApiError> {
    let (_, session) = state.person()?;
    let ends = state.identity().ends(session);
    let cookie = cookies::session(token, session.created_at, ends)?;
    let mut response = Json(body).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// A new password.
#[derive(ToSchema)]
pub(crate) struct PasswordRequest {
    /// The present one.
    current: String,
    /// At least 12 characters.
    new: String,
}

impl FromFields for PasswordRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (current, new) = (f.need_secret("current"), f.need_secret("new"));
        Some(Self { current: current?, new: new? })
    }
}

/// Changes one's password. One's other sessions end.
#[utoipa::path(put, path = "/api/me/password", tag = "people", request_body = PasswordRequest,
    responses((status = 200, description = "Changed", body = Done),
        (status = 401, description = "The present password is wrong", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn change_password(
    state: Asked,
    Body(body): Body<PasswordRequest>,
) -> Result<Response, ApiError> {
    let (_, session) = person(&state)?;
    let change = move |identity: &identity::Identity| {
        identity.change_password(&session, &body.current, &body.new)
    };
    let token = hashed(&state, Waits::Inside, change).await?;
    renewed(&state, &token, Done { done: true })
}

/// One's password.
#[derive(ToSchema)]
pub(crate) struct OwnPassword {
    /// The password.
    password: String,
}

impl FromFields for OwnPassword {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { password: f.need_secret("password")? })
    }
}

/// A second factor to set up.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentView {
    /// The secret in base32, shown once.
    secret: String,
    /// The address for an application.
    uri: String,
    /// The address as a picture.
    qr_svg: String,
}

/// Begins a second factor, which is not on before its first code.
#[utoipa::path(post, path = "/api/me/totp", tag = "people", request_body = OwnPassword,
    responses((status = 200, description = "To be entered in an application", body = EnrolmentView),
        (status = 409, description = "One is on", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn begin_totp(
    state: Asked,
    Body(body): Body<OwnPassword>,
) -> Result<Json<EnrolmentView>, ApiError> {
    let (_, session) = person(&state)?;
    let begin = move |identity: &identity::Identity| identity.begin_totp(&session, &body.password);
    let begun = hashed(&state, Waits::Inside, begin).await?;
    Ok(Json(EnrolmentView { secret: begun.secret, uri: begun.uri, qr_svg: begun.qr_svg }))
}

/// A code.
#[derive(ToSchema)]
pub(crate) struct CodeRequest {
    /// Six digits.
    #[schema(example = "123456")]
    code: String,
}

impl FromFields for CodeRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { code: f.need_secret("code")? })
    }
}

/// Recovery codes.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryView {
    /// Ten codes, each good for one sign-in, shown once.
    recovery_codes: Vec<String>,
}

/// Turns the second factor on. One's other sessions end.
#[utoipa::path(put, path = "/api/me/totp", tag = "people", request_body = CodeRequest,
    responses((status = 200, description = "It is on", body = RecoveryView),
        (status = 400, description = "The code is wrong", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn activate_totp(
    state: Asked,
    Body(body): Body<CodeRequest>,
) -> Result<Response, ApiError> {
    let (_, session) = person(&state)?;
    let activated = off(&state, move |identity| identity.activate_totp(&session, &body.code));
    let (recovery_codes, token) = activated.await?;
    renewed(&state, &token, RecoveryView { recovery_codes })
}

/// Turns the second factor off. One's other sessions end.
#[utoipa::path(delete, path = "/api/me/totp", tag = "people",
    responses((status = 200, description = "It is off", body = Done),
        (status = 403, description = "A proof is needed", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn remove_totp(state: Asked) -> Result<Response, ApiError> {
    let (_, session) = person(&state)?;
    let token = off(&state, move |identity| identity.remove_totp(&session)).await?;
    renewed(&state, &token, Done { done: true })
}

/// Replaces one's recovery codes.
#[utoipa::path(post, path = "/api/me/recovery-codes", tag = "people",
    responses((status = 200, description = "The new ones", body = RecoveryView),
        (status = 403, description = "A proof is needed", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn renew_recovery(state: Asked) -> Result<Json<RecoveryView>, ApiError> {
    let (user, _) = person(&state)?;
    let codes = off(&state, move |identity| identity.renew_recovery(&user.id)).await?;
    Ok(Json(RecoveryView { recovery_codes: codes }))
}

/// What is to be proven, and with what.
#[derive(ToSchema)]
pub(crate) struct StepUpRequest {
    /// As the answer `step_up_required` named it.
    #[schema(example = "POST /api/kill/release")]
    action: String,
    /// As that answer named it.
    argument_hash: String,
    /// One's password.
    password: String,
    /// A code of the second factor, when `factors` named it.
    #[schema(required = false)]
    code: Option<String>,
}

impl FromFields for StepUpRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (action, argument_hash) = (f.words("action", 120), f.words("argument_hash", 64));
        let (password, code) = (f.need_secret("password"), f.may_secret("code"));
        let (action, argument_hash) = (action?, argument_hash?);
        if action.is_none() || argument_hash.is_none() {
            f.refuse("action", "required, and `argument_hash` with it");
        }
        Some(Self {
            action: action?,
            argument_hash: argument_hash?,
            password: password?,
            code: code?,
        })
    }
}

/// A proof.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProofView {
    /// For the header `Step-Up` of the very request, once.
    proof: String,
    /// When it ends.
    ends: String,
}

/// Proves once more who one is, for one request: the one that was answered `step_up_required`.
#[utoipa::path(post, path = "/api/step-up", tag = "people", request_body = StepUpRequest,
    responses((status = 200, description = "The proof", body = ProofView),
        (status = 401, description = "Password or code is wrong", body = Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "The second factor is too young for this", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn step_up(
    state: Asked,
    Body(body): Body<StepUpRequest>,
) -> Result<Json<ProofView>, ApiError> {
    let (_, session) = person(&state)?;
    let real_key = state.has_real_key();
    let StepUpRequest { action, argument_hash, password, code } = body;
    let (proof, ends) = hashed(&state, Waits::Inside, move |identity| {
        let code = code.as_deref();
        identity.step_up(&session, &action, &argument_hash, &password, code, real_key)
    })
    .await?;
    Ok(Json(ProofView { proof, ends: ends.to_string() }))
}
