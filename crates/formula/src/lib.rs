//! The formula language of strategies, alerts and triggers.
//!
//! It exists so that a rule means the same in a backtest, on paper and live: one parser, one
//! checker, one plan and one set of operators, blind to the future by construction. It must not
//! know orders, accounts, files or networks, and it reads no clock.

mod ast;
mod bits;
pub mod catalog;
mod check;
pub mod columns;
pub mod docs;
mod error;
pub mod graph;
mod lex;
mod longer;
mod names;
pub mod ops;
mod parse;
mod plan;
mod position;
pub mod prim;
mod run;
pub mod scope;
mod suggest;
mod time;
pub mod value;

pub use ast::Expr;
pub use bits::{Bits, Condition, WORD, Words};
pub use check::{Env, LOOK_BACK_MAX};
pub use columns::{Columns, Decimals, float};
pub use error::{Code, Diagnostic, Span};
pub use lex::TEXT_MAX;
pub use names::{NAMES, NamedValue};
pub use ops::In;
pub use parse::{DEPTH_MAX, PARTS_MAX, parse};
pub use plan::{Compiler, Plan, ROOTS_MAX, RootId, check};
pub use position::PositionFacts;
pub use run::{Run, UnknownSymbol};
pub use time::{MarketTime, SessionSpan, Utc, utc_bucket};
pub use value::Type;
