//! The formula language of strategies, alerts and triggers.
//!
//! It exists so that a rule means the same in a backtest, on paper and live: one parser, one
//! checker, one plan and one set of operators, blind to the future by construction. It must not
//! know orders, accounts, files or networks, and it reads no clock.

pub mod catalog;
pub mod columns;
pub mod graph;
pub mod ops;
pub mod prim;
pub mod scope;
pub mod value;
