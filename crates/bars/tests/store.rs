//! What the store promises: conflicts are named, labels stay, damage is told and never a panic.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::fs;

use bars::{
    AlwaysOpen, MergeOptions, Provenance, StoreError, SyntheticSpec, generate,
    store::CONFLICTS_KEPT_MAX,
};
use common::{ALWAYS, at, minute, minutes, price, series, store};
use domain::{Bar, Qty, Timeframe, Timestamp};

const PLAIN: MergeOptions = MergeOptions { overwrite: false, provenance: Provenance::Market };
const OVERWRITE: MergeOptions = MergeOptions { overwrite: true, provenance: Provenance::Market };
const MADE_UP: MergeOptions = MergeOptions { overwrite: false, provenance: Provenance::Synthetic };

#[test]
fn files_are_kept_by_venue_symbol_timeframe_and_month() {
    let (_folder, store) = store();
    let series = series("sim:BTC/USDT", "1m");
    let report = store.merge(&series, &minutes("2024-01-31T23:50:00Z", 30), PLAIN).unwrap();
    assert_eq!((report.added, report.files), (30, 2));
    for month in ["2024-01", "2024-02"] {
        let path = store.folder().join("sim/BTC%2FUSDT/1m").join(format!("{month}.parquet"));
        assert!(path.is_file(), "{}", path.display());
    }
    let february = at("2024-02-01T00:00:00Z");
    assert_eq!(store.read(&series, february..ALWAYS.end, 100).unwrap().len(), 20);
    assert_eq!(store.latest(&series, 25).unwrap().len(), 25);
    assert_eq!(store.latest(&series, 0).unwrap(), []);
    assert_eq!(store.read(&series, february..february, 100).unwrap(), []);
}

#[test]
fn hostile_symbols_stay_inside_the_folder() {
    let (folder, store) = store();
    for symbol in ["..", ".", "../../../escape", "/etc/passwd", "a/../b"] {
        let series = series(&format!("sim:{symbol}"), "1m");
        store.merge(&series, &minutes("2024-01-01T00:00:00Z", 2), PLAIN).unwrap();
        assert_eq!(store.read(&series, ALWAYS, 10).unwrap().len(), 2);
    }
    let outside: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(outside, ["bars"]);
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    assert_eq!((listing.series.len(), listing.damaged.len()), (5, 0));
    assert_eq!(fs::read_dir(store.folder().join("sim")).unwrap().count(), 5);
}

#[test]
fn a_contradiction_changes_nothing_unless_overwrite_is_chosen() {
    let (_folder, store) = store();
    let series = series("sim:IBM", "1m");
    let stored = minutes("2024-01-31T23:30:00Z", 60);
    store.merge(&series, &stored, PLAIN).unwrap();
    let mut new = stored.clone();
    new.extend(minutes("2024-02-01T00:30:00Z", 5));
    for bar in &mut new[30..60] {
        bar.volume = Qty::ZERO;
    }
    let error = store.merge(&series, &new, PLAIN).unwrap_err();
    assert_eq!(error.code(), "bars_conflict");
    assert!(error.to_string().contains("30 bars contradict or overlap"), "{error}");
    let StoreError::Conflicts { total, first, .. } = error else { panic!("wrong error") };
    assert_eq!((total, first.len()), (30, CONFLICTS_KEPT_MAX));
    assert_eq!((first[0].stored, first[0].new), (stored[30], new[30]));
    assert_eq!(store.read(&series, ALWAYS, 1_000).unwrap(), stored);

    let report = store.merge(&series, &new, OVERWRITE).unwrap();
    assert_eq!((report.added, report.replaced, report.unchanged), (35, 30, 30));
    assert_eq!(store.read(&series, ALWAYS, 1_000).unwrap(), new);
}

#[test]
fn bars_that_overlap_stored_ones_are_conflicts_too() {
    let (_folder, store) = store();
    let weeks = series("sim:IBM", "1w");
    let week = |open: &str, close: &str| Bar { close_at: at(close), ..minute(open, "100") };
    let monday = week("2024-01-29T00:00:00Z", "2024-02-05T00:00:00Z");
    store.merge(&weeks, &[monday], PLAIN).unwrap();
    let shifted = week("2024-01-30T00:00:00Z", "2024-02-06T00:00:00Z");
    assert_eq!(store.merge(&weeks, &[shifted], PLAIN).unwrap_err().code(), "bars_conflict");
    let across = week("2024-02-04T00:00:00Z", "2024-02-11T00:00:00Z");
    for options in [PLAIN, OVERWRITE] {
        assert_eq!(store.merge(&weeks, &[across], options).unwrap_err().code(), "bars_conflict");
    }
    let before = week("2024-01-24T00:00:00Z", "2024-01-31T00:00:00Z");
    assert_eq!(store.merge(&weeks, &[before], OVERWRITE).unwrap().replaced, 1);
    assert_eq!(store.read(&weeks, ALWAYS, 10).unwrap(), [before]);
    let after = week("2024-02-05T00:00:00Z", "2024-02-12T00:00:00Z");
    store.merge(&weeks, &[after], PLAIN).unwrap();
    let late = week("2024-01-31T00:00:00Z", "2024-02-07T00:00:00Z");
    assert_eq!(store.merge(&weeks, &[late], PLAIN).unwrap_err().code(), "bars_conflict");
}

