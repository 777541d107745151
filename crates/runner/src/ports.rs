//! What runs need from the program around them, in their own words: who keeps them, and who has bars.
//!
//! It must not know databases or where bars come from.

use domain::{AccountId, Bar, InstrumentId, Origin, Timeframe, Timestamp};
use formula::Decimals;

use crate::record::{RunId, RunRecord};

/// What somebody does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Start,
    /// It opens nothing more.
    Pause,
    /// It goes on.
    Resume,
    /// It ends.
    Stop,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Pause => "be paused",
            Self::Resume => "go on",
            Self::Stop => "be stopped",
        })
    }
}

/// What is kept of a run and can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its name, where that can be read.
    pub run: Option<RunId>,
    /// Its account, where that can be read.
    pub account: Option<AccountId>,
    /// Why the rest can't be read, in words.
    pub why: String,
}

impl Damaged {
    /// The stable code.
    pub const CODE: &str = "run_unreadable";
}

/// All that is kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// Runs.
    pub runs: Vec<RunRecord>,
    /// What can't be read, which stops none of the others.
    pub damaged: Vec<Damaged>,
}

/// Keeps runs.
pub trait Store: Send + Sync {
    /// Keeps one that somebody changed, and who it was. A new one has an id of its own.
    ///
    /// # Errors
    /// Why it can't be kept, in words.
    fn change(&self, change: Change, run: &RunRecord, by: &Origin) -> Result<(), String>;

    /// Keeps how far one has come.
    ///
    /// # Errors
    /// Why it can't be kept, in words.
    fn save(&self, run: &RunRecord) -> Result<(), String>;

    /// Drops one.
    ///
    /// # Errors
    /// Why it can't be dropped, in words.
    fn drop_run(&self, run: &RunId) -> Result<(), String>;

    /// All that are kept.
    ///
    /// # Errors
    /// Why they can't be read, in words.
    fn all(&self) -> Result<Kept, String>;
}

/// Knows the desk's bars.
pub trait Feeds: Send + Sync {
    /// Which bars the desk will tell of an instrument: fine, or what it has instead, in words.
    ///
    /// # Errors
    /// The timeframes that there are.
    fn tells(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Result<(), String>;

    /// In which units the numbers of its bars are whole; `None` where they are those of the
    /// instrument's own tick and step.
    fn decimals(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Option<Decimals>;

    /// Bars that closed at or before an instant, the oldest first; what rules warm up with. Empty
    /// where none are kept.
    fn past(&self, instrument: &InstrumentId, timeframe: Timeframe, until: Timestamp) -> Vec<Bar>;
}
