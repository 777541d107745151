//! Momentum and oscillators by hand.
//!
//! Highs 12 13 13 14 15 14 16 16, lows 9 10 11 10 12 11 13 13, closes 11 12 11 13 14 12 15 14.

use super::{Row, U};

pub(super) fn rows() -> Vec<Row> {
    [simple(), converging(), stochastics(), ranges()].concat()
}

fn simple() -> Vec<Row> {
    // Changes 1 -1 2 1 -2 3 -1: gains 1 0 2, losses 0 1 0 begin the averages over 3.
    let (gain, loss) = (1.0, 1.0 / 3.0);
    let (gain_then, loss_then) = ((2.0 * gain + 1.0) / 3.0, 2.0 * loss / 3.0);
    vec![
        ("roc(2)", vec![U, U, 0.0, 100.0 / 12.0, 300.0 / 11.0]),
        ("momentum(2)", vec![U, U, 0.0, 1.0, 3.0, -1.0]),
        ("rsi(3)", vec![U, U, U, 75.0, 100.0 * gain_then / (gain_then + loss_then)]),
        ("cmo(3)", vec![U, U, U, 50.0, 100.0 * (gain_then - loss_then) / (gain_then + loss_then)]),
        // Averages over 1 are the series itself.
        ("trix(1)", vec![U, 100.0 / 11.0, -100.0 / 12.0]),
        ("bop()", vec![1.0 / 3.0, 1.0 / 3.0, -0.5, 0.5, 1.0 / 3.0, 0.0, 1.0 / 3.0]),
    ]
}

fn converging() -> Vec<Row> {
    // Over 2: 11.5 at bar 1. Over 3: 34/3 at bar 2.
    let fast = [0.0, 11.5, (11.5 + 22.0) / 3.0, (33.5 / 3.0 + 26.0) / 3.0];
    let slow = [0.0, 0.0, 34.0 / 3.0, (34.0 / 3.0 + 13.0) / 2.0];
    // The fast average of macd begins with the mean of bars 1 and 2.
    let late = [11.5, (11.5 + 26.0) / 3.0, ((11.5 + 26.0) / 3.0 + 28.0) / 3.0];
    let calm = [slow[2], slow[3], f64::midpoint(slow[3], 14.0)];
    let line: Vec<f64> = late.iter().zip(calm).map(|(late, calm)| late - calm).collect();
    let signal = [f64::midpoint(line[0], line[1]), 0.0];
    let signal = [signal[0], (signal[0] + 2.0 * line[2]) / 3.0];
    vec![
        ("apo(close, 2, 3)", vec![U, U, fast[2] - slow[2], fast[3] - slow[3]]),
        ("apo(close, 3, 2)", vec![U, U, fast[2] - slow[2], fast[3] - slow[3]]),
        (
            "ppo(close, 2, 3)",
            vec![
                U,
                U,
                100.0 * (fast[2] - slow[2]) / slow[2],
                100.0 * (fast[3] - slow[3]) / slow[3],
            ],
        ),
        ("macd(close, 2, 3, 2).line", vec![U, U, U, line[1], line[2]]),
        ("macd(close, 2, 3, 2).signal", vec![U, U, U, signal[0], signal[1]]),
        ("macd(close, 2, 3, 2).hist", vec![U, U, U, line[1] - signal[0], line[2] - signal[1]]),
        ("macd(close, 3, 2, 2).line", vec![U, U, U, line[1], line[2]]),
    ]
}

fn stochastics() -> Vec<Row> {
    // Over 3 bars: highest 13 14 15 15 from bar 2, lowest 9 10 10 10.
    let raw = [200.0 / 4.0, 300.0 / 4.0, 400.0 / 5.0, 200.0 / 5.0];
    let slow = [f64::midpoint(raw[0], raw[1]), f64::midpoint(raw[1], raw[2]), 60.0];
    // rsi over 2: gains 1/2, losses 1/2 at bar 2; then 2 up, 1 up, 2 down.
    let (up, down) = (5.0 / 4.0, 1.0 / 4.0);
    let (up_then, down_then) = (9.0 / 8.0, 1.0 / 8.0);
    let (up_last, down_last) = (9.0 / 16.0, 17.0 / 16.0);
    let rsi = [
        50.0,
        100.0 * up / (up + down),
        100.0 * up_then / (up_then + down_then),
        100.0 * up_last / (up_last + down_last),
    ];
    // 50, 83.3, 90, 34.6: the highest of three at bar 4, the lowest at bar 5.
    vec![
        ("stoch(3, 2, 2).k", vec![U, U, U, U, slow[1], slow[2]]),
        (
            "stoch(3, 2, 2).d",
            vec![U, U, U, U, f64::midpoint(slow[0], slow[1]), f64::midpoint(slow[1], slow[2])],
        ),
        ("stochf(3, 2).k", vec![U, U, U, raw[1], raw[2], raw[3]]),
        ("stochf(3, 2).d", vec![U, U, U, slow[0], slow[1], slow[2]]),
        ("stochrsi(close, 2, 3, 2).k", vec![U, U, U, U, U, 0.0]),
        ("stochrsi(close, 2, 3, 2).d", vec![U, U, U, U, U, 50.0]),
        ("stochrsi(close, 2, 3, 1).k", vec![U, U, U, U, 100.0, 0.0]),
        ("rsi(2)", vec![U, U, rsi[0], rsi[1], rsi[2], rsi[3]]),
    ]
}

fn ranges() -> Vec<Row> {
    // Buying pressure from bar 1: 2 0 3 2 1; true ranges 3 2 4 3 3.
    let (pressed, ranges) = ([3.0, 3.0, 5.0], [4.0, 6.0, 9.0]);
    let ultimate =
        4.0 * pressed[0] / ranges[0] + 2.0 * pressed[1] / ranges[1] + pressed[2] / ranges[2];
    // Thrice the typical price: 32 35 35 37 41.
    let mean = 34.0;
    let deviation = (2.0 + 1.0 + 1.0) / 3.0;
    vec![
        ("williams_r(3)", vec![U, U, -50.0, -25.0, -20.0, -60.0]),
        ("ultosc(1, 2, 3)", vec![U, U, U, 100.0 * ultimate / 7.0]),
        ("ultosc(3, 1, 2)", vec![U, U, U, 100.0 * ultimate / 7.0]),
        ("cci(3)", vec![U, U, (35.0 - mean) / (0.015 * deviation)]),
    ]
}
