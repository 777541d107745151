//! Splits and funding rates from files, for the markets of a trial.
//!
//! This module must not know what either does to a position.

use std::{collections::BTreeMap, fs::File, io::BufReader, path::Path, sync::Arc};

use ::bars::{Split as Row, TableError, read_funding, read_splits_of};
use ::research::trial::{Funding, Market, instrument_id};
use domain::{CalendarKind, Timeframe};
use market::{ActionError, Ratio, Split, Splits};

use crate::cli::{failure::Failure, files};

/// A file of one symbol: `SYMBOL=FILE`, or `FILE` of the first.
pub(super) fn named<'a>(
    option: &str,
    text: &'a str,
    names: &'a [String],
) -> Result<(&'a str, &'a str), Failure> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, file),
        None => (names[0].as_str(), text),
    };
    if !names.iter().any(|known| known == name) {
        let message = format!("{option} {text}: the strategy trades {}", names.join(", "));
        return Err(Failure::usage(message));
    }
    Ok((name, file))
}

/// The symbol that a file of bars names: `IBM` of `data/IBM-1d.csv`.
fn symbol_of(file: &str) -> Option<&str> {
    let stem = Path::new(file).file_stem()?.to_str()?;
    let (symbol, rest) = stem.split_once('-')?;
    let timeframe = rest.split('-').next()?.parse::<Timeframe>();
    (timeframe.is_ok() && !symbol.is_empty()).then_some(symbol)
}

/// The files of bars of each symbol. One that is given without a symbol must not name another.
pub(super) fn bars<'a>(
    texts: &'a [String],
    names: &'a [String],
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    for text in texts.iter().filter(|text| !text.contains('=')) {
        let name = &names[0];
        let letters = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
        };
        if let Some(other) = symbol_of(text).filter(|o| letters(o) != letters(plain(name))) {
            return Err(Failure::usage(format!(
                "--bars {text}: the name of the file says {other}, and bars of {name} are wanted; \
                 write --symbol {other} to trade that, or --bars {name}={text} if these are bars \
                 of {name}"
            )));
        }
    }
    files("--bars", texts, names)
}

/// The files of each symbol, at most one each.
pub(super) fn files<'a>(
    option: &str,
    texts: &'a [String],
    names: &'a [String],
) -> Result<BTreeMap<&'a str, &'a str>, Failure> {
    let mut files = BTreeMap::new();
    for text in texts {
        let (name, file) = named(option, text, names)?;
        if files.insert(name, file).is_some() {
            let message = format!("{option} {text}: {name} has a file already; write SYMBOL=FILE");
            return Err(Failure::usage(message));
        }
    }
    Ok(files)
}

fn open(file: &str) -> Result<BufReader<File>, Failure> {
    files::open(Path::new(file)).map(BufReader::new)
}

/// A symbol without its venue.
fn plain(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The markets with what happens to them.
pub(super) fn add(
    (splits, funding): (&[String], &[String]),
    names: &[String],
    mut markets: Vec<Market>,
) -> Result<Vec<Market>, Failure> {
    for (name, file) in files("--funding", funding, names)? {
        if let Some(market) = markets.iter_mut().find(|market| market.symbol == name) {
            fund(market, file)?;
        }
    }
    let mut rows: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for text in splits {
        let (name, file) = named("--splits", text, names)?;
        let failure =
            |error: TableError| Failure::new(error.code(), format!("--splits {file}: {error}"));
        let table = read_splits_of(open(file)?, plain(name)).map_err(failure)?;
        let alone = text.contains('=');
        for name in names.iter().filter(|one| !alone || *one == name) {
            let mine = table.iter().filter(|row| row.symbol == plain(name)).cloned();
            rows.entry(name).or_default().extend(mine);
        }
        if alone && rows.get(name).is_none_or(Vec::is_empty) {
            let message = format!("--splits {text}: the table has no split of {name}");
            return Err(Failure::new("splits_none", message));
        }
    }
    for market in &mut markets {
        if let Some(rows) = rows.remove(market.symbol.as_str()).filter(|rows| !rows.is_empty()) {
            split(market, rows)?;
        }
    }
    Ok(markets)
}

fn fund(market: &mut Market, file: &str) -> Result<(), Failure> {
    let symbol = &market.symbol;
    if market.calendar != CalendarKind::AlwaysOpen {
        return Err(Failure::usage(format!(
            "--funding {file}: {symbol} trades in sessions of US stocks, perpetual contracts round \
             the clock; take --funding away, or name the calendar with --calendar"
        )));
    }
    let failure =
        |error: TableError| Failure::new(error.code(), format!("--funding {file}: {error}"));
    let rates = read_funding(open(file)?).map_err(failure)?;
    let (Some(first), Some(last)) = (market.bars.first(), market.bars.last()) else {
        return Err(Failure::usage(format!("{symbol} has no bars")));
    };
    let (from, until) = (first.open_at, last.close_at);
    if !rates.iter().any(|rate| rate.at > from && rate.at < until) {
        let message = format!(
            "--funding {file}: no rate lies between {from} and {until}, where the bars of {symbol} \
             are"
        );
        return Err(Failure::new("funding_none", message));
    }
    let funding = rates.into_iter().map(|rate| Funding { at: rate.at, rate: rate.rate });
    market.events.funding = Some(funding.collect());
    Ok(())
}

fn split(market: &mut Market, rows: Vec<Row>) -> Result<(), Failure> {
    let Market { symbol, calendar, .. } = &*market;
    if market.events.funding.is_some() {
        return Err(Failure::usage(format!(
            "--splits: {symbol} is traded as a perpetual contract (--funding), which is never split"
        )));
    }
    let failure = |error: ActionError| Failure::new(error.code(), format!("--splits: {error}"));
    let instrument = instrument_id(symbol).map_err(|e| Failure::usage(e.to_string()))?;
    let row = |row: Row| {
        let (instrument, effective) = (instrument.clone(), row.date);
        Ratio::new(row.new, row.old).map(|ratio| Split { instrument, effective, ratio })
    };
    let rows = rows.into_iter().map(row).collect::<Result<Vec<_>, _>>().map_err(failure)?;
    let splits = Splits::new(rows, |_| *calendar).map_err(failure)?;
    market.events.splits = Arc::new(splits);
    Ok(())
}
