//! The primitives: what one node of a plan computes.
//!
//! Indicators are put together from these (see [`crate::catalog`]), so two indicators that share a
//! part compute it once. This module must not know text.

use domain::Timeframe;

use crate::{
    graph::{Exactly, FrameId, Grid, NodeId},
    ops::{Op, average, logic, window},
};

/// A column of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded quantity.
    Volume,
    /// Bars since the first one, from 0.
    Index,
}

/// A fact about the time of a bar, in the market's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// Hour of the bar's opening, 0 to 23.
    Hour,
    /// Minute of the bar's opening, 0 to 59.
    Minute,
    /// Day of the week of the bar's opening, 1 for Monday to 7.
    Weekday,
    /// Day of the month of the bar's opening.
    Day,
    /// Month of the bar's opening, 1 to 12.
    Month,
    /// Year of the bar's opening.
    Year,
    /// Seconds from the session's opening to the bar's close.
    SessionAge,
    /// Seconds from the bar's close to the session's end.
    SessionLeft,
    /// Whether the bar's close lies in a session.
    InSession,
    /// The number of the session that the bar belongs to: changes when a new one begins.
    SessionNumber,
}

/// A fact about the strategy's position in the symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionField {
    /// Signed quantity; 0 when flat.
    Quantity,
    /// Average price of the position; undefined when flat.
    EntryPrice,
    /// Bars since the first fill, which happened in bar 0; undefined when flat.
    BarsHeld,
    /// Open profit in percent of the entry value; undefined when flat.
    PnlPercent,
}

/// Two numbers or truths to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Coalesce,
}

/// One number or truth to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Unary {
    Neg,
    Not,
    Abs,
    Sqrt,
    Exp,
    Log,
    Log10,
    Floor,
    Ceil,
    Sign,
    Atan,
    Defined,
}

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
            | Self::Round(_) => 0,
            Self::History(n) => *n,
            Self::Sum(n) | Self::Sma(n) => n.saturating_sub(1),
            Self::Ema { length, skip } => (length + skip).saturating_sub(1),
        }
    }

    /// The unit of the values, from the units of the sources (`None` inside for a constant).
    #[must_use]
    pub fn grid(&self, sources: &[Option<Option<Grid>>]) -> Option<Grid> {
        let first = sources.first().copied().flatten().flatten();
        match self {
            Self::Column(Column::Volume) => Some(Grid::Volume),
            Self::Column(Column::Open | Column::High | Column::Low | Column::Close) => {
                Some(Grid::Price)
            }
            Self::History(_) | Self::Unary(Unary::Neg | Unary::Abs) => first,
            Self::Binary(Binary::Add | Binary::Sub | Binary::Min | Binary::Max) => {
                let second = sources.get(1).copied().flatten().flatten();
                if first == second { first } else { None }
            }
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
            Self::Column(_) | Self::Time(_) | Self::Position(_) | Self::Align { .. } => {
                return None;
            }
            Self::Binary(binary) => logic::binary(*binary, units),
            Self::Unary(unary) => Box::new(logic::UnaryOp(*unary)),
            Self::If => Box::new(logic::Choose),
            Self::Round(decimals) => Box::new(logic::RoundOp(*decimals)),
            Self::History(n) => Box::new(window::History::new(*n)),
            Self::Sum(n) => window::sum(*n, unit, false),
            Self::Sma(n) => window::sum(*n, unit, true),
            Self::Ema { length, skip } => Box::new(average::Ema::new(*length, *skip)),
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
