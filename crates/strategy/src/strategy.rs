//! A strategy that was read and checked.
//!
//! Everything in it is in range and every formula means something; what remains is to run it. This
//! module must not know bars or books.

use std::collections::BTreeMap;

use domain::{Size, Timeframe};
use formula::Expr;
use serde::Serialize;

/// A constant of a strategy's formulas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ParamSpec {
    /// Its value when nobody chooses another.
    pub default: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The distance between two values of a search.
    pub step: f64,
}

/// A formula with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As it was written.
    pub text: String,
    /// As it was read.
    pub expr: Expr,
}

/// What a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Condition: open a long position.
    EntryLong,
    /// Condition: open a short position.
    EntryShort,
    /// Condition: close a long position.
    ExitLong,
    /// Condition: close a short position.
    ExitShort,
    /// Distance from the entry to the stop, in units of price.
    Stop,
    /// Distance from the entry to the target, in units of price.
    Target,
    /// Distance that the stop stays behind the best price, in units of price.
    Trail,
    /// Open profit, in units of price, from which on the stop stands at the entry.
    BreakEven,
}

impl Part {
    /// Every part, in the order of a file.
    pub const ALL: [Self; 8] = [
        Self::EntryLong,
        Self::EntryShort,
        Self::ExitLong,
        Self::ExitShort,
        Self::Stop,
        Self::Target,
        Self::Trail,
        Self::BreakEven,
    ];

    /// The key in the file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::EntryLong => "entry.long",
            Self::EntryShort => "entry.short",
            Self::ExitLong => "exit.long",
            Self::ExitShort => "exit.short",
            Self::Stop => "exit.stop",
            Self::Target => "exit.target",
            Self::Trail => "exit.trail",
            Self::BreakEven => "exit.break_even",
        }
    }

    /// True for distances that are measured when a position is about to be opened.
    #[must_use]
    pub const fn is_distance_of_entry(self) -> bool {
        matches!(self, Self::Stop | Self::Target | Self::Trail)
    }

    /// True for conditions, false for distances.
    #[must_use]
    pub const fn is_condition(self) -> bool {
        matches!(self, Self::EntryLong | Self::EntryShort | Self::ExitLong | Self::ExitShort)
    }
}

/// A strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What it trades, in the order in which symbols get their turn.
    pub symbols: Vec<String>,
    /// The bars on whose closes it decides.
    pub timeframe: Timeframe,
    /// The constants of its formulas.
    pub params: BTreeMap<String, ParamSpec>,
    /// Its named formulas.
    pub formulas: BTreeMap<String, Rule>,
    /// Its rules.
    pub rules: BTreeMap<Part, Rule>,
    /// A position is closed when so many bars have closed since its first fill, that one included.
    pub exit_bars: Option<u32>,
    /// How much each entry is.
    pub size: Size,
    /// How many entries a position may have, at least one.
    pub entries: u32,
    /// How many symbols may be held at once; all when absent.
    pub max_positions: Option<u32>,
    /// SHA-256 of the file's text, in hex: which version it is.
    pub hash: String,
}

impl Strategy {
    /// Every constant at its default.
    #[must_use]
    pub fn defaults(&self) -> BTreeMap<String, f64> {
        self.params.iter().map(|(name, spec)| (name.clone(), spec.default)).collect()
    }

    /// True when it opens shorts.
    #[must_use]
    pub fn shorts(&self) -> bool {
        self.rules.contains_key(&Part::EntryShort)
    }
}
