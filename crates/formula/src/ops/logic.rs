//! Arithmetic, comparison and logic, bar by bar, without memory.
//!
//! Undefined in, undefined out; but `and` and `or` are certain as soon as one side decides.

use super::{In, Op, finite, truth, window::nearest};
use crate::prim::{Binary, Unary};

/// One value of [`Binary`].
#[must_use]
pub fn binary_value(op: Binary, a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return match op {
            Binary::And if a == 0.0 || b == 0.0 => 0.0,
            Binary::Or if a == 1.0 || b == 1.0 => 1.0,
            Binary::Coalesce if a.is_nan() => b,
            Binary::Coalesce => a,
            _ => f64::NAN,
        };
    }
    match op {
        Binary::Add => finite(a + b),
        Binary::Sub => finite(a - b),
        Binary::Mul => finite(a * b),
        Binary::Div => finite(a / b),
        Binary::Mod => modulo(a, b),
        Binary::Pow => finite(a.powf(b)),
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::Less => truth(a < b),
        Binary::LessEqual => truth(a <= b),
        Binary::Greater => truth(a > b),
        Binary::GreaterEqual => truth(a >= b),
        Binary::Equal => truth(a == b),
        Binary::NotEqual => truth(a != b),
        Binary::And => truth(a == 1.0 && b == 1.0),
        Binary::Or => truth(a == 1.0 || b == 1.0),
        Binary::Coalesce => a,
    }
}

/// The rest of a division with the divisor's sign; undefined for a divisor of 0.
fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    let rest = if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest };
    finite(rest)
}

/// One value of [`Unary`].
#[must_use]
pub fn unary_value(op: Unary, a: f64) -> f64 {
    match op {
        Unary::Defined => truth(!a.is_nan()),
        _ if a.is_nan() => f64::NAN,
        Unary::Neg => 0.0 - a,
        Unary::Not => 1.0 - a,
        Unary::Abs => a.abs(),
        Unary::Sqrt => finite(a.sqrt()),
        Unary::Exp => finite(a.exp()),
        Unary::Log => finite(a.ln()),
        Unary::Log10 => finite(a.log10()),
        Unary::Floor => finite(a.floor()),
        Unary::Ceil => finite(a.ceil()),
        Unary::Sign if a == 0.0 => 0.0,
        Unary::Sign => a.signum(),
        Unary::Atan => a.atan(),
    }
}

/// One value of [`crate::prim::Prim::If`].
#[must_use]
pub fn choose_value(condition: f64, then: f64, otherwise: f64) -> f64 {
    if condition.is_nan() {
        f64::NAN
    } else if condition == 1.0 {
        then
    } else {
        otherwise
    }
}

/// One value of [`crate::prim::Prim::Round`].
#[must_use]
pub fn round_value(decimals: u32, a: f64) -> f64 {
    let power = crate::columns::power_of_ten(decimals).unwrap_or(1.0);
    finite((a * power).round() / power)
}

/// The operator of a [`Binary`]. Sums and differences over the same unit are exact.
#[must_use]
pub fn binary(op: Binary, units: &[Option<f64>]) -> Box<dyn Op> {
    let same = match units {
        [Some(a), Some(b)] if a == b => Some(*a),
        _ => None,
    };
    match (op, same) {
        (Binary::Add | Binary::Sub, Some(unit)) => {
            Box::new(Whole { subtract: op == Binary::Sub, unit })
        }
        _ => Box::new(BinaryOp(op)),
    }
}

#[derive(Debug)]
struct BinaryOp(Binary);

impl Op for BinaryOp {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [a, b] = ins else { return out.fill(f64::NAN) };
        for_each(self.0, *a, *b, out);
    }
}

/// The loops are written out once per operator, so that none is chosen inside them.
fn for_each(op: Binary, a: In<'_>, b: In<'_>, out: &mut [f64]) {
    macro_rules! cases {
        ($($name:ident),*) => {
            match op {
                $(Binary::$name => zip(a, b, out, |a, b| binary_value(Binary::$name, a, b)),)*
            }
        };
    }
    cases!(
        Add,
        Sub,
        Mul,
        Div,
        Mod,
        Pow,
        Min,
        Max,
        Less,
        LessEqual,
        Greater,
        GreaterEqual,
        Equal,
        NotEqual,
        And,
        Or,
        Coalesce
    );
}

#[inline]
fn zip(a: In<'_>, b: In<'_>, out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (In::Column(a), In::Column(b)) => {
            for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                *out = f(*a, *b);
            }
        }
        (In::Column(a), In::Constant(b)) => {
            for (out, a) in out.iter_mut().zip(a) {
                *out = f(*a, b);
            }
        }
        (In::Constant(a), In::Column(b)) => {
            for (out, b) in out.iter_mut().zip(b) {
                *out = f(a, *b);
            }
        }
        (In::Constant(a), In::Constant(b)) => out.fill(f(a, b)),
    }
}

/// Sum or difference of whole multiples of `1 / unit`: the nearest float to the exact result.
#[derive(Debug)]
struct Whole {
    subtract: bool,
    unit: f64,
}

impl Op for Whole {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [a, b] = ins else { return out.fill(f64::NAN) };
        let (unit, sign) = (self.unit, if self.subtract { -1.0 } else { 1.0 });
        zip(*a, *b, out, |a, b| (nearest(a * unit) + sign * nearest(b * unit)) / unit);
    }
}

/// The operator of a [`Unary`].
#[derive(Debug)]
pub struct UnaryOp(pub Unary);

impl Op for UnaryOp {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [a] = ins else { return out.fill(f64::NAN) };
        map_each(self.0, *a, out);
    }
}

/// As [`for_each`].
fn map_each(op: Unary, a: In<'_>, out: &mut [f64]) {
    macro_rules! cases {
        ($($name:ident),*) => {
            match op {
                $(Unary::$name => {
                    zip(a, In::Constant(0.0), out, |a, _| unary_value(Unary::$name, a));
                })*
            }
        };
    }
    cases!(Neg, Not, Abs, Sqrt, Exp, Log, Log10, Floor, Ceil, Sign, Atan, Defined);
}

/// Chooses between two values.
#[derive(Debug)]
pub struct Choose;

impl Op for Choose {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [condition, then, otherwise] = ins else { return out.fill(f64::NAN) };
        for (bar, out) in out.iter_mut().enumerate() {
            *out = choose_value(condition.at(bar), then.at(bar), otherwise.at(bar));
        }
    }
}

/// Rounds to decimals.
#[derive(Debug)]
pub struct RoundOp(pub u32);

impl Op for RoundOp {
    fn run(&mut self, ins: &[In<'_>], out: &mut [f64]) {
        let [a] = ins else { return out.fill(f64::NAN) };
        for (bar, out) in out.iter_mut().enumerate() {
            *out = round_value(self.0, a.at(bar));
        }
    }
}
