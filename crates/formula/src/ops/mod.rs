//! Operators: what computes a column from columns, bar after bar, with bounded memory.
//!
//! One implementation serves live prices (blocks of one bar), backtests and sweeps (blocks of
//! many): an operator keeps its memory between blocks, so how history is cut into blocks can't
//! change a value. An operator sees the bars up to now and nothing else. This module must not
//! know names, types or text.
//!
//! *Undefined* is NaN here; no operator gives out an infinity. Windows and recursive operators
//! treat holes in their sources differently: a window starts anew after an undefined value, a
//! recursive operator keeps its memory and is undefined on that bar only.

pub mod adaptive;
pub mod average;
pub mod covariance;
pub mod deviation;
pub mod events;
pub mod extreme;
pub mod line;
pub mod logic;
pub mod order;
pub mod sar;
pub mod sliding;
pub mod sorted;
pub mod strength;
pub mod trail;
pub mod variance;
pub mod volume;
pub mod wilder;
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

/// An operator of `N` sources that takes one bar after the other.
pub trait Step<const N: usize>: Send + std::fmt::Debug + 'static {
    /// Takes the sources' values of a bar in and tells its value.
    fn step(&mut self, values: [f64; N]) -> f64;
}

/// The operator that steps through the bars of a block.
#[must_use]
pub fn stepped<const N: usize>(step: impl Step<N>) -> Box<dyn Op> {
    Box::new(Stepped(step))
}

#[derive(Debug)]
struct Stepped<S, const N: usize>(S);

impl<S: Step<N>, const N: usize> Op for Stepped<S, N> {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let Ok(ins) = <&[In<'_>; N]>::try_from(ins) else { return out.fill(f64::NAN) };
        let length = out.len();
        let columns = ins.map(|source| match source {
            In::Column(values) => values.get(..length),
            In::Constant(_) => None,
        });
        if columns.iter().all(Option::is_some) {
            let columns = columns.map(Option::unwrap_or_default);
            for (bar, out) in out.iter_mut().enumerate() {
                *out = self.0.step(columns.map(|column| column[bar]));
            }
        } else {
            for (bar, out) in out.iter_mut().enumerate() {
                *out = self.0.step(std::array::from_fn(|source| ins[source].at(bar)));
            }
        }
    }
}

/// The value, or undefined where it is infinite. There is one zero only.
#[inline]
#[must_use]
pub fn finite(value: f64) -> f64 {
    if value.is_finite() { value + 0.0 } else { f64::NAN }
}

/// `true`, `false` as a column holds them.
#[inline]
#[must_use]
pub fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

/// A length or count as a number.
#[inline]
#[must_use]
pub fn count(length: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let length = length as f64;
    length
}
