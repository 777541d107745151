//! The functions of the language, from their own definitions.

use formula::{
    NAMES,
    catalog::{Function, Group, functions},
    docs,
};
use serde_json::{Value, json};

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
    let all: Vec<Value> = functions().map(described).collect();
    let names: Vec<Value> =
        NAMES.iter().map(|n| json!({ "name": n.name, "summary": n.summary })).collect();
    out.json(&json!({ "functions": all, "names": names }))?;
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

fn described(function: &Function) -> Value {
    json!({
        "name": function.name, "group": function.group, "signature": docs::signature(function),
        "summary": function.summary, "formula": function.formula, "source": function.source,
        "example": function.example, "warm_up_bars": docs::warm_up(function),
        "outputs": function.outputs.iter().map(|o| o.name).filter(|n| !n.is_empty())
            .collect::<Vec<_>>(),
    })
}

fn explain(function: &Function, out: &mut Out) -> Result<Outcome, Failure> {
    out.json(&described(function))?;
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
