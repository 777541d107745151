//! Why a run can't be screened.
//!
//! It must not know who asks or what is done instead.

use rust_decimal::Decimal;
use thiserror::Error;

/// Why a run can't be screened: it has to be tried by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum Unscreenable {
    /// More than one symbol, or one that is only read.
    #[error("it trades or reads {0} symbols; one is screened")]
    Symbols(usize),
    /// A stop that moves.
    #[error("{0} moves the stop; only stops and targets that stay are screened")]
    Moves(&'static str),
    /// A rule that rests on the position.
    #[error("{0} rests on the position that is held")]
    Position(&'static str),
    /// A longer timeframe or another symbol in a formula.
    #[error("a formula reads another series than the strategy's own bars")]
    Series,
    /// Several entries of a position.
    #[error("it adds up to {0} entries to a position; one is screened")]
    Entries(u32),
    /// A tick or step that is no power of ten.
    #[error("the {what} {value} is no power of ten between 1 and 0.00000001")]
    Grid { what: &'static str, value: Decimal },
    /// A price off the tick.
    #[error("a price of bar {0} is no multiple of the tick")]
    OffTick(usize),
    /// No bars.
    #[error("there are no bars")]
    NoBars,
    /// A setting out of what is exact.
    #[error("{what} {value} has more digits than are reckoned exactly, or is out of range")]
    Digits { what: &'static str, value: Decimal },
    /// A spread that leaves no bid.
    #[error("the spread leaves no bid at bar {0}")]
    NoBid(usize),
    /// An amount that does not fit.
    #[error("an amount at bar {0} is too large to be reckoned exactly")]
    Amount(usize),
    /// A rule that is wrong with its parameters.
    #[error("{key} is wrong with these parameters: {text}")]
    Rule { key: &'static str, text: String },
}

impl Unscreenable {
    /// The reason's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Symbols(_) => "screen_symbols",
            Self::Moves(_) => "screen_moves",
            Self::Position(_) => "screen_position",
            Self::Series => "screen_series",
            Self::Entries(_) => "screen_entries",
            Self::Grid { .. } => "screen_grid",
            Self::OffTick(_) => "screen_off_tick",
            Self::NoBars => "screen_no_bars",
            Self::Digits { .. } => "screen_digits",
            Self::NoBid(_) => "screen_no_bid",
            Self::Amount(_) => "screen_amount",
            Self::Rule { .. } => "screen_rule",
        }
    }
}
