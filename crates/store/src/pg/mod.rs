//! The journal's database on a PostgreSQL server, which several desks may share.
//!
//! The files of SQLite keep others out by a lock on the folder; a server lets everybody in. So
//! work on one stream or lease is done one after another under a lock that has its name, and the
//! token of a lease decides who may write. This module must not know rows.

mod journal;
mod lane;
mod server;
mod url;
mod values;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub use journal::PgJournal;
use path::journal::Hash;
pub use url::DatabaseUrl;

pub(crate) use self::lane::Lane;
use self::values::Owned;
use crate::{
    backend::Backend,
    error::StoreError,
    fault::{DbError, Fault},
    identities::Identities,
    kills::Kills,
    lease::Leases,
    meta::Meta,
    migrate::{self, Dialect, JOURNAL, Migration},
    reader::Reader,
    session::{Session, values as columns},
    snapshot::Snapshots,
    sql,
    uses::Uses,
};

/// The schema of the journal's tables.
pub(crate) const JOURNAL_SCHEMA: &str = "cofferdam";
/// The schema of the simulated venue's tables, which the desk never reads.
pub(crate) const VENUE_SCHEMA: &str = "cofferdam_sim_venue";
/// Connections that wait for the next query; more are opened and closed as needed.
const IDLE_MAX: usize = 4;

/// The number under which a name is locked. Two names with one number would only wait for each
/// other without need.
pub(crate) fn lock_key(schema: &str, name: &str) -> i64 {
    let hash = Hash::of(format!("{schema}\n{name}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.0[..8]);
    i64::from_be_bytes(first)
}

/// Locks names until the end of the lane's transaction.
pub(crate) fn lock(lane: &mut Lane, keys: &BTreeSet<i64>) -> Result<(), DbError> {
    lane.execute_columns(sql::PG_LOCK, vec![Owned::Ints(keys.iter().copied().collect())])
}

/// Waits for the turn to change what a whole schema holds.
pub(crate) fn take_turn(lane: &mut Lane, schema: &str) -> Result<(), DbError> {
    lock(lane, &BTreeSet::from([lock_key(schema, "turn")]))
}

/// What is done besides the journal. Each errand has a connection of its own, so that none waits
/// for another: a judgement of limits may take seconds, and leases end meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    Leases,
    Kills,
    Uses,
    /// People, sessions, keys: nobody who signs in waits behind a snapshot.
    Identity,
    /// Strategies and runs over past prices, whose results are large.
    Research,
    /// Snapshots, the installation, outcomes of commits.
    Rest,
}

struct Sides {
    leases: Mutex<Lane>,
    kills: Mutex<Lane>,
    uses: Mutex<Lane>,
    identity: Mutex<Lane>,
    research: Mutex<Lane>,
    rest: Mutex<Lane>,
}

impl Sides {
    fn connect(url: &DatabaseUrl, first: Lane) -> Result<Self, StoreError> {
        let lane = || Lane::connect(url, JOURNAL_SCHEMA).map(Mutex::new);
        let (leases, kills, uses) = (lane()?, lane()?, lane()?);
        let (identity, research) = (lane()?, lane()?);
        Ok(Self { leases, kills, uses, identity, research, rest: Mutex::new(first) })
    }

    fn of(&self, errand: Errand) -> MutexGuard<'_, Lane> {
        let lane = match errand {
            Errand::Leases => &self.leases,
            Errand::Kills => &self.kills,
            Errand::Uses => &self.uses,
            Errand::Identity => &self.identity,
            Errand::Research => &self.research,
            Errand::Rest => &self.rest,
        };
        // A transaction that was left open is ended before the next one.
        lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all parts of one opened database share.
pub(crate) struct PgShared {
    url: DatabaseUrl,
    /// For what is written besides the journal.
    sides: Sides,
    /// Locks of streams whose last commit has no known outcome yet. Until they are had, a
    /// reader might see the state before that commit.
    unresolved: Mutex<BTreeSet<i64>>,
    /// Set when the server reported damage.
    dead: AtomicBool,
}

impl PgShared {
    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    fn unresolved(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.unresolved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Waits until the outcome of every commit stands, whatever it is.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        let keys = self.unresolved().clone();
        if keys.is_empty() {
            return Ok(());
        }
        let mut lane = self.sides.of(Errand::Rest);
        lane.begin()?;
        lock(&mut lane, &keys)?;
        lane.rollback();
        self.unresolved().retain(|key| !keys.contains(key));
        Ok(())
    }

    pub(crate) fn change<T, E>(
        &self,
        errand: Errand,
        names: &[&str],
        work: impl FnOnce(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<DbError>,
    {
        let mut lane = self.sides.of(errand);
        lane.begin()?;
        let keys = names.iter().map(|name| lock_key(JOURNAL_SCHEMA, name)).collect();
        let done = lock(&mut lane, &keys).map_err(E::from).and_then(|()| work(&mut *lane));
        match done {
            Ok(done) => {
                lane.commit()?;
                Ok(done)
            }
            Err(error) => {
                lane.rollback();
                Err(error)
            }
        }
    }

    pub(crate) fn look<T>(
        &self,
        errand: Errand,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, StoreError> {
        let mut lane = self.sides.of(errand);
        match work(&mut *lane) {
            Err(error) if error.fault == Fault::Lost => {
                lane.reconnect()?;
                Ok(work(&mut *lane)?)
            }
            other => Ok(other?),
        }
    }
}

/// Connections for reading.
pub(crate) struct PgPool {
    url: DatabaseUrl,
    writer: Option<Arc<PgShared>>,
    idle: Mutex<Vec<Lane>>,
}

impl PgPool {
    pub(crate) fn new(url: DatabaseUrl) -> Self {
        Self { url, writer: None, idle: Mutex::default() }
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Whether a desk has made its tables here. The server is judged too.
    pub(crate) fn has_tables(&self) -> Result<bool, StoreError> {
        let mut lane = Lane::connect(&self.url, JOURNAL_SCHEMA)?;
        let session: &mut dyn Session = &mut lane;
        let found = session.first(sql::PG_SCHEMA, columns![JOURNAL_SCHEMA], |row| row.number(2))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(lane);
        Ok(found.unwrap_or_default() > 0)
    }

    pub(crate) fn query<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        if let Some(writer) = &self.writer {
            writer.settle()?;
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut lane = match waiting {
            Some(lane) => lane,
            None => Lane::connect(&self.url, JOURNAL_SCHEMA)?,
        };
        let value = match work(&mut lane) {
            Err(error) if error.fault == Fault::Lost => {
                lane.reconnect()?;
                work(&mut lane)?
            }
            other => other?,
        };
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(lane);
        }
        Ok(value)
    }
}

/// The open database on a server. Clones are the same database.
#[derive(Clone)]
pub struct PgDatabase(pub(crate) Arc<PgShared>);

impl fmt::Debug for PgDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgDatabase")
            .field("place", &self.0.url)
            .field("dead", &self.is_dead())
            .finish_non_exhaustive()
    }
}

impl PgDatabase {
    /// Connects and brings the schema up to date. Several programs may do so at once. No copy is
    /// made before a migration: use the server's own tools.
    ///
    /// # Errors
    /// [`StoreError::Unsuitable`] when the server could lose what it acknowledged,
    /// [`StoreError::Lost`] when it can't be reached, and what is wrong with the schema otherwise.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let mut side = Lane::connect(url, JOURNAL_SCHEMA)?;
        migrate(&mut side, url, JOURNAL_SCHEMA, JOURNAL)?;
        Ok(Self(Arc::new(PgShared {
            url: url.clone(),
            sides: Sides::connect(url, side)?,
            unresolved: Mutex::default(),
            dead: AtomicBool::new(false),
        })))
    }

    /// The server and database, without the password.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// True after the server reported damage, which only a person can mend.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.is_dead()
    }

    /// The writer of the journal. A process needs one: group commit lives in it.
    ///
    /// # Errors
    /// [`StoreError::Dead`] after damage, or when the server can't be reached.
    pub fn journal(&self) -> Result<PgJournal, StoreError> {
        if self.is_dead() {
            return Err(StoreError::Dead);
        }
        PgJournal::open(self.0.clone())
    }

    /// A reader of the journal, with connections of its own.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let (url, writer) = (self.0.url.clone(), Some(self.0.clone()));
        Reader::on(PgPool { url, writer, idle: Mutex::default() })
    }

    pub(crate) fn backend(&self, errand: Errand) -> Backend {
        Backend::Postgres(self.0.clone(), errand)
    }

    /// The leases in this database.
    #[must_use]
    pub fn leases(&self) -> Leases {
        Leases(self.backend(Errand::Leases))
    }

    /// The kill switch over all desks that share this database.
    #[must_use]
    pub fn kills(&self) -> Kills {
        Kills(self.backend(Errand::Kills))
    }

    /// What accounts use of the limits over all desks that share this database.
    #[must_use]
    pub fn uses(&self) -> Uses {
        Uses(self.backend(Errand::Uses))
    }

    /// The snapshots in this database, for writing.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots(self.backend(Errand::Rest))
    }

    /// The installation's identity in this database.
    #[must_use]
    pub fn meta(&self) -> Meta {
        Meta(self.backend(Errand::Rest))
    }

    /// People, sessions and keys in this database.
    #[must_use]
    pub fn identities(&self) -> Identities {
        Identities(self.backend(Errand::Identity))
    }
}

