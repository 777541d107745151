//! Import and list over the repository's sample data.

use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::Value;

use super::{super::args::Cli, super::args::Command, *};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

fn run_in(dir: &Path, json: bool, words: &[&str]) -> Result<(Outcome, String), Failure> {
    let dir = dir.to_str().unwrap();
    let all = ["cofferdam", "--data-dir", dir, "bars"].into_iter().chain(words.iter().copied());
    let cli = Cli::try_parse_from(all).unwrap();
    let Command::Bars { command } = cli.command else { panic!("not a bars command") };
    let mut out = Out::new(json);
    let outcome = run(command, &Context::new(cli.global), &mut out)?;
    Ok((outcome, out.text().to_owned()))
}

#[test]
fn sample_files_are_imported_once_and_listed_with_their_gaps() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().join("new");
    let file = sample("FB-1d.csv");
    // The sample has prices of four decimals and no other fault.
    let words = ["import", file.to_str().unwrap(), "--symbol", "FB", "--timeframe", "1d"];
    let (_, first) = run_in(&dir, false, &words).unwrap();
    assert!(first.contains("196 rows, 2012-05-18 13:30:00Z to 2013-03-01 21:00:00Z"), "{first}");
    assert!(first.contains("196 added, 0 replaced, 0 known"), "{first}");
    let (_, again) = run_in(&dir, true, &words).unwrap();
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["files"][0]["stored"]["unchanged"], 196);

    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&dir).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700, "a data folder is private from its first moment");

    let generate =
        ["generate", "--symbol", "DEMO", "--seed", "7", "--bars", "3000", "--timeframe", "1m"];
    run_in(&dir, false, &generate).unwrap();
    let (outcome, listed) = run_in(&dir, true, &["list"]).unwrap();
    assert_eq!(outcome, Outcome::Done);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let seen: Vec<_> = listed["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| format!("{} {} {}", s["instrument"], s["count"], s["gaps"]["missing_bars"]))
        .collect();
    assert_eq!(seen, ["\"sim:DEMO\" 3000 0", "\"sim:FB\" 196 0"]);
    let (_, words) = run_in(&dir, false, &["list"]).unwrap();
    assert!(words.contains("synthetic") && words.contains("of a market"), "{words}");
}

#[test]
fn a_file_with_findings_is_refused_whole_and_names_the_repair() {
    let tmp = tempfile::tempdir().unwrap();
    let bad = tmp.path().join("bad.csv");
    std::fs::write(
        &bad,
        "time,open,high,low,close\n2024-01-03,1,2,1,2\n2024-01-02,1,2,1,2\n\u{1b}[2J,1,2,1,2\n",
    )
    .unwrap();
    let good = sample("FB-1d.csv");
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let words = ["import", good, bad, "--symbol", "X", "--timeframe", "1d"];
    let failure = run_in(tmp.path(), false, &words).unwrap_err();
    assert_eq!(failure.code(), "import_refused");
    assert!(failure.to_string().contains("choose the repair sort"), "{failure}");
    assert!(!failure.to_string().contains('\u{1b}'));
    let (_, listed) = run_in(tmp.path(), false, &["list"]).unwrap();
    assert!(listed.starts_with("no bars yet"), "the good file was not stored: {listed}");

    let words = [&words[..1], &words[2..], &["--repair", "sort,drop-unreadable"]].concat();
    let (_, text) = run_in(tmp.path(), false, &words).unwrap();
    assert!(text.contains("repaired: 1 time, 1 disorder"), "{text}");
}

#[test]
fn unknown_repairs_and_symbols_are_bad_usage() {
    let names = |names: &[&str]| {
        import::repairs(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(names(&["round_decimals=8"]).unwrap().round_decimals, Some(8));
    for wrong in ["round_decimals=13", "round_decimals", "mend", ""] {
        assert!(names(&[wrong]).unwrap_err().is_usage(), "{wrong}");
    }
}