#[test]
fn synthetic_bars_are_labelled_and_never_mixed_with_real_ones() {
    let (_folder, store) = store();
    let spec = SyntheticSpec::new(1, at("2024-01-01T00:00:00Z"), Timeframe::Minutes(1)).unwrap();
    let bars = generate(spec, 3_000).unwrap();
    let made_up = series("sim:DEMO", "1m");
    store.merge(&made_up, &bars, MADE_UP).unwrap();
    let later = minutes("2024-03-01T00:00:00Z", 3);
    store.merge(&series("sim:REAL", "1m"), &later, PLAIN).unwrap();
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    let labels: Vec<_> = listing.series.iter().map(|info| info.provenance).collect();
    assert_eq!(labels, [Provenance::Synthetic, Provenance::Market]);
    let json = serde_json::to_value(&listing.series[0]).unwrap();
    assert_eq!(json["provenance"], "synthetic");
    assert_eq!(json["instrument"], "sim:DEMO");
    let same_month = minutes("2024-01-20T00:00:00Z", 3);
    for real in [same_month, later] {
        let error = store.merge(&made_up, &real, PLAIN).unwrap_err();
        assert_eq!(error.code(), "bars_mixed_provenance", "{error}");
    }
}

#[test]
fn the_listing_counts_bars_and_gaps_across_files() {
    let (_folder, store) = store();
    let series = series("sim:IBM", "1m");
    store.merge(&series, &minutes("2024-01-31T23:00:00Z", 30), PLAIN).unwrap();
    store.merge(&series, &minutes("2024-02-01T00:10:00Z", 20), PLAIN).unwrap();
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    let info = &listing.series[0];
    assert_eq!((info.count, info.gaps.gaps, info.gaps.missing_bars), (50, 1, 40));
    assert_eq!(info.first.to_string(), "2024-01-31T23:00:00Z");
    assert_eq!(info.last.to_string(), "2024-02-01T00:30:00Z");
    assert_eq!(info.tick.unwrap().tick, price("0.01"));
    assert_eq!(store.info(&series, &AlwaysOpen).unwrap().as_ref(), Some(info));
}

#[test]
fn values_with_too_many_digits_are_named() {
    let (_folder, store) = store();
    let fine = minute("2024-01-01T00:00:00Z", "0.000000000001");
    let large = minute("2024-01-01T00:01:00Z", "1000000");
    let error = store.merge(&series("sim:X", "1m"), &[fine, large], PLAIN).unwrap_err();
    assert_eq!(error.code(), "bars_does_not_fit");
    assert!(error.to_string().starts_with("open 1000000 at 2024-01-01T00:01:00Z"), "{error}");
    assert!(store.list(|_| &AlwaysOpen).unwrap().series.is_empty());
}

#[test]
fn unchecked_bars_are_refused() {
    let (_folder, store) = store();
    let x = series("sim:X", "1m");
    let mut bars = minutes("2024-01-01T00:00:00Z", 3);
    bars.swap(0, 2);
    assert_eq!(store.merge(&x, &bars, PLAIN).unwrap_err().code(), "bars_invalid");
    let bar = minute("2024-01-01T00:00:00Z", "5");
    let impossible = Bar { high: price("4"), ..bar };
    assert_eq!(store.merge(&x, &[impossible], PLAIN).unwrap_err().code(), "bars_invalid");
    assert_eq!(store.merge(&x, &[], PLAIN).unwrap().added, 0);
}

#[test]
fn a_read_is_bounded() {
    let (_folder, store) = store();
    let x = series("sim:X", "1m");
    store.merge(&x, &minutes("2024-01-01T00:00:00Z", 11), PLAIN).unwrap();
    assert_eq!(store.read(&x, ALWAYS, 11).unwrap().len(), 11);
    assert_eq!(store.read(&x, ALWAYS, 10).unwrap_err().code(), "bars_too_many");
    assert_eq!(store.read(&series("sim:NONE", "1m"), ALWAYS, 1).unwrap(), []);
}

