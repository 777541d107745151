//! A table of funding rates: `time,rate`.
//!
//! Rows become exact rates at instants here. This module must not know who pays whom, nor what a
//! position is.

use std::io::BufRead;

use domain::Timestamp;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    moment,
    table::{self, RawRow, Table, TableError},
};

/// A table has at most so many rows: ninety years of three a day.
pub const FUNDING_MAX: usize = 100_000;
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

/// Reads a table of funding rates, sorted by time. Times are written as those of bars.
///
/// # Errors
/// [`TableError`] names the line, the column, the value and the rule.
pub fn read_funding(source: impl BufRead) -> Result<Vec<FundingRate>, TableError> {
    let shared = ("time", "a rate is charged once at a time");
    table::read(
        source,
        (Table::Funding, 1),
        |row, _| read_row(row),
        (|rate: &FundingRate| rate.at, shared),
    )
}

fn read_row(row: &RawRow<'_>) -> Result<FundingRate, TableError> {
    let [time, rate] = [row.get(0), row.get(1)];
    let moment = moment::parse(time).ok_or_else(|| {
        let rule = "a time is RFC 3339, YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] in UTC, or unix seconds or \
                    milliseconds";
        row.wrong("time", time, rule)
    })?;
    let most = Decimal::new(5, 2);
    let exact = Decimal::from_str_exact(rate).or_else(|_| Decimal::from_scientific(rate));
    let exact = exact.ok().map(|rate| rate.normalize());
    let exact = exact.filter(|rate| rate.abs() <= most && rate.scale() <= DECIMALS_MAX);
    let rate = exact.ok_or_else(|| {
        let rule = "a rate is a share of the value from -0.05 to 0.05, at most 12 decimals; 0.01 % is \
                    0.0001";
        row.wrong("rate", rate, rule)
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
            (
                "2024-01-01,0.0002",
                "line 3: time `2024-01-01T00:00:00Z`: a rate is charged once at a \
              time, and line 2 has it: delete one",
            ),
            // The later line is at fault, also where its rate is the smaller one.
            ("2024-01-01,0.00001", "line 3: time `2024-01-01T00:00:00Z`: a rate is charged once"),
        ] {
            let told = error(&format!("{head}{row}\n")).to_string();
            assert!(told.starts_with(words), "{told}");
        }
    }
}
