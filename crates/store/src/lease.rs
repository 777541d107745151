//! Leases with fencing tokens: who may write when.
//!
//! A lease ends by time, but a stopped process doesn't notice time. So each tenure has a token
//! that is larger than all before it, and every append shows its token inside its own transaction.
//! This module must not read a clock: the wall time is a parameter.

use std::sync::Arc;

use domain::{Nanos, Timestamp};
use path::journal::{AppendError, Hash, Head, LeaseToken};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::{
    database::Shared,
    error::{LeaseError, StoreError},
    sql,
};

/// A number of the database that is never negative.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

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
    pub(crate) fn read(conn: &Connection, name: &str) -> Result<Self, rusqlite::Error> {
        let mut statement = conn.prepare_cached(sql::STREAM_STATE)?;
        statement.query_row([name], |row| {
            let (head, floor) = match row.get::<_, Option<i64>>(0)? {
                Some(_) => {
                    let head = Head { seq: unsigned(row, 0)?, hash: Hash(row.get(1)?) };
                    (head, unsigned(row, 2)?)
                }
                None => (Head::default(), 0),
            };
            let lease = match row.get::<_, Option<i64>>(3)? {
                Some(_) => Some(LeaseRow {
                    token: unsigned(row, 3)?,
                    holder: row.get(4)?,
                    expires: Timestamp(row.get(5)?),
                }),
                None => None,
            };
            Ok(Self { head, floor, lease })
        })
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

/// The leases of one database. The lease that guards a stream has the stream's name.
#[derive(Clone)]
pub struct Leases(pub(crate) Arc<Shared>);

impl std::fmt::Debug for Leases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Leases").field(&self.0.path()).finish()
    }
}

impl Leases {
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
        self.0.side(|conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let state = StreamState::read(&tx, name)?;
            if let Some(LeaseRow { holder: Some(by), expires, .. }) = &state.lease
                && by != holder
                && *expires > now_wall
            {
                return Err(LeaseError::Held { by: by.clone(), until: *expires });
            }
            let token = state.next_token();
            let until = now_wall.plus(ttl);
            tx.execute(sql::UPSERT_LEASE, params![name, holder, token.cast_signed(), until.0])?;
            tx.commit()?;
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
        self.0.side(|conn| {
            let id = token.0.cast_signed();
            let changed = conn.execute(sql::RENEW_LEASE, params![until.0, name, id])?;
            kept(conn, name, token, changed).map(|()| until)
        })
    }

    /// Ends a tenure. Its token can't write any more.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when the token is not the current one.
    pub fn release(&self, name: &str, token: LeaseToken) -> Result<(), LeaseError> {
        self.0.side(|conn| {
            let changed = conn.execute(sql::RELEASE_LEASE, params![name, token.0.cast_signed()])?;
            kept(conn, name, token, changed)
        })
    }
}

fn kept(
    conn: &Connection,
    name: &str,
    token: LeaseToken,
    changed: usize,
) -> Result<(), LeaseError> {
    if changed == 1 {
        return Ok(());
    }
    let current = conn
        .query_row(sql::LEASE_TOKEN, [name], |row| unsigned(row, 0))
        .optional()
        .map_err(StoreError::from)?
        .unwrap_or(0);
    Err(LeaseError::Lost { held: token.0, current })
}
