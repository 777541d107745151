//! Walk-forward: parameters are chosen on one window and tested on the bars behind it, again and
//! again (R. Pardo, "The Evaluation and Optimization of Trading Strategies").
//!
//! A test is told as many bars before its window as the slowest set needs to warm up, and trades
//! none of them. It is never told a bar behind its window: the data end there. Each test begins
//! flat, with the money that the test before left, so the tests together are one account. This
//! module must not know files.

mod error;
mod windows;

use std::{collections::BTreeMap, num::NonZeroUsize, ops::ControlFlow};

use backtest::BacktestError;
use domain::Timestamp;
pub use error::WalkError;
use rust_decimal::Decimal;
use serde::Serialize;
pub use windows::{FOLDS_MAX, Plan, Window};

use crate::{
    stats::{EquityPoint, Figure, Fold, Statistics, TradeRow, WalkForward, parameter_spread},
    sweep::{Objective, Outcome, Row, Space, Sweep},
    trial::{self, Report, Trial, TrialError},
};

const DAY_NANOS: f64 = 86_400e9;

/// What is walked.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The trial over all of history.
    pub trial: Trial,
    /// The sets to choose from.
    pub space: Space,
    /// What they are chosen by.
    pub objective: Objective,
    /// How history is divided.
    pub plan: Plan,
}

/// A fold that was walked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Walked {
    /// When the train window's first bar opens.
    pub train_from: Timestamp,
    /// When the test window's first bar opens.
    pub test_from: Timestamp,
    /// When its last bar closes.
    pub test_until: Timestamp,
    /// What was chosen.
    pub params: BTreeMap<String, f64>,
    /// The objective on the train window.
    pub in_sample_objective: f64,
    /// The same figure on the test window.
    pub out_of_sample_objective: Option<f64>,
    /// Returns and lengths.
    #[serde(flatten)]
    pub returns: Fold,
    /// Trades that were closed in the test.
    pub trades: usize,
    /// The hash of the test's result.
    pub result: String,
}

/// What came of a walk.
#[derive(Debug, Clone, Serialize)]
pub struct WalkReport {
    /// The strategy's name.
    pub strategy: String,
    /// The figure that sets were chosen by.
    pub objective: Objective,
    /// How history was divided.
    pub plan: Plan,
    /// Bars before each window that only warm up.
    pub warm_up_bars: usize,
    /// Sets that each fold chose from.
    pub sets: usize,
    /// The folds, in the order of time.
    pub folds: Vec<Walked>,
    /// All folds together.
    pub walk_forward: WalkForward,
    /// How much each parameter moved between folds.
    pub parameter_spread: BTreeMap<String, Figure>,
    /// Every figure of the tests as one account.
    pub statistics: Statistics,
    /// The account at every close of the tests.
    #[serde(skip)]
    pub equity: Vec<EquityPoint>,
}

/// The tests so far, as one account.
struct Joined {
    cash: Decimal,
    equity: Vec<EquityPoint>,
    trades: Vec<TradeRow>,
    rejected: BTreeMap<String, u64>,
}

impl Joined {
    fn add(&mut self, test: Report) {
        let skip = usize::from(!self.equity.is_empty());
        self.cash = test.equity.last().map_or(self.cash, |point| point.equity);
        self.equity.extend(test.equity.into_iter().skip(skip));
        let first = self.trades.len() as u64 + 1;
        let trades = (first..).zip(test.trades).map(|(id, trade)| TradeRow { id, ..trade });
        self.trades.extend(trades);
        for (code, count) in test.refused.codes {
            *self.rejected.entry(code.name().to_owned()).or_default() += count;
        }
    }
}

fn total_return(statistics: &Statistics) -> f64 {
    statistics.number("total_return_percent").flatten().unwrap_or(0.0)
}

fn days(report: &Statistics) -> f64 {
    report.summary.years * 365.25
}

fn stopped() -> WalkError {
    TrialError::from(BacktestError::Stopped).into()
}

/// Why no set was chosen, where one reason holds for a set.
fn reason(rows: &[Row]) -> String {
    let refused = rows.iter().find_map(|row| match &row.outcome {
        Outcome::Refused(why) => Some(format!(": {}", why.reason)),
        Outcome::Tried(_) => None,
    });
    refused.unwrap_or_default()
}

