//! The reference as data, for editors and pages.
//!
//! Commands and the desk's door show the same records. This module must not say anything about a
//! function that its table entry doesn't say.

use serde::Serialize;

use super::{signature, warm_up};
use crate::{
    catalog::{Function, Group, Kind, Param, Preset, functions},
    names::NAMES,
};

/// One function.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Where it stands in the documentation.
    pub group: Group,
    /// A call with its parameters and defaults.
    pub signature: String,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// Where the definition is from.
    pub source: &'static str,
    /// A call that a reader can try.
    pub example: &'static str,
    /// Bars before the example's first value.
    pub warm_up_bars: Option<usize>,
    /// What it gives, when it gives several values.
    pub outputs: Vec<Field>,
    /// What it takes, in order.
    pub arguments: Vec<Argument>,
}

/// One of several values of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The field's name.
    pub name: &'static str,
    /// What it is.
    pub summary: &'static str,
}

/// One parameter of a function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Argument {
    /// Its name, by which an argument may be given.
    pub name: &'static str,
    /// `number`, `condition`, `any`, `length` (a whole constant, in bars) or `constant`.
    pub kind: &'static str,
    /// What it is when it is not given; absent when it must be.
    pub default: Option<Fallback>,
    /// The least, of a length or constant.
    pub min: Option<f64>,
    /// The most, of a length or constant.
    pub max: Option<f64>,
}

/// What an argument is when it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fallback {
    /// This number.
    Number(f64),
    /// This name: `close`.
    Name(&'static str),
}

/// A name that stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Name {
    /// The name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
}

impl Entry {
    /// What the table says of a function.
    #[must_use]
    pub fn of(function: &Function) -> Self {
        let outputs = function.outputs.iter().filter(|output| !output.name.is_empty());
        Self {
            name: function.name,
            group: function.group,
            signature: signature(function),
            summary: function.summary,
            formula: function.formula,
            source: function.source,
            example: function.example,
            warm_up_bars: warm_up(function),
            outputs: outputs.map(|o| Field { name: o.name, summary: o.summary }).collect(),
            arguments: function.params.iter().map(argument).collect(),
        }
    }
}

fn argument(param: &Param) -> Argument {
    let (kind, bounds) = match param.kind {
        Kind::Number => ("number", None),
        Kind::Condition => ("condition", None),
        Kind::Any => ("any", None),
        Kind::Length { min, max } => ("length", Some((min as f64, max as f64))),
        Kind::Constant { min, max } => ("constant", Some((min, max))),
    };
    let default = match param.preset {
        Preset::None => None,
        Preset::Close => Some(Fallback::Name("close")),
        Preset::Is(value) => Some(Fallback::Number(value)),
    };
    let (min, max) = bounds.unzip();
    Argument { name: param.name, kind, default, min, max }
}

/// Every function, in the order of the table.
#[must_use]
pub fn entries() -> Vec<Entry> {
    functions().map(Entry::of).collect()
}

/// Every name that stands for a value.
#[must_use]
pub fn names() -> Vec<Name> {
    NAMES.iter().map(|name| Name { name: name.name, summary: name.summary }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::function;

    #[test]
    fn an_entry_tells_what_an_editor_needs() {
        let entry = serde_json::to_value(Entry::of(function("sma").unwrap())).unwrap();
        assert_eq!(entry["arguments"][0]["default"], json!("close"));
        assert_eq!(entry["arguments"][1]["kind"], json!("length"));
        assert_eq!(entry["arguments"][1]["max"], json!(10_000.0));
        assert_eq!((&entry["group"], &entry["outputs"]), (&json!("average"), &json!([])));
        let several = Entry::of(function("macd").unwrap());
        assert_eq!(several.outputs.len(), 3);
        assert!(several.outputs.iter().all(|output| !output.summary.is_empty()));
        assert!(entries().iter().all(|entry| entry.warm_up_bars.is_some()));
        assert_eq!(names().len(), NAMES.len());
    }
}
