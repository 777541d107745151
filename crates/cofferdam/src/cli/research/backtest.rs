//! One strategy over one stretch of history.

use std::{
    ffi::OsString,
    fs,
    io::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use ::research::{html, trial};
use clap::Args;

use super::{args::TrialArgs, show};
use crate::cli::{Outcome, context::Context, failure::Failure, output::Out, progress::Progress};

/// What to try.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv
  cofferdam backtest strategies/momentum.toml --bars data/GOOG-1d.csv --symbol GOOG --param length=60
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv --from 2008-01-01 --until 2009-12-31
  cofferdam backtest strategies/momentum.toml --bars data/IBM-1d.csv --json > run.json
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv --html run.html

The run is the desk itself over history: its gate, its ledger, its paper venue. --json prints every
figure, every trade, what was assumed and the hashes of all that the result rests on.")]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    trial: TrialArgs,
    /// Print the closed trades too
    #[arg(long)]
    trades: bool,
    /// Write a page with charts, every figure, trades and assumptions; an earlier file is replaced
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
}

/// Tries it.
pub(crate) fn run(args: &BacktestArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let trial = args.trial.trial(ctx)?;
    let mut progress = Progress::new();
    let told = trial::watched(&trial, &mut |done, all| {
        progress.tell(|| format!("{done} of {all} bars"));
        ControlFlow::Continue(())
    });
    drop(progress);
    let report = told.map_err(|e| Failure::new(e.code(), e.to_string()))?;
    if let Some(path) = &args.html {
        replace(path, &html::html(&trial, &report))?;
    }
    out.json(&report)?;
    show::report(&report, out);
    if args.trades {
        show::trades(&report, out);
    }
    Ok(Outcome::Done)
}

/// Writes a file whole, in the place of an earlier one.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut fresh = OsString::from(path);
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    let written = fs::File::create(&fresh)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&fresh, path));
    written.map_err(|error| Failure::file("write", path, &error))
}
