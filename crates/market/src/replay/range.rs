//! How far prices usually go within a bar, by which stops are attached to entries without one.
//!
//! It must not know who asks.

use domain::Bar;
use rust_decimal::Decimal;

/// Bars over which the average true range is taken.
const RANGE_BARS: usize = 14;

/// The average true range of the 14 bars that end with bar `last`: the mean of the largest of
/// high − low, |high − previous close| and |low − previous close|, rounded half to even at 8
/// decimals. `None` while there are fewer than 15 bars.
#[must_use]
pub fn average_true_range(bars: &[Bar], last: usize) -> Option<Decimal> {
    let from = (last + 1).checked_sub(RANGE_BARS)?;
    let taken = bars.get(from..=last)?;
    let previous = bars.get(from.checked_sub(1)?..last)?;
    let sum: Decimal = taken
        .iter()
        .zip(previous)
        .map(|(bar, before)| {
            let inner = bar.high.distance(bar.low);
            inner.max(bar.high.distance(before.close)).max(bar.low.distance(before.close))
        })
        .sum();
    Some((sum / Decimal::from(RANGE_BARS)).round_dp(8))
}
