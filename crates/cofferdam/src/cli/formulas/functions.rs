//! The functions of the language, from their own definitions.

use formula::{
    NAMES,
    catalog::{Function, Group, functions},
    docs::{self, Entry},
};
use serde_json::json;

use crate::cli::{
    Outcome,
    failure::Failure,
    output::{Out, Table},
};

/// Lists all, or explains one.
pub(super) fn run(name: Option<&str>, out: &mut Out) -> Result<Outcome, Failure> {
    match name {
        None => list(out),
        Some(name) => match formula::catalog::function(name) {
            Some(function) => explain(function, out),
            None => Err(Failure::usage(format!(
                "no function is called `{name}`; `cofferdam formula functions` lists them"
            ))),
        },
    }
}

fn list(out: &mut Out) -> Result<Outcome, Failure> {
    out.json(&json!({ "functions": docs::entries(), "names": docs::names() }))?;
    for group in Group::ALL {
        let mut table = Table::new(&[group.title(), ""]);
        for function in functions().filter(|f| f.group == group) {
            table.row([docs::signature(function), function.summary.to_owned()]);
        }
        out.table(&table, "");
        out.raw_line();
    }
    let mut table = Table::new(&["Values", ""]);
    for name in NAMES {
        table.row([name.name.to_owned(), name.summary.to_owned()]);
    }
    out.table(&table, "");
    Ok(Outcome::Done)
}

fn explain(function: &Function, out: &mut Out) -> Result<Outcome, Failure> {
    out.json(&Entry::of(function))?;
    out.line(docs::signature(function));
    out.line(format!("  {}", function.summary));
    out.line(format!("  formula  {}", function.formula));
    for output in function.outputs.iter().filter(|o| !o.name.is_empty()) {
        out.line(format!("  .{}  {}", output.name, output.summary));
    }
    let warm_up = docs::warm_up(function)
        .map_or_else(String::new, |n| format!(" ({n} bars before its first value)"));
    out.line(format!("  example  {}{warm_up}", function.example));
    out.line(format!("  source   {}", function.source));
    Ok(Outcome::Done)
}
