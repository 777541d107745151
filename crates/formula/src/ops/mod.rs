//! Operators: what computes a column from columns, bar after bar, with bounded memory.
//!
//! One implementation serves live prices (blocks of one bar), backtests and sweeps (blocks of
//! many): an operator keeps its memory between blocks, so how history is cut into blocks can't
//! change a value. An operator sees the bars up to now and nothing else. This module must not
//! know names, types or text.
//!
//! *Undefined* is NaN here; no operator gives out an infinity.

pub mod average;
pub mod logic;
pub mod window;

/// One input of an operator.
#[derive(Debug, Clone, Copy)]
pub enum In<'a> {
    /// A value for each bar of the block.
    Column(&'a [f64]),
    /// The same value for every bar.
    Constant(f64),
}

impl In<'_> {
    /// The value at a bar of the block.
    ///
    /// # Panics
    /// When the block has no such bar.
    #[inline]
    #[must_use]
    pub fn at(&self, bar: usize) -> f64 {
        match self {
            Self::Column(values) => values[bar],
            Self::Constant(value) => *value,
        }
    }
}

/// An operator with its memory.
pub trait Op: Send + std::fmt::Debug {
    /// Computes the next `out.len()` bars. Every column of `ins` is as long as `out`.
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]);
}

/// The value, or undefined where it is infinite.
#[inline]
#[must_use]
pub fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// `true`, `false` as a column holds them.
#[inline]
#[must_use]
pub fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}
