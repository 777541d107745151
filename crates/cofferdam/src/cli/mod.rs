//! The command line: what a person or a script types, and what it prints.
//!
//! It exists so that a desk can be run, asked and stopped from a shell, through the same doors as
//! everybody else. Commands about trading are a client of the running desk; commands about files
//! (bars, journal, backups) work on the data folder. It must not judge orders, and the only file
//! that it writes for a running desk is the kill file.

mod account;
mod approval;
mod args;
mod audit;
mod backup;
mod bars;
mod book;
mod client;
mod codes;
mod context;
mod doctor;
mod failure;
mod files;
mod fold;
mod formulas;
mod history;
mod instrument;
mod journal;
mod key;
mod keys;
mod kill;
mod latch;
mod limits;
mod movements;
mod openapi;
mod order;
mod output;
mod people;
mod plan;
mod position;
mod progress;
mod refusal;
mod research;
mod simulate;
mod statement;
mod symbol;
mod terms;
#[cfg(test)]
mod testing;
mod values;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, error::ErrorKind};

use args::{Cli, Command};
use context::Context;
use failure::Failure;
use output::Out;

/// Exit code of work that was refused or failed.
const FAILED: u8 = 1;
/// Exit code of a command that can't be understood.
const BAD_USAGE: u8 = 2;

/// What a command that did its work found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done, or all is well.
    Done,
    /// The answer was printed and is a refusal, a violation or a broken chain.
    Refused,
}

/// Runs the command of this process and tells how it ended: 0 done, 1 refused or failed, 2 bad
/// usage.
pub(crate) fn run() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => finish(cli),
        Err(error) => usage(&error),
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(BAD_USAGE),
    }
}

fn finish(cli: Cli) -> ExitCode {
    let ctx = Context::new(cli.global);
    let mut out = Out::new(ctx.json());
    let outcome = dispatch(cli.command, &ctx, &mut out);
    let flushed = io::stdout().write_all(out.text().as_bytes()).and_then(|()| io::stdout().flush());
    match (outcome, flushed) {
        (Ok(Outcome::Done), Ok(())) => ExitCode::SUCCESS,
        (Ok(_), _) => ExitCode::from(FAILED),
        (Err(failure), _) => report(&failure, ctx.json()),
    }
}

fn report(failure: &Failure, json: bool) -> ExitCode {
    if json {
        let _ = writeln!(io::stdout(), "{}", failure.to_json());
    }
    let _ = writeln!(io::stderr(), "{failure}");
    ExitCode::from(if failure.is_usage() { BAD_USAGE } else { FAILED })
}

fn dispatch(command: Command, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    match command {
        Command::Up(args) => up(&args, ctx),
        Command::Account { command } => account::run(command, ctx, out),
        Command::Instrument { command } => instrument::run(command, ctx, out),
        Command::Book { command } => book::run(command, ctx, out),
        Command::Order { command } => order::run(*command, ctx, out),
        Command::Position { command } => position::run(*command, ctx, out),
        Command::Statement(args) => statement::run(args, ctx, out),
        Command::Limits { command } => limits::run(*command, ctx, out),
        Command::Approval { command } => approval::run(command, ctx, out),
        Command::Latch { command } => latch::run(command, ctx, out),
        Command::Kill(args) => kill::run(args, ctx, out),
        Command::Bars { command } => bars::run(command, ctx, out),
        Command::Journal { command } => journal::run(command, ctx, out),
        Command::Audit { command } => audit::run(command, ctx, out),
        Command::Backup { command } => backup::run(command, ctx, out),
        Command::User { command } => people::run(command, ctx, out),
        Command::Key { command } => keys::run(command, ctx, out),
        Command::Backtest(args) => research::backtest::run(&args, ctx, out),
        Command::Sweep(args) => research::sweep::run(&args, ctx, out),
        Command::WalkForward(args) => research::walk_forward::run(&args, ctx, out),
        Command::Lookahead(args) => research::lookahead::run(&args, ctx, out),
        Command::Strategy { command } => research::strategy::run(command, ctx, out),
        Command::Formula { command } => formulas::run(command, out),
        Command::Simulate(args) => simulate::run(args, out),
        Command::Openapi => openapi::run(out),
        Command::Codes => codes::run(out),
        Command::Doctor(args) => doctor::run(&args, ctx, out),
    }
}

fn up(args: &crate::serve::UpArgs, ctx: &Context) -> Result<Outcome, Failure> {
    crate::serve::up(args, ctx.data_dir()?, ctx.database_url()?)
        .map_err(|error| Failure::new("up_failed", error.to_string()))?;
    Ok(Outcome::Done)
}
