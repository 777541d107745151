//! The crate beside `tools/statistics_reference`, which computes every figure a second time by
//! other means: decimals of 50 digits, fractions, and a generator of its own. Its runs and figures
//! are in `tests/data`; here every one of them must come out, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::{collections::BTreeMap, fs, path::Path};

use domain::Timestamp;
use research::stats::{
    Benchmark, DataGap, EquityPoint, EveryDay, PricePoint, Run, Sessions, Settings, Statistics,
    TradeRow,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Kept {
    calendar: KeptCalendar,
    settings: Settings,
    equity: Vec<EquityPoint>,
    trades: Vec<TradeRow>,
    benchmark: KeptBenchmark,
    rejected_orders: BTreeMap<String, u64>,
    data_gaps: Vec<DataGap>,
}

#[derive(Deserialize)]
struct KeptCalendar {
    kind: String,
    periods_per_year: u16,
    days: Vec<i64>,
}

#[derive(Deserialize)]
struct KeptBenchmark {
    from: Timestamp,
    prices: Vec<PricePoint>,
}

fn read(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    fs::read_to_string(file).unwrap()
}

fn statistics(kept: &Kept) -> Statistics {
    let benchmark = Benchmark { prices: &kept.benchmark.prices, from: kept.benchmark.from };
    let run = Run {
        equity: &kept.equity,
        trades: &kept.trades,
        benchmark: Some(benchmark),
        rejected_orders: &kept.rejected_orders,
        data_gaps: &kept.data_gaps,
    };
    if kept.calendar.kind == "every_day" {
        assert_eq!(kept.calendar.periods_per_year, 365);
        return Statistics::of(&run, &EveryDay, &kept.settings).unwrap();
    }
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
    let calendar = Sessions {
        days: &kept.calendar.days,
        day_of: Timestamp::utc_day,
        local: |at: Timestamp| zone.to_datetime(at.to_jiff()),
        periods_per_year: kept.calendar.periods_per_year,
    };
    Statistics::of(&run, &calendar, &kept.settings).unwrap()
}

/// Where two trees differ: numbers by more than 1e-9 of their size, amounts at all.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys()).filter(|key| *key != "remarks");
            for key in names.collect::<std::collections::BTreeSet<_>>() {
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(&format!("{path}.{key}"), a, b, found),
                    _ => found.push(format!("{path}.{key} is only in one")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{n}]"), a, b, found);
            }
        }
        _ => {
            if !alike(ours, theirs) {
                found.push(format!("{path}: {ours} here, {theirs} there"));
            }
        }
    }
}

fn alike(ours: &Value, theirs: &Value) -> bool {
    if let (Some(a), Some(b)) = (ours.as_f64(), theirs.as_f64()) {
        return (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || (a - b).abs() < 1e-12;
    }
    let amount = |value: &Value| value.as_str().and_then(|text| text.parse::<Decimal>().ok());
    ours == theirs || matches!((amount(ours), amount(theirs)), (Some(a), Some(b)) if a == b)
}

/// Every `null` of an object must be explained in the `remarks` beside it.
fn unexplained(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let remarks = fields.get("remarks").and_then(Value::as_array);
            for (key, field) in fields {
                let explained = remarks.is_some_and(|remarks| {
                    remarks.iter().any(|r| r["figure"] == **key && r["undefined"] == true)
                });
                if field.is_null() != explained {
                    found.push(format!("{path}.{key}"));
                }
                unexplained(&format!("{path}.{key}"), field, found);
            }
        }
        Value::Array(rows) => {
            for (n, row) in rows.iter().enumerate().filter(|(_, row)| row.is_object()) {
                unexplained(&format!("{path}[{n}]"), row, found);
            }
        }
        _ => {}
    }
}

fn agrees(name: &str) {
    let kept: Kept = serde_json::from_str(&read(&format!("{name}.json"))).unwrap();
    let theirs: Value = serde_json::from_str(&read(&format!("{name}.expected.json"))).unwrap();
    let statistics = statistics(&kept);
    let ours = serde_json::to_value(&statistics).unwrap();
    let mut found = Vec::new();
    differences(name, &ours, &theirs, &mut found);
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
    unexplained(name, &ours, &mut found);
    assert!(found.is_empty(), "null without a reason, or a reason without null: {found:?}");
    for (figure, value) in ours.as_object().unwrap() {
        if let Some(value) = value.as_f64() {
            assert_eq!(statistics.number(figure), Some(Some(value)), "{figure} by its name");
        }
    }
}

#[test]
fn real_bars_with_sessions_agree() {
    agrees("sessions");
}

#[test]
fn bars_around_the_clock_agree() {
    agrees("every_day");
}

/// What is printed is the same to the last digit when it is computed again.
#[test]
fn the_same_run_prints_the_same_text() {
    let kept: Kept = serde_json::from_str(&read("every_day.json")).unwrap();
    let first = serde_json::to_string(&statistics(&kept)).unwrap();
    assert_eq!(serde_json::to_string(&statistics(&kept)).unwrap(), first);
}
