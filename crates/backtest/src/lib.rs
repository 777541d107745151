//! The batch driver: the third driver of the desk's core, for backtests.
//!
//! It exists so that a backtest is the desk itself, run over history: the same core, gate, ledger
//! and matching engine as live, told the same prices in the same order. It is synchronous and reads
//! no clock and no file; equal inputs give equal bytes. It must not know formulas, statistics or
//! where bars come from.
//!
//! One price travels through these files: `feed` (what is due, in order) → `driver` (venue, core,
//! answers) → `outcome` (what is told to whoever watches). Where a price is inside its bar is
//! decided in `way`. What trades is a [`trader::Trader`], which knows nothing of this crate's
//! driver and can be run live as well.

mod collect;
mod driver;
mod error;
mod feed;
mod outcome;
mod run;
mod setup;
pub mod trader;
pub mod way;

pub use collect::Collected;
pub use error::BacktestError;
pub use feed::{Due, Timetable, venue_phase};
pub use outcome::{BarMark, Counts, Holding, Outcome, Refusals, Told, Watcher};
pub use run::Backtest;
pub use setup::{Dated, Follow, Inside, Keep, Listing, Setup, research};
