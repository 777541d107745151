//! The real files of the repository import cleanly and come back from the store unchanged.
#![allow(clippy::unwrap_used)]

mod common;

use std::{fs::File, io::BufReader, path::PathBuf};

use bars::{AlwaysOpen, Import, ImportOptions, MergeOptions, import_csv, read_splits};
use common::{ALWAYS, series, store, weekdays};
use domain::{TickSource, Timeframe};

fn data(name: &str) -> BufReader<File> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
    BufReader::new(File::open(path).unwrap())
}

fn import(symbol: &str) -> Import {
    let options = ImportOptions::new(Timeframe::Day, &weekdays);
    import_csv(data(&format!("{symbol}-1d.csv")), &options).unwrap()
}

#[test]
fn all_five_files_import_without_a_finding() {
    for (symbol, bars, tick) in [
        ("AAPL", 3_270, "0.0001"),
        ("FB", 196, "0.0001"),
        ("GOOG", 2_148, "0.0001"),
        ("IBM", 3_270, "0.0001"),
        ("MSFT", 3_270, "0.0001"),
    ] {
        let done = import(symbol);
        assert_eq!(done.bars.len(), bars, "{symbol}");
        assert!(done.repaired.is_empty());
        let inferred = done.tick.unwrap();
        assert_eq!(
            (inferred.tick.to_string().as_str(), inferred.source),
            (tick, TickSource::Inferred)
        );
    }
}

#[test]
fn a_day_closes_when_new_york_does_in_winter_and_in_summer() {
    let bars = import("IBM").bars;
    let closes = |open: &str| {
        let bar = bars.iter().find(|bar| bar.open_at.to_string() == open).unwrap();
        bar.close_at.to_string()
    };
    assert_eq!(closes("2000-03-01T14:30:00Z"), "2000-03-01T21:00:00Z");
    assert_eq!(closes("2000-07-03T13:30:00Z"), "2000-07-03T20:00:00Z");
}

#[test]
fn holidays_and_the_closure_of_september_2001_are_reported_as_gaps() {
    let gaps = import("IBM").gaps;
    let closure = gaps.first.iter().max_by_key(|gap| gap.missing_bars).unwrap();
    assert_eq!(closure.from.to_string(), "2001-09-10T20:00:00Z");
    assert_eq!(closure.missing_bars, 4);
    assert!((100..200).contains(&gaps.gaps), "{}", gaps.gaps);
}

#[test]
fn the_files_come_back_from_the_store_unchanged() {
    let (_folder, store) = store();
    for symbol in ["AAPL", "FB", "GOOG", "IBM", "MSFT"] {
        let series = series(&format!("sim:{symbol}"), "1d");
        let bars = import(symbol).bars;
        let report = store.merge(&series, &bars, MergeOptions::default()).unwrap();
        assert_eq!(report.added, bars.len() as u64);
        assert_eq!(store.read(&series, ALWAYS, 10_000).unwrap(), bars);
        let again = store.merge(&series, &bars, MergeOptions::default()).unwrap();
        assert_eq!((again.unchanged, again.files), (bars.len() as u64, 0));
    }
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    assert_eq!((listing.series.len(), listing.damaged.len()), (5, 0));
}

#[test]
fn the_table_of_splits_is_read() {
    let splits = read_splits(data("splits.csv")).unwrap();
    let words: Vec<_> =
        splits.iter().map(|s| format!("{} {} {}:{}", s.symbol, s.date, s.new, s.old)).collect();
    assert_eq!(words, ["AAPL 2000-06-21 2:1", "AAPL 2005-02-28 2:1", "MSFT 2003-02-18 2:1"]);
}
