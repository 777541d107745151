//! What happens to a market besides its prices: splits, and the funding of perpetual contracts.
//!
//! It must not know files, or what a position has to do with it.

use std::sync::Arc;

use backtest::Dated;
use domain::{Bar, InstrumentId, MovementId, Timestamp};
use market::{ActionError, SplitEvent, Splits};
use rust_decimal::Decimal;
use serde::Serialize;
use venue_sim::Happening;

use super::{Market, TrialError, setup::instrument_id};

/// What happens to a market besides its prices.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Splits of this market and of no other; prices of its bars are as they were traded.
    pub splits: Arc<Splits>,
    /// What longs pay to shorts, by time. A market that has it is traded as a perpetual contract.
    pub funding: Option<Arc<[Funding]>>,
}

/// The funding of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Funding {
    /// When.
    pub at: Timestamp,
    /// The share of the value that longs pay to shorts; shorts pay when it is negative.
    pub rate: Decimal,
}

impl Events {
    /// True when nothing happens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.splits.events().is_empty() && self.funding.is_none()
    }
}

impl Market {
    /// The name by which the desk knows what is traded.
    pub(super) fn instrument(&self) -> Result<InstrumentId, TrialError> {
        instrument_id(&self.symbol)
    }

    /// True when it is traded as a perpetual contract.
    pub(super) const fn is_perpetual(&self) -> bool {
        self.events.funding.is_some()
    }

    /// The splits that happen while its bars last.
    pub(crate) fn splits(&self) -> &[SplitEvent] {
        match (self.bars.first(), self.bars.last()) {
            (Some(first), Some(last)) => self.events.splits.due(first.open_at, last.close_at),
            _ => &[],
        }
    }

    /// The rates that are charged while its bars last.
    pub(super) fn rates(&self) -> &[Funding] {
        let rates = self.events.funding.as_deref().unwrap_or_default();
        let (Some(first), Some(last)) = (self.bars.first(), self.bars.last()) else { return &[] };
        let from = rates.partition_point(|rate| rate.at <= first.open_at);
        let until = rates.partition_point(|rate| rate.at < last.close_at);
        rates.get(from..until).unwrap_or_default()
    }

    /// The bars as if every split so far had always been: prices before it are divided by its
    /// ratio.
    ///
    /// # Errors
    /// [`TrialError`] when a split lies inside a bar, or gives a price that is none.
    pub fn scaled(&self, as_of: Timestamp) -> Result<Arc<[Bar]>, TrialError> {
        if self.splits().is_empty() {
            return Ok(Arc::clone(&self.bars));
        }
        let instrument = self.instrument()?;
        let failed = |error: ActionError| TrialError::Split { symbol: self.symbol.clone(), error };
        let view = self.events.splits.adjusted(&instrument, &self.bars, as_of).map_err(failed)?;
        let bars = view.iter().collect::<Result<Vec<Bar>, _>>().map_err(failed)?;
        Ok(bars.into())
    }

    /// What the driver is told of it.
    pub(super) fn happenings(&self) -> Result<Vec<Dated>, TrialError> {
        let id = |what: &str, at: Timestamp| {
            let made = MovementId::new(format!("{what}-{}", at.0));
            made.map_err(|e| TrialError::Symbol { symbol: self.symbol.clone(), why: e.to_string() })
        };
        let instrument = self.instrument()?;
        let mut told = Vec::new();
        for split in self.splits() {
            let (instrument, id) = (instrument.clone(), id("split", split.at)?);
            let numerator = Decimal::from(split.ratio.new_shares());
            let denominator = Decimal::from(split.ratio.old_shares());
            let what = Happening::Split { instrument, numerator, denominator, id };
            told.push(Dated { at: split.at, what });
        }
        for Funding { at, rate } in self.rates() {
            let (instrument, id) = (instrument.clone(), id("funding", *at)?);
            told.push(Dated { at: *at, what: Happening::Funding { instrument, rate: *rate, id } });
        }
        Ok(told)
    }

    /// What is assumed of it, in words.
    pub(super) fn describe(&self) -> Vec<String> {
        let mut words = vec![format!(
            "{}: tick {} (from the decimals of the bars), quantities in steps of {}. Prices are \
             taken as they are in the file; {} are not applied to them.",
            self.symbol,
            self.tick,
            self.step,
            if self.splits().is_empty() { "splits and dividends" } else { "dividends" },
        )];
        if !self.splits().is_empty() {
            words.push(format!(
                "{}: splits within the bars: {}, at the opening of their session. Holdings, entry \
                 prices and stops follow, orders that wait are cancelled, fractions are sold for cash at \
                 the last price in new units. \
                 Rules and buy and hold see the prices before a split divided by its ratio, and not \
                 before it has happened.",
                self.symbol,
                self.splits().len(),
            ));
        }
        let rates = self.rates();
        if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
            words.push(format!(
                "{}: a perpetual contract without leverage, liquidated below a margin of 0.5 % of \
                 its value. {} funding rates from {} to {} are charged on the value at the last \
                 price before each; at other times none is.",
                self.symbol,
                rates.len(),
                first.at,
                last.at,
            ));
        } else if self.is_perpetual() {
            words.push(format!(
                "{}: a perpetual contract without leverage, liquidated below a margin of 0.5 % of \
                 its value. None of the funding rates lies within the bars.",
                self.symbol
            ));
        }
        words
    }
}
