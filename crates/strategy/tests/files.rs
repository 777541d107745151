//! Strategy files: the shipped ones are right, and every fault has its place and its remedy.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use domain::Size;
use strategy::{Part, compile, read};

const GOOD: &str = r#"
name = "Cross"
symbols = ["IBM", "GOOG"]
timeframe = "1d"
[params]
fast = { default = 10, min = 5, max = 50 }
[formulas]
trend = "sma(close, 200)"
[entry]
long = "crosses_above(close, sma(close, fast)) and close > trend"
short = "crosses_below(close, sma(close, fast))"
[exit]
long = "pnl_percent > 10"
stop = "2 * atr(14)"
break_even = "1 * atr(14)"
bars = 30
[size]
risk_percent = 0.5
[pyramid]
entries = 3
[portfolio]
max_positions = 1
"#;

#[test]
fn a_file_says_everything() {
    let strategy = read(GOOD).unwrap();
    assert_eq!(strategy.symbols, ["IBM", "GOOG"]);
    assert_eq!(strategy.size, Size::RiskPercent("0.5".parse().unwrap()));
    assert_eq!((strategy.entries, strategy.max_positions), (3, Some(1)));
    assert_eq!(strategy.exit_bars, Some(30));
    assert!(strategy.shorts());
    let compiled = compile(&strategy, &strategy.defaults()).unwrap();
    assert_eq!(compiled.warm_up(), 199, "of the trend");
    assert!(compiled.plan.is_late(compiled.root(Part::ExitLong).unwrap()));
    assert_ne!(read(&GOOD.replace("30", "31")).unwrap().hash, strategy.hash);
}

#[test]
fn the_shipped_files_are_right() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let strategy = read(&text).unwrap_or_else(|f| panic!("{}:\n{f}", path.display()));
        assert!(!strategy.description.is_empty(), "{}", path.display());
        names.push(strategy.name);
    }
    assert!(names.len() >= 8, "{names:?}");
}

