//! The normal distribution: how likely a standard normal value is below a bound, and the reverse.
//!
//! This module must not know what is normal.

use std::f64::consts::SQRT_2;

/// Beyond this the probability is zero in floating point.
const FAR: f64 = 39.0;
/// Brings the interval from twice that to below 10⁻¹⁹.
const HALVINGS: u32 = 70;

/// Φ(x), the probability that a standard normal value is at most `x`.
///
/// Φ(x) = erfc(−x / √2) / 2 with `libm::erfc`, whose error is below one unit in the last place
/// (FreeBSD msun, s_erf.c). The division of `x` adds a relative error of about x² · 10⁻¹⁶ in the
/// lower tail.
pub(crate) fn cumulative(x: f64) -> f64 {
    libm::erfc(-x / SQRT_2) / 2.0
}

/// Φ⁻¹(p), the value that a standard normal one is below with probability `p`; `None` unless `p`
/// lies strictly between 0 and 1.
///
/// Found by halving an interval: the smallest bound found whose probability is at least `p`. It is
/// exact to about one unit in the last place of `p`: within 10⁻¹⁵ below zero, 10⁻¹³ up to 3.
pub(crate) fn quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let (mut low, mut high) = (-FAR, FAR);
    for _ in 0..HALVINGS {
        let middle = low + (high - low) / 2.0;
        if cumulative(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Φ from its power series with 80 digits; the quantiles from Python's `NormalDist`, which uses
    /// another method (Wichura's AS 241).
    #[test]
    fn it_agrees_with_an_independent_implementation() {
        for (x, p) in CUMULATIVE {
            let off = (cumulative(x) / p - 1.0).abs();
            assert!(off < 1e-15 + 1e-16 * x * x, "Φ({x}) = {}", cumulative(x));
        }
        for (p, x) in QUANTILES {
            let found = quantile(p).unwrap();
            let allowed = if p < 0.5 { 2e-15 * x.abs() } else { 1e-13 };
            assert!((found - x).abs() < allowed, "Φ⁻¹({p}) = {found}");
        }
    }

    #[test]
    fn the_ends_have_no_quantile() {
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(p), None, "{p}");
        }
        assert!(quantile(0.5).is_some_and(|x| x.abs() < 1e-16));
        assert_eq!((cumulative(-FAR), cumulative(FAR)), (0.0, 1.0));
        assert!(quantile(f64::MIN_POSITIVE).is_some_and(|x| x > -FAR));
    }

    #[test]
    fn one_undoes_the_other() {
        for step in -500..=200 {
            let x = f64::from(step) / 100.0;
            let back = quantile(cumulative(x)).unwrap();
            assert!((back - x).abs() < 1e-13, "{x}: {back}");
        }
    }

    const CUMULATIVE: [(f64, f64); 10] = [
        (-8.0, 6.220960574271784e-16),
        (-5.0, 2.866515718791939e-07),
        (-2.5, 0.006209665325776135),
        (-1.0, 0.15865525393145705),
        (-0.25, 0.4012936743170763),
        (0.0, 0.5),
        (0.5, 0.6914624612740131),
        (1.6448536269514722, 0.95),
        (3.0, 0.9986501019683699),
        (6.0, 0.9999999990134123),
    ];
    const QUANTILES: [(f64, f64); 12] = [
        (1e-10, -6.361340902404056),
        (0.001, -3.090232306167813),
        (0.025, -1.9599639845400538),
        (0.2, -0.8416212335729142),
        (0.5, 0.0),
        (0.75, 0.6744897501960817),
        (0.9, 1.2815515655446008),
        (0.95, 1.6448536269514715),
        (0.975, 1.9599639845400536),
        (0.999, 3.090232306167813),
        (0.99, 2.3263478740408408),
        (0.9963212055882856, 2.680210444966887),
    ];
}
