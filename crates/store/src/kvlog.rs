//! A small key-value file for components that keep their own books, such as the simulated venue.
//!
//! It is a database of its own, so that what a venue remembers can never be restored or lost
//! together with what the desk remembers about it. This module must not know what the values mean.

use std::{fmt, path::Path};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::{
    connection::{Sync, checkpoint, open_writer, prepare},
    datadir::Repair,
    error::StoreError,
    migrate::{self, KV},
    sql,
};

/// Rows written between checkpoints of the log.
const CHECKPOINT_AFTER_ROWS: usize = 2_000;

/// Named tables of JSON texts by key. A commit survives a crash of the program; a power cut may
/// lose the newest commits, but never one before another.
pub struct KvLog {
    conn: Connection,
    repairs: Vec<Repair>,
    rows: usize,
}

impl fmt::Debug for KvLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvLog").field("path", &self.conn.path()).finish_non_exhaustive()
    }
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
        Ok(Self { conn, repairs, rows: 0 })
    }

    /// Permissions that had to be tightened.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Removes `(table, key)` and then stores `(table, key, json)`, all or nothing. Removing what
    /// isn't there is no error.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room; nothing was changed then, nor with any other.
    pub fn commit(
        &mut self,
        puts: &[(&str, &str, &str)],
        deletes: &[(&str, &str)],
    ) -> Result<(), StoreError> {
        if puts.is_empty() && deletes.is_empty() {
            return Ok(());
        }
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = tx.prepare_cached(sql::KV_DELETE)?;
            for (table, key) in deletes {
                delete.execute([table, key])?;
            }
            let mut put = tx.prepare_cached(sql::KV_PUT)?;
            for (table, key, json) in puts {
                put.execute(params![table, key, json])?;
            }
        }
        tx.commit()?;
        self.rows += puts.len() + deletes.len();
        if self.rows >= CHECKPOINT_AFTER_ROWS {
            self.rows = 0;
            // The commit stands either way; a log that can't be moved now is moved later.
            if let Err(error) = checkpoint(&self.conn) {
                tracing::warn!(%error, "a key-value log could not be checkpointed");
            }
        }
        Ok(())
    }

    /// All keys and JSON texts of a table, by key. An unknown table is empty.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn load(&self, table: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql::KV_LOAD)?;
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The JSON text of one key.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn get(&self, table: &str, key: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql::KV_GET)?;
        Ok(statement.query_row([table, key], |row| row.get(0)).optional()?)
    }

    /// Keys and JSON texts with `from <= key < until`, by key; an empty `until` is the end.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn range(
        &self,
        table: &str,
        from: &str,
        until: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql::KV_RANGE)?;
        let rows =
            statement.query_map([table, from, until], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
