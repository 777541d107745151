//! The statistics of a backtest: every figure with one definition, a unit, and a reason when it
//! is undefined.
//!
//! [`Statistics::of`] takes equity by bar and closed trades and gives everything that a report
//! prints. The meaning and formula of each figure stand beside its field and make the page
//! `docs/statistics.md`. This module must not know how equity and trades came about.

mod benchmark;
mod brief;
pub mod calendar;
mod daily;
mod describe;
mod draw;
mod drawdown;
pub mod error;
mod exposure;
pub mod figure;
mod inference;
pub mod input;
mod monthly;
mod normal;
pub mod note;
pub(crate) mod number;
mod resample;
mod returns;
mod section;
pub mod settings;
mod stability;
mod summary;
mod tables;
mod tally;
mod trades;
mod walk_forward;

use std::collections::BTreeMap;

pub use benchmark::BenchmarkFigures;
pub(crate) use brief::{Brief, Marks};
pub use calendar::{Calendar, EveryDay, Sessions};
pub use describe::{Describe, describe, documentation};
pub(crate) use draw::Draw;
pub use drawdown::{Drawdown, DrawdownFigures, EPISODES_MAX};
pub use error::StatisticsError;
pub use exposure::Exposure;
pub use figure::{Figure, Remark};
pub use inference::{Estimate, Inference};
pub use input::{Benchmark, DataGap, Direction, EquityPoint, PricePoint, Run, TradeRow};
pub use monthly::Year;
pub use note::Note;
pub use resample::{Bootstrap, DRAWS_MAX, Interval, MonteCarlo, Percentiles};
pub use returns::{OBSERVATIONS_MIN, Returns};
use rust_decimal::Decimal;
pub use section::{Described, Noted, Unit};
use serde::Serialize;
pub use settings::{Resample, Settings, Trials};
pub use stability::{GridPoint, Stability, parameter_spread};
pub use summary::Summary;
pub use tables::{Group, Row, Tables};
pub use trades::TradeFigures;
pub use walk_forward::{Fold, WalkForward};

use self::{daily::Daily, drawdown::Drawdowns, section::Section, tally::Tally};

/// The figures that are told first, in order.
pub const KEY_FIGURES: &[&str] = &[
    "final_equity",
    "total_return_percent",
    "cagr_percent",
    "buy_and_hold_percent",
    "volatility_percent",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown_percent",
    "longest_drawdown_seconds",
    "trade_count",
    "win_rate_percent",
    "profit_factor",
    "expectancy",
    "expectancy_r",
    "sqn",
    "time_in_market_percent",
    "total_fees",
    "probabilistic_sharpe",
];

/// Everything that is told about a run. In JSON the figures of all sections stand side by side by
/// their names, which are all different.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// The run in short.
    #[serde(flatten)]
    pub summary: Summary,
    /// Growth and ratios.
    #[serde(flatten)]
    pub returns: Returns,
    /// Falls from peaks.
    #[serde(flatten)]
    pub drawdown: DrawdownFigures,
    /// Closed trades.
    #[serde(flatten)]
    pub trades: TradeFigures,
    /// What was at work, and costs.
    #[serde(flatten)]
    pub exposure: Exposure,
    /// Beside buy and hold.
    #[serde(flatten)]
    pub benchmark: BenchmarkFigures,
    /// What is more than luck.
    #[serde(flatten)]
    pub inference: Inference,
    /// The deepest falls, the deepest first.
    pub top_drawdowns: Vec<Noted<Drawdown>>,
    /// The trades in other orders.
    pub monte_carlo: Figure<MonteCarlo>,
    /// The returns drawn anew.
    pub bootstrap: Figure<Noted<Bootstrap>>,
    /// Trades by what they have in common.
    #[serde(flatten)]
    pub tables: Tables,
    /// Returns by year and month.
    pub monthly_returns: Vec<Year>,
    /// Orders that were refused, by code.
    pub rejected_orders: BTreeMap<String, u64>,
    /// The longest stretches without a bar although the market was open, in order.
    pub data_gaps: Vec<DataGap>,
    /// Why figures are undefined or doubtful.
    pub remarks: Vec<Remark>,
}

