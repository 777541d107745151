//! Sliding windows against the same computed anew on each bar.

use formula::Decimals;

use super::market;

/// What a window's values, the oldest first, give.
type Naive = fn(&[f64]) -> f64;

fn mean(window: &[f64]) -> f64 {
    window.iter().sum::<f64>() / len(window)
}

fn len(window: &[f64]) -> f64 {
    f64::from(u32::try_from(window.len()).expect("a short window"))
}

fn latest(window: &[f64], is: f64) -> f64 {
    len(&window[window.iter().rposition(|value| *value == is).expect("in the window") + 1..])
}

fn highest(window: &[f64]) -> f64 {
    window.iter().copied().fold(f64::MIN, f64::max)
}

fn lowest(window: &[f64]) -> f64 {
    window.iter().copied().fold(f64::MAX, f64::min)
}

fn percentile(window: &[f64], percent: f64) -> f64 {
    let mut sorted = window.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = percent / 100.0 * (len(window) - 1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    let lower = place as usize;
    let upper = sorted[(lower + 1).min(sorted.len() - 1)];
    sorted[lower] + (upper - sorted[lower]) * place.fract()
}

fn variance(window: &[f64]) -> f64 {
    let mean = mean(window);
    window.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / len(window)
}

fn weighted(window: &[f64]) -> f64 {
    let weights = (1_u32..).map(f64::from).take(window.len());
    let total: f64 = weights.clone().sum();
    window.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>() / total
}

fn slope(window: &[f64]) -> f64 {
    let (middle, mean) = ((len(window) - 1.0) / 2.0, mean(window));
    let (mut products, mut squares) = (0.0, 0.0);
    for (bar, value) in (0_u32..).map(f64::from).zip(window) {
        products += (bar - middle) * (value - mean);
        squares += (bar - middle).powi(2);
    }
    products / squares
}

const WINDOWS: &[(&str, Naive)] = &[
    ("sma(X, N)", mean),
    ("sum(X, N)", |window| window.iter().sum()),
    ("highest(X, N)", highest),
    ("lowest(X, N)", lowest),
    ("highest_bars(X, N)", |window| latest(window, highest(window))),
    ("lowest_bars(X, N)", |window| latest(window, lowest(window))),
    ("median(X, N)", |window| percentile(window, 50.0)),
    ("percentile(X, N, 33)", |window| percentile(window, 33.0)),
    ("variance(X, N)", variance),
    ("covariance(X, X, N)", variance),
    ("wma(X, N)", weighted),
    ("linreg(X, N).slope", slope),
];

#[test]
fn windows_of_any_length_are_as_if_computed_anew() {
    let mut bars = market::walk(11, 2_500);
    // Steps of a whole unit, so that there are many ties, and two holes.
    bars.close.iter_mut().for_each(|price| *price = price.round());
    (bars.close[700], bars.close[1_203]) = (f64::NAN, f64::NAN);
    for (pattern, naive) in WINDOWS {
        for length in [2, 3, 10, 600] {
            let text = pattern.replace('X', "close").replace('N', &length.to_string());
            for decimals in [market::CENTS, Decimals::UNKNOWN] {
                let values = market::values(&text, &bars, decimals);
                for (bar, value) in values.iter().enumerate() {
                    let window = (bar + 1).checked_sub(length).map(|from| &bars.close[from..=bar]);
                    let sound = window.filter(|w| w.iter().all(|value| !value.is_nan()));
                    let wanted = sound.map_or(f64::NAN, naive);
                    let near = (value - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
                    let same = near || (value.is_nan() && wanted.is_nan());
                    assert!(same, "{text} {decimals:?} bar {bar}: {value}, not {wanted}");
                }
            }
        }
    }
}

#[test]
fn the_rank_counts_the_values_before() {
    let bars = market::walk(12, 1_500);
    for length in [1, 7, 600] {
        let values = market::values(&format!("percentile_rank({length})"), &bars, market::CENTS);
        for (bar, value) in values.iter().enumerate().skip(length) {
            let before = &bars.close[bar - length..bar];
            let most = before.iter().filter(|value| **value <= bars.close[bar]).count();
            let wanted = 100.0 * len(&before[..most]) / len(before);
            assert_eq!(*value, wanted, "{length} bar {bar}");
        }
    }
}
