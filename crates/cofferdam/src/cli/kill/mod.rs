//! The kill switch: pulled in one step, with a server or without, released only by the desk.
//!
//! A pull asks the desk first, because the desk can tell what was in flight; whatever goes wrong
//! on that way, the kill file follows, and no later than ten seconds. This module must not release
//! anything by itself.

mod offline;
mod online;

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::{Args, ValueEnum};
pub(crate) use offline::{KILL_FILE, holder};
use path::policy::KillLevel;

use super::{Outcome, context::Context, failure::Failure, output::Out};

/// After so long without an answer the kill file is written while the answer is waited for.
const SILENT_WITHIN: Duration = Duration::from_secs(10);

/// Pulls or releases the kill switch.
#[derive(Debug, Args)]
#[command(after_help = "\
Levels:
  pause    no entries
  halt     pause, and cancel every order that can raise risk; stops stay
  flatten  halt, and close every position

Examples:
  cofferdam kill                      halt
  cofferdam kill flatten --reason 'runaway strategy'
  cofferdam kill release              asks to type `release`

Without a server the level is written to <data-dir>/KILL, which a desk reads before it opens any
socket and four times a second; the orders that remain live at the venue are listed.")]
pub(crate) struct KillArgs {
    /// What to do
    #[arg(default_value = "halt")]
    action: Action,
    /// Why, for the journal
    #[arg(long, default_value = "pulled from the command line")]
    reason: String,
    /// Release without asking, for scripts
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// No entries
    Pause,
    /// Also cancel every order that can raise risk
    Halt,
    /// Also close every position
    Flatten,
    /// Let entries pass again
    Release,
}

/// Runs the command.
pub(crate) fn run(args: KillArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let level = match args.action {
        Action::Pause => KillLevel::Pause,
        Action::Halt => KillLevel::Halt,
        Action::Flatten => KillLevel::Flatten,
        Action::Release => return release(&args, ctx, out),
    };
    let silence = offline::after_silence(ctx.data_dir().ok(), level, SILENT_WITHIN);
    let answer = online::pull(ctx, level, &args.reason);
    drop(silence);
    match answer {
        Ok((desk, report)) => online::show(&desk, &report, out),
        Err(failure) => offline::pull(ctx, level, &failure, out),
    }
}

fn release(args: &KillArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    online::standing(&api).map_err(needs_desk)?;
    if !args.yes {
        confirm()?;
    }
    online::release(&api, out).map_err(needs_desk)
}

fn needs_desk(failure: Failure) -> Failure {
    if !failure.is_down() {
        return failure;
    }
    Failure::down(
        "not released: a release is a decision that the desk records, so it has to run; start it \
         with `cofferdam up` and release then. Deleting the kill file releases nothing",
    )
}

fn confirm() -> Result<(), Failure> {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "Entries will pass again. Type release to go on: ");
    let _ = stderr.flush();
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    if read.is_ok() && line.trim() == "release" {
        return Ok(());
    }
    Err(Failure::new("not_confirmed", "not released: `release` was not typed; nothing changed"))
}

#[cfg(test)]
mod tests;
