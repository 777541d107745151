//! Every statement that reads or writes rows, in one place.
//!
//! They are written so that SQLite and PostgreSQL read them alike: `$1` parameters numbered in the
//! order of their first appearance, `ON CONFLICT`, `CAST`, and no arithmetic on money. What no
//! other database knows (pragmas, `VACUUM INTO`) is in `connection` and `backup`; what only
//! PostgreSQL knows (columns of values in one statement, named locks) stands at the end. This
//! module must not know Rust types.

pub(crate) mod identity;
pub(crate) mod research;

/// What an append or a new lease must know about a stream: head, newest writing lease, lease row.
pub(crate) const STREAM_STATE: &str = "SELECT s.head_seq, s.head_hash, s.lease_token, l.token, \
     l.holder, l.expires_wall \
     FROM (SELECT CAST($1 AS TEXT) AS name) q \
     LEFT JOIN streams s ON s.stream = q.name \
     LEFT JOIN leases l ON l.name = q.name";

pub(crate) const INSERT_EVENT: &str = "INSERT INTO events \
     (stream, seq, at, wall_at, kind, version, body, prev, hash, token) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

pub(crate) const UPSERT_STREAM: &str = "INSERT INTO streams (stream, head_seq, head_hash, lease_token) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (stream) DO UPDATE SET \
     head_seq = excluded.head_seq, head_hash = excluded.head_hash, \
     lease_token = excluded.lease_token";

pub(crate) const STREAM_HEAD: &str = "SELECT head_seq, head_hash FROM streams WHERE stream = $1";

pub(crate) const ALL_HEADS: &str =
    "SELECT stream, head_seq, head_hash FROM streams ORDER BY stream";

pub(crate) const NEXT_STREAM: &str = "SELECT MIN(stream) FROM events WHERE stream > $1";

pub(crate) const READ_EVENTS: &str = "SELECT seq, at, wall_at, kind, version, body, prev, hash \
     FROM events WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// The leases under which the records of a stream after one were written.
pub(crate) const WRITTEN_UNDER: &str =
    "SELECT DISTINCT token FROM events WHERE stream = $1 AND seq > $2 ORDER BY token";

pub(crate) const EVENT_HASH: &str = "SELECT hash FROM events WHERE stream = $1 AND seq = $2";

pub(crate) const UPSERT_LEASE: &str = "INSERT INTO leases (name, holder, token, expires_wall) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET \
     holder = excluded.holder, token = excluded.token, expires_wall = excluded.expires_wall";

pub(crate) const RENEW_LEASE: &str =
    "UPDATE leases SET expires_wall = $1 WHERE name = $2 AND token = $3 AND holder IS NOT NULL";

pub(crate) const RELEASE_LEASE: &str = "UPDATE leases SET holder = NULL, expires_wall = 0 \
     WHERE name = $1 AND token = $2 AND holder IS NOT NULL";

pub(crate) const HELD_LEASES: &str =
    "SELECT name, holder, expires_wall FROM leases WHERE holder IS NOT NULL ORDER BY name";

pub(crate) const LEASE_TOKEN: &str = "SELECT token FROM leases WHERE name = $1";

pub(crate) const UPSERT_SNAPSHOT: &str = "INSERT INTO snapshots \
     (stream, head_seq, head_hash, state_version, body, body_hash) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (stream, head_seq) DO UPDATE SET \
     head_hash = excluded.head_hash, state_version = excluded.state_version, \
     body = excluded.body, body_hash = excluded.body_hash";

/// Keeps the newest two.
pub(crate) const TRIM_SNAPSHOTS: &str = "DELETE FROM snapshots WHERE stream = $1 AND head_seq \
     NOT IN (SELECT head_seq FROM snapshots WHERE stream = $1 ORDER BY head_seq DESC LIMIT 2)";

pub(crate) const READ_SNAPSHOTS: &str = "SELECT s.head_seq, s.head_hash, s.state_version, \
     s.body, s.body_hash, e.hash FROM snapshots s \
     LEFT JOIN events e ON e.stream = s.stream AND e.seq = s.head_seq \
     WHERE s.stream = $1 ORDER BY s.head_seq DESC";

pub(crate) const READ_META: &str = "SELECT value FROM meta WHERE key = $1";

pub(crate) const INSERT_META: &str =
    "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";

pub(crate) const UPSERT_META: &str = "INSERT INTO meta (key, value) VALUES ($1, $2) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";

pub(crate) const KV_PUT: &str = "INSERT INTO kv (tbl, key, json) VALUES ($1, $2, $3) \
     ON CONFLICT (tbl, key) DO UPDATE SET json = excluded.json";

pub(crate) const KV_DELETE: &str = "DELETE FROM kv WHERE tbl = $1 AND key = $2";

pub(crate) const KV_LOAD: &str = "SELECT key, json FROM kv WHERE tbl = $1 ORDER BY key";

pub(crate) const KV_GET: &str = "SELECT json FROM kv WHERE tbl = $1 AND key = $2";

/// Keys from `$2` on and, unless `$3` is empty, before `$3`, in byte order.
pub(crate) const KV_RANGE: &str = "SELECT key, json FROM kv \
     WHERE tbl = $1 AND key >= $2 AND ($3 = '' OR key < $3) ORDER BY key";

pub(crate) const CREATE_MIGRATIONS: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
     (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";

pub(crate) const READ_MIGRATIONS: &str =
    "SELECT number, name, checksum FROM schema_migrations ORDER BY number";

pub(crate) const INSERT_MIGRATION: &str =
    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)";

