//! One run of the kernel by itself: what it comes to, and how fast.
//!
//! The one place of this crate that looks at a clock; nothing but [`Timed`] depends on it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Exact, NotScreened, Screened};
use crate::{sweep::Measured, trial::Trial};

/// Runs are repeated until this time is spent, and at least [`RUNS_MIN`] times.
const SPEND: Duration = Duration::from_millis(500);
const RUNS_MIN: u32 = 3;

/// What the kernel says of a trial, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timed {
    /// Bars of history.
    pub bars: usize,
    /// The figures that the kernel knows.
    pub figures: std::collections::BTreeMap<&'static str, Option<f64>>,
    /// What the account is worth at the last close, to the last digit.
    pub equity: String,
    /// Fees that were paid for closed round trips, to the last digit.
    pub fees: String,
    /// Closed round trips.
    pub trades: usize,
    /// Making whole numbers and columns out of the bars, in seconds; it is done once for all runs.
    pub prepare_seconds: f64,
    /// How often it was run.
    pub runs: u32,
    /// The fastest run in seconds: rules, orders, fees, equity at every close and figures.
    pub seconds: f64,
    /// Bars by seconds of the fastest run.
    pub bars_per_second: f64,
}

/// Runs a trial by the kernel some times.
///
/// # Errors
/// [`NotScreened`] says why only the engine can try it.
pub fn timed(trial: &Trial) -> Result<Timed, NotScreened> {
    let begun = Instant::now();
    let screened = Screened::of(trial, "final_equity")?;
    let prepared = begun.elapsed();
    let run = || -> Result<(Duration, Measured, Exact), NotScreened> {
        let begun = Instant::now();
        let (measured, exact) = screened.exact(&trial.params, "final_equity")?;
        Ok((begun.elapsed(), measured, exact))
    };
    let begun = Instant::now();
    let (mut fastest, measured, exact) = run()?;
    let mut runs = 1;
    while runs < RUNS_MIN || begun.elapsed() < SPEND {
        fastest = fastest.min(run()?.0);
        runs += 1;
    }
    let bars = screened.screen.tape().len();
    let seconds = fastest.as_secs_f64();
    Ok(Timed {
        bars,
        figures: measured.named(),
        equity: exact.equity.to_string(),
        fees: exact.fees.to_string(),
        trades: exact.trades,
        prepare_seconds: prepared.as_secs_f64(),
        runs,
        seconds,
        bars_per_second: bars as f64 / seconds,
    })
}
