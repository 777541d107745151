//! The figures of a run of which only the marks that they rest on are known.
//!
//! It exists so that a search need not keep equity at every close. Each figure is made by the code
//! that makes it for a whole run. This module must not know how the marks were found.

use domain::Timestamp;
use rust_decimal::Decimal;

use super::{
    Calendar, EquityPoint, Returns, Settings, StatisticsError, Summary, daily::Daily,
    drawdown::Drawdowns, number, section::Section, tally::Tally,
};

/// What figures rest on.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    /// The start, then the last mark of every day, in order.
    pub(crate) days: Vec<(Timestamp, Decimal)>,
    /// The peak and the bottom of the deepest fall; `None` without one.
    pub(crate) deepest: Option<(Decimal, Decimal)>,
    /// Closes with and without a position, and those with one.
    pub(crate) closes: usize,
    pub(crate) held: usize,
    /// Closed trades that won and lost, and how many there are in all.
    pub(crate) wins: usize,
    pub(crate) losses: usize,
    pub(crate) trades: usize,
    /// What they won and lost after fees, each 0 or more, and their fees.
    pub(crate) won: Decimal,
    pub(crate) lost: Decimal,
    pub(crate) fees: Decimal,
}

/// Some figures of a run.
#[derive(Debug, Clone)]
pub(crate) struct Brief {
    summary: Summary,
    returns: Returns,
    tally: Tally,
    max_drawdown_percent: f64,
    time_in_market_percent: Option<f64>,
}

/// The figures of trades, by their names.
const OF_TRADES: [&str; 8] = [
    "trade_count",
    "win_rate_percent",
    "profit_factor",
    "expectancy",
    "payoff_ratio",
    "closed_profit",
    "total_fees",
    "time_in_market_percent",
];
const OF_EQUITY: [&str; 11] = [
    "sharpe",
    "sortino",
    "calmar",
    "final_equity",
    "net_profit",
    "total_return_percent",
    "cagr_percent",
    "volatility_percent",
    "average_day_percent",
    "worst_day_percent",
    "max_drawdown_percent",
];

impl Brief {
    /// True for a figure that it knows.
    pub(crate) fn knows(name: &str) -> bool {
        OF_TRADES.contains(&name) || OF_EQUITY.contains(&name)
    }

    /// The figures of marks.
    pub(crate) fn of(
        marks: &Marks,
        calendar: &dyn Calendar,
        settings: &Settings,
    ) -> Result<Self, StatisticsError> {
        let point = |(at, equity): &(Timestamp, Decimal)| EquityPoint {
            at: *at,
            equity: *equity,
            exposure_gross: Decimal::ZERO,
            exposure_net: Decimal::ZERO,
        };
        let points: Vec<EquityPoint> = marks.days.iter().map(point).collect();
        let daily = Daily::of(marks.days.iter().copied(), calendar)?;
        let (Some(first), Some(daily)) = (points.first(), daily) else {
            return Err(StatisticsError::NoEquity);
        };
        let summary = Summary::of(&points, first, &daily, calendar, settings);
        // A peak and its bottom make the episode; when they were matters for no figure here.
        let fall = marks.deepest.into_iter().flat_map(|(peak, bottom)| [peak, bottom]);
        let drawdowns = Drawdowns::of(fall.map(|equity| (first.at, equity)));
        let returns = Returns::of(&daily.returns(), &summary, &drawdowns);
        let tally = Tally {
            trades: marks.trades,
            wins: marks.wins,
            losses: marks.losses,
            won: marks.won,
            lost: marks.lost,
            fees: marks.fees,
            ..Tally::default()
        };
        let shared = |held: usize| number::count(held) / number::count(marks.closes) * 100.0;
        let max_drawdown_percent = drawdowns.figures().number("max_drawdown_percent");
        Ok(Self {
            summary,
            returns,
            tally,
            max_drawdown_percent: max_drawdown_percent.flatten().unwrap_or_default(),
            time_in_market_percent: (marks.closes > 0).then(|| shared(marks.held)),
        })
    }

    /// A figure by its name; `None` where it has no value or is not known.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let tally = &self.tally;
        let value = match name {
            "max_drawdown_percent" => Some(self.max_drawdown_percent),
            "time_in_market_percent" => self.time_in_market_percent,
            "trade_count" => Some(number::count(tally.trades)),
            "win_rate_percent" => tally.win_rate().ok().map(|share| share * 100.0),
            "profit_factor" => tally.profit_factor().ok(),
            "expectancy" => tally.expectancy().ok().map(number::approximate),
            "payoff_ratio" => tally.payoff().ok(),
            "closed_profit" => Some(number::approximate(tally.net())),
            "total_fees" => Some(number::approximate(tally.fees)),
            _ => self.summary.number(name).or_else(|| self.returns.number(name)).flatten(),
        };
        value.filter(|value| value.is_finite())
    }
}
