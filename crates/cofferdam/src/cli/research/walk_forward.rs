//! Parameters chosen on one stretch of history and tested on the next, again and again.

use std::ops::ControlFlow;

use ::research::{
    sweep::Objective,
    walk::{Plan, Walk, WalkReport},
};
use clap::Args;

use super::{
    args::TrialArgs,
    search::SearchArgs,
    show::{params, section},
};
use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, instant},
    progress::Progress,
    values,
};

/// What to walk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam walk-forward strategies/ma-crossover.toml --bars data/IBM-1d.csv --grid fast=5..50:5 --grid slow=20..200:20
  cofferdam walk-forward strategies/momentum.toml --bars data/IBM-1d.csv --random 100 --train 750 --test 125 --anchored

Each fold chooses the best set on its train window and tests it on the bars behind, which it has not
seen. A test is told bars before its window to warm up and trades none of them. Tests begin flat,
with the money that the one before left; what is still held at the end of a test is valued at the
last price and left.")]
pub(crate) struct WalkForwardArgs {
    #[command(flatten)]
    trial: TrialArgs,
    #[command(flatten)]
    search: SearchArgs,
    /// Bars of each window that parameters are chosen on
    #[arg(long, default_value_t = 500, value_name = "BARS", value_parser = values::bars,
          allow_negative_numbers = true)]
    train: usize,
    /// Bars of each window that they are tested on
    #[arg(long, default_value_t = 100, value_name = "BARS", value_parser = values::bars,
          allow_negative_numbers = true)]
    test: usize,
    /// Begin every train window with the first bar, so that they grow
    #[arg(long)]
    anchored: bool,
}

/// Walks.
pub(crate) fn run(
    args: &WalkForwardArgs,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let trial = args.trial.trial(ctx)?;
    let sweep = args.search.sweep(trial.clone(), &args.trial)?;
    let (space, objective) = (sweep.space().clone(), sweep.objective());
    let plan = Plan { train: args.train, test: args.test, anchored: args.anchored };
    let walk = Walk { trial, space, objective, plan };
    let mut progress = Progress::new();
    let told = walk.run(args.search.threads(), |fold, all| {
        progress.tell(|| format!("{fold} of {all} folds"));
        ControlFlow::Continue(())
    });
    let report = told.map_err(|error| Failure::new(error.code(), error.to_string()))?;
    drop(progress);
    out.json(&report)?;
    show(&report, out)?;
    Ok(Outcome::Done)
}

fn show(report: &WalkReport, out: &mut Out) -> Result<(), Failure> {
    let Objective { name, .. } = report.objective;
    out.line(format!(
        "{}: {} folds, each chosen from {} sets by {name} on {} bars and tested on the next {}",
        report.strategy,
        report.folds.len(),
        report.sets,
        report.plan.train,
        report.plan.test,
    ));
    out.raw_line();
    let mut table = Table::new(&[
        "test from",
        "until",
        "parameters",
        ">chosen at",
        ">tested at",
        ">return %",
        ">trades",
    ]);
    for fold in &report.folds {
        let tested = fold.out_of_sample_objective;
        table.row([
            instant(fold.test_from),
            instant(fold.test_until),
            params(&fold.params),
            format!("{:.4}", fold.in_sample_objective),
            tested.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}")),
            format!("{:.2}", fold.returns.out_of_sample_percent),
            fold.trades.to_string(),
        ]);
    }
    out.table(&table, "");
    out.raw_line();
    section(&serde_json::to_value(&report.walk_forward)?, out);
    for (name, spread) in &report.parameter_spread {
        let shown = spread.value().map_or_else(|| "undefined".to_owned(), |v| format!("{v:.2}"));
        out.line(format!("{name} moved between folds by {shown} of its mean"));
    }
    out.raw_line();
    out.line("All tests as one account:");
    let statistics = serde_json::to_value(&report.statistics)?;
    let names = [
        "final_equity",
        "total_return_percent",
        "buy_and_hold_percent",
        "sharpe",
        "max_drawdown_percent",
        "trade_count",
    ];
    let picked = names.iter().map(|name| ((*name).to_owned(), statistics[*name].clone()));
    section(&serde_json::Value::Object(picked.collect()), out);
    Ok(())
}
