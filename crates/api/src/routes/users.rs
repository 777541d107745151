//! People: list, add, change, reset. It is an admin's, and the admin proves it each time.
//!
//! It must not know how passwords are kept.

use std::collections::BTreeSet;

use axum::{Json, http::StatusCode};
use domain::AccountId;
use identity::{Grants, NewUser, Role, UserChange, UserId, UserName};
use serde::Serialize;
use utoipa::ToSchema;

use super::people::{UserView, Waits, hashed, off, person};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
};

/// Accounts that one request may name.
pub(super) const ACCOUNTS_MAX: usize = 256;

/// People.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UserList {
    /// By name.
    users: Vec<UserView>,
}

/// Everybody.
#[utoipa::path(get, path = "/api/users", tag = "people",
    responses((status = 200, description = "The people", body = UserList)))]
pub(crate) async fn list(state: Asked) -> Json<UserList> {
    let users = state.identity().users();
    Json(UserList { users: users.iter().map(|user| UserView::from(&**user)).collect() })
}

/// Somebody to add.
#[derive(ToSchema)]
pub(crate) struct NewUserRequest {
    /// The name.
    #[schema(value_type = String, example = "bob")]
    name: UserName,
    /// viewer, trader, admin or auditor.
    #[schema(value_type = String, example = "trader")]
    role: Role,
    /// The accounts; all when absent.
    #[schema(value_type = Option<Vec<String>>, required = false)]
    accounts: Option<Vec<AccountId>>,
    /// A first password, which must be changed at the first sign-in.
    password: String,
}

impl FromFields for NewUserRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (name, role) = (f.need::<UserName>("name"), f.need::<Role>("role"));
        let accounts = f.texts::<AccountId>("accounts", ACCOUNTS_MAX);
        let password = f.need_secret("password");
        Some(Self { name: name?, role: role?, accounts: accounts?, password: password? })
    }
}

/// What is granted by a list; all without one.
pub(super) fn grants(accounts: Option<Vec<AccountId>>) -> Grants {
    Grants::of(accounts.map(|accounts| accounts.into_iter().collect::<BTreeSet<_>>()))
}

/// Adds somebody.
#[utoipa::path(post, path = "/api/users", tag = "people", request_body = NewUserRequest,
    responses((status = 201, description = "Added", body = UserView),
        (status = 409, description = "The name is taken", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    Body(body): Body<NewUserRequest>,
) -> Result<(StatusCode, Json<UserView>), ApiError> {
    let (by, _) = person(&state)?;
    let NewUserRequest { name, role, accounts, password } = body;
    let new = NewUser { name, role, grants: grants(accounts), password: Some(password) };
    let (user, _) =
        hashed(&state, Waits::Inside, move |identity| identity.add_user(new, by.name.as_str()))
            .await?;
    Ok((StatusCode::CREATED, Json(UserView::from(&user))))
}

/// What is to be different about somebody.
#[derive(ToSchema)]
pub(crate) struct UserChangeRequest {
    /// Another role.
    #[schema(value_type = Option<String>, required = false)]
    role: Option<Role>,
    /// Other accounts; `["*"]` for all.
    #[schema(value_type = Option<Vec<String>>, required = false)]
    accounts: Option<Grants>,
    /// True to keep the person out.
    #[schema(required = false)]
    disabled: Option<bool>,
}

impl FromFields for UserChangeRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let role = f.may::<Role>("role");
        let names = f.texts::<String>("accounts", ACCOUNTS_MAX)?;
        let accounts = match names {
            None => None,
            Some(names) if names == ["*"] => Some(Grants::All),
            Some(names) => {
                let parsed: Result<BTreeSet<AccountId>, _> =
                    names.iter().map(|name| name.parse()).collect();
                match parsed {
                    Ok(accounts) => Some(Grants::of(Some(accounts))),
                    Err(error) => {
                        f.refuse("accounts", error.to_string());
                        return None;
                    }
                }
            }
        };
        let disabled = f.choice::<bool>("disabled", "true or false");
        Some(Self { role: role?, accounts, disabled: disabled? })
    }
}

/// Changes somebody; their sessions end.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "people", request_body = UserChangeRequest,
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "Changed", body = UserView),
        (status = 409, description = "Nobody could administer the desk any more", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn change(
    state: Asked,
    At(id): At<String>,
    Body(body): Body<UserChangeRequest>,
) -> Result<Json<UserView>, ApiError> {
    let (by, _) = person(&state)?;
    let id: UserId = parse("id", &id)?;
    let UserChangeRequest { role, accounts, disabled } = body;
    let change = UserChange { role, grants: accounts, disabled };
    let changed =
        move |identity: &identity::Identity| identity.change_user(&id, &change, by.name.as_str());
    let user = off(&state, changed).await?;
    Ok(Json(UserView::from(&user)))
}

/// A one-time password.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResetView {
    /// The person.
    user: UserView,
    /// Shown once; it must be changed at the first sign-in.
    password: String,
}

/// Gives somebody a one-time password, good for 72 hours, and takes the second factor away; their
/// sessions and keys end.
#[utoipa::path(post, path = "/api/users/{id}/reset", tag = "people",
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "Reset", body = ResetView)))]
pub(crate) async fn reset(state: Asked, At(id): At<String>) -> Result<Json<ResetView>, ApiError> {
    let (by, _) = person(&state)?;
    let id: UserId = parse("id", &id)?;
    let reset = move |identity: &identity::Identity| identity.reset_user(&id, by.name.as_str());
    let (user, password) = hashed(&state, Waits::Inside, reset).await?;
    Ok(Json(ResetView { user: UserView::from(&user), password }))
}
