//! Import of one CSV file: all of it without a finding, or none of it.
//!
//! This module must not know where the bars go: storing them is a second step, so that a refused
//! file leaves no trace.

use std::io::{self, BufRead};

use domain::{Bar, Timeframe};
use serde::Serialize;
use thiserror::Error;

use crate::{
    calendar::SessionCalendar,
    findings::Findings,
    gaps::{GapReport, find_gaps},
    layout::{Layout, recognise},
    lines::{Fields, LINE_BYTES_MAX, LineError, Lines},
    order::{Judged, Repair, settle},
    row::{Row, RowReader},
    tick::{InferredTick, infer_tick},
};

/// The default for [`ImportOptions::rows_max`]: five years of minutes round the clock.
pub const ROWS_MAX_DEFAULT: usize = 20_000_000;

/// How to read a file.
#[derive(Clone, Copy)]
pub struct ImportOptions<'a> {
    /// The timeframe of the bars.
    pub timeframe: Timeframe,
    /// When the market trades.
    pub calendar: &'a dyn SessionCalendar,
    /// What to mend instead of refusing.
    pub repair: Repair,
    /// The largest number of rows; each takes about 200 bytes of memory during the import.
    pub rows_max: usize,
}

impl<'a> ImportOptions<'a> {
    /// Mends nothing and takes up to [`ROWS_MAX_DEFAULT`] rows.
    #[must_use]
    pub fn new(timeframe: Timeframe, calendar: &'a dyn SessionCalendar) -> Self {
        Self { timeframe, calendar, repair: Repair::default(), rows_max: ROWS_MAX_DEFAULT }
    }
}

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The layout that was recognised.
    pub layout: Layout,
    /// How many rows of data the file has, also those that a repair has left out.
    pub rows: u64,
    /// The bars in ascending order, possible and without overlap. There is at least one.
    #[serde(skip)]
    pub bars: Vec<Bar>,
    /// What the chosen repairs have mended or left out.
    pub repaired: Findings,
    /// Trading time without bars.
    pub gaps: GapReport,
    /// The tick that the decimals of the prices suggest.
    pub tick: Option<InferredTick>,
}

/// Why a file is not imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Reading failed.
    #[error("the file can't be read: {0}")]
    Io(#[from] io::Error),
    /// No line.
    #[error("the file has no bars: it is empty, has a header only, or every row was left out")]
    Empty,
    /// The first line matches no layout.
    #[error(
        "line {line}: `{found}` is no known header; known are {known}. Fields are separated by \
         commas; rename the columns", known = Layout::KNOWN
    )]
    UnknownLayout {
        /// The line in the file.
        line: u64,
        /// The line's beginning.
        found: String,
    },
    /// The file is no text of lines.
    #[error("line {line}: {why}")]
    Form {
        /// The line in the file.
        line: u64,
        /// What it is, and what to do.
        why: &'static str,
    },
    /// A line is too long to be a bar.
    #[error("line {line} is longer than {LINE_BYTES_MAX} bytes: this is no file of bars")]
    LineTooLong {
        /// The line in the file.
        line: u64,
    },
    /// More rows than allowed.
    #[error("the file has more than {max} rows: split it, for example by year")]
    TooManyRows {
        /// The largest number of rows.
        max: usize,
    },
    /// Rows break rules.
    #[error("nothing was imported; findings: {0}")]
    Refused(Box<Findings>),
}

impl ImportError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "import_io",
            Self::Empty => "import_empty",
            Self::UnknownLayout { .. } => "import_unknown_layout",
            Self::Form { .. } => "import_form",
            Self::LineTooLong { .. } => "import_line_too_long",
            Self::TooManyRows { .. } => "import_too_many_rows",
            Self::Refused(_) => "import_refused",
        }
    }
}

impl From<LineError> for ImportError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::TooLong(line) => Self::LineTooLong { line },
            LineError::Form(line, why) => Self::Form { line, why },
            LineError::Io(error) => Self::Io(error),
        }
    }
}

/// Reads a CSV file whose layout is recognised by its first line.
///
/// # Errors
/// [`ImportError::Refused`] with every finding that no chosen repair settles; the other variants
/// for files that are no bars at all.
pub fn import_csv(
    source: impl BufRead,
    options: &ImportOptions<'_>,
) -> Result<Import, ImportError> {
    let mut lines = Lines::new(source);
    let (number, first) = lines.next_line()?.ok_or(ImportError::Empty)?;
    let text = String::from_utf8_lossy(first).into_owned();
    let columns = Fields::split(&text).and_then(|fields| recognise(&fields)).ok_or_else(|| {
        let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let found = text.chars().take(120).map(clean).collect();
        ImportError::UnknownLayout { line: number, found }
    })?;
    let ImportOptions { timeframe, calendar, repair, rows_max } = options;
    let mut reader = RowReader::new(columns, *timeframe, *calendar, repair.round_decimals);
    let mut intake = Intake { rows: Vec::new(), count: 0, max: *rows_max, repair };
    let mut judged = Judged::default();
    if columns.headless {
        intake.take(&mut reader, number, text.as_bytes(), &mut judged)?;
    }
    while let Some((number, line)) = lines.next_line()? {
        intake.take(&mut reader, number, line, &mut judged)?;
    }
    let rows = intake.count as u64;
    let bars = settle(intake.rows, *timeframe, repair, &mut judged);
    if !judged.refused.is_empty() {
        judged.refused.sort_by_line();
        return Err(ImportError::Refused(Box::new(judged.refused)));
    }
    if bars.is_empty() {
        return Err(ImportError::Empty);
    }
    judged.repaired.sort_by_line();
    let gaps = find_gaps(&bars, *timeframe, *calendar);
    let tick = infer_tick(&bars);
    Ok(Import { layout: columns.layout, rows, bars, repaired: judged.repaired, gaps, tick })
}

