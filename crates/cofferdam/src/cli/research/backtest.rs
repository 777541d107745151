//! One strategy over one stretch of history.

use std::{ops::ControlFlow, path::PathBuf};

use ::research::{
    html, screened,
    trial::{self, Trial},
};
use clap::Args;

use super::{args::TrialArgs, show};
use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    files::Target,
    output::{Out, Table, grouped},
    progress::Progress,
};

/// What the beginning of every page has, and of nothing else.
const PAGE: &str = " – backtest – Cofferdam</title>";

/// What to try.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv
  cofferdam backtest strategies/momentum.toml --bars data/GOOG-1d.csv --symbol GOOG --param length=60
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv --from 2008-01-01 --until 2009-12-31
  cofferdam backtest strategies/momentum.toml --bars data/IBM-1d.csv --json > run.json
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv --html run.html
  cofferdam backtest strategies/golden-cross.toml --bars data/IBM-1d.csv --screen

The run is the desk itself over history: its gate, its ledger, its paper venue. --json prints every
figure, every trade, what was assumed and the hashes of all that the result rests on.")]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    trial: TrialArgs,
    /// Print the closed trades too
    #[arg(long)]
    trades: bool,
    /// Write a page with charts, every figure, trades and assumptions; an earlier page is replaced,
    /// any other file is kept
    #[arg(long, value_name = "OUT.html")]
    html: Option<PathBuf>,
    /// Run the screening kernel alone and tell how fast it is: the same trades and equity without a
    /// journal, for strategies that it can try
    #[arg(long, conflicts_with_all = ["trades", "html"])]
    screen: bool,
}

/// Tries it.
pub(crate) fn run(args: &BacktestArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let page = args.html.as_deref();
    let page =
        page.map(|path| Target::new("--html", path, args.trial.inputs(), PAGE)).transpose()?;
    let trial = args.trial.trial(ctx)?;
    if args.screen {
        return screen(&trial, out);
    }
    let mut progress = Progress::new();
    let told = trial::watched(&trial, &mut |done, all| {
        progress.tell(|| format!("{done} of {all} bars"));
        ControlFlow::Continue(())
    });
    drop(progress);
    let report = told.map_err(|e| Failure::new(e.code(), e.to_string()))?;
    if let Some(page) = &page {
        page.write(&html::html(&trial, &report))?;
    }
    out.json(&report)?;
    show::report(&trial, &report, out);
    if args.trades {
        show::trades(&report, out);
    }
    Ok(Outcome::Done)
}

/// What the kernel says and how long it took. Limits that are asked besides are not for it.
fn screen(trial: &Trial, out: &mut Out) -> Result<Outcome, Failure> {
    let timed = screened::timed(trial).map_err(|why| {
        Failure::new(why.code(), format!("the kernel can't try this: {why}; leave out --screen"))
    })?;
    out.json(&serde_json::json!({ "screen": timed }))?;
    let bars = grouped(&timed.bars.to_string(), 0);
    out.line(format!(
        "{} on {}, {bars} bars, screened",
        trial.strategy.name, trial.strategy.symbols[0]
    ));
    out.raw_line();
    let mut table = Table::new(&["figure", ">value"]);
    table.row(["final equity".to_owned(), grouped(&timed.equity, 2)]);
    table.row(["trades".to_owned(), grouped(&timed.trades.to_string(), 0)]);
    table.row(["fees of trades".to_owned(), grouped(&timed.fees, 2)]);
    for name in ["total_return_percent", "max_drawdown_percent", "sharpe"] {
        let value = timed.figures.get(name).copied().flatten();
        let value = value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.2}"));
        table.row([name.replace("_percent", " %").replace('_', " "), value]);
    }
    out.table(&table, "");
    out.raw_line();
    out.line(format!(
        "{:.1} M bars/s: the fastest of {} runs took {:.3} ms; preparing the bars took {:.1} ms.",
        timed.bars_per_second / 1e6,
        timed.runs,
        timed.seconds * 1e3,
        timed.prepare_seconds * 1e3,
    ));
    Ok(Outcome::Done)
}
