-- Strategies as they were written; symbols are separated by commas, which no symbol has.
CREATE TABLE strategies (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    symbols     TEXT    NOT NULL,
    timeframe   TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    revision    INTEGER NOT NULL CHECK (revision > 0),
    changed_at  INTEGER NOT NULL,
    changed_by  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What was tried on past prices, by which desk. About, request and outcome are JSON; the outcome is
-- empty until the run has ended, and size counts the bytes of its results.
CREATE TABLE research_runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    desk       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    by_whom    TEXT    NOT NULL,
    about      TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT    NOT NULL,
    size       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What came of a run that was done: its JSON, and its page where it has one.
CREATE TABLE research_results (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES research_runs (id),
    result TEXT NOT NULL,
    report TEXT NOT NULL
) STRICT;

-- Strategies at work on paper; the body is JSON and has the strategy's text as it was started.
CREATE TABLE strategy_runs (
    id   TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
