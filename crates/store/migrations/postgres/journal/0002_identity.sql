-- Who may do what. People, their sessions, browsers, recovery codes; keys of programs; counts of
-- wrong sign-ins. Passwords are Argon2id hashes; keys, codes and browsers are SHA-256.
CREATE TABLE users (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL UNIQUE,
    role         TEXT    NOT NULL,
    accounts     TEXT    NOT NULL,
    password     TEXT    NOT NULL,
    must_change  BIGINT NOT NULL,
    disabled     BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    totp         TEXT    NOT NULL,
    totp_pending TEXT    NOT NULL,
    totp_since   BIGINT NOT NULL,
    totp_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE user_sessions (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    address    TEXT    NOT NULL,
    agent      TEXT    NOT NULL
);

CREATE TABLE user_devices (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    hash    BYTEA   NOT NULL CHECK (length(hash) = 32),
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE recovery_codes (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    hash    BYTEA  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE api_keys (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    owner      TEXT    NOT NULL,
    hash       BYTEA   NOT NULL CHECK (length(hash) = 32),
    scopes     TEXT    NOT NULL,
    accounts   TEXT    NOT NULL,
    addresses  TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);

CREATE TABLE sign_in_delays (
    key        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures   BIGINT NOT NULL,
    until_wall BIGINT NOT NULL,
    at_wall    BIGINT NOT NULL
);

CREATE TABLE identity_settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- What was changed in the tables above, chained like the journal, in the transaction of the change.
CREATE TABLE identity_events (
    seq  BIGINT NOT NULL PRIMARY KEY CHECK (seq > 0),
    at   BIGINT NOT NULL,
    kind TEXT    NOT NULL,
    body TEXT    NOT NULL,
    prev BYTEA   NOT NULL CHECK (length(prev) = 32),
    hash BYTEA   NOT NULL CHECK (length(hash) = 32)
);

CREATE TRIGGER identity_events_are_not_changed BEFORE UPDATE ON identity_events
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER identity_events_are_not_removed BEFORE DELETE ON identity_events
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER identity_events_are_not_emptied BEFORE TRUNCATE ON identity_events
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
