//! Values for a strategy's constants: what is wrong with them, and what is taken where none is given.
//!
//! It exists so that a backtest, a search and a run on the desk refuse the same values with the same
//! words. It must not know who asks.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::strategy::Strategy;

/// What is wrong with a value for a constant.
#[derive(Debug, Clone, PartialEq, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum ParamError {
    /// The strategy doesn't have it.
    #[error("the strategy has no parameter `{name}`; it has: {known}")]
    Unknown { name: String, known: String },
    /// The value is outside its range, or no number.
    #[error("parameter {name} is {value}: a number from {min} to {max} is needed")]
    Range { name: String, value: f64, min: f64, max: f64 },
}

impl ParamError {
    /// The constant at fault.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown { name, .. } | Self::Range { name, .. } => name,
        }
    }
}

impl Strategy {
    /// Every constant with its value: the one that is given, else its default.
    ///
    /// # Errors
    /// [`ParamError`] for a value of a constant that the strategy doesn't have, or one outside its
    /// range.
    pub fn chosen(
        &self,
        values: &BTreeMap<String, f64>,
    ) -> Result<BTreeMap<String, f64>, ParamError> {
        let mut chosen = self.defaults();
        for (name, value) in values {
            let Some(spec) = self.params.get(name) else {
                let known: Vec<&str> = self.params.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(ParamError::Unknown { name: name.clone(), known });
            };
            if !(spec.min..=spec.max).contains(value) {
                let (name, value, min, max) = (name.clone(), *value, spec.min, spec.max);
                return Err(ParamError::Range { name, value, min, max });
            }
            chosen.insert(name.clone(), *value);
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strategy(params: &str) -> Strategy {
        let head = "name = \"T\"\nsymbols = [\"IBM\"]\ntimeframe = \"1d\"\n";
        let rules = "[entry]\nlong = \"close > 1\"\n[size]\nquantity = 1\n";
        crate::read(&format!("{head}{params}{rules}")).unwrap()
    }

    #[test]
    fn what_is_not_given_is_at_its_default() {
        let params = "[params]\nfast = { default = 3, min = 1, max = 20 }\n\
                      slow = { default = 8, min = 2, max = 60 }\n";
        let strategy = strategy(params);
        let chosen = |values: &[(&str, f64)]| {
            strategy.chosen(&values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect())
        };
        let all = chosen(&[("fast", 20.0)]).unwrap();
        assert_eq!((all["fast"], all["slow"], all.len()), (20.0, 8.0, 2));
        let error = chosen(&[("fast", 20.5)]).unwrap_err();
        assert_eq!(error.name(), "fast");
        assert_eq!(error.to_string(), "parameter fast is 20.5: a number from 1 to 20 is needed");
        assert!(matches!(chosen(&[("slow", f64::NAN)]), Err(ParamError::Range { .. })));
        let error = chosen(&[("speed", 1.0)]).unwrap_err();
        assert_eq!(error.to_string(), "the strategy has no parameter `speed`; it has: fast, slow");
    }

    #[test]
    fn a_strategy_without_constants_says_so() {
        let error = strategy("").chosen(&[("fast".to_owned(), 1.0)].into()).unwrap_err();
        assert_eq!(error.to_string(), "the strategy has no parameter `fast`; it has: none");
    }
}
