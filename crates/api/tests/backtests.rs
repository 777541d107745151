//! Runs over past prices, through the door: what is read, what is refused by name, what is shown.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use api::{GridAxis, NewRun, Search, Sets, Task, WalkPlan};
use axum::http::{Method, StatusCode};
use common::{House, request};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const CROSS: &str = "\
name = \"Cross\"
symbols = [\"IBM\"]
timeframe = \"1d\"
[params]
fast = { default = 10, min = 2, max = 50, step = 1 }
[entry]
long = \"crosses_above(sma(close, fast), sma(close, 30))\"
[size]
percent_equity = 10
";

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// What reached the desk.
async fn asked(house: &House, body: Value) -> NewRun {
    let (status, told) = house.post("/api/backtests", body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{told}");
    house.bench.0.lock().unwrap().last().unwrap().0.clone()
}

/// The fields that were refused.
async fn refused(house: &House, body: Value) -> Vec<String> {
    let (status, told) = house.post("/api/backtests", body).await;
    assert_eq!(
        (status, &told["code"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_fields")),
        "{told}"
    );
    let errors = told["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn everything_that_is_asked_for_reaches_the_desk() {
    let house = House::empty(|_| {});
    let run = asked(
        &house,
        json!({"kind": "backtest", "source": CROSS, "params": {"fast": 7}, "cash": "5000",
            "fee": "0", "slippage_bps": "2.5", "spread_bps": "1", "borrow_rate": "0.03",
            "limits": "stocks", "compare": "none", "seed": 9,
            "from": "2010-01-01", "until": "2010-12-31"}),
    )
    .await;
    assert_eq!((&run.task, run.params["fast"]), (&Task::Backtest, 7.0));
    assert_eq!((run.costs.cash, run.costs.fee), (Some(dec("5000")), Some(dec("0"))));
    assert_eq!((run.costs.slippage_bps, run.costs.spread_bps), (Some(dec("2.5")), Some(dec("1"))));
    assert_eq!(run.costs.borrow_rate, Some(dec("0.03")));
    assert_eq!((run.limits.as_deref(), run.compare.as_deref()), (Some("stocks"), Some("none")));
    assert_eq!((run.seed, run.by.as_str()), (Some(9), "bootstrap"));
    let (from, until) = (run.from.unwrap(), run.until.unwrap());
    assert_eq!(from.plus(domain::Nanos(-1)).to_string(), "2010-01-01T00:00:00Z");
    assert_eq!(until.to_string(), "2011-01-01T00:00:00Z", "the last day counts whole");
    let run = asked(
        &house,
        json!({"kind": "backtest", "source": CROSS, "from": "2010-01-01T14:30:00Z",
            "until": "2010-01-01T21:00:00+01:00"}),
    )
    .await;
    let (from, until) = (run.from.unwrap(), run.until.unwrap());
    assert_eq!(from.plus(domain::Nanos(-1)).to_string(), "2010-01-01T14:30:00Z");
    assert_eq!(until.to_string(), "2010-01-01T20:00:00Z");
}

#[tokio::test]
async fn every_kind_of_run_has_its_own_fields() {
    let house = House::empty(|_| {});
    let (_, kept) = house.post("/api/strategies", json!({"source": CROSS})).await;
    let id = kept["id"].as_str().unwrap();
    let grid =
        json!({"grid": {"fast": {"from": 5, "to": 0.7e1, "step": "0.5"}}, "objective": "calmar"});
    let run = asked(&house, json!({"kind": "sweep", "strategy_id": id, "search": grid})).await;
    let axis = GridAxis { from: dec("5"), to: dec("7"), step: Some(dec("0.5")) };
    let sets = Sets::Grid([("fast".to_owned(), axis)].into());
    let search = Search { sets, objective: Some("calmar".to_owned()) };
    assert_eq!(run.task, Task::Sweep(search));
    assert_eq!((run.strategy_id.as_deref(), run.text.source.as_str()), (Some(id), CROSS));

    let body = json!({"kind": "walk_forward", "source": CROSS, "search": {"random": 20},
        "walk": {"train": 750, "anchored": true}});
    let search = Search { sets: Sets::Random(20), objective: None };
    let plan = WalkPlan { train: Some(750), test: None, anchored: true };
    assert_eq!(asked(&house, body).await.task, Task::WalkForward(search, plan));
    let body = json!({"kind": "lookahead", "source": CROSS, "lookahead": {"cuts": 20}});
    assert_eq!(asked(&house, body).await.task, Task::Lookahead(Some(20)));
    let body = json!({"kind": "lookahead", "source": CROSS});
    assert_eq!(asked(&house, body).await.task, Task::Lookahead(None));
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_its_name() {
    let house = House::empty(|_| {});
    let with = |more: Value| {
        let mut body = json!({"kind": "backtest", "source": CROSS});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let cases = [
        (with(json!({"kind": "guess"})), vec!["kind"]),
        (with(json!({"strategy_id": "s1"})), vec!["strategy_id"]),
        (json!({"kind": "backtest"}), vec!["strategy_id"]),
        (with(json!({"cash": "0", "fee": "0.2"})), vec!["cash", "fee"]),
        (with(json!({"cash": 10_000})), vec!["cash"]),
        (with(json!({"params": {"fast": "7"}})), vec!["params.fast"]),
        (
            with(json!({"slippage_bps": "1001", "spread_bps": "-1"})),
            vec!["slippage_bps", "spread_bps"],
        ),
        (with(json!({"from": "01/02/2010"})), vec!["from"]),
        (with(json!({"from": "2010-02-30"})), vec!["from"]),
        (with(json!({"until": "2010-02-03T10:00:00"})), vec!["until"]),
        (with(json!({"from": "2011-01-01", "until": "2010-01-01"})), vec!["until"]),
        (with(json!({"search": {"random": 5}})), vec!["search"]),
        (with(json!({"kind": "sweep"})), vec!["search"]),
        (with(json!({"kind": "sweep", "search": {}})), vec!["search.grid"]),
        (
            with(json!({"kind": "sweep", "search": {"random": 5, "grid": {"fast": {"from": 1}}}})),
            vec!["search.grid.fast.to"],
        ),
        (with(json!({"kind": "sweep", "search": {"random": 100_001}})), vec!["search.random"]),
        (
            with(json!({"kind": "sweep", "search": {"random": 5}, "walk": {}, "lookahead": {}})),
            vec!["walk", "lookahead"],
        ),
        (with(json!({"kind": "lookahead", "lookahead": {"cuts": 0}})), vec!["lookahead.cuts"]),
        (with(json!({"fill": "close"})), vec!["fill"]),
    ];
    for (body, fields) in cases {
        assert_eq!(refused(&house, body.clone()).await, fields, "{body}");
    }
    assert!(house.bench.0.lock().unwrap().is_empty(), "nothing was asked of the desk");
}

#[tokio::test]
async fn a_strategy_that_is_absent_or_wrong_is_not_tried() {
    let house = House::empty(|_| {});
    let (status, told) =
        house.post("/api/backtests", json!({"kind": "backtest", "strategy_id": "s9"})).await;
    assert_eq!((status, &told["code"]), (StatusCode::NOT_FOUND, &json!("strategy_unknown")));
    let wrong = CROSS.replace("sma", "smaa");
    let (status, told) =
        house.post("/api/backtests", json!({"kind": "backtest", "source": wrong})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
    assert_eq!((&told["code"], &told["faults"][0]["line"]), (&json!("strategy_faults"), &json!(7)));
}

#[tokio::test]
async fn runs_are_listed_page_by_page_shown_cancelled_and_removed() {
    let house = House::empty(|_| {});
    for _ in 0..3 {
        asked(&house, json!({"kind": "backtest", "source": CROSS})).await;
    }
    let (_, page) = house.get("/api/backtests?limit=2").await;
    let ids = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(&page), &page["next"]), (vec!["r3".to_owned(), "r2".to_owned()], &json!("r2")));
    let (_, page) = house.get("/api/backtests?limit=2&after=r2").await;
    assert_eq!((ids(&page), &page["next"]), (vec!["r1".to_owned()], &Value::Null));
    let (status, told) = house.get("/api/backtests?limit=201").await;
    assert_eq!((status, &told["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("limit")));
    let (_, run) = house.get("/api/backtests/r1").await;
    assert_eq!((&run["kind"], &run["status"]), (&json!("backtest"), &json!("queued")));
    assert_eq!(run["strategy"]["name"], "Cross");
    let (_, run) = house.post("/api/backtests/r1/cancel", json!({})).await;
    assert_eq!(run["status"], "cancelled");
    let (status, _) = house.delete("/api/backtests/r1").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(house.get("/api/backtests/r9").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_result_is_json_and_a_page_is_a_file_that_runs_nothing() {
    let house = House::empty(|_| {});
    asked(&house, json!({"kind": "backtest", "source": CROSS})).await;
    let get = |path: &str| house.send(request(Method::GET, path, None));
    let (status, headers, body) = get("/api/backtests/r1/result").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    assert_eq!(body, json!({"trades": []}));
    let (status, headers, body) = get("/api/backtests/r1/report.html").await;
    assert_eq!((status, body), (StatusCode::OK, json!("<!doctype html>")));
    let told = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert!(told("content-type").starts_with("text/html"));
    assert!(told("content-disposition").starts_with("attachment"));
    let policy = told("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    assert_eq!(told("x-content-type-options"), "nosniff");
}
