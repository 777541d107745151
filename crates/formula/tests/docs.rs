//! The reference of the language is what the definitions say. `UPDATE_DOCS=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use formula::{Env, catalog, check, docs};

const BEGIN: &str = "<!-- made from the definitions: begin -->\n";
const END: &str = "<!-- made from the definitions: end -->\n";

#[test]
fn the_reference_says_what_the_definitions_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formulas.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (old, tail) = rest.split_once(END).unwrap();
    let new = format!("\n{}\n", docs::markdown());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{new}{END}{tail}")).unwrap();
    } else {
        assert!(old == new, "docs/formulas.md is old; run this test with UPDATE_DOCS=1");
    }
}

#[test]
fn every_example_is_right_and_every_entry_is_complete() {
    let mut names = std::collections::BTreeSet::new();
    for function in catalog::functions() {
        let name = function.name;
        assert!(names.insert(name), "{name} is there twice");
        let checked = check(function.example, &Env::default());
        assert!(checked.is_ok(), "{name}: {}", checked.unwrap_err());
        assert!(function.example.contains(name), "{name}: the example shows another function");
        for text in [function.summary, function.formula, function.source] {
            assert!(!text.is_empty(), "{name} lacks a text");
        }
        assert!(function.summary.ends_with('.'), "{name}: {}", function.summary);
        assert!(formula::NAMES.iter().all(|one| one.name != name), "{name} is a value too");
    }
}
