//! The demo desk: what it trades on, and what it tells a visitor.
//!
//! Real daily bars of two stocks are part of the program, so that the demo needs nothing else. The
//! coin is made up, as its asset class says, and has a perpetual contract.

use std::{io::IsTerminal, net::SocketAddr, path::Path};

use api::NewContract;
use bars::{BarStore, ImportOptions, MergeOptions, Provenance, Series, SyntheticSpec, import_csv};
use domain::{
    AccountId, BookId, CalendarKind, Currency, Instrument, InstrumentId, MarginTier, Money, Price,
    Qty, TickSource, Timeframe, Timestamp,
};
use path::policy::{Leverage, Policy, Preset};
use rust_decimal::Decimal;

use super::{
    ServeError,
    contracts::rules,
    doors::{Accounts, REPLAY_QUOTE_AGE_MS},
    listings::Listings,
    market_data::{imported, us_session},
    venue::Simulated,
};

/// Where the replay begins.
pub(super) const REPLAY_FROM: &str = "2008-06-02";
/// The demo's account.
pub(super) const ACCOUNT: &str = "demo";
/// The book of the demo's trader.
pub(super) const BOOK: &str = "demo-trader";
/// A synthetic coin.
const COIN: &str = "sim:BTC";
/// The perpetual contract on it.
const PERPETUAL: &str = "sim:BTC-PERP";
/// The demo account's leverage for contracts.
const LEVERAGE: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

const IBM: &str = include_str!("../../../../data/IBM-1d.csv");
const GOOG: &str = include_str!("../../../../data/GOOG-1d.csv");

fn built_in(error: impl std::fmt::Display) -> ServeError {
    ServeError::Demo(error.to_string())
}

/// Imports the built-in bars, once.
pub(super) fn import_bars(store: &BarStore) -> Result<(), ServeError> {
    let calendar = us_session;
    for (symbol, csv) in [("sim:IBM", IBM), ("sim:GOOG", GOOG)] {
        let instrument: InstrumentId = symbol.parse().map_err(built_in)?;
        let series = Series { instrument, timeframe: Timeframe::Day };
        if store.info(&series, &calendar)?.is_some() {
            continue;
        }
        let options = ImportOptions::new(Timeframe::Day, &calendar);
        let import = import_csv(csv.as_bytes(), &options).map_err(built_in)?;
        store.merge(&series, &import.bars, MergeOptions::default())?;
    }
    Ok(())
}

/// A synthetic coin, for contracts.
pub(super) fn coin(at: Timestamp) -> Result<(Instrument, SyntheticSpec), ServeError> {
    const SEED: u64 = 20_090_103;
    let id: InstrumentId = COIN.parse().map_err(built_in)?;
    let tick = Price::new(Decimal::new(1, 1)).map_err(built_in)?;
    let step = Qty::new(Decimal::new(1, 4)).map_err(built_in)?;
    let plain = imported(&id, tick, Provenance::Synthetic)?;
    let instrument =
        Instrument { tick_source: TickSource::Specified, step, min_qty: step, ..plain };
    let plain = SyntheticSpec::new(SEED, at, Timeframe::Seconds(1)).map_err(built_in)?;
    let start_price = Price::new(Decimal::from(60_000)).map_err(built_in)?;
    let spec = SyntheticSpec { start_price, tick, volatility_ppm: 200, lot: step, ..plain };
    Ok((instrument, spec))
}

/// Lists the demo's perpetual contract: leverage up to 20, 0.01 % funding every eight hours.
pub(super) fn contracts(
    venue: &Simulated,
    listings: &Listings,
    at: Timestamp,
) -> Result<(), ServeError> {
    let follows: InstrumentId = COIN.parse().map_err(built_in)?;
    let Some(coin) = listings.get(&follows) else { return Ok(()) };
    let tier = |up_to: Option<i64>, initial: i64, maintenance: i64| MarginTier {
        up_to: up_to.map(Decimal::from),
        initial_rate: Decimal::new(initial, 3),
        maintenance_rate: Decimal::new(maintenance, 3),
    };
    let wanted = NewContract {
        id: PERPETUAL.parse().map_err(built_in)?,
        follows: follows.clone(),
        expires: None,
        multiplier: Decimal::ONE,
        max_leverage: Decimal::from(20),
        tiers: vec![tier(Some(50_000), 50, 25), tier(Some(250_000), 100, 50), tier(None, 200, 100)],
        tick: None,
        step: Some(Qty::new(Decimal::new(1, 3)).map_err(built_in)?),
        min_qty: None,
        funding_rate: Decimal::new(1, 4),
    };
    if venue.listed().iter().all(|listed| listed.instrument.id != wanted.id) {
        venue.list(rules(&wanted, &coin), &follows, wanted.funding_rate, at)?;
    }
    Ok(())
}

/// Opens the demo's account, once.
pub(super) async fn accounts(accounts: &Accounts) -> Result<(), ServeError> {
    let id = AccountId::new(ACCOUNT).map_err(built_in)?;
    if accounts.exists(&id).await {
        return Ok(());
    }
    let cash = Money::new(Decimal::from(100_000), Currency::usd());
    let mut limits = Preset::Stocks.limits();
    limits.quote_age_ms = Some(REPLAY_QUOTE_AGE_MS);
    let name = "Demo account (paper)".to_owned();
    let calendar = CalendarKind::UsEquities;
    let leverage = Leverage::try_from(LEVERAGE).map_err(built_in)?;
    let policy = Policy { allow_short: true, leverage, ..Policy::default() };
    match accounts.open_paper(id.clone(), name, cash, calendar, policy, Some(limits)).await {
        // Another desk on the same database opens it at this moment.
        Err(ServeError::Lease(store::LeaseError::Held { .. })) => return Ok(()),
        other => other?,
    }
    let book = BookId::new(BOOK).map_err(built_in)?;
    let handle = accounts.desk().account(&id)?;
    handle.open_book(book, "Demo trader".to_owned(), None, super::doors::setup()).await?;
    Ok(())
}

/// Tells a visitor what to try. On a terminal the key is shown, because the demo's money is not
/// real and its folder is its own; never where output is collected.
pub(super) fn tour(listen: SocketAddr, key: Option<&str>, data_dir: &Path) {
    let dir = data_dir.display();
    let key = match key {
        Some(key) if std::io::stdout().is_terminal() => {
            format!("Key to try (paper money, this machine only): {key}")
        }
        Some(_) => format!("Key to try (paper money, this machine only): in {dir}/bootstrap.key"),
        None => "The set-up is done: sign in, or use the command line on this machine.".to_owned(),
    };
    println!(
        "
REPLAY of real daily bars (IBM, GOOG) and the synthetic symbols SYN and BTC, which move every second.
BTC-PERP is a perpetual contract on BTC: leverage up to 20 (this account: 5), funding every 8 hours.
A small trader is already trading on paper in the book `{BOOK}`.

{key}

From another shell:
  cofferdam --data-dir {dir} account show {ACCOUNT}
  cofferdam --data-dir {dir} order buy SYN 20 --stop 90
  cofferdam --data-dir {dir} order buy IBM 5000        # blocked: see limit, value, largest size
  cofferdam --data-dir {dir} order buy BTC-PERP 0.1
  cofferdam --data-dir {dir} position list
  cofferdam --data-dir {dir} kill halt
  cofferdam --data-dir {dir} kill release

API: http://{listen}/api/openapi.json with the header X-API-Key."
    );
}
