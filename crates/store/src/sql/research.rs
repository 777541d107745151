//! The statements about strategies and about runs over past prices.
//!
//! Absent texts are empty, absent times 0: both mean the same in either dialect. Whose rows are read
//! or changed is a parameter: an owner, or `*` for everybody.

pub(crate) const STRATEGIES: &str = "SELECT id, name, description, symbols, timeframe, hash, \
     revision, changed_at, changed_by, owner FROM strategies WHERE $1 = '*' OR owner = $1 \
     ORDER BY changed_at DESC, id DESC";

pub(crate) const STRATEGY: &str = "SELECT id, name, description, symbols, timeframe, hash, \
     revision, changed_at, changed_by, owner, source FROM strategies \
     WHERE id = $1 AND ($2 = '*' OR owner = $2)";

pub(crate) const COUNT_STRATEGIES: &str =
    "SELECT COUNT(*) FROM strategies WHERE $1 = '*' OR owner = $1";

pub(crate) const REVISION: &str =
    "SELECT revision, name, owner FROM strategies WHERE id = $1 AND ($2 = '*' OR owner = $2)";

/// Whose it is stays as it was.
pub(crate) const PUT_STRATEGY: &str = "INSERT INTO strategies (id, name, description, symbols, \
     timeframe, hash, revision, changed_at, changed_by, owner, source) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET \
     name = excluded.name, description = excluded.description, symbols = excluded.symbols, \
     timeframe = excluded.timeframe, hash = excluded.hash, revision = excluded.revision, \
     changed_at = excluded.changed_at, changed_by = excluded.changed_by, source = excluded.source";

pub(crate) const DELETE_STRATEGY: &str = "DELETE FROM strategies WHERE id = $1";

pub(crate) const PUT_RUN: &str = "INSERT INTO research_runs (id, desk, status, by_whom, about, \
     request, created_at, started_at, ended_at, outcome, size, owner) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, '', 0, $8)";

/// Those before an id, which begins with the time; an empty one is the end.
pub(crate) const RUNS: &str = "SELECT id, desk, status, by_whom, about, request, created_at, \
     started_at, ended_at, outcome, owner FROM research_runs \
     WHERE ($1 = '' OR id < $1) AND ($2 = '*' OR owner = $2) ORDER BY id DESC LIMIT $3";

pub(crate) const RUN: &str = "SELECT id, desk, status, by_whom, about, request, created_at, \
     started_at, ended_at, outcome, owner FROM research_runs \
     WHERE id = $1 AND ($2 = '*' OR owner = $2)";

pub(crate) const BEGIN_RUN: &str = "UPDATE research_runs SET status = 'running', started_at = $1 \
     WHERE id = $2 AND status = 'queued'";

pub(crate) const END_RUN: &str = "UPDATE research_runs SET status = $1, ended_at = $2, \
     outcome = $3, size = $4 WHERE id = $5 AND status IN ('queued', 'running')";

pub(crate) const FAIL_LEFT_RUNS: &str = "UPDATE research_runs SET status = 'failed', \
     ended_at = $1, outcome = $2 WHERE desk = $3 AND status IN ('queued', 'running')";

/// What a desk keeps, the newest first.
pub(crate) const ENDED_RUNS: &str = "SELECT id, owner, size FROM research_runs WHERE desk = $1 \
     AND status NOT IN ('queued', 'running') ORDER BY id DESC";

pub(crate) const DELETE_RUN: &str = "DELETE FROM research_runs WHERE id = $1";

pub(crate) const PUT_RESULT: &str =
    "INSERT INTO research_results (run_id, result, report) VALUES ($1, $2, $3)";

pub(crate) const RESULT: &str = "SELECT result FROM research_results WHERE run_id = $1";

pub(crate) const REPORT: &str = "SELECT report FROM research_results WHERE run_id = $1";

pub(crate) const DELETE_RESULT: &str = "DELETE FROM research_results WHERE run_id = $1";

pub(crate) const STRATEGY_RUNS: &str = "SELECT body FROM strategy_runs ORDER BY id";

pub(crate) const ADD_STRATEGY_RUN: &str = "INSERT INTO strategy_runs (id, body) VALUES ($1, $2)";

pub(crate) const SAVE_STRATEGY_RUN: &str = "UPDATE strategy_runs SET body = $1 WHERE id = $2";

pub(crate) const DELETE_STRATEGY_RUN: &str = "DELETE FROM strategy_runs WHERE id = $1";

/// Every statement here, for the tests of `sql`.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[
    STRATEGIES,
    STRATEGY,
    COUNT_STRATEGIES,
    REVISION,
    PUT_STRATEGY,
    DELETE_STRATEGY,
    PUT_RUN,
    RUNS,
    RUN,
    BEGIN_RUN,
    END_RUN,
    FAIL_LEFT_RUNS,
    ENDED_RUNS,
    DELETE_RUN,
    PUT_RESULT,
    RESULT,
    REPORT,
    DELETE_RESULT,
    STRATEGY_RUNS,
    ADD_STRATEGY_RUN,
    SAVE_STRATEGY_RUN,
    DELETE_STRATEGY_RUN,
];
