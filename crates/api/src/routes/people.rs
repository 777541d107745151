//! What the routes about people share: errors as problem documents, work off the runtime, views.
//!
//! It must not decide who may do what.

use std::sync::Arc;

use axum::http::StatusCode;
use identity::{Grants, Identity, IdentityError, Session, User};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{guard::asked::Asked, problem::ApiError, state::ApiState};

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        let (code, mut detail) = (error.code(), error.to_string());
        if let Some(first) = detail.get(..1) {
            detail = format!("{}{}.", first.to_uppercase(), &detail[1..]);
        }
        let told = |status, remedy: &str| Self::new(status, code, detail.clone(), remedy);
        let (again, ask) = ("Try again.", "Ask an admin of the desk.");
        match error {
            IdentityError::NameInvalid => told(StatusCode::BAD_REQUEST, "Choose another name."),
            IdentityError::NameTaken => told(StatusCode::CONFLICT, "Choose another name."),
            IdentityError::PasswordWeak(_) => told(
                StatusCode::BAD_REQUEST,
                "Use at least 12 characters: several words that belong together only for you.",
            ),
            IdentityError::PasswordUnchanged => {
                told(StatusCode::BAD_REQUEST, "Choose another password.")
            }
            IdentityError::OneTimePasswordExpired => told(
                StatusCode::FORBIDDEN,
                "Ask an admin for another one, or use `cofferdam user reset` on the machine.",
            ),
            IdentityError::SignInFailed | IdentityError::SecondFactorNeeded => {
                told(StatusCode::UNAUTHORIZED, again)
            }
            IdentityError::SignInDelayed { seconds } => {
                told(StatusCode::TOO_MANY_REQUESTS, "Wait, then try again.").delayed(seconds)
            }
            IdentityError::SetupDone => told(StatusCode::CONFLICT, "Sign in."),
            IdentityError::SetupTokenWrong => told(
                StatusCode::FORBIDDEN,
                "Use the token that the desk printed; a restart of the desk prints a new one.",
            ),
            IdentityError::SessionEnded | IdentityError::KeyRefused => {
                told(StatusCode::UNAUTHORIZED, "Sign in again.")
            }
            IdentityError::UserUnknown
            | IdentityError::SessionUnknown
            | IdentityError::KeyUnknown => told(StatusCode::NOT_FOUND, "List what there is."),
            IdentityError::LastAdmin => {
                told(StatusCode::CONFLICT, "Make somebody else admin first.")
            }
            IdentityError::CodeWrong => {
                told(StatusCode::BAD_REQUEST, "Wait for the next code, and compare the clocks.")
            }
            IdentityError::NotEnrolling => {
                told(StatusCode::CONFLICT, "Begin with POST /api/me/totp.")
            }
            IdentityError::SecondFactorMissing => {
                told(StatusCode::CONFLICT, "Set a second factor up with POST /api/me/totp.")
            }
            IdentityError::FactorTooYoung { .. } => told(
                StatusCode::FORBIDDEN,
                "Wait until then, or ask an admin whose second factor is older.",
            ),
            IdentityError::KeyTooWide => told(StatusCode::FORBIDDEN, ask),
            IdentityError::TooMany(_) => told(StatusCode::CONFLICT, "Remove some first."),
            IdentityError::NoRandomness
            | IdentityError::Damaged(_)
            | IdentityError::Store { .. } => {
                tracing::error!(%error, "identity failed");
                Self::unavailable(code, "People and keys can't be changed now.", "See the log.")
            }
        }
    }
}

/// Who waits for the hash of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// Whoever knocks: a sign-in, the set-up.
    Outside,
    /// A person who is signed in.
    Inside,
}

/// Runs what hashes passwords, which is slow on purpose: few at once, and a bounded number waits.
pub(super) async fn hashed<T: Send + 'static>(
    state: &ApiState,
    waits: Waits,
    work: impl FnOnce(&Identity) -> Result<T, IdentityError> + Send + 'static,
) -> Result<T, ApiError> {
    let _place = state.hashing_queue(waits == Waits::Outside).try_acquire().map_err(|_| {
        let detail = "Too many requests wait for a password to be checked.";
        ApiError::unavailable("passwords_busy", detail, "Try again in a moment.").delayed(1)
    })?;
    let _permit =
        state.hashing().acquire().await.map_err(|_| {
            ApiError::unavailable("desk_stops", "The desk stops.", "Start it again.")
        })?;
    off(state, work).await
}

/// Runs what may block on the database and hashes nothing: ending a session, revoking a key and
/// keeping somebody out wait for no password of others.
pub(super) async fn off<T: Send + 'static>(
    state: &ApiState,
    work: impl FnOnce(&Identity) -> Result<T, IdentityError> + Send + 'static,
) -> Result<T, ApiError> {
    let identity = state.identity().clone();
    let done = tokio::task::spawn_blocking(move || work(&identity)).await.map_err(|error| {
        tracing::error!(%error, "work on identity ended");
        ApiError::internal("task_ended", "The request's work ended before its answer.")
    })?;
    Ok(done?)
}

/// A person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Never changes.
    id: String,
    /// The name.
    #[schema(example = "alice")]
    name: String,
    /// viewer, trader, admin or auditor.
    #[schema(example = "trader")]
    role: String,
    /// The accounts; null for all.
    accounts: Option<Vec<String>>,
    /// True when the person can't sign in.
    disabled: bool,
    /// True until the person has chosen a password of their own.
    must_change_password: bool,
    /// True when the second factor is on.
    second_factor: bool,
    /// When the person was added.
    created_at: String,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.to_string(),
            role: user.role.name().to_owned(),
            accounts: accounts(&user.effective_grants()),
            disabled: user.disabled,
            must_change_password: user.must_change,
            second_factor: user.totp.is_some(),
            created_at: user.created_at.to_string(),
        }
    }
}

/// A session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Its id.
    id: String,
    /// True for the one that asks.
    current: bool,
    /// When it began.
    created_at: String,
    /// When it ends unless it is used.
    idle_ends: String,
    /// When it ends in any case.
    ends: String,
    /// From where it began.
    address: String,
    /// What the browser said of itself.
    agent: String,
}

impl SessionView {
    pub(super) fn new(identity: &Identity, session: &Session, current: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            current: session.id == current.id,
            created_at: session.created_at.to_string(),
            idle_ends: identity.idle_ends(session).to_string(),
            ends: identity.ends(session).to_string(),
            address: session.address.clone(),
            agent: session.agent.clone(),
        }
    }
}

/// Accounts as a list; absent for all.
pub(super) fn accounts(grants: &Grants) -> Option<Vec<String>> {
    grants.list().map(|list| list.iter().map(ToString::to_string).collect())
}

/// The person who asks, to be taken to another thread.
pub(super) fn person(asked: &Asked) -> Result<(Arc<User>, Session), ApiError> {
    let (user, session) = asked.person()?;
    Ok((user.clone(), session.clone()))
}
