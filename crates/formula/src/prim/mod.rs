//! The primitives: what one node of a plan computes.
//!
//! Indicators are put together from these (see [`crate::catalog`]), so two indicators that share a
//! part compute it once. This module must not know text.

mod fields;

use domain::Timeframe;

pub use self::fields::{Binary, Column, PositionField, TimeField, Unary};
pub use crate::ops::{extreme::End, line::Ask, strength::Weigh};
use crate::{
    graph::{Exactly, FrameId, Grid, NodeId},
    ops::{
        Op, adaptive, average, covariance, deviation, events, extreme, line, logic, order, sar,
        stepped, strength, trail, variance, volume, wilder, window,
    },
};

/// What a node computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prim {
    /// A column of the frame's bars.
    Column(Column),
    /// A fact about the bar's time.
    Time(TimeField),
    /// A fact about the position.
    Position(PositionField),
    /// The value of a node of another frame whose bar had closed by the close of this bar.
    Align {
        /// The other frame.
        frame: FrameId,
        /// Its node.
        node: NodeId,
    },
    /// Two values to one, bar by bar.
    Binary(Binary),
    /// One value to another, bar by bar.
    Unary(Unary),
    /// The second value where the first is true, the third where it is false.
    If,
    /// Rounded half away from zero to so many decimals.
    Round(u32),
    /// The value so many bars ago.
    History(usize),
    /// Sum of the last values.
    Sum(usize),
    /// Mean of the last values.
    Sma(usize),
    /// Exponential average with alpha `2 / (length + 1)`, seeded with the mean of the first
    /// `length` values after `skip` ones were left out.
    Ema {
        /// Its length.
        length: usize,
        /// Values that are left out before the seed.
        skip: usize,
    },
    /// The same, begun with the very first value.
    EmaFromFirst(usize),
    /// Wilder's average, with alpha `1 / length`, seeded with the mean of the first values.
    Rma(usize),
    /// Wilder's averages of gains and losses in a series of changes, against each other.
    Strength {
        /// Their length.
        length: usize,
        /// Which ratio.
        weigh: Weigh,
    },
    /// Wilder's running sum, seeded with the sum of the first `length - 1` values.
    RunningSum(usize),
    /// Kaufman's average of the first source, from the distance come and the length of the way.
    Adaptive,
    /// A fact about the least-squares line through the last values.
    Line {
        /// How many values.
        length: usize,
        /// Which fact.
        ask: Ask,
    },
    /// The first source from so many bars after the second one begins.
    Skip(usize),
    /// The highest or lowest of the last values, or the bars since then.
    Extreme {
        /// How many values.
        length: usize,
        /// Highest or lowest.
        end: End,
        /// The bars since then.
        ago: bool,
    },
    /// The interpolated value below which so many percent of the last values lie.
    Percentile {
        /// How many values.
        length: usize,
        /// From 0 to 100.
        percent: Exactly,
    },
    /// The percentage of so many values before that are at most the current one.
    Rank(usize),
    /// Population variance of the last values.
    Variance(usize),
    /// Population covariance of the last pairs.
    Covariance(usize),
    /// Mean distance of the last values from their mean.
    Deviation(usize),
    /// The sum of all values so far.
    Running,
    /// Mean of the last values of the first source, weighted by the second.
    WeightedMean(usize),
    /// The same since the third source, the number of the session, has changed.
    SessionMean,
    /// The second source, counted up where the first rises and down where it falls.
    Balance,
    /// A band (first source) that only comes nearer to the close (second source).
    Ratchet {
        /// Whether it lies above the close.
        above: bool,
    },
    /// 1 or -1: which of the bands above and below (second, third) the close (first) broke last.
    Side,
    /// Wilder's parabolic stop, from highs and lows.
    Parabolic {
        /// What each new extreme adds to the speed.
        step: Exactly,
        /// The highest speed.
        most: Exactly,
    },
    /// Whether the values rose on each of the last so many bars.
    Rising(usize),
    /// Bars since the condition was last true.
    BarsSince,
    /// The second source when the first was true, so many times before the last time.
    ValueWhen(usize),
}

