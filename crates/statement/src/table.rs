//! Statements as CSV, for spreadsheets and tax forms. Times are RFC 3339 in UTC, numbers exact.
//!
//! A text that a spreadsheet would run as a formula is written with a leading apostrophe.

use domain::{Cash, Money, MovementKind, Side};

use crate::{ClosedLot, Day, Movement, RoundTrip, TotalsLine};

/// A column: its heading, and the cell of a row.
type Column<T> = (&'static str, fn(&T) -> String);

fn write<'a, T: 'a>(
    columns: &[Column<T>],
    rows: impl Iterator<Item = &'a T>,
) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(columns.iter().map(|(heading, _)| heading))?;
    for row in rows {
        out.write_record(columns.iter().map(|(_, cell)| harmless(&cell(row))))?;
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
    let columns: &[Column<ClosedLot>] = &[
        ("book", |l| l.book.to_string()),
        ("instrument", |l| l.instrument.to_string()),
        ("direction", |l| direction(l.side)),
        ("quantity", |l| l.qty.to_string()),
        ("opened", |l| l.opened.to_string()),
        ("entry_price", |l| l.entry.to_string()),
        ("basis", |l| format!("{:?}", l.basis).to_lowercase()),
        ("closed", |l| l.closed.to_string()),
        ("exit_price", |l| l.exit.to_string()),
        ("gross", |l| l.gross.amount().to_string()),
        ("fees", |l| fees(&l.fees)),
        ("net", |l| amount(l.net())),
        ("currency", |l| l.gross.currency().to_string()),
    ];
    write(columns, lots)
}

/// Round trips.
///
/// # Errors
/// As [`lots_csv`].
pub fn trips_csv<'a>(trips: impl Iterator<Item = &'a RoundTrip>) -> Result<String, csv::Error> {
    let columns: &[Column<RoundTrip>] = &[
        ("book", |t| t.book.to_string()),
        ("instrument", |t| t.instrument.to_string()),
        ("direction", |t| direction(t.side)),
        ("quantity", |t| t.qty.to_string()),
        ("opened", |t| t.opened.to_string()),
        ("entry_price", |t| t.entry.to_string()),
        ("closed", |t| t.closed.to_string()),
        ("exit_price", |t| t.exit.to_string()),
        ("gross", |t| t.gross.amount().to_string()),
        ("fees", |t| fees(&t.fees)),
        ("net", |t| amount(t.net())),
        ("currency", |t| t.gross.currency().to_string()),
        ("risk", |t| amount(t.risk)),
        ("r", |t| t.r().map_or_else(String::new, |r| r.to_string())),
        ("best_price", |t| t.best.to_string()),
        ("worst_price", |t| t.worst.to_string()),
        ("mfe", |t| amount(t.mfe())),
        ("mae", |t| amount(t.mae())),
        ("source", |t| t.origin.map_or_else(String::new, |o| o.name().to_owned())),
        ("exit_reason", |t| t.reason.name().to_owned()),
    ];
    write(columns, trips)
}

/// Trading days.
///
/// # Errors
/// As [`lots_csv`].
pub fn days_csv<'a>(days: impl Iterator<Item = &'a Day>) -> Result<String, csv::Error> {
    let columns: &[Column<Day>] = &[
        ("opened", |d| d.opened.to_string()),
        ("equity", |d| d.equity.to_string()),
        ("deposits", |d| d.deposits.to_string()),
        ("result", |d| d.result.map_or_else(String::new, |r| r.to_string())),
    ];
    write(columns, days)
}

/// What moved without an execution.
///
/// # Errors
/// As [`lots_csv`].
pub fn movements_csv<'a>(rows: impl Iterator<Item = &'a Movement>) -> Result<String, csv::Error> {
    let columns: &[Column<Movement>] = &[
        ("number", |m| m.number.to_string()),
        ("at", |m| m.at.to_string()),
        ("kind", |m| m.reason.name().to_owned()),
        ("book", |m| m.book.as_ref().map_or_else(String::new, ToString::to_string)),
        ("instrument", |m| m.instrument.as_ref().map_or_else(String::new, ToString::to_string)),
        ("amount", |m| amount(m.money)),
        ("currency", |m| m.money.map_or_else(String::new, |money| money.currency().to_string())),
        ("ratio", |m| m.ratio.map_or_else(String::new, |(new, old)| format!("{new} for {old}"))),
        ("id", |m| m.id.as_ref().map_or_else(String::new, ToString::to_string)),
        ("fraction", |m| m.sold.map_or_else(String::new, |qty| qty.get().to_string())),
    ];
    write(columns, rows)
}

/// Each book's totals, a line for each currency.
///
/// # Errors
/// As [`lots_csv`].
pub fn totals_csv<'a>(lines: impl Iterator<Item = &'a TotalsLine>) -> Result<String, csv::Error> {
    // In the order of the kinds of movement.
    const MOVED: [Column<TotalsLine>; MovementKind::ALL.len()] = [
        (MovementKind::ALL[0].name(), |l| l.movements[0].to_string()),
        (MovementKind::ALL[1].name(), |l| l.movements[1].to_string()),
        (MovementKind::ALL[2].name(), |l| l.movements[2].to_string()),
        (MovementKind::ALL[3].name(), |l| l.movements[3].to_string()),
        (MovementKind::ALL[4].name(), |l| l.movements[4].to_string()),
        (MovementKind::ALL[5].name(), |l| l.movements[5].to_string()),
        (MovementKind::ALL[6].name(), |l| l.movements[6].to_string()),
    ];
    let mut columns: Vec<Column<TotalsLine>> = vec![
        ("book", |l| l.book.to_string()),
        ("currency", |l| l.currency.to_string()),
        ("gross", |l| l.gross.to_string()),
        ("fees", |l| l.fees.to_string()),
    ];
    columns.extend(MOVED);
    columns.push(("adjustments", |l| l.adjustments.to_string()));
    columns.push(("net", |l| l.net.map_or_else(String::new, |net| net.to_string())));
    write(&columns, lines)
}
