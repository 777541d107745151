//! Bars made up from a seed, for load, benchmarks and demos.
//!
//! Only integer arithmetic and a fixed random stream are used, so that the same seed makes the
//! same bars on every machine. The walk resembles a market enough to exercise strategies and
//! claims nothing more. Whoever shows or stores such bars labels them synthetic
//! ([`crate::Provenance::Synthetic`]). This module must not know the store.

use domain::{Bar, Price, Qty, Timeframe, Timestamp, num::MAGNITUDE_MAX};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// [`generate`] makes at most so many bars; take longer streams from [`Synthetic`].
pub const BARS_MAX: usize = 3_000_000;
/// The largest volatility of one bar, in millionths of the price.
pub const VOLATILITY_PPM_MAX: u32 = 100_000;

/// The price stays within this factor of where it started.
const DRIFT_FACTOR: i128 = 1_000;
/// The walk is finer than a tick by this factor, so that small moves add up.
const GRAIN: i128 = 1_024;
/// A bar's path has four steps of half the bar's volatility each.
const STEPS: usize = 4;
/// One standard deviation of [`normal`].
const SIGMA: i64 = 65_536;
/// The largest price in ticks at the start.
const START_TICKS_MAX: i128 = 1_000_000_000_000;
/// What one column of the store can hold.
const MANTISSA_MAX: i128 = 1_000_000_000_000_000_000;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntheticSpec {
    /// The same seed makes the same bars.
    pub seed: u64,
    /// The open of the first bar.
    pub start: Timestamp,
    /// The span of a bar. The market is open round the clock.
    pub timeframe: Timeframe,
    /// The first open, rounded to the tick.
    pub start_price: Price,
    /// Prices are multiples of this.
    pub tick: Price,
    /// The standard deviation of one bar's move in millionths of the price; 500 is 0.05 %.
    pub volatility_ppm: u32,
    /// Volumes are multiples of this.
    pub lot: Qty,
    /// The usual volume of a bar in lots; 0 for bars without volume.
    pub volume_lots: u32,
}

impl SyntheticSpec {
    /// A market at 100.00 with a tick of 0.01 and a volatility of 0.05 % per bar.
    ///
    /// # Errors
    /// Never for a timeframe of this crate; the numbers are checked as all others are.
    pub fn new(
        seed: u64,
        start: Timestamp,
        timeframe: Timeframe,
    ) -> Result<Self, domain::NumError> {
        Ok(Self {
            seed,
            start,
            timeframe,
            start_price: Price::new(Decimal::ONE_HUNDRED)?,
            tick: Price::new(Decimal::new(1, 2))?,
            volatility_ppm: 500,
            lot: Qty::new(Decimal::ONE)?,
            volume_lots: 1_000,
        })
    }
}

/// Why nothing is generated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SyntheticError {
    /// The volatility is outside its range.
    #[error("volatility_ppm {0} must be 1 to {VOLATILITY_PPM_MAX} millionths per bar")]
    Volatility(u32),
    /// The start is less than one tick, or too many.
    #[error("start price {start} must be 1 to {START_TICKS_MAX} ticks of {tick}")]
    StartPrice {
        /// The price asked for.
        start: Price,
        /// The tick asked for.
        tick: Price,
    },
    /// The walk could leave the range of prices.
    #[error("start price {start}: {DRIFT_FACTOR} times as much must be at most {max}")]
    TooHigh {
        /// The price asked for.
        start: Price,
        /// The largest price with so many decimals.
        max: Decimal,
    },
    /// The volume can leave the range of quantities.
    #[error("lot {lot} times {lots}: the volume of a bar must stay in the range of quantities")]
    Volume {
        /// The lot asked for.
        lot: Qty,
        /// The number asked for.
        lots: u32,
    },
    /// Too many bars for one list.
    #[error("{0} bars are more than {BARS_MAX}: take them from the iterator in parts")]
    TooMany(usize),
}

impl SyntheticError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Volatility(_) => "synthetic_volatility",
            Self::StartPrice { .. } => "synthetic_start_price",
            Self::TooHigh { .. } => "synthetic_too_high",
            Self::Volume { .. } => "synthetic_volume",
            Self::TooMany(_) => "synthetic_too_many",
        }
    }
}

/// An endless stream of bars without gaps; it ends where time does.
#[derive(Debug, Clone)]
pub struct Synthetic {
    rng: ChaCha8Rng,
    spec: SyntheticSpec,
    open_at: Timestamp,
    /// In [`GRAIN`]ths of a tick.
    walk: i128,
    floor: i128,
    ceiling: i128,
}

