//! The demo desk: what it trades on, and what it tells a visitor.
//!
//! Real daily bars of two stocks are part of the program, so that the demo needs nothing else.

use std::{net::SocketAddr, path::Path};

use bars::{BarStore, ImportOptions, MergeOptions, Series, import_csv};
use domain::{AccountId, BookId, CalendarKind, Currency, InstrumentId, Money, Timeframe};
use path::policy::{Policy, Preset};
use rust_decimal::Decimal;

use super::{ServeError, doors::Accounts, market_data::us_session};

/// Where the replay begins.
pub(super) const REPLAY_FROM: &str = "2008-06-02";
/// The demo's account.
pub(super) const ACCOUNT: &str = "demo";
/// The book of the demo's trader.
pub(super) const BOOK: &str = "demo-trader";
/// Daily bars are hours apart: a price of the session is fresh until the next one.
const QUOTE_AGE_MS: u32 = 86_400_000;

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

/// Opens the demo's account, once.
pub(super) async fn accounts(accounts: &Accounts) -> Result<(), ServeError> {
    let id = AccountId::new(ACCOUNT).map_err(built_in)?;
    if accounts.exists(&id).await {
        return Ok(());
    }
    let cash = Money::new(Decimal::from(100_000), Currency::usd());
    let mut limits = Preset::Stocks.limits();
    limits.quote_age_ms = Some(QUOTE_AGE_MS);
    let name = "Demo account (paper)".to_owned();
    let calendar = CalendarKind::UsEquities;
    let policy = Policy::default();
    match accounts.open_paper(id.clone(), name, cash, calendar, policy, Some(limits)).await {
        // Another desk on the same database opens it at this moment.
        Err(ServeError::Lease(store::LeaseError::Held { .. })) => return Ok(()),
        other => other?,
    }
    let book = BookId::new(BOOK).map_err(built_in)?;
    let handle = accounts.desk().account(&id)?;
    handle.open_book(book, "Demo trader".to_owned(), None).await?;
    Ok(())
}

/// Tells a visitor what to try. The key is shown because the demo's money is not real and its
/// folder is its own.
pub(super) fn tour(listen: SocketAddr, key: &str, data_dir: &Path) {
    let dir = data_dir.display();
    println!(
        "
REPLAY of real daily bars (IBM, GOOG) and the synthetic symbol SYN, which moves every second.
A small trader is already trading on paper in the book `{BOOK}`.

Key to try (paper money, this machine only): {key}

From another shell:
  cofferdam --data-dir {dir} account show {ACCOUNT}
  cofferdam --data-dir {dir} order buy SYN 20 --stop 90
  cofferdam --data-dir {dir} order buy IBM 5000        # blocked: see limit, value, largest size
  cofferdam --data-dir {dir} position list
  cofferdam --data-dir {dir} kill halt
  cofferdam --data-dir {dir} kill release

API: http://{listen}/api/openapi.json with the header X-API-Key."
    );
}
