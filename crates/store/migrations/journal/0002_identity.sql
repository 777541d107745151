-- Who may do what. People, their sessions, browsers, recovery codes; keys of programs; counts of
-- wrong sign-ins. Passwords are Argon2id hashes; keys, codes and browsers are SHA-256.
CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    role         TEXT    NOT NULL,
    accounts     TEXT    NOT NULL,
    password     TEXT    NOT NULL,
    must_change  INTEGER NOT NULL,
    disabled     INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    totp         TEXT    NOT NULL,
    totp_pending TEXT    NOT NULL,
    totp_since   INTEGER NOT NULL,
    totp_step    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id),
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    agent      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_devices (
    user_id TEXT    NOT NULL REFERENCES users (id),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    scopes     TEXT    NOT NULL,
    accounts   TEXT    NOT NULL,
    addresses  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_delays (
    key        TEXT    NOT NULL PRIMARY KEY,
    failures   INTEGER NOT NULL,
    until_wall INTEGER NOT NULL,
    at_wall    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was changed in the tables above, chained like the journal, in the transaction of the change.
CREATE TABLE identity_events (
    seq  INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
    at   INTEGER NOT NULL,
    kind TEXT    NOT NULL,
    body TEXT    NOT NULL,
    prev BLOB    NOT NULL CHECK (length(prev) = 32),
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER identity_events_are_not_changed BEFORE UPDATE ON identity_events
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is append-only');
END;

CREATE TRIGGER identity_events_are_not_removed BEFORE DELETE ON identity_events
BEGIN
    SELECT RAISE(ABORT, 'the record of changes is append-only');
END;
