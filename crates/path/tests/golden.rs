//! Keeps the form of every event readable for ever: one golden record of each kind and version.
//! A golden file is never changed. With `UPDATE_GOLDEN=1` the files of new kinds are written.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use common::dice::Dice;
use path::event::{DecodeError, Event};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/events")
}

fn file(kind: &str) -> PathBuf {
    folder().join(format!("{kind}.v1.json"))
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_kind_has_a_golden_record() {
    for kind in Event::KINDS {
        let file = file(kind);
        let new = !file.exists() && env::var_os("UPDATE_GOLDEN").is_some_and(|v| v == "1");
        if new {
            let event = Dice::new(1).event(kind);
            let (version, body) = (event.version(), event.body().unwrap());
            let decoded = format!("{event:?}");
            let record = json!({
                "kind": kind, "version": version, "body": body, "decoded": decoded
            });
            fs::create_dir_all(folder()).unwrap();
            fs::write(&file, serde_json::to_string_pretty(&record).unwrap() + "\n").unwrap();
        }
        assert!(file.exists(), "{kind} has no golden record: run once with UPDATE_GOLDEN=1");
    }
}

/// What a later program reads in a record beyond what an earlier one read: it may know of more
/// fields, which are empty in an old record. Names, and the words of nothing, are left out.
///
/// # Errors
/// The first word that is not read any more.
fn read_beyond(now: &str, then: &str) -> Result<Vec<String>, String> {
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split_whitespace().map(|word| word.trim_end_matches(','))
    }
    let mut then = words(then).peekable();
    let nothing = |word: &str| {
        word.ends_with(':')
            || word.chars().all(|c| "{}[]".contains(c))
            || word != "true" && word.chars().all(char::is_alphabetic)
    };
    let more = words(now).filter(|word| then.next_if_eq(word).is_none() && !nothing(word));
    let more = more.map(str::to_owned).collect();
    then.next().map_or(Ok(more), |word| Err(word.to_owned()))
}

#[test]
fn more_fields_may_be_read_when_they_are_empty() {
    let then = "A { a: 1, b: Some(B { c: 2 }) }";
    let more = |now| read_beyond(now, then);
    assert_eq!(more(then), Ok(vec![]));
    assert_eq!(more("A { a: 1, b: Some(B { c: 2, d: None }), e: E { f: false } }"), Ok(vec![]));
    assert_eq!(more("A { a: 1, b: Some(B { c: 2 }), d: Some(3) }"), Ok(vec!["Some(3)".into()]));
    assert_eq!(more("A { a: 1, b: Some(B { c: 2 }), d: true }"), Ok(vec!["true".into()]));
    assert_eq!(more("A { a: 7, b: Some(B { c: 2 }) }"), Err("1".into()));
    assert_eq!(more("A { b: Some(B { c: 2 }), a: 1 }"), Err("b:".into()));
}

#[test]
fn golden_records_are_read_as_they_were_written() {
    let mut kinds = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().path();
        let golden = read(&file);
        let kind = golden["kind"].as_str().unwrap();
        let version = u16::try_from(golden["version"].as_u64().unwrap()).unwrap();
        let body = golden["body"].as_str().unwrap();
        let event = Event::decode(kind, version, body).unwrap();
        assert_eq!(event.kind(), kind);
        let (now, then) = (format!("{event:?}"), golden["decoded"].as_str().unwrap());
        assert_eq!(read_beyond(&now, then), Ok(vec![]), "{kind} is read as {now}");
        if version == event.version() {
            assert_eq!(event.body().unwrap(), body, "{kind} is written in another form");
        }
        kinds.insert(kind.to_owned());
    }
    let known: BTreeSet<_> = Event::KINDS.iter().map(|k| (*k).to_owned()).collect();
    assert_eq!(kinds, known);
}

#[test]
fn what_this_program_does_not_know_is_refused_by_name() {
    let unknown = Event::decode("time_travelled", 1, "{}").unwrap_err();
    assert!(matches!(unknown, DecodeError::Unknown { version: 1, .. }));
    let newer = Event::decode("alarm", 2, "{}").unwrap_err().to_string();
    assert_eq!(newer, "event `alarm` version 2 is unknown: a newer program wrote this journal");
    let other = Event::decode("alarm", 1, "{\"code\":7}").unwrap_err();
    assert!(matches!(other, DecodeError::Body { kind, .. } if kind == "alarm"));
}
