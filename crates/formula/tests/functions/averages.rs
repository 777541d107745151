//! Averages by hand: closes 11 12 11 13 14 12 15 14, volumes 100 200 150 100 300 200 100 400.

use super::{Row, U};

/// An exponential average by its definition.
fn ema(values: &[f64], length: usize) -> Vec<f64> {
    let mut out = vec![U; values.len()];
    let start = values.iter().position(|v| !v.is_nan()).expect("a value") + length - 1;
    let window = &values[start + 1 - length..=start];
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let n = length as f64;
    out[start] = window.iter().sum::<f64>() / n;
    for bar in start + 1..values.len() {
        out[bar] = out[bar - 1] + 2.0 / (n + 1.0) * (values[bar] - out[bar - 1]);
    }
    out
}

pub(super) fn rows() -> Vec<Row> {
    let close = [11.0, 12.0, 11.0, 13.0, 14.0, 12.0, 15.0, 14.0];
    let mut chain = vec![ema(&close, 2)];
    for link in 0..5 {
        chain.push(ema(&chain[link], 2));
    }
    let e = |link: usize, bar: usize| chain[link - 1][bar];
    let c = (0.5 * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0_f64).powi(2);
    let kama = 11.0 + c * (13.0 - 11.0);
    // From 12 over 11, 13 to 14: 2 of 4.
    let then = kama + c * (14.0 - kama);
    let ahead = |a: f64, b: f64, c: f64, d: f64| {
        2.0 * (c + 2.0 * d) / 3.0 - (a + 2.0 * b + 3.0 * c + 4.0 * d) / 10.0
    };
    let (first, second) = (ahead(11.0, 12.0, 11.0, 13.0), ahead(12.0, 11.0, 13.0, 14.0));
    vec![
        ("sma(3)", vec![U, U, 34.0 / 3.0, 36.0 / 3.0, 38.0 / 3.0, 39.0 / 3.0]),
        ("sma(close[1], 3)", vec![U, U, U, 34.0 / 3.0, 36.0 / 3.0]),
        (
            "ema(3)",
            vec![U, U, 34.0 / 3.0, (34.0 / 3.0 + 13.0) / 2.0, (34.0 / 3.0 + 13.0) / 4.0 + 7.0],
        ),
        ("ema(1)", close.to_vec()),
        ("wma(3)", vec![U, U, (11.0 + 24.0 + 33.0) / 6.0, (12.0 + 22.0 + 39.0) / 6.0]),
        ("rma(3)", vec![U, U, 34.0 / 3.0, (2.0 * 34.0 / 3.0 + 13.0) / 3.0]),
        ("dema(2)", vec![U, U, 2.0 * e(1, 2) - e(2, 2), 2.0 * e(1, 3) - e(2, 3)]),
        ("tema(2)", vec![U, U, U, 3.0 * e(1, 3) - 3.0 * e(2, 3) + e(3, 3)]),
        ("trima(3)", vec![U, U, (11.0 + 24.0 + 11.0) / 4.0, (12.0 + 22.0 + 13.0) / 4.0]),
        ("trima(4)", vec![U, U, U, (11.0 + 24.0 + 22.0 + 13.0) / 6.0]),
        ("kama(3)", vec![U, U, U, kama, then]),
        (
            "t3(close, 2, 0.5)",
            [
                vec![U; 6],
                vec![
                    -0.125 * e(6, 6) + 1.125 * e(5, 6) - 3.375 * e(4, 6)
                        + (1.0 + 1.5 + 0.125 + 0.75) * e(3, 6),
                ],
            ]
            .concat(),
        ),
        ("hma(4)", vec![U, U, U, U, (first + 2.0 * second) / 3.0]),
        ("vwma(2)", vec![U, 3500.0 / 300.0, (2400.0 + 1650.0) / 350.0]),
        ("vwap()", vec![32.0 / 3.0, (3200.0 + 7000.0) / 900.0, (10_200.0 + 35.0 * 150.0) / 1350.0]),
        ("rolling_vwap(2)", vec![U, 10_200.0 / 900.0, (7000.0 + 35.0 * 150.0) / 1050.0]),
    ]
}