/// What is put in for what, the fault's code, key, line, and a part of its message or remedy.
const FAULTS: &[(&str, &str, &str, &str, usize, &str)] = &[
    ("name = \"Cross\"", "nam = \"Cross\"", "file_invalid", "", 2, "nam"),
    ("name = \"Cross\"", "name = \"\"", "name_invalid", "name", 2, "1 to 80"),
    ("name = \"Cross\"", "", "file_invalid", "", 1, "name"),
    ("[size]", "[siz]", "file_invalid", "", 17, "siz"),
    ("[\"IBM\", \"GOOG\"]", "[]", "symbols_invalid", "symbols", 3, "1 to 100"),
    ("\"GOOG\"]", "\"IBM\"]", "symbols_invalid", "symbols", 3, "twice"),
    ("\"GOOG\"]", "\"A B\"]", "symbols_invalid", "symbols", 3, "letters"),
    ("\"GOOG\"]", "\"=A1\"]", "symbols_invalid", "symbols", 3, "sim:IBM"),
    ("\"GOOG\"]", "\"^GSPC\"]", "symbols_invalid", "symbols", 3, "at most 32"),
    ("[\"IBM\", \"GOOG\"]", "\"IBM\"", "file_invalid", "", 3, "symbols = [\"IBM\"]"),
    ("[\"IBM\", \"GOOG\"]", "\"IBM\"", "file_invalid", "", 3, "expected a list."),
    ("\"Cross\"", "\"Cr\\u0007oss\"", "name_invalid", "name", 2, "this one has U+0007"),
    ("\"Cross\"", "\"Cr\u{202e}oss\"", "name_invalid", "name", 2, "this one has U+202E"),
    ("\"Cross\"", "\"Cr\u{200b}oss\"", "name_invalid", "name", 2, "this one has U+200B"),
    (
        "name = \"Cross\"",
        "name = \"Cross\"\ndescription = \"It\u{202e} earns\"",
        "description_invalid",
        "description",
        3,
        "A description has no control characters",
    ),
    ("\"Cross\"", "5", "file_invalid", "", 2, "Write it in quotes"),
    ("risk_percent = 0.5", "risk_percent = \"0.5\"", "file_invalid", "", 18, "without quotes"),
    (", min = 5", "", "file_invalid", "", 6, "A parameter has default, min and max"),
    ("{ default = 10, min = 5, max = 50 }", "10", "file_invalid", "", 6, "fast = { default"),
    ("max = 50", "max = 1", "param_invalid", "params.fast", 6, "min is 5 and max is 1"),
    (
        "max = 50",
        "max = 50, step = 0",
        "param_invalid",
        "params.fast",
        6,
        "step is 0: a step is above 0",
    ),
    ("max = 50", "max = inf", "param_invalid", "params.fast", 6, "max is inf, which is no number"),
    ("\"1d\"", "\"2d\"", "timeframe_invalid", "timeframe", 4, "1h"),
    ("min = 5", "min = 15", "param_invalid", "params.fast", 6, "min <= default"),
    ("min = 5", "min = 0", "param_range", "params.fast", 6, "fast = 0"),
    ("fast = {", "close = {", "name_invalid", "params.close", 6, "already has a meaning"),
    (
        "trend = \"sma(close, 200)\"",
        "trend = \"sma(clse, 200)\"",
        "unknown_name",
        "formulas.trend",
        8,
        "`close`",
    ),
    ("and close > trend", "and close > trnd", "unknown_name", "entry.long", 10, "`trend`"),
    ("and close > trend", "and trend", "wrong_type", "entry.long", 10, "x > 0"),
    ("\"2 * atr(14)\"", "\"close > 3\"", "wrong_type", "exit.stop", 14, "number"),
    ("\"2 * atr(14)\"", "\"entry_price * 0.1\"", "no_position", "exit.stop", 14, "position"),
    ("pnl_percent > 10", "pnl_percent > 10 and", "unexpected_token", "exit.long", 13, "too early"),
    ("bars = 30", "bars = 0", "out_of_range", "exit.bars", 16, "1 to"),
    ("risk_percent = 0.5", "risk_percent = -1", "size_invalid", "size.risk_percent", 18, "above 0"),
    (
        "risk_percent = 0.5",
        "risk_percent = 1\nquantity = 3",
        "size_invalid",
        "size",
        17,
        "exactly one",
    ),
    ("risk_percent = 0.5", "", "size_invalid", "size", 17, "exactly one"),
    ("stop = \"2 * atr(14)\"", "", "risk_needs_stop", "size.risk_percent", 18, "[exit]"),
    ("entries = 3", "entries = 999", "out_of_range", "pyramid.entries", 20, "50"),
    ("max_positions = 1", "max_positions = 1.5", "file_invalid", "", 22, "whole number"),
    ("short = \"crosses_below(close, sma(close, fast))\"", "", "", "", 0, ""),
];

#[test]
fn every_fault_has_its_place_and_its_remedy() {
    for (from, to, code, key, line, part) in FAULTS {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replace(from, to);
        let result = read(&text);
        if code.is_empty() {
            assert!(result.is_ok(), "{from} can be left out");
            continue;
        }
        let Err(faults) = result else { panic!("`{to}` is taken for right") };
        let fault = &faults.0[0];
        let shown = faults.to_string();
        assert_eq!((fault.code, fault.key.as_str()), (*code, *key), "{to}: {shown}");
        assert!(shown.contains(part), "{to}: {shown}");
        assert_eq!(fault.line, *line, "{to}: {shown}");
    }
}

#[test]
fn what_follows_from_a_wrong_parameter_is_not_told() {
    let text = GOOD
        .replace("min = 5", "min = 15")
        .replace("sma(close, 200)", "sma(close, fast)")
        .replace("2 * atr(14)", "2 * atr(nobody)");
    let faults = read(&text).unwrap_err().0;
    let told: Vec<_> = faults.iter().map(|f| (f.code, f.key.as_str())).collect();
    assert_eq!(told, [("param_invalid", "params.fast"), ("unknown_name", "exit.stop")]);
}

#[test]
fn all_faults_are_told_at_once_and_point_into_the_formula() {
    let text = GOOD.replace("trend\"", "trnd\"").replace("0.5", "0").replace("pnl_percent", "pnl");
    let faults = read(&text).unwrap_err().0;
    let codes: Vec<_> = faults.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["size_invalid", "unknown_name", "unknown_name"]);
    let fault = &faults[1];
    assert_eq!((fault.line, fault.column, fault.length), (10, 60, 4), "{fault:?}");
}