impl Prim {
    /// Bars that pass between the first values of the sources and the first value.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        match self {
            Self::Column(_)
            | Self::Time(_)
            | Self::Position(_)
            | Self::Align { .. }
            | Self::Binary(_)
            | Self::Unary(_)
            | Self::If
            | Self::Round(_)
            | Self::EmaFromFirst(_)
            | Self::Adaptive
            | Self::Running
            | Self::SessionMean
            | Self::Balance
            | Self::Ratchet { .. }
            | Self::Side
            | Self::BarsSince => 0,
            Self::Parabolic { .. } => 1,
            Self::History(n)
            | Self::Skip(n)
            | Self::Rank(n)
            | Self::Rising(n)
            | Self::ValueWhen(n) => *n,
            Self::Sum(n)
            | Self::Sma(n)
            | Self::Rma(n)
            | Self::Line { length: n, .. }
            | Self::Strength { length: n, .. }
            | Self::Extreme { length: n, .. }
            | Self::Percentile { length: n, .. }
            | Self::Variance(n)
            | Self::Covariance(n)
            | Self::Deviation(n)
            | Self::WeightedMean(n) => n.saturating_sub(1),
            Self::RunningSum(n) => n.saturating_sub(2),
            Self::Ema { length, skip } => (length + skip).saturating_sub(1),
        }
    }

    /// Bars before all sources that are needed have values, from the bars before each has one.
    #[must_use]
    pub fn sources_ready(&self, sources: impl Iterator<Item = usize>) -> usize {
        match self {
            Self::Unary(Unary::Defined) => 0,
            Self::Binary(Binary::Coalesce) => sources.min().unwrap_or(0),
            _ => sources.max().unwrap_or(0),
        }
    }

    /// The unit of the values, from the units of the sources (`None` inside for a constant).
    #[must_use]
    pub fn grid(&self, sources: &[Option<Option<Grid>>]) -> Option<Grid> {
        let at = |index: usize| sources.get(index).copied().flatten().flatten();
        let same = |a, b| if at(a) == at(b) { at(a) } else { None };
        match self {
            Self::Column(Column::Volume) => Some(Grid::Volume),
            Self::Column(Column::Open | Column::High | Column::Low | Column::Close) => {
                Some(Grid::Price)
            }
            Self::History(_)
            | Self::Skip(_)
            | Self::Extreme { ago: false, .. }
            | Self::Unary(Unary::Neg | Unary::Abs) => at(0),
            Self::Binary(
                Binary::Add | Binary::Sub | Binary::Min | Binary::Max | Binary::Coalesce,
            ) => same(0, 1),
            Self::If => same(1, 2),
            Self::ValueWhen(_) => at(1),
            _ => None,
        }
    }

    /// True for what has a value only where the position is known.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Position(_))
    }

    /// True when a value rests on the same bar's sources only.
    #[must_use]
    pub fn is_stateless(&self) -> bool {
        matches!(self, Self::Binary(_) | Self::Unary(_) | Self::If | Self::Round(_))
    }

    /// The operator, for sources that are whole multiples of `1 / units`; `None` for what the
    /// runtime itself provides.
    #[must_use]
    pub fn start(&self, units: &[Option<f64>]) -> Option<Box<dyn Op>> {
        let unit = units.first().copied().flatten();
        Some(match self {
            Self::Binary(binary) => logic::binary(*binary, units),
            Self::Unary(unary) => Box::new(logic::UnaryOp(*unary)),
            Self::If => Box::new(logic::Choose),
            Self::Round(decimals) => Box::new(logic::RoundOp(*decimals)),
            Self::History(n) => stepped(window::History::new(*n)),
            Self::Skip(n) => stepped(window::Skip::new(*n)),
            Self::Sum(n) => window::sum(*n, unit, false),
            Self::Sma(n) => window::sum(*n, unit, true),
            Self::Line { length, ask } => line::line(*length, *ask, unit),
            Self::Extreme { length, end, ago } => extreme::extreme(*length, *end, *ago),
            Self::Percentile { length, percent } => {
                stepped(order::Percentile::new(*length, percent.0))
            }
            Self::Rank(n) => stepped(order::Rank::new(*n)),
            Self::Variance(n) => variance::variance(*n, unit),
            Self::Covariance(n) => covariance::covariance(*n, units),
            Self::Deviation(n) => stepped(deviation::Deviation::new(*n, unit)),
            Self::WeightedMean(n) => volume::weighted(*n, units),
            Self::Rising(n) => stepped(events::Rising::new(*n)),
            Self::ValueWhen(n) => stepped(events::ValueWhen::new(*n)),
            recursive => return recursive.start_recursive(unit, units),
        })
    }

    /// The operators that carry their whole past along.
    fn start_recursive(&self, unit: Option<f64>, units: &[Option<f64>]) -> Option<Box<dyn Op>> {
        Some(match self {
            Self::Ema { length, skip } => stepped(average::Ema::new(*length, *skip, unit)),
            Self::EmaFromFirst(n) => {
                stepped(average::Smooth::new(1, average::exponential(*n), unit))
            }
            Self::Rma(n) => stepped(average::Smooth::wilder(*n, unit)),
            Self::Strength { length, weigh } => {
                stepped(strength::Strength::new(*length, *weigh, unit))
            }
            Self::RunningSum(n) => stepped(wilder::RunningSum::new(*n)),
            Self::Adaptive => stepped(adaptive::Adaptive::default()),
            Self::Running => stepped(volume::Running::new(unit)),
            Self::SessionMean => volume::session_mean(units),
            Self::Balance => volume::balance(units),
            Self::Ratchet { above } => stepped(trail::Ratchet::new(*above)),
            Self::Side => stepped(trail::Side::default()),
            Self::Parabolic { step, most } => stepped(sar::Parabolic::new(step.0, most.0)),
            Self::BarsSince => stepped(events::BarsSince::default()),
            _ => return None,
        })
    }
}

/// The span that a timeframe literal names, for messages.
#[must_use]
pub fn span_secs(timeframe: Timeframe) -> i64 {
    timeframe.span().0 / 1_000_000_000
}

impl From<f64> for Exactly {
    fn from(value: f64) -> Self {
        Self(value)
    }
}
