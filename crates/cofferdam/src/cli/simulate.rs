//! The fault simulator, from the command line.
//!
//! This module must not know what a run does.

use std::{num::NonZeroU64, thread};

use ::simulate::{Options, Report};
use clap::Args;

use super::{
    Outcome,
    failure::Failure,
    output::{Out, Table, clean, grouped},
    progress::Progress,
    values,
};

/// Worlds between two words of progress.
const CHUNK: u64 = 64;

/// Which worlds to play.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam simulate --seeds 1000
  cofferdam simulate --seed 42            replay one world

Exit code 1 when anything did not hold; the violation names the seed that replays it.")]
pub(crate) struct SimulateArgs {
    /// How many worlds to play
    #[arg(long, default_value = "1", value_name = "N")]
    seeds: NonZeroU64,
    /// The first seed
    #[arg(long, default_value_t = 1, value_name = "S", allow_negative_numbers = true,
        value_parser = values::seed)]
    seed: u64,
}

/// Plays the worlds.
pub(crate) fn run(args: SimulateArgs, out: &mut Out) -> Result<Outcome, Failure> {
    let end = args.seed.checked_add(args.seeds.get()).ok_or_else(|| {
        Failure::usage("--seed and --seeds together go beyond the last seed; name smaller ones")
    })?;
    let threads = thread::available_parallelism().map_or(2, |n| n.get().min(64));
    let mut progress = Progress::new();
    let mut report = Report { seeds: (args.seed, end), ..Report::default() };
    let mut first = args.seed;
    while first < end {
        let seeds = CHUNK.min(end - first);
        report.merge(::simulate::run(&Options { first, seeds, threads, fail_fast: false }));
        first += seeds;
        let (done, all) = (first - args.seed, args.seeds);
        let found = report.violations.len();
        progress.tell(|| format!("{done} of {all} worlds, {found} violations"));
    }
    drop(progress);
    out.json(&report)?;
    show(&report, out);
    Ok(if report.violations.is_empty() { Outcome::Done } else { Outcome::Refused })
}

fn show(report: &Report, out: &mut Out) {
    let count = |n: u64| grouped(&n.to_string(), 0);
    out.line(format!(
        "{} worlds · {} inputs · {} orders · {} fills · {} records · {} starts of a desk",
        count(report.runs),
        count(report.events),
        count(report.orders),
        count(report.fills),
        count(report.records),
        count(report.starts),
    ));
    let mut table = Table::new(&["fault", ">times"]);
    for (name, times) in &report.faults {
        table.row([name.clone(), count(*times)]);
    }
    out.table(&table, "no faults were injected");
    for violation in &report.violations {
        out.line(format!(
            "VIOLATION of {} in seed {}: {}",
            clean(&violation.invariant),
            violation.seed,
            clean(&violation.detail)
        ));
    }
    match report.violations.len() {
        0 => out.line("everything held"),
        n => out.line(format!("{n} violations; replay one with: cofferdam simulate --seed SEED")),
    }
}
