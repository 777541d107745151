//! What expressions mean: precedence, truth with undefined parts, ties, history, other series.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::sync::Arc;

use common::{U, assert_values, bar, closes, eval, plan};
use formula::{Columns, Compiler, Decimals, Env, PositionFacts, Run, Type, check};

#[test]
fn operators_bind_as_in_mathematics() {
    let bars = closes(&[100]);
    for (text, value) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 ^ -1", 0.5),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 2", 3.0),
        ("1 + 1 == 2", 1.0),
        ("not 1 > 2 and 3 > 2", 1.0),
        ("1 > 2 and 1 > 0 or 3 > 2", 1.0),
        ("TRUE and not False", 1.0),
        ("1e-3 * 1000", 1.0),
        ("45m / 30m", 1.5),
        ("1h - 30m == 30m", 1.0),
        ("2 * 30s == 1m", 1.0),
        ("close # the rest of a line says nothing", 1.0),
    ] {
        assert_values(text, &bars, &[value]);
    }
    let ninety = check("90m", &Env::default()).unwrap_err();
    assert_eq!(ninety.code.name(), "bad_number");
    assert_values("1h + 30m > 1h", &bars, &[1.0]);
}

#[test]
fn what_is_undefined_decides_nothing() {
    let bars = closes(&[100, 200, 300]);
    let before = "close[1] > 0"; // undefined on the first bar
    for (text, first) in [
        (format!("{before} and false"), 0.0),
        (format!("false and {before}"), 0.0),
        (format!("{before} and true"), U),
        (format!("{before} or true"), 1.0),
        (format!("{before} or false"), U),
        (format!("not ({before})"), U),
        ("close[1] == close[1]".to_owned(), U),
        ("close / (close - close)".to_owned(), U),
        ("0 / (close - 1)".to_owned(), U),
    ] {
        let found = eval(&text, &bars)[0];
        assert!(found == first || (found.is_nan() && first.is_nan()), "{text}: {found}");
    }
}

#[test]
fn history_counts_bars() {
    let bars = closes(&[100, 200, 300, 400]);
    assert_values("close[0]", &bars, &[1.0, 2.0, 3.0, 4.0]);
    assert_values("close[2]", &bars, &[U, U, 1.0, 2.0]);
    assert_values("close[1][1]", &bars, &[U, U, 1.0, 2.0]);
    assert_values("(close - close[1])[1]", &bars, &[U, U, 1.0, 1.0]);
}

#[test]
fn sums_and_differences_of_prices_are_exact() {
    // 0.1 + 0.2 is not 0.3 among floats; among prices it is.
    let bars = [bar(0, [10, 20, 10, 20], 1), bar(1, [20, 30, 20, 30], 1)];
    assert_values("open + close == 0.3", &bars, &[1.0, 0.0]);
    assert_values("high - low == 0.1", &bars, &[1.0, 1.0]);
}

