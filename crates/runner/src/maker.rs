//! Bars of prices that come by themselves, such as those of a synthetic symbol.
//!
//! A bar closes when its time is over, not when the next price comes. A span without a price has no
//! bar. It is for markets that never close; it must not know strategies.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Bar, InstrumentId, Nanos, Price, Qty, Timeframe, Timestamp};

use crate::player::Closed;

/// Makes bars.
#[derive(Debug, Default)]
pub struct Maker {
    /// With the time from which on prices are told.
    wanted: BTreeMap<(InstrumentId, Timeframe), Timestamp>,
    open: BTreeMap<(InstrumentId, Timeframe), Bar>,
}

impl Maker {
    /// From `at` on these bars are made and no others. A bar whose span has begun before is left
    /// out: it would miss prices.
    pub fn want(&mut self, wanted: &BTreeSet<(InstrumentId, Timeframe)>, at: Timestamp) {
        self.open.retain(|key, _| wanted.contains(key));
        self.wanted.retain(|key, _| wanted.contains(key));
        for key in wanted {
            self.wanted.entry(key.clone()).or_insert(at);
        }
    }

    /// Takes a price with what was traded at it.
    pub fn price(&mut self, instrument: &InstrumentId, last: Price, volume: Qty, at: Timestamp) {
        let mine = self.wanted.iter().filter(|((id, _), _)| id == instrument);
        for ((id, timeframe), since) in mine {
            let Some((open_at, close_at)) = span(*timeframe, at) else { continue };
            if open_at < *since {
                continue;
            }
            let fresh = Bar {
                open_at,
                close_at,
                open: last,
                high: last,
                low: last,
                close: last,
                volume: Qty::ZERO,
            };
            let bar = self.open.entry((id.clone(), *timeframe)).or_insert(fresh);
            if bar.open_at != open_at {
                // Time is told before prices, so an old bar was taken out before.
                *bar = fresh;
            }
            bar.high = bar.high.max(last);
            bar.low = bar.low.min(last);
            bar.close = last;
            bar.volume = bar.volume.plus(volume);
        }
    }

    /// Time has come to an instant: the bars whose span is over, by span and close.
    pub fn time(&mut self, at: Timestamp) -> BTreeMap<(Timestamp, Timeframe), Vec<Closed>> {
        let mut closed: BTreeMap<(Timestamp, Timeframe), Vec<Closed>> = BTreeMap::new();
        self.open.retain(|(instrument, timeframe), bar| {
            if bar.close_at > at {
                return true;
            }
            let one = Closed { instrument: instrument.clone(), bar: *bar };
            closed.entry((bar.close_at, *timeframe)).or_default().push(one);
            false
        });
        closed
    }
}

/// The span in which an instant lies: after its opening, up to and including its close.
fn span(timeframe: Timeframe, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let length = timeframe.span().0;
    let before = at.0.checked_sub(1)?;
    let open = before.checked_sub(before.rem_euclid(length))?;
    Some((Timestamp(open), Timestamp(open).plus(Nanos(length))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> InstrumentId {
        "sim:SYN".parse().unwrap()
    }

    fn price(cents: i64) -> Price {
        Price::new(rust_decimal::Decimal::new(cents, 2)).unwrap()
    }

    fn one() -> Qty {
        Qty::new(1.into()).unwrap()
    }

    fn maker() -> Maker {
        let mut maker = Maker::default();
        maker.want(&[(id(), Timeframe::Minutes(1))].into(), Timestamp::from_secs(30));
        maker
    }

    #[test]
    fn a_bar_has_the_prices_of_its_span_and_closes_with_time() {
        let mut maker = maker();
        for (second, cents) in [(60, 900), (61, 1_000), (80, 1_200), (100, 800), (120, 1_100)] {
            let at = Timestamp::from_secs(second);
            assert!(maker.time(at.plus(Nanos(-1))).is_empty(), "{second}: begun too late");
            maker.price(&id(), price(cents), one(), at);
        }
        let closed = maker.time(Timestamp::from_secs(120));
        let ((at, timeframe), bars) = closed.into_iter().next().unwrap();
        assert_eq!((at, timeframe), (Timestamp::from_secs(120), Timeframe::Minutes(1)));
        let Bar { open, high, low, close, volume, open_at, .. } = bars[0].bar;
        assert_eq!(
            (open, high, low, close),
            (price(1_000), price(1_200), price(800), price(1_100))
        );
        assert_eq!((volume, open_at), (Qty::new(4.into()).unwrap(), Timestamp::from_secs(60)));
    }

    #[test]
    fn a_span_without_a_price_has_no_bar() {
        let mut maker = maker();
        maker.price(&id(), price(1_000), one(), Timestamp::from_secs(61));
        assert_eq!(maker.time(Timestamp::from_secs(300)).len(), 1);
        assert!(maker.time(Timestamp::from_secs(600)).is_empty());
    }

    #[test]
    fn what_nobody_wants_is_not_made() {
        let mut maker = maker();
        maker.price(&id(), price(1_000), one(), Timestamp::from_secs(61));
        maker.want(&BTreeSet::new(), Timestamp::from_secs(70));
        assert!(maker.time(Timestamp::from_secs(600)).is_empty());
    }
}
