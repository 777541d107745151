//! Research on past prices: what a strategy would have done, and what that is worth.
//!
//! The crate exists so that every figure of a backtest has one definition. It is pure: it must
//! not know files, networks, clocks or async runtimes, and threads only in `sweep::driver`. What it
//! computes is the same to the bit on every machine and with any number of threads: sums have a
//! fixed order, chance comes from a seed, and powers and logarithms come from `libm`, because those
//! of the platform differ in the last digit.

pub mod curve;
pub mod html;
pub mod lookahead;
pub mod screened;
pub mod stats;
pub mod sweep;
pub mod trial;
pub mod walk;
pub mod wanted;
