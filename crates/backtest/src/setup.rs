//! Everything that a backtest rests on, and nothing that it reads from elsewhere.
//!
//! It must not know how a run proceeds.

use std::collections::BTreeMap;

use domain::{
    AccountId, BookId, CalendarKind, Currency, Instrument, InstrumentId, Limits, Money, Origin,
    Percent, Timestamp,
};
use market::replay::Series;
use path::policy::{Policy, WithoutStop};
use rust_decimal::Decimal;
use venue_sim::{Happening, SimConfig};

/// What a contract takes its prices from, and what holding it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// The instrument whose prices are the contract's too.
    pub instrument: InstrumentId,
    /// The share of the value that longs pay to shorts every eight hours.
    pub funding_rate: Decimal,
}

/// An instrument that can be traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its rules.
    pub instrument: Instrument,
    /// What it follows, for a contract without bars of its own.
    pub follows: Option<Follow>,
}

impl From<Instrument> for Listing {
    fn from(instrument: Instrument) -> Self {
        Self { instrument, follows: None }
    }
}

/// Something that happens to an instrument at an instant: a split, a dividend, funding at a rate of
/// then, a mark price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// Which prices are told inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inside {
    /// The bar's four prices and, between them, every level at which an order or the desk acts. A
    /// stop inside the bar is met at its trigger, not at the bar's low.
    #[default]
    Levels,
    /// The bar's four prices and no others, as the live desk replays bars.
    Points,
}

/// What is kept of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Nothing.
    #[default]
    Nothing,
    /// Every record, as a live journal would hold it. It grows with every event.
    Records,
}

/// Everything that a backtest rests on.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The account's name, part of nothing but its journal.
    pub account: AccountId,
    /// The currency of equity and limits.
    pub reporting: Currency,
    /// Whose days bound the daily loss.
    pub calendar: CalendarKind,
    /// What can be traded.
    pub listings: Vec<Listing>,
    /// The bars, one series for each instrument that does not follow another one.
    pub series: Vec<Series>,
    /// Half the distance from bid to ask in basis points of the price, 0 or more.
    pub half_spread_bps: Decimal,
    /// Fees, slippage, volume and fill rules of the venue.
    pub venue: SimConfig,
    /// How the account wants to be treated; its terms are the venue's too.
    pub policy: Policy,
    /// The account's limits.
    pub limits: Limits,
    /// Other limits, by which every entry that passed is judged as well, without effect.
    pub compare: Option<Limits>,
    /// Books beside `manual`.
    pub books: Vec<BookId>,
    /// Who asks for closes, plans and cancels.
    pub origin: Origin,
    /// What the account begins with.
    pub cash: Vec<Money>,
    /// Rates into the reporting currency, which hold all the time.
    pub rates: Vec<(Currency, Decimal)>,
    /// Which instruments move together; one that is left out is in the cluster of everything
    /// unknown.
    pub clusters: BTreeMap<InstrumentId, u32>,
    /// Splits, dividends, funding; in any order.
    pub happenings: Vec<Dated>,
    /// Which prices are told inside a bar.
    pub inside: Inside,
    /// What is kept of the journal.
    pub keep: Keep,
    /// True to leave out what can't change anything: prices of what is neither held nor ordered.
    /// The result is the same to the last digit.
    pub jump: bool,
}

/// The profile of research: the venue's rules and buying power, and no limit of the desk. What the
/// desk expects in fees and slippage, when it sizes orders and reserves cash, is what the venue
/// charges.
#[must_use]
pub fn research(venue: &SimConfig) -> (Policy, Limits) {
    let slippage = Percent::new(venue.slippage_bps / Decimal::ONE_HUNDRED);
    let policy = Policy {
        without_stop: WithoutStop::Allow,
        allow_short: true,
        fee_rate: venue.taker_fee.max(Decimal::ZERO),
        market_buffer: slippage.unwrap_or_else(|_| Percent::basis_points(0)),
        duplicate_window_ms: 0,
        ..Policy::default()
    };
    (policy, Limits::default())
}
