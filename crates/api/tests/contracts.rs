//! Contracts: listed, traded with leverage, shown.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::StatusCode;
use common::House;
use serde_json::{Value, json};

fn perpetual() -> Value {
    json!({"symbol": "sim:IBM-PERP", "follows": "sim:IBM", "max_leverage": "10",
        "multiplier": "2", "funding_rate": "0.0001",
        "tiers": [{"initial_rate": "0.1", "maintenance_rate": "0.05"}]})
}

#[tokio::test]
async fn a_contract_is_listed_for_every_account_with_its_terms() {
    let house = House::new().await;
    let (status, listed) = house.post("/api/instruments", perpetual()).await;
    assert_eq!(status, StatusCode::CREATED, "{listed}");
    let shown = house
        .until("/api/instruments", |b| b["instruments"].as_array().is_some_and(|i| i.len() == 2))
        .await;
    let view = &shown["instruments"][1];
    assert_eq!(view["symbol"], "sim:IBM-PERP");
    assert_eq!((&view["asset_class"], &view["multiplier"]), (&json!("perpetual"), &json!("2")));
    let terms = &view["contract"];
    assert_eq!((&terms["follows"], &terms["funding_rate"]), (&json!("sim:IBM"), &json!("0.0001")));
    assert_eq!((&terms["max_leverage"], &terms["expires"]), (&json!("10"), &Value::Null));
    assert_eq!(terms["tiers"][0]["maintenance_rate"], "0.05");
    assert!(terms["next_funding"].as_str().unwrap().ends_with(":00:00Z"));
    let words = shown["assumptions"].to_string();
    assert!(words.contains("longs pay shorts 0.01 %"), "{words}");
    assert_eq!(shown["instruments"][0]["contract"], Value::Null);
}

#[tokio::test]
async fn what_is_wrong_with_a_contract_is_named() {
    let house = House::new().await;
    let body = json!({"symbol": "IBM-PERP", "follows": "sim:IBM", "max_leverage": "0.5",
        "multiplier": "0", "kind": "future", "step": "0",
        "tiers": [{"up_to": "5", "initial_rate": "0.1", "maintenance_rate": "0.2"}]});
    let (status, wrong) = house.post("/api/instruments", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields: Vec<&str> =
        wrong["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    for field in ["symbol", "max_leverage", "multiplier", "expires", "step", "tiers"] {
        assert!(fields.contains(&field), "{field} is not named in {wrong}");
    }
    let mut dated = perpetual();
    dated["kind"] = json!("perpetual");
    dated["expires"] = json!("2030-01-01T00:00:00Z");
    let (_, wrong) = house.post("/api/instruments", dated).await;
    assert_eq!(wrong["errors"][0]["field"], "expires", "{wrong}");
}
