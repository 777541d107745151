//! Strategies at work, through the door.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::StatusCode;
use common::House;
use serde_json::{Value, json};

fn source(symbol: &str) -> String {
    format!(
        "name = \"Cross\"\nsymbols = [\"{symbol}\"]\ntimeframe = \"1d\"\n\
         [params]\nfast = {{ default = 10, min = 2, max = 50 }}\n\
         [entry]\nlong = \"crosses_above(sma(close, fast), sma(close, 30))\"\n\
         [exit]\nstop = \"2 * atr(14)\"\n[size]\nrisk_percent = 1.0\n"
    )
}

async fn start(house: &House, change: Value) -> (StatusCode, Value) {
    let mut body = json!({"source": source(common::symbol().symbol()), "account": "main",
        "book": "trend", "params": {"fast": 12}});
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    house.post("/api/strategy-runs", body).await
}

#[tokio::test]
async fn a_run_is_started_paused_and_stopped() {
    let house = House::new().await;
    let (status, run) = start(&house, json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{run}");
    assert_eq!(
        (&run["id"], &run["state"], &run["book"]),
        (&json!("run-1"), &json!("running"), &json!("trend"))
    );
    assert_eq!(
        (&run["params"], &run["strategy"]["name"]),
        (&json!({"fast": 12.0}), &json!("Cross"))
    );
    assert_eq!(
        (&run["timeframe"], &run["realized"], &run["positions"]),
        (&json!("1d"), &json!("0"), &json!([]))
    );
    let (_, books) = house.get("/api/accounts/main/books").await;
    let names: Vec<&Value> = books["books"].as_array().unwrap().iter().map(|b| &b["id"]).collect();
    assert!(names.contains(&&json!("trend")), "{books}");

    let (_, list) = house.get("/api/strategy-runs").await;
    assert_eq!((&list["items"][0]["id"], list["items"][0].get("source")), (&json!("run-1"), None));
    assert_eq!(list["damaged"], json!([]));
    let (_, shown) = house.get("/api/strategy-runs/run-1").await;
    assert_eq!(
        (&shown["kill_switch"], &shown["trouble"], &shown["withheld"]),
        (&Value::Null, &Value::Null, &json!(0))
    );
    assert_eq!(shown["source"], json!(source(common::symbol().symbol())));
    for (what, state) in [("pause", "paused"), ("resume", "running")] {
        let (status, run) =
            house.post(&format!("/api/strategy-runs/run-1/{what}"), json!({})).await;
        assert_eq!((status, &run["state"]), (StatusCode::OK, &json!(state)), "{run}");
    }
    house.post("/api/kill", json!({"level": "pause"})).await;
    let (_, held) = house.get("/api/strategy-runs/run-1").await;
    assert_eq!((&held["state"], &held["kill_switch"]), (&json!("running"), &json!("pause")));
    let stop = "/api/strategy-runs/run-1/stop";
    assert_eq!(house.post(stop, json!({})).await.0, StatusCode::BAD_REQUEST);
    let (status, run) = house.post(stop, json!({"positions": "keep"})).await;
    assert_eq!((status, &run["state"]), (StatusCode::OK, &json!("stopped")), "{run}");
    assert_eq!((&run["timeframe"], &run["realized"]), (&Value::Null, &Value::Null));
    let (status, refused) = house.post("/api/strategy-runs/run-1/resume", json!({})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("run_stopped")));
}

#[tokio::test]
async fn a_stored_strategy_runs_by_its_id() {
    let house = House::new().await;
    let text = source(common::symbol().symbol());
    let (_, kept) = house.post("/api/strategies", json!({"source": text})).await;
    let body = json!({"strategy_id": kept["id"], "account": "main", "book": "trend"});
    let (status, run) = house.post("/api/strategy-runs", body).await;
    assert_eq!((status, &run["strategy"]["id"]), (StatusCode::CREATED, &kept["id"]), "{run}");
    assert_eq!(run["strategy"]["hash"], kept["hash"]);
}

#[tokio::test]
async fn what_cannot_run_is_refused_by_name() {
    let house = House::new().await;
    let symbol = common::symbol();
    let hourly = source(symbol.symbol()).replace("1d", "1h");
    let typo = source(symbol.symbol()).replace("sma(close, fast)", "smaa(close, fast)");
    for (change, code) in [
        (json!({"strategy_id": "s-9"}), "invalid_fields"),
        (json!({"account": "other"}), "account_unknown"),
        (json!({"params": {"slow": 3}}), "unknown_parameter"),
        (json!({"params": {"fast": 51}}), "parameter_range"),
        (json!({"params": {"fast": "x"}}), "invalid_fields"),
        (json!({"source": typo}), "strategy_faults"),
        (json!({"source": source("NONE")}), "unknown_symbol"),
        (json!({"source": hourly}), "no_bars"),
    ] {
        let (status, refused) = start(&house, change.clone()).await;
        assert!(status.is_client_error(), "{change} {refused}");
        assert_eq!(refused["code"], code, "{change} {refused}");
        assert!(
            !refused["remedy"].as_str().unwrap_or_default().is_empty() || code == "invalid_fields",
            "{refused}"
        );
    }
    assert_eq!(start(&house, json!({})).await.0, StatusCode::CREATED);
    let (status, refused) = start(&house, json!({})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("book_taken")));
    let (status, refused) = house.get("/api/strategy-runs/run-9").await;
    assert_eq!((status, &refused["code"]), (StatusCode::NOT_FOUND, &json!("run_unknown")));
}
