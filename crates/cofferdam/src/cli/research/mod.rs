//! Strategies over history, from the command line.
//!
//! This module must not know how a strategy is run or how a figure is made.

pub(crate) mod args;
pub(crate) mod backtest;
mod events;
mod limits;
pub(crate) mod lookahead;
pub(crate) mod replay;
pub(crate) mod runs;
mod search;
mod show;
pub(crate) mod strategy;
pub(crate) mod sweep;
mod sweep_log;
pub(crate) mod walk_forward;

#[cfg(test)]
mod tests;
