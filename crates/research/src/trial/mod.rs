//! One strategy over one stretch of history: the desk's own path, and what came of it.
//!
//! It puts the parts together: a strategy's rules, the batch driver with the desk's core, gate,
//! ledger and paper venue, and the statistics. Equal inputs give equal bytes. It must not know
//! files or where bars come from.

pub(crate) mod calendar;
mod error;
mod events;
pub(crate) mod fingerprint;
mod gaps;
mod observed;
mod quiet;
mod rows;
mod scaled;
mod setup;
mod signals;

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use backtest::{Backtest, Holding, Outcome};
use domain::{Bar, CalendarKind, Limits, Price, Qty, Timeframe, Timestamp};
pub use error::TrialError;
pub use events::{Events, Funding};
pub use fingerprint::Reproducibility;
use observed::Observed;
use path::{codes::RefusalCode, core::Compared};
use quiet::Quiet;
use rust_decimal::Decimal;
use scaled::Scaled;
use serde::Serialize;
pub use setup::{instrument_id, setup};
pub use signals::{Signal, rule_names, signals};
use strategy::{Skipped, Strategy, compile};

pub use crate::stats::input::GAPS_MAX;
use crate::stats::{DataGap, EquityPoint, Settings, Statistics, TradeRow};

/// The bars of one symbol and how it trades.
#[derive(Debug, Clone)]
pub struct Market {
    /// The symbol, as the strategy names it.
    pub symbol: String,
    /// When it trades.
    pub calendar: CalendarKind,
    /// Prices are multiples of this.
    pub tick: Price,
    /// Quantities are multiples of this.
    pub step: Qty,
    /// The bars, in order; shared by all trials over them.
    pub bars: Arc<[Bar]>,
    /// What happens besides.
    pub events: Events,
    /// Stretches without a bar although the market was open, in order: up to [`GAPS_MAX`].
    pub gaps: Arc<[DataGap]>,
}

/// What a strategy is tried with.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What the account begins with, in US dollars; above 0.
    pub cash: Decimal,
    /// Fee of every fill as a share of its value: 0.001 is 0.1 %.
    pub fee: Decimal,
    /// By how many hundredths of a per cent market and stop orders fill worse; 0 to 1000.
    pub slippage_bps: Decimal,
    /// Half the distance from bid to ask in hundredths of a per cent.
    pub half_spread_bps: Decimal,
    /// What holders of shorts owe a year, as a share of their value.
    pub borrow_rate: Decimal,
    /// Limits that are in force; none in research.
    pub limits: Limits,
    /// The name of these limits, for the record.
    pub limits_name: String,
    /// Limits by which entries are judged besides, without effect.
    pub compare: Option<(String, Limits)>,
    /// What the figures are relative to.
    pub figures: Settings,
}

/// Is told how much of how much has been done, and says whether work goes on.
pub type Watch<'w> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'w;

/// What one trial rests on.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The strategy.
    pub strategy: Arc<Strategy>,
    /// Its constants, each of them.
    pub params: BTreeMap<String, f64>,
    /// A market for each symbol of the strategy, and for each that its formulas read.
    pub markets: Vec<Market>,
    /// Nothing is wished at closes before this instant, and the figures begin with the bar that
    /// closes then: what is before only warms the rules up. Everything counts when it is absent.
    pub from: Option<Timestamp>,
    /// The last close that was asked for; the markets have no later bar.
    pub until: Option<Timestamp>,
    /// Money and costs.
    pub terms: Terms,
}

/// Refused wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// How many.
    pub orders: u64,
    /// By rule; an order may break several.
    pub codes: BTreeMap<RefusalCode, u64>,
}

/// What came of a trial.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The strategy's name.
    pub strategy: String,
    /// Its symbols.
    pub symbols: Vec<String>,
    /// The span of a bar.
    pub timeframe: Timeframe,
    /// Its constants.
    pub params: BTreeMap<String, f64>,
    /// When the first bar opens.
    pub from: Timestamp,
    /// When the last bar closes.
    pub until: Timestamp,
    /// Bars that were played, all symbols together.
    pub bars: u64,
    /// Bars before every rule can have a value.
    pub warm_up_bars: usize,
    /// Every figure.
    pub statistics: Statistics,
    /// Closed round trips, in order of their end.
    pub trades: Vec<TradeRow>,
    /// What is still held at the end, valued at the last price.
    pub open: Vec<Holding>,
    /// What the gate refused.
    pub refused: Refused,
    /// What other limits would have refused, by their name.
    pub would_be_refused: Option<(String, Compared)>,
    /// Entries that the strategy left out by itself.
    pub skipped: Skipped,
    /// Alarms of the desk, by code.
    pub alarms: BTreeMap<String, u64>,
    /// Everything that was assumed, in words.
    pub assumptions: Vec<String>,
    /// What the result rests on, as hashes.
    pub reproducibility: Reproducibility,
    /// The account at every close.
    #[serde(skip)]
    pub equity: Vec<EquityPoint>,
}

/// Tries a strategy.
///
/// # Errors
/// [`TrialError`] names what can't be tried and why.
pub fn run(trial: &Trial) -> Result<Report, TrialError> {
    watched(trial, &mut |_, _| ControlFlow::Continue(()))
}

/// As [`run`]; `watch` is told how many bars of how many have been played, and ends the run with
/// [`backtest::BacktestError::Stopped`] by its answer.
///
/// # Errors
/// As [`run`], and when the run was ended.
pub fn watched(trial: &Trial, watch: &mut Watch<'_>) -> Result<Report, TrialError> {
    let played = Played::of(trial, watch)?;
    let statistics = played.statistics(trial)?;
    played.report(trial, statistics)
}

