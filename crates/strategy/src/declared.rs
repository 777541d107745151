//! The constants that a file declares, and the names that it may give.
//!
//! This module must not know which rule reads a constant.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    fault::Findings,
    file::{File, Param},
    strategy::ParamSpec,
};

/// The most constants of a strategy.
pub const PARAMS_MAX: usize = 32;

/// The constants of a file.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// Those that are right.
    pub(crate) params: BTreeMap<String, ParamSpec>,
    /// Names of those that are not: a rule that reads one can't be judged.
    pub(crate) wrong: BTreeSet<String>,
}

/// True for what can be a name in a formula and isn't one already.
pub(crate) fn can_be_named(name: &str) -> Result<(), String> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let letter = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !plain || !letter || name.len() > 64 {
        return Err(format!("`{name}` can't be a name in formulas."));
    }
    let words = ["and", "or", "not", "true", "false", "tf", "symbol"];
    let taken = words.iter().any(|w| name.eq_ignore_ascii_case(w))
        || formula::NAMES.iter().any(|one| one.name == name)
        || formula::catalog::function(name).is_some();
    if taken { Err(format!("`{name}` already has a meaning in formulas.")) } else { Ok(()) }
}

/// Reads the constants.
pub(crate) fn read(file: &File, findings: &mut Findings<'_>) -> Declared {
    let mut declared = Declared::default();
    for (name, spanned) in &file.params {
        let (key, span) = (format!("params.{name}"), spanned.span());
        if let Err(message) = can_be_named(name) {
            findings.add("name_invalid", &key, span, message, "Choose another name.");
            continue;
        }
        match spec(spanned.get_ref()) {
            Ok(spec) => {
                declared.params.insert(name.clone(), spec);
            }
            Err((message, help)) => {
                findings.add("param_invalid", &key, span, message, help);
                declared.wrong.insert(name.clone());
            }
        }
    }
    if file.params.len() > PARAMS_MAX {
        let message = format!("A strategy has at most {PARAMS_MAX} parameters.");
        findings.add("too_many", "params", 0..1, message, "Write some of them as numbers.");
    }
    declared
}

/// A constant, or what is wrong with it and what to do.
fn spec(param: &Param) -> Result<ParamSpec, (String, &'static str)> {
    let Param { default, min, max, .. } = *param;
    let step = param.step.unwrap_or(1.0);
    let named = [("default", default), ("min", min), ("max", max), ("step", step)];
    if let Some((key, value)) = named.iter().find(|(_, value)| !value.is_finite()) {
        return Err((format!("{key} is {value}, which is no number."), "Write a finite number."));
    }
    if min > max {
        let message = format!("min is {min} and max is {max}: min is at most max.");
        return Err((message, "Exchange the two, or mend one."));
    }
    if !(min..=max).contains(&default) {
        let message =
            format!("default is {default}: min <= default <= max, from {min} to {max}, is needed.");
        return Err((message, "Change the default, or widen the range."));
    }
    if step <= 0.0 {
        let message = format!("step is {step}: a step is above 0.");
        return Err((message, "Write a step above 0, or leave it out for 1."));
    }
    Ok(ParamSpec { default, min, max, step })
}
