//! The fault simulator: it proves the order path.
//!
//! One seed makes one world: accounts under one desk limit, desk processes, a disk, a venue, a
//! network, a market and people, all on one simulated clock and in one thread. Faults strike by
//! chance, and what must hold is checked at every step and once everything has come to rest. The
//! same seed gives the same history to the last byte. The crate must not know async runtimes,
//! real disks or real clocks, and it judges by its own sums, never by the path's.

mod actors;
mod check;
mod dice;
mod disk;
mod driver;
mod exchange;
pub mod faults;
mod happenings;
mod listing;
mod market;
mod mishaps;
mod network;
pub mod report;
mod run;
mod setup;
mod world;

pub use check::Invariant;
pub use faults::Fault;
pub use report::{Report, Violation};
pub use run::{Options, run, trace};
