//! Orders as they are typed, sent and answered, against a tiny desk.

use clap::Parser;
use serde_json::json;

use super::*;
use crate::cli::{
    args::{Cli, Command},
    testing::{self, Answer, Desk},
};

fn parse(words: &str) -> Result<PlaceArgs, clap::Error> {
    let all = ["cofferdam", "order"].into_iter().chain(words.split(' '));
    match Cli::try_parse_from(all)?.command {
        Command::Order { command } => match *command {
            OrderCommand::Buy(args) | OrderCommand::Sell(args) => Ok(args),
            _ => panic!("no order"),
        },
        _ => panic!("no order"),
    }
}

fn body(words: &str) -> Value {
    let account = AccountId::new("main").unwrap();
    let args = parse(words).unwrap();
    body::order(Side::Buy, &account, &"sim:IBM".parse().unwrap(), &args).unwrap()
}

fn run_at(desk: &Desk, json: bool, words: &str) -> Result<(Outcome, String), Failure> {
    testing::run_at(desk, json, &format!("order {words}"))
}

#[test]
fn an_order_is_sent_as_it_was_typed_and_nothing_more() {
    assert_eq!(
        body("buy IBM 10"),
        json!({"account": "main", "book": "manual", "symbol": "sim:IBM", "side": "buy",
               "type": "market", "quantity": "10", "tif": "gtc"})
    );
    assert_eq!(
        body(
            "buy IBM --risk-percent 1.5 --stop 115 --target 140 --limit 120.50 --stop-entry 121 \
              --tif DAY --post-only --reduce-only --source strategy:x --book b"
        ),
        json!({"account": "main", "book": "b", "symbol": "sim:IBM", "side": "buy",
               "type": "stop_limit", "limit": "120.5", "trigger": "121", "risk_percent": "1.5",
               "tif": "day", "post_only": true, "reduce_only": true, "stop": "115",
               "target": "140", "source": {"kind": "strategy", "name": "x"}})
    );
    assert_eq!(
        body(
            "buy IBM 10 --trail 3% --take 130:33 --time-stop 2h --trigger 125 --trigger-by quote \
              --at-open --group breakout"
        ),
        json!({"account": "main", "book": "manual", "symbol": "sim:IBM", "side": "buy",
               "type": "stop", "trigger": "125", "quantity": "10", "tif": "gtc",
               "trigger_by": "quote", "activate": "next_open", "group": "breakout",
               "trail_percent": "3", "targets": [{"price": "130", "percent": "33"}],
               "time_stop_secs": 7200})
    );
    assert_eq!(body("buy IBM 10 --limit 5 --extended-hours")["extended_hours"], true);
    assert_eq!(body("buy IBM --risk-percent 1 --trail 5")["trail_amount"], "5");
    assert_eq!(body("sell IBM --notional 1000 --limit 5")["notional"], "1000");
    assert_eq!(body("sell IBM --percent-equity 10 --trigger 5")["type"], "stop");
}

#[test]
fn contradictions_are_bad_usage() {
    for words in [
        "buy IBM",
        "buy IBM 10 --notional 5",
        "buy IBM ten",
        "buy IBM 1e3",
        "buy IBM -5",
        "buy IBM --risk-percent 1",
        "buy IBM 10 --post-only",
        "buy IBM 10 --tif forever",
        "buy IBM 10 --limit 0",
        "buy IBM 10 --source golden-cross",
        "buy IBM 10 --source human:x",
        "buy IBM 10 --wait 5h",
        "buy IBM 10 --wait 6s",
        "list --live --all",
        "buy IBM 10 --trigger-by last",
        "buy IBM 10 --trigger 5 --trigger-by bid",
        "buy IBM 10 --extended-hours",
        "buy IBM 10 --trail-from 5",
        "buy IBM 10 --take 5",
        "buy IBM 10 --group ümlaut",
        "change a-1",
        "change a-1 --qty x",
        "change --limit 5",
        "disarm",
    ] {
        let all = ["cofferdam", "order"].into_iter().chain(words.split(' '));
        assert!(Cli::try_parse_from(all).is_err(), "{words}");
    }
    let wait = |text: &str| parse(&format!("buy IBM 1 --wait {text}")).unwrap().wait.as_millis();
    assert_eq!([wait("3s"), wait("500ms"), wait("0")], [3_000, 500, 0]);
}

fn main_account() -> Answer {
    Answer::json(200, &json!({"accounts": [{"id": "main", "venue": "sim"}]}))
}

#[test]
fn an_order_waits_keeps_its_key_and_tells_what_became_of_it() {
    let order = json!({"outcome": "recorded", "order": "cfa1b2c3-1-a", "state": {"client_order_id": "cfa1b2c3-1-a", "status": "filled", "qty": "1000",
                       "filled": "1000", "average_price": "120.5", "type": "market"}});
    let desk = Desk::answering([main_account(), Answer::json(201, &order)]);
    let (outcome, text) = run_at(&desk, false, "buy IBM 1000 --key k-1").unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(
        text,
        "order cfa1b2c3-1-a · filled\n  quantity  1,000\n  filled    1,000\n  average   120.50\n"
    );
    let requests = desk.requests();
    assert_eq!(requests[1].line(), "POST /api/orders?wait_ms=3000");
    assert!(requests[1].head.to_lowercase().contains("idempotency-key: k-1\r\n"));
}

