//! Strategies and the formula language, through the door.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::{Method, StatusCode};
use common::{House, request};
use serde_json::{Value, json};

const CROSS: &str = "\
name = \"Cross\"
description = \"Fast over slow\"
symbols = [\"IBM\"]
timeframe = \"1d\"

[params]
fast = { default = 10, min = 2, max = 50, step = 1 }

[entry]
long = \"crosses_above(sma(close, fast), sma(close, 30))\"

[exit]
stop = \"2 * atr(14)\"

[size]
risk_percent = 1.0
";

#[tokio::test]
async fn a_strategy_is_kept_read_changed_and_removed() {
    let house = House::empty(|_| {});
    let (status, kept) = house.post("/api/strategies", json!({"source": CROSS})).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    assert_eq!((&kept["name"], &kept["revision"]), (&json!("Cross"), &json!(1)));
    assert_eq!(kept["params"][0]["name"], "fast");
    assert_eq!(kept["rules"][1], json!({"key": "exit.stop", "formula": "2 * atr(14)"}));
    assert_eq!((&kept["faults"], &kept["source"]), (&json!([]), &json!(CROSS)));
    let path = format!("/api/strategies/{}", kept["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await, (StatusCode::OK, kept.clone()));

    let other = CROSS.replace("Cross", "Crossing");
    let body = json!({"source": other, "revision": 1});
    let (status, changed) = house.put(&path, body.clone()).await;
    assert_eq!((status, &changed["revision"]), (StatusCode::OK, &json!(2)), "{changed}");
    assert_ne!(changed["hash"], kept["hash"]);
    let (status, refused) = house.put(&path, body).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    assert_eq!(refused["code"], "revision_conflict");

    let (_, list) = house.get("/api/strategies").await;
    assert_eq!((&list["items"][0]["name"], &list["next"]), (&json!("Crossing"), &Value::Null));
    assert_eq!(list["items"][0]["changed_by"], "bootstrap");
    assert!(list["items"][0].get("source").is_none(), "a list is short");
    let (status, _, body) = house.send(request(Method::DELETE, &path, None)).await;
    assert_eq!((status, body), (StatusCode::NO_CONTENT, json!("")));
    assert_eq!(house.get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_text_with_faults_is_not_kept_and_each_fault_has_its_place() {
    let house = House::empty(|_| {});
    let wrong = CROSS.replace("sma(close, 30)", "smaa(close, 30)").replace("atr(14)", "atr(0)");
    let (status, told) = house.post("/api/strategies", json!({"source": wrong})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
    assert_eq!(told["code"], "strategy_faults");
    let faults = told["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{told}");
    let places: Vec<(&str, u64)> =
        faults.iter().map(|f| (f["key"].as_str().unwrap(), f["line"].as_u64().unwrap())).collect();
    assert_eq!(places, [("entry.long", 10), ("exit.stop", 13)]);
    let line = wrong.lines().nth(9).unwrap();
    let column = faults[0]["column"].as_u64().unwrap() as usize;
    let at: String = line.chars().skip(column - 1).take(4).collect();
    assert_eq!((at.as_str(), &faults[0]["length"]), ("smaa", &json!(4)));
    let (_, list) = house.get("/api/strategies").await;
    assert_eq!(list["items"], json!([]));
    let (status, checked) = house.post("/api/strategies/check", json!({"source": wrong})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&checked["faults"], &checked["strategy"]), (&told["faults"], &Value::Null));
}

#[tokio::test]
async fn a_check_tells_what_was_read_and_keeps_nothing() {
    let house = House::empty(|_| {});
    let (status, told) = house.post("/api/strategies/check", json!({"source": CROSS})).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let read = &told["strategy"];
    assert_eq!((&told["faults"], &read["warm_up_bars"]), (&json!([]), &json!(30)), "{told}");
    assert_eq!((&read["symbols"], &read["timeframe"]), (&json!(["IBM"]), &json!("1d")));
    assert_eq!(house.get("/api/strategies").await.1["items"], json!([]));
    let (status, told) = house.post("/api/strategies/check", json!({"sauce": CROSS})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(told["errors"].as_array().unwrap().len(), 2, "missing and unknown: {told}");
}

#[tokio::test]
async fn texts_have_a_bound_that_json_does_not_lower() {
    let house = House::empty(|_| {});
    let fits = format!("{CROSS}{}", "#\"\n".repeat((65_536 - CROSS.len()) / 3));
    let (status, told) = house.post("/api/strategies/check", json!({"source": fits})).await;
    assert_eq!((status, &told["faults"]), (StatusCode::OK, &json!([])), "{told}");
    let (_, told) = house.post("/api/strategies/check", json!({"source": fits + "#\"\n"})).await;
    assert_eq!(told["faults"][0]["code"], "file_too_large");
    let body = json!({"source": "#".repeat(170_000)});
    let (status, told) = house.post("/api/strategies/check", body.clone()).await;
    assert_eq!((status, &told["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")));
    assert!(told["detail"].as_str().unwrap().contains("160 KiB"), "{told}");
    let small = json!({"source": "#".repeat(70_000)});
    let (status, told) = house.post("/api/accounts", small).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "elsewhere nothing is larger: {told}");
    assert!(told["detail"].as_str().unwrap().contains("64 KiB"), "{told}");
}

#[tokio::test]
async fn examples_and_the_reference_of_formulas_come_with_the_door() {
    let house = House::empty(|_| {});
    let (status, told) = house.get("/api/strategies/examples").await;
    assert_eq!((status, told["items"].as_array().unwrap().len()), (StatusCode::OK, 8));
    for example in told["items"].as_array().unwrap() {
        let (status, kept) =
            house.post("/api/strategies", json!({"source": example["source"]})).await;
        assert_eq!((status, &kept["name"]), (StatusCode::CREATED, &example["name"]));
    }
    let (status, told) = house.get("/api/formulas/functions").await;
    assert_eq!(status, StatusCode::OK);
    let functions = told["items"].as_array().unwrap();
    let sma = functions.iter().find(|function| function["name"] == "sma").unwrap();
    assert_eq!(sma["signature"], "sma(source=close, length)");
    assert!(told["names"].as_array().unwrap().iter().any(|name| name["name"] == "close"));
}
