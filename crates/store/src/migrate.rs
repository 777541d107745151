//! Forward-only migrations, embedded in the program.
//!
//! A database must say exactly what was done to it: each applied migration is recorded with the
//! checksum of its text, so that an edited one is noticed instead of guessed around. This module
//! must not know what the tables are for.

use std::path::Path;

use path::journal::Hash;
use rusqlite::{Connection, TransactionBehavior};

use crate::{
    connection::Lite,
    error::StoreError,
    session::{Session, values},
    sql,
};

/// One step of a schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    /// What SQLite does.
    pub(crate) sql: &'static str,
    /// What PostgreSQL does.
    pub(crate) postgres: &'static str,
}

impl Migration {
    fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sql,
            Dialect::Postgres => self.postgres,
        }
    }

    pub(crate) fn checksum(&self, dialect: Dialect) -> String {
        Hash::of(self.text(dialect).as_bytes()).to_string()
    }
}

/// Whose words a migration is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The schema of the journal's database.
pub(crate) const JOURNAL: &[Migration] = &[
    Migration {
        number: 1,
        name: "journal",
        sql: include_str!("../migrations/journal/0001_journal.sql"),
        postgres: include_str!("../migrations/postgres/journal/0001_journal.sql"),
    },
    Migration {
        number: 2,
        name: "identity",
        sql: include_str!("../migrations/journal/0002_identity.sql"),
        postgres: include_str!("../migrations/postgres/journal/0002_identity.sql"),
    },
    Migration {
        number: 3,
        name: "research",
        sql: include_str!("../migrations/journal/0003_research.sql"),
        postgres: include_str!("../migrations/postgres/journal/0003_research.sql"),
    },
    Migration {
        number: 4,
        name: "owners",
        sql: include_str!("../migrations/journal/0004_owners.sql"),
        postgres: include_str!("../migrations/postgres/journal/0004_owners.sql"),
    },
];

/// The schema of a key-value log.
pub(crate) const KV: &[Migration] = &[Migration {
    number: 1,
    name: "kv",
    sql: include_str!("../migrations/kv/0001_kv.sql"),
    postgres: include_str!("../migrations/postgres/kv/0001_kv.sql"),
}];

/// Compares what was applied with what the program has, and returns what is still to do.
pub(crate) fn pending<'m>(
    conn: &Connection,
    path: &Path,
    migrations: &'m [Migration],
) -> Result<&'m [Migration], StoreError> {
    let (tables, ours): (i64, i64) = conn.query_row(
        "SELECT COUNT(*), COALESCE(SUM(name = 'schema_migrations'), 0) FROM sqlite_master",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if tables == 0 {
        return Ok(migrations);
    }
    if ours == 0 {
        return Err(StoreError::Foreign(path.display().to_string()));
    }
    let place = path.display().to_string();
    missing(&mut Lite(conn), &place, migrations, Dialect::Sqlite)
}

/// What the database's own record of migrations leaves to do.
pub(crate) fn missing<'m>(
    session: &mut dyn Session,
    place: &str,
    migrations: &'m [Migration],
    dialect: Dialect,
) -> Result<&'m [Migration], StoreError> {
    let applied = session.all(sql::READ_MIGRATIONS, &[], |row| {
        let number = u32::try_from(row.number(0)?).unwrap_or(u32::MAX);
        Ok((number, row.words(1)?.to_string(), row.words(2)?.to_string()))
    })?;
    for (at, (number, name, checksum)) in applied.iter().enumerate() {
        let Some(known) = migrations.get(at) else {
            let known = migrations.last().map_or(0, |m| m.number);
            return Err(StoreError::TooNew { found: *number, known });
        };
        if known.name != name || known.number != *number {
            return Err(StoreError::Foreign(place.to_owned()));
        }
        if known.checksum(dialect) != *checksum {
            return Err(StoreError::MigrationEdited { number: *number, name: name.clone() });
        }
    }
    Ok(&migrations[applied.len()..])
}

/// Applies migrations, each in a transaction of its own with its record.
pub(crate) fn apply(conn: &mut Connection, pending: &[Migration]) -> Result<(), StoreError> {
    for migration in pending {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql::CREATE_MIGRATIONS)?;
        tx.execute_batch(migration.sql)?;
        note(&mut Lite(&tx), migration, Dialect::Sqlite)?;
        tx.commit()?;
    }
    Ok(())
}

