//! Minting and revoking keys.

use std::{collections::BTreeSet, net::IpAddr};

use domain::{Nanos, Principal};
use serde_json::json;

use crate::{
    error::IdentityError,
    grants::Grants,
    ids::{KeyId, UserId},
    key,
    names::{LOCAL, UserName},
    rights::{Role, Scope},
    rows::{ApiKey, Rows, User},
    service::Identity,
};

/// Keys that live at once.
const KEYS_MAX: usize = 1_000;
/// The longest life of a key that ends.
const DAYS_MAX: u32 = 3_650;

/// A key to mint.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Stands in the journal.
    pub name: UserName,
    /// What it is for.
    pub scopes: BTreeSet<Scope>,
    /// Its accounts.
    pub grants: Grants,
    /// After how many days it ends; never when absent.
    pub days: Option<u32>,
    /// From where it may be used; anywhere when empty.
    pub addresses: BTreeSet<IpAddr>,
}

/// A key that was minted. Its text is shown once.
#[derive(Clone)]
pub struct MintedKey {
    /// As it is stored.
    pub key: ApiKey,
    /// The key itself.
    pub text: String,
}

impl std::fmt::Debug for MintedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MintedKey").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Identity {
    /// Keys that were not revoked, by name: everybody's for an admin and for the machine, else
    /// one's own.
    #[must_use]
    pub fn keys(&self, of: Option<&User>) -> Vec<ApiKey> {
        let directory = self.directory();
        let visible = |key: &&ApiKey| {
            let own =
                |user: &User| user.role == Role::Admin || key.owner.as_ref() == Some(&user.id);
            key.revoked_at.is_none() && of.is_none_or(own)
        };
        let mut keys: Vec<ApiKey> = directory.keys.values().filter(visible).cloned().collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        keys
    }

    /// True when the person owns, or once owned, the key that the journal writes like this.
    #[must_use]
    pub fn owns_key(&self, user: &UserId, principal: &Principal) -> bool {
        let directory = self.directory();
        let mut owned = directory.keys.values().filter(|key| key.owner.as_ref() == Some(user));
        owned.any(|key| key.name.key_principal() == *principal)
    }

    /// Mints a key with no more rights than its owner; without an owner it is the machine's.
    ///
    /// # Errors
    /// [`IdentityError::KeyTooWide`], [`IdentityError::NameTaken`], [`IdentityError::NameInvalid`],
    /// [`IdentityError::TooMany`].
    pub fn mint_key(&self, new: NewKey, owner: Option<&User>) -> Result<MintedKey, IdentityError> {
        if new.name.is_local() {
            return Err(IdentityError::NameInvalid);
        }
        let within = owner.is_none_or(|owner| {
            new.grants.within(&owner.effective_grants())
                && (!new.scopes.contains(&Scope::Metrics) || owner.role == Role::Admin)
                && matches!(owner.role, Role::Trader | Role::Admin)
        });
        let days = new.days.is_none_or(|days| (1..=DAYS_MAX).contains(&days));
        if new.scopes.is_empty() || !within || !days {
            return Err(IdentityError::KeyTooWide);
        }
        let (key, text) = self.fresh_key(new, owner.map(|owner| owner.id.clone()))?;
        let by = owner.map_or("machine", |owner| owner.name.as_str());
        self.change(|rows| {
            let known = rows.keys()?;
            if known.iter().filter(|key| key.revoked_at.is_none()).count() >= KEYS_MAX {
                return Err(IdentityError::TooMany("keys"));
            }
            // The journal names keys and people by these: one name must mean one of them for ever.
            let another = |other: &ApiKey| other.revoked_at.is_none() || other.owner != key.owner;
            let taken = known.iter().any(|other| other.name == key.name && another(other));
            if taken || rows.users()?.iter().any(|user| user.name == key.name) {
                return Err(IdentityError::NameTaken);
            }
            rows.put_key(&key)?;
            let mut event = self.event("key_minted", by, key.name.as_str());
            let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.name()).collect();
            event.detail = json!({"id": key.id, "scopes": scopes, "accounts": key.grants.list()});
            rows.record(&event)
        })?;
        Ok(MintedKey { key, text })
    }

    /// Revokes a key at once.
    ///
    /// # Errors
    /// [`IdentityError::KeyUnknown`] when there is none, or when it is another person's and the one
    /// who asks is no admin.
    pub fn revoke_key(&self, id: &KeyId, by: Option<&User>) -> Result<(), IdentityError> {
        let name = by.map_or("machine", |user| user.name.as_str());
        self.change(|rows| {
            let found = rows.keys()?.into_iter().find(|key| key.id == *id);
            let mut key = found
                .filter(|key| key.revoked_at.is_none())
                .filter(|key| {
                    by.is_none_or(|u| u.role == Role::Admin || key.owner.as_ref() == Some(&u.id))
                })
                .ok_or(IdentityError::KeyUnknown)?;
            key.revoked_at = Some(self.now());
            rows.put_key(&key)?;
            rows.record(&self.event("key_revoked", name, key.name.as_str()))
        })
    }

    /// The key for the command line on this machine: it reads, trades and pulls the kill switch,
    /// from loopback only. `has_file` tells whether its file is there: a key whose file a crash has
    /// prevented is replaced. `None` when there is nothing to write: the file is there, an owner who
    /// revoked the key wants none, or other machines share the database and one of them has it.
    ///
    /// # Errors
    /// The store's.
    pub fn mint_local_key(&self, has_file: bool) -> Result<Option<String>, IdentityError> {
        let (key, text) = self.fresh_local_key()?;
        self.change(|rows| {
            let local = |other: &ApiKey| other.owner.is_none() && other.name == key.name;
            let known: Vec<ApiKey> = rows.keys()?.into_iter().filter(local).collect();
            let living = known.iter().find(|other| other.revoked_at.is_none());
            match living {
                Some(_) if has_file || self.is_shared() => return Ok(None),
                Some(lost) => {
                    rows.put_key(&ApiKey { revoked_at: Some(self.now()), ..lost.clone() })?;
                    rows.record(&self.event("key_revoked", "machine", lost.name.as_str()))?;
                }
                None if known.is_empty() => {}
                None => return Ok(None),
            }
            rows.put_key(&key)?;
            rows.record(&self.event("key_minted", "machine", key.name.as_str()))?;
            Ok(Some(text))
        })
    }

    pub(crate) fn fresh_local_key(&self) -> Result<(ApiKey, String), IdentityError> {
        let new = NewKey {
            name: LOCAL.parse()?,
            scopes: Scope::ALL.into(),
            grants: Grants::All,
            days: None,
            addresses: [IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)]
                .into(),
        };
        self.fresh_key(new, None)
    }

    fn fresh_key(
        &self,
        new: NewKey,
        owner: Option<UserId>,
    ) -> Result<(ApiKey, String), IdentityError> {
        let (id, text, hash) = key::fresh(self.entropy.as_ref())?;
        let now = self.now();
        let expires_at = new.days.map(|days| now.plus(Nanos::from_secs(i64::from(days) * 86_400)));
        let key = ApiKey {
            id,
            name: new.name,
            owner,
            hash,
            scopes: new.scopes,
            grants: new.grants,
            addresses: new.addresses.into_iter().map(|a| a.to_canonical()).collect(),
            created_at: now,
            expires_at,
            used_at: None,
            revoked_at: None,
        };
        Ok((key, text))
    }
}

/// Refuses for a person the name of any key, also one that was revoked: the journal names both.
pub(super) fn name_is_free(rows: &mut dyn Rows, name: &UserName) -> Result<(), IdentityError> {
    let taken = rows.keys()?.iter().any(|key| key.name == *name);
    if taken { Err(IdentityError::NameTaken) } else { Ok(()) }
}