impl Synthetic {
    /// Checks the specification and stands before the first bar.
    ///
    /// # Errors
    /// [`SyntheticError`] names the value and its range.
    pub fn new(spec: SyntheticSpec) -> Result<Self, SyntheticError> {
        if !(1..=VOLATILITY_PPM_MAX).contains(&spec.volatility_ppm) {
            return Err(SyntheticError::Volatility(spec.volatility_ppm));
        }
        let (start, tick) = (spec.start_price, spec.tick);
        let ticks = (start.get() / tick.get()).round().mantissa();
        if !(1..=START_TICKS_MAX).contains(&ticks) {
            return Err(SyntheticError::StartPrice { start, tick });
        }
        check_range(&spec, ticks)?;
        let start_walk = ticks * GRAIN;
        Ok(Self {
            rng: stream(spec.seed),
            spec,
            open_at: spec.start,
            walk: start_walk,
            floor: (start_walk / DRIFT_FACTOR).max(GRAIN),
            ceiling: start_walk * DRIFT_FACTOR,
        })
    }

    /// One step of half a bar's volatility, reflected at the bounds.
    fn step(&mut self) -> i64 {
        let z = normal(&mut self.rng);
        let share = i64::from(self.spec.volatility_ppm) * z;
        self.walk += share_of(self.walk, share);
        if self.walk < self.floor {
            self.walk = (2 * self.floor - self.walk).min(self.ceiling);
        }
        if self.walk > self.ceiling {
            self.walk = (2 * self.ceiling - self.walk).max(self.floor);
        }
        z
    }

    /// More is traded when the price moves more.
    fn volume(&mut self, restless: i64) -> i64 {
        let usual = i64::from(self.spec.volume_lots);
        let share = i64::from(self.rng.next_u32() & 0xffff) + SIGMA / 2;
        usual * share / SIGMA * (4 * SIGMA + restless) / (7 * SIGMA)
    }

    fn ticks(&self) -> i128 {
        ((self.walk + GRAIN / 2) / GRAIN).max(1)
    }

    fn price(&self, ticks: i128) -> Option<Price> {
        let tick = self.spec.tick.get();
        let units = ticks.checked_mul(tick.mantissa())?;
        Price::new(Decimal::try_from_i128_with_scale(units, tick.scale()).ok()?).ok()
    }
}

impl Iterator for Synthetic {
    type Item = Bar;

    fn next(&mut self) -> Option<Bar> {
        let open_at = self.open_at;
        let close_at = Timestamp(open_at.0.checked_add(self.spec.timeframe.span().0)?);
        let open = self.ticks();
        let (mut high, mut low, mut restless) = (open, open, 0);
        for _ in 0..STEPS {
            restless += self.step().abs();
            high = high.max(self.ticks());
            low = low.min(self.ticks());
        }
        let lots = self.volume(restless);
        let lot = self.spec.lot.get();
        let volume =
            Decimal::try_from_i128_with_scale(i128::from(lots) * lot.mantissa(), lot.scale())
                .ok()?;
        self.open_at = close_at;
        Some(Bar {
            open_at,
            close_at,
            open: self.price(open)?,
            high: self.price(high)?,
            low: self.price(low)?,
            close: self.price(self.ticks())?,
            volume: Qty::new(volume).ok()?,
        })
    }
}

/// Makes the first `bars` bars of a specification.
///
/// # Errors
/// [`SyntheticError`] names the value and its range.
pub fn generate(spec: SyntheticSpec, bars: usize) -> Result<Vec<Bar>, SyntheticError> {
    if bars > BARS_MAX {
        return Err(SyntheticError::TooMany(bars));
    }
    Ok(Synthetic::new(spec)?.take(bars).collect())
}

/// The largest price and volume that the walk can reach must be storable.
fn check_range(spec: &SyntheticSpec, ticks: i128) -> Result<(), SyntheticError> {
    let tick = spec.tick.get();
    let limit = |scale: u32| {
        let units = Decimal::from_i128_with_scale(MANTISSA_MAX - 1, scale);
        units.min(Decimal::from(MAGNITUDE_MAX))
    };
    let too_high = SyntheticError::TooHigh { start: spec.start_price, max: limit(tick.scale()) };
    let highest = (ticks * DRIFT_FACTOR + 1).checked_mul(tick.mantissa());
    let fits = |units: i128, scale: u32| {
        units < MANTISSA_MAX
            && Decimal::try_from_i128_with_scale(units, scale).is_ok_and(|v| v <= limit(scale))
    };
    if !highest.is_some_and(|units| fits(units, tick.scale())) {
        return Err(too_high);
    }
    // The share is below 1.5; four steps of at most six sigma make the other factor 4.
    let lot = spec.lot.get();
    let most = (i128::from(spec.volume_lots) * 6 + 1).checked_mul(lot.mantissa());
    if !most.is_some_and(|units| fits(units, lot.scale())) {
        return Err(SyntheticError::Volume { lot: spec.lot, lots: spec.volume_lots });
    }
    Ok(())
}

/// `walk` times `share` in units of two million sigmas, rounded toward zero.
fn share_of(walk: i128, share: i64) -> i128 {
    const UNIT: i64 = 2 * 1_000_000 * SIGMA;
    match i64::try_from(walk).ok().and_then(|walk| walk.checked_mul(share)) {
        Some(product) => i128::from(product / UNIT),
        None => walk * i128::from(share) / i128::from(UNIT),
    }
}

