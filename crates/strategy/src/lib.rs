//! Strategies: rules, sizes and stops as text that people and models can read, diff and review.
//!
//! It exists so that one file means the same in a backtest, on paper and live. It must not know
//! accounts, the journal, venues or files.

mod time;

pub use time::market_time;
