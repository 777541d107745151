//! Import of CSV files.
//!
//! All files are read before the first one is stored. This module must not know layouts or rules:
//! the importer does.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use ::bars::{
    BarStore, Import, ImportOptions, MergeOptions, MergeReport, Provenance, Repair, Series,
    import_csv,
};
use clap::Args;
use domain::{Timeframe, VenueId};
use serde_json::{Value, json};

use super::{CalendarArg, sessions};
use crate::cli::{
    Outcome,
    failure::Failure,
    output::{Out, clean_lines, grouped, instant},
    progress::Progress,
    symbol,
};

/// Read at once; progress is told between.
const READ_BYTES: usize = 256 * 1_024;

pub(super) const HELP: &str = "\
Layouts: time,open,high,low,close,volume; Yahoo's download; Binance's dump. They are recognised by
the first line. A file with a finding is refused whole, with line, value, rule and remedy.

Repairs: sort, drop_duplicates, drop_impossible, drop_unreadable, drop_non_sessions, allow_sparse,
round_decimals=N

Examples:
  cofferdam bars import data/IBM-1d.csv --symbol IBM --timeframe 1d
  cofferdam bars import BTCUSDT-1h-*.csv --symbol BTCUSDT --timeframe 1h --calendar 24/7
  cofferdam bars import x.csv --symbol X --timeframe 1d --repair sort --repair round_decimals=8";

/// What to import.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The files, all of one symbol
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The symbol: IBM, or with its venue sim:IBM
    #[arg(long)]
    symbol: String,
    /// The span of a bar, such as 1m, 1h or 1d
    #[arg(long)]
    timeframe: Timeframe,
    /// The venue, when the symbol names none
    #[arg(long, default_value = "sim")]
    venue: VenueId,
    /// When the market trades
    #[arg(long, value_enum, default_value = "us-equities")]
    calendar: CalendarArg,
    /// Mend this instead of refusing the file; can be given several times
    #[arg(long, value_name = "REPAIR", value_delimiter = ',')]
    repair: Vec<String>,
    /// Replace stored bars that differ
    #[arg(long)]
    overwrite: bool,
    /// Label the bars as made up
    #[arg(long)]
    synthetic: bool,
}

/// The repairs that were chosen by name.
pub(super) fn repairs(names: &[String]) -> Result<Repair, Failure> {
    let mut repair = Repair::default();
    for name in names {
        let name = name.replace('-', "_");
        match name.as_str() {
            "sort" => repair.sort = true,
            "drop_duplicates" => repair.drop_duplicates = true,
            "drop_impossible" => repair.drop_impossible = true,
            "drop_unreadable" => repair.drop_unreadable = true,
            "drop_non_sessions" => repair.drop_non_sessions = true,
            "allow_sparse" => repair.allow_sparse = true,
            other => repair.round_decimals = Some(decimals(other)?),
        }
    }
    Ok(repair)
}

fn decimals(text: &str) -> Result<u32, Failure> {
    let number = text.strip_prefix("round_decimals=").and_then(|n| n.parse().ok());
    number.filter(|n| *n <= 12).ok_or_else(|| {
        Failure::usage(format!("repair `{text}` is unknown; see: cofferdam bars import --help"))
    })
}

/// A file that tells how much of it was read.
struct Watched<'a> {
    path: &'a Path,
    file: File,
    read: u64,
    size: u64,
    progress: &'a mut Progress,
}

impl<'a> Watched<'a> {
    fn open(path: &'a Path, progress: &'a mut Progress) -> Result<Self, Failure> {
        let failed = |error| Failure::file("open", path, &error);
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok(Self { path, file, read: 0, size, progress })
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        let percent = (self.read * 100).checked_div(self.size).unwrap_or(100).min(100);
        let path = self.path.display();
        self.progress.tell(|| format!("reading {path}: {percent} %"));
        Ok(count)
    }
}

/// Imports the files.
pub(super) fn run(args: &ImportArgs, store: &BarStore, out: &mut Out) -> Result<Outcome, Failure> {
    let instrument = symbol::at_venue(&args.venue, &args.symbol)?;
    let series = Series { instrument, timeframe: args.timeframe };
    let calendar = sessions(args.calendar.calendar());
    let options = ImportOptions {
        repair: repairs(&args.repair)?,
        ..ImportOptions::new(args.timeframe, &calendar)
    };
    let mut progress = Progress::new();
    let mut imports = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let file = Watched::open(path, &mut progress)?;
        let import =
            import_csv(BufReader::with_capacity(READ_BYTES, file), &options).map_err(|error| {
                let words = clean_lines(&error.to_string());
                Failure::new(error.code(), format!("{}: {words}", path.display()))
            })?;
        imports.push(import);
    }
    let provenance = if args.synthetic { Provenance::Synthetic } else { Provenance::Market };
    let merge = MergeOptions { overwrite: args.overwrite, provenance };
    let mut reports = Vec::with_capacity(imports.len());
    for (path, import) in args.files.iter().zip(&imports) {
        progress.tell(|| format!("storing {}", path.display()));
        let report = store.merge(&series, &import.bars, merge)?;
        tell(path, import, report, out);
        reports.push(json!({ "file": path, "import": import, "stored": report }));
    }
    out.json(&json!({ "series": series, "files": Value::Array(reports) }))?;
    Ok(Outcome::Done)
}

fn tell(path: &Path, import: &Import, report: MergeReport, out: &mut Out) {
    let count = |n: u64| grouped(&n.to_string(), 0);
    let range = import.bars.first().zip(import.bars.last()).map_or_else(String::new, |(a, b)| {
        format!(", {} to {}", instant(a.open_at), instant(b.close_at))
    });
    out.line(format!(
        "{}: {} rows{range}: {} added, {} replaced, {} known",
        path.display(),
        count(import.rows),
        count(report.added),
        count(report.replaced),
        count(report.unchanged),
    ));
    if let Some(tick) = import.tick {
        out.line(format!("  tick {} (inferred from the decimals)", tick.tick));
    }
    if import.gaps.gaps > 0 {
        out.line(format!(
            "  {} gaps, {} bars missing by the calendar",
            count(import.gaps.gaps),
            count(import.gaps.missing_bars)
        ));
    }
    if !import.repaired.is_empty() {
        out.line(format!("  repaired: {}", clean_lines(&import.repaired.to_string())));
    }
}
