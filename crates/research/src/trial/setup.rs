//! What the batch driver is given for a trial, and what is said of it in words.

use std::sync::Arc;

use backtest::{Inside, Keep, Setup, research};
use domain::{
    AccountId, AssetClass, BookId, CalendarKind, Currency, Instrument, InstrumentId, Money, Origin,
    OriginKind, Principal, TickSource,
};
use formula::Decimals;
use market::replay::Series;
use rust_decimal::Decimal;
use strategy::{Desk, Symbol};
use venue_sim::SimConfig;

use super::{Market, Trial, TrialError};

/// The venue of every trial.
const VENUE: &str = "sim";

fn instrument_id(symbol: &str) -> Result<InstrumentId, TrialError> {
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

fn instrument(market: &Market) -> Result<Instrument, TrialError> {
    let stock = market.calendar == CalendarKind::UsEquities;
    Ok(Instrument {
        id: instrument_id(&market.symbol)?,
        asset_class: if stock { AssetClass::Equity } else { AssetClass::CryptoSpot },
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
        contract: None,
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
    for market in &trial.markets {
        listings.push(instrument(market)?.into());
        series.push(Series {
            instrument: instrument_id(&market.symbol)?,
            timeframe: trial.strategy.timeframe,
            tick: market.tick,
            bars: Arc::clone(&market.bars),
        });
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
        happenings: Vec::new(),
        inside: Inside::Levels,
        keep: Keep::Nothing,
        jump: true,
    })
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
    words.extend(venue);
    for market in &trial.markets {
        words.push(format!(
            "{}: tick {} (from the decimals of the bars), quantities in steps of {}. Prices are \
             taken as they are in the file; splits and dividends are not applied to them.",
            market.symbol, market.tick, market.step
        ));
    }
    words.push(
        "What is still held at the end is left open and valued at the last price.".to_owned(),
    );
    words
}
