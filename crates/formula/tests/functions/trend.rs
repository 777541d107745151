//! Trends, ranges and bands by hand.
//!
//! Highs 12 13 13 14 15 14 16 16, lows 9 10 11 10 12 11 13 13, closes 11 12 11 13 14 12 15 14.
//! True ranges from bar 1: 3 2 4 3 3 4 3.

use super::{Row, U};

pub(super) fn rows() -> Vec<Row> {
    [directional(), freshness(), stops(), bands(), returns()].concat()
}

fn directional() -> Vec<Row> {
    // Moves up from bar 1: 1 0 1 1 0 2 0; down: 0 0 0 0 1 0 0. At bar 3 both reach out by 1.
    let up = [1.0, 0.5, 0.25, 1.125, 0.5625, 2.281_25];
    let down = [0.0, 0.0, 0.0, 0.0, 1.0, 0.5];
    let range = [3.0, 3.5, 5.75, 5.875, 5.9375];
    let dx = [100.0, 100.0, 100.0, 100.0 * 0.4375 / 1.5625, 100.0 * 1.781_25 / 2.781_25];
    // Over 2: the mean of the first two, then halfway to each.
    let adx = [100.0, 100.0, f64::midpoint(100.0, dx[3])];
    vec![
        ("plus_dm(2)", vec![U, up[0], up[1], up[2], up[3], up[4], up[5]]),
        ("minus_dm(2)", vec![U, 0.0, 0.0, 0.0, down[3], down[4], down[5]]),
        ("plus_dm(1)", vec![U, 1.0, 0.0, 0.0, 1.0, 0.0, 2.0]),
        ("minus_dm(1)", vec![U, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        (
            "plus_di(2)",
            vec![U, U, 50.0 / range[1], 25.0 / range[2], 112.5 / range[3], 56.25 / range[4]],
        ),
        ("minus_di(2)", vec![U, U, 0.0, 0.0, 0.0, 100.0 / range[4]]),
        ("dx(2)", vec![U, U, dx[0], dx[1], dx[2], dx[3], dx[4]]),
        ("adx(2)", vec![U, U, U, adx[0], adx[1], adx[2]]),
        ("adxr(2)", vec![U, U, U, U, 100.0, f64::midpoint(adx[1], adx[2])]),
    ]
}

fn freshness() -> Vec<Row> {
    vec![
        // The highest of three highs is the latest of equal ones.
        ("aroon(2).up", vec![U, U, 100.0, 100.0, 100.0, 50.0, 100.0, 100.0]),
        ("aroon(2).down", vec![U, U, 0.0, 100.0, 50.0, 0.0, 50.0]),
        ("aroon(2).oscillator", vec![U, U, 100.0, 0.0, 50.0, 50.0, 50.0]),
        ("ichimoku(1, 2, 3).conversion", vec![10.5, 11.5, 12.0]),
        ("ichimoku(1, 2, 3).base", vec![U, 11.0, 11.5, 12.0, 12.5]),
        ("ichimoku(1, 2, 3).span_a", vec![U, U, U, 11.25, 11.75, 12.0]),
        ("ichimoku(1, 2, 3).span_b", vec![U, U, U, U, 11.0, 12.0]),
        ("donchian(3).upper", vec![U, U, 13.0, 14.0, 15.0, 15.0, 16.0]),
        ("donchian(3).lower", vec![U, U, 9.0, 10.0, 10.0, 10.0, 11.0]),
        ("donchian(3).middle", vec![U, U, 11.0, 12.0, 12.5, 12.5, 13.5]),
    ]
}

fn stops() -> Vec<Row> {
    // Range averages over 1 are 3 2 4 3 3 4 3. Basic bands hl2 ± 0.5 of that:
    // upper 13 13 14 15 14 16.5 16, lower 10 11 10 12 11 12.5 13.
    // Upper: 13, 13, 13 (close before 11), 13 (13 is not above 13), 14 (14 > 13), 14 (12), 16 (15 > 14).
    // Lower: 10, 11, 11, 12, 12, 12.5 (higher), 13. No close is below: it stays up.
    let lower = vec![U, 10.0, 11.0, 11.0, 12.0, 12.0, 12.5, 13.0];
    // With a tenth: lower 11.2 at bar 1, 11.8 at bar 2, where 11 closes below.
    // Upper 11.8 at bar 1; at bar 2 12.2, but 12 closed above 11.8, so 12.2.
    // Bar 3: upper 12.4 stays 12.2; 13 closes above it. Lower 11.6, as 11 closed below 11.8.
    let turning = vec![U, 11.2, 12.2, 11.6];
    vec![
        ("supertrend(1, 0.5).line", lower),
        ("supertrend(1, 0.5).direction", vec![U, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("supertrend(1, 0.1).line", turning),
        ("supertrend(1, 0.1).direction", vec![U, 1.0, -1.0, 1.0]),
        // Up from 9 with 13 as the extreme; 9 + 0.1 * 4 = 9.4; 9.4 + 0.1 * 3.6 = 9.76;
        // 14 is new: speed 0.2: 9.76 + 0.2 * 4.24 = 10.608, not above the lows 11 and 10: 10.
        // 15 is new: speed 0.3: 10 + 0.3 * 5 = 11.5, not above the lows 10 and 12: 10 again.
        ("psar(0.1, 0.3)", vec![U, 9.0, 9.4, 9.76, 10.0, 10.0]),
    ]
}

fn bands() -> Vec<Row> {
    // The closes 11 12 11: mean 34/3, squares (1 + 4 + 1) / 9 / 3.
    let (mean, spread) = (34.0 / 3.0, (6.0 / 27.0_f64).sqrt());
    let range = [3.0, 2.5, 3.25];
    let average = [0.0, 11.5, 33.5 / 3.0];
    vec![
        ("tr()", vec![U, 3.0, 2.0, 4.0, 3.0, 3.0, 4.0, 3.0]),
        ("atr(2)", vec![U, U, range[1], range[2]]),
        ("atr(1)", vec![U, 3.0, 2.0]),
        ("natr(2)", vec![U, U, 100.0 * range[1] / 11.0, 100.0 * range[2] / 13.0]),
        ("bbands(3, 2).middle", vec![U, U, mean, 12.0]),
        ("bbands(3, 2).upper", vec![U, U, mean + 2.0 * spread]),
        ("bbands(3, 2).lower", vec![U, U, mean - 2.0 * spread]),
        ("bbands(3, 2).width", vec![U, U, 4.0 * spread / mean]),
        ("bbands(3, 2).percent_b", vec![U, U, (11.0 - mean + 2.0 * spread) / (4.0 * spread)]),
        ("keltner(2, 2, 2).middle", vec![U, average[1], average[2]]),
        ("keltner(2, 2, 2).upper", vec![U, U, average[2] + 5.0]),
        ("keltner(2, 2, 2).lower", vec![U, U, average[2] - 5.0]),
    ]
}

fn returns() -> Vec<Row> {
    let logs = [(12.0_f64 / 11.0).ln(), (11.0_f64 / 12.0).ln(), (13.0_f64 / 11.0).ln()];
    // Of two values the sample's variance is half their squared distance.
    let volatility = |a: f64, b: f64| 100.0 * ((a - b).powi(2) / 2.0 * 365.0).sqrt();
    vec![
        ("returns()", vec![U, 1.0 / 11.0, -1.0 / 12.0, 2.0 / 11.0]),
        ("returns(close, 2)", vec![U, U, 0.0, 1.0 / 12.0]),
        ("log_returns()", vec![U, logs[0], logs[1], logs[2]]),
        (
            "volatility(close, 2, 365)",
            vec![U, U, volatility(logs[0], logs[1]), volatility(logs[1], logs[2])],
        ),
    ]
}
