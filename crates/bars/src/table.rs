//! Small tables: a header, and rows of which no two may say the same.
//!
//! It exists so that every table is read within the same bounds, and what is wrong is told in the
//! same words with the line at fault. This module must not know what a row means.

use std::{
    fmt,
    io::{self, BufRead},
};

use thiserror::Error;

use crate::lines::{Fields, LineError, Lines};

/// Characters of a value that are quoted.
const VALUE_CHARS_MAX: usize = 60;

/// A kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Splits.
    Splits,
    /// Funding rates.
    Funding,
}

impl Table {
    /// The most rows of such a table.
    const fn rows_max(self) -> usize {
        match self {
            Self::Splits => crate::splits::SPLITS_MAX,
            Self::Funding => crate::funding::FUNDING_MAX,
        }
    }

    /// Its headers: the columns' names.
    const fn headers(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Splits => &[&["symbol", "date", "ratio"], &["date", "ratio"]],
            Self::Funding => &[&["time", "rate"]],
        }
    }

    /// The headers in words.
    const fn header(self) -> &'static str {
        match self {
            Self::Splits => "`symbol,date,ratio` or `date,ratio`",
            Self::Funding => "`time,rate`",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Splits => "splits",
            Self::Funding => "funding rates",
        })
    }
}

/// Why a table can't be used.
#[derive(Debug, Error)]
pub enum TableError {
    /// Reading failed.
    #[error("the table of {table} can't be read: {error}")]
    Io {
        /// The kind of table.
        table: Table,
        /// What failed.
        error: io::Error,
    },
    /// The first line is not the header.
    #[error("line {line}: the header of a table of {table} is {}", table.header())]
    Header {
        /// The kind of table.
        table: Table,
        /// The line in the file.
        line: u64,
    },
    /// The file is no text of lines.
    #[error("line {line}: {why}")]
    Form {
        /// The kind of table.
        table: Table,
        /// The line in the file.
        line: u64,
        /// What it is, and what to do.
        why: &'static str,
    },
    /// A value is wrong.
    #[error("line {line}: {field} `{value}`: {rule}")]
    Row {
        /// The kind of table.
        table: Table,
        /// The line in the file.
        line: u64,
        /// The column.
        field: &'static str,
        /// What was found, cut to 60 characters.
        value: String,
        /// What is allowed, and what to do.
        rule: String,
    },
    /// More rows than allowed.
    #[error("the table of {table} has more than {} rows; leave out what is not needed", table.rows_max())]
    TooMany {
        /// The kind of table.
        table: Table,
    },
}

impl TableError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { table: Table::Splits, .. } => "splits_io",
            Self::Io { table: Table::Funding, .. } => "funding_io",
            Self::Header { table: Table::Splits, .. } => "splits_header",
            Self::Header { table: Table::Funding, .. } => "funding_header",
            Self::Form { table: Table::Splits, .. } => "splits_form",
            Self::Form { table: Table::Funding, .. } => "funding_form",
            Self::Row { table: Table::Splits, .. } => "splits_row",
            Self::Row { table: Table::Funding, .. } => "funding_row",
            Self::TooMany { table: Table::Splits } => "splits_too_many",
            Self::TooMany { table: Table::Funding } => "funding_too_many",
        }
    }
}

/// A row as it stands in the file.
pub(crate) struct RawRow<'a> {
    table: Table,
    line: u64,
    fields: Fields<'a>,
}

impl RawRow<'_> {
    /// A field by its place; those before the header's first are empty.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.fields.get(index)
    }

    /// What is wrong with a value.
    pub(crate) fn wrong(&self, field: &'static str, value: &str, rule: &str) -> TableError {
        row_error(self.table, self.line, (field, value), rule)
    }
}

fn row_error(
    table: Table,
    line: u64,
    (field, value): (&'static str, &str),
    rule: &str,
) -> TableError {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let value = value.chars().take(VALUE_CHARS_MAX).map(clean).collect();
    TableError::Row { table, line, field, value, rule: rule.to_owned() }
}

/// Reads a table: `row` makes a row, told how many columns the header has; `key` says what no two
/// rows may share, and by what they are sorted. `headers` counts how many of the table's headers
/// are allowed.
pub(crate) fn read<T, K: Ord + fmt::Display>(
    source: impl BufRead,
    (table, headers): (Table, usize),
    row: impl Fn(&RawRow<'_>, usize) -> Result<T, TableError>,
    (key, shared): (impl Fn(&T) -> K, (&'static str, &str)),
) -> Result<Vec<T>, TableError> {
    let mut lines = Lines::new(source);
    let failed = |error| match error {
        LineError::TooLong(line) => row_error(table, line, ("row", ""), "the line is too long"),
        LineError::Form(line, why) => TableError::Form { table, line, why },
        LineError::Io(error) => TableError::Io { table, error },
    };
    let Some((line, first)) = lines.next_line().map_err(failed)? else {
        return Err(TableError::Header { table, line: 1 });
    };
    let first = String::from_utf8_lossy(first).to_ascii_lowercase();
    let fields = Fields::split(&first);
    let known = table.headers().iter().take(headers);
    let columns = fields.and_then(|f| known.copied().find(|header| f.all() == *header));
    let columns = columns.ok_or(TableError::Header { table, line })?;
    let form = columns.join(",");
    let mut rows: Vec<(T, u64)> = Vec::new();
    while let Some((line, bytes)) = lines.next_line().map_err(failed)? {
        if rows.len() == table.rows_max() {
            return Err(TableError::TooMany { table });
        }
        let text = String::from_utf8_lossy(bytes);
        let fields = Fields::split(&text).filter(|fields| fields.all().len() == columns.len());
        let fields = fields
            .ok_or_else(|| row_error(table, line, ("row", &text), &format!("a row is {form}")))?;
        rows.push((row(&RawRow { table, line, fields }, columns.len())?, line));
    }
    rows.sort_by_cached_key(|(row, line)| (key(row), *line));
    if let Some([(_, before), (row, line)]) = rows
        .windows(2)
        .find(|pair| key(&pair[0].0) == key(&pair[1].0))
        .and_then(|p| p.first_chunk())
    {
        let (field, rule) = shared;
        let rule = format!("{rule}, and line {before} has it: delete one of the rows");
        return Err(row_error(table, *line, (field, &key(row).to_string()), &rule));
    }
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}
