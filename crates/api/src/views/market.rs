//! Quotes and bars as people and programs see them.
//!
//! It must not know where prices come from.

use domain::{Bar, InstrumentId, Quote};
use path::market::Now;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::Provenance;

/// The latest prices of an instrument.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct QuoteView {
    /// Venue and symbol.
    pub(crate) symbol: String,
    /// Best price at which one can sell.
    pub(crate) bid: String,
    /// Best price at which one can buy.
    pub(crate) ask: String,
    /// The last trade.
    pub(crate) last: String,
    /// The feed's time.
    pub(crate) at: String,
    /// How old it is, in milliseconds of the desk's clock.
    pub(crate) age_ms: i64,
}

impl QuoteView {
    /// The view of a quote.
    pub(crate) fn new(id: &InstrumentId, quote: &Quote, now: Now) -> Self {
        Self {
            symbol: id.to_string(),
            bid: quote.bid.to_string(),
            ask: quote.ask.to_string(),
            last: quote.last.to_string(),
            at: quote.at.to_string(),
            age_ms: now.at.since(quote.at).as_millis(),
        }
    }
}

/// Quotes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct QuoteList {
    /// The desk's clock.
    pub(crate) at: String,
    /// The quotes in order of symbol.
    pub(crate) quotes: Vec<QuoteView>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<super::Unavailable>,
}

/// One bar.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BarView {
    /// The instant at which it opens.
    pub(crate) open_at: String,
    /// The instant from which it may be known.
    pub(crate) close_at: String,
    /// First price.
    pub(crate) open: String,
    /// Highest price.
    pub(crate) high: String,
    /// Lowest price.
    pub(crate) low: String,
    /// Last price.
    pub(crate) close: String,
    /// Traded quantity, zero when unknown.
    pub(crate) volume: String,
}

impl From<&Bar> for BarView {
    fn from(bar: &Bar) -> Self {
        Self {
            open_at: bar.open_at.to_string(),
            close_at: bar.close_at.to_string(),
            open: bar.open.to_string(),
            high: bar.high.to_string(),
            low: bar.low.to_string(),
            close: bar.close.to_string(),
            volume: bar.volume.to_string(),
        }
    }
}

/// Bars of one series, the oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BarList {
    /// Venue and symbol.
    pub(crate) symbol: String,
    /// The span of one bar.
    pub(crate) timeframe: String,
    /// Who made them.
    pub(crate) provenance: Provenance,
    /// No bar closed after this: the desk's clock, which a replay drives.
    pub(crate) until: String,
    /// The bars.
    pub(crate) bars: Vec<BarView>,
}
