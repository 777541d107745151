//! Instruments, quotes and bars as people and programs see them.
//!
//! It must not know where prices come from.

use domain::{Bar, Instrument, InstrumentId, Quote};
use path::{core::Core, market::Now};
use serde::Serialize;
use utoipa::ToSchema;

use super::{decimal, name_of};
use crate::ports::Provenance;

/// An instrument and its venue's rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct InstrumentView {
    /// Venue and symbol.
    #[schema(example = "sim:IBM")]
    pub(crate) symbol: String,
    /// equity, crypto_spot or synthetic.
    pub(crate) asset_class: String,
    /// The asset that is bought.
    pub(crate) base: String,
    /// The currency of prices, costs and proceeds.
    pub(crate) quote: String,
    /// Prices are multiples of this.
    pub(crate) tick: String,
    /// specified or inferred.
    pub(crate) tick_source: String,
    /// Quantities are multiples of this.
    pub(crate) step: String,
    /// Smallest order.
    pub(crate) min_qty: String,
    /// Largest order.
    pub(crate) max_qty: Option<String>,
    /// Smallest value of an order.
    pub(crate) min_notional: String,
    /// Units of the base per unit of quantity.
    pub(crate) multiplier: String,
    /// When the market is open.
    pub(crate) calendar: String,
    /// True while orders match; absent until the session is known.
    pub(crate) open: Option<bool>,
    /// True when the venue lends it for short sales.
    pub(crate) shortable: bool,
    /// False when the venue has suspended it.
    pub(crate) tradable: bool,
    /// Accounts that trade it.
    pub(crate) accounts: Vec<String>,
}

impl InstrumentView {
    /// The view of an instrument of an account.
    pub(crate) fn new(core: &Core, instrument: &Instrument) -> Self {
        Self {
            symbol: instrument.id.to_string(),
            asset_class: name_of(&instrument.asset_class),
            base: instrument.base.to_string(),
            quote: instrument.quote.to_string(),
            tick: instrument.tick.to_string(),
            tick_source: name_of(&instrument.tick_source),
            step: instrument.step.to_string(),
            min_qty: instrument.min_qty.to_string(),
            max_qty: instrument.max_qty.map(|q| q.to_string()),
            min_notional: decimal(instrument.min_notional),
            multiplier: decimal(instrument.multiplier),
            calendar: name_of(&instrument.calendar),
            open: core.market().session(instrument.calendar).map(|s| s.open),
            shortable: instrument.shortable,
            tradable: instrument.tradable,
            accounts: vec![core.state().spec.id.to_string()],
        }
    }
}

/// Instruments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct InstrumentList {
    /// The instruments in order of symbol.
    pub(crate) instruments: Vec<InstrumentView>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<super::Unavailable>,
}

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
