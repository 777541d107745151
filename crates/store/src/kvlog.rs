//! A small key-value log for components that keep their own books, such as the simulated venue.
//!
//! It is a file or a schema of its own, so that what a venue remembers can never be restored or lost
//! together with what the desk remembers about it. This module must not know what the values mean.

use std::{
    fmt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, TransactionBehavior};

use crate::{
    connection::{Lite, Sync, checkpoint, open_writer, prepare},
    datadir::Repair,
    error::StoreError,
    fault::{DbError, Fault},
    migrate::{self, KV},
    pg::{self, DatabaseUrl, Lane, VENUE_SCHEMA},
    session::{Columns, Session, values},
    sql,
};

/// Rows written between checkpoints of the log.
const CHECKPOINT_AFTER_ROWS: usize = 2_000;

/// Named tables of JSON texts by key. A commit survives a crash of the program; a power cut may
/// lose the newest commits, but never one before another.
pub struct KvLog(Place);

enum Place {
    File { conn: Connection, repairs: Vec<Repair>, rows: usize },
    Server { url: DatabaseUrl, lane: Mutex<Lane>, turn: Turn },
}

/// Whose turn it is to change a log that several programs share.
#[derive(Debug, Default)]
struct Turn {
    /// A command is under way: the others wait.
    begun: bool,
    /// The number of the last change that this program has seen.
    seen: Option<i64>,
}

/// The row that counts changes; no table of a component has an empty name.
const CHANGES: (&str, &str) = ("", "changes");

impl fmt::Debug for KvLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File { conn, .. } => write!(f, "KvLog({:?})", conn.path()),
            Place::Server { url, .. } => write!(f, "KvLog({url})"),
        }
    }
}

type Rows = Vec<(String, String)>;

fn pair(row: &dyn Columns) -> Result<(String, String), DbError> {
    Ok((row.words(0)?.to_string(), row.words(1)?.to_string()))
}

/// Removes, then stores.
fn apply(
    session: &mut dyn Session,
    puts: &[(&str, &str, &str)],
    deletes: &[(&str, &str)],
) -> Result<(), DbError> {
    for (table, key) in deletes {
        session.execute(sql::KV_DELETE, values![*table, *key])?;
    }
    for (table, key, json) in puts {
        session.execute(sql::KV_PUT, values![*table, *key, *json])?;
    }
    Ok(())
}

fn count(session: &mut dyn Session) -> Result<i64, DbError> {
    let found = session.first(sql::KV_GET, values![CHANGES.0, CHANGES.1], |row| row.words(0))?;
    found.map_or(Ok(0), |text| {
        text.parse().map_err(|_| DbError::other(format!("`{text}` is no number of changes")))
    })
}

