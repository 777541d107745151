//! Set-up, sign-in, and the sessions of whoever is signed in.
//!
//! It must not know how a password is kept or a cookie signed.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use identity::{SessionId, SignIn, SignedIn};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Done,
    people::{SessionView, UserView, Waits, hashed, off, person},
};
use crate::{
    body::{Fields, FromFields},
    cookies,
    extract::{At, Body, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    serve::Peer,
    state::ApiState,
};

/// Whether the desk waits for its first admin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SetupView {
    /// True while nobody exists.
    needed: bool,
}

/// Whether the desk waits for its first admin.
#[utoipa::path(get, path = "/api/setup", tag = "people", security(()),
    responses((status = 200, description = "Whether it does", body = SetupView)))]
pub(crate) async fn needed(State(state): State<ApiState>) -> Json<SetupView> {
    Json(SetupView { needed: state.identity().needs_setup() })
}

/// The first admin.
#[derive(ToSchema)]
pub(crate) struct SetupRequest {
    /// The one-time token that the desk printed at its start.
    token: String,
    /// The name: 2 to 32 of a-z, 0-9, `-`, `_`, `.` and `@`.
    #[schema(example = "alice")]
    name: String,
    /// At least 12 characters.
    password: String,
}

impl FromFields for SetupRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (token, name) = (f.need_secret("token"), f.need::<String>("name"));
        let password = f.need_secret("password");
        Some(Self { token: token?, name: name?, password: password? })
    }
}

/// A name and a password.
#[derive(ToSchema)]
pub(crate) struct SignInRequest {
    /// The name.
    #[schema(example = "alice")]
    name: String,
    /// The password.
    password: String,
    /// A code of the second factor, or a recovery code; needed when the factor is on.
    #[schema(required = false)]
    code: Option<String>,
}

impl FromFields for SignInRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (name, password) = (f.need::<String>("name"), f.need_secret("password"));
        let code = f.may_secret("code");
        Some(Self { name: name?, password: password?, code: code? })
    }
}

/// Who is signed in now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// The person.
    user: UserView,
    /// `ok`, or `not_set` when the person has no second factor.
    #[schema(example = "not_set")]
    second_factor: &'static str,
}

fn attempt(
    headers: &HeaderMap,
    peer: Option<Extension<Peer>>,
    name: String,
    password: String,
    code: Option<String>,
) -> SignIn {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    SignIn {
        name,
        password,
        code,
        address: peer.map_or_else(|| "unknown".to_owned(), |Extension(peer)| peer.0.to_string()),
        agent: agent.unwrap_or_default().to_owned(),
        device: cookies::read(headers, cookies::DEVICE).map(str::to_owned),
    }
}

fn signed_in(signed: &SignedIn) -> Result<Response, ApiError> {
    let second_factor = if signed.user.totp.is_some() { "ok" } else { "not_set" };
    let view = SignedInView { user: UserView::from(&signed.user), second_factor };
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    let headers = response.headers_mut();
    let begun = signed.session.created_at;
    headers.append(header::SET_COOKIE, cookies::session(&signed.token, begun, signed.ends)?);
    headers.append(header::SET_COOKIE, cookies::device(&signed.device)?);
    Ok(response)
}

/// Makes the first admin, who is signed in. The token is good once; from then on the bootstrap key
/// is nobody's.
#[utoipa::path(post, path = "/api/setup", tag = "people", security(()), request_body = SetupRequest,
    responses((status = 201, description = "Made and signed in", body = SignedInView),
        (status = 403, description = "The token is wrong, used or too old", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "Somebody exists", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn set_up(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(body): Body<SetupRequest>,
) -> Result<Response, ApiError> {
    let attempt = attempt(&headers, peer, body.name, body.password, None);
    let token = body.token;
    let signed =
        hashed(&state, Waits::Outside, move |identity| identity.claim_setup(&token, &attempt))
            .await?;
    if let Some(key) = &signed.local_key {
        state.keep_local_key(key);
    }
    signed_in(&signed)
}

/// Signs in. The answer sets the session's cookie.
#[utoipa::path(post, path = "/api/sessions", tag = "people", security(()),
    request_body = SignInRequest,
    responses((status = 201, description = "Signed in", body = SignedInView),
        (status = 401, description = "Something is wrong, or, after the right password, the code is \
            missing", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The one-time password is too old", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts went wrong", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(body): Body<SignInRequest>,
) -> Result<Response, ApiError> {
    let attempt = attempt(&headers, peer, body.name, body.password, body.code);
    let signed = hashed(&state, Waits::Outside, move |identity| identity.sign_in(&attempt)).await?;
    signed_in(&signed)
}

/// A person's second factor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SecondFactorView {
    /// True when it is on.
    on: bool,
    /// Since when.
    since: Option<String>,
    /// Recovery codes that are left.
    recovery_codes_left: u64,
}

/// Who asks, and until when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CurrentView {
    /// The person.
    user: UserView,
    /// The session.
    session: SessionView,
    /// The second factor.
    second_factor: SecondFactorView,
    /// True when the desk holds a real broker key: then proofs take the second factor too.
    real_key: bool,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "people",
    responses((status = 200, description = "Who", body = CurrentView),
        (status = 401, description = "Nobody", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(state: Asked) -> Result<Json<CurrentView>, ApiError> {
    let (user, session) = person(&state)?;
    let factor = state.identity().second_factor(&user);
    Ok(Json(CurrentView {
        user: UserView::from(&*user),
        session: SessionView::new(state.identity(), &session, &session),
        second_factor: SecondFactorView {
            on: user.totp.is_some(),
            since: factor.since.map(|since| since.to_string()),
            recovery_codes_left: factor.codes_left,
        },
        real_key: state.has_real_key(),
    }))
}

fn out() -> Response {
    let mut response = Json(Done { done: true }).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::ended());
    let clear = header::HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", clear);
    response
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "people",
    responses((status = 200, description = "Signed out", body = Done)))]
pub(crate) async fn sign_out(state: Asked) -> Result<Response, ApiError> {
    let (user, session) = person(&state)?;
    off(&state, move |identity| identity.end_session(&user.id, &session.id)).await?;
    Ok(out())
}

/// One's sessions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The sessions, the newest first.
    sessions: Vec<SessionView>,
}

/// One's sessions.
#[utoipa::path(get, path = "/api/sessions", tag = "people",
    responses((status = 200, description = "The sessions", body = SessionList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<SessionList>, ApiError> {
    let (user, current) = person(&state)?;
    let identity = state.identity();
    let all = identity.sessions_of(&user.id);
    let sessions = all.iter().map(|s| SessionView::new(identity, s, &current)).collect();
    Ok(Json(SessionList { sessions }))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "people",
    params(("id" = String, Path, description = "The session")),
    responses((status = 200, description = "Ended", body = Done),
        (status = 404, description = "No such session of yours", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn end(state: Asked, At(id): At<String>) -> Result<Json<Done>, ApiError> {
    let (user, _) = person(&state)?;
    let id: SessionId = parse("id", &id)?;
    off(&state, move |identity| identity.end_session(&user.id, &id)).await?;
    Ok(Json(Done { done: true }))
}

/// Signs out everywhere.
#[utoipa::path(delete, path = "/api/sessions", tag = "people",
    responses((status = 200, description = "Every session has ended", body = Done)))]
pub(crate) async fn sign_out_everywhere(state: Asked) -> Result<Response, ApiError> {
    let (user, _) = person(&state)?;
    off(&state, move |identity| identity.end_all_sessions(&user.id)).await?;
    Ok(out())
}
