//! What the batch driver is given for a trial, and what is said of it in words.

use std::sync::Arc;

use backtest::{Inside, Keep, Setup, research};
use domain::{
    AccountId, AssetClass, BookId, CalendarKind, Contract, Currency, Edge, Instrument,
    InstrumentId, MarginTier, Money, Origin, OriginKind, Principal, TickSource,
};
use formula::Decimals;
use market::replay::Series;
use rust_decimal::Decimal;
use strategy::{Desk, Symbol};
use venue_sim::SimConfig;

use super::{Market, Trial, TrialError, gaps};

/// The venue of every trial.
const VENUE: &str = "sim";

/// The name by which the desk knows a symbol, written `IBM` or `sim:IBM`.
///
/// # Errors
/// [`TrialError::Symbol`] for a text that can't be one.
pub fn instrument_id(symbol: &str) -> Result<InstrumentId, TrialError> {
    let text = if symbol.contains(':') { symbol.to_owned() } else { format!("{VENUE}:{symbol}") };
    let why =
        |e: domain::IdError| TrialError::Symbol { symbol: symbol.to_owned(), why: e.to_string() };
    text.parse().map_err(why)
}

fn named<T, E: std::fmt::Display>(name: &str, made: Result<T, E>) -> Result<T, TrialError> {
    made.map_err(|e| TrialError::Symbol { symbol: name.to_owned(), why: e.to_string() })
}

/// What the strategy trades as. The names are part of nothing but the trial's journal.
pub(super) fn desk() -> Result<Desk, TrialError> {
    let principal = named("strategy", Principal::new("strategy"))?;
    Ok(Desk {
        account: named("backtest", AccountId::new("backtest"))?,
        book: named("strategy", BookId::new("strategy"))?,
        origin: Origin::new(OriginKind::Strategy, principal),
        prefix: String::new(),
    })
}

pub(super) fn symbols(trial: &Trial) -> Result<Vec<Symbol>, TrialError> {
    let traded = trial.strategy.symbols.iter().filter_map(|s| trial.market(s));
    let read = trial.markets.iter().filter(|m| !trial.strategy.symbols.contains(&m.symbol));
    let symbol = |(market, traded): (&Market, bool)| {
        Ok(Symbol {
            name: market.symbol.clone(),
            instrument: instrument_id(&market.symbol)?,
            calendar: market.calendar,
            decimals: Decimals::of(&market.bars),
            traded,
        })
    };
    traded.map(|m| (m, true)).chain(read.map(|m| (m, false))).map(symbol).collect()
}

/// Full margin and next to nothing to keep: what leverage does is nobody's question here.
fn contract() -> Contract {
    let tier = MarginTier {
        up_to: None,
        initial_rate: Decimal::ONE,
        maintenance_rate: Decimal::new(5, 3),
    };
    Contract { expires: None, max_leverage: Decimal::ONE, tiers: vec![tier] }
}

fn instrument(market: &Market) -> Result<Instrument, TrialError> {
    let asset_class = match market.calendar {
        _ if market.is_perpetual() => AssetClass::Perpetual,
        CalendarKind::UsEquities => AssetClass::Equity,
        CalendarKind::AlwaysOpen => AssetClass::CryptoSpot,
    };
    Ok(Instrument {
        id: market.instrument()?,
        asset_class,
        // What a share or coin is called matters for nothing here.
        base: named("base", Currency::new("UNIT"))?,
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: market.tick,
        tick_source: TickSource::Inferred,
        step: market.step,
        min_qty: market.step,
        max_qty: None,
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: market.calendar,
        shortable: true,
        tradable: true,
        contract: market.is_perpetual().then(contract),
    })
}

pub(super) fn venue(trial: &Trial) -> SimConfig {
    SimConfig {
        slippage_bps: trial.terms.slippage_bps,
        maker_fee: trial.terms.fee,
        taker_fee: trial.terms.fee,
        borrow_rate: trial.terms.borrow_rate,
        ..SimConfig::default()
    }
}

/// What the batch driver is given: the account, its venue and money, and the bars.
///
/// # Errors
/// [`TrialError`] names what can't be tried.
pub fn setup(trial: &Trial) -> Result<Setup, TrialError> {
    let venue = venue(trial);
    let (policy, _) = research(&venue);
    let mut listings = Vec::with_capacity(trial.markets.len());
    let mut series = Vec::with_capacity(trial.markets.len());
    let mut happenings = Vec::new();
    for market in &trial.markets {
        listings.push(instrument(market)?.into());
        series.push(Series {
            instrument: market.instrument()?,
            timeframe: trial.strategy.timeframe,
            tick: market.tick,
            bars: Arc::clone(&market.bars),
        });
        happenings.extend(market.happenings()?);
    }
    let desk = desk()?;
    let calendars = trial.strategy.symbols.iter().filter_map(|s| trial.market(s));
    let calendar = calendars.map(|m| m.calendar).next().unwrap_or(CalendarKind::AlwaysOpen);
    Ok(Setup {
        account: desk.account,
        reporting: Currency::usd(),
        calendar,
        listings,
        series,
        half_spread_bps: trial.terms.half_spread_bps,
        venue,
        policy,
        limits: trial.terms.limits.clone(),
        compare: trial.terms.compare.as_ref().map(|(_, limits)| limits.clone()),
        books: vec![desk.book],
        origin: desk.origin,
        cash: vec![Money::new(trial.terms.cash, Currency::usd())],
        rates: Vec::new(),
        clusters: Default::default(),
        happenings,
        inside: Inside::Levels,
        keep: Keep::Nothing,
        jump: true,
    })
}

/// Which bars count, where not all do.
fn stretch(trial: &Trial) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(from) = trial.from {
        let before = |m: &Market| m.bars.partition_point(|bar| bar.close_at < from);
        let bars: usize = trial.markets.iter().map(before).sum();
        words.push(format!(
            "Traded and counted are bars that close from {} on. The {bars} bars before only warm \
             the rules up.",
            Edge::of_first(from)
        ));
    }
    if let Some(until) = trial.until {
        words.push(format!(
            "Bars that close after {} are left out; a wish at the last close is not carried out.",
            Edge::of_last(until)
        ));
    }
    words
}

/// Everything that was assumed, in words.
pub(super) fn assumptions(trial: &Trial, venue: Vec<String>) -> Vec<String> {
    let mut words = vec![
        "Rules are computed at the close of a bar; what they want is sized, judged and filled with \
         the next price, which is the next bar's open."
            .to_owned(),
        "The desk's own gate, ledger and paper venue are used; the journal is not kept.".to_owned(),
        format!("Limits in force: {}.", trial.terms.limits_name),
    ];
    words.extend(stretch(trial));
    words.extend(venue);
    words.extend(trial.markets.iter().flat_map(Market::describe));
    words.extend(gaps::describe(trial));
    if let [first, _, ..] = &trial.strategy.symbols[..] {
        words
            .push(format!("Buy and hold, with what rests on it, is of {first}, the first symbol."));
    }
    if trial.markets.iter().any(|market| !market.is_perpetual()) {
        words.push(
            "Shares are never called for margin: an account below zero trades on, which no broker \
             allows."
                .to_owned(),
        );
    }
    words
}
