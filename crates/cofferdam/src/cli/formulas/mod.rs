//! Formulas from the command line: check one, compute it over a file, list the functions.
//!
//! This module must not know how formulas are read or computed.

mod eval;
mod functions;

use clap::{Args, Subcommand};
use domain::Timeframe;
use formula::{Compiler, Diagnostic, Env, Type};
use serde_json::json;

use super::{Outcome, failure::Failure, output::Out};

/// What can be done with formulas.
#[derive(Debug, Subcommand)]
pub(crate) enum FormulaCommand {
    /// Check a formula: its type and how many bars it needs, or what is wrong and where
    #[command(after_help = "\
Examples:
  cofferdam formula check 'crosses_above(sma(close, 10), sma(close, 30))'
  cofferdam formula check 'close < entry_price * 0.97' --position")]
    Check(CheckArgs),
    /// Compute formulas over a file of bars
    #[command(after_help = eval::HELP)]
    Eval(eval::EvalArgs),
    /// List every function, or explain one
    Functions {
        /// The function to explain
        name: Option<String>,
    },
}

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The formula
    #[arg(value_name = "FORMULA", allow_hyphen_values = true)]
    formula: String,
    /// The timeframe of the bars that it will run on
    #[arg(long)]
    timeframe: Option<Timeframe>,
    /// Allow position, entry_price, bars_held and pnl_percent, as in a strategy's rules
    #[arg(long)]
    position: bool,
    /// A constant, written name=value; can be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, f64)>,
}

/// A constant as it is typed.
pub(crate) fn param(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    let number: f64 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
    if !number.is_finite() {
        return Err(format!("`{value}` is not a finite number"));
    }
    Ok((name.to_owned(), number))
}

/// Runs a command.
pub(crate) fn run(command: FormulaCommand, out: &mut Out) -> Result<Outcome, Failure> {
    match command {
        FormulaCommand::Check(args) => check(args, out),
        FormulaCommand::Eval(args) => eval::run(&args, out),
        FormulaCommand::Functions { name } => functions::run(name.as_deref(), out),
    }
}

/// Tells what is wrong with a formula, pointing at its place.
fn wrong(error: &Diagnostic, text: &str, out: &mut Out) -> Result<Outcome, Failure> {
    let (line, column) = error.place(text);
    out.json(
        &json!({ "ok": false, "formula": text, "error": error, "line": line, "column": column }),
    )?;
    out.line(error.pointing_at(text).to_string());
    Ok(Outcome::Refused)
}

fn check(args: CheckArgs, out: &mut Out) -> Result<Outcome, Failure> {
    let CheckArgs { formula: text, timeframe, position, params } = args;
    let params = params.into_iter().collect();
    let mut compiler = Compiler::new(Env { params, timeframe, position, ..Env::default() });
    let root = match compiler.add(&text) {
        Ok(root) => root,
        Err(error) => return wrong(&error, &text, out),
    };
    let plan = compiler.finish();
    let (ty, warm_up, size) = (plan.ty(root), plan.warm_up(root), plan.size());
    let name = match ty {
        Type::Number => "number",
        Type::Boolean => "condition",
        Type::Duration => "duration",
    };
    let symbols = plan.symbols();
    out.json(&json!({
        "ok": true, "type": name, "warm_up_bars": warm_up, "computations": size,
        "position": plan.is_late(root), "symbols": symbols,
    }))?;
    let first = if warm_up == 0 {
        "has a value from the first bar on".to_owned()
    } else {
        format!("has its first value after {warm_up} bars")
    };
    out.line(format!("ok: a {name}; {first}; {size} computations a bar"));
    if !symbols.is_empty() {
        out.line(format!("reads {}", symbols.join(", ")));
    }
    Ok(Outcome::Done)
}
