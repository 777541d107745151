//! Bars straight from a file, for commands that look at history without storing it.
//!
//! What the file doesn't say (timeframe, calendar) is found out and told. This module must not
//! mend a file.

use std::{io::BufReader, path::Path};

use bars::{ImportError, ImportOptions, Repair, guess_timeframe, import_csv};
use domain::{Bar, CalendarKind, Timeframe};
use market::Calendar;

use super::{
    bars::{CalendarArg, sessions},
    failure::Failure,
    files,
    output::clean_lines,
};

/// More rows than this are refused: fifty years of minutes round the clock.
const ROWS_MAX: usize = 27_000_000;

/// The bars of a file.
#[derive(Debug)]
pub(crate) struct History {
    /// The span of a bar.
    pub(crate) timeframe: Timeframe,
    /// When the market trades.
    pub(crate) calendar: CalendarKind,
    /// The bars in order.
    pub(crate) bars: Vec<Bar>,
}

/// Reads a file of bars.
pub(crate) fn read(
    path: &Path,
    timeframe: Option<Timeframe>,
    calendar: Option<CalendarArg>,
) -> Result<History, Failure> {
    let open = || files::open(path);
    let failure = |error: ImportError| {
        let words = clean_lines(&error.to_string());
        Failure::new(error.code(), format!("{}: {words}", path.display()))
    };
    let timeframe = match timeframe {
        Some(timeframe) => timeframe,
        None => guess_timeframe(BufReader::new(open()?)).map_err(failure)?.ok_or_else(|| {
            Failure::usage(format!(
                "{}: the times of the rows tell no timeframe; name it: --timeframe 1d",
                path.display()
            ))
        })?,
    };
    let kinds = match calendar {
        Some(calendar) => vec![calendar.calendar().kind()],
        None => vec![CalendarKind::UsEquities, CalendarKind::AlwaysOpen],
    };
    let mut refused = None;
    for kind in kinds {
        let times = sessions(Calendar::of(kind));
        let repair = Repair { allow_sparse: true, ..Repair::default() };
        let options =
            ImportOptions { repair, rows_max: ROWS_MAX, ..ImportOptions::new(timeframe, &times) };
        match import_csv(BufReader::new(open()?), &options) {
            Ok(import) if fits(&import.bars, timeframe, kind) || calendar.is_some() => {
                return Ok(History { timeframe, calendar: kind, bars: import.bars });
            }
            Ok(_) => {}
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.map_or_else(|| Failure::usage("no calendar was named"), failure))
}

/// True when a calendar that nobody named is the file's: every shorter bar opens in a session.
fn fits(bars: &[Bar], timeframe: Timeframe, kind: CalendarKind) -> bool {
    let calendar = Calendar::of(kind);
    let day = Timeframe::Day.span();
    timeframe.span() >= day || bars.iter().all(|bar| calendar.session_at(bar.open_at).is_some())
}