/// Tries a strategy of which only the figures and the hash of the result are wanted, as of one of
/// many; both are the same as [`run`] tells.
///
/// # Errors
/// As [`run`].
pub fn measure(trial: &Trial) -> Result<(Statistics, String), TrialError> {
    let played = Played::of(trial, &mut |_, _| ControlFlow::Continue(()))?;
    let result = fingerprint::result(&played.trades, &played.equity, played.outcome.head)?;
    Ok((played.statistics(trial)?, result))
}

/// The figures of several runs that were joined to one account over part of a trial's history.
pub(crate) fn joined(
    trial: &Trial,
    run: (&[EquityPoint], &[TradeRow]),
    rejected: &BTreeMap<String, u64>,
) -> Result<Statistics, TrialError> {
    let prices = rows::benchmark(trial)?;
    let until = run.0.last().map(|point| point.at).unwrap_or_default();
    let known = prices.partition_point(|point| point.at <= until);
    calendar::statistics(trial, run, &prices[..known], rejected, 0)
}

/// A run that has ended, before anything is computed of it.
struct Played {
    equity: Vec<EquityPoint>,
    trades: Vec<TradeRow>,
    outcome: Outcome,
    skipped: Skipped,
    warm_up: usize,
}

impl Trial {
    /// True when something happens to what is traded besides its prices, of which only the engine
    /// knows.
    #[must_use]
    pub fn has_events(&self) -> bool {
        self.markets.iter().any(|market| !market.events.is_empty())
    }

    /// The bars of a symbol.
    fn market(&self, symbol: &str) -> Option<&Market> {
        self.markets.iter().find(|market| market.symbol == symbol)
    }

    /// The rules with these constants, once everything that they need is there.
    ///
    /// # Errors
    /// [`TrialError`] names what can't be tried and why.
    pub fn compiled(&self) -> Result<strategy::Compiled, TrialError> {
        self.check()?;
        let compiled = compile(&self.strategy, &self.params)
            .map_err(|(part, error)| TrialError::Rule { key: part.key(), error })?;
        self.covers(&compiled)?;
        Ok(compiled)
    }

    fn check(&self) -> Result<(), TrialError> {
        if self.terms.cash <= Decimal::ZERO {
            return Err(TrialError::Cash(self.terms.cash));
        }
        for symbol in &self.strategy.symbols {
            if self.market(symbol).is_none() {
                return Err(TrialError::NoBars(symbol.clone()));
            }
        }
        let all = self.strategy.chosen(&self.params)?;
        if let Some(name) = all.keys().find(|name| !self.params.contains_key(*name)) {
            return Err(TrialError::NoValue(name.clone()));
        }
        Ok(())
    }

    /// There are bars of every symbol that a formula reads.
    fn covers(&self, compiled: &strategy::Compiled) -> Result<(), TrialError> {
        let symbols = compiled.plan.symbols();
        let missing = symbols.into_iter().find(|s| self.market(s).is_none());
        missing.map_or(Ok(()), |symbol| Err(TrialError::NoBars(symbol.to_owned())))
    }
}

impl Played {
    fn of(trial: &Trial, watch: &mut Watch<'_>) -> Result<Self, TrialError> {
        let compiled = trial.compiled()?;
        let warm_up = compiled.warm_up();
        let mut quiet = Quiet::new(Scaled::new(trial, compiled)?, trial.from);
        let mut observed = Observed::new(trial, watch);
        let outcome = Backtest::new(setup::setup(trial)?)?.run(&mut quiet, &mut observed)?;
        let collected = observed.collected;
        let quiet = quiet.check()?;
        Ok(Self {
            equity: rows::equity(trial, &collected)?,
            trades: rows::trades(trial, &collected)?,
            outcome,
            skipped: quiet.skipped(),
            warm_up,
        })
    }

    fn rejected(&self) -> BTreeMap<String, u64> {
        let codes = &self.outcome.refusals.codes;
        codes.iter().map(|(code, count)| (code.name().to_owned(), *count)).collect()
    }

    fn statistics(&self, trial: &Trial) -> Result<Statistics, TrialError> {
        let prices = rows::benchmark(trial)?;
        let rejected = self.rejected();
        let run = (&self.equity[..], &self.trades[..]);
        calendar::statistics(trial, run, &prices, &rejected, self.warm_up)
    }

    fn report(self, trial: &Trial, statistics: Statistics) -> Result<Report, TrialError> {
        let Self { equity, trades, outcome, skipped, warm_up } = self;
        let from = equity.first().map(|point| point.at).unwrap_or_default();
        let reproducibility = Reproducibility::of(trial, &trades, &equity, outcome.head)?;
        let compare = trial.terms.compare.as_ref().map(|(name, _)| name.clone());
        Ok(Report {
            strategy: trial.strategy.name.clone(),
            symbols: trial.strategy.symbols.clone(),
            timeframe: trial.strategy.timeframe,
            params: trial.params.clone(),
            from,
            until: outcome.ended,
            bars: outcome.counts.bars,
            warm_up_bars: warm_up,
            statistics,
            trades,
            open: outcome.open,
            refused: Refused { orders: outcome.refusals.wishes, codes: outcome.refusals.codes },
            would_be_refused: compare.zip(outcome.compared),
            skipped,
            alarms: outcome.alarms,
            assumptions: setup::assumptions(trial, outcome.assumptions),
            reproducibility,
            equity,
        })
    }
}
