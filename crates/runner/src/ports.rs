//! What runs need from the program around them, in their own words: who keeps them, and who has bars.
//!
//! It must not know databases or where bars come from.

use domain::{Bar, InstrumentId, Origin, Timeframe, Timestamp};
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
    fn all(&self) -> Result<Vec<RunRecord>, String>;
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
