//! A table of splits: `symbol,date,ratio`, or `date,ratio` of one symbol.
//!
//! Rows become exact ratios of whole shares here. This module must not apply them: a series is
//! adjusted by events, never by rewriting prices.

use std::{fmt, io::BufRead};

use domain::{InstrumentId, VenueId};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::table::{self, RawRow, Table, TableError};

/// A table has at most so many rows.
pub const SPLITS_MAX: usize = 100_000;
/// Neither side of a ratio is larger.
const SHARES_MAX: u64 = 1_000_000;

/// One split: from `date` on, `old` shares are `new` shares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Split {
    /// The symbol, without a venue.
    pub symbol: String,
    /// The first day that trades after the split.
    pub date: Date,
    /// Shares after the split, in lowest terms with `old`.
    pub new: u64,
    /// Shares before it. A price before the split is divided by `new / old`.
    pub old: u64,
}

/// Reads a table of splits, sorted by symbol and date.
///
/// A ratio is a decimal of new shares per old one (`2`, `1.5`, `0.125`) or `new:old` (`3:2`).
///
/// # Errors
/// [`TableError`] names the line, the value and the rule.
pub fn read_splits(source: impl BufRead) -> Result<Vec<Split>, TableError> {
    read(source, None)
}

/// As [`read_splits`]; a table without the column `symbol` is of this symbol.
///
/// # Errors
/// As [`read_splits`].
pub fn read_splits_of(source: impl BufRead, symbol: &str) -> Result<Vec<Split>, TableError> {
    read(source, Some(symbol))
}

fn read(source: impl BufRead, symbol: Option<&str>) -> Result<Vec<Split>, TableError> {
    let headers = if symbol.is_some() { 2 } else { 1 };
    let shared = ("date", "a symbol splits once on a day");
    let row = |row: &RawRow<'_>, columns| read_row(row, columns, symbol);
    let key = |split: &Split| Day { symbol: split.symbol.clone(), date: split.date };
    table::read(source, (Table::Splits, headers), row, (key, shared))
}

/// What no two splits share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Day {
    symbol: String,
    date: Date,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)
    }
}

fn read_row(row: &RawRow<'_>, columns: usize, named: Option<&str>) -> Result<Split, TableError> {
    let symbol = named.filter(|_| columns == 2).unwrap_or_else(|| row.get(0));
    let [date, ratio] = [row.get(columns - 2), row.get(columns - 1)];
    let known = VenueId::new("x").and_then(|venue| InstrumentId::new(&venue, symbol));
    known
        .map_err(|_| row.wrong("symbol", symbol, "a symbol has 1 to 32 of A-Z a-z 0-9 . - _ /"))?;
    let date_of = |text: &str| if text.len() == 10 { text.parse().ok() } else { None };
    let day: Date = date_of(date).ok_or_else(|| row.wrong("date", date, "a date is YYYY-MM-DD"))?;
    let (new, old) = read_ratio(ratio).ok_or_else(|| {
        row.wrong("ratio", ratio, "a ratio is positive and not 1, such as 2, 1.5 or 3:2")
    })?;
    Ok(Split { symbol: symbol.to_owned(), date: day, new, old })
}

fn read_ratio(text: &str) -> Option<(u64, u64)> {
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (new, old) = match text.split_once(':') {
        Some((new, old)) => (new.trim().parse().ok()?, old.trim().parse().ok()?),
        None if plain(text) => {
            let ratio = Decimal::from_str_exact(text).ok()?.normalize();
            (u64::try_from(ratio.mantissa()).ok()?, 10_u64.checked_pow(ratio.scale())?)
        }
        None => return None,
    };
    let divisor = greatest_common_divisor(new, old);
    if divisor == 0 || new == old {
        return None;
    }
    let (new, old) = (new / divisor, old / divisor);
    let range = 1..=SHARES_MAX;
    (range.contains(&new) && range.contains(&old)).then_some((new, old))
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_exact() {
        for (text, expected) in [
            ("2", Some((2, 1))),
            ("2.0", Some((2, 1))),
            ("1.5", Some((3, 2))),
            ("3:2", Some((3, 2))),
            ("0.125", Some((1, 8))),
            ("1:30", Some((1, 30))),
            ("1", None),
            ("0", None),
            ("0:5", None),
            ("-2", None),
            ("x", None),
            ("", None),
            ("99999999", None),
        ] {
            assert_eq!(read_ratio(text), expected, "{text}");
        }
    }

    #[test]
    fn a_table_is_sorted_and_its_errors_name_the_line() {
        let table = "Symbol,Date,Ratio\nMSFT,2003-02-18,2\nAAPL,2000-06-21,2\n";
        let splits = read_splits(table.as_bytes()).unwrap();
        assert_eq!(splits[0].symbol, "AAPL");
        let error = |text: &str| read_splits(text.as_bytes()).unwrap_err();
        assert_eq!(error("").code(), "splits_header");
        assert_eq!(error("a,b\n").code(), "splits_header");
        let row = error("symbol,date,ratio\nAAPL,21/06/2000,2\n").to_string();
        assert_eq!(row, "line 2: date `21/06/2000`: a date is YYYY-MM-DD");
        assert!(error("symbol,date,ratio\n../x,2000-06-21,1\n").to_string().contains("ratio"));
        let plain = "date,ratio\n2000-06-21,3:2\n".as_bytes();
        assert_eq!(read_splits(plain).unwrap_err().code(), "splits_header");
        let split = read_splits_of(plain, "AAPL").unwrap().remove(0);
        assert_eq!((split.symbol.as_str(), split.new, split.old), ("AAPL", 3, 2));
        assert_eq!(read_splits_of(table.as_bytes(), "AAPL").unwrap(), splits);
        let twice = "symbol,date,ratio\nA,2000-06-21,2\nA,2000-06-21,3\n";
        assert_eq!(error(twice).code(), "splits_row");
        // The later line is at fault, also where its ratio is the smaller one.
        let twice = "symbol,date,ratio\nB,2000-06-21,2\nA,2000-06-21,3\nA,2000-06-21,2\n";
        let told = error(twice).to_string();
        assert!(
            told.starts_with("line 4: date `2000-06-21`: a symbol splits once on a day"),
            "{told}"
        );
        assert!(told.ends_with("and line 3 has it: delete one of the rows"), "{told}");
    }
}
