//! Research on past prices: what a strategy would have done, and what that is worth.
//!
//! The crate exists so that every figure of a backtest has one definition. It is pure: it must
//! not know files, networks, clocks, threads or async runtimes. What it computes is the same to
//! the bit on every machine: sums have a fixed order, chance comes from a seed, and powers and
//! logarithms come from `libm`, because those of the platform differ in the last digit.

pub mod html;
pub mod stats;
pub mod trial;
