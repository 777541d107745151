//! Statistics and arithmetic by hand: closes 11 12 11 13 14 12 15 14, opens 10 11 12 11 13 12 14 15.

use super::{Row, U};

pub(super) fn rows() -> Vec<Row> {
    [extremes(), spread(), pairs(), lines(), math(), choices()].concat()
}

fn extremes() -> Vec<Row> {
    vec![
        ("highest(3)", vec![U, U, 12.0, 13.0, 14.0, 14.0, 15.0]),
        ("lowest(3)", vec![U, U, 11.0, 11.0, 11.0, 12.0, 12.0]),
        ("highest_bars(3)", vec![U, U, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]),
        // The latest of the two 11s.
        ("lowest_bars(3)", vec![U, U, 0.0, 1.0, 2.0, 0.0, 1.0]),
        ("sum(3)", vec![U, U, 34.0, 36.0, 38.0]),
        ("cum(close)", vec![11.0, 23.0, 34.0, 47.0, 61.0]),
        ("change(close)", vec![U, 1.0, -1.0, 2.0]),
        ("change(close, 3)", vec![U, U, U, 2.0, 2.0]),
        ("median(3)", vec![U, U, 11.0, 12.0, 13.0, 13.0]),
        ("median(4)", vec![U, U, U, 11.5, 12.5, 12.5]),
        // 11 11 12 13: at 0.25 * 3 and 0.9 * 3.
        ("percentile(close, 4, 25)", vec![U, U, U, 11.0]),
        ("percentile(close, 4, 90)", vec![U, U, U, 12.7]),
        ("percentile(close, 4, 0)", vec![U, U, U, 11.0]),
        ("percentile(close, 4, 100)", vec![U, U, U, 13.0, 14.0]),
        // 12 of 11 12 11 13 14 and so on, counted up to the current one.
        ("percentile_rank(4)", vec![U, U, U, U, 100.0, 50.0, 100.0]),
    ]
}

fn spread() -> Vec<Row> {
    let variance = 2.0 / 9.0_f64;
    vec![
        ("variance(3)", vec![U, U, variance, 2.0 / 3.0]),
        ("stddev(3)", vec![U, U, variance.sqrt(), (2.0 / 3.0_f64).sqrt()]),
        ("zscore(3)", vec![U, U, (11.0 - 34.0 / 3.0) / variance.sqrt()]),
        ("stddev(1)", vec![0.0, 0.0, 0.0]),
    ]
}

fn pairs() -> Vec<Row> {
    // Closes 11 12 11 around 34/3, opens 10 11 12 around 11: (1/3 + 0 - 1/3) / 3 = 0.
    // Closes 12 11 13 around 12, opens 11 12 11 around 34/3: (0 - 2/3 - 1/3) / 3.
    let second = -1.0 / 3.0;
    let spread = (2.0 / 3.0_f64).sqrt() * (2.0 / 9.0_f64).sqrt();
    // Returns of the opens 1/10 1/11, of the closes 1/11 -1/12.
    let opens = (1.0 / 10.0 - 1.0 / 11.0) / 2.0;
    let closes = (1.0 / 11.0 + 1.0 / 12.0) / 2.0;
    vec![
        ("covariance(close, open, 3)", vec![U, U, 0.0, second]),
        ("correlation(close, open, 3)", vec![U, U, 0.0, second / spread]),
        ("correlation(close, close * 2, 3)", vec![U, U, 1.0, 1.0]),
        ("correlation(close, -close, 3)", vec![U, U, -1.0, -1.0]),
        ("beta(open, close, 2)", vec![U, U, closes / opens]),
        ("beta(close, open, 2)", vec![U, U, opens / closes]),
    ]
}

fn lines() -> Vec<Row> {
    // 11 12 11: level at 34/3. 12 11 13: 0.5 a bar around 12.
    let degrees = 0.5_f64.atan().to_degrees();
    vec![
        ("linreg(3)", vec![U, U, 34.0 / 3.0, 12.5]),
        ("linreg(3).slope", vec![U, U, 0.0, 0.5]),
        ("linreg(3).intercept", vec![U, U, 34.0 / 3.0, 11.5]),
        ("linreg(3).angle", vec![U, U, 0.0, degrees]),
        ("linreg(3).r2", vec![U, U, 0.0, 0.25]),
        ("linreg(3).forecast", vec![U, U, 34.0 / 3.0, 13.0]),
    ]
}

fn math() -> Vec<Row> {
    vec![
        ("abs(open - close)", vec![1.0, 1.0, 1.0, 2.0, 1.0, 0.0]),
        ("min(open, close, 11)", vec![10.0, 11.0, 11.0, 11.0]),
        ("max(open, close, 12)", vec![12.0, 12.0, 12.0, 13.0]),
        ("sqrt(close - 11)", vec![0.0, 1.0, 0.0, 2.0_f64.sqrt()]),
        ("sqrt(open - 11)", vec![U, 0.0, 1.0]),
        ("exp(close - 11)", vec![1.0, 1.0_f64.exp(), 1.0]),
        ("exp(close * 100)", vec![U, U]),
        ("log(close - 11)", vec![U, 0.0, U, 2.0_f64.ln()]),
        ("log10(close * 0 + 100)", vec![2.0]),
        ("pow(close, 2)", vec![121.0, 144.0]),
        ("pow(10 - close, 0.5)", vec![U]),
        ("floor(close / 2)", vec![5.0, 6.0, 5.0]),
        ("ceil(-close / 2)", vec![-5.0, -6.0, -5.0]),
        ("round(close / 2)", vec![6.0, 6.0, 6.0, 7.0]),
        ("round(close / 8, 1)", vec![1.4, 1.5, 1.4, 1.6]),
        ("sign(close - 12)", vec![-1.0, 0.0, -1.0, 1.0]),
        ("mod(close, 4)", vec![3.0, 0.0, 3.0, 1.0]),
        ("mod(-close, 4)", vec![1.0, 0.0, 1.0, 3.0]),
        ("mod(close, 0)", vec![U]),
        ("clamp(close, 11.5, open)", vec![10.0, 11.0, 11.5, 11.0, 13.0]),
    ]
}

fn choices() -> Vec<Row> {
    vec![
        ("coalesce(sma(3), -1)", vec![-1.0, -1.0, 34.0 / 3.0]),
        ("defined(sma(3))", vec![0.0, 0.0, 1.0]),
        ("if(close > 11, high, low)", vec![9.0, 13.0, 11.0, 14.0]),
        ("if(close[1] > 11, high, low)", vec![U, 10.0, 13.0]),
    ]
}
