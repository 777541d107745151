//! Strategies over history, from the command line.
//!
//! This module must not know how a strategy is run or how a figure is made.

pub(crate) mod args;
pub(crate) mod backtest;
mod show;
pub(crate) mod strategy;
