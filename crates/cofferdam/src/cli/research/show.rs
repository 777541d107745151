//! A report in words.
//!
//! Every figure is one that the report has; this module must not compute any.

use std::collections::BTreeMap;

use ::research::{
    stats::{Described, KEY_FIGURES, Unit, describe},
    trial::{Report, Trial},
};

use crate::cli::output::{Out, Table, grouped, instant};

/// Prints a report.
pub(super) fn report(trial: &Trial, report: &Report, out: &mut Out) {
    out.line(format!(
        "{} on {} ({}), {} to {}, {} bars{}",
        report.strategy,
        report.symbols.join(", "),
        report.timeframe,
        instant(report.from),
        instant(report.until),
        grouped(&report.bars.to_string(), 0),
        if trial.from.is_some() { " with those before, which only warm the rules up" } else { "" },
    ));
    if !report.params.is_empty() {
        out.line(format!("with {}", params(&report.params)));
    }
    out.raw_line();
    figures(report, out);
    counts(report, out);
    out.raw_line();
    out.line("Assumed:");
    for words in &report.assumptions {
        out.line(format!("  {words}"));
    }
    out.raw_line();
    out.line(format!("result {}", report.reproducibility.result));
}

/// Parameters with their values.
pub(super) fn params(params: &BTreeMap<String, f64>) -> String {
    params.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

/// Figures by their names, one a line.
pub(super) fn section(figures: &serde_json::Value, out: &mut Out) {
    let mut table = Table::new(&["figure", ">value"]);
    for (name, value) in figures.as_object().into_iter().flatten() {
        let number = match value {
            serde_json::Value::Number(n) if n.is_u64() => n.to_string(),
            serde_json::Value::Number(n) => {
                n.as_f64().map_or_else(String::new, |n| format!("{n:.2}"))
            }
            serde_json::Value::String(text) => grouped(text, 2),
            _ => "undefined".to_owned(),
        };
        table.row([name.replace("_percent", " %").replace('_', " "), number]);
    }
    out.table(&table, "");
}

fn figures(report: &Report, out: &mut Out) {
    let all: Vec<&Described> = describe().iter().flat_map(|group| group.figures).collect();
    let mut table = Table::new(&["figure", ">value", ""]);
    let value = serde_json::to_value(&report.statistics).unwrap_or_default();
    for name in KEY_FIGURES {
        let Some(figure) = all.iter().find(|f| f.name == *name) else { continue };
        let found = &value[*name];
        let reason = report.statistics.remarks.iter().find(|r| r.figure == *name);
        table.row([
            words(figure),
            shown(found, figure.unit),
            reason.map_or_else(String::new, |r| r.text.to_owned()),
        ]);
    }
    out.table(&table, "");
}

/// A figure's name without its unit, which stands behind the value.
fn words(figure: &Described) -> String {
    let name = figure.name.trim_end_matches("_percent").trim_end_matches("_seconds");
    match name.strip_suffix("_count") {
        Some(counted) => format!("{counted}s"),
        None => name.replace('_', " "),
    }
}

fn shown(value: &serde_json::Value, unit: Unit) -> String {
    let number = match value {
        serde_json::Value::Number(n) => n.as_f64().map(|n| format!("{n:.2}")),
        serde_json::Value::String(text) => Some(money(text)),
        _ => None,
    };
    match (number, unit) {
        (None, _) => "undefined".to_owned(),
        (Some(number), Unit::Percent) => format!("{number} %"),
        (Some(number), Unit::Seconds) => days(&number),
        (Some(number), Unit::Count) => number.trim_end_matches(".00").to_owned(),
        (Some(number), _) => number,
    }
}

/// An amount, rounded to cents.
fn money(text: &str) -> String {
    let exact = text.parse::<rust_decimal::Decimal>();
    grouped(&exact.map_or_else(|_| text.to_owned(), |d| format!("{:.2}", d.round_dp(2))), 2)
}

/// Seconds as days.
fn days(seconds: &str) -> String {
    let days = seconds.parse::<f64>().map_or(0.0, |s| s / 86_400.0);
    format!("{days:.0} days")
}

fn counts(report: &Report, out: &mut Out) {
    let codes = |codes: &std::collections::BTreeMap<path::codes::RefusalCode, u64>| {
        let list: Vec<String> = codes.iter().map(|(c, n)| format!("{} {n}", c.name())).collect();
        list.join(", ")
    };
    if report.refused.orders > 0 {
        out.line(format!(
            "{} orders were refused: {}",
            report.refused.orders,
            codes(&report.refused.codes)
        ));
    }
    if let Some((name, other)) = &report.would_be_refused {
        let which =
            if other.refused == 0 { String::new() } else { format!(": {}", codes(&other.codes)) };
        out.line(format!(
            "the limits of preset {name} would have refused {} of {} entries{which}",
            other.refused, other.entries
        ));
    }
    let skipped = report.skipped;
    let left_out = [
        (skipped.contradictions, "both sides wanted to enter"),
        (skipped.distances, "a stop, target or trail had no distance"),
        (skipped.positions, "as many symbols as allowed were held"),
    ];
    for (count, why) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        out.line(format!("{count} entries were left out: {why}"));
    }
    for holding in &report.open {
        out.line(format!("still held: {} {}", holding.qty, holding.instrument));
    }
    for (code, count) in &report.alarms {
        out.line(format!("alarm {code}: {count}"));
    }
}

/// Prints closed trades.
pub(super) fn trades(report: &Report, out: &mut Out) {
    let mut table = Table::new(&[
        "symbol", "side", "opened", "closed", ">qty", ">entry", ">exit", ">net", ">fees", ">bars",
        "why",
    ]);
    for trade in &report.trades {
        table.row([
            trade.symbol.clone(),
            trade.side.name().to_owned(),
            instant(trade.opened_at),
            instant(trade.closed_at),
            trade.qty.to_string(),
            trade.entry_price.round_dp(6).normalize().to_string(),
            trade.exit_price.round_dp(6).normalize().to_string(),
            money(&trade.net_profit.to_string()),
            money(&trade.fees.to_string()),
            trade.bars_held.to_string(),
            trade.exit_reason.clone(),
        ]);
    }
    out.raw_line();
    out.table(&table, "no trade was closed");
}
