//! What can't be done is told by argument, value, rule and remedy.

use std::{fs, io::Write as _, path::Path};

use clap::CommandFactory as _;

use super::typed;
use crate::cli::{Outcome, args::Cli, values};

const BACKTEST: &str = "backtest @strategies/golden-cross.toml --bars @data/IBM-1d.csv";
const SWEEP: &str = "sweep @strategies/ma-crossover.toml --bars @data/IBM-1d.csv";
const WALK: &str =
    "walk-forward @strategies/ma-crossover.toml --bars @data/IBM-1d.csv --grid fast=5..10:5";
const LOOKAHEAD: &str = "lookahead @strategies/golden-cross.toml --bars @data/IBM-1d.csv";
const EVAL: &str = "formula eval @data/IBM-1d.csv close";
const GENERATE: &str = "bars generate --symbol X --timeframe 1d";

/// A command, what is added to it, and words that must occur.
type Case<'a> = (&'a str, &'a str, &'a [&'a str]);

fn check(cases: &[Case<'_>]) {
    for (command, more, words) in cases {
        let told = typed(false, &format!("{command} {more}")).map(|(_, text)| text);
        let told = told.expect_err(more).to_string();
        for word in *words {
            assert!(told.contains(word), "{more}: `{word}` is missing in: {told}");
        }
    }
}

#[test]
fn numbers_that_can_not_be_meant() {
    check(&[
        (BACKTEST, "--cash -5", &["'-5'", "--cash", "above 0", "10000"]),
        (BACKTEST, "--cash 0", &["'0'", "--cash", "above 0"]),
        (
            BACKTEST,
            "--cash 1e30",
            &["'1e30'", "--cash", "without separators, currency or exponent"],
        ),
        (BACKTEST, "--cash 10,000", &["'10,000'", "--cash", "without separators", "10000"]),
        (BACKTEST, "--cash 1000000000000001", &["--cash", "at most 1000000000000000 dollars"]),
        (BACKTEST, "--fee 0.1%", &["'0.1%'", "--fee", "0.1 % is written 0.001"]),
        (BACKTEST, "--fee 5", &["'5'", "--fee", "from -0.1 to 0.1", "0.001"]),
        (BACKTEST, "--fee -1", &["'-1'", "--fee", "from -0.1 to 0.1"]),
        (BACKTEST, "--spread-bps 1e9", &["'1e9'", "--spread-bps", "less than 20000", "written 5"]),
        (BACKTEST, "--spread-bps 20000", &["'20000'", "--spread-bps", "less than 20000"]),
        (BACKTEST, "--slippage-bps 1001", &["'1001'", "--slippage-bps", "from 0 to 1000"]),
        (BACKTEST, "--slippage-bps -1", &["'-1'", "--slippage-bps", "from 0 to 1000"]),
        (BACKTEST, "--borrow-rate 99", &["'99'", "--borrow-rate", "3 % is written 0.03"]),
        (BACKTEST, "--step 0", &["'0'", "--step", "above 0", "0.000001"]),
        (BACKTEST, "--step -1", &["'-1'", "--step", "above 0"]),
        (BACKTEST, "--seed -1", &["'-1'", "--seed", "a whole number from 0 to"]),
        (SWEEP, "--random 0", &["'0'", "--random", "a whole number from 1 to 1000000"]),
        (SWEEP, "--random -4", &["'-4'", "--random", "a whole number from 1 to 1000000"]),
        (SWEEP, "--random 5 --threads 0", &["'0'", "--threads", "from 1 to 1024"]),
        (WALK, "--train 0", &["'0'", "--train", "a whole number from 1"]),
        (WALK, "--test -1", &["'-1'", "--test", "a whole number from 1"]),
        (LOOKAHEAD, "--cuts 0", &["'0'", "--cuts", "a whole number from 1 to 10000"]),
        (EVAL, "--last -3", &["'-3'", "--last", "a whole number from 1"]),
        (GENERATE, "--bars 10 --seed -1", &["'-1'", "--seed", "a whole number from 0"]),
        (GENERATE, "--seed 1 --bars -1", &["'-1'", "--bars", "from 1 to 3000000"]),
        (
            SWEEP,
            "--grid fast=5..50:0.00000001",
            &["fast=5..50", "more than 1000000 values", "take a larger step"],
        ),
    ]);
}

#[test]
fn what_is_allowed_is_still_taken() {
    Cli::command().debug_assert();
    assert_eq!(values::cash("0.01").unwrap().to_string(), "0.01");
    assert_eq!(values::fee("-0.0002").unwrap().to_string(), "-0.0002");
    assert_eq!(values::spread_bps("19999.5").unwrap().to_string(), "19999.5");
    assert_eq!(values::seed("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(values::threads("1024").map(usize::from), Ok(1_024));
    assert!(values::edge("2012-02-29").is_ok() && values::edge("2010-01-31T15:30:00Z").is_ok());
    assert!(values::start("2199-12-31T23:59:59Z").is_ok());
    assert!(typed(false, &format!("{BACKTEST} --fee -0.0002 --cash 2500.50 --step 2")).is_ok());
}

#[test]
fn days_and_instants_that_are_none() {
    check(&[
        (BACKTEST, "--from 2010-02-30", &["'2010-02-30'", "--from", "no such day", "2010-01-31"]),
        (BACKTEST, "--until 2010-13-01", &["'2010-13-01'", "--until", "no such day"]),
        (BACKTEST, "--until soon", &["'soon'", "--until", "2010-01-31T15:30:00Z"]),
        (
            GENERATE,
            "--bars 10 --seed 1 --start 9999-12-30",
            &["'9999-12-30'", "--start", "1900 to 2199", "T00:00:00Z"],
        ),
        (
            GENERATE,
            "--bars 10 --seed 1 --start 9999-12-30T00:00:00Z",
            &["--start", "an instant in the years 1900 to"],
        ),
    ]);
    let tmp = tempfile::tempdir().unwrap();
    let late = format!("--start 2199-01-01T00:00:00Z --data-dir {}", tmp.path().display());
    let late = format!("bars generate --symbol X --timeframe 1d --bars 90000 --seed 1 {late}");
    let told = typed(false, &late).unwrap_err().to_string();
    assert!(told.contains("--bars 90000: time ends after 2"), "{told}");
    assert!(told.contains("make fewer, or begin earlier"), "{told}");
}

#[test]
fn symbols_that_are_none_and_files_that_name_another() {
    let wrong = "is no symbol";
    check(&[
        (BACKTEST, "--symbol =HYPERLINK(1)", &["--symbol =HYPERLINK(1)", wrong, "sim:IBM"]),
        (BACKTEST, "--symbol ..%2f", &["--symbol ..%2f", wrong, "`%`"]),
        (BACKTEST, "--symbol A\u{202e}B", &["--symbol A", wrong]),
        (BACKTEST, "--symbol IBM --symbol IBM", &["--symbol IBM", "named twice"]),
        (EVAL, "--other =1=@data/GOOG-1d.csv", &["--other =1=", wrong]),
        (
            BACKTEST,
            "--symbol GOOG",
            &["IBM-1d.csv: the name of the file says IBM", "--bars GOOG=", "--symbol IBM"],
        ),
    ]);
    let meant = BACKTEST.replace("--bars ", "--symbol GOOG --bars GOOG=");
    assert!(typed(false, &meant).unwrap().1.contains("Golden cross on GOOG"));
    assert!(typed(false, &format!("{BACKTEST} --symbol ibm")).is_ok(), "case is no difference");
}

/// Writes a file and gives its name.
fn written(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path.display().to_string()
}

#[test]
fn files_that_are_no_bars() {
    let tmp = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(super::file("data/IBM-1d.csv")).unwrap();
    let short: String = text.lines().take(9).map(|line| format!("{line}\r")).collect();
    let zones = "time,open,high,low,close\n2024-01-02T00:00:00-05:00,1,1,1,1\n2024-01-03T00:00:00Z,1,1,1,1\n";
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16().take(500))
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, bytes, words) in [
        ("packed.csv", &b"\x1f\x8b\x08\x00\x00"[..], &["packed by gzip", "gunzip"][..]),
        (
            "long.csv",
            text.replace('\n', "\r").as_bytes(),
            &["line 1", "save the file with line feeds"],
        ),
        ("short.csv", short.as_bytes(), &["line 1", "save the file with line feeds"]),
        ("utf16.csv", &utf16, &["UTF-16", "save it as UTF-8"]),
        (
            "zones.csv",
            zones.as_bytes(),
            &["line 3: time `2024-01-03T00:00:00Z`", "one time zone", "in the same zone"],
        ),
        ("empty.csv", b"", &["the file has no bars"]),
    ] {
        let file = written(tmp.path(), name, bytes);
        let command = format!("backtest @strategies/golden-cross.toml --bars IBM={file}");
        let told = typed(false, &command).unwrap_err().to_string();
        assert!(told.contains(name), "{told}");
        for word in words {
            assert!(told.contains(word), "{name}: `{word}` is missing in: {told}");
        }
        assert!(!told.contains('\u{fffd}'), "lines stay lines: {told}");
    }
    let twice = "time,rate\n2005-02-28T00:00:00Z,0.0002\n2005-02-28T00:00:00Z,0.0001\n";
    let file = written(tmp.path(), "twice.csv", twice.as_bytes());
    let folder = tmp.path().display().to_string();
    check(&[
        (
            BACKTEST,
            &format!("--calendar 24/7 --funding {file}"),
            &["twice.csv: line 3: time", "line 2 has it", "delete one of the rows"],
        ),
        (
            BACKTEST,
            "--splits /nowhere/s.csv",
            &["/nowhere/s.csv", "no such file", "check its name"],
        ),
        (BACKTEST, &format!("--splits {folder}"), &[&folder, "it is a folder", "name a file"]),
        (
            "backtest @strategies/golden-cross.toml",
            "--bars /nowhere/IBM.csv",
            &["/nowhere/IBM.csv", "no such file"],
        ),
        ("strategy", "check /nowhere.toml", &["/nowhere.toml", "no such file"]),
    ]);
}

#[test]
fn a_fault_shows_its_line_without_what_turns_it_around() {
    let tmp = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(super::file("strategies/golden-cross.toml")).unwrap();
    let text = text.replacen("name = \"", "name =\t\"\u{202e}", 1);
    let file = written(tmp.path(), "turned.toml", text.as_bytes());
    let (outcome, told) = typed(false, &format!("strategy check {file}")).unwrap();
    assert_eq!(outcome, Outcome::Refused);
    assert!(told.contains("turned.toml:1:8: name:") && told.contains("U+202E"), "{told}");
    assert!(told.contains("name = \"\u{fffd}") && !told.contains('\u{202e}'), "{told}");
}
