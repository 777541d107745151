-- The journal: one row per record, in the order in which it is read.
CREATE TABLE events (
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL CHECK (seq > 0),
    at      INTEGER NOT NULL,
    wall_at INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    prev    BLOB    NOT NULL CHECK (length(prev) = 32),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),
    token   INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- The head of each stream, moved in the transaction of each append, and the newest lease that
-- wrote to it.
CREATE TABLE streams (
    stream      TEXT    NOT NULL PRIMARY KEY,
    head_seq    INTEGER NOT NULL,
    head_hash   BLOB    NOT NULL CHECK (length(head_hash) = 32),
    lease_token INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may write. A released lease keeps its token and has no holder.
CREATE TABLE leases (
    name         TEXT    NOT NULL PRIMARY KEY,
    holder       TEXT,
    token        INTEGER NOT NULL,
    expires_wall INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    stream        TEXT    NOT NULL,
    head_seq      INTEGER NOT NULL,
    head_hash     BLOB    NOT NULL CHECK (length(head_hash) = 32),
    state_version INTEGER NOT NULL,
    body          TEXT    NOT NULL,
    body_hash     BLOB    NOT NULL CHECK (length(body_hash) = 32),
    PRIMARY KEY (stream, head_seq)
) STRICT;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
