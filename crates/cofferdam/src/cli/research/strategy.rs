//! Strategy files: check one, and put one to work.

use std::path::{Path, PathBuf};

use ::strategy::{Part, compile};
use clap::Subcommand;
use serde_json::json;

use super::runs::RunCommand;
use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, clean},
};

/// What can be done with strategy files.
#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// Check a file: every fault with its line, column and remedy
    #[command(after_help = "\
Example:
  cofferdam strategy check strategies/golden-cross.toml")]
    Check {
        /// The strategy file
        #[arg(value_name = "STRATEGY.toml")]
        file: PathBuf,
    },
    #[command(flatten)]
    Runs(RunCommand),
}

/// Runs a command.
pub(crate) fn run(
    command: StrategyCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    match command {
        StrategyCommand::Check { file } => check(&file, out),
        StrategyCommand::Runs(command) => super::runs::run(command, ctx, out),
    }
}

fn check(file: &Path, out: &mut Out) -> Result<Outcome, Failure> {
    let text = super::args::text(file)?;
    let strategy = match ::strategy::read(&text) {
        Ok(strategy) => strategy,
        Err(faults) => {
            out.json(&json!({ "ok": false, "faults": faults }))?;
            for fault in &faults.0 {
                show(fault, &text, file, out);
            }
            return Ok(Outcome::Refused);
        }
    };
    let compiled = compile(&strategy, &strategy.defaults())
        .map_err(|(part, e)| Failure::new(e.code.name(), format!("{}: {e}", part.key())))?;
    let (warm_up, size) = (compiled.warm_up(), compiled.plan.size());
    let rules: Vec<&str> = strategy.rules.keys().map(|part: &Part| part.key()).collect();
    out.json(&json!({
        "ok": true, "name": strategy.name, "symbols": strategy.symbols,
        "timeframe": strategy.timeframe, "params": strategy.params, "rules": rules,
        "warm_up_bars": warm_up, "computations": size, "hash": strategy.hash,
    }))?;
    out.line(format!(
        "ok: {} on {} ({}): {}; {warm_up} bars of warm-up, {size} computations a bar",
        strategy.name,
        strategy.symbols.join(", "),
        strategy.timeframe,
        rules.join(", "),
    ));
    Ok(Outcome::Done)
}

fn show(fault: &::strategy::Fault, text: &str, file: &std::path::Path, out: &mut Out) {
    let key = if fault.key.is_empty() { String::new() } else { format!("{}: ", fault.key) };
    let (line, column) = (fault.line, fault.column);
    out.line(format!("{}:{line}:{column}: {key}{}", file.display(), clean(&fault.message)));
    let shown: String = text.lines().nth(line - 1).unwrap_or_default().chars().take(120).collect();
    // A sign for each character, so that the marks stand below it.
    out.line(format!("  {}", clean(&shown.replace('\t', " "))));
    if column <= 120 {
        let room = (121 - column).max(1);
        let marks = "^".repeat(fault.length.min(room));
        out.line(format!("  {}{marks}", " ".repeat(column - 1)));
    }
    if let Some(help) = &fault.help {
        out.line(format!("  help: {help}"));
    }
}
