//! Fields of requests about research: numbers that no money is meant by, and objects by name.
//!
//! It must not know what fields mean.

use std::{collections::BTreeMap, ops::RangeInclusive};

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Fields, FromFields, cut};

/// A JSON number as its shortest decimal, or a decimal in a string.
fn exact(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

impl Fields {
    /// A decimal in a string within a range; `None` inside when absent.
    pub(crate) fn within(
        &mut self,
        name: &'static str,
        range: RangeInclusive<Decimal>,
    ) -> Option<Option<Decimal>> {
        let value = self.decimal::<Decimal>(name)?;
        match value.filter(|value| !range.contains(value)) {
            None => Some(value),
            Some(value) => {
                self.refuse_value(name, value, format!("{} to {}", range.start(), range.end()));
                None
            }
        }
    }

    /// A number that is no amount of money, as JSON number or string; `None` inside when absent.
    pub(crate) fn number(&mut self, name: &'static str) -> Option<Option<Decimal>> {
        let Some(value) = self.take(name) else { return Some(None) };
        let number = exact(&value);
        if number.is_none() {
            self.error(name, Some(&value), "a number");
        }
        number.map(Some)
    }

    /// As [`Fields::number`], for one that must be there.
    pub(crate) fn need_number(&mut self, name: &'static str) -> Option<Decimal> {
        let value = self.number(name)?;
        if value.is_none() {
            self.error(name, None, "required");
        }
        value
    }

    /// Finite numbers by name, at most `max` of them; none when absent.
    pub(crate) fn numbers(
        &mut self,
        name: &'static str,
        max: usize,
    ) -> Option<BTreeMap<String, f64>> {
        let mut sound = true;
        let mut found = BTreeMap::new();
        for (key, value) in self.by_name(name, max)? {
            match value.as_f64().filter(|number| number.is_finite()) {
                Some(number) => {
                    found.insert(key, number);
                }
                None => {
                    self.error(&format!("{name}.{}", cut(&key)), Some(&value), "a number");
                    sound = false;
                }
            }
        }
        sound.then_some(found)
    }

    /// Objects by name, each with fields of its own, at most `max` of them; none when absent.
    pub(crate) fn objects<T: FromFields>(
        &mut self,
        name: &'static str,
        max: usize,
    ) -> Option<BTreeMap<String, T>> {
        let given = self.by_name(name, max)?;
        let items: Vec<Option<(String, T)>> = given
            .into_iter()
            .map(|(key, value)| {
                let place = format!("{name}.{}", cut(&key));
                let Value::Object(left) = value else {
                    self.error(&place, Some(&value), "an object");
                    return None;
                };
                self.inner(&place, left).map(|value| (key, value))
            })
            .collect();
        items.into_iter().collect()
    }

    fn by_name(
        &mut self,
        name: &'static str,
        max: usize,
    ) -> Option<serde_json::Map<String, Value>> {
        match self.take(name) {
            None => Some(serde_json::Map::new()),
            Some(Value::Object(map)) if map.len() <= max => Some(map),
            Some(Value::Object(map)) => {
                self.refuse_value(name, map.len(), format!("at most {max} names"));
                None
            }
            Some(other) => {
                self.error(name, Some(&other), format!("an object of at most {max} names"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_was_written() {
        for (text, number) in
            [("5", "5"), ("0.1", "0.1"), ("1e-7", "0.0000001"), ("\"2.50\"", "2.50")]
        {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(exact(&value), Some(number.parse().unwrap()), "{text}");
        }
        for text in ["true", "\"x\"", "null", "[1]", "1e300"] {
            assert_eq!(exact(&serde_json::from_str(text).unwrap()), None, "{text}");
        }
    }
}
