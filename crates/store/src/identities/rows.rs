//! Rows of people, sessions and keys, to and from the words of the database.
//!
//! A row that can't be understood is an error and never a guess: a role that nobody knows is no
//! role. This module must not decide anything.

use std::{collections::BTreeSet, str::FromStr};

use domain::{AccountId, Nanos, Timestamp};
use identity::{
    ApiKey, Delay, Device, Event, Grants, IdentityError, Rows, Scope, Session as Signed, SessionId,
    User, UserId,
};

use super::{failed, record::append};
use crate::{
    fault::DbError,
    session::{Columns, Session, values},
    sql::identity as sql,
};

/// Counts of wrong sign-ins that are kept, beside the young ones.
const DELAYS_MAX: i64 = 10_000;
/// So young a count is never evicted. Passwords take time, so there are not many.
const DELAYS_YOUNG: Nanos = Nanos::from_secs(120);
/// `must_change` holds when the one-time password ends; this where it doesn't.
const NEVER: Timestamp = Timestamp(1);
/// Every account, also those that are opened later.
const ALL: &str = "*";

/// The rows inside one transaction.
pub(super) struct Conversation<'s>(pub(super) &'s mut dyn Session);

fn damaged(what: &'static str) -> DbError {
    DbError::other(format!("a stored {what} can't be understood"))
}

fn parsed<T: FromStr>(row: &dyn Columns, at: usize, what: &'static str) -> Result<T, DbError> {
    row.words(at)?.parse().map_err(|_| damaged(what))
}

fn text(row: &dyn Columns, at: usize) -> Result<Option<String>, DbError> {
    let text = row.words(at)?;
    Ok((!text.is_empty()).then(|| text.to_string()))
}

fn time(row: &dyn Columns, at: usize) -> Result<Option<Timestamp>, DbError> {
    let at = row.number(at)?;
    Ok((at != 0).then_some(Timestamp(at)))
}

fn nanos(at: Option<Timestamp>) -> i64 {
    at.map_or(0, |at| at.0)
}

fn grants_text(grants: &Grants) -> String {
    match grants.list() {
        None => ALL.to_owned(),
        Some(accounts) => joined(accounts.iter()),
    }
}

