//! Figures by name, with their meaning and the reason when they have no value.
//!
//! This module must not know where on the page a figure stands.

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::{markup::Markup, words};
use crate::stats::{Described, Remark, Unit, describe};

/// Everything that is known of a group of figures.
pub(super) struct Figures<'a> {
    values: Value,
    remarks: &'a [Remark],
}

/// The documentation of a figure of a group; figures of several groups may have the same name.
pub(super) fn described(group: &str, name: &str) -> Option<&'static Described> {
    let groups = describe().iter().filter(|g| g.title == group);
    groups.flat_map(|group| group.figures).find(|figure| figure.name == name)
}

/// The documentation of a figure of the whole run.
pub(super) fn of_run(name: &str) -> Option<&'static Described> {
    let top = describe().iter().filter(|group| group.place == "at the top");
    top.flat_map(|group| group.figures).find(|figure| figure.name == name)
}

/// Meaning and formula in one text.
pub(super) fn meaning(figure: &Described) -> String {
    format!("{} Formula: {}", figure.meaning.trim(), figure.formula)
}

/// A figure's name with its meaning.
pub(super) fn name(m: &mut Markup, figure: Option<&Described>, label: &str) {
    match figure {
        Some(figure) => m.leaf("abbr", &[("title", &meaning(figure))], label),
        None => m.text(label),
    }
}

impl<'a> Figures<'a> {
    /// The figures of something that can be told.
    pub(super) fn of(told: &impl Serialize, remarks: &'a [Remark]) -> Self {
        Self { values: serde_json::to_value(told).unwrap_or_default(), remarks }
    }

    /// The value in words with its unit; `None` when it has none.
    pub(super) fn shown(&self, figure: &Described) -> Option<String> {
        shown(self.values.get(figure.name)?, figure.unit)
    }

    /// The value as a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Why it has no value or deserves doubt.
    pub(super) fn notes(&self, name: &str) -> impl Iterator<Item = &Remark> {
        let name = name.to_owned();
        self.remarks.iter().filter(move |remark| remark.figure == name)
    }

    /// The value in words, or the reason why there is none.
    pub(super) fn told(&self, figure: &Described) -> String {
        self.shown(figure).unwrap_or_else(|| {
            let reason = self.notes(figure.name).next();
            reason.map_or_else(|| "no value".to_owned(), |r| format!("no value: {}", r.text))
        })
    }
}

fn shown(value: &Value, unit: Unit) -> Option<String> {
    let number = || match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    Some(match unit {
        Unit::Money => words::money(value.as_str()?.parse::<Decimal>().ok()?),
        Unit::Percent => format!("{} %", words::number(number()?, 2)),
        Unit::Seconds => words::span(number()?),
        Unit::Count => words::number(number()?, 0),
        Unit::Ratio | Unit::Years => words::number(number()?, 2),
        Unit::R => format!("{} R", words::number(number()?, 2)),
        Unit::Probability => words::number(number()?, 4),
        Unit::Moment | Unit::Text => value.as_str()?.to_owned(),
        Unit::Nested => return None,
    })
}