/// Locks names one after another until the end of the transaction; `$1` are their numbers, sorted.
/// A stream without any row yet can't be locked by its row.
pub(crate) const PG_LOCK: &str =
    "SELECT pg_advisory_xact_lock(k) FROM unnest(CAST($1 AS BIGINT[])) AS k";

/// [`STREAM_STATE`] for many streams at once, each row behind its stream's name.
pub(crate) const PG_STREAM_STATES: &str = "SELECT q.name, s.head_seq, s.head_hash, \
     s.lease_token, l.token, l.holder, l.expires_wall \
     FROM unnest(CAST($1 AS TEXT[])) AS q(name) \
     LEFT JOIN streams s ON s.stream = q.name \
     LEFT JOIN leases l ON l.name = q.name";

/// [`INSERT_EVENT`] for many records at once.
pub(crate) const PG_INSERT_EVENTS: &str = "INSERT INTO events \
     (stream, seq, at, wall_at, kind, version, body, prev, hash, token) \
     SELECT * FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), \
     CAST($4 AS BIGINT[]), CAST($5 AS TEXT[]), CAST($6 AS BIGINT[]), CAST($7 AS TEXT[]), \
     CAST($8 AS BYTEA[]), CAST($9 AS BYTEA[]), CAST($10 AS BIGINT[]))";

/// [`UPSERT_STREAM`] for many streams at once.
pub(crate) const PG_UPSERT_STREAMS: &str = "INSERT INTO streams \
     (stream, head_seq, head_hash, lease_token) \
     SELECT * FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[]), CAST($3 AS BYTEA[]), \
     CAST($4 AS BIGINT[])) ON CONFLICT (stream) DO UPDATE SET \
     head_seq = excluded.head_seq, head_hash = excluded.head_hash, \
     lease_token = excluded.lease_token";

pub(crate) const PG_KILL: &str = "SELECT epoch, level, by_whom, reason FROM kills WHERE id = 1";

pub(crate) const PG_SET_KILL: &str = "INSERT INTO kills (id, epoch, level, by_whom, reason) \
     VALUES (1, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, \
     level = excluded.level, by_whom = excluded.by_whom, reason = excluded.reason";

pub(crate) const PG_CONFIRM_KILL: &str = "INSERT INTO kill_confirmations (holder, epoch) \
     VALUES ($1, $2) ON CONFLICT (holder) DO UPDATE SET epoch = excluded.epoch";

pub(crate) const PG_KILL_HOLDERS: &str = "SELECT l.holder, MAX(l.expires_wall), \
     COALESCE(MAX(c.epoch), 0) FROM leases l \
     LEFT JOIN kill_confirmations c ON c.holder = l.holder \
     WHERE l.holder IS NOT NULL AND l.name >= 'account/' AND l.name < 'account0' \
     GROUP BY l.holder ORDER BY l.holder";

pub(crate) const PG_OTHER_USES: &str =
    "SELECT account, body FROM desk_use WHERE account <> $1 ORDER BY account";

pub(crate) const PG_SET_USE: &str = "INSERT INTO desk_use (account, body, token) \
     VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET \
     body = excluded.body, token = excluded.token";

/// The server's clock, in nanoseconds.
pub(crate) const PG_TIME: &str =
    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) * 1000";

/// Whether a schema is there, how many tables it has, and whether the record of migrations is one.
pub(crate) const PG_SCHEMA: &str = "SELECT \
     (SELECT COUNT(*) FROM pg_namespace WHERE nspname = CAST($1 AS TEXT)), \
     COUNT(*), COUNT(*) FILTER (WHERE c.relname = 'schema_migrations') \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = CAST($1 AS TEXT) AND c.relkind = 'r'";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::migrate::{JOURNAL, KV};

    const ON_JOURNAL: &[&str] = &[
        STREAM_STATE,
        INSERT_EVENT,
        UPSERT_STREAM,
        STREAM_HEAD,
        ALL_HEADS,
        NEXT_STREAM,
        READ_EVENTS,
        WRITTEN_UNDER,
        EVENT_HASH,
        UPSERT_LEASE,
        RENEW_LEASE,
        RELEASE_LEASE,
        HELD_LEASES,
        LEASE_TOKEN,
        UPSERT_SNAPSHOT,
        TRIM_SNAPSHOTS,
        READ_SNAPSHOTS,
        READ_META,
        INSERT_META,
        UPSERT_META,
    ];
    const ON_KV: &[&str] = &[KV_PUT, KV_DELETE, KV_LOAD, KV_GET, KV_RANGE];

    fn first_appearances(sql: &str) -> Vec<u32> {
        let mut seen = Vec::new();
        for part in sql.split('$').skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            let number = digits.parse().unwrap();
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        seen
    }

    /// SQLite numbers `$n` by first appearance, PostgreSQL by n: both must mean the same.
    #[test]
    fn parameters_mean_the_same_in_both_dialects() {
        let all = ON_JOURNAL.iter().chain(identity::ALL).chain(research::ALL).chain(ON_KV);
        for sql in all.chain(&[INSERT_MIGRATION]) {
            let seen = first_appearances(sql);
            let expected: Vec<u32> = (1..=u32::try_from(seen.len()).unwrap()).collect();
            assert_eq!(seen, expected, "{sql}");
        }
    }

    #[test]
    fn every_statement_fits_the_schema() {
        for (migrations, statements) in
            [(JOURNAL, ON_JOURNAL), (JOURNAL, identity::ALL), (JOURNAL, research::ALL), (KV, ON_KV)]
        {
            let conn = Connection::open_in_memory().unwrap();
            for migration in migrations {
                conn.execute_batch(migration.sql).unwrap();
            }
            for sql in statements {
                conn.prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
            }
        }
    }
}
