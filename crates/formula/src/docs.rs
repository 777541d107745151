//! The language's documentation, made from the definitions themselves.
//!
//! This module must not say anything about a function that its table entry doesn't say.

mod entry;

use std::fmt::Write as _;

pub use entry::{Argument, Entry, Fallback, Field, Name, entries, names};

use crate::{
    catalog::{Function, Group, Kind, Param, Preset, functions},
    error::Code,
    names::NAMES,
    plan::Compiler,
};

/// A function with its parameters and defaults, as one would call it.
#[must_use]
pub fn signature(function: &Function) -> String {
    let params: Vec<String> = function.params.iter().map(param).collect();
    let more = if function.variadic { ", …" } else { "" };
    format!("{}({}{more})", function.name, params.join(", "))
}

fn param(param: &Param) -> String {
    match param.preset {
        Preset::None => param.name.to_owned(),
        Preset::Close => format!("{}=close", param.name),
        Preset::Is(value) => format!("{}={value}", param.name),
    }
}

/// Bars before the first value of a function's example; `None` when the example is wrong, which a
/// test excludes.
#[must_use]
pub fn warm_up(function: &Function) -> Option<usize> {
    let mut compiler = Compiler::new(crate::check::Env::default());
    let root = compiler.add(function.example).ok()?;
    Some(compiler.finish().warm_up(root))
}

/// What a parameter may be, in words.
fn range(param: &Param) -> Option<String> {
    match param.kind {
        Kind::Length { min, max } => Some(format!("`{}` {min} to {max} bars", param.name)),
        Kind::Constant { min, max } => Some(format!("`{}` {min} to {max}", param.name)),
        Kind::Number | Kind::Condition | Kind::Any => None,
    }
}

/// The reference of all functions, names and faults, as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let _ = writeln!(text, "### {}\n", group.title());
        for function in functions().filter(|f| f.group == group) {
            write_entry(&mut text, function);
        }
    }
    text.push_str("### Values\n\n| name | what it is |\n|---|---|\n");
    for name in NAMES {
        let _ = writeln!(text, "| `{}` | {} |", name.name, name.summary);
    }
    text.push_str("\n### Faults\n\n");
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("`{}`", code.name())).collect();
    let _ = writeln!(text, "Codes of faults: {}.", codes.join(", "));
    text
}

fn write_entry(text: &mut String, function: &Function) {
    let _ = writeln!(text, "**`{}`** {}\n", signature(function), function.summary);
    let _ = writeln!(text, "- Formula: `{}`", function.formula);
    for output in function.outputs.iter().filter(|o| !o.name.is_empty()) {
        let _ = writeln!(text, "- `.{}`: {}", output.name, output.summary);
    }
    let ranges: Vec<String> = function.params.iter().filter_map(range).collect();
    if !ranges.is_empty() {
        let _ = writeln!(text, "- Range: {}", ranges.join(", "));
    }
    let bars = warm_up(function).unwrap_or(0);
    let _ = writeln!(text, "- Example: `{}`, first value after {bars} bars", function.example);
    let _ = writeln!(text, "- Source: {}\n", function.source);
}