impl Statistics {
    /// The statistics of a run.
    ///
    /// # Errors
    /// [`StatisticsError`] for input that is empty, out of order or out of range, and for a
    /// calendar that doesn't cover the run.
    pub fn of(
        run: &Run<'_>,
        calendar: &dyn Calendar,
        settings: &Settings,
    ) -> Result<Self, StatisticsError> {
        run.check()?;
        settings.check()?;
        calendar.check()?;
        let marks = || run.equity.iter().map(|point| (point.at, point.equity));
        let (Some(first), Some(daily)) = (run.equity.first(), Daily::of(marks(), calendar)?) else {
            return Err(StatisticsError::NoEquity);
        };
        let series = daily.returns();
        let mut summary = Summary::of(run.equity, first, &daily, calendar, settings);
        let drawdowns = Drawdowns::of(marks());
        summary.doubt(drawdowns.below_zero());
        let trades = in_order_of_closing(run.trades);
        let profits: Vec<Decimal> = trades.iter().map(|trade| trade.net_profit).collect();
        let tally = Tally::of(trades.iter().copied());
        let held = (&daily, &series);
        let mut statistics = Self {
            returns: Returns::of(&series, &summary, &drawdowns),
            drawdown: drawdowns.figures(),
            trades: TradeFigures::of(&trades),
            exposure: Exposure::of(run.equity, &tally, &summary),
            benchmark: BenchmarkFigures::of(run.benchmark, held, &summary, calendar)?,
            inference: Inference::of(&series, &summary, settings),
            top_drawdowns: drawdowns.top(),
            monte_carlo: resample::monte_carlo(first.equity, &profits, settings.resample),
            bootstrap: resample::bootstrap(returns::enough(&series), &summary, settings),
            tables: Tables::of(&trades, calendar),
            monthly_returns: monthly::monthly(&daily),
            rejected_orders: run.rejected_orders.clone(),
            data_gaps: run.data_gaps.to_vec(),
            remarks: Vec::new(),
            summary,
        };
        statistics.remarks = statistics.noted();
        Ok(statistics)
    }

    /// A figure by its name in JSON, as a number: `None` when there is no such figure, `Some(None)`
    /// when it has no value. An optimiser's objective is read by this.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Option<f64>> {
        self.sections().into_iter().find_map(|section| section.number(name))
    }

    /// The figures of [`KEY_FIGURES`] as they stand in the statistics' own JSON.
    ///
    /// # Errors
    /// [`serde_json::Error`] when the statistics can't be written, which plain data can.
    pub fn key(&self) -> Result<serde_json::Map<String, serde_json::Value>, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        Ok(KEY_FIGURES.iter().map(|name| ((*name).to_owned(), all[*name].take())).collect())
    }

    fn sections(&self) -> [&dyn Section; 7] {
        [
            &self.summary,
            &self.returns,
            &self.drawdown,
            &self.trades,
            &self.exposure,
            &self.benchmark,
            &self.inference,
        ]
    }

    fn noted(&self) -> Vec<Remark> {
        let figures = self.sections().into_iter().flat_map(Section::remarks);
        let drawn =
            [("monte_carlo", self.monte_carlo.notes()), ("bootstrap", self.bootstrap.notes())];
        let drawn = drawn
            .into_iter()
            .flat_map(|(name, notes)| notes.iter().map(move |note| Remark::new(name, *note)));
        figures.chain(drawn).collect()
    }
}

/// By the moment of closing; of several at the same moment by id.
fn in_order_of_closing(trades: &[TradeRow]) -> Vec<&TradeRow> {
    let mut ordered: Vec<&TradeRow> = trades.iter().collect();
    ordered.sort_by_key(|trade| (trade.closed_at, trade.id));
    ordered
}
