//! What every function computes, and what holds for all of them.

mod averages;
mod calls;
mod conditions;
mod degenerate;
mod market;
mod momentum;
mod naive;
mod properties;
mod statistics;
mod trend;
mod volume;

use std::collections::BTreeSet;

use formula::catalog;

/// Undefined.
const U: f64 = f64::NAN;

/// A formula and its first values, computed by hand.
type Row = (&'static str, Vec<f64>);

/// Every formula has its values on the bars of [`market::eight_bars`], whether sums are exact or
/// floating.
fn check(rows: &[Row]) {
    let bars = market::eight_bars();
    for (text, wanted) in rows {
        for decimals in [market::CENTS, formula::Decimals::UNKNOWN] {
            let values = market::values(text, &bars, decimals);
            let at = || format!("{text} {decimals:?}\n is {values:?}\nnot {wanted:?}");
            assert!(wanted.len() <= values.len(), "{}", at());
            for (value, wanted) in values.iter().zip(wanted) {
                let near = (value - wanted).abs() <= 1e-12 * wanted.abs().max(1.0);
                assert!(near || (value.is_nan() && wanted.is_nan()), "{}", at());
            }
        }
    }
}

#[test]
fn every_function_has_a_row_computed_by_hand() {
    let rows = [
        averages::rows(),
        conditions::rows(),
        momentum::rows(),
        statistics::rows(),
        trend::rows(),
        volume::rows(),
    ]
    .concat();
    check(&rows);
    let shown: BTreeSet<&str> =
        rows.iter().filter_map(|(text, _)| text.split('(').next()).collect();
    let missing: Vec<_> =
        catalog::functions().map(|f| f.name).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn every_example_of_the_catalogue_can_be_computed() {
    let bars = market::walk(7, 300);
    for function in catalog::functions() {
        let values = market::values(function.example, &bars, market::CENTS);
        assert!(values.iter().any(|value| !value.is_nan()), "{}", function.example);
        for text in [function.name, function.summary, function.formula, function.source] {
            assert!(!text.is_empty(), "{}", function.name);
        }
    }
}
