//! One strategy over one stretch of history.

use ::research::trial;
use clap::Args;

use super::{args::TrialArgs, show};
use crate::cli::{Outcome, context::Context, failure::Failure, output::Out};

/// What to try.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv
  cofferdam backtest strategies/momentum.toml --bars data/GOOG-1d.csv --symbol GOOG --param length=60
  cofferdam backtest strategies/momentum.toml --bars data/IBM-1d.csv --json > run.json

The run is the desk itself over history: its gate, its ledger, its paper venue. --json prints every
figure, every trade, what was assumed and the hashes of all that the result rests on.")]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    trial: TrialArgs,
    /// Print the closed trades too
    #[arg(long)]
    trades: bool,
}

/// Tries it.
pub(crate) fn run(args: &BacktestArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let trial = args.trial.trial(ctx)?;
    let report = trial::run(&trial).map_err(|e| Failure::new(e.code(), e.to_string()))?;
    out.json(&report)?;
    show::report(&report, out);
    if args.trades {
        show::trades(&report, out);
    }
    Ok(Outcome::Done)
}
