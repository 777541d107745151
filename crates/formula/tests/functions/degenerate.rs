//! Bars on which quotients have nothing to divide by, and holes in the data.

use formula::Decimals;

use super::market;

const FLAT: [f64; 5] = [10.1, 10.1, 10.1, 10.1, 7.0];
const IDLE: [f64; 5] = [10.0, 11.0, 9.0, 10.5, 0.0];

/// The value on the last of many bars that are all the same.
fn last_of_same(text: &str, bar: [f64; 5], decimals: Decimals) -> f64 {
    let values = market::values(text, &market::bars(&[bar; 40]), decimals);
    values[39]
}

#[test]
fn equal_prices_have_no_spread_and_no_place_in_it() {
    for decimals in [market::CENTS, Decimals::UNKNOWN] {
        for text in ["stddev(9)", "variance(9)", "linreg(9).slope", "bbands(9, 2).width", "tr()"] {
            assert_eq!(last_of_same(text, FLAT, decimals).to_bits(), 0, "{text}");
        }
        for text in [
            "sma(7)",
            "ema(7)",
            "wma(7)",
            "rma(7)",
            "dema(7)",
            "tema(7)",
            "trima(7)",
            "kama(7)",
            "hma(7)",
            "vwma(7)",
            "median(7)",
            "linreg(7)",
            "linreg(7).intercept",
            "psar()",
        ] {
            assert_eq!(last_of_same(text, FLAT, decimals), 10.1, "{text} {decimals:?}");
        }
        for text in [
            "zscore(9)",
            "bbands(9, 2).percent_b",
            "rsi(9)",
            "cmo(9)",
            "stoch(5, 3, 3)",
            "stochrsi(5, 4, 3)",
            "williams_r(9)",
            "bop()",
            "cci(9)",
            "ultosc()",
            "dx(5)",
            "adx(5)",
            "correlation(close, volume, 9)",
            "beta(close, open, 9)",
            "linreg(9).r2",
            "mfi(9)",
        ] {
            assert!(last_of_same(text, FLAT, decimals).is_nan(), "{text} {decimals:?}");
        }
        assert_eq!(last_of_same("crosses(hl2, sma(hl2, 7))", FLAT, decimals), 0.0);
    }
}

#[test]
fn without_volume_there_is_no_price_by_volume() {
    for decimals in [market::CENTS, Decimals::UNKNOWN] {
        for text in ["vwma(5)", "vwap()", "rolling_vwap(5)", "cmf(5)", "mfi(5)"] {
            assert!(last_of_same(text, IDLE, decimals).is_nan(), "{text}");
        }
        for text in ["obv()", "ad()", "adosc(3, 7)"] {
            assert_eq!(last_of_same(text, IDLE, decimals), 0.0, "{text}");
        }
    }
}

#[test]
fn the_session_price_begins_anew_each_day() {
    let mut bars = market::walk(3, 30);
    bars.volume.fill(1.0);
    let values = market::values("vwap()", &bars, market::CENTS);
    let typical = |bar: usize| (bars.high[bar] + bars.low[bar] + bars.close[bar]) / 3.0;
    assert!((values[23] - (0..24).map(typical).sum::<f64>() / 24.0).abs() < 1e-9);
    assert!((values[24] - typical(24)).abs() < 1e-9);
    assert!((values[25] - f64::midpoint(typical(24), typical(25))).abs() < 1e-9);
}

#[test]
fn a_window_over_a_hole_is_undefined_and_an_average_goes_on_after_it() {
    let mut bars = market::eight_bars();
    bars.close[4] = f64::NAN;
    let nan = f64::NAN;
    let rows = [
        ("sma(2)", [nan, 11.5, 11.5, 12.0, nan, nan, 13.5, 14.5]),
        ("highest(2)", [nan, 12.0, 12.0, 13.0, nan, nan, 15.0, 15.0]),
        ("median(2)", [nan, 11.5, 11.5, 12.0, nan, nan, 13.5, 14.5]),
        // 12 at bar 3, then with 12, 15 and 14.
        (
            "ema(3)",
            [nan, nan, 34.0 / 3.0, 73.0 / 6.0, nan, 145.0 / 12.0, 325.0 / 24.0, 661.0 / 48.0],
        ),
        ("cum(close)", [11.0, 23.0, 34.0, 47.0, nan, 59.0, 74.0, 88.0]),
        ("obv()", [100.0, 300.0, 150.0, 250.0, nan, 50.0, 150.0, -250.0]),
        // The bar without a value counts.
        ("bars_since(close == 13)", [nan, nan, nan, 0.0, nan, 2.0, 3.0, 4.0]),
        ("value_when(close > 12, low)", [nan, nan, nan, 10.0, nan, 10.0, 13.0, 13.0]),
        ("rising(close, 1)", [nan, 1.0, 0.0, 1.0, nan, nan, 1.0, 0.0]),
        ("count(close > 11, 2)", [nan, 1.0, 1.0, 1.0, nan, nan, 2.0, 2.0]),
    ];
    for (text, wanted) in rows {
        for decimals in [market::CENTS, Decimals::UNKNOWN] {
            let values = market::values(text, &bars, decimals);
            let same = values
                .iter()
                .zip(wanted)
                .all(|(a, b)| (a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()));
            assert!(same, "{text} {decimals:?}\n is {values:?}\nnot {wanted:?}");
        }
    }
}
