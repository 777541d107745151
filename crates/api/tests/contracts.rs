//! Contracts: listed, traded with leverage, shown.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::StatusCode;
use common::House;
use desk::clock::wall_time;
use domain::{InstrumentId, Price, Quote};
use serde_json::{Value, json};
use venue_sim::{Happening, Phase, SimTick};

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

/// Lets the contract's market move, as a feed would.
async fn price(house: &House, last: &str) {
    let id: InstrumentId = "sim:IBM-PERP".parse().unwrap();
    let last: Price = last.parse().unwrap();
    let at = wall_time();
    let quote = Quote { bid: last, ask: last, last, at };
    let (instrument, traded_volume, phase) = (id.clone(), None, Phase::Continuous);
    house.venue.on_tick(&SimTick { instrument, quote, traded_volume, phase }, at).unwrap();
    house.desk.quote(&id, quote);
    let shown = last.to_string();
    house
        .until("/api/quotes", |b| {
            let quotes = b["quotes"].as_array().unwrap();
            quotes.iter().any(|q| q["symbol"] == "sim:IBM-PERP" && q["last"] == shown.as_str())
        })
        .await;
}

async fn open(house: &House, terms: Value) {
    let mut body = json!({"id": "main", "cash": "1000", "leverage": "5"});
    body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    let (status, opened) = house.post("/api/accounts", body).await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
    house.price("100").await;
    let (status, listed) = house.post("/api/instruments", perpetual()).await;
    assert_eq!(status, StatusCode::CREATED, "{listed}");
    price(house, "100").await;
    let order = json!({"account": "main", "symbol": "sim:IBM-PERP", "side": "buy",
        "quantity": "10"});
    let (status, bought) = house.post("/api/orders?wait_ms=5000", order).await;
    assert_eq!(status, StatusCode::CREATED, "{bought}");
    assert_eq!(bought["state"]["status"], "filled", "{bought}");
}

#[tokio::test]
async fn margin_and_liquidation_price_are_shown() {
    let house = House::empty(|_| {});
    open(&house, json!({})).await;
    price(&house, "101").await;
    let account = house.until("/api/accounts/main", |a| a["margin"][0]["unrealized"] == "20").await;
    let margin = &account["margin"][0];
    // 10 × 2 × 100 with a fee of 0.1 %; the value of now is 2020, a fifth of which is set aside
    assert_eq!((&margin["currency"], &margin["wallet"]), (&json!("USD"), &json!("998")));
    assert_eq!((&margin["used"], &margin["maintenance"]), (&json!("404"), &json!("101")));
    assert_eq!(margin["available"], "614", "998 + 20 − 404");
    assert_eq!(margin["holdings"], Value::Null);
    assert_eq!(account["free_equity"], "614");
    let (_, page) = house.get("/api/positions").await;
    let contract = &page["positions"][0]["contract"];
    assert_eq!((&contract["notional"], &contract["leverage"]), (&json!("2020"), &json!("5")));
    assert_eq!((&contract["margin_mode"], &contract["expires"]), (&json!("cross"), &Value::Null));
    // 998 − 2000 + V = 5 % of V, so V = 1002 ÷ 0.95 and the price V ÷ 20
    assert_eq!(contract["liquidation_price"], "52.736842105263");
}

#[tokio::test]
async fn an_isolated_contract_is_liquidated_earlier() {
    let house = House::empty(|_| {});
    open(&house, json!({"margin_mode": "isolated"})).await;
    let (_, page) = house.get("/api/positions").await;
    let contract = &page["positions"][0]["contract"];
    assert_eq!(contract["margin_mode"], "isolated");
    // 400 − 2000 + V = 5 % of V, so V = 1600 ÷ 0.95 and the price V ÷ 20
    assert_eq!(contract["liquidation_price"], "84.210526315789");
}

#[tokio::test]
async fn a_margin_accounts_holdings_need_their_share() {
    let house = House::empty(|_| {});
    let body = json!({"id": "main", "cash": "1000", "margin": {"initial_rate": "0.5"}});
    assert_eq!(house.post("/api/accounts", body).await.0, StatusCode::CREATED);
    house.price("100").await;
    let order = json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "15"});
    let (status, bought) = house.post("/api/orders?wait_ms=5000", order).await;
    assert_eq!((status, &bought["state"]["status"]), (StatusCode::CREATED, &json!("filled")));
    let (_, account) = house.get("/api/accounts/main").await;
    let margin = &account["margin"][0];
    // 1000 − 1500 − 1.5
    assert_eq!(margin["wallet"], "-501.5");
    let holdings = json!({"value": "1500", "used": "750", "maintenance": "375"});
    assert_eq!(margin["holdings"], holdings);
    assert_eq!(account["free_equity"], "248.5", "998.5 − 750");
}

#[tokio::test]
async fn funding_is_a_movement_and_a_line_of_the_totals() {
    let house = House::empty(|_| {});
    open(&house, json!({})).await;
    for (number, rate) in [("1", "0.001"), ("2", "-0.0005")] {
        let happening = Happening::Funding {
            instrument: "sim:IBM-PERP".parse().unwrap(),
            rate: rate.parse().unwrap(),
            id: format!("event-{number}").parse().unwrap(),
        };
        house.venue.happen(&happening, wall_time()).unwrap();
    }
    let has = |page: &Value| page["movements"].as_array().is_some_and(|m| m.len() == 2);
    let page = house.until("/api/accounts/main/movements?kind=funding", has).await;
    // 0.1 % of 2000 is paid, 0.05 % is received
    assert_eq!(
        (&page["movements"][1]["amount"], &page["movements"][0]["amount"]),
        (&json!("-2"), &json!("1"))
    );
    let newest = &page["movements"][0];
    assert_eq!((&newest["kind"], &newest["book"]), (&json!("funding"), &json!("manual")));
    assert_eq!((&newest["symbol"], &newest["currency"]), (&json!("sim:IBM-PERP"), &json!("USD")));
    assert_eq!(page["next_before"], Value::Null);

    let (_, first) = house.get("/api/accounts/main/movements?kind=funding&limit=1").await;
    assert_eq!(first["next_before"], newest["number"]);
    let next = format!("/api/accounts/main/movements?kind=funding&before={}", first["next_before"]);
    let (_, second) = house.get(&next).await;
    assert_eq!(second["movements"][0]["amount"], "-2");
    let (status, wrong) = house.get("/api/accounts/main/movements?kind=gift").await;
    assert_eq!((status, &wrong["errors"][0]["value"]), (StatusCode::BAD_REQUEST, &json!("gift")));

    let (_, totals) = house.get("/api/accounts/main/totals?book=manual").await;
    let line = &totals["totals"][0];
    assert_eq!((&line["fees"], &line["movements"]["funding"]), (&json!("2"), &json!("-1")));
    assert_eq!((&line["gross"], &line["net"]), (&json!("0"), &json!("-3")));
}
