//! Keeps the page of statistics the same as the fields that it describes. With `UPDATE_DOCS=1` the
//! page is written anew.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::{collections::BTreeSet, env, fs, path::Path};

use research::stats::{describe, documentation};

#[test]
fn the_page_of_statistics_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/statistics.md");
    let page = documentation();
    if env::var_os("UPDATE_DOCS").is_some_and(|v| v == "1") {
        fs::create_dir_all(file.parent().expect("it is in a folder")).unwrap();
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(written, page, "run the tests of this crate once with UPDATE_DOCS=1");
}

#[test]
fn every_figure_has_a_name_a_meaning_and_a_formula() {
    let mut top = BTreeSet::new();
    for group in describe() {
        let mut names = BTreeSet::new();
        for figure in group.figures {
            let name = figure.name;
            assert!(names.insert(name), "{name} is there twice in {}", group.title);
            assert!(group.place != "at the top" || top.insert(name), "{name} is at the top twice");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            );
            assert!(figure.meaning.trim().ends_with('.') && !figure.formula.is_empty(), "{name}");
            assert!(!format!("{figure:?}").contains('|'), "{name} would break the table");
            let whole = figure.undefined.is_empty() || figure.undefined.ends_with('.');
            assert!(whole, "{name}: {}", figure.undefined);
        }
    }
}
