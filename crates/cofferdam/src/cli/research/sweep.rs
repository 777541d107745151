//! Many sets of parameters of one strategy over one stretch of history.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use ::research::sweep::{By, Plateau, Row, Spot, Sweep, SweepReport};
use clap::Args;

use super::{args::TrialArgs, search::SearchArgs, show::params, sweep_log::SweepLog};
use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table},
    progress::Progress,
};

/// What to try.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam sweep strategies/ma-crossover.toml --bars data/IBM-1d.csv --grid fast=5..50:1 --grid slow=20..200:2
  cofferdam sweep strategies/momentum.toml --bars data/IBM-1d.csv --random 500 --seed 7 --objective calmar
  cofferdam sweep strategies/ma-crossover.toml --bars data/IBM-1d.csv --grid fast=2..60:2 --out ma.jsonl

Every set is a backtest of its own. The best of many is lucky: read its deflated Sharpe ratio, which
knows how many were tried, and the plateau, whose neighbours do well too. With --out a sweep that
was stopped is taken up again; the answer is the same.")]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    trial: TrialArgs,
    #[command(flatten)]
    search: SearchArgs,
    /// Add each set to this file as it ends, one JSON document a line; a file of the same sweep is
    /// taken up
    #[arg(long, value_name = "FILE.jsonl")]
    out: Option<PathBuf>,
    /// Try every set by the engine, also where the screening kernel tells the same
    #[arg(long)]
    engine: bool,
}

/// Tries them all.
pub(crate) fn run(args: &SweepArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let trial = args.trial.trial(ctx)?;
    let resample = trial.terms.figures.resample;
    let sweep = args.search.sweep(trial, &args.trial)?;
    let sweep = if args.engine { sweep.by_engine() } else { sweep };
    let rows = tried(args, &sweep)?;
    let report = sweep
        .report(&rows, args.search.threads(), resample)
        .map_err(|error| Failure::new(error.code(), error.to_string()))?;
    out.json(&report)?;
    show(&report, out);
    Ok(if report.trials == 0 { Outcome::Refused } else { Outcome::Done })
}

fn tried(args: &SweepArgs, sweep: &Sweep) -> Result<Vec<Row>, Failure> {
    let (mut log, done) = match &args.out {
        Some(path) => {
            let (log, done) = SweepLog::open(path, &args.trial.inputs(), sweep)?;
            (Some(log), done)
        }
        None => (None, Vec::new()),
    };
    let (all, before) = (sweep.space().len(), done.len());
    let mut count = before;
    let mut progress = Progress::new();
    if let Some(why) = sweep.not_screened() {
        eprintln!("every set is tried by the engine: {why}");
    }
    let begun = Instant::now();
    let rows = sweep.run(args.search.threads(), done, |row| {
        if let Some(log) = &mut log {
            log.write(&sweep.line(row)?)?;
        }
        count += 1;
        progress.tell(|| format!("{count} of {all} sets"));
        Ok::<(), Failure>(())
    })?;
    drop(progress);
    if let Some(log) = &mut log {
        log.sync()?;
    }
    if all > before && rows.iter().all(|row| row.measured().is_some_and(|m| m.by() == By::Screen)) {
        tell_speed(sweep, all - before, begun.elapsed());
    }
    Ok(rows)
}

/// How fast sets were screened, on standard error: the answer has the same bytes at any speed.
fn tell_speed(sweep: &Sweep, sets: usize, took: Duration) {
    let (bars, seconds) = (sweep.bars(), took.as_secs_f64());
    let speed = sets as f64 * bars as f64 / seconds / 1e9;
    eprintln!(
        "the best {} are tried again by the engine",
        sweep.tried_again().min(sweep.space().len())
    );
    eprintln!("screened {sets} sets over {bars} bars in {seconds:.3} s: {speed:.2} G set-bars/s");
}

fn show(report: &SweepReport, out: &mut Out) {
    let (tried, sets) = (report.trials, report.sets);
    out.line(format!(
        "{}: {tried} of {sets} sets tried, best by {}",
        report.strategy, report.objective
    ));
    for refused in &report.refused {
        out.line(format!("{} sets can't be tried: {}", refused.sets, refused.why.reason));
    }
    if report.undefined > 0 {
        out.line(format!("{} sets have no {}", report.undefined, report.objective));
    }
    out.raw_line();
    let mut table =
        Table::new(&["parameters", ">objective", ">return %", ">max drawdown %", ">trades"]);
    for top in &report.top {
        let figure = |name: &str, decimals: usize| {
            let value = top.figures.get(name).copied().flatten();
            value.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.decimals$}"))
        };
        table.row([
            params(&top.params),
            format!("{:.4}", top.objective),
            figure("total_return_percent", 2),
            figure("max_drawdown_percent", 2),
            figure("trade_count", 0),
        ]);
    }
    out.table(&table, "no set has a value");
    if let Some(plateau) = &report.plateau {
        show_plateau(plateau, out);
    }
    show_luck(report, out);
}

fn show_plateau(plateau: &Plateau, out: &mut Out) {
    out.raw_line();
    let mut table =
        Table::new(&["", "parameters", ">objective", ">with neighbours", ">plateau ratio"]);
    for (name, spot) in [("best peak", &plateau.peak), ("plateau centre", &plateau.centre)] {
        let Spot { objective, neighbourhood_mean, stability, .. } = spot;
        let ratio = stability.plateau_ratio.value();
        table.row([
            name.to_owned(),
            params(&spot.params),
            format!("{objective:.4}"),
            format!("{neighbourhood_mean:.4}"),
            ratio.map_or_else(|| "undefined".to_owned(), |ratio| format!("{ratio:.2}")),
        ]);
    }
    out.table(&table, "");
}

fn show_luck(report: &SweepReport, out: &mut Out) {
    let Some(best) = &report.best else { return };
    let figure = |name: &str| {
        let value = best.statistics.number(name).flatten();
        value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}"))
    };
    out.raw_line();
    out.line(format!(
        "Sharpe ratio of the best {}; the luckiest of {} sets without merit would have {}.",
        figure("sharpe"),
        report.trials,
        figure("lucky_sharpe")
    ));
    out.line(format!(
        "Probability that it is more than luck (deflated Sharpe ratio): {}",
        figure("deflated_sharpe")
    ));
    out.line(format!("result {}", best.reproducibility.result));
}
