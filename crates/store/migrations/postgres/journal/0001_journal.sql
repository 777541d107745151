-- The journal: one row per record, in the order in which it is read. Names compare as bytes, and
-- bodies stay the text that was hashed.
CREATE TABLE events (
    stream  TEXT COLLATE "C" NOT NULL,
    seq     BIGINT NOT NULL CHECK (seq > 0),
    at      BIGINT NOT NULL,
    wall_at BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL,
    prev    BYTEA  NOT NULL CHECK (length(prev) = 32),
    hash    BYTEA  NOT NULL CHECK (length(hash) = 32),
    token   BIGINT NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER events_are_not_emptied BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

-- The head of each stream, moved in the transaction of each append, and the newest lease that
-- wrote to it.
CREATE TABLE streams (
    stream      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    head_seq    BIGINT NOT NULL,
    head_hash   BYTEA  NOT NULL CHECK (length(head_hash) = 32),
    lease_token BIGINT NOT NULL
);

-- Who may write. A released lease keeps its token and has no holder.
CREATE TABLE leases (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder       TEXT,
    token        BIGINT NOT NULL,
    expires_wall BIGINT NOT NULL
);

CREATE TABLE snapshots (
    stream        TEXT COLLATE "C" NOT NULL,
    head_seq      BIGINT NOT NULL,
    head_hash     BYTEA  NOT NULL CHECK (length(head_hash) = 32),
    state_version BIGINT NOT NULL,
    body          TEXT   NOT NULL,
    body_hash     BYTEA  NOT NULL CHECK (length(body_hash) = 32),
    PRIMARY KEY (stream, head_seq)
);

CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- The kill switch over all desks that share this database: one row, whose number grows with every
-- pull and release; without a level nothing stands.
CREATE TABLE kills (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch   BIGINT NOT NULL,
    level   TEXT,
    by_whom TEXT   NOT NULL,
    reason  TEXT   NOT NULL
);

-- The last number that each desk has acted on.
CREATE TABLE kill_confirmations (
    holder TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch  BIGINT NOT NULL
);
