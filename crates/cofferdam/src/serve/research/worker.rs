//! The thread that works at runs, one after the other.
//!
//! Whatever happens to a run, the next one has its turn. This module must not know what a run does.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

use api::RunError;
use desk::clock::wall_time;
use store::{Ended, RunStatus};

use super::{
    Inner,
    line::Job,
    rows::Outcome,
    task::{self, Done},
};

/// How long a run may take.
const RUN_MAX: Duration = Duration::from_secs(23 * 3_600);
/// How often the end of a run is noted again when the database fails.
const ATTEMPTS: u32 = 5;
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

/// Works until the line is closed.
pub(super) fn work(inner: &Inner) {
    while let Some(job) = inner.line.next() {
        match inner.runs.begin(&job.id, wall_time()) {
            Ok(true) => {}
            // Somebody ended or removed it meanwhile.
            Ok(false) => continue,
            Err(error) => {
                tracing::error!(%error, run = job.id, "a run could not begin");
                note(inner, &job, Err(broken("store", error.to_string())));
                continue;
            }
        }
        let tried = catch_unwind(AssertUnwindSafe(|| tried(inner, &job)));
        let tried = tried.unwrap_or_else(|_| {
            tracing::error!(run = job.id, "a run ended by a fault of the program");
            Err(broken("internal", "the run ended by a fault of the program; see the log"))
        });
        note(inner, &job, tried);
    }
}

fn broken(code: &str, message: impl Into<String>) -> RunError {
    RunError { code: code.to_owned(), message: message.into() }
}

fn tried(inner: &Inner, job: &Job) -> Result<Done, RunError> {
    let began = Instant::now();
    let is_late = || began.elapsed() > RUN_MAX;
    let done = task::done(&job.prepared, &inner.history, &mut |done, total| {
        job.reached(done, total);
        if job.is_ended() || is_late() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if done.is_err() && is_late() {
        let message = "the run took longer than 23 hours; take a shorter stretch or fewer sets";
        return Err(broken("run_too_long", message));
    }
    done
}

/// Notes how a run ended. One whose end was wanted has no result, however far it was.
fn note(inner: &Inner, job: &Job, tried: Result<Done, RunError>) {
    let progress = Some(job.progress());
    let (status, outcome, result) = match tried {
        _ if inner.line.is_closed() => (RunStatus::Failed, Outcome::interrupted(), None),
        _ if job.is_ended() => (RunStatus::Cancelled, Outcome::default(), None),
        Ok(done) => (RunStatus::Done, done.outcome, Some((done.result, done.report))),
        Err(error) => {
            let error = Some(error);
            (RunStatus::Failed, Outcome { error, ..Outcome::default() }, None)
        }
    };
    let outcome = Outcome { progress, ..outcome }.json();
    let result = result.as_ref().map(|(result, report)| (result.as_str(), report.as_str()));
    for attempt in 1..=ATTEMPTS {
        let ended = Ended { status, at: wall_time(), outcome: &outcome, result };
        match inner.runs.end(&job.id, &inner.desk, &ended) {
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, run = job.id, attempt, "the end of a run was not noted");
            }
        }
        thread::sleep(PAUSE);
    }
}
