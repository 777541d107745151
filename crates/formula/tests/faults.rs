//! Every kind of fault: its code, the characters that it points at, and its remedy.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeSet;

use formula::{Code, Env, check};

/// Formula, code, what is pointed at, a part of the remedy.
const CASES: &[(&str, Code, &str, &str)] = &[
    ("", Code::EmptyFormula, "", "close > sma"),
    ("  # nothing", Code::EmptyFormula, "", "close > sma"),
    ("clsoe > 5", Code::UnknownName, "clsoe", "`close`"),
    ("smaa(close, 5)", Code::UnknownName, "smaa", "`sma`"),
    ("SMA(close, 5)", Code::UnknownName, "SMA", "`sma`"),
    ("zzzzzz", Code::UnknownName, "zzzzzz", "lists every name"),
    ("sma > 5", Code::NotAFunction, "sma", "sma(close, 20)"),
    ("close(3)", Code::NotAFunction, "close", "close[1]"),
    ("tf", Code::NotAFunction, "tf", "tf(\"1d\", close)"),
    ("close > 5 and", Code::UnexpectedToken, "", "too early"),
    ("close > 5 volume", Code::UnexpectedToken, "volume", "operator"),
    ("close = 5", Code::UnexpectedToken, "=", "=="),
    ("1 < close < 2", Code::UnexpectedToken, "<", "a < b and b < c"),
    ("(close", Code::UnexpectedToken, "(", "Close it"),
    ("close)", Code::UnexpectedToken, ")", "Delete"),
    ("close, 3", Code::UnexpectedToken, ",", "and"),
    ("close & 3", Code::UnexpectedCharacter, "&", "`and`"),
    ("close && 3", Code::UnexpectedCharacter, "&&", "`and`"),
    ("2%", Code::UnexpectedCharacter, "%", "0.02"),
    ("close ≥ 3", Code::UnexpectedCharacter, "≥", ">="),
    ("close − 3", Code::UnexpectedCharacter, "−", "`-`"),
    ("сlose", Code::UnexpectedCharacter, "с", "type it anew"),
    ("close\u{a0}> 3", Code::UnexpectedCharacter, "\u{a0}", "plain space"),
    ("close \u{202e}> 3", Code::UnexpectedCharacter, "\u{202e}", "invisible"),
    ("close > 3\u{0}", Code::UnexpectedCharacter, "\u{0}", "invisible"),
    ("close > 3 @", Code::UnexpectedCharacter, "@", "names, numbers"),
    ("1e999", Code::BadNumber, "1e999", "1.8e308"),
    ("3days > 1d", Code::BadNumber, "3days", "15m"),
    ("\"abc", Code::UnclosedText, "\"abc", "Close it"),
    ("\"abc\" > 3", Code::WrongType, "\"abc\"", "tf("),
    ("sma(close)", Code::WrongArguments, "sma(close)", "sma(close, 20)"),
    ("sma(close, 20, 3)", Code::WrongArguments, "sma(close, 20, 3)", "sma(close, 20)"),
    ("sma(close, width=3)", Code::WrongArguments, "width", "source, length"),
    ("sma(close, 3, length=3)", Code::WrongArguments, "length", "once"),
    ("sma(length=3, close)", Code::WrongArguments, "length", "last"),
    ("tf(close)", Code::WrongArguments, "tf(close)", "tf(\"1d\""),
    ("ema(close, 20).signal", Code::UnknownField, "signal", "Delete"),
    ("close and true", Code::WrongType, "close", "x > 0"),
    ("sma(close > 3, 5)", Code::WrongType, "close > 3", "if(condition, 1, 0)"),
    ("-(close > 3)", Code::WrongType, "close > 3", "if(condition, 1, 0)"),
    ("close > 15m", Code::WrongType, "close > 15m", "same type"),
    ("(close > 1) > (close > 2)", Code::WrongType, "close > 1) > (close > 2", "and"),
    ("sma(close, 5m)", Code::WrongType, "5m", "bars"),
    ("close[1d]", Code::WrongType, "1d", "close[1]"),
    ("close + 5m", Code::WrongType, "close + 5m", "Durations"),
    ("close[-1]", Code::FutureReference, "-1", "past only"),
    ("sma(close, 5)[-3]", Code::FutureReference, "-3", "past only"),
    ("close[volume]", Code::NotConstant, "volume", "parameter"),
    ("sma(close, volume)", Code::NotConstant, "volume", "parameter"),
    ("sma(close, 0)", Code::OutOfRange, "0", "range"),
    ("sma(close, 2.5)", Code::OutOfRange, "2.5", "range"),
    ("sma(close, -5)", Code::OutOfRange, "-5", "range"),
    ("close[1.5]", Code::OutOfRange, "1.5", "whole"),
    ("sma(close, 1e308)", Code::LookBackTooLong, "1e308", "tf("),
    ("tf(\"1x\", close)", Code::UnknownSeries, "\"1x\"", "\"4h\""),
    ("sma(close, 1000000)", Code::LookBackTooLong, "1000000", "tf("),
    ("close[20000]", Code::LookBackTooLong, "20000", "tf("),
    (
        "tf(\"1w\", sma(close, 9999))",
        Code::LookBackTooLong,
        "tf(\"1w\", sma(close, 9999))",
        "longer",
    ),
    ("close / 0", Code::DivisionByZero, "0", "something else"),
    ("close / (3 - 3)", Code::DivisionByZero, "3 - 3", "something else"),
    ("entry_price > 3", Code::NoPosition, "entry_price", "strategy"),
    ("tf(\"1m\", close)", Code::UnknownSeries, "\"1m\"", "longer"),
    ("tf(\"nonsense\", close)", Code::UnknownSeries, "\"nonsense\"", ""),
    ("symbol(\"SPX\", close)", Code::UnknownSeries, "\"SPX\"", "`SPY`"),
    ("symbol(\"a b\", close)", Code::UnknownSeries, "\"a b\"", "symbol("),
];

