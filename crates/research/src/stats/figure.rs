//! A figure: a value, or the reason why there is none.
//!
//! A division by nothing must never come out as infinity, not-a-number, zero or a largest value.
//! This module must not know which figures there are.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{note::Note, number};

/// A value with doubts, or no value with a reason. In JSON it is the value or `null`; notes stand
/// in the list `remarks` beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<T = f64> {
    value: Option<T>,
    notes: Vec<Note>,
}

impl<T> Figure<T> {
    /// No value, and why.
    #[must_use]
    pub fn undefined(reason: Note) -> Self {
        Self { value: None, notes: vec![reason] }
    }

    /// The value, if there is one.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The reason why there is no value, or what deserves doubt.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// A value that can't be infinite or not a number, or the reason why there is none.
    pub(crate) fn exact(result: Result<T, Note>) -> Self {
        match result {
            Ok(value) => Self { value: Some(value), notes: Vec::new() },
            Err(reason) => Self::undefined(reason),
        }
    }

    /// Adds a doubt to a value; a figure without a value keeps its one reason.
    #[must_use]
    pub(crate) fn doubted(mut self, doubtful: bool, note: Note) -> Self {
        if doubtful && self.value.is_some() && !self.notes.contains(&note) {
            self.notes.push(note);
        }
        self
    }
}

impl From<Result<f64, Note>> for Figure {
    fn from(result: Result<f64, Note>) -> Self {
        match result {
            Ok(value) if !value.is_finite() => Self::undefined(Note::OutOfRange),
            other => Self::exact(other),
        }
    }
}

macro_rules! exact_figures {
    ($($of:ty)*) => {$(
        impl From<Result<$of, Note>> for Figure<$of> {
            fn from(result: Result<$of, Note>) -> Self {
                Self::exact(result)
            }
        }
    )*};
}
exact_figures! { Decimal i64 u64 domain::Timestamp }

impl<T: Serialize> Serialize for Figure<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(s)
    }
}

/// A note at a figure, by the figure's name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The figure's name.
    pub figure: &'static str,
    /// The note's stable name.
    pub code: Note,
    /// True when the figure has no value, false when its value deserves doubt.
    pub undefined: bool,
    /// The note in a sentence.
    pub text: &'static str,
}

impl Remark {
    pub(crate) const fn new(figure: &'static str, note: Note) -> Self {
        Self { figure, code: note, undefined: note.is_undefined(), text: note.meaning() }
    }
}

/// What every field of a section can tell about itself.
pub(crate) trait Shown {
    /// The value as a number, if it is one.
    fn number(&self) -> Option<f64> {
        None
    }
    /// The notes at it.
    fn notes(&self) -> &[Note] {
        &[]
    }
}

impl<T: Shown> Shown for Figure<T> {
    fn number(&self) -> Option<f64> {
        self.value.as_ref().and_then(Shown::number)
    }
    fn notes(&self) -> &[Note] {
        &self.notes
    }
}
impl Shown for f64 {
    fn number(&self) -> Option<f64> {
        Some(*self)
    }
}
impl Shown for u16 {
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}
impl Shown for u32 {
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}
impl Shown for u64 {
    fn number(&self) -> Option<f64> {
        Some(*self as f64)
    }
}
impl Shown for i64 {
    fn number(&self) -> Option<f64> {
        Some(*self as f64)
    }
}
impl Shown for Decimal {
    fn number(&self) -> Option<f64> {
        Some(number::approximate(*self))
    }
}
impl Shown for domain::Timestamp {}
impl Shown for String {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_undefined() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let figure = Figure::from(Ok(value));
            assert_eq!(figure, Figure::undefined(Note::OutOfRange));
            assert_eq!(serde_json::to_string(&figure).unwrap(), "null");
        }
        assert_eq!(serde_json::to_string(&Figure::from(Ok(1.5))).unwrap(), "1.5");
    }

    #[test]
    fn a_doubt_needs_a_value() {
        let doubted = Figure::from(Ok(1.0)).doubted(true, Note::FewObservations);
        assert_eq!(doubted.notes(), [Note::FewObservations]);
        assert_eq!(doubted.clone().doubted(true, Note::FewObservations), doubted);
        let none = Figure::<f64>::undefined(Note::NoTrades).doubted(true, Note::FewObservations);
        assert_eq!(none.notes(), [Note::NoTrades]);
    }
}
