//! Statements as CSV, for spreadsheets and tax forms. Times are RFC 3339 in UTC, numbers exact.
//!
//! A text that a spreadsheet would run as a formula is written with a leading apostrophe.

use domain::{Cash, Money, Side};

use crate::{ClosedLot, Day, RoundTrip};

fn write(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header)?;
    for row in rows {
        out.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    let bytes = out.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn harmless(cell: &str) -> String {
    let number = cell.starts_with('-') && cell[1..].starts_with(|c: char| c.is_ascii_digit());
    let formula = cell.starts_with(['=', '+', '@', '\t', '\r', '-']);
    if formula && !number { format!("'{cell}") } else { cell.to_owned() }
}

fn direction(side: Side) -> String {
    if side == Side::Buy { "long" } else { "short" }.to_owned()
}

fn fees(fees: &Cash) -> String {
    fees.iter().map(|m| m.to_string()).collect::<Vec<_>>().join(" + ")
}

fn amount(money: Option<Money>) -> String {
    money.map_or_else(String::new, |m| m.amount().to_string())
}

/// Closed lots.
///
/// # Errors
/// A failure to write into memory, which does not happen.
pub fn lots_csv<'a>(lots: impl Iterator<Item = &'a ClosedLot>) -> Result<String, csv::Error> {
    let header = [
        "book",
        "instrument",
        "direction",
        "quantity",
        "opened",
        "entry_price",
        "basis",
        "closed",
        "exit_price",
        "gross",
        "fees",
        "net",
        "currency",
    ];
    let row = |lot: &ClosedLot| {
        vec![
            lot.book.to_string(),
            lot.instrument.to_string(),
            direction(lot.side),
            lot.qty.to_string(),
            lot.opened.to_string(),
            lot.entry.to_string(),
            format!("{:?}", lot.basis).to_lowercase(),
            lot.closed.to_string(),
            lot.exit.to_string(),
            lot.gross.amount().to_string(),
            fees(&lot.fees),
            amount(lot.net()),
            lot.gross.currency().to_string(),
        ]
    };
    write(&header, lots.map(row))
}

/// Round trips.
///
/// # Errors
/// As [`lots_csv`].
pub fn trips_csv<'a>(trips: impl Iterator<Item = &'a RoundTrip>) -> Result<String, csv::Error> {
    let header = [
        "book",
        "instrument",
        "direction",
        "quantity",
        "opened",
        "entry_price",
        "closed",
        "exit_price",
        "gross",
        "fees",
        "net",
        "currency",
        "risk",
        "r",
        "source",
        "exit_reason",
    ];
    let row = |trip: &RoundTrip| {
        vec![
            trip.book.to_string(),
            trip.instrument.to_string(),
            direction(trip.side),
            trip.qty.to_string(),
            trip.opened.to_string(),
            trip.entry.to_string(),
            trip.closed.to_string(),
            trip.exit.to_string(),
            trip.gross.amount().to_string(),
            fees(&trip.fees),
            amount(trip.net()),
            trip.gross.currency().to_string(),
            amount(trip.risk),
            trip.r().map_or_else(String::new, |r| r.to_string()),
            trip.origin.map_or_else(String::new, |o| o.name().to_owned()),
            trip.reason.name().to_owned(),
        ]
    };
    write(&header, trips.map(row))
}

/// Trading days.
///
/// # Errors
/// As [`lots_csv`].
pub fn days_csv<'a>(days: impl Iterator<Item = &'a Day>) -> Result<String, csv::Error> {
    let row = |day: &Day| {
        vec![
            day.opened.to_string(),
            day.equity.to_string(),
            day.deposits.to_string(),
            day.result.map_or_else(String::new, |r| r.to_string()),
        ]
    };
    write(&["opened", "equity", "deposits", "result"], days.map(row))
}