fn env() -> Env {
    let symbols = Some(vec!["SPY".to_owned()]);
    Env { timeframe: Some("5m".parse().unwrap()), symbols, ..Env::default() }
}

#[test]
fn every_fault_points_at_its_place_and_names_a_remedy() {
    let mut codes = BTreeSet::new();
    for (text, code, marked, help) in CASES {
        let Err(error) = check(text, &env()) else { panic!("`{text}` is taken for right") };
        assert_eq!(error.code, *code, "{text}: {error}");
        assert_eq!(&text[error.span.start..error.span.end], *marked, "{text}: {error}");
        let remedy = error.help.clone().unwrap_or_default();
        assert!(remedy.contains(help), "{text}: {remedy}");
        assert!(error.message.chars().count() < 200, "{}", error.message);
        let shown = error.pointing_at(text).to_string();
        assert!(shown.contains(&error.message) && shown.contains('^'), "{shown}");
        assert!(!shown.contains('\u{202e}'), "nothing turns the line around");
        codes.insert(*code);
    }
    let position = Env { position: true, ..env() };
    for text in ["sma(entry_price, 5)", "bars_held[1] > 3", "tf(\"1h\", position) > 0"] {
        let error = check(text, &position).unwrap_err();
        assert_eq!(error.code, Code::PositionHasNoHistory, "{text}");
        codes.insert(error.code);
    }
    for text in ["(".repeat(100) + "1" + &")".repeat(100), "1+".repeat(2_000) + "1"] {
        let error = check(&text, &env()).unwrap_err();
        assert_eq!(error.code, Code::TooLarge);
        codes.insert(error.code);
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !codes.contains(code)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn windows_are_bounded_together() {
    // Every text is allowed by itself; together they would hold 500 windows of 9 000 values and more.
    let mut compiler = formula::Compiler::new(env());
    let error = (0..600)
        .find_map(|n| compiler.add(&format!("highest(close, {})", 9_000 + n)).err())
        .expect("memory is bounded");
    assert_eq!(error.code, Code::TooLarge);
    assert!(error.message.contains("windows"), "{error}");
}

#[test]
fn line_and_column_count_characters() {
    let text = "close > 3\n  and opne > 2";
    let error = check(text, &env()).unwrap_err();
    assert_eq!(error.place(text), (2, 7));
    let shown = error.pointing_at(text).to_string();
    assert!(shown.contains("2:7 |   and opne > 2"), "{shown}");
}

#[test]
fn a_formula_that_rests_on_itself_is_named() {
    let a = formula::parse("b + 1").unwrap();
    let b = formula::parse("a + 1").unwrap();
    let formulas = [("a".to_owned(), a), ("b".to_owned(), b)].into();
    let error = check("a > 3", &Env { formulas, ..env() }).unwrap_err();
    assert!(error.message.contains("a → b → a"), "{error}");
}
