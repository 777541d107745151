//! Whether a strategy's rules know the future, and whether they have warmed up.

use std::ops::ControlFlow;

use ::research::lookahead::{self, LookaheadReport, WarmUp};
use clap::Args;

use super::args::TrialArgs;
use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, instant},
    progress::Progress,
    values,
};

/// Differences that are printed; `--json` prints all.
const SHOWN: usize = 10;

/// What to ask.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam lookahead strategies/golden-cross.toml --bars data/IBM-1d.csv
  cofferdam lookahead strategies/momentum.toml --bars data/IBM-1d.csv --cuts 20 --json

History is cut off behind sampled closes; rules and wishes up to there must be the same to the bit.
Then history is begun later, and the rules' last values are compared. Exit code 1 when a rule
changes with its future.")]
pub(crate) struct LookaheadArgs {
    #[command(flatten)]
    trial: TrialArgs,
    /// How often history is cut, at most 10000; --seed draws other places
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = values::cuts,
          allow_negative_numbers = true)]
    cuts: usize,
}

/// Asks.
pub(crate) fn run(args: &LookaheadArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let trial = args.trial.trial(ctx)?;
    let mut progress = Progress::new();
    let told = lookahead::of(&trial, (args.cuts, args.trial.seed()), &mut |done, all| {
        progress.tell(|| format!("{done} of {all} histories"));
        ControlFlow::Continue(())
    });
    drop(progress);
    let report = told.map_err(|error| Failure::new(error.code(), error.to_string()))?;
    out.json(&report)?;
    show(&report, out);
    Ok(if report.cuts.is_blind() { Outcome::Done } else { Outcome::Refused })
}

fn show(report: &LookaheadReport, out: &mut Out) {
    let cuts = &report.cuts;
    let (name, asked, found) = (&report.strategy, cuts.cuts, cuts.signals);
    if cuts.is_blind() {
        out.line(format!(
            "{name}: no rule looks ahead: {asked} cuts of history ({found} closes with a wish) \
             changed nothing before them"
        ));
    } else {
        let changed = cuts.differences.len();
        out.line(format!("{name}: LOOKS AHEAD: {changed} of {asked} cuts changed what was before"));
    }
    for one in cuts.differences.iter().take(SHOWN) {
        let (at, cut_at) = (instant(one.at), instant(one.cut_at));
        out.line(format!("  {} at {at} changes when history ends at {cut_at}", one.what));
    }
    out.raw_line();
    settled(&report.warm_up, out);
}

fn settled(warm_up: &WarmUp, out: &mut Out) {
    let (bars, closes) = (warm_up.warm_up_bars, warm_up.closes);
    if warm_up.rules.is_empty() {
        out.line(format!("warm-up: history is too short to begin later ({bars} bars of warm-up)"));
        return;
    }
    out.line(match warm_up.settled_after() {
        Some(multiple) => format!(
            "warm-up: settled after {} bars: the last {closes} closes say the same as with all of \
             history",
            multiple * bars
        ),
        None => format!(
            "warm-up: rules remember all of history; the last {closes} closes differ by what the \
             table shows"
        ),
    });
    let mut table =
        Table::new(&["rule", ">bars before", ">largest difference", ">undefined closes"]);
    for one in &warm_up.rules {
        table.row([
            one.rule.clone(),
            (one.multiple * bars).to_string(),
            format!("{:.1e}", one.largest_relative_difference),
            one.undefined.to_string(),
        ]);
    }
    out.table(&table, "");
}