impl Walk {
    /// Walks. `each` is told how many folds of how many have ended, whenever a set was tried or a
    /// fold has ended, and ends the walk by its answer. What is found is the same for any number of
    /// threads.
    ///
    /// # Errors
    /// [`WalkError`] names what can't be walked and why, or that the walk was ended.
    pub fn run(
        &self,
        threads: NonZeroUsize,
        mut each: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<WalkReport, WalkError> {
        let windows = self.windows()?;
        let warm_up = self.warm_up();
        let cash = self.trial.terms.cash;
        let (equity, trades) = (Vec::new(), Vec::new());
        let mut joined = Joined { cash, equity, trades, rejected: BTreeMap::new() };
        let mut folds = Vec::with_capacity(windows.len());
        for (fold, window) in windows.iter().enumerate() {
            if joined.cash <= Decimal::ZERO {
                return Err(WalkError::Ruined { fold, equity: joined.cash });
            }
            let mut tried = || each(fold, windows.len());
            folds.push(self.fold(
                (fold + 1, window),
                warm_up,
                (threads, &mut tried),
                &mut joined,
            )?);
            if each(folds.len(), windows.len()).is_break() {
                return Err(stopped());
            }
        }
        self.report(warm_up, folds, joined)
    }

    /// The folds, by the bars of the first symbol. Bars before the trial begins are in none; they
    /// warm the first windows up.
    ///
    /// # Errors
    /// As [`Plan::windows`].
    pub fn windows(&self) -> Result<Vec<Window>, WalkError> {
        let bars = self.trial.markets.first().map_or(&[][..], |market| &market.bars);
        let from = self.trial.from.unwrap_or(Timestamp(i64::MIN));
        let before = bars.partition_point(|bar| bar.close_at < from);
        let windows = self.plan.windows(bars.len() - before)?;
        Ok(windows.into_iter().map(|window| window.later(before)).collect())
    }

    /// Bars that the slowest set needs.
    fn warm_up(&self) -> usize {
        let sets = 0..self.space.len();
        let of = |set| {
            let params = self.space.params(set);
            Trial { params, ..self.trial.clone() }.compiled().ok().map(|rules| rules.warm_up())
        };
        sets.filter_map(of).max().unwrap_or(0)
    }

    /// The trial of a window: bars before it to warm up, none behind it.
    #[must_use]
    pub fn window(&self, bars: &std::ops::Range<usize>, warm_up: usize) -> Trial {
        let mut trial = self.trial.clone();
        let Some(clock) = self.trial.markets.first().map(|market| &market.bars) else {
            return trial;
        };
        let Some(told) = clock.get(bars.start.saturating_sub(warm_up)..bars.end) else {
            return trial;
        };
        let (Some(first), Some(last)) = (told.first(), told.last()) else { return trial };
        trial.from = clock.get(bars.start).map(|bar| bar.close_at);
        for market in &mut trial.markets {
            let from = market.bars.partition_point(|bar| bar.open_at < first.open_at);
            let until = market.bars.partition_point(|bar| bar.close_at <= last.close_at);
            market.bars = market.bars.get(from..until).unwrap_or_default().into();
        }
        trial
    }

    fn fold(
        &self,
        (fold, window): (usize, &Window),
        warm_up: usize,
        (threads, tried): (NonZeroUsize, &mut dyn FnMut() -> ControlFlow<()>),
        joined: &mut Joined,
    ) -> Result<Walked, WalkError> {
        let train = self.window(&window.train, warm_up);
        let sweep = Sweep::new(train, self.space.clone(), self.objective);
        let rows = sweep.run(threads, Vec::new(), |_| match tried() {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(stopped()),
        })?;
        let nothing = || WalkError::NothingChosen { fold, why: reason(&rows) };
        let best = sweep.best(&rows).ok_or_else(nothing)?;
        let measured = sweep.confirmed(best.set, best.measured().ok_or_else(nothing)?)?;
        let objective = measured.objective.ok_or_else(nothing)?;
        let mut test = self.window(&window.test, warm_up);
        test.params = self.space.params(best.set);
        test.terms.cash = joined.cash;
        test.terms.compare = None;
        test.terms.figures.resample = None;
        let report = trial::run(&test)?;
        let outside = &report.statistics;
        let clock = &self.trial.markets[0].bars;
        let (first, last) =
            (clock[window.train.start].open_at, clock[window.train.end - 1].close_at);
        let span = last.since(first).0 as f64 / DAY_NANOS;
        let walked = Walked {
            train_from: first,
            test_from: clock[window.test.start].open_at,
            test_until: report.until,
            params: report.params.clone(),
            in_sample_objective: objective,
            out_of_sample_objective: outside.number(self.objective.name).flatten(),
            returns: Fold {
                in_sample_percent: measured.figure("total_return_percent").unwrap_or(0.0),
                in_sample_days: span,
                out_of_sample_percent: total_return(outside),
                out_of_sample_days: days(outside),
            },
            trades: report.trades.len(),
            result: report.reproducibility.result.clone(),
        };
        joined.add(report);
        Ok(walked)
    }

    fn report(
        &self,
        warm_up: usize,
        folds: Vec<Walked>,
        joined: Joined,
    ) -> Result<WalkReport, WalkError> {
        let returns: Vec<Fold> = folds.iter().map(|fold| fold.returns).collect();
        let spread = |name: &String| {
            let chosen: Vec<f64> =
                folds.iter().filter_map(|fold| fold.params.get(name)).copied().collect();
            (name.clone(), parameter_spread(&chosen))
        };
        let mut all = self.trial.clone();
        all.from = folds.first().map(|fold| fold.test_from.plus(domain::Nanos(1)));
        let run = (&joined.equity[..], &joined.trades[..]);
        let statistics = trial::joined(&all, run, &joined.rejected)?;
        Ok(WalkReport {
            strategy: self.trial.strategy.name.clone(),
            objective: self.objective,
            plan: self.plan,
            warm_up_bars: warm_up,
            sets: self.space.len(),
            walk_forward: WalkForward::of(&returns),
            parameter_spread: self.space.names().iter().map(spread).collect(),
            folds,
            statistics,
            equity: joined.equity,
        })
    }
}
