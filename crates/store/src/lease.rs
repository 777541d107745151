//! Leases with fencing tokens: who may write when.
//!
//! A lease ends by time, but a stopped process doesn't notice time. So each tenure has a token
//! that is larger than all before it, and every append shows its token inside its own transaction.
//! This module must not read a clock: the wall time is a parameter.

use domain::{Nanos, Timestamp};
use path::journal::{AppendError, Hash, Head, LeaseToken};

use crate::{
    backend::Backend,
    error::{LeaseError, StoreError},
    fault::DbError,
    session::{Columns, Session, values},
    sql,
};

/// A lease as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeaseRow {
    token: u64,
    holder: Option<String>,
    expires: Timestamp,
}

/// What decides whether a stream may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamState {
    pub(crate) head: Head,
    /// The newest token that ever wrote to the stream.
    floor: u64,
    lease: Option<LeaseRow>,
}

impl StreamState {
    pub(crate) fn read(session: &mut dyn Session, name: &str) -> Result<Self, DbError> {
        let found = session.first(sql::STREAM_STATE, values![name], |row| Self::at(row, 0))?;
        found.ok_or_else(|| DbError::other("a question about a stream has no answer"))
    }

    /// The state in the six columns from `at` on.
    pub(crate) fn at(row: &dyn Columns, at: usize) -> Result<Self, DbError> {
        let (head, floor) = match row.int(at)? {
            Some(_) => (head_at(row, at)?, row.unsigned(at + 2)?),
            None => (Head::default(), 0),
        };
        let lease = match row.int(at + 3)? {
            Some(_) => Some(LeaseRow {
                token: row.unsigned(at + 3)?,
                holder: row.text(at + 4)?.map(|holder| holder.to_string()),
                expires: Timestamp(row.number(at + 5)?),
            }),
            None => None,
        };
        Ok(Self { head, floor, lease })
    }

    /// After a write under `token`.
    pub(crate) fn moved(&mut self, head: Head, token: u64) {
        (self.head, self.floor) = (head, token);
    }

    /// Refuses a token that is not the current one. After a release no token is current, and the
    /// refusal names the next one.
    pub(crate) fn fence(&self, token: LeaseToken) -> Result<(), AppendError> {
        let held = token.0;
        let (current, exact) = match &self.lease {
            Some(LeaseRow { token, holder: Some(_), .. }) => ((*token).max(self.floor), true),
            Some(LeaseRow { token, holder: None, .. }) => {
                let current = (*token).max(self.floor) + 1;
                return Err(AppendError::Fenced { held, current });
            }
            None => (self.floor, false),
        };
        if held < current || (exact && held > current) {
            return Err(AppendError::Fenced { held, current });
        }
        Ok(())
    }

    fn next_token(&self) -> u64 {
        self.lease.as_ref().map_or(0, |lease| lease.token).max(self.floor) + 1
    }
}

/// A lease that somebody holds or held last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// Its name.
    pub name: String,
    /// Who took it.
    pub holder: String,
    /// When it ends unless it is renewed.
    pub until: Timestamp,
}

/// The leases of one database. The lease that guards a stream has the stream's name.
#[derive(Debug, Clone)]
pub struct Leases(pub(crate) Backend);

