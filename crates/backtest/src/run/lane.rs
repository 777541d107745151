//! One series and what has its prices.

use domain::{Instrument, InstrumentId, Price, Qty, Quote, Timestamp};
use market::replay::on_tick;
use rust_decimal::{Decimal, RoundingStrategy};
use venue_sim::SimTick;

/// One series and what has its prices.
#[derive(Debug)]
pub(super) struct Lane {
    /// The instrument of the series, then the contracts that follow it.
    pub(super) traded: Vec<Instrument>,
    /// Room for the prices of one instant.
    pub(super) ticks: Vec<SimTick>,
    /// Prices can change something of the account.
    pub(super) awake: bool,
    /// The latest price.
    pub(super) last: Option<(Price, Timestamp)>,
    /// The latest price, when the desk was not told it.
    pub(super) untold: Option<Quote>,
    /// The latest bar that has closed.
    pub(super) closed: Option<usize>,
    /// The bar of which one extreme was told.
    pub(super) extremes: Option<usize>,
    /// Which extreme of that bar comes first.
    pub(super) low_first: bool,
}

impl Lane {
    pub(super) fn new(instrument: Instrument) -> Self {
        Self {
            traded: vec![instrument],
            ticks: Vec::new(),
            awake: true,
            last: None,
            untold: None,
            closed: None,
            extremes: None,
            low_first: true,
        }
    }

    /// What a price of the series is for everything that has its prices.
    pub(super) fn quotes(&self, quote: Quote, mut each: impl FnMut(InstrumentId, Quote)) {
        let mut traded = self.traded.iter();
        if let Some(own) = traded.next() {
            each(own.id.clone(), quote);
        }
        for follower in traded {
            each(follower.id.clone(), on_tick(quote, follower.tick));
        }
    }
}

/// The share of a volume that one of so many levels has, of which the price at the end has one as
/// well; rounded down to the volume's own decimals.
pub(super) fn share(volume: Qty, levels: usize) -> Qty {
    let whole = volume.get();
    let part = whole.checked_div(Decimal::from(levels + 1)).unwrap_or(Decimal::ZERO);
    let part = part.round_dp_with_strategy(whole.scale(), RoundingStrategy::ToZero);
    Qty::new(part).unwrap_or(Qty::ZERO)
}