#[test]
fn a_damaged_file_is_named_and_hides_no_other() {
    let (_folder, store) = store();
    let x = series("sim:X", "1m");
    store.merge(&x, &minutes("2024-01-31T23:30:00Z", 60), PLAIN).unwrap();
    let path = store.folder().join("sim/X/1m/2024-02.parquet");
    let intact = fs::read(&path).unwrap();
    for position in (0..intact.len()).step_by(7) {
        let mut damaged = intact.clone();
        damaged[position] ^= 0x20;
        fs::write(&path, &damaged).unwrap();
        let error = store.read(&x, ALWAYS, 100).unwrap_err();
        assert!(matches!(error.code(), "bars_corrupt_file" | "bars_foreign_file"), "{error}");
        assert!(error.to_string().contains("2024-02.parquet"), "{error}");
    }
    fs::write(&path, &intact[..intact.len() / 2]).unwrap();
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    assert_eq!((listing.series[0].count, listing.damaged.len()), (30, 1));
    let error = store.merge(&x, &minutes("2024-02-01T00:30:00Z", 1), OVERWRITE).unwrap_err();
    assert!(matches!(error.code(), "bars_corrupt_file" | "bars_foreign_file"), "{error}");
    let good = store.read(&x, ALWAYS.start..at("2024-02-01T00:00:00Z"), 100).unwrap();
    assert_eq!(good.len(), 30);
}

#[test]
fn foreign_files_are_named() {
    let (_folder, store) = store();
    let x = series("sim:X", "1m");
    store.merge(&x, &minutes("2024-01-01T00:00:00Z", 3), PLAIN).unwrap();
    let folder = store.folder().join("sim/X/1m");
    let january = fs::read(folder.join("2024-01.parquet")).unwrap();

    fs::write(folder.join("2024-03.parquet"), "PAR1 but not really PAR1").unwrap();
    let march = at("2024-03-01T00:00:00Z");
    let error = store.read(&x, march..ALWAYS.end, 9).unwrap_err();
    assert_eq!(error.code(), "bars_foreign_file", "{error}");
    fs::remove_file(folder.join("2024-03.parquet")).unwrap();

    fs::write(folder.join("2024-02.parquet"), &january).unwrap();
    let february = at("2024-02-01T00:00:00Z");
    let error = store.read(&x, february..ALWAYS.end, 9).unwrap_err().to_string();
    assert!(error.contains("the bar at 2024-01-01T00:00:00Z is of another month"), "{error}");
    fs::remove_file(folder.join("2024-02.parquet")).unwrap();

    let other = store.folder().join("sim/Y/1m");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("2024-01.parquet"), &january).unwrap();
    let error = store.read(&series("sim:Y", "1m"), ALWAYS, 9).unwrap_err().to_string();
    assert!(error.contains("instrument is `sim:X`, not `sim:Y`"), "{error}");

    fs::create_dir_all(store.folder().join("sim/Z/fortnight")).unwrap();
    fs::write(store.folder().join("notes.txt"), "mine").unwrap();
    let listing = store.list(|_| &AlwaysOpen).unwrap();
    assert_eq!(listing.series.len(), 1);
    let codes: Vec<_> = listing.damaged.iter().map(StoreError::code).collect();
    assert_eq!(codes, ["bars_foreign_file"; 3]);
}

#[test]
fn many_row_groups_read_as_one_series() {
    let (_folder, store) = store();
    let spec = SyntheticSpec::new(3, at("2024-01-01T00:00:00Z"), Timeframe::Seconds(1)).unwrap();
    let bars = generate(spec, 140_000).unwrap();
    let seconds = series("sim:DEMO", "1s");
    store.merge(&seconds, &bars, MADE_UP).unwrap();
    assert_eq!(store.latest(&seconds, 60_000).unwrap(), bars[80_000..]);
    let from = bars[131_000].open_at;
    let range = from..Timestamp(from.0 + 200_000_000_000);
    assert_eq!(store.read(&seconds, range, 1_000).unwrap(), bars[131_000..131_200]);
    let first = fs::read(store.folder().join("sim/DEMO/1s/2024-01.parquet")).unwrap();
    let (_other, again) = common::store();
    again.merge(&seconds, &bars, MADE_UP).unwrap();
    let second = fs::read(again.folder().join("sim/DEMO/1s/2024-01.parquet")).unwrap();
    assert_eq!(first, second, "the same bars make the same file");
}
