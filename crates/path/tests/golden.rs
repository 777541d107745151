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

/// Fields that came later, as they stand in a record that was written before them, and what stood
/// there then.
const ADDED: &[(&str, &str)] = &[
    (", distances: Distances { stop: None, target: None }", ""),
    (
        "conditions: Conditions { trigger_by: None, extended_hours: false, activate: Now, group: \
         None }, ",
        "",
    ),
    ("replaces: None, ", ""),
    (", trail: None, targets: [], time_stop: None", ""),
    (", contract: None", ""),
    ("target: None, then: None, idempotency", "idempotency"),
    ("net_exposure: None, correlated_exposure: None, leverage: None, ", ""),
    ("margin_used: None, ", ""),
    (", data_delay_secs: None", ""),
    ("origin_daily_notional: None, ", ""),
    (", trading_window: None", ""),
    ("), reporting: None, reason", "), reason"),
    (", trading_capital: None", ""),
    (", spot_maintenance_rate: None, margin_mode: Cross", ""),
    (", placed_at: None", ""),
    (", becomes: Order", ""),
    (", sold: None", ""),
    (", asked_by: None", ""),
    (", by: None", ""),
    (", leverage: Leverage(1), spot_margin_rate: None, rate_max_age_secs: 86400", ""),
];

/// What an event says, without what could not be said when its golden record was written.
fn as_then(event: &Event) -> String {
    without_later(&format!("{event:?}"))
}

fn without_later(text: &str) -> String {
    ADDED.iter().fold(text.to_owned(), |text, (added, before)| text.replace(added, before))
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
        let then = without_later(golden["decoded"].as_str().unwrap());
        assert_eq!(as_then(&event), then, "{kind}");
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
