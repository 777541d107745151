//! Strict JSON: every field is known, appears once, and every error is told at once.
//!
//! Derived parsers stop at the first error and don't name values; this reader takes fields one by
//! one and collects what is wrong with each. A number where money is meant is refused, because a
//! binary fraction can't hold it. It must not know what fields mean.

mod named;
mod people;
mod strict;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed},
};
use serde_json::{Map, Value};
use strict::Strict;

use crate::problem::{ApiError, FieldError};

/// Characters of a value that an error shows.
const SHOWN_MAX: usize = 80;
/// What is said to a number where a decimal is meant.
const WRITE_A_STRING: &str =
    "amounts, prices and percentages are decimal strings: write \"12.50\", not 12.50";

fn cut(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

/// A request's body, read field by field.
pub(crate) trait FromFields: Sized {
    /// Takes the fields; `None` after a field that is missing or wrong.
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// The fields of a JSON object that were not yet taken, and what was wrong with those that were.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    prefix: String,
    left: Map<String, Value>,
    known: BTreeSet<&'static str>,
    errors: Vec<FieldError>,
    /// True once a secret was asked for: a misspelt field may hold it.
    has_secret: bool,
}

impl Fields {
    /// Reads a whole body.
    pub(crate) fn read<T: FromFields>(bytes: &[u8]) -> Result<T, ApiError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Strict.deserialize(&mut reader).and_then(|v| reader.end().map(|()| v));
        let left = match value {
            Ok(Value::Object(map)) => map,
            Ok(_) => {
                let remedy = "Send one JSON object.";
                return Err(ApiError::invalid("invalid_json", "The body is no object.", remedy));
            }
            Err(error) => {
                let detail = format!("The body is not valid JSON: {error}.");
                let remedy = "Send one JSON object in UTF-8.";
                return Err(ApiError::invalid("invalid_json", detail, remedy));
            }
        };
        let mut fields = Self { left, ..Self::default() };
        let value = T::from_fields(&mut fields);
        fields.refuse_unknown();
        match value {
            Some(value) if fields.errors.is_empty() => Ok(value),
            _ => Err(ApiError::fields(fields.errors)),
        }
    }

    fn refuse_unknown(&mut self) {
        let known: Vec<&str> = self.known.iter().copied().collect();
        let rule = format!("no such field; known are {}", known.join(", "));
        for (name, value) in std::mem::take(&mut self.left) {
            let value = (!self.has_secret).then_some(&value);
            self.error(&cut(&name), value, rule.clone());
        }
    }

    fn error(&mut self, field: &str, value: Option<&Value>, rule: impl Into<String>) {
        let field = format!("{}{field}", self.prefix);
        self.errors.push(FieldError { field, value: value.map(shown), rule: rule.into() });
    }

    /// Says that a field that was taken is wrong.
    pub(crate) fn refuse(&mut self, field: &str, rule: impl Into<String>) {
        self.error(field, None, rule);
    }

    /// As [`Fields::refuse`], with the value at fault.
    pub(crate) fn refuse_value(
        &mut self,
        field: &str,
        value: impl fmt::Display,
        rule: impl Into<String>,
    ) {
        self.error(field, Some(&Value::String(value.to_string())), rule);
    }

    /// Takes a field; null is the same as absent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.insert(name);
        self.left.remove(name).filter(|v| !v.is_null())
    }

    fn missing<T>(&mut self, name: &'static str, value: Taken<T>) -> Option<T> {
        if matches!(value, Taken::Absent) {
            self.error(name, None, "required");
        }
        value.into_option()
    }

    /// A text that must be there.
    pub(crate) fn need<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let value = self.text(name, "a string");
        self.missing(name, value)
    }

    /// A text that may be absent. The outer `None` is an error.
    pub(crate) fn may<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Option<Option<T>> {
        self.text(name, "a string").optional()
    }

    /// A decimal in a string, which may be absent.
    pub(crate) fn decimal<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Option<Option<T>> {
        self.text(name, WRITE_A_STRING).optional()
    }

    /// A decimal in a string that must be there.
    pub(crate) fn need_decimal<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Option<T> {
        let value = self.text(name, WRITE_A_STRING);
        self.missing(name, value)
    }

    fn text<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str, rule: &str) -> Taken<T> {
        match self.take(name) {
            None => Taken::Absent,
            Some(Value::String(text)) => match text.parse() {
                Ok(value) => Taken::Value(value),
                Err(error) => {
                    self.error(name, Some(&Value::String(text)), error.to_string());
                    Taken::Wrong
                }
            },
            Some(other) => {
                self.error(name, Some(&other), rule);
                Taken::Wrong
            }
        }
    }

    /// A text for people: not blank, at most so many characters, no control characters.
    pub(crate) fn words(&mut self, name: &'static str, max: usize) -> Option<Option<String>> {
        let Some(text) = self.may::<String>(name)? else { return Some(None) };
        let fits = (1..=max).contains(&text.trim().chars().count());
        if !fits || text.chars().any(char::is_control) {
            let rule = format!("1 to {max} characters without control characters");
            self.error(name, Some(&Value::String(text)), rule);
            return None;
        }
        Some(Some(text.trim().to_owned()))
    }

    /// A truth value; absent is false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name) {
            None => Some(false),
            Some(Value::Bool(value)) => Some(value),
            Some(other) => {
                self.error(name, Some(&other), "true or false");
                None
            }
        }
    }

    /// A truth value that must be there.
    pub(crate) fn need_flag(&mut self, name: &'static str) -> Option<bool> {
        if self.left.get(name).is_none_or(Value::is_null) {
            self.known.insert(name);
            self.left.remove(name);
            self.error(name, None, "required: true or false");
            return None;
        }
        self.flag(name)
    }

    /// An enum as the journal writes it.
    pub(crate) fn choice<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        rule: &'static str,
    ) -> Option<Option<T>> {
        let Some(value) = self.take(name) else { return Some(None) };
        match T::deserialize(&value) {
            Ok(parsed) => Some(Some(parsed)),
            Err(_) => {
                self.error(name, Some(&value), rule);
                None
            }
        }
    }

    /// An enum that must be there.
    pub(crate) fn need_choice<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        rule: &'static str,
    ) -> Option<T> {
        let value = self.choice(name, rule)?;
        if value.is_none() {
            self.error(name, None, format!("required: {rule}"));
        }
        value
    }

    /// An object with fields of its own; `None` inside when absent.
    pub(crate) fn object<T: FromFields>(&mut self, name: &'static str) -> Option<Option<T>> {
        let map = match self.take(name) {
            None => return Some(None),
            Some(Value::Object(map)) => map,
            Some(other) => {
                self.error(name, Some(&other), "an object");
                return None;
            }
        };
        self.inner(name, map).map(Some)
    }

    /// A list of objects with fields of their own; empty when absent.
    pub(crate) fn list<T: FromFields>(&mut self, name: &'static str, max: usize) -> Option<Vec<T>> {
        let given = match self.take(name) {
            None => return Some(Vec::new()),
            Some(Value::Array(items)) if items.len() <= max => items,
            Some(Value::Array(items)) => {
                self.refuse_value(name, items.len(), format!("at most {max} objects"));
                return None;
            }
            Some(other) => {
                self.error(name, Some(&other), format!("a list of at most {max} objects"));
                return None;
            }
        };
        let items: Vec<Option<T>> =
            given.into_iter().enumerate().map(|(n, item)| self.item(name, n, item)).collect();
        items.into_iter().collect()
    }

    fn item<T: FromFields>(&mut self, list: &str, index: usize, item: Value) -> Option<T> {
        let place = format!("{list}[{index}]");
        let Value::Object(left) = item else {
            self.error(&place, Some(&item), "an object");
            return None;
        };
        self.inner(&place, left)
    }

    /// Reads an object inside this one, and tells what is wrong with it under its own name.
    fn inner<T: FromFields>(&mut self, place: &str, left: Map<String, Value>) -> Option<T> {
        let mut inner =
            Self { prefix: format!("{}{place}.", self.prefix), left, ..Self::default() };
        let value = T::from_fields(&mut inner);
        inner.refuse_unknown();
        self.errors.append(&mut inner.errors);
        value
    }

    /// A whole number that counts something: a JSON number, since no fraction is meant.
    pub(crate) fn count(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<Option<u32>> {
        let Some(value) = self.take(name) else { return Some(None) };
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
        if let Some(number) = number.filter(|n| range.contains(n)) {
            return Some(Some(number));
        }
        let rule = format!("a whole number, {} to {}", range.start(), range.end());
        self.error(name, Some(&value), rule);
        None
    }

    /// A record of settings: every field of the object replaces one of `base`. Each field is tried
    /// alone, so that every wrong one is named. With `whole`, none of `base` may be left out.
    pub(crate) fn settings<T: Serialize + DeserializeOwned>(
        &mut self,
        name: &'static str,
        base: &T,
        whole: bool,
    ) -> Option<Option<T>> {
        let given = match self.take(name) {
            None => return Some(None),
            Some(Value::Object(map)) => map,
            Some(other) => {
                self.error(name, Some(&other), "an object");
                return None;
            }
        };
        let Ok(Value::Object(mut record)) = serde_json::to_value(base) else { return None };
        let mut sound = true;
        for field in record.keys().filter(|f| whole && !given.contains_key(*f)) {
            self.error(&format!("{name}.{field}"), None, "required");
            sound = false;
        }
        for (field, value) in given {
            let mut alone = record.clone();
            alone.insert(field.clone(), value.clone());
            if let Err(rule) = round_trip::<T>(&alone, &field, &value) {
                self.error(&format!("{name}.{}", cut(&field)), Some(&value), rule);
                sound = false;
            } else {
                record.insert(field, value);
            }
        }
        if !sound {
            return None;
        }
        T::deserialize(Value::Object(record)).ok().map(Some)
    }
}

/// Reads the record and compares how it writes the field: a number that comes back as a string was
/// meant to be one.
fn round_trip<T: Serialize + DeserializeOwned>(
    record: &Map<String, Value>,
    field: &str,
    value: &Value,
) -> Result<(), String> {
    let parsed = T::deserialize(Value::Object(record.clone())).map_err(|e| {
        if value.is_number() && e.to_string().contains("string") {
            return WRITE_A_STRING.to_owned();
        }
        cut(&e.to_string())
    })?;
    let written = serde_json::to_value(&parsed).unwrap_or(Value::Null);
    match written.get(field) {
        Some(Value::String(_)) if value.is_number() => Err(WRITE_A_STRING.to_owned()),
        _ => Ok(()),
    }
}

enum Taken<T> {
    Absent,
    Wrong,
    Value(T),
}

impl<T> Taken<T> {
    fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Value(value) => Some(Some(value)),
            Self::Absent => Some(None),
            Self::Wrong => None,
        }
    }
}
