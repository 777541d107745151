//! A table of funding rates: `time,rate`.
//!
//! Rows become exact rates at instants here. This module must not know who pays whom, nor what a
//! position is.

use std::io::{self, BufRead};

use domain::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;
use thiserror::Error;

use crate::{
    lines::{Fields, LineError, Lines},
    moment,
};

/// A table has at most so many rows: ninety years of three a day.
pub const FUNDING_MAX: usize = 100_000;
const HEADER: [&str; 2] = ["time", "rate"];
/// Decimals of a rate.
const DECIMALS_MAX: u32 = 12;

/// The rate of one funding time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FundingRate {
    /// When it is charged.
    pub at: Timestamp,
    /// The share of the value that longs pay to shorts, -0.05 to 0.05; shorts pay when it is
    /// negative.
    pub rate: Decimal,
}

/// Why a table of funding rates can't be used.
#[derive(Debug, Error)]
pub enum FundingError {
    /// Reading failed.
    #[error("the table of funding rates can't be read: {0}")]
    Io(#[from] io::Error),
    /// The first line is not the header.
    #[error("line {line}: the header of a table of funding rates is `time,rate`")]
    Header {
        /// The line in the file.
        line: u64,
    },
    /// A value is wrong.
    #[error("line {line}: {field} `{value}`: {rule}")]
    Row {
        /// The line in the file.
        line: u64,
        /// The column.
        field: &'static str,
        /// What was found, cut to 60 characters.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// More rows than allowed.
    #[error("the table of funding rates has more than {FUNDING_MAX} rows")]
    TooMany,
}

impl FundingError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "funding_io",
            Self::Header { .. } => "funding_header",
            Self::Row { .. } => "funding_row",
            Self::TooMany => "funding_too_many",
        }
    }
}

fn row_error(line: u64, field: &'static str, value: &str, rule: &'static str) -> FundingError {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    FundingError::Row { line, field, value: value.chars().take(60).map(clean).collect(), rule }
}

impl From<LineError> for FundingError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::TooLong(line) => row_error(line, "row", "", "the line is too long"),
            LineError::Io(error) => Self::Io(error),
        }
    }
}

/// Reads a table of funding rates, sorted by time. Times are written as those of bars.
///
/// # Errors
/// [`FundingError`] names the line, the column, the value and the rule.
pub fn read_funding(source: impl BufRead) -> Result<Vec<FundingRate>, FundingError> {
    let mut lines = Lines::new(source);
    match lines.next_line()? {
        Some((line, bytes)) if !is_header(bytes) => return Err(FundingError::Header { line }),
        Some(_) => {}
        None => return Err(FundingError::Header { line: 1 }),
    }
    let mut rows: Vec<(FundingRate, u64)> = Vec::new();
    while let Some((line, bytes)) = lines.next_line()? {
        if rows.len() == FUNDING_MAX {
            return Err(FundingError::TooMany);
        }
        rows.push((read_row(line, bytes)?, line));
    }
    rows.sort();
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].0.at == pair[1].0.at) {
        let (rate, line) = pair[1];
        let rule = "a rate is charged once at a time: delete one of the rows";
        return Err(row_error(line, "time", &rate.at.to_string(), rule));
    }
    Ok(rows.into_iter().map(|(rate, _)| rate).collect())
}

fn is_header(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    Fields::split(&text).is_some_and(|fields| fields.all() == HEADER)
}

fn read_row(line: u64, bytes: &[u8]) -> Result<FundingRate, FundingError> {
    let text = String::from_utf8_lossy(bytes);
    let fields = Fields::split(&text)
        .filter(|fields| fields.all().len() == HEADER.len())
        .ok_or_else(|| row_error(line, "row", &text, "a row is time,rate"))?;
    let [time, rate] = [fields.get(0), fields.get(1)];
    let moment = moment::parse(time).ok_or_else(|| {
        let rule = "a time is RFC 3339, YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] in UTC, or unix seconds or \
                    milliseconds";
        row_error(line, "time", time, rule)
    })?;
    let most = Decimal::new(5, 2);
    let exact = Decimal::from_str_exact(rate).or_else(|_| Decimal::from_scientific(rate));
    let exact = exact.ok().map(|rate| rate.normalize());
    let exact = exact.filter(|rate| rate.abs() <= most && rate.scale() <= DECIMALS_MAX);
    let rate = exact.ok_or_else(|| {
        let rule = "a rate is a share of the value from -0.05 to 0.05, at most 12 decimals; 0.01 % is \
                    0.0001";
        row_error(line, "rate", rate, rule)
    })?;
    Ok(FundingRate { at: moment.at, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_sorted() {
        let table = "Time,Rate\n2024-01-01T08:00:00Z,-0.00012345\n1704067200,1e-4\n\n\
                     2024-01-01 16:00,0\n";
        let rates = read_funding(table.as_bytes()).unwrap();
        let told: Vec<String> = rates.iter().map(|r| format!("{} {}", r.at, r.rate)).collect();
        assert_eq!(
            told,
            [
                "2024-01-01T00:00:00Z 0.0001",
                "2024-01-01T08:00:00Z -0.00012345",
                "2024-01-01T16:00:00Z 0"
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let error = |text: &str| read_funding(text.as_bytes()).unwrap_err();
        assert_eq!(error("").code(), "funding_header");
        assert_eq!(error("date,rate\n").code(), "funding_header");
        let head = "time,rate\n2024-01-01T00:00:00Z,0.0001\n";
        for (row, words) in [
            ("2024-13-01,0.0001", "line 3: time `2024-13-01`: a time is RFC 3339"),
            ("2024-01-02,0.1", "line 3: rate `0.1`: a rate is a share of the value from -0.05"),
            ("2024-01-02,0.01%", "line 3: rate `0.01%`: a rate is"),
            ("2024-01-02,0.0000000000001", "line 3: rate `0.0000000000001`: a rate is"),
            ("2024-01-02", "line 3: row `2024-01-02`: a row is time,rate"),
            ("2024-01-01,0.0002", "line 3: time `2024-01-01T00:00:00Z`: a rate is charged once"),
        ] {
            let told = error(&format!("{head}{row}\n")).to_string();
            assert!(told.starts_with(words), "{told}");
        }
    }
}
