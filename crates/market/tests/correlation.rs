//! Clusters of instruments that move together, against numbers computed by hand and elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeMap;

use domain::{InstrumentId, Price};
use market::correlation::{Closes, ClusterSpec, clusters, correlation};

fn closes(from: i64, prices: &str) -> Closes {
    let price = |p: &str| p.parse::<Price>().unwrap();
    (from..).zip(prices.split_whitespace().map(price)).collect()
}

fn id(name: &str) -> InstrumentId {
    format!("sim:{name}").parse().unwrap()
}

fn drawn(series: &[(&str, Closes)], window: usize) -> Vec<(String, u32)> {
    let series: BTreeMap<_, _> = series.iter().map(|(n, c)| (id(n), c.clone())).collect();
    let spec = ClusterSpec { window, ..ClusterSpec::default() };
    clusters(&series, spec).into_iter().map(|(i, n)| (i.symbol().to_owned(), n)).collect()
}

fn named(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

/// Returns +10 %, −10 %, +10 %, −10 %.
const SAW: &str = "100 110 99 108.9 98.01";
/// Returns +10 %, −10 %, 0, 0: with SAW 0.02 / √(0.04 × 0.02) = 1 / √2 = 0.7071…
const HALF: &str = "50 55 49.5 49.5 49.5";
/// Returns −10 %, +10 %, −10 %, +10 %: the opposite of SAW.
const AGAINST: &str = "100 90 99 89.1 98.01";
/// Returns 0, 0, +10 %, −10 %: with SAW 1 / √2 too, with HALF 0.
const OTHER_HALF: &str = "10 10 10 11 9.9";

#[test]
fn a_correlation_is_pearsons_of_simple_returns() {
    let saw = closes(0, SAW);
    near(correlation(&saw, &closes(0, HALF), 4), 0.5_f64.sqrt());
    near(correlation(&saw, &closes(0, AGAINST), 4), -1.0);
    near(correlation(&closes(0, HALF), &closes(0, OTHER_HALF), 4), 0.0);
    near(correlation(&saw, &saw, 4), 1.0);
    // The mean is taken off: +20 %, 0, +20 %, 0 is SAW and 10 points.
    near(correlation(&saw, &closes(0, "100 120 120 144 144"), 4), 1.0);
}

#[test]
fn only_common_days_count_and_only_the_latest() {
    let saw = closes(0, SAW);
    // Day 2 is missing, so SAW's returns are 0 → 1: +10 %, 1 → 3: −1 %, 3 → 4: −10 %.
    let gap: Closes = closes(0, SAW).into_iter().filter(|(day, _)| *day != 2).collect();
    near(correlation(&saw, &gap, 3), 1.0);
    assert_eq!(correlation(&saw, &gap, 4), None, "there are three common returns");
    // The two days before the window and the days that one of them lacks change nothing.
    let longer = closes(-2, &format!("7 900 {SAW}"));
    let later: Closes = longer.iter().copied().chain([(5, "1".parse().unwrap())]).collect();
    near(correlation(&later, &closes(0, HALF), 4), 0.5_f64.sqrt());
}

#[test]
fn single_linkage_joins_what_a_third_one_joins() {
    // OTHER_HALF and HALF have nothing in common but SAW: 0.7071 ≥ 0.7 with each.
    let found = drawn(
        &[
            ("AGAINST", closes(0, AGAINST)),
            ("HALF", closes(0, HALF)),
            ("OTHER", closes(0, OTHER_HALF)),
            ("SAW", closes(0, SAW)),
        ],
        4,
    );
    assert_eq!(found, named(&[("AGAINST", 0), ("HALF", 1), ("OTHER", 1), ("SAW", 1)]));
    let without = drawn(&[("HALF", closes(0, HALF)), ("OTHER", closes(0, OTHER_HALF))], 4);
    assert_eq!(without, named(&[("HALF", 0), ("OTHER", 1)]));
}

#[test]
fn the_threshold_itself_joins() {
    let series: BTreeMap<_, _> =
        [(id("A"), closes(0, HALF)), (id("B"), closes(0, OTHER_HALF))].into();
    let spec = |threshold| ClusterSpec { window: 4, threshold };
    let rho = correlation(&closes(0, HALF), &closes(0, OTHER_HALF), 4).unwrap();
    let at = clusters(&series, spec(rho));
    assert_eq!(at[&id("A")], at[&id("B")]);
    let above = clusters(&series, spec(rho + 1e-9));
    assert_ne!(above[&id("A")], above[&id("B")]);
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut unordered = closes(0, SAW);
    unordered.swap(1, 2);
    let found = drawn(
        &[
            ("FLAT", closes(0, "5 5 5 5 5")),
            ("NEW", closes(1, "110 99 108.9 98.01")),
            ("NONE", Closes::new()),
            ("SAW", closes(0, SAW)),
            ("TWISTED", unordered),
        ],
        4,
    );
    assert_eq!(found, named(&[("SAW", 0)]));
    assert_eq!(drawn(&[("SAW", closes(0, SAW))], 0), []);
}

#[test]
fn too_few_common_days_are_taken_for_moving_together() {
    let found = drawn(&[("NOW", closes(100, AGAINST)), ("THEN", closes(0, SAW))], 4);
    assert_eq!(found, named(&[("NOW", 0), ("THEN", 0)]));
}

// Real closes of 61 sessions, 2011-09-27 to 2011-12-21. Correlations of the 60 simple returns,
// computed elsewhere: AAPL-GOOG 0.7397, GOOG-MSFT 0.7234, GOOG-IBM 0.6836, IBM-MSFT 0.6371,
// AAPL-MSFT 0.5473, AAPL-IBM 0.4941.
const AAPL: &str = "\
    399.26 397.01 390.57 381.32 374.6 372.5 378.25 377.37 369.8 388.81 400.29 402.19 \
    408.43 422.0 419.99 422.24 398.62 395.31 392.87 405.77 397.77 400.6 404.69 404.95 \
    404.78 396.51 397.41 403.07 400.24 399.73 406.23 395.28 385.22 384.62 379.26 388.83 \
    384.77 377.41 374.94 369.01 376.51 366.99 363.57 376.12 373.2 382.2 387.93 389.7 \
    393.01 390.95 389.09 390.66 393.62 391.84 388.81 380.19 378.94 381.02 382.21 395.95 \
    396.445";
const GOOG: &str = "\
    539.34 528.84 527.5 515.04 495.52 501.9 504.7 514.71 515.12 537.17 543.18 548.5 \
    558.99 591.68 582.41 590.51 580.7 583.67 590.49 596.42 583.16 586.31 598.67 600.14 \
    592.64 578.65 584.82 597.5 596.14 608.33 612.34 600.95 595.08 608.35 613.0 616.56 \
    611.47 600.87 594.88 580.94 580.0 570.11 563.0 588.19 582.93 599.39 613.77 620.36 \
    625.65 623.77 623.39 616.05 627.42 625.39 625.63 618.07 619.54 625.96 621.83 630.37 \
    625.82";
const IBM: &str = "\
    177.71 177.55 179.17 174.87 173.29 174.74 176.85 181.69 182.39 186.62 185.0 186.12 \
    186.82 190.53 186.59 178.9 177.39 177.25 181.63 182.25 180.36 181.97 186.34 187.45 \
    184.63 181.35 183.92 187.3 186.38 187.32 187.25 182.24 183.35 187.38 187.35 188.75 \
    186.62 185.73 185.24 181.48 181.31 177.95 177.06 182.21 180.94 188.0 189.45 189.66 \
    190.84 192.94 194.05 191.58 194.56 192.18 191.15 188.72 187.48 183.57 182.89 187.24 \
    181.47";
const MSFT: &str = "\
    25.67 25.575 25.45 24.89 24.53 25.34 25.89 26.34 26.25 26.94 27.0 26.96 27.18 27.27 \
    26.98 27.31 27.13 27.04 27.16 27.19 26.81 26.59 27.25 26.98 26.63 25.99 26.01 26.53 \
    26.25 26.8 27.16 26.2 26.28 26.91 26.76 26.74 26.07 25.54 25.3 25.0 24.79 24.47 24.3 \
    24.87 24.84 25.58 25.28 25.22 25.7 25.66 25.6 25.4 25.7 25.51 25.76 25.59 25.56 26.0 \
    25.53 26.025 25.76";

#[test]
fn real_stocks_of_autumn_2011() {
    let (aapl, goog) = (closes(0, AAPL), closes(0, GOOG));
    let (ibm, msft) = (closes(0, IBM), closes(0, MSFT));
    let rho = |a, b| (correlation(a, b, 60).unwrap() * 1e4).round() / 1e4;
    assert_eq!(rho(&aapl, &goog), 0.7397);
    assert_eq!(rho(&goog, &msft), 0.7234);
    assert_eq!(rho(&goog, &ibm), 0.6836);
    assert_eq!(rho(&ibm, &msft), 0.6371);
    assert_eq!(rho(&aapl, &msft), 0.5473);
    assert_eq!(rho(&aapl, &ibm), 0.4941);
    let found = drawn(&[("AAPL", aapl), ("GOOG", goog), ("IBM", ibm), ("MSFT", msft)], 60);
    assert_eq!(found, named(&[("AAPL", 0), ("GOOG", 0), ("IBM", 1), ("MSFT", 0)]));
}
