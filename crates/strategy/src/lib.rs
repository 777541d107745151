//! Strategies: rules, sizes and stops as text that people and models can read, diff and review.
//!
//! It exists so that one file means the same in a backtest, on paper and live. It must not know
//! accounts, the journal, venues or files.

mod compile;
mod declared;
mod fault;
mod file;
mod params;
mod read;
mod rules;
mod shape;
mod strategy;
mod time;

pub use compile::{Compiled, compile};
pub use declared::PARAMS_MAX;
pub use fault::{Fault, Faults};
pub use params::ParamError;
pub use read::{BARS_MAX, ENTRIES_MAX, FILE_MAX, FORMULAS_MAX, SYMBOLS_MAX, read};
pub use rules::{Desk, Rules, Skipped, Symbol, distance};
pub use strategy::{ParamSpec, Part, Rule, Strategy};
pub use time::market_time;
