//! The kill switch with and without a desk.

use std::{fs, path::Path, time::Instant};

use clap::Parser;
use domain::{
    AccountId, BookId, CalendarKind, ClientOrderId, Currency, InstallationId, IntentId, OrderKind,
    Origin, OriginKind, Principal, Side, TimeInForce, VenueOrderId,
};
use path::{
    event::{AccountOpened, Event, OrderAccepted, OrderRecorded},
    policy::{AccountSpec, Mode, Policy},
    verbs::RiskClass,
};
use serde_json::{Value, json};
use store::DataDirLock;

use super::*;
use crate::cli::{
    args::{Cli, Command},
    testing::{self, Answer, Desk},
};

/// A port on which nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

fn run_in(dir: &Path, url: &str, json: bool, words: &[&str]) -> Result<(Outcome, String), Failure> {
    let head = ["cofferdam", "--data-dir", dir.to_str().unwrap(), "--url", url, "kill"];
    let cli = Cli::try_parse_from(head.into_iter().chain(words.iter().copied())).unwrap();
    let Command::Kill(args) = cli.command else { panic!("not the kill switch") };
    let mut out = Out::new(json);
    let outcome = run(args, &Context::new(cli.global), &mut out)?;
    Ok((outcome, out.text().to_owned()))
}