fn stream(seed: u64) -> ChaCha8Rng {
    let mut key = *b"cofferdam synthetic bars 1\0\0\0\0\0\0";
    for (place, byte) in key[24..].iter_mut().zip(seed.to_le_bytes()) {
        *place ^= byte;
    }
    ChaCha8Rng::from_seed(key)
}

/// The sum of twelve uniform 16-bit numbers about its mean: nearly normal, at most six standard
/// deviations of [`SIGMA`].
fn normal(rng: &mut ChaCha8Rng) -> i64 {
    let mut sum = 0_i64;
    for _ in 0..3 {
        let bits = rng.next_u64();
        sum += [0, 16, 32, 48].map(|shift| (bits >> shift & 0xffff) as i64).iter().sum::<i64>();
    }
    sum - 6 * 65_535
}

#[cfg(test)]
mod tests {
    use domain::Nanos;

    use super::*;

    fn spec() -> SyntheticSpec {
        let start = "2024-01-01T00:00:00Z".parse().unwrap();
        SyntheticSpec::new(7, start, Timeframe::Minutes(1)).unwrap()
    }

    fn words(bar: &Bar) -> String {
        let Bar { open_at, open, high, low, close, volume, .. } = bar;
        format!("{open_at} {open} {high} {low} {close} {volume}")
    }

    #[test]
    fn a_seed_makes_the_same_bars_on_every_machine() {
        let bars = generate(spec(), 10_000).unwrap();
        let shown = [&bars[0], &bars[1], &bars[9_999]].map(words);
        let expected = [
            "2024-01-01T00:00:00Z 100 100 99.96 99.97 503",
            "2024-01-01T00:01:00Z 99.97 99.99 99.92 99.92 1558",
            "2024-01-07T22:39:00Z 101.08 101.08 101.06 101.08 1244",
        ];
        assert_eq!(shown, expected);
        assert_eq!(bars, generate(spec(), 10_000).unwrap());
        assert_ne!(bars, generate(SyntheticSpec { seed: 8, ..spec() }, 10_000).unwrap());
    }

    #[test]
    fn bars_are_possible_on_tick_and_without_gaps() {
        let spec = SyntheticSpec { volatility_ppm: VOLATILITY_PPM_MAX, ..spec() };
        let bars = generate(spec, 20_000).unwrap();
        for pair in bars.windows(2) {
            assert_eq!(pair[1].impossible(), None);
            assert_eq!(pair[0].close_at, pair[1].open_at);
            assert_eq!(pair[0].close, pair[1].open);
            assert!(pair[1].high.is_on_tick(spec.tick));
        }
        let highest = bars.iter().map(|bar| bar.high).max().unwrap();
        assert!(highest.get() <= Decimal::from(100_000), "{highest}");
    }

    #[test]
    fn the_moves_have_the_volatility_that_was_asked_for() {
        let bars = generate(SyntheticSpec { volatility_ppm: 10_000, ..spec() }, 20_000).unwrap();
        let moved = |bar: &Bar| {
            let change = (bar.close.get() - bar.open.get()) / bar.open.get();
            change * change
        };
        let variance = bars.iter().map(moved).sum::<Decimal>() / Decimal::from(bars.len());
        let expected = Decimal::new(1, 4);
        assert!((variance - expected).abs() < expected * Decimal::new(5, 2), "{variance}");
    }

    #[test]
    fn a_stream_of_seconds_goes_on_and_ends_with_time() {
        let seconds = SyntheticSpec { timeframe: Timeframe::Seconds(1), ..spec() };
        let last = Synthetic::new(seconds).unwrap().nth(5_000).unwrap();
        assert_eq!(last.open_at, spec().start.plus(Nanos::from_secs(5_000)));
        let end = SyntheticSpec { start: Timestamp(i64::MAX - 1), ..spec() };
        assert_eq!(Synthetic::new(end).unwrap().next(), None);
    }

    #[test]
    fn senseless_specifications_are_refused() {
        let code = |spec| Synthetic::new(spec).map(|_| ()).unwrap_err().code();
        let price = |text: &str| text.parse::<Price>().unwrap();
        assert_eq!(code(SyntheticSpec { volatility_ppm: 0, ..spec() }), "synthetic_volatility");
        let tick = price("1000");
        assert_eq!(code(SyntheticSpec { tick, ..spec() }), "synthetic_start_price");
        let tick = price("0.000000000001");
        assert_eq!(code(SyntheticSpec { tick, ..spec() }), "synthetic_start_price");
        let start_price = price("1400000000000");
        let tick = price("1.5");
        assert_eq!(code(SyntheticSpec { start_price, tick, ..spec() }), "synthetic_too_high");
        let lot = "1000000000".parse().unwrap();
        let volume_lots = u32::MAX;
        assert_eq!(code(SyntheticSpec { lot, volume_lots, ..spec() }), "synthetic_volume");
        assert_eq!(generate(spec(), BARS_MAX + 1), Err(SyntheticError::TooMany(BARS_MAX + 1)));
    }
}