/// Brings a schema up to date in one transaction, one program after another.
pub(crate) fn migrate(
    lane: &mut Lane,
    url: &DatabaseUrl,
    schema: &'static str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    lane.begin()?;
    let done = migrate_locked(lane, url, schema, migrations);
    match done {
        Ok(()) => Ok(lane.commit()?),
        Err(error) => {
            lane.rollback();
            Err(error)
        }
    }
}

fn migrate_locked(
    lane: &mut Lane,
    url: &DatabaseUrl,
    schema: &'static str,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    lock(lane, &BTreeSet::from([lock_key(schema, "migrations")]))?;
    let session: &mut dyn Session = lane;
    let found = session.first(sql::PG_SCHEMA, columns![schema], |row| {
        Ok((row.number(0)? > 0, row.number(1)?, row.number(2)? > 0))
    })?;
    let (exists, tables, ours) = found.unwrap_or_default();
    let place = format!("schema {schema} of {url}");
    if tables > 0 && !ours {
        return Err(StoreError::Foreign(place));
    }
    let pending = match tables {
        0 => migrations,
        _ => migrate::missing(lane, &place, migrations, Dialect::Postgres)?,
    };
    if !exists {
        lane.script(format!("CREATE SCHEMA {schema}"))?;
    }
    for migration in pending {
        lane.script(sql::CREATE_MIGRATIONS)?;
        lane.script(migration.postgres)?;
        migrate::note(lane, migration, Dialect::Postgres)?;
    }
    Ok(())
}
