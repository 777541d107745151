//! The API's description: complete, consistent, and true.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use common::House;
use serde_json::Value;

const ROUTES: &str = "
get /api/health
get /api/health/ready
get /api/desk
put /api/desk/limits
get /api/accounts
post /api/accounts
get /api/accounts/{id}
get /api/accounts/{id}/books
post /api/accounts/{id}/books
get /api/accounts/{id}/trips
get /api/accounts/{id}/lots
get /api/accounts/{id}/days
get /api/accounts/{id}/equity
get /api/accounts/{id}/statement.csv
get /api/accounts/{id}/movements
get /api/accounts/{id}/totals
get /api/accounts/{id}/positions
get /api/accounts/{id}/limits
put /api/accounts/{id}/limits
post /api/accounts/{id}/limits/preset
put /api/accounts/{id}/policy
post /api/accounts/{id}/latches/{latch}/release
get /api/positions
post /api/accounts/{id}/close
post /api/positions/{id}/close
post /api/positions/{id}/reverse
put /api/positions/{id}/protection
post /api/positions/{id}/adopt
post /api/positions/{id}/leave
get /api/orders
post /api/orders
post /api/orders/preview
post /api/orders/{account}/{client_order_id}/write-off
get /api/orders/{account}/{client_order_id}
patch /api/orders/{account}/{client_order_id}
delete /api/orders/{account}/{client_order_id}
get /api/armed
delete /api/armed/{account}/{intent}
get /api/approvals
post /api/approvals/{account}/{id}
get /api/presets
post /api/kill
post /api/kill/release
get /api/journal
get /api/journal/{stream}
get /api/journal/{stream}/verify
get /api/audit/verify
get /api/instruments
post /api/instruments
get /api/quotes
get /api/bars
get /api/ohlcv
get /api/codes
get /api/strategies
post /api/strategies
get /api/strategies/examples
post /api/strategies/check
get /api/strategies/{id}
put /api/strategies/{id}
delete /api/strategies/{id}
get /api/formulas/functions
get /api/backtests
post /api/backtests
get /api/backtests/{id}
delete /api/backtests/{id}
get /api/backtests/{id}/result
get /api/backtests/{id}/report.html
post /api/backtests/{id}/cancel
get /api/strategy-runs
post /api/strategy-runs
get /api/strategy-runs/{id}
post /api/strategy-runs/{id}/pause
post /api/strategy-runs/{id}/resume
post /api/strategy-runs/{id}/stop
get /api/openapi.json
get /metrics
get /ws
get /api/setup
post /api/setup
get /api/session
delete /api/session
get /api/sessions
post /api/sessions
delete /api/sessions
delete /api/sessions/{id}
put /api/me/password
post /api/me/totp
put /api/me/totp
delete /api/me/totp
post /api/me/recovery-codes
post /api/step-up
get /api/users
post /api/users
patch /api/users/{id}
post /api/users/{id}/reset
get /api/keys
post /api/keys
delete /api/keys/{id}
";

fn described() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

fn operations(api: &Value) -> Vec<(String, String, &Value)> {
    let paths = api["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &'_ Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(|m| (m, path.clone())).collect::<Vec<_>>()
    };
    let all: Vec<_> = paths.iter().flat_map(of).collect();
    all.into_iter()
        .map(|(m, p)| {
            let op = &api["paths"][&p][&m];
            (m, p, op)
        })
        .collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let api = described();
    let found: BTreeSet<String> =
        operations(&api).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let expected: BTreeSet<String> =
        ROUTES.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect();
    assert_eq!(found, expected);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(name)) = map.get("$ref") {
                found.insert(name.clone());
            }
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[test]
fn the_description_is_consistent() {
    let api = described();
    assert_eq!(api["openapi"], "3.1.0");
    assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
    assert_eq!(api["components"]["securitySchemes"]["key"]["in"], "header");
    assert_eq!(api["security"].as_array().unwrap().len(), 3);
    let mut found = BTreeSet::new();
    references(&api, &mut found);
    assert!(found.len() > 40, "{}", found.len());
    for reference in &found {
        let path = reference.strip_prefix('#').unwrap();
        assert!(api.pointer(path).is_some(), "{reference} leads nowhere");
    }
    let tags: BTreeSet<&str> =
        api["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&api) {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}");
        assert!(operation["summary"].is_string(), "{place} has no summary");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{place}");
        assert!(operation["responses"]["default"].is_object(), "{place}");
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let declared: BTreeSet<&str> = parameters
            .iter()
            .filter(|p| p["in"] == "path")
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(declared, named, "{place}");
        let idempotent = parameters.iter().any(|p| p["name"] == "Idempotency-Key");
        // Answers that hold secrets are never remembered.
        let secret = ["setup", "session", "me/", "step-up", "users", "keys"];
        let secret = secret.iter().any(|part| path.starts_with(&format!("/api/{part}")));
        assert_eq!(idempotent, method != "get" && !secret, "{place}");
        let open = path.starts_with("/api/health")
            || ["get /api/openapi.json", "get /api/setup", "post /api/setup", "post /api/sessions"]
                .contains(&place.as_str());
        assert_eq!(operation["security"] == serde_json::json!([{}]), open, "{place}");
        let content = &operation["requestBody"]["content"]["application/json"]["schema"];
        if let Some(reference) = content["$ref"].as_str() {
            let schema = api.pointer(&reference[1..]).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{place}");
        }
    }
}

#[tokio::test]
async fn the_examples_of_orders_are_orders() {
    let house = House::new().await;
    let (_, book) =
        house.post("/api/accounts/main/books", serde_json::json!({"id": "trend"})).await;
    assert_eq!(book["id"], "trend");
    let (status, api) = house.get("/api/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    let schema = &api["components"]["schemas"]["OrderRequest"];
    let examples = schema["examples"].as_array().unwrap();
    assert!(examples.len() >= 3);
    for example in examples {
        let (status, body) = house.post("/api/orders/preview", example.clone()).await;
        assert_eq!(status, StatusCode::OK, "{example}: {body}");
    }
    let required: BTreeSet<&str> =
        schema["required"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
    assert_eq!(required, BTreeSet::from(["account", "side", "symbol"]));
}