fn joined(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

fn set<T: FromStr + Ord>(text: &str, what: &'static str) -> Result<BTreeSet<T>, DbError> {
    let items = text.split(',').filter(|item| !item.is_empty());
    items.map(|item| item.parse().map_err(|_| damaged(what))).collect()
}

fn grants(row: &dyn Columns, at: usize) -> Result<Grants, DbError> {
    let text = row.words(at)?;
    if &*text == ALL {
        return Ok(Grants::All);
    }
    set::<AccountId>(&text, "account").map(|accounts| Grants::of(Some(accounts)))
}

fn user(row: &dyn Columns) -> Result<User, DbError> {
    Ok(User {
        id: parsed(row, 0, "user's id")?,
        name: parsed(row, 1, "user's name")?,
        role: parsed(row, 2, "role")?,
        grants: grants(row, 3)?,
        password: row.words(4)?.to_string(),
        must_change: row.number(5)? != 0,
        password_ends: time(row, 5)?.filter(|ends| *ends != NEVER),
        disabled: row.number(6)? != 0,
        version: row.unsigned(7)?,
        totp: text(row, 8)?,
        totp_pending: text(row, 9)?,
        totp_since: time(row, 10)?,
        totp_step: row.number(11)?,
        created_at: Timestamp(row.number(12)?),
    })
}

fn session(row: &dyn Columns) -> Result<Signed, DbError> {
    Ok(Signed {
        id: parsed(row, 0, "session's id")?,
        user: parsed(row, 1, "user's id")?,
        version: row.unsigned(2)?,
        created_at: Timestamp(row.number(3)?),
        seen_at: Timestamp(row.number(4)?),
        address: row.words(5)?.to_string(),
        agent: row.words(6)?.to_string(),
    })
}

fn key(row: &dyn Columns) -> Result<ApiKey, DbError> {
    let owner = text(row, 2)?.map(|owner| owner.parse().map_err(|_| damaged("user's id")));
    Ok(ApiKey {
        id: parsed(row, 0, "key's id")?,
        name: parsed(row, 1, "key's name")?,
        owner: owner.transpose()?,
        hash: row.digest(3)?,
        scopes: set::<Scope>(&row.words(4)?, "scope")?,
        grants: grants(row, 5)?,
        addresses: set(&row.words(6)?, "address")?,
        created_at: Timestamp(row.number(7)?),
        expires_at: time(row, 8)?,
        used_at: time(row, 9)?,
        revoked_at: time(row, 10)?,
    })
}

impl Conversation<'_> {
    fn write(
        &mut self,
        sql: &'static str,
        values: &[crate::session::Param<'_>],
    ) -> Result<u64, IdentityError> {
        self.0.execute(sql, values).map_err(failed)
    }

    fn count(
        &mut self,
        sql: &'static str,
        values: &[crate::session::Param<'_>],
    ) -> Result<u64, IdentityError> {
        let found = self.0.first(sql, values, |row| row.unsigned(0)).map_err(failed)?;
        Ok(found.unwrap_or(0))
    }
}

impl Rows for Conversation<'_> {
    fn users(&mut self) -> Result<Vec<User>, IdentityError> {
        self.0.all(sql::USERS, &[], user).map_err(failed)
    }

    fn put_user(&mut self, user: &User) -> Result<(), IdentityError> {
        let name = user.name.as_str();
        let has = self.0.first(sql::USER_NAMED, values![name], |row| row.words(0));
        if has.map_err(failed)?.is_some_and(|id| &*id != user.id.as_str()) {
            return Err(IdentityError::NameTaken);
        }
        let version = i64::try_from(user.version).unwrap_or(i64::MAX);
        let grants = grants_text(&user.grants);
        let ends = user.password_ends.filter(|ends| ends.0 != 0).unwrap_or(NEVER);
        let must_change = if user.must_change { ends.0 } else { 0 };
        let put = values![
            user.id.as_str(),
            name,
            user.role.name(),
            &*grants,
            &*user.password,
            must_change,
            i64::from(user.disabled),
            version,
            user.totp.as_deref().unwrap_or_default(),
            user.totp_pending.as_deref().unwrap_or_default(),
            nanos(user.totp_since),
            user.totp_step,
            user.created_at.0,
        ];
        self.write(sql::PUT_USER, put).map(drop)
    }

    fn sessions(&mut self) -> Result<Vec<Signed>, IdentityError> {
        self.0.all(sql::SESSIONS, &[], session).map_err(failed)
    }

    fn put_session(&mut self, session: &Signed) -> Result<(), IdentityError> {
        let version = i64::try_from(session.version).unwrap_or(i64::MAX);
        let put = values![
            session.id.as_str(),
            session.user.as_str(),
            version,
            session.created_at.0,
            session.seen_at.0,
            &*session.address,
            &*session.agent,
        ];
        self.write(sql::PUT_SESSION, put).map(drop)
    }

    fn delete_session(&mut self, id: &SessionId) -> Result<(), IdentityError> {
        self.write(sql::DELETE_SESSION, values![id.as_str()]).map(drop)
    }

    fn keys(&mut self) -> Result<Vec<ApiKey>, IdentityError> {
        self.0.all(sql::KEYS, &[], key).map_err(failed)
    }

    fn put_key(&mut self, key: &ApiKey) -> Result<(), IdentityError> {
        let scopes = joined(key.scopes.iter().map(|scope| scope.name()));
        let (grants, addresses) = (grants_text(&key.grants), joined(key.addresses.iter()));
        let put = values![
            key.id.as_str(),
            key.name.as_str(),
            key.owner.as_ref().map_or("", UserId::as_str),
            &key.hash,
            &*scopes,
            &*grants,
            &*addresses,
            key.created_at.0,
            nanos(key.expires_at),
            nanos(key.used_at),
            nanos(key.revoked_at),
        ];
        self.write(sql::PUT_KEY, put).map(drop)
    }

    fn set_recovery(&mut self, user: &UserId, hashes: &[[u8; 32]]) -> Result<(), IdentityError> {
        self.write(sql::CLEAR_RECOVERY, values![user.as_str()])?;
        for hash in hashes {
            self.write(sql::PUT_RECOVERY, values![user.as_str(), hash])?;
        }
        Ok(())
    }

    fn take_recovery(&mut self, user: &UserId, hash: &[u8; 32]) -> Result<bool, IdentityError> {
        Ok(self.write(sql::TAKE_RECOVERY, values![user.as_str(), hash])? > 0)
    }

    fn recovery_left(&mut self, user: &UserId) -> Result<u64, IdentityError> {
        self.count(sql::COUNT_RECOVERY, values![user.as_str()])
    }

    fn delay(&mut self, key: &str) -> Result<Option<Delay>, IdentityError> {
        let found = self.0.first(sql::DELAY, values![key], |row| {
            Ok(Delay {
                key: key.to_owned(),
                failures: u32::try_from(row.number(0)?).unwrap_or(u32::MAX),
                until: Timestamp(row.number(1)?),
                at: Timestamp(row.number(2)?),
            })
        });
        found.map_err(failed)
    }

    fn put_delay(&mut self, delay: &Delay) -> Result<(), IdentityError> {
        let Delay { key, failures, until, at } = delay;
        let put = values![key.as_str(), i64::from(*failures), until.0, at.0];
        self.write(sql::PUT_DELAY, put).map(drop)
    }

    fn delete_delay(&mut self, key: &str) -> Result<(), IdentityError> {
        self.write(sql::DELETE_DELAY, values![key]).map(drop)
    }

    fn delete_delays(&mut self, key: &str) -> Result<(), IdentityError> {
        // The sign after a space ends the range of keys that go on with one.
        let (from, end) = (format!("{key} "), format!("{key}!"));
        self.write(sql::DELETE_DELAYS, values![key, &*from, &*end]).map(drop)
    }

    fn prune_delays(&mut self, before: Timestamp, now: Timestamp) -> Result<(), IdentityError> {
        self.write(sql::DATE_DELAYS, values![now.0])?;
        self.write(sql::PRUNE_DELAYS, values![before.0])?;
        if self.count(sql::COUNT_DELAYS, &[])? > DELAYS_MAX.unsigned_abs() {
            let young = now.0.saturating_sub(DELAYS_YOUNG.0);
            self.write(sql::TRIM_DELAYS, values![young, DELAYS_MAX])?;
        }
        Ok(())
    }

    fn devices(&mut self, user: &UserId) -> Result<Vec<Device>, IdentityError> {
        let found = self.0.all(sql::DEVICES, values![user.as_str()], |row| {
            let seen_at = Timestamp(row.number(1)?);
            Ok(Device { user: user.clone(), hash: row.digest(0)?, seen_at })
        });
        found.map_err(failed)
    }

    fn put_device(&mut self, device: &Device) -> Result<(), IdentityError> {
        let put = values![device.user.as_str(), &device.hash, device.seen_at.0];
        self.write(sql::PUT_DEVICE, put).map(drop)
    }

    fn delete_device(&mut self, device: &Device) -> Result<(), IdentityError> {
        self.write(sql::DELETE_DEVICE, values![device.user.as_str(), &device.hash]).map(drop)
    }

    fn setting(&mut self, name: &str) -> Result<Option<String>, IdentityError> {
        let found = self.0.first(sql::SETTING, values![name], |row| Ok(row.words(0)?.to_string()));
        found.map_err(failed)
    }

    fn put_setting(&mut self, name: &str, value: &str) -> Result<(), IdentityError> {
        self.write(sql::PUT_SETTING, values![name, value]).map(drop)
    }

    fn record(&mut self, event: &Event) -> Result<(), IdentityError> {
        append(self.0, event).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_and_read() {
        let accounts = |names: &[&str]| {
            Grants::of(Some(names.iter().map(|n| AccountId::new(n).unwrap()).collect()))
        };
        assert_eq!(grants_text(&Grants::All), "*");
        assert_eq!(grants_text(&accounts(&["b", "a"])), "a,b");
        assert_eq!(grants_text(&Grants::None), "");
        assert_eq!(set::<AccountId>("", "account").unwrap().len(), 0);
        assert!(set::<Scope>("read,root", "scope").is_err(), "what nobody knows is no scope");
    }
}
