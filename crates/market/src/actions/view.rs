//! Bars as if every split had already happened when they were traded.
//!
//! Formulas and charts need prices on one scale, the ledger needs them as traded. So this is a
//! view: bars are computed when asked for and never stored. It must not look beyond the instant
//! as of which it is made, or a backtest would learn of splits before they were.

use domain::{Bar, InstrumentId, Timestamp};

use super::{ActionError, Ratio, Splits};

/// A back-adjusted view of bars, made by [`Splits::adjusted`].
#[derive(Debug, Clone)]
pub struct Adjusted<'a> {
    bars: &'a [Bar],
    /// Per split, by time: its instant, and the ratio of it and all later ones together.
    splits: Vec<(Timestamp, Ratio)>,
}

impl Splits {
    /// A view of raw bars on the scale that holds at `as_of`: bars before a split are divided by
    /// its ratio, their volume is multiplied by it. Splits after `as_of` don't count.
    ///
    /// # Errors
    /// [`ActionError::Number`] when the ratios multiply to more than 64 bits.
    pub fn adjusted<'a>(
        &self,
        instrument: &InstrumentId,
        bars: &'a [Bar],
        as_of: Timestamp,
    ) -> Result<Adjusted<'a>, ActionError> {
        let all = self.of(instrument);
        let known = all.get(..all.partition_point(|(at, _)| *at <= as_of)).unwrap_or_default();
        let mut splits = known.to_vec();
        let mut later = Ratio::ONE;
        for (_, ratio) in splits.iter_mut().rev() {
            later = ratio.then(later)?;
            *ratio = later;
        }
        Ok(Adjusted { bars, splits })
    }
}

impl<'a> Adjusted<'a> {
    /// How many bars there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bars.len()
    }

    /// True without bars.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// The bar at an index, or `None` beyond the end. Prices are rounded half to even and
    /// volumes toward zero at 12 decimals, all four prices alike, so high and low stay bounds.
    ///
    /// # Errors
    /// [`ActionError::Straddles`] when a split lies inside the bar, [`ActionError::Number`] when
    /// a price or volume can't be expressed.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Result<Bar, ActionError>> {
        self.bars.get(index).map(|bar| self.adjust(bar))
    }

    /// The bars in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<Bar, ActionError>> + use<'_, 'a> {
        self.bars.iter().map(|bar| self.adjust(bar))
    }

    fn adjust(&self, bar: &Bar) -> Result<Bar, ActionError> {
        let next = self.splits.partition_point(|(at, _)| *at <= bar.open_at);
        let Some(&(split_at, ratio)) = self.splits.get(next) else {
            return Ok(*bar);
        };
        if split_at < bar.close_at {
            let Bar { open_at, close_at, .. } = *bar;
            return Err(ActionError::Straddles { open_at, close_at, split_at });
        }
        Ok(Bar {
            open: ratio.price(bar.open)?,
            high: ratio.price(bar.high)?,
            low: ratio.price(bar.low)?,
            close: ratio.price(bar.close)?,
            volume: ratio.qty(bar.volume)?,
            ..*bar
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::CalendarKind;
    use jiff::civil::{Date, date};
    use rust_decimal::Decimal;

    use super::*;
    use crate::{Calendar, Split};

    fn bar(day: Date, price: &str) -> Bar {
        let calendar = Calendar::of(CalendarKind::UsEquities);
        let session = calendar.session_of_date(day).unwrap();
        let price = price.parse().unwrap();
        let (open, high, low, close) = (price, price, price, price);
        let volume = "100".parse().unwrap();
        Bar { open_at: session.open, close_at: session.close, open, high, low, close, volume }
    }

    fn table() -> (InstrumentId, Splits) {
        let id: InstrumentId = "sim:A".parse().unwrap();
        let row = |day, ratio| Split::new(id.clone(), day, Decimal::from(ratio)).unwrap();
        let rows = vec![row(date(2024, 1, 4), 3), row(date(2024, 1, 3), 2)];
        (id.clone(), Splits::new(rows, |_| CalendarKind::UsEquities).unwrap())
    }

    #[test]
    fn bars_before_a_split_are_divided_and_later_splits_multiply() {
        let (id, splits) = table();
        let bars =
            [bar(date(2024, 1, 2), "60"), bar(date(2024, 1, 3), "30"), bar(date(2024, 1, 4), "10")];
        let shown = |as_of: Timestamp| {
            let view = splits.adjusted(&id, &bars, as_of).unwrap();
            let one = |b: Bar| format!("{}x{}", b.close, b.volume);
            view.iter().map(|b| one(b.unwrap())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(Timestamp(i64::MAX)), "10x600 10x300 10x100");
        assert_eq!(shown(bars[1].close_at), "30x200 30x100 10x100");
        assert_eq!(shown(bars[0].close_at), "60x100 30x100 10x100");
        let view = splits.adjusted(&id, &bars, Timestamp(0)).unwrap();
        assert_eq!((view.len(), view.is_empty()), (3, false));
        assert_eq!(view.get(2), Some(Ok(bars[2])));
        assert_eq!(view.get(3), None);
    }

    #[test]
    fn a_bar_over_a_split_is_refused() {
        let (id, splits) = table();
        let mut week = bar(date(2024, 1, 2), "60");
        week.close_at = bar(date(2024, 1, 5), "10").close_at;
        let bars = [week];
        let view = splits.adjusted(&id, &bars, Timestamp(i64::MAX)).unwrap();
        assert_eq!(view.get(0).unwrap().unwrap_err().code(), "split_inside_bar");
    }
}
