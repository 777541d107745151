//! The values of one parameter that a grid tries.
//!
//! Values are counted in exact decimals, so that the tenth step of 0.1 is 1 and no neighbour of it.
//! This module must not know what a parameter means.

use std::str::FromStr;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use strategy::ParamSpec;

use super::{SETS_MAX, SweepError};

/// One parameter of a grid: from, to (included) and the distance between two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// The parameter.
    pub name: String,
    from: Decimal,
    to: Decimal,
    /// The parameter's own step when absent.
    step: Option<Decimal>,
}

impl FromStr for Axis {
    type Err = SweepError;

    /// Reads `NAME=FROM..TO:STEP`, `NAME=FROM..TO` or `NAME=VALUE`.
    fn from_str(text: &str) -> Result<Self, SweepError> {
        let wrong = |why| SweepError::Axis { text: text.to_owned(), why };
        let number = |part: &str, why| part.trim().parse::<Decimal>().map_err(|_| wrong(why));
        let (name, range) = text.split_once('=').ok_or(wrong("there is no `=`"))?;
        let name = name.trim();
        if name.is_empty() {
            return Err(wrong("the name is missing"));
        }
        let (span, step) = match range.split_once(':') {
            Some((span, step)) => (span, Some(number(step, "the step is no number")?)),
            None => (range, None),
        };
        let (from, to) = match span.split_once("..") {
            Some((from, to)) => (from, to),
            None => (span, span),
        };
        let from = number(from, "the first value is no number")?;
        let to = number(to, "the last value is no number")?;
        Self::new(name, from, to, step)
    }
}

impl Axis {
    /// Values from `from` to `to`, included, `step` apart; the parameter's own step when it is
    /// absent.
    ///
    /// # Errors
    /// [`SweepError::Axis`] when there is no value between the two.
    pub fn new(
        name: &str,
        from: Decimal,
        to: Decimal,
        step: Option<Decimal>,
    ) -> Result<Self, SweepError> {
        let wrong = |why| {
            let step = step.map_or_else(String::new, |step| format!(":{step}"));
            SweepError::Axis { text: format!("{name}={from}..{to}{step}"), why }
        };
        if to < from {
            return Err(wrong("the last value is below the first"));
        }
        if step.is_some_and(|step| step <= Decimal::ZERO) {
            return Err(wrong("the step is not above 0"));
        }
        Ok(Self { name: name.to_owned(), from, to, step })
    }

    /// Every value that the parameter may take.
    pub(super) fn whole(name: &str, spec: &ParamSpec) -> Result<Self, SweepError> {
        let wrong = || SweepError::Axis {
            text: format!("{name}={}..{}:{}", spec.min, spec.max, spec.step),
            why: "the parameter's range can't be counted in decimals",
        };
        let exact = |value: f64| Decimal::try_from(value).map_err(|_| wrong());
        let (from, to, step) = (exact(spec.min)?, exact(spec.max)?, exact(spec.step)?);
        if step <= Decimal::ZERO || to < from {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), from, to, step: Some(step) })
    }

    /// How many values there are and the distance between them.
    fn steps(&self, spec: &ParamSpec) -> Result<(u64, Decimal), SweepError> {
        let text = || format!("{}={}..{}", self.name, self.from, self.to);
        let why = "the step is missing, and the parameter has none above 0";
        let own = || Decimal::try_from(spec.step).ok().filter(|step| *step > Decimal::ZERO);
        let step = self.step.or_else(own).ok_or(SweepError::Axis { text: text(), why })?;
        let why = "there are more than 1000000 values from first to last, the most that a search \
                   tries; take a larger step";
        let count = (self.to - self.from).checked_div(step).and_then(|n| n.floor().to_u64());
        let count = count.filter(|n| *n < SETS_MAX as u64);
        count.map(|n| (n + 1, step)).ok_or(SweepError::Axis { text: text(), why })
    }

    /// How many values there are.
    pub(super) fn count(&self, spec: &ParamSpec) -> Result<u64, SweepError> {
        self.steps(spec).map(|(count, _)| count)
    }

    /// The value with this number, from 0.
    pub(super) fn value(&self, number: u64, spec: &ParamSpec) -> Result<f64, SweepError> {
        let (_, step) = self.steps(spec)?;
        let exact = self.from + step * Decimal::from(number);
        Ok(exact.to_f64().unwrap_or(f64::NAN))
    }

    /// The values, ascending, when all of them are in the parameter's range.
    pub(super) fn values(&self, spec: &ParamSpec) -> Result<Vec<f64>, SweepError> {
        let count = self.count(spec)?;
        let values =
            (0..count).map(|n| self.value(n, spec)).collect::<Result<Vec<f64>, SweepError>>()?;
        if values.iter().all(|value| (spec.min..=spec.max).contains(value)) {
            return Ok(values);
        }
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let (min, max) = (spec.min, spec.max);
        Err(SweepError::Range { name: self.name.clone(), from, to, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: ParamSpec = ParamSpec { default: 1.0, min: 0.0, max: 50.0, step: 5.0 };

    #[test]
    fn what_is_written_is_what_is_tried() {
        for (text, values) in [
            ("a=5..8:1", &[5.0, 6.0, 7.0, 8.0][..]),
            ("a=5..20", &[5.0, 10.0, 15.0, 20.0]),
            (" a = 0 .. 1 : 0.5", &[0.0, 0.5, 1.0]),
            ("a=0.7..1:0.1", &[0.7, 0.8, 0.9, 1.0]),
            ("a=5..9:3", &[5.0, 8.0]),
            ("a=7", &[7.0]),
        ] {
            let axis: Axis = text.parse().unwrap();
            assert_eq!((axis.name.as_str(), &axis.values(&SPEC).unwrap()[..]), ("a", values));
        }
    }

    #[test]
    fn what_can_not_be_tried_is_refused_with_its_reason() {
        for (text, why) in [
            ("a", "there is no `=`"),
            ("=1..2", "the name is missing"),
            ("a=x..2", "the first value is no number"),
            ("a=1..", "the last value is no number"),
            ("a=1..2:z", "the step is no number"),
            ("a=1..2:0", "the step is not above 0"),
            ("a=1..2:-1", "the step is not above 0"),
            ("a=3..2:1", "the last value is below the first"),
            ("a=0..50:0.00000001", "more than 1000000 values"),
            ("a=0..51:1", "the strategy allows 0 to 50"),
            ("a=-1..5:1", "the strategy allows 0 to 50"),
        ] {
            let axis: Result<Axis, SweepError> = text.parse();
            let refused = axis.and_then(|axis| axis.values(&SPEC)).unwrap_err();
            assert!(refused.to_string().contains(why), "{text}: {refused}");
        }
        assert_eq!(SETS_MAX, 1_000_000, "the message tells it");
    }
}