impl Leases {
    /// The time by which the leases of this database count: the server's own, so that the clocks
    /// of those who share it don't matter, or on SQLite `wall`. What is asked of [`Leases::acquire`]
    /// and [`Leases::renew`] next is told this time.
    ///
    /// # Errors
    /// [`StoreError`] when the server can't be asked.
    pub fn now(&self, wall: Timestamp) -> Result<Timestamp, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(wall),
            Backend::Postgres(shared, errand) => shared.look(*errand, |session| {
                let now = session.first(sql::PG_TIME, &[], |row| row.number(0))?;
                now.map(Timestamp).ok_or_else(|| DbError::other("the server told no time"))
            }),
        }
    }

    /// Takes the lease `name` for `holder` until `now_wall + ttl`. The token is larger than every
    /// earlier one, and from this moment the earlier ones can't write.
    ///
    /// A holder that asks again gets a new tenure: what it did under the old token is fenced off,
    /// as it would be for a stranger. Use [`Leases::renew`] to stay.
    ///
    /// # Errors
    /// [`LeaseError::Held`] while somebody else's tenure lasts.
    pub fn acquire(
        &self,
        name: &str,
        holder: &str,
        ttl: Nanos,
        now_wall: Timestamp,
    ) -> Result<LeaseToken, LeaseError> {
        self.0.change(name, |session| {
            let state = StreamState::read(session, name)?;
            if let Some(LeaseRow { holder: Some(by), expires, .. }) = &state.lease
                && by != holder
                && *expires > now_wall
            {
                return Err(LeaseError::Held { by: by.clone(), until: *expires });
            }
            let token = state.next_token();
            let until = now_wall.plus(ttl);
            session
                .execute(sql::UPSERT_LEASE, values![name, holder, token.cast_signed(), until.0])?;
            Ok(LeaseToken(token))
        })
    }

    /// Extends a tenure to `now_wall + ttl` and returns its new end. A tenure that has run out can
    /// be extended as long as nobody took the lease: nobody can have written in between.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when the token is not the current one.
    pub fn renew(
        &self,
        name: &str,
        token: LeaseToken,
        ttl: Nanos,
        now_wall: Timestamp,
    ) -> Result<Timestamp, LeaseError> {
        let until = now_wall.plus(ttl);
        self.0.change(name, |session| {
            let id = token.0.cast_signed();
            let changed = session.execute(sql::RENEW_LEASE, values![until.0, name, id])?;
            kept(session, name, token, changed).map(|()| until)
        })
    }

    /// [`Leases::renew`] for many tenures in one write, with an answer for each.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; then none was extended, or after
    /// [`StoreError::Lost`] nobody knows.
    pub fn renew_all(
        &self,
        tenures: &[(String, LeaseToken)],
        ttl: Nanos,
        now_wall: Timestamp,
    ) -> Result<Vec<Result<Timestamp, LeaseError>>, StoreError> {
        let until = now_wall.plus(ttl);
        let names: Vec<&str> = tenures.iter().map(|(name, _)| name.as_str()).collect();
        self.0.change_all(&names, |session| {
            let renewed = tenures.iter().map(|(name, token)| {
                let id = token.0.cast_signed();
                let changed =
                    session.execute(sql::RENEW_LEASE, values![until.0, name.as_str(), id])?;
                match kept(session, name, *token, changed) {
                    Ok(()) => Ok(Ok(until)),
                    Err(LeaseError::Store(error)) => Err(error),
                    Err(lost) => Ok(Err(lost)),
                }
            });
            renewed.collect()
        })
    }

    /// Every lease that somebody holds, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn held(&self) -> Result<Vec<HeldLease>, StoreError> {
        self.0.look(|session| {
            session.all(sql::HELD_LEASES, &[], |row| {
                Ok(HeldLease {
                    name: row.words(0)?.to_string(),
                    holder: row.words(1)?.to_string(),
                    until: Timestamp(row.number(2)?),
                })
            })
        })
    }

    /// Ends a tenure. Its token can't write any more.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when the token is not the current one.
    pub fn release(&self, name: &str, token: LeaseToken) -> Result<(), LeaseError> {
        self.0.change(name, |session| {
            let id = token.0.cast_signed();
            let changed = session.execute(sql::RELEASE_LEASE, values![name, id])?;
            kept(session, name, token, changed)
        })
    }
}

fn kept(
    session: &mut dyn Session,
    name: &str,
    token: LeaseToken,
    changed: u64,
) -> Result<(), LeaseError> {
    if changed == 1 {
        return Ok(());
    }
    let current = session.first(sql::LEASE_TOKEN, values![name], |row| row.unsigned(0))?;
    Err(LeaseError::Lost { held: token.0, current: current.unwrap_or(0) })
}

/// A head in the two columns from `at` on.
pub(crate) fn head_at(row: &dyn Columns, at: usize) -> Result<Head, DbError> {
    Ok(Head { seq: row.unsigned(at)?, hash: Hash(row.digest(at + 1)?) })
}
