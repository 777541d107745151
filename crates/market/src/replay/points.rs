//! The four points of a bar: when, at which price, with how much volume, and the quote around it.
//!
//! This module must not know series or the order in which they are played.

use domain::{Bar, Nanos, Price, Qty, Quote, Timestamp, num::Rounding};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Phase;

/// A bar has so many points.
pub(super) const POINTS: usize = 4;
const LAST: usize = POINTS - 1;
const BPS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// The instant of a point: 1 ns after the open, then equal steps to the close, rounded down.
pub(super) fn at(bar: &Bar, point: usize) -> Timestamp {
    let way = i128::from(bar.close_at.since(bar.open_at).0) - 1;
    let gone = way * point as i128 / LAST as i128;
    // A part of a 64-bit span fits.
    bar.open_at.plus(Nanos(1 + i64::try_from(gone).unwrap_or(i64::MAX - 1)))
}

/// The price of a point.
pub(super) fn price(bar: &Bar, point: usize) -> Price {
    let rose = bar.close >= bar.open;
    match point {
        0 => bar.open,
        1 if rose => bar.low,
        1 => bar.high,
        2 if rose => bar.high,
        2 => bar.low,
        _ => bar.close,
    }
}

/// The part that a point plays.
pub(super) const fn phase(point: usize) -> Phase {
    match point {
        0 => Phase::Open,
        LAST => Phase::Close,
        _ => Phase::Path,
    }
}

/// The share of the volume: a quarter at the volume's own decimals, the rest at the close.
pub(super) fn volume(bar: &Bar, point: usize) -> Qty {
    let total = bar.volume.get();
    let share = (total / Decimal::from(POINTS))
        .round_dp_with_strategy(total.scale(), RoundingStrategy::ToZero);
    let own = if point == LAST { total - share * Decimal::from(LAST) } else { share };
    Qty::new(own).unwrap_or(Qty::ZERO)
}

/// The distance from the last price to bid and ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    half_bps: Decimal,
}

impl Spread {
    /// Half the spread in basis points, or `None` when it is negative or leaves no bid.
    pub(super) fn new(half_bps: Decimal) -> Option<Self> {
        (half_bps >= Decimal::ZERO && half_bps < BPS).then_some(Self { half_bps })
    }

    /// The highest multiple of the tick that is at least the half-spread below the price.
    pub(super) fn bid(self, last: Price, tick: Price) -> Option<Price> {
        self.multiple(last, tick, BPS - self.half_bps, RoundingStrategy::ToNegativeInfinity)
    }

    /// The lowest multiple of the tick that is at least the half-spread above the price.
    pub(super) fn ask(self, last: Price, tick: Price) -> Option<Price> {
        self.multiple(last, tick, BPS + self.half_bps, RoundingStrategy::ToPositiveInfinity)
    }

    fn multiple(
        self,
        last: Price,
        tick: Price,
        bps: Decimal,
        rounding: RoundingStrategy,
    ) -> Option<Price> {
        let exact = last.get().checked_mul(bps)?.checked_div(BPS)?;
        let ticks = exact.checked_div(tick.get())?.round_dp_with_strategy(0, rounding);
        Price::new(ticks.checked_mul(tick.get())?).ok()
    }

    /// The quote around a price. Bars are checked for a possible bid and ask before they play;
    /// the last price stands in only to spare every caller an error that can't occur.
    pub(super) fn quote(self, last: Price, tick: Price, at: Timestamp) -> Quote {
        let bid = self.bid(last, tick).unwrap_or(last);
        let ask = self.ask(last, tick).unwrap_or(last);
        Quote { bid, ask, last, at }
    }
}

/// The prices of another instrument on a contract's own tick, never with a narrower spread.
#[must_use]
pub fn on_tick(quote: Quote, tick: Price) -> Quote {
    let to = |price: Price, rounding| price.to_tick(tick, rounding).unwrap_or(tick);
    let (bid, ask) = (to(quote.bid, Rounding::Down), to(quote.ask, Rounding::Up));
    Quote { bid, ask, last: to(quote.last, Rounding::Down), at: quote.at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(half_bps: &str, last: &str, tick: &str) -> String {
        let spread = Spread::new(Decimal::from_str_exact(half_bps).unwrap()).unwrap();
        let (last, tick) = (last.parse().unwrap(), tick.parse().unwrap());
        match spread.bid(last, tick) {
            Some(bid) => format!("{bid} {}", spread.ask(last, tick).unwrap()),
            None => "no bid".to_owned(),
        }
    }

    #[test]
    fn bid_and_ask_are_rounded_outward() {
        assert_eq!(quote("0", "38.23", "0.01"), "38.23 38.23");
        assert_eq!(quote("0", "38.2318", "0.01"), "38.23 38.24");
        assert_eq!(quote("1", "100", "0.01"), "99.99 100.01");
        assert_eq!(quote("1.5", "100", "0.01"), "99.98 100.02");
        assert_eq!(quote("5", "0.012", "0.01"), "0.01 0.02");
        assert_eq!(quote("5", "0.009", "0.01"), "no bid");
        assert!(Spread::new(BPS).is_none() && Spread::new(-Decimal::ONE).is_none());
    }

    #[test]
    fn shares_of_the_volume_add_up() {
        let price = "1".parse().unwrap();
        let (open, high, low, close) = (price, price, price, price);
        for (total, expected) in
            [("0", "0 0 0 0"), ("3", "0 0 0 3"), ("10", "2 2 2 4"), ("0.05", "0.01 0.01 0.01 0.02")]
        {
            let volume_total = total.parse().unwrap();
            let (open_at, close_at) = (Timestamp(0), Timestamp(10));
            let bar = Bar { open_at, close_at, open, high, low, close, volume: volume_total };
            let shares: Vec<String> = (0..POINTS).map(|p| volume(&bar, p).to_string()).collect();
            assert_eq!(shares.join(" "), expected);
            let times: Vec<i64> = (0..POINTS).map(|p| at(&bar, p).0).collect();
            assert_eq!(times, [1, 4, 7, 10]);
        }
    }
}