/// Records that a migration was applied, in its own transaction.
pub(crate) fn note(
    session: &mut dyn Session,
    migration: &Migration,
    dialect: Dialect,
) -> Result<(), StoreError> {
    let (number, checksum) = (i64::from(migration.number), migration.checksum(dialect));
    session.execute(sql::INSERT_MIGRATION, values![number, migration.name, &*checksum])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration =
        Migration { number: 1, name: "one", sql: "CREATE TABLE a (x INT)", postgres: "" };
    const SECOND: Migration =
        Migration { number: 2, name: "two", sql: "CREATE TABLE b (x INT)", postgres: "" };

    fn migrated(migrations: &[Migration]) -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        apply(&mut conn, migrations).unwrap();
        conn
    }

    #[test]
    fn only_what_is_missing_is_applied() {
        let path = Path::new("x");
        let mut conn = migrated(&[FIRST]);
        let both = [FIRST, SECOND];
        let todo = pending(&conn, path, &both).unwrap();
        assert_eq!(todo.iter().map(|m| m.number).collect::<Vec<_>>(), [2]);
        apply(&mut conn, todo).unwrap();
        assert!(pending(&conn, path, &both).unwrap().is_empty());
    }

    #[test]
    fn what_was_there_belongs_to_who_asked_for_it() {
        let mut conn = migrated(&JOURNAL[..3]);
        conn.execute_batch(
            "INSERT INTO users (id, name, role, accounts, password, must_change, disabled, version, \
             totp, totp_pending, totp_since, totp_step, created_at) \
             VALUES ('abababababababab', 'alice', 'trader', '', '', 0, 0, 1, '', '', 0, 0, 0);
             INSERT INTO api_keys VALUES
             ('1', 'bot', 'abababababababab', zeroblob(32), '', 'main', '', 0, 0, 0, 7),
             ('2', 'bot', 'abababababababab', zeroblob(32), '', 'main', '', 0, 0, 0, 0),
             ('3', 'agent', '', zeroblob(32), '', 'main', '', 0, 0, 0, 0),
             ('4', 'cli', '', zeroblob(32), '', '*', '', 0, 0, 0, 0);",
        )
        .unwrap();
        let asked = [
            ("alice", "user/abababababababab"),
            ("key:bot", "user/abababababababab"),
            ("key:agent", "key/agent"),
            ("key:cli", "operator"),
            ("bootstrap", "operator"),
            ("key:gone", "operator"),
        ];
        for (by, _) in asked {
            conn.execute_batch(&format!(
                "INSERT INTO strategies VALUES ('{by}', '', '', '', '', '', '', 1, 0, '{by}');
                 INSERT INTO research_runs VALUES ('{by}', '', '', '{by}', '', '', 0, 0, 0, '', 0);"
            ))
            .unwrap();
        }
        apply(&mut conn, &JOURNAL[3..]).unwrap();
        for table in ["strategies", "research_runs"] {
            let mut read =
                conn.prepare(&format!("SELECT owner FROM {table} WHERE id = ?1")).unwrap();
            for (by, expected) in asked {
                let owner: String = read.query_row([by], |row| row.get(0)).unwrap();
                assert_eq!(owner, expected, "{by} in {table}");
            }
        }
    }

    #[test]
    fn an_edited_migration_is_an_error() {
        let conn = migrated(&[FIRST]);
        let edited = Migration { sql: "CREATE TABLE a (x INT, y INT)", ..FIRST };
        let error = pending(&conn, Path::new("x"), &[edited]).unwrap_err();
        assert_eq!(error.code(), "store_migration_edited");
    }

    #[test]
    fn newer_and_foreign_databases_are_refused() {
        let conn = migrated(&[FIRST, SECOND]);
        let error = pending(&conn, Path::new("x"), &[FIRST]).unwrap_err();
        assert!(matches!(error, StoreError::TooNew { found: 2, known: 1 }), "{error}");
        let error = pending(&conn, Path::new("x"), KV).unwrap_err();
        assert_eq!(error.code(), "store_foreign");

        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE phone_numbers (x INT)").unwrap();
        let error = pending(&conn, Path::new("x"), KV).unwrap_err();
        assert_eq!(error.code(), "store_foreign");
    }

    #[test]
    fn a_failing_migration_leaves_nothing() {
        let broken = Migration { sql: "CREATE TABLE c (x INT); CREATE TABLE a (x INT)", ..SECOND };
        let mut conn = migrated(&[FIRST]);
        apply(&mut conn, &[broken]).unwrap_err();
        assert!(conn.prepare("SELECT * FROM c").is_err());
        assert_eq!(pending(&conn, Path::new("x"), &[FIRST, SECOND]).unwrap().len(), 1);
    }
}