fn give_key(dir: &Path) {
    let key = dir.join("bootstrap.key");
    fs::write(&key, "cfd_test_key").unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn order(id: &str, class: RiskClass) -> OrderRecorded {
    OrderRecorded {
        client_order_id: ClientOrderId::new(id).unwrap(),
        intent: IntentId::new(id).unwrap(),
        book: BookId::manual(),
        instrument: "sim:IBM".parse().unwrap(),
        side: Side::Buy,
        qty: "1000".parse().unwrap(),
        kind: OrderKind::Limit { limit: "120.5".parse().unwrap() },
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        class,
        origin: Origin::new(OriginKind::ApiKey, Principal::desk()),
        protective: domain::Protective::default(),
        conditions: Default::default(),
        replaces: None,
        close: None,
        reference: None,
        notional: None,
        idempotency: None,
    }
}

fn events() -> Vec<Event> {
    let accepted = OrderAccepted {
        client_order_id: ClientOrderId::new("cfa1b2c3-1-1").unwrap(),
        venue_order_id: VenueOrderId::new("v1").unwrap(),
    };
    vec![
        Event::AccountOpened(AccountOpened {
            spec: AccountSpec {
                id: AccountId::new("main").unwrap(),
                name: "Main".to_owned(),
                venue: "sim".parse().unwrap(),
                identity: "sim-main".to_owned(),
                mode: Mode::Paper,
                reporting: Currency::usd(),
                calendar: CalendarKind::AlwaysOpen,
            },
            policy: Policy::default(),
            installation: InstallationId::new("a1b2c3").unwrap(),
        }),
        Event::OrderRecorded(Box::new(order("cfa1b2c3-1-1", RiskClass::Entry))),
        Event::OrderAccepted(accepted),
        Event::OrderRecorded(Box::new(order("cfa1b2c3-1-2", RiskClass::Protective))),
    ]
}

/// A data folder whose journal ends with a working order and one of unknown fate.
fn journal(dir: &Path) {
    testing::journal(dir, "main", &events());
}

#[test]
fn without_a_server_the_file_is_written_and_live_orders_are_told() {
    let tmp = tempfile::tempdir().unwrap();
    journal(tmp.path());
    give_key(tmp.path());
    let (outcome, text) = run_in(tmp.path(), NOBODY, false, &[]).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(fs::read_to_string(tmp.path().join("KILL")).unwrap(), "halt");
    for part in [
        "no desk answers at http://127.0.0.1:1",
        "kill switch at halt, written to ",
        "cfa1b2c3-1-1  sim:IBM  buy   limit  1,000  120.50  working since 2023-11-14 22:13:20Z",
        "cfa1b2c3-1-2  sim:IBM  buy   limit  1,000  120.50  recorded since",
        "nothing was cancelled",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let (_, text) = run_in(tmp.path(), NOBODY, true, &["pause"]).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["level"], "halt", "a lower level does not replace a higher one");
    assert_eq!(report["desk_running"], false);
    assert_eq!(report["accounts"][0]["live_orders"].as_array().unwrap().len(), 2);
}

#[test]
fn a_desk_that_hangs_or_knows_no_key_is_stopped_by_the_file() {
    let tmp = tempfile::tempdir().unwrap();
    let (outcome, text) = run_in(tmp.path(), NOBODY, false, &["flatten"]).unwrap();
    assert_eq!(outcome, Outcome::Done, "{text}");
    assert_eq!(fs::read_to_string(tmp.path().join("KILL")).unwrap(), "flatten");
    assert!(text.contains("there is no key"), "{text}");

    let tmp = tempfile::tempdir().unwrap();
    journal(tmp.path());
    give_key(tmp.path());
    let _desk = DataDirLock::acquire(tmp.path()).unwrap();
    let door = Desk::answering([Answer::json(503, &json!({"code": "busy"}))]);
    let (outcome, text) = run_in(tmp.path(), door.url(), false, &[]).unwrap();
    assert_eq!(outcome, Outcome::Refused, "a running desk has to take the file");
    assert!(text.contains("main: NOT acknowledged in the journal"), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
}

#[test]
fn a_desk_that_takes_its_time_is_stopped_by_the_file_meanwhile() {
    let (silent, answering) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let within = Duration::from_millis(50);
    let pull = |dir: &tempfile::TempDir, within| {
        offline::after_silence(Some(dir.path().to_owned()), KillLevel::Halt, within)
    };
    drop(pull(&answering, Duration::from_secs(60)));
    let waiting = pull(&silent, within);
    let deadline = Instant::now() + Duration::from_secs(10);
    let file = silent.path().join("KILL");
    while fs::read_to_string(&file).unwrap_or_default() != "halt" {
        assert!(Instant::now() < deadline, "the file was not written");
        std::thread::sleep(within);
    }
    drop(waiting);
    assert!(!answering.path().join("KILL").exists(), "an answer came first");
}

#[test]
fn nothing_to_stop_is_never_told_as_stopped() {
    let tmp = tempfile::tempdir().unwrap();
    let failure = run_in(&tmp.path().join("typo"), NOBODY, false, &[]).unwrap_err();
    assert!(failure.to_string().contains("NOT KILLED"), "{failure}");
    assert!(!tmp.path().join("typo").exists());
}

#[test]
fn a_running_desk_tells_what_was_in_flight() {
    let tmp = tempfile::tempdir().unwrap();
    give_key(tmp.path());
    let report = |acknowledged: bool| {
        json!({"level": "halt", "acknowledged": acknowledged, "file": true, "accounts": [
            {"account": "main", "acknowledged": acknowledged, "in_flight": ["cfa1b2c3-1-7"]}]})
    };
    let desk =
        Desk::answering([report(true), report(false), report(true)].map(|r| Answer::json(200, &r)));
    let (outcome, text) = run_in(tmp.path(), desk.url(), false, &["--reason", "drill"]).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert!(text.contains("acknowledged by the desk at http://127.0.0.1:"), "{text}");
    assert!(text.contains("cfa1b2c3-1-7"), "{text}");
    let sent: Value = serde_json::from_str(&desk.requests()[0].body).unwrap();
    assert_eq!(sent, json!({"level": "halt", "reason": "drill"}));
    let (outcome, text) = run_in(tmp.path(), desk.url(), false, &[]).unwrap();
    assert_eq!(outcome, Outcome::Refused);
    assert!(text.contains("main: NOT acknowledged"), "{text}");
    let (_, text) = run_in(tmp.path(), desk.url(), true, &[]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), report(true), "unchanged");
    assert!(!tmp.path().join("KILL").exists(), "the desk writes the file itself");
}

#[test]
fn only_a_desk_releases() {
    let tmp = tempfile::tempdir().unwrap();
    give_key(tmp.path());
    fs::write(tmp.path().join("KILL"), "halt").unwrap();
    let failure = run_in(tmp.path(), NOBODY, false, &["release", "--yes"]).unwrap_err();
    assert!(failure.to_string().contains("start it with `cofferdam up`"), "{failure}");
    assert!(tmp.path().join("KILL").exists());
    let accounts = json!({"accounts": []});
    let desk = Desk::answering([
        Answer::json(200, &accounts),
        Answer::json(200, &json!({"released": true, "refused": {}})),
    ]);
    run_in(tmp.path(), desk.url(), false, &["release", "--yes"]).unwrap();
    let request = &desk.requests()[1];
    assert_eq!(request.line(), "POST /api/kill/release");
    assert_eq!(request.body, r#"{"confirm":"release"}"#);
}
