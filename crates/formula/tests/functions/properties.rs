//! What holds for every function on any bars.

use std::{collections::BTreeSet, sync::Arc};

use formula::{Columns, Decimals, Plan, catalog};
use proptest::prelude::*;

use super::{calls, market};

const BARS: usize = 90;

fn plans() -> Vec<(&'static str, Arc<Plan>)> {
    calls::all().map(|text| (text, market::plan(text))).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Bars of a random walk, some of whose values are missing.
fn with_holes(seed: u64, holes: &[(usize, usize)]) -> Columns {
    let mut bars = market::walk(seed, BARS);
    for (bar, column) in holes {
        let column = match column % 5 {
            0 => &mut bars.open,
            1 => &mut bars.high,
            2 => &mut bars.low,
            3 => &mut bars.close,
            _ => &mut bars.volume,
        };
        column[*bar] = f64::NAN;
    }
    bars
}

fn times(bars: &Columns, factor: f64) -> Columns {
    let mut scaled = bars.clone();
    for column in [&mut scaled.open, &mut scaled.high, &mut scaled.low, &mut scaled.close] {
        column.iter_mut().for_each(|price| *price *= factor);
    }
    scaled
}

fn any_bars() -> impl Strategy<Value = Columns> {
    let holes = prop::collection::vec((0..BARS, 0..5_usize), 0..6);
    (any::<u64>(), holes).prop_map(|(seed, holes)| with_holes(seed, &holes))
}

fn any_decimals() -> impl Strategy<Value = Decimals> {
    prop_oneof![Just(market::CENTS), Just(Decimals::UNKNOWN)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn how_history_is_cut_changes_no_bit(
        bars in any_bars(),
        decimals in any_decimals(),
        sizes in prop::collection::vec(0..9_usize, 0..60),
    ) {
        for (text, plan) in plans() {
            let whole = market::in_blocks(&plan, &bars, decimals, &[]);
            let parts = market::in_blocks(&plan, &bars, decimals, &sizes);
            prop_assert_eq!(bits(&whole), bits(&parts), "{} in {:?}", text, sizes);
        }
    }

    #[test]
    fn no_function_sees_the_future(
        bars in any_bars(),
        decimals in any_decimals(),
        now in 1..BARS,
        other in any::<u64>(),
    ) {
        let mut changed = market::walk(other, BARS);
        for (to, from) in [
            (&mut changed.open, &bars.open),
            (&mut changed.high, &bars.high),
            (&mut changed.low, &bars.low),
            (&mut changed.close, &bars.close),
            (&mut changed.volume, &bars.volume),
        ] {
            to[..now].copy_from_slice(&from[..now]);
        }
        for (text, plan) in plans() {
            let before = market::in_blocks(&plan, &bars, decimals, &[]);
            let after = market::in_blocks(&plan, &changed, decimals, &[]);
            prop_assert_eq!(bits(&before[..now]), bits(&after[..now]), "{}", text);
        }
    }

    #[test]
    fn the_unit_of_prices_changes_nothing_else(
        bars in any_bars(),
        decimals in any_decimals(),
        power in 1..6_i32,
    ) {
        let factor = 2.0_f64.powi(power);
        let scaled = times(&bars, factor);
        for (texts, grows) in [
            (calls::PRICES, factor),
            (calls::RATIOS, 1.0),
            (calls::SQUARES, factor * factor),
        ] {
            for text in texts {
                let wanted: Vec<f64> =
                    market::values(text, &bars, decimals).iter().map(|v| v * grows).collect();
                let values = market::values(text, &scaled, decimals);
                prop_assert_eq!(bits(&wanted), bits(&values), "{} times {}", text, factor);
            }
        }
    }

    #[test]
    fn no_value_is_infinite_or_a_negative_zero(bars in any_bars(), decimals in any_decimals()) {
        for (text, plan) in plans() {
            for value in market::in_blocks(&plan, &times(&bars, 1e300), Decimals::UNKNOWN, &[]) {
                prop_assert!(!value.is_infinite(), "{}: {}", text, value);
            }
            for value in market::in_blocks(&plan, &bars, decimals, &[]) {
                prop_assert!(value != 0.0 || value.is_sign_positive(), "{}: {}", text, value);
            }
        }
    }
}

#[test]
fn each_output_of_each_function_is_among_the_calls() {
    let called: BTreeSet<&str> = calls::all().collect();
    for function in catalog::functions() {
        for output in function.outputs {
            let found = called.iter().any(|text| {
                let name = text.split('(').next() == Some(function.name);
                let field = text.rsplit_once(").").map_or("", |(_, field)| field);
                name && field == output.name
            });
            assert!(found, "{}.{}", function.name, output.name);
        }
    }
}

#[test]
fn the_first_value_comes_when_the_plan_says_so_and_none_is_missing_after_it() {
    for seed in 0..20 {
        let bars = market::walk(seed, BARS);
        for (text, plan) in plans() {
            let root = plan.roots().next().unwrap();
            for decimals in [market::CENTS, Decimals::UNKNOWN] {
                let values = market::in_blocks(&plan, &bars, decimals, &[]);
                let first = values.iter().position(|value| !value.is_nan());
                assert_eq!(first, Some(plan.warm_up(root)), "{text} seed {seed}");
                let missing = values.iter().rposition(|value| value.is_nan());
                assert!(missing < first, "{text} seed {seed}: bar {missing:?}");
            }
        }
    }
}

#[test]
fn exact_and_floating_sums_agree() {
    for seed in 0..20 {
        // On quarters also floats see which of two moves is the larger one.
        let mut bars = market::walk(seed, 400);
        for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
            column.iter_mut().for_each(|price| *price = (*price * 4.0).round() / 4.0);
        }
        for (text, plan) in plans() {
            let exact = market::in_blocks(&plan, &bars, market::CENTS, &[]);
            let floats = market::in_blocks(&plan, &bars, Decimals::UNKNOWN, &[]);
            for (bar, (a, b)) in exact.iter().zip(&floats).enumerate() {
                let near = (a - b).abs() <= 1e-9 * a.abs().max(1.0);
                assert!(
                    near || (a.is_nan() && b.is_nan()),
                    "{text} seed {seed} bar {bar}: {a} {b}"
                );
            }
        }
    }
}
