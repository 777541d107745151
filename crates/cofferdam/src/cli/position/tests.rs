//! Positions as commands are typed, sent and answered, against a tiny desk.

use clap::Parser;

use super::*;
use crate::cli::{
    args::Cli,
    testing::{Answer, Desk, run_at},
};

fn main_account() -> Answer {
    Answer::json(200, &json!({"accounts": [{"id": "main", "venue": "sim"}]}))
}

fn closing() -> Value {
    json!({"outcome": "closing", "account": "main", "close": 1, "qty": "10", "ended": false})
}

#[test]
fn contradictions_are_bad_usage() {
    for words in [
        "close",
        "close IBM --all",
        "close IBM --symbol IBM",
        "close --symbol IBM",
        "close --all --book trend",
        "close IBM --percent x",
        "reverse",
        "reverse IBM --qty ten",
        "reverse IBM --trail-from 5",
        "protect IBM",
        "protect IBM --target 140",
        "protect IBM --stop 115 --take 5",
    ] {
        let all = ["cofferdam", "position"].into_iter().chain(words.split(' '));
        assert!(Cli::try_parse_from(all).is_err(), "{words}");
    }
}

#[test]
fn one_position_is_closed_in_its_book() {
    let desk = Desk::answering([main_account(), Answer::json(202, &closing())]);
    let words = "position close IBM --percent 50 --book trend --key k-1";
    let (outcome, text) = run_at(&desk, false, words).unwrap();
    assert_eq!(outcome, Outcome::Done);
    assert!(text.starts_with("closing 10 of IBM at the market\n"), "{text}");
    let request = &desk.requests()[1];
    assert_eq!(request.line(), "POST /api/positions/main.trend.sim:IBM/close");
    assert_eq!(request.body, r#"{"percent":"50"}"#);
    assert!(request.head.to_lowercase().contains("idempotency-key: k-1\r\n"));
}

#[test]
fn everything_is_closed_only_when_it_is_said() {
    let answer = json!({"outcome": "closing", "account": "main", "ended": false, "closes": [
        {"book": "manual", "symbol": "sim:IBM", "close": 4, "qty": "10"},
        {"book": "trend", "symbol": "sim:IBM", "close": 5, "qty": "3"}]});
    let made = || Answer::json(202, &answer);
    let desk = Desk::answering([main_account(), made(), main_account(), made()]);
    let (_, text) = run_at(&desk, false, "position close --all").unwrap();
    assert_eq!(
        text,
        "closing 10 of sim:IBM in book manual at the market\n\
         closing 3 of sim:IBM in book trend at the market\n\
         see: cofferdam order list --all\n"
    );
    let (_, text) = run_at(&desk, true, "position close --all --symbol IBM --percent 25").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), answer);
    let requests = desk.requests();
    assert_eq!(requests[1].line(), "POST /api/accounts/main/close");
    assert_eq!(requests[1].body, r#"{"percent":"100"}"#);
    let sent: Value = serde_json::from_str(&requests[3].body).unwrap();
    assert_eq!(sent, json!({"percent": "25", "symbol": "sim:IBM"}));
}

#[test]
fn a_reversal_sends_its_plan() {
    let desk = Desk::answering([main_account(), Answer::json(202, &closing())]);
    let words = "position reverse IBM --qty 5 --trail 3% --take 110:50 --key k-1";
    let (_, text) = run_at(&desk, false, words).unwrap();
    assert!(text.starts_with("closing 10 of IBM; then the other direction is judged\n"), "{text}");
    let request = &desk.requests()[1];
    assert_eq!(request.line(), "POST /api/positions/main.manual.sim:IBM/reverse");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let targets = json!([{"price": "110", "percent": "50"}]);
    assert_eq!(body, json!({"quantity": "5", "trail_percent": "3", "targets": targets}));
    assert!(request.head.to_lowercase().contains("idempotency-key: k-1\r\n"));
}

#[test]
fn protection_is_sent_whole_and_told_in_words() {
    let done = || Answer::json(200, &json!({"done": true}));
    let desk = Desk::answering([main_account(), done(), main_account(), done()]);
    let words = "position protect IBM --trail 5 --trail-from 130 --take 140:50 --time-stop 2h";
    let (_, text) = run_at(&desk, false, words).unwrap();
    let told = "trails 5 from 130 · 50 % at 140 · target none · closes after 7200 s\n";
    assert_eq!(text, told);
    let (_, text) = run_at(&desk, false, "position protect IBM --stop 115 --target 150").unwrap();
    assert_eq!(text, "stop 115 · target 150\n");
    let requests = desk.requests();
    assert_eq!(requests[1].line(), "PUT /api/positions/main.manual.sim:IBM/protection");
    let body = |n: usize| serde_json::from_str::<Value>(&requests[n].body).unwrap();
    assert_eq!(
        body(1),
        json!({"accept_unprotected": false, "trail_amount": "5", "trail_activation": "130",
            "targets": [{"price": "140", "percent": "50"}], "time_stop_secs": 7200})
    );
    assert_eq!(body(3), json!({"accept_unprotected": false, "stop": "115", "target": "150"}));
}

#[test]
fn a_refused_close_of_everything_is_no_success() {
    let problem = json!({"code": "refused", "detail": "nothing", "status": 422, "refusals": [
        {"code": "nothing_to_reduce", "message": "No book holds anything.", "set_by": "rule",
         "can_change": false, "remedy": "Nothing is left to do."}]});
    let desk = Desk::answering([main_account(), Answer::json(422, &problem)]);
    let failure = run_at(&desk, false, "position close --all").unwrap_err();
    assert!(!failure.is_usage());
    assert!(failure.to_string().contains("refused: nothing_to_reduce"), "{failure}");
}
