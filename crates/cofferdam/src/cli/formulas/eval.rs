//! Formulas over the bars of a file.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use clap::Args;
use domain::Timeframe;
use formula::{Columns, Compiler, Decimals, Env, PositionFacts, Run, Type};
use research::trial::instrument_id;
use serde_json::{Value, json};
use strategy::market_time;

use super::{param, wrong};
use crate::cli::{
    Outcome,
    bars::CalendarArg,
    failure::Failure,
    history,
    output::{Out, Table, instant},
    values,
};

pub(super) const HELP: &str = "\
Prints the closing time of each bar and the formula's value, nothing where it is undefined. With
several formulas there is a column for each.

Examples:
  cofferdam formula eval data/IBM-1d.csv 'rsi(14)' --csv
  cofferdam formula eval data/IBM-1d.csv 'close > sma(close, 200)' --last 10
  cofferdam formula eval data/IBM-1d.csv 'close / symbol(\"GOOG\", close)' --other GOOG=data/GOOG-1d.csv";

/// Rows that people see without asking for another number.
const SHOWN: usize = 20;
/// Bars that are computed at once.
const BLOCK: usize = 1_024;

/// What to compute.
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// A file of bars: time,open,high,low,close,volume; Yahoo's; Binance's
    file: PathBuf,
    /// The formulas
    #[arg(required = true, value_name = "FORMULA")]
    formulas: Vec<String>,
    /// Print time and values of every bar, separated by commas
    #[arg(long)]
    csv: bool,
    /// Print the last bars only
    #[arg(long, value_name = "N", value_parser = values::bars, allow_negative_numbers = true)]
    last: Option<usize>,
    /// The span of a bar; found out from the times when it isn't named
    #[arg(long)]
    timeframe: Option<Timeframe>,
    /// When the market trades; found out from the times when it isn't named
    #[arg(long, value_enum)]
    calendar: Option<CalendarArg>,
    /// Bars of another symbol, for symbol("NAME", …); can be given several times
    #[arg(long, value_name = "NAME=FILE")]
    other: Vec<String>,
    /// A constant, written name=value; can be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, f64)>,
}

/// A column of values: a row for each bar, `NaN` where undefined.
struct Computed {
    ty: Type,
    values: Vec<f64>,
}

/// Computes the formulas.
pub(super) fn run(args: &EvalArgs, out: &mut Out) -> Result<Outcome, Failure> {
    let history = history::read(&args.file, args.timeframe, args.calendar)?;
    let others = others(args)?;
    let env = Env {
        params: args.params.iter().cloned().collect(),
        timeframe: Some(history.timeframe),
        symbols: Some(others.iter().map(|(name, _)| name.clone()).collect()),
        ..Env::default()
    };
    let mut compiler = Compiler::new(env);
    let mut roots = Vec::with_capacity(args.formulas.len());
    for text in &args.formulas {
        match compiler.add(text) {
            Ok(root) => roots.push(root),
            Err(error) => return wrong(&error, text, out),
        }
    }
    let plan = Arc::new(compiler.finish());
    let decimals = Decimals::of(&history.bars);
    let mut work = Run::on(Arc::clone(&plan), decimals, market_time(history.calendar));
    for (name, columns) in &others {
        if plan.symbols().contains(&name.as_str()) {
            work.tell(name, columns).map_err(|e| Failure::usage(e.to_string()))?;
        }
    }
    let mut computed: Vec<Computed> = roots
        .iter()
        .map(|root| Computed { ty: plan.ty(*root), values: Vec::with_capacity(history.bars.len()) })
        .collect();
    let flat = PositionFacts::default();
    for block in history.bars.chunks(BLOCK) {
        work.block(&Columns::of(block));
        for (root, column) in roots.iter().zip(&mut computed) {
            column.values.extend((0..block.len()).map(|bar| work.value(*root, bar, &flat)));
        }
    }
    print(args, &history.bars, &computed, out)?;
    Ok(Outcome::Done)
}

fn others(args: &EvalArgs) -> Result<Vec<(String, Columns)>, Failure> {
    args.other
        .iter()
        .map(|text| {
            let (name, file) = text
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("--other {text}: write it as NAME=FILE")))?;
            instrument_id(name)
                .map_err(|error| Failure::usage(format!("--other {text}: {error}")))?;
            let history = history::read(&PathBuf::from(file), args.timeframe, args.calendar)?;
            Ok((name.to_owned(), Columns::of(&history.bars)))
        })
        .collect()
}

/// A value as text; nothing where it is undefined.
fn text(ty: Type, value: f64) -> String {
    match ty {
        _ if value.is_nan() => String::new(),
        Type::Boolean => (value == 1.0).to_string(),
        Type::Number | Type::Duration => value.to_string(),
    }
}

fn print(
    args: &EvalArgs,
    bars: &[domain::Bar],
    computed: &[Computed],
    out: &mut Out,
) -> Result<(), Failure> {
    let shown = args.last.unwrap_or(if args.csv { bars.len() } else { SHOWN });
    let from = bars.len().saturating_sub(shown);
    if args.csv {
        let mut csv = String::from("time");
        for n in 1..=computed.len() {
            let number = if computed.len() == 1 { String::new() } else { n.to_string() };
            let _ = write!(csv, ",value{number}");
        }
        for (at, bar) in bars.iter().enumerate().skip(from) {
            let _ = write!(csv, "\n{}", bar.close_at.to_jiff());
            for column in computed {
                let _ = write!(csv, ",{}", text(column.ty, column.values[at]));
            }
        }
        out.raw(&csv);
        return Ok(());
    }
    let rows: Vec<Value> = bars
        .iter()
        .enumerate()
        .skip(from)
        .map(|(at, bar)| {
            let values = computed.iter().map(|c| value(c.ty, c.values[at]));
            json!({ "time": bar.close_at, "values": values.collect::<Vec<Value>>() })
        })
        .collect();
    out.json(&json!({ "formulas": args.formulas, "bars": bars.len(), "rows": rows }))?;
    let mut table = Table::new(&["time", "values"]);
    for (at, bar) in bars.iter().enumerate().skip(from) {
        let values: Vec<String> = computed
            .iter()
            .map(|c| Some(text(c.ty, c.values[at])).filter(|t| !t.is_empty()))
            .map(|t| t.unwrap_or_else(|| "undefined".to_owned()))
            .collect();
        table.row([instant(bar.close_at), values.join("  ")]);
    }
    out.table(&table, "no bars");
    if from > 0 && args.last.is_none() {
        out.line(format!("the last {SHOWN} of {} bars; --last N or --csv shows more", bars.len()));
    }
    Ok(())
}

/// A value as JSON; null where it is undefined.
fn value(ty: Type, value: f64) -> Value {
    match ty {
        _ if value.is_nan() => Value::Null,
        Type::Boolean => Value::Bool(value == 1.0),
        Type::Number | Type::Duration => json!(value),
    }
}
