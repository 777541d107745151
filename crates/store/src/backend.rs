//! Which database it is, for everything that is written once for both.
//!
//! This module must not know tables.

use std::{fmt, sync::Arc};

use rusqlite::TransactionBehavior;

use crate::{
    connection::Lite,
    database::Shared,
    error::StoreError,
    fault::DbError,
    pg::{Errand, PgShared},
    session::Session,
};

/// The database behind leases, snapshots and identity. Clones are the same database.
#[derive(Clone)]
pub(crate) enum Backend {
    Sqlite(Arc<Shared>),
    Postgres(Arc<PgShared>, Errand),
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(shared) => write!(f, "{}", shared.path().display()),
            Self::Postgres(shared, _) => write!(f, "{}", shared.url()),
        }
    }
}

impl Backend {
    /// Runs `work` in one transaction that only ends well when `work` does. `key` names what is
    /// changed: on PostgreSQL, where several programs write, work on one key is done one after
    /// another; on SQLite all work is.
    pub(crate) fn change<T, E>(
        &self,
        key: &str,
        work: impl FnOnce(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<DbError>,
    {
        self.change_all(&[key], work)
    }

    /// [`Backend::change`] for several names.
    pub(crate) fn change_all<T, E>(
        &self,
        keys: &[&str],
        work: impl FnOnce(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<DbError>,
    {
        match self {
            Self::Sqlite(shared) => shared.side(|conn| {
                let tx = conn
                    .transaction_with_behavior(TransactionBehavior::Immediate)
                    .map_err(DbError::from)?;
                let done = work(&mut Lite(&tx))?;
                tx.commit().map_err(DbError::from)?;
                Ok(done)
            }),
            Self::Postgres(shared, errand) => shared.change(*errand, keys, work),
        }
    }

    /// Runs one statement, or several that need not be seen together.
    pub(crate) fn look<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(shared) => shared.side(|conn| Ok(work(&mut Lite(conn))?)),
            Self::Postgres(shared, errand) => shared.look(*errand, work),
        }
    }
}