/// Collects rows up to a bound.
struct Intake<'a> {
    rows: Vec<Row>,
    count: usize,
    max: usize,
    repair: &'a Repair,
}

impl Intake<'_> {
    fn take(
        &mut self,
        reader: &mut RowReader<'_>,
        number: u64,
        line: &[u8],
        judged: &mut Judged,
    ) -> Result<(), ImportError> {
        self.count += 1;
        if self.count > self.max {
            return Err(ImportError::TooManyRows { max: self.max });
        }
        match reader.read(number, line) {
            Ok((row, rounded)) => {
                self.rows.push(row);
                if let Some(finding) = rounded {
                    judged.repaired.push(finding);
                }
            }
            Err(finding) => {
                let settled = self.repair.drops(finding.rule);
                judged.book(finding, settled);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::AlwaysOpen, findings::Rule};

    fn import(text: &str, repair: Repair) -> Result<Import, ImportError> {
        let options = ImportOptions::new(Timeframe::Day, &AlwaysOpen);
        import_csv(text.as_bytes(), &ImportOptions { repair, ..options })
    }

    #[test]
    fn yahoo_rows_with_null_are_named_and_can_be_left_out() {
        let text = "Date,Open,High,Low,Close,Adj Close,Volume\n\
                    2024-01-02,10,12,9,11,10.5,100\n\
                    2024-01-03,null,null,null,null,null,null\n\
                    2024-01-04,11,12,10,11.25,10.7,100\n";
        let error = import(text, Repair::default()).unwrap_err();
        assert_eq!(error.code(), "import_refused");
        let words = error.to_string();
        assert!(words.starts_with("nothing was imported; findings: 1 null\nline 3: open `null`"));
        let done = import(text, Repair { drop_unreadable: true, ..Repair::default() }).unwrap();
        assert_eq!((done.rows, done.bars.len()), (3, 2));
        assert_eq!(done.repaired.count(Rule::Null), 1);
        assert_eq!((done.gaps.gaps, done.gaps.missing_bars), (1, 1));
        assert_eq!(done.tick.unwrap().tick.to_string(), "0.01");
    }

    #[test]
    fn all_findings_of_a_file_come_at_once_and_by_line() {
        let text = "time,open,high,low,close,volume\n\
                    2024-01-04,10,12,9,11,100\n\
                    2024-01-02,10,8,9,11,100\n\
                    2024-01-03,10,12,9,x,100\n\
                    2024-01-01,10,12,9,11,100\n";
        let Err(ImportError::Refused(findings)) = import(text, Repair::default()) else {
            panic!("must be refused");
        };
        let found: Vec<_> = findings.first().iter().map(|f| (f.line, f.rule)).collect();
        assert_eq!(found, [(3, Rule::Impossible), (4, Rule::Number), (5, Rule::Disorder)]);
    }

    #[test]
    fn files_that_are_no_bars_are_told_so() {
        let code = |text: &str| import(text, Repair::default()).unwrap_err().code();
        assert_eq!(code(""), "import_empty");
        assert_eq!(code("time,open,high,low,close\n"), "import_empty");
        assert_eq!(code("<html>\n"), "import_unknown_layout");
        assert_eq!(code(&"x".repeat(5_000)), "import_line_too_long");
        let options = ImportOptions::new(Timeframe::Day, &AlwaysOpen);
        let rows = "time,open,high,low,close\n2024-01-02,1,1,1,1\n2024-01-03,1,1,1,1\n";
        let error = import_csv(rows.as_bytes(), &ImportOptions { rows_max: 1, ..options });
        assert_eq!(error.unwrap_err().code(), "import_too_many_rows");
    }

    #[test]
    fn a_binance_dump_without_header_keeps_its_first_row() {
        let text = "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999,\
                    53957248.97,47134,682.57,28957416.81,0\n";
        let options = ImportOptions::new(Timeframe::Hours(1), &AlwaysOpen);
        let done = import_csv(text.as_bytes(), &options).unwrap();
        assert_eq!((done.layout, done.bars.len()), (Layout::Binance, 1));
        assert_eq!(done.bars[0].close_at.to_string(), "2024-01-01T01:00:00Z");
    }
}
