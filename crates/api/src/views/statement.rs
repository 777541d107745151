//! Statements as the door shows them.

use std::collections::BTreeMap;

use serde::Serialize;
use statement::{ClosedLot, Day, RoundTrip, Summary};
use utoipa::ToSchema;

use super::{cash, decimal, name_of};

/// A holding from flat to flat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TripView {
    /// The book.
    book: String,
    /// What was held.
    #[schema(example = "sim:IBM")]
    symbol: String,
    /// long or short.
    direction: &'static str,
    /// How much was opened in all.
    qty: String,
    /// When it was opened.
    opened: String,
    /// The average price of opening.
    entry: String,
    /// When it was closed.
    closed: String,
    /// The average price of closing.
    exit: String,
    /// What the price difference earned, in `currency`.
    gross: String,
    /// Fees, by currency.
    fees: BTreeMap<String, String>,
    /// What it earned after fees; absent while a fee is in another currency.
    net: Option<String>,
    /// The currency of the figures.
    currency: String,
    /// What would have been lost at the first stop.
    risk: Option<String>,
    /// The result in units of what was risked.
    r: Option<String>,
    /// The best price while it was held.
    best: String,
    /// The worst price while it was held.
    worst: String,
    /// Maximum favourable excursion: what the whole quantity would have earned at the best price.
    mfe: Option<String>,
    /// Maximum adverse excursion: what it would have lost at the worst price.
    mae: Option<String>,
    /// What opened it: human, api_key, strategy …; absent when it was not the desk's.
    source: Option<&'static str>,
    /// What closed it: stop, target, time_stop, order, flatten, unprotected, external or transfer.
    exit_reason: &'static str,
}

fn direction(side: domain::Side) -> &'static str {
    if side == domain::Side::Buy { "long" } else { "short" }
}

impl From<&RoundTrip> for TripView {
    fn from(trip: &RoundTrip) -> Self {
        Self {
            book: trip.book.to_string(),
            symbol: trip.instrument.to_string(),
            direction: direction(trip.side),
            qty: trip.qty.to_string(),
            opened: trip.opened.to_string(),
            entry: trip.entry.to_string(),
            closed: trip.closed.to_string(),
            exit: trip.exit.to_string(),
            gross: decimal(trip.gross.amount()),
            fees: cash(&trip.fees),
            net: trip.net().map(|m| decimal(m.amount())),
            currency: trip.gross.currency().to_string(),
            risk: trip.risk.map(|m| decimal(m.amount())),
            r: trip.r().map(decimal),
            best: trip.best.to_string(),
            worst: trip.worst.to_string(),
            mfe: trip.mfe().map(|m| decimal(m.amount())),
            mae: trip.mae().map(|m| decimal(m.amount())),
            source: trip.origin.map(|o| o.name()),
            exit_reason: trip.reason.name(),
        }
    }
}

/// Round trips in a few figures, after fees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    /// Round trips.
    trips: usize,
    /// Those that earned something.
    won: usize,
    /// Those that lost something.
    lost: usize,
    /// Those with a fee in another currency; the other figures leave them out.
    untold: usize,
    /// What they earned, by currency.
    net: BTreeMap<String, String>,
    /// Gains for each unit of loss.
    profit_factor: Option<String>,
    /// The mean result in units of what was risked.
    mean_r: Option<String>,
}

impl From<Summary> for SummaryView {
    fn from(s: Summary) -> Self {
        let Summary { trips, won, lost, untold, net, profit_factor, mean_r } = s;
        let (net, profit_factor) = (cash(&net), profit_factor.map(decimal));
        Self { trips, won, lost, untold, net, profit_factor, mean_r: mean_r.map(decimal) }
    }
}

/// A part of a holding that was opened and closed, first in, first out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LotView {
    /// The book.
    book: String,
    /// What was held.
    #[schema(example = "sim:IBM")]
    symbol: String,
    /// long or short.
    direction: &'static str,
    /// How much.
    qty: String,
    /// When it was opened.
    opened: String,
    /// At what price.
    entry: String,
    /// execution, adoption or transfer.
    basis: String,
    /// When it was closed.
    closed: String,
    /// At what price.
    exit: String,
    /// What the price difference earned, in `currency`.
    gross: String,
    /// Its shares of the fees, by currency.
    fees: BTreeMap<String, String>,
    /// What it earned after fees; absent while a fee is in another currency.
    net: Option<String>,
    /// The currency of the figures.
    currency: String,
}

impl From<&ClosedLot> for LotView {
    fn from(lot: &ClosedLot) -> Self {
        Self {
            book: lot.book.to_string(),
            symbol: lot.instrument.to_string(),
            direction: direction(lot.side),
            qty: lot.qty.to_string(),
            opened: lot.opened.to_string(),
            entry: lot.entry.to_string(),
            basis: name_of(&lot.basis),
            closed: lot.closed.to_string(),
            exit: lot.exit.to_string(),
            gross: decimal(lot.gross.amount()),
            fees: cash(&lot.fees),
            net: lot.net().map(|m| decimal(m.amount())),
            currency: lot.gross.currency().to_string(),
        }
    }
}

/// A trading day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementDay {
    /// When it opened, on the desk's clock.
    opened: String,
    /// Equity at the opening.
    equity: String,
    /// What came in less what went out.
    deposits: String,
    /// What the day earned up to the next opening; absent while it lasts.
    result: Option<String>,
}

impl From<&Day> for StatementDay {
    fn from(day: &Day) -> Self {
        Self {
            opened: day.opened.to_string(),
            equity: decimal(day.equity),
            deposits: decimal(day.deposits),
            result: day.result.map(decimal),
        }
    }
}

/// Round trips, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TripPage {
    /// The journal's record up to which they were read.
    pub(crate) through: u64,
    /// The figures of all that were asked for, not only of this page.
    pub(crate) summary: SummaryView,
    /// The round trips.
    pub(crate) trips: Vec<TripView>,
}

/// Closed lots, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LotPage {
    /// The journal's record up to which they were read.
    pub(crate) through: u64,
    /// How many there are, not only on this page.
    pub(crate) total: usize,
    /// The lots.
    pub(crate) lots: Vec<LotView>,
}

/// Equity at a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EquityMarkView {
    /// The desk's clock.
    at: String,
    /// Cash and holdings at the prices of then, in the reporting currency.
    equity: String,
}

impl From<&statement::EquityMark> for EquityMarkView {
    fn from(mark: &statement::EquityMark) -> Self {
        Self { at: mark.at.to_string(), equity: decimal(mark.equity) }
    }
}

/// Equity over time, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EquityPage {
    /// The journal's record up to which it was read.
    pub(crate) through: u64,
    /// The marks.
    pub(crate) marks: Vec<EquityMarkView>,
}

/// Trading days, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DayPage {
    /// The journal's record up to which they were read.
    pub(crate) through: u64,
    /// The days.
    pub(crate) days: Vec<StatementDay>,
}