impl KvLog {
    /// Opens or makes the file, private to its owner.
    ///
    /// # Errors
    /// [`StoreError`] when the file is damaged, foreign, newer than the program, or unreadable.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let (repairs, _) = prepare(path)?;
        let mut conn = open_writer(path, Sync::Normal)?;
        let pending = migrate::pending(&conn, path, KV)?;
        migrate::apply(&mut conn, pending)?;
        Ok(Self(Place::File { conn, repairs, rows: 0 }))
    }

    /// Opens or makes the log in a schema of its own on a PostgreSQL server. There a commit also
    /// survives a power cut.
    ///
    /// # Errors
    /// As [`crate::PgDatabase::open`].
    pub fn open_server(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let mut lane = Lane::connect(url, VENUE_SCHEMA)?;
        pg::migrate(&mut lane, url, VENUE_SCHEMA, KV)?;
        let (url, lane, turn) = (url.clone(), Mutex::new(lane), Turn::default());
        Ok(Self(Place::Server { url, lane, turn }))
    }

    /// Keeps other programs out until [`KvLog::commit`] or [`KvLog::end`], and tells whether they
    /// changed anything since the last time. A file has one program only, and nothing to do.
    ///
    /// # Errors
    /// [`StoreError`] when the server can't be reached or another program doesn't end its turn.
    pub fn begin(&mut self) -> Result<bool, StoreError> {
        let Place::Server { lane, turn, .. } = &mut self.0 else { return Ok(false) };
        if turn.begun {
            return Ok(false);
        }
        let lane = lane.get_mut().unwrap_or_else(PoisonError::into_inner);
        lane.begin()?;
        let changes = match pg::take_turn(lane, VENUE_SCHEMA).and_then(|()| count(lane)) {
            Ok(changes) => changes,
            Err(error) => {
                lane.rollback();
                return Err(error.into());
            }
        };
        turn.begun = true;
        Ok(turn.seen.replace(changes) != Some(changes))
    }

    /// Ends a turn that was not committed.
    pub fn end(&mut self) {
        let Place::Server { lane, turn, .. } = &mut self.0 else { return };
        if std::mem::take(&mut turn.begun) {
            lane.get_mut().unwrap_or_else(PoisonError::into_inner).rollback();
        }
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        match &self.0 {
            Place::File { repairs, .. } => repairs,
            Place::Server { .. } => &[],
        }
    }

    /// Removes `(table, key)` and then stores `(table, key, json)`, all or nothing. Removing what
    /// isn't there is no error.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room; nothing was changed then, nor with any other but
    /// [`StoreError::Lost`], after which nobody knows.
    pub fn commit(
        &mut self,
        puts: &[(&str, &str, &str)],
        deletes: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        if puts.is_empty() && deletes.is_empty() {
            return Ok(());
        }
        match &mut self.0 {
            Place::File { conn, rows, .. } => {
                let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
                apply(&mut Lite(&tx), puts, deletes)?;
                tx.commit()?;
                *rows += puts.len() + deletes.len();
                if *rows >= CHECKPOINT_AFTER_ROWS {
                    *rows = 0;
                    // The commit stands either way; a log that can't be moved now is moved later.
                    if let Err(error) = checkpoint(conn) {
                        tracing::warn!(%error, "a key-value log could not be checkpointed");
                    }
                }
                Ok(())
            }
            Place::Server { .. } => self.commit_turn(puts, deletes),
        }
    }

    fn commit_turn(
        &mut self,
        puts: &[(&str, &str, &str)],
        deletes: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        self.begin()?;
        let Place::Server { lane, turn, .. } = &mut self.0 else { return Ok(()) };
        let lane = lane.get_mut().unwrap_or_else(PoisonError::into_inner);
        let next = turn.seen.take().unwrap_or_default() + 1;
        turn.begun = false;
        let text = next.to_string();
        let done = apply(lane, puts, deletes)
            .and_then(|()| apply(lane, &[(CHANGES.0, CHANGES.1, &text)], &[]));
        if let Err(error) = done {
            lane.rollback();
            return Err(error.into());
        }
        lane.commit()?;
        turn.seen = Some(next);
        Ok(())
    }

    fn look<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, StoreError> {
        match &self.0 {
            Place::File { conn, .. } => Ok(work(&mut Lite(conn))?),
            Place::Server { lane, turn, .. } => {
                let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
                match work(&mut *lane) {
                    // In a turn the transaction is gone with the connection.
                    Err(error) if error.fault == Fault::Lost && !turn.begun => {
                        lane.reconnect()?;
                        Ok(work(&mut *lane)?)
                    }
                    other => Ok(other?),
                }
            }
        }
    }

    /// All keys and JSON texts of a table, by key. An unknown table is empty.
    ///
    /// # Errors
    /// [`StoreError`] when the rows can't be read.
    pub fn load(&self, table: &str) -> Result<Rows, StoreError> {
        self.look(|session| session.all(sql::KV_LOAD, values![table], pair))
    }

    /// The JSON text of one key.
    ///
    /// # Errors
    /// [`StoreError`] when the rows can't be read.
    pub fn get(&self, table: &str, key: &str) -> Result<Option<String>, StoreError> {
        self.look(|session| {
            session.first(sql::KV_GET, values![table, key], |row| Ok(row.words(0)?.to_string()))
        })
    }

    /// Keys and JSON texts with `from <= key < until`, by key; an empty `until` is the end.
    ///
    /// # Errors
    /// [`StoreError`] when the rows can't be read.
    pub fn range(&self, table: &str, from: &str, until: &str) -> Result<Rows, StoreError> {
        self.look(|session| session.all(sql::KV_RANGE, values![table, from, until], pair))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_whole_and_survive_reopening() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("sim-venue.sqlite");
        let mut log = KvLog::open(&path).unwrap();
        log.commit(
            &[("orders", "b", "{\"n\":1}"), ("orders", "a", "{}"), ("fills", "a", "[]")],
            &[],
        )
        .unwrap();
        log.commit(&[("orders", "b", "{\"n\":2}")], &[("orders", "b"), ("orders", "zz")]).unwrap();
        log.commit(&[], &[("fills", "a")]).unwrap();
        log.commit(&[], &[]).unwrap();
        drop(log);
        let log = KvLog::open(&path).unwrap();
        let own = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(log.load("orders").unwrap(), [own("a", "{}"), own("b", "{\"n\":2}")]);
        assert!(log.load("fills").unwrap().is_empty());
    }

    #[test]
    fn the_log_does_not_grow_without_end() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("kv.sqlite");
        let mut log = KvLog::open(&path).unwrap();
        let json = "x".repeat(1000);
        for round in 0..300 {
            let keys: Vec<String> = (0..100).map(|n| format!("{}", n + round % 3)).collect();
            let puts: Vec<_> = keys.iter().map(|k| ("t", k.as_str(), json.as_str())).collect();
            log.commit(&puts, &[]).unwrap();
        }
        let wal = std::fs::metadata(tmp.path().join("kv.sqlite-wal")).unwrap().len();
        assert!(wal < 8 * 1024 * 1024, "{wal}");
    }
}
