//! What the desk knows about markets without asking one: sessions, splits, replay, data age.
//!
//! This crate exists so that every part of the desk agrees on when a market trades, which prices
//! a split makes comparable, in which order history is played, and when a price is too old. It
//! must not do IO, read a clock, or know orders, accounts and async runtimes: instants and
//! elapsed time arrive as values, so the same calls give the same answers on every machine.
//!
//! - [`Calendar`] tells sessions, trading days and the extent of bars.
//! - [`Splits`] holds a table of splits and shows bars as if they had always been split.
//! - [`Replay`] plays bars as ticks, [`ReplayClock`] says how far it has come.
//! - [`correlation::clusters`] tells which instruments move together.
//! - [`Watchdog`] tells a stale price from a closed market.

pub mod actions;
pub mod calendar;
pub mod correlation;
pub mod replay;
pub mod watchdog;

pub use actions::{ActionError, Adjusted, Ratio, Split, SplitEvent, Splits};
pub use calendar::{BarStart, Calendar, CalendarError, Session};
pub use replay::{
    ClockError, Pace, Phase, Replay, ReplayClock, ReplayError, ReplaySpec, Series, Step, Tick,
};
pub use watchdog::{Cause, Change, State, WatchError, Watchdog};
