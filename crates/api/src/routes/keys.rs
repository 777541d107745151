//! Keys of programs: list, mint, revoke.
//!
//! It must not know how they are kept.

use std::net::IpAddr;

use axum::{Json, http::StatusCode};
use domain::AccountId;
use identity::{ApiKey, KeyId, NewKey, Scope, UserName};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Done,
    people::{accounts, off, person},
    users::{ACCOUNTS_MAX, grants},
};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
};

/// Addresses to which a key is bound.
const ADDRESSES_MAX: usize = 32;

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// Its id.
    id: String,
    /// Stands in the journal.
    #[schema(example = "bot")]
    name: String,
    /// The name of who minted it; null on the machine itself.
    owner: Option<String>,
    /// read, trade, metrics.
    scopes: Vec<String>,
    /// The accounts; null for all.
    accounts: Option<Vec<String>>,
    /// From where it may be used; anywhere when empty.
    addresses: Vec<String>,
    /// When it was minted.
    created_at: String,
    /// When it ends.
    expires_at: Option<String>,
    /// When it was last used, to the minute.
    last_used_at: Option<String>,
}

fn view(state: &Asked, key: &ApiKey) -> KeyView {
    let owner = key.owner.as_ref();
    let users = state.identity().users();
    let name = owner.map(|owner| {
        let found = users.iter().find(|user| user.id == *owner);
        found.map_or_else(|| owner.to_string(), |user| user.name.to_string())
    });
    KeyView {
        id: key.id.to_string(),
        name: key.name.to_string(),
        owner: name,
        scopes: key.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        accounts: accounts(&key.grants),
        addresses: key.addresses.iter().map(ToString::to_string).collect(),
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        last_used_at: key.used_at.map(|at| at.to_string()),
    }
}

/// Keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KeyList {
    /// By name.
    keys: Vec<KeyView>,
}

/// One's keys; everybody's for an admin.
#[utoipa::path(get, path = "/api/keys", tag = "people",
    responses((status = 200, description = "The keys", body = KeyList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<KeyList>, ApiError> {
    let (user, _) = person(&state)?;
    let keys = state.identity().keys(Some(&user));
    Ok(Json(KeyList { keys: keys.iter().map(|key| view(&state, key)).collect() }))
}

/// A key to mint.
#[derive(ToSchema)]
pub(crate) struct NewKeyRequest {
    /// Stands in the journal.
    #[schema(value_type = String, example = "bot")]
    name: UserName,
    /// read, trade, metrics.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// The accounts; all of one's own when absent.
    #[schema(value_type = Option<Vec<String>>, required = false)]
    accounts: Option<Vec<AccountId>>,
    /// After how many days it ends; never when absent.
    #[schema(required = false)]
    expires_in_days: Option<u32>,
    /// From where it may be used; anywhere when absent.
    #[schema(value_type = Option<Vec<String>>, required = false)]
    addresses: Vec<IpAddr>,
}

impl FromFields for NewKeyRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (name, scopes) = (f.need::<UserName>("name"), f.texts::<Scope>("scopes", 8));
        let accounts = f.texts::<AccountId>("accounts", ACCOUNTS_MAX);
        let days = f.count("expires_in_days", 1..=3_650);
        let addresses = f.texts::<IpAddr>("addresses", ADDRESSES_MAX);
        let scopes = scopes?;
        if scopes.as_ref().is_none_or(Vec::is_empty) {
            f.refuse("scopes", "at least one of read, trade and metrics");
        }
        Some(Self {
            name: name?,
            scopes: scopes?,
            accounts: accounts?,
            expires_in_days: days?,
            addresses: addresses?.unwrap_or_default(),
        })
    }
}

/// A key that was minted.
#[derive(Serialize, ToSchema)]
pub(crate) struct MintedView {
    /// Its id.
    id: String,
    /// The key itself, shown once.
    key: String,
    /// What is kept of it.
    details: KeyView,
}

/// Mints a key with no more rights than one's own.
#[utoipa::path(post, path = "/api/keys", tag = "people", request_body = NewKeyRequest,
    responses((status = 201, description = "Minted", body = MintedView),
        (status = 403, description = "A proof is needed, or the key would have more rights than you",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    Body(body): Body<NewKeyRequest>,
) -> Result<(StatusCode, Json<MintedView>), ApiError> {
    let (user, _) = person(&state)?;
    let grants = match body.accounts {
        None => user.effective_grants(),
        accounts => grants(accounts),
    };
    let new = NewKey {
        name: body.name,
        scopes: body.scopes.into_iter().collect(),
        grants,
        days: body.expires_in_days,
        addresses: body.addresses.into_iter().collect(),
    };
    let minted = off(&state, move |identity| identity.mint_key(new, Some(&user))).await?;
    let details = view(&state, &minted.key);
    let id = minted.key.id.to_string();
    Ok((StatusCode::CREATED, Json(MintedView { id, key: minted.text, details })))
}

/// Revokes a key at once.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "people",
    params(("id" = String, Path, description = "The key")),
    responses((status = 200, description = "Revoked", body = Done),
        (status = 404, description = "No such key of yours", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn revoke(state: Asked, At(id): At<String>) -> Result<Json<Done>, ApiError> {
    let (user, _) = person(&state)?;
    let id: KeyId = parse("id", &id)?;
    off(&state, move |identity| identity.revoke_key(&id, Some(&user))).await?;
    Ok(Json(Done { done: true }))
}
