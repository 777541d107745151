-- Strategies as they were written; symbols are separated by commas, which no symbol has.
CREATE TABLE strategies (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    symbols     TEXT    NOT NULL,
    timeframe   TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    revision    BIGINT NOT NULL CHECK (revision > 0),
    changed_at  BIGINT NOT NULL,
    changed_by  TEXT    NOT NULL
);

-- What was tried on past prices, by which desk. About, request and outcome are JSON; the outcome is
-- empty until the run has ended, and size counts the bytes of its results.
CREATE TABLE research_runs (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    desk       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    by_whom    TEXT    NOT NULL,
    about      TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    outcome    TEXT    NOT NULL,
    size       BIGINT NOT NULL
);

-- What came of a run that was done: its JSON, and its page where it has one.
CREATE TABLE research_results (
    run_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES research_runs (id),
    result TEXT NOT NULL,
    report TEXT NOT NULL
);

-- Strategies at work on paper; the body is JSON and has the strategy's text as it was started.
CREATE TABLE strategy_runs (
    id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);
