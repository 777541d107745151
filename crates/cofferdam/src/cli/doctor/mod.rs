//! Is everything fit to trade: data folder, disk, clock, journal, exposure.
//!
//! Each check says what it found and what to do; one that fails makes the exit code 1. This
//! module must not change anything, and reads no secret.

mod exposure;
mod files;
mod journal;

use std::{path::Path, time::Duration};

use clap::Args;
use domain::Timestamp;
use rustix::fs::statvfs;
use serde::Serialize;
use serde_json::json;

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    kill,
    output::{Out, Table, grouped, instant},
};

/// Below this the journal and the emergency journal may not fit.
const DISK_FAIL: u64 = 256 * 1024 * 1024;
const DISK_WARN: u64 = 2 * 1024 * 1024 * 1024;
/// No machine with a working clock runs this program before.
const CLOCK_MIN: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Checks this machine and data folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:\n  cofferdam doctor --json\n\nThe exit code is 1 when a check fails; a warning does not count.")]
pub(crate) struct DoctorArgs {}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Note,
    Warn,
    Fail,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Check {
    fn new(name: &'static str, state: State, found: impl Into<String>) -> Self {
        Self { name, state, found: found.into(), remedy: None }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Runs every check.
pub(crate) fn run(_: &DoctorArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let dir = ctx.data_dir()?;
    let version = format!("cofferdam {} ({})", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let mut checks = vec![Check::new("version", State::Ok, version)];
    checks.extend(files::check(&dir));
    checks.push(disk(&dir));
    checks.push(clock(desk::clock::wall_time()));
    checks.extend(journal::check(ctx, &dir));
    checks.push(kill_file(&dir));
    checks.push(exposure::check(kill::holder(&dir).as_deref()));
    checks.push(answering(ctx));
    let fit = checks.iter().all(|check| check.state != State::Fail);
    out.json(&json!({ "fit": fit, "data_dir": dir, "checks": checks }))?;
    let mut table = Table::new(&["check", "state", "found"]);
    for check in &checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Warn => "WARN",
            State::Fail => "FAIL",
        };
        table.row([check.name.to_owned(), state.to_owned(), check.found.clone()]);
        if let Some(remedy) = &check.remedy {
            table.row([String::new(), String::new(), format!("→ {remedy}")]);
        }
    }
    out.table(&table, "");
    Ok(if fit { Outcome::Done } else { Outcome::Refused })
}

/// Room on the disk of the data folder, or of the nearest folder that exists.
fn disk(dir: &Path) -> Check {
    const NAME: &str = "disk";
    let existing = dir.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let stat = match statvfs(existing) {
        Ok(stat) => stat,
        Err(error) => return Check::new(NAME, State::Fail, format!("it can't be asked: {error}")),
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let words =
        format!("{} MiB free on {}", grouped(&(free >> 20).to_string(), 0), existing.display());
    match free {
        0..DISK_FAIL => Check::new(NAME, State::Fail, words)
            .remedy("free space: without room for the journal no entry is accepted"),
        DISK_FAIL..DISK_WARN => Check::new(NAME, State::Warn, words)
            .remedy("free space soon: the journal grows with every order"),
        _ => Check::new(NAME, State::Ok, words),
    }
}

fn clock(now: Timestamp) -> Check {
    let words = format!("{} UTC by the wall clock", instant(now).trim_end_matches('Z'));
    if now < CLOCK_MIN {
        return Check::new("clock", State::Fail, words)
            .remedy("set the machine's clock, and run a time service such as chrony");
    }
    Check::new("clock", State::Ok, words)
}

fn kill_file(dir: &Path) -> Check {
    match desk::KillFile::new(dir.join(kill::KILL_FILE)).level() {
        None => Check::new("kill file", State::Ok, "there is none"),
        Some(level) => Check::new("kill file", State::Warn, format!("it stands at {level}"))
            .remedy("look at what happened, then: cofferdam kill release"),
    }
}

fn answering(ctx: &Context) -> Check {
    const NAME: &str = "desk";
    let api = match ctx.api_within(Duration::from_secs(5)) {
        Ok(api) => api,
        Err(failure) => return Check::new(NAME, State::Note, format!("not asked: {failure}")),
    };
    match api.get("/api/health") {
        Ok(_) => Check::new(NAME, State::Ok, format!("it answers at {}", api.base())),
        Err(failure) if failure.is_down() => {
            Check::new(NAME, State::Note, format!("none runs at {}", api.base()))
        }
        Err(failure) => Check::new(NAME, State::Fail, failure.to_string())
            .remedy("see the desk's log; if it hangs, use: cofferdam kill"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_this_program_was_made_fails() {
        assert_eq!(clock(Timestamp(0)).state, State::Fail);
        assert_eq!(clock(CLOCK_MIN).state, State::Ok);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_judged_by_the_disk_it_would_be_on() {
        assert!(disk(Path::new("/nowhere/at/all")).found.contains(" on /"));
    }
}
