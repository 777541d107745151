//! Statements over HTTP: round trips, lots, days, and the tables as CSV.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::{
    body::to_bytes,
    http::{Method, StatusCode},
};
use common::{House, request};
use serde_json::{Value, json};
use tower::ServiceExt;

/// Buys ten at 100 with a stop at 95 and sells them at 104.
async fn round_trip(house: &House) -> Value {
    house.buy_ten().await;
    house.price("104").await;
    let close = json!({"percent": "100"});
    let path = "/api/positions/main.manual.sim:IBM/close?wait_ms=5000";
    let (status, body) = house.post(path, close).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let done = |b: &Value| b["trips"].as_array().is_some_and(|t| !t.is_empty());
    house.until("/api/accounts/main/trips", done).await
}

#[tokio::test]
async fn a_round_trip_is_shown_with_what_it_risked_and_earned() {
    let house = House::new().await;
    let (_, nothing) = house.get("/api/accounts/main/trips").await;
    assert_eq!((&nothing["summary"]["trips"], &nothing["trips"]), (&json!(0), &json!([])));

    let page = round_trip(&house).await;
    let trip = &page["trips"][0];
    assert_eq!((&trip["symbol"], &trip["direction"]), (&json!("sim:IBM"), &json!("long")));
    assert_eq!((&trip["entry"], &trip["exit"]), (&json!("100"), &json!("104")));
    assert_eq!((&trip["gross"], &trip["risk"]), (&json!("40"), &json!("50")));
    assert_eq!((&trip["source"], &trip["exit_reason"]), (&json!("api_key"), &json!("order")));
    assert_eq!(
        (&page["summary"]["won"], &page["summary"]["net"]["USD"]),
        (&json!(1), &trip["net"])
    );
    let (_, lots) = house.get("/api/accounts/main/lots?book=manual").await;
    assert_eq!((&lots["total"], &lots["lots"][0]["net"]), (&json!(1), &trip["net"]));
    let (_, others) = house.get("/api/accounts/main/lots?book=other").await;
    assert_eq!(others["total"], 0);
    let (_, days) = house.get("/api/accounts/main/days").await;
    assert_eq!(days["days"][0]["result"], Value::Null, "the day lasts: {days}");
}

#[tokio::test]
async fn the_account_and_its_statement_have_realised_the_same() {
    let house = House::new().await;
    let page = round_trip(&house).await;
    let (_, account) = house.get("/api/accounts/main").await;
    let number = |v: &Value| v.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!(number(&account["realized"]), number(&page["trips"][0]["gross"]));
    assert_eq!(account["fees"], page["trips"][0]["fees"]);
}

#[tokio::test]
async fn a_table_is_csv() {
    let house = House::new().await;
    round_trip(&house).await;
    let path = "/api/accounts/main/statement.csv?table=trips";
    let answer = house.app.clone().oneshot(request(Method::GET, path, None)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.starts_with("book,instrument,direction,quantity,"), "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("manual,sim:IBM,long,10,"), "{text}");
}

#[tokio::test]
async fn what_is_not_there_or_not_known_is_named() {
    let house = House::new().await;
    let (status, problem) = house.get("/api/accounts/other/trips").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("account_unknown")));
    for query in ["limit=0", "limit=1001", "boook=x", "symbol=IBM", "book=a%20b"] {
        let (status, _) = house.get(&format!("/api/accounts/main/trips?{query}")).await;
        assert!(status.is_client_error(), "{query}: {status}");
    }
    let (status, _) = house.get("/api/accounts/main/statement.csv?table=taxes").await;
    assert!(status.is_client_error(), "{status}");
}
