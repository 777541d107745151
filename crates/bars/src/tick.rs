//! The tick that imported prices suggest.
//!
//! Without a venue's specification the decimals in use are all there is to go by, so the result
//! says of itself that it is inferred. This module must not know instruments.

use domain::{Bar, Price, TickSource, num::SCALE_MAX};
use rust_decimal::Decimal;
use serde::Serialize;

/// A tick inferred from prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InferredTick {
    /// The finest power of ten, at most 1, of which every price is a multiple.
    pub tick: Price,
    /// Always [`TickSource::Inferred`].
    pub source: TickSource,
}

/// Infers the tick from the decimals in use, or `None` without bars.
#[must_use]
pub fn infer_tick(bars: &[Bar]) -> Option<InferredTick> {
    let decimals = |bar: &Bar| {
        [bar.open, bar.high, bar.low, bar.close].map(|price| price.get().normalize().scale())
    };
    of_decimals(bars.iter().flat_map(decimals).max()?)
}

/// The tick of prices with so many decimals.
pub(crate) fn of_decimals(decimals: u32) -> Option<InferredTick> {
    let tick = Price::new(Decimal::new(1, decimals.min(SCALE_MAX))).ok()?;
    Some(InferredTick { tick, source: TickSource::Inferred })
}

#[cfg(test)]
mod tests {
    use domain::{Qty, Timestamp};

    use super::*;

    fn bar(close: &str) -> Bar {
        let price: Price = close.parse().unwrap();
        let at = Timestamp(0);
        let (open, high, low, close) = (price, price, price, price);
        Bar { open_at: at, close_at: Timestamp(1), open, high, low, close, volume: Qty::ZERO }
    }

    #[test]
    fn the_finest_decimal_in_use_decides() {
        let tick = |bars: &[Bar]| infer_tick(bars).map(|t| t.tick.to_string());
        assert_eq!(tick(&[]), None);
        assert_eq!(tick(&[bar("100"), bar("250")]).unwrap(), "1");
        assert_eq!(tick(&[bar("12.50"), bar("12.25"), bar("7")]).unwrap(), "0.01");
        assert_eq!(tick(&[bar("0.000000000001")]).unwrap(), "0.000000000001");
    }
}