#[test]
fn a_cross_fires_where_the_difference_turns_strictly() {
    //                   below, equal, above, above, equal, above, below
    let bars = closes(&[100, 200, 300, 300, 200, 300, 100]);
    // What was before the first bar is not known.
    assert_values("crosses_above(close, 2)", &bars, &[U, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_values("crosses_below(close, 2)", &bars, &[U, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn equal_means_of_different_length_are_equal() {
    // Means over 3 and 7 of a constant 0.07: sums of floats differ in the last bit.
    let bars = closes(&[107; 12]);
    let equal = eval("sma(close, 3) == sma(close, 7)", &bars);
    assert!(equal[6..].iter().all(|v| *v == 1.0), "{equal:?}");
}

#[test]
fn longer_bars_are_seen_once_they_have_closed() {
    let cents: Vec<i64> = (1..=11).map(|n| 100 * n).collect();
    let bars = closes(&cents);
    let five = eval("tf(\"5m\", close)", &bars);
    assert!(five[..4].iter().all(|v| v.is_nan()));
    assert_eq!(five[4..], [5.0, 5.0, 5.0, 5.0, 5.0, 10.0, 10.0]);
    assert_eq!(eval("tf(5m, high - low)", &bars)[4], 4.2, "5.10 - 0.90");
    assert_eq!(eval("tf(5m, close[1])", &bars)[9], 5.0, "the longer bar before");
}

#[test]
fn a_gap_ends_the_longer_bar_at_the_next_bar() {
    let bars = [bar(0, [100; 4], 1), bar(1, [200; 4], 1), bar(7, [300; 4], 1)];
    assert_values("tf(5m, close)", &bars, &[U, U, 2.0]);
}

#[test]
fn other_symbols_are_seen_from_their_close_on() {
    let mut compiler = Compiler::new(Env::default());
    let root = compiler.add("symbol(\"SPY\", close)").unwrap();
    let plan = Arc::new(compiler.finish());
    let own = closes(&[100, 200, 300]);
    let mut run = Run::new(plan, Decimals::of(&own));
    // SPY's bars of the minutes 1 and 2 are told early, minute 0 is missing.
    let spy = [bar(1, [5_000; 4], 1), bar(2, [6_000; 4], 1)];
    run.tell("SPY", &Columns::of(&spy)).unwrap();
    let flat = PositionFacts::default();
    let mut seen = Vec::new();
    for one in &own {
        run.block(&Columns::of(std::slice::from_ref(one)));
        seen.push(run.value(root, 0, &flat));
    }
    assert!(seen[0].is_nan());
    assert_eq!(seen[1..], [50.0, 60.0]);
    assert!(run.tell("QQQ", &Columns::of(&spy)).is_err());
}

#[test]
fn the_position_is_known_for_now() {
    let mut compiler = Compiler::new(Env { position: true, ..Env::default() });
    let out = compiler.add_condition("close < entry_price * 0.97 or bars_held >= 10").unwrap();
    let held = compiler.add_condition("position > 0").unwrap();
    let plan = Arc::new(compiler.finish());
    assert!(plan.is_late(out) && plan.is_late(held));
    let bars = closes(&[100]);
    let mut run = Run::new(plan, Decimals::of(&bars));
    run.block(&Columns::of(&bars));
    let facts = |entry_price, bars_held| PositionFacts {
        quantity: 1.0,
        entry_price,
        bars_held,
        pnl_percent: 0.0,
    };
    assert_eq!(run.value(out, 0, &facts(1.0, 3)), 0.0);
    assert_eq!(run.value(out, 0, &facts(1.1, 3)), 1.0);
    assert_eq!(run.value(out, 0, &facts(1.0, 10)), 1.0);
    assert!(run.value(out, 0, &PositionFacts::default()).is_nan(), "flat: nothing to leave");
    assert_eq!(run.value(held, 0, &PositionFacts::default()), 0.0);
}

#[test]
fn named_formulas_and_parameters_are_values() {
    let trend = formula::parse("sma(close, slow)").unwrap();
    let env = Env {
        params: [("slow".to_owned(), 2.0)].into(),
        formulas: [("trend".to_owned(), trend)].into(),
        ..Env::default()
    };
    let mut compiler = Compiler::new(env);
    let root = compiler.add("close > trend").unwrap();
    let same = compiler.add("close > sma(close, 2)").unwrap();
    let plan = Arc::new(compiler.finish());
    assert_eq!(plan.ty(root), Type::Boolean);
    assert_eq!(plan.size(), 3, "both formulas share close, mean and comparison");
    let bars = closes(&[100, 200, 100]);
    let mut run = Run::new(plan, Decimals::of(&bars));
    run.block(&Columns::of(&bars));
    let flat = PositionFacts::default();
    let both = |at| (run.value(root, at, &flat), run.value(same, at, &flat));
    assert_eq!(both(1), (1.0, 1.0));
    assert_eq!(both(2), (0.0, 0.0));
}

#[test]
fn the_hour_is_that_of_the_opening() {
    let minute = 1_440 * 4 + 23 * 60 + 59; // Monday 1970-01-05 23:59, closes on Tuesday
    let bars = [bar(minute, [100; 4], 1)];
    for (text, value) in [
        ("hour", 23.0),
        ("minute", 59.0),
        ("weekday", 1.0),
        ("day", 5.0),
        ("month", 1.0),
        ("year", 1970.0),
        ("session_left < 1s", 1.0),
        ("session_age > 23h", 1.0),
    ] {
        assert_values(text, &bars, &[value]);
    }
    assert_eq!(plan("close").size(), 1);
}
