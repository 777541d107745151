//! What commands read and write, and what they keep their hands off.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use super::{refused, report, typed};

/// A copy of a file of the repository in this folder.
fn copy(folder: &Path, name: &str) -> String {
    let to = folder.join(name.rsplit('/').next().unwrap());
    fs::copy(super::file(name), &to).unwrap();
    to.display().to_string()
}

#[test]
fn a_page_is_never_written_over_what_is_read() {
    let tmp = tempfile::tempdir().unwrap();
    let strategy = copy(tmp.path(), "strategies/golden-cross.toml");
    let bars = copy(tmp.path(), "data/IBM-1d.csv");
    let splits = copy(tmp.path(), "data/splits.csv");
    let hard = tmp.path().join("hard.html");
    fs::hard_link(&bars, &hard).unwrap();
    let before = fs::read(&bars).unwrap();
    for output in [&strategy, &bars, &splits, &hard.display().to_string()] {
        let words =
            format!("backtest {strategy} --bars IBM={bars} --splits {splits} --html {output}");
        let told = typed(false, &words).unwrap_err().to_string();
        assert!(told.contains(&format!("--html {output}: the command reads this file")), "{told}");
    }
    assert_eq!(fs::read(&bars).unwrap(), before);
}

#[test]
fn a_page_replaces_an_earlier_page_and_no_other_file() {
    let tmp = tempfile::tempdir().unwrap();
    let page = tmp.path().join("run.html");
    for fee in ["0.001", "0.002"] {
        report(&format!(" --fee {fee} --html {}", page.display()));
    }
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!doctype html>"));
    let notes = tmp.path().join("notes.html");
    fs::write(&notes, "<title>my notes</title>").unwrap();
    let told = refused(&format!(" --html {}", notes.display()));
    assert!(told.contains("no earlier result of this command; name another file"), "{told}");
    assert_eq!(fs::read_to_string(&notes).unwrap(), "<title>my notes</title>");
    let told = refused(" --html /nowhere/run.html");
    assert!(told.contains("there is no folder /nowhere; make it"), "{told}");
}

#[test]
fn what_has_no_end_is_not_read() {
    for words in [
        "strategy check /dev/zero",
        "backtest /dev/zero --bars @data/IBM-1d.csv",
        "backtest @strategies/golden-cross.toml --bars /dev/zero",
        "backtest @strategies/golden-cross.toml --bars @data/IBM-1d.csv --splits /dev/zero",
        "backtest @strategies/golden-cross.toml --bars @data/IBM-1d.csv --calendar 24/7 --funding /dev/zero",
        "formula eval /dev/zero close",
    ] {
        let told = typed(false, words).unwrap_err().to_string();
        assert!(told.contains("can't open /dev/zero: it is a pipe or a device"), "{words}: {told}");
    }
    let tmp = tempfile::tempdir().unwrap();
    let large = tmp.path().join("large.toml");
    fs::write(&large, vec![b'#'; 70_000]).unwrap();
    let told = typed(false, &format!("strategy check {}", large.display())).unwrap_err();
    for word in ["large.toml", "at most 65536 bytes", "has 70000", "name another file"] {
        assert!(told.to_string().contains(word), "{told}");
    }
}

const SWEEP: &str = "sweep @strategies/ma-crossover.toml --bars @data/IBM-1d.csv --grid fast=5..10:5 --grid slow=20..40:20";

#[test]
fn a_sweep_goes_on_behind_a_torn_line_and_believes_no_changed_one() {
    let tmp = tempfile::tempdir().unwrap();
    let log = tmp.path().join("ma.jsonl");
    let sweep = || typed(false, &format!("{SWEEP} --out {}", log.display()));
    let first = sweep().unwrap().1;
    let whole = fs::read(&log).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 5);
    // Half a character at the end was three bytes as replaced text.
    OpenOptions::new().append(true).open(&log).unwrap().write_all(b"{\"set\xe2\x82").unwrap();
    assert_eq!(sweep().unwrap().1, first);
    assert_eq!(fs::read(&log).unwrap(), whole);
    let text = String::from_utf8(whole).unwrap();
    let changed = text.replacen("},\"objective\":\"", "},\"objective\":\"9", 1);
    assert_ne!(changed, text);
    fs::write(&log, &changed).unwrap();
    let told = sweep().unwrap_err().to_string();
    assert!(told.contains("ma.jsonl: line 2: its check doesn't fit"), "{told}");
    assert_eq!(fs::read_to_string(&log).unwrap(), changed, "nothing is cut off");
}

#[test]
fn a_log_of_a_sweep_is_a_file_of_its_own() {
    let tmp = tempfile::tempdir().unwrap();
    let bars = copy(tmp.path(), "data/IBM-1d.csv");
    let out = |path: &str, bars: &str| {
        let words = SWEEP.replace("@data/IBM-1d.csv", bars);
        typed(false, &format!("{words} --out {path}")).unwrap_err().to_string()
    };
    let before = fs::read(&bars).unwrap();
    let told = out(&bars, &bars);
    assert!(told.contains("--out") && told.contains("the command reads this file"), "{told}");
    assert_eq!(fs::read(&bars).unwrap(), before);
    for path in ["/dev/full", "/dev/zero"] {
        assert!(out(path, "@data/IBM-1d.csv").contains("it is a pipe or a device"));
    }
    let large = tmp.path().join("large.jsonl");
    fs::File::create(&large).unwrap().set_len(3 << 30).unwrap();
    let told = out(&large.display().to_string(), "@data/IBM-1d.csv");
    assert!(told.contains("large.jsonl: a log of this sweep has at most 24576 bytes"), "{told}");
    assert!(told.contains("3221225472"), "{told}");
}
