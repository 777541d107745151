//! Bars made up from a seed.
//!
//! The same words make the same bars on every machine, so the default start is a fixed day and
//! not today. This module must not know how the walk is made.

use ::bars::{BarStore, MergeOptions, Provenance, Series, SyntheticSpec, generate};
use clap::Args;
use domain::{Price, Timeframe, Timestamp, VenueId};
use serde_json::json;

use crate::cli::{
    Outcome,
    failure::Failure,
    output::{Out, grouped, instant},
    symbol, values,
};

pub(super) const HELP: &str = "\
The market of made-up bars is open round the clock. The same seed makes the same bars everywhere.

Example:
  cofferdam bars generate --symbol DEMO --seed 7 --bars 10000 --timeframe 1m";

/// What to make up.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The symbol: DEMO, or with its venue sim:DEMO
    #[arg(long)]
    symbol: String,
    /// The seed
    #[arg(long, value_parser = values::seed, allow_negative_numbers = true)]
    seed: u64,
    /// How many bars
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = values::made_up_bars)]
    bars: usize,
    /// The span of a bar, such as 1s, 1m or 1d
    #[arg(long)]
    timeframe: Timeframe,
    /// The venue, when the symbol names none
    #[arg(long, default_value = "sim")]
    venue: VenueId,
    /// The open of the first bar
    #[arg(long, default_value = "2024-01-01T00:00:00Z", value_name = "TIME",
          value_parser = values::start)]
    start: Timestamp,
    /// The first price
    #[arg(long, default_value = "100")]
    price: Price,
    /// The standard deviation of one bar's move, in millionths of the price
    #[arg(long, default_value_t = 500, value_name = "PPM")]
    volatility_ppm: u32,
    /// Replace stored bars that differ
    #[arg(long)]
    overwrite: bool,
}

/// Makes the bars and stores them.
pub(super) fn run(
    args: &GenerateArgs,
    store: &BarStore,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let instrument = symbol::at_venue(&args.venue, &args.symbol)?;
    let series = Series { instrument, timeframe: args.timeframe };
    let spec = SyntheticSpec::new(args.seed, args.start, args.timeframe)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let spec =
        SyntheticSpec { start_price: args.price, volatility_ppm: args.volatility_ppm, ..spec };
    let count = args.bars;
    let bars = generate(spec, count)?;
    if bars.len() < count {
        return Err(Failure::usage(format!(
            "--bars {count}: time ends after {} bars of {} from {} on; make fewer, or begin earlier",
            bars.len(),
            args.timeframe,
            args.start,
        )));
    }
    let merge = MergeOptions { overwrite: args.overwrite, provenance: Provenance::Synthetic };
    let report = store.merge(&series, &bars, merge)?;
    out.json(&json!({ "series": series, "spec": spec, "stored": report }))?;
    let last = bars.last().map_or(args.start, |bar| bar.close_at);
    out.line(format!(
        "{series}: {} synthetic bars, {} to {}: {} added, {} replaced, {} known",
        grouped(&bars.len().to_string(), 0),
        instant(args.start),
        instant(last),
        report.added,
        report.replaced,
        report.unchanged,
    ));
    Ok(Outcome::Done)
}
