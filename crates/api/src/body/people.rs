//! Fields of requests about people: secrets, which no error shows, and lists of texts.
//!
//! It must not know what fields mean.

use std::{fmt, str::FromStr};

use serde_json::Value;

use super::Fields;

/// The longest secret that is read.
const SECRET_MAX: usize = 1_024;

impl Fields {
    /// A secret that must be there. Whatever is wrong with it, it is never shown.
    pub(crate) fn need_secret(&mut self, name: &'static str) -> Option<String> {
        let value = self.may_secret(name)?;
        if value.is_none() {
            self.error(name, None, "required");
        }
        value
    }

    /// A secret that may be absent. Whatever is wrong with it, it is never shown.
    pub(crate) fn may_secret(&mut self, name: &'static str) -> Option<Option<String>> {
        self.has_secret = true;
        match self.take(name) {
            None => Some(None),
            Some(Value::String(text)) if text.len() <= SECRET_MAX => Some(Some(text)),
            Some(_) => {
                self.error(name, None, format!("a string of at most {SECRET_MAX} bytes"));
                None
            }
        }
    }

    /// A list of texts; `None` inside when absent.
    pub(crate) fn texts<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
        max: usize,
    ) -> Option<Option<Vec<T>>> {
        let rule = format!("a list of at most {max} strings");
        let items = match self.take(name) {
            None => return Some(None),
            Some(Value::Array(items)) if items.len() <= max => items,
            Some(other) => {
                self.error(name, Some(&other), rule);
                return None;
            }
        };
        let mut found = Vec::with_capacity(items.len());
        for (n, item) in items.into_iter().enumerate() {
            let place = format!("{name}[{n}]");
            match item.as_str().map(str::parse::<T>) {
                Some(Ok(value)) => found.push(value),
                Some(Err(error)) => self.error(&place, Some(&item), error.to_string()),
                None => self.error(&place, Some(&item), "a string"),
            }
        }
        (!self.errors.iter().any(|e| e.field.contains(name))).then_some(Some(found))
    }
}
