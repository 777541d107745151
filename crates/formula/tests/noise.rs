//! Noise: whatever is typed, the parser and checker answer, point inside the text and don't panic.
//!
//! `FORMULA_NOISE_SECS` lets it go on for longer than the quick run of every test.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::time::{Duration, Instant};

use formula::{Columns, Compiler, Decimals, Env, NAMES, Run, catalog};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIGNS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "^",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "=",
    " and ",
    " or ",
    " not ",
    " ",
    "\n",
    "#",
    "\"1d\"",
    "'SPY'",
    "1h",
    "30s",
    "true",
    "&&",
    "%",
    "é",
    "−",
    "\u{202e}",
    "\u{0}",
    "\"",
    "tf(\"1h\",",
    "symbol(\"SPY\",",
    "(",
    "(",
    "(",
];

fn pick<'a, T: ?Sized>(dice: &mut impl Rng, list: &[&'a T]) -> &'a T {
    list[dice.random_range(0..list.len())]
}

/// A text of words that could be a formula.
fn words(dice: &mut ChaCha8Rng, names: &[&str]) -> String {
    let mut text = String::new();
    for _ in 0..dice.random_range(1..40) {
        match dice.random_range(0..10) {
            0..4 => text.push_str(pick(dice, names)),
            4 => text.push_str(&dice.random_range(-3..300).to_string()),
            5 => text.push_str("0.5"),
            _ => text.push_str(pick(dice, SIGNS)),
        }
    }
    text
}

/// A formula that is mostly right.
fn sensible(dice: &mut ChaCha8Rng, depth: u32) -> String {
    let functions: Vec<_> = catalog::functions().collect();
    if depth == 0 || dice.random_range(0..4) == 0 {
        return match dice.random_range(0..3) {
            0 => dice.random_range(1..40).to_string(),
            _ => NAMES[dice.random_range(0..NAMES.len())].name.to_owned(),
        };
    }
    match dice.random_range(0..6) {
        0 | 1 => {
            let function = functions[dice.random_range(0..functions.len())];
            let inner: Vec<String> = function
                .params
                .iter()
                .map(|param| match param.kind {
                    catalog::Kind::Length { min, .. } => {
                        (min + dice.random_range(0..9)).to_string()
                    }
                    catalog::Kind::Constant { min, max } => ((min + max) / 2.0).to_string(),
                    _ => sensible(dice, depth - 1),
                })
                .collect();
            format!("{}({})", function.name, inner.join(", "))
        }
        2 => format!("({})[{}]", sensible(dice, depth - 1), dice.random_range(0..5)),
        3 => format!("tf(1h, {})", sensible(dice, depth - 1)),
        _ => {
            let op = pick(dice, &["+", "-", "*", "/", "<", ">", "and", "or", "=="]);
            format!("({} {op} {})", sensible(dice, depth - 1), sensible(dice, depth - 1))
        }
    }
}

fn try_one(text: &str, bars: &[domain::Bar]) -> bool {
    let env = Env { timeframe: Some("1m".parse().unwrap()), position: true, ..Env::default() };
    let mut compiler = Compiler::new(env);
    match compiler.add(text) {
        Err(error) => {
            assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{text}");
            assert!(!error.pointing_at(text).to_string().is_empty());
            let (line, column) = error.place(text);
            assert!(line >= 1 && column >= 1);
            false
        }
        Ok(root) => {
            let plan = std::sync::Arc::new(compiler.finish());
            let mut run = Run::new(plan, Decimals::of(bars));
            run.block(&Columns::of(bars));
            let flat = formula::PositionFacts::default();
            for at in 0..bars.len() {
                assert!(!run.value(root, at, &flat).is_infinite(), "{text}");
            }
            true
        }
    }
}

#[test]
fn noise_is_answered_and_never_panics() {
    let secs = std::env::var("FORMULA_NOISE_SECS").ok().and_then(|s| s.parse().ok());
    let until = secs.map(|secs| Instant::now() + Duration::from_secs(secs));
    let names: Vec<&str> =
        NAMES.iter().map(|n| n.name).chain(catalog::functions().map(|f| f.name)).collect();
    let bars = common::closes(&[100, 103, 99, 140, 140, 140, 20, 1_000, 999, 998, 1_200, 30]);
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    let (mut tried, mut right) = (0_u64, 0_u64);
    while until.map_or(tried < 6_000, |until| Instant::now() < until) {
        let text = if dice.random_range(0..2) == 0 {
            words(&mut dice, &names)
        } else {
            sensible(&mut dice, 4)
        };
        right += u64::from(try_one(&text, &bars));
        tried += 1;
    }
    println!("{tried} formulas, {right} of them right");
    assert!(right * 50 > tried, "too few are right to say anything: {right} of {tried}");
}
