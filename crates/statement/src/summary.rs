//! Round trips in a few figures.
//!
//! It must not know lots or days.

use domain::{Cash, Currency};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{RoundTrip, ratio};

/// What a set of round trips came to, after fees. Trips with a fee in another currency than their
/// own are counted and left out of every other figure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Round trips.
    pub trips: usize,
    /// Those that earned something.
    pub won: usize,
    /// Those that lost something.
    pub lost: usize,
    /// Those whose result can't be told in one currency.
    pub untold: usize,
    /// What they earned, by currency.
    pub net: Cash,
    /// Gains for each unit of loss, rounded at 4 decimals; absent without a loss or with several
    /// currencies.
    pub profit_factor: Option<Decimal>,
    /// The mean result in units of what was risked, over the trips that had a stop, rounded at 4
    /// decimals.
    pub mean_r: Option<Decimal>,
}

impl Summary {
    /// The figures of these trips.
    #[must_use]
    pub fn of<'a>(trips: impl Iterator<Item = &'a RoundTrip>) -> Self {
        let mut out = Self::default();
        let (mut gains, mut losses) = (Decimal::ZERO, Decimal::ZERO);
        let (mut r_sum, mut r_count) = (Decimal::ZERO, 0_u32);
        let mut currency: Option<Currency> = None;
        let mut several = false;
        for trip in trips {
            out.trips += 1;
            let Some(net) = trip.net().filter(|net| out.net.add(net).is_ok()) else {
                out.untold += 1;
                continue;
            };
            several |= *currency.get_or_insert(net.currency()) != net.currency();
            let amount = net.amount();
            if amount > Decimal::ZERO {
                (out.won, gains) = (out.won + 1, gains + amount);
            } else if amount < Decimal::ZERO {
                (out.lost, losses) = (out.lost + 1, losses - amount);
            }
            if let Some(r) = trip.r() {
                (r_sum, r_count) = (r_sum + r, r_count + 1);
            }
        }
        out.profit_factor = ratio(gains, losses).filter(|_| !several);
        out.mean_r = ratio(r_sum, Decimal::from(r_count));
        out
    }
}
