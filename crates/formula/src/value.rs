//! What a checked expression is: its type and where its value comes from.
//!
//! This module must not know text or how values are computed.

use std::fmt;

use crate::graph::{Exactly, Source};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A span of time.
    Duration,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Duration => "a duration",
        })
    }
}

/// A value of an expression: a column or a constant, with its type. Durations are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// Where it comes from.
    pub source: Source,
    /// What it is.
    pub ty: Type,
}

impl Value {
    /// A constant number.
    #[must_use]
    pub const fn number(value: f64) -> Self {
        Self { source: Source::Constant(Exactly(value)), ty: Type::Number }
    }

    /// A constant truth.
    #[must_use]
    pub const fn boolean(value: bool) -> Self {
        let value = if value { 1.0 } else { 0.0 };
        Self { source: Source::Constant(Exactly(value)), ty: Type::Boolean }
    }

    /// The constant, or `None` for what differs from bar to bar.
    #[must_use]
    pub const fn constant(&self) -> Option<f64> {
        match self.source {
            Source::Constant(Exactly(value)) => Some(value),
            Source::Node(_) => None,
        }
    }
}