#[test]
fn a_change_is_sent_once_and_told_with_what_it_replaces() {
    let made = json!({"outcome": "recorded", "order": "a-2", "replaces": "a-1", "replayed": false,
        "state": {"client_order_id": "a-2", "status": "working", "qty": "3", "filled": "0"}});
    let desk = Desk::answering([Answer::json(201, &made), Answer::json(201, &made)]);
    let words = "change a-1 --qty 7 --limit 99.5 --account main --key k-1";
    let (outcome, text) = run_at(&desk, false, words).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(text, "order a-2 · working\n  quantity  3\n  filled    0\n  replaces  a-1\n");
    let request = &desk.requests()[0];
    assert_eq!(request.line(), "PATCH /api/orders/main/a-1?wait_ms=3000");
    let sent: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(sent, json!({"quantity": "7", "limit": "99.5"}));
    assert!(request.head.to_lowercase().contains("idempotency-key: k-1\r\n"));
    let (_, text) = run_at(&desk, true, "change a-1 --trigger 5 --account main --wait 0").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), made);
    assert_eq!(desk.requests()[1].line(), "PATCH /api/orders/main/a-1");
}

#[test]
fn what_waits_for_an_opening_is_told_listed_and_taken_back() {
    let armed = json!({"outcome": "armed", "account": "main", "armed": "api-1"});
    let list = json!({"armed": [{"id": "api-1", "account": "main", "book": "manual",
        "symbol": "sim:IBM", "side": "buy", "type": "market", "size_by": "percent_equity",
        "size": "5", "stop": "115", "since": "2026-01-29T22:00:00Z",
        "origin": {"kind": "api_key", "principal": "x"}}], "unavailable": []});
    let desk = Desk::answering([
        main_account(),
        Answer::json(202, &armed),
        Answer::json(200, &list),
        Answer::json(200, &json!({"armed": [], "unavailable": []})),
        main_account(),
        Answer::json(200, &json!({"done": true})),
    ]);
    let (outcome, text) = run_at(&desk, false, "buy IBM 10 --at-open").unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert!(text.ends_with("take it back: cofferdam order disarm api-1\n"), "{text}");
    let (_, text) = run_at(&desk, false, "armed").unwrap();
    assert!(text.contains("percent equity 5") && text.contains("115.00"), "{text}");
    let (_, text) = run_at(&desk, false, "armed --account main").unwrap();
    assert_eq!(text, "nothing waits for an opening\n");
    let (_, text) = run_at(&desk, false, "disarm api-1").unwrap();
    assert_eq!(text, "api-1 no longer waits\n");
    let requests = desk.requests();
    let lines: Vec<&str> = requests.iter().map(|r| r.line()).collect();
    assert_eq!(lines[2..4], ["GET /api/armed", "GET /api/armed?account=main"]);
    assert_eq!(lines[5], "DELETE /api/armed/main/api-1");
}

#[test]
fn a_refusal_is_told_with_all_its_parts_and_is_no_success() {
    let problem = json!({"code": "refused", "detail": "too large", "status": 422, "refusals": [
        {"code": "order_notional", "message": "too large", "limit": "10%", "value": "12%",
         "max_allowed_qty": "8", "set_by": "account", "can_change": true, "remedy": "use less"}]});
    let desk = Desk::answering([main_account(), Answer::json(422, &problem)]);
    let failure = run_at(&desk, false, "buy IBM 10").unwrap_err();
    let text = failure.to_string();
    for part in [
        "refused: order_notional",
        "too large",
        "10%",
        "12%",
        "largest  8",
        "the account's limits; an operator",
        "use less",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!failure.is_usage());
    assert_eq!(failure.to_json(), problem);
}

#[test]
fn a_preview_with_refusals_sends_nothing_and_fails() {
    let preview = json!({"verdict": "refused", "refusals": [{"code": "kill_active", "message": "stopped",
                         "set_by": "rule", "can_change": false, "remedy": "release"}]});
    let desk = Desk::answering([main_account(), Answer::json(200, &preview)]);
    let (outcome, text) = run_at(&desk, false, "buy IBM 10 --dry-run").unwrap();
    assert_eq!(outcome, Outcome::Refused);
    assert!(text.starts_with("refused: kill_active\n"), "{text}");
    assert_eq!(desk.requests()[1].line(), "POST /api/orders/preview");
}

#[test]
fn a_list_is_printed_unchanged_as_json_and_aligned_as_words() {
    let page = json!({"orders": [{"client_order_id": "a", "account": "main", "book": "manual",
        "symbol": "sim:IBM", "side": "buy", "type": "stop_limit", "qty": "10", "filled": "0",
        "trigger": "121", "limit": "122", "tif": "gtc", "status": "working",
        "recorded_at": "2024-01-02T14:30:00Z", "origin": {"kind": "api_key", "principal": "x"}}],
        "unavailable": [{"account": "b", "code": "account_silent", "detail": "no answer"}]});
    let desk = Desk::answering([Answer::json(200, &page), Answer::json(200, &page)]);
    let (_, text) = run_at(&desk, true, "list").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), page);
    let (_, text) = run_at(&desk, false, "list --all").unwrap();
    assert!(text.contains("121.00 → 122.00"), "{text}");
    assert!(text.contains("NOT SHOWN: account b: no answer"), "{text}");
}
