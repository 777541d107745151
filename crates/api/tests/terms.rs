//! Accounts that may be short, on margin, or trade contracts with leverage.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::StatusCode;
use common::House;
use domain::AccountId;
use rust_decimal::Decimal;
use serde_json::json;
use venue_sim::MarginPlan;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_account_is_opened_on_terms_and_the_venue_has_the_same() {
    let house = House::empty(|_| {});
    let body = json!({"id": "perps", "cash": "10000", "short": true, "leverage": "5",
        "margin": {"initial_rate": "0.5", "maintenance_rate": "0.25"}, "margin_mode": "isolated"});
    let (status, view) = house.post("/api/accounts", body).await;
    assert_eq!(status, StatusCode::CREATED, "{view}");
    let terms = json!({"short": true, "margin_mode": "isolated", "leverage": "5",
        "data_delay_secs": null,
        "margin": {"initial_rate": "0.5", "maintenance_rate": "0.25"}});
    assert_eq!(view["terms"], terms);
    assert_eq!(view["policy"]["spot_margin_rate"], "0.5");
    let id = AccountId::new("perps").unwrap();
    let venue = house.venue.with(|v| v.engine().settings(&id).cloned()).unwrap();
    let margin = MarginPlan::Margin { initial_rate: d("0.5"), maintenance_rate: d("0.25") };
    assert_eq!((venue.margin, venue.default_leverage), (margin, d("5")));
}

#[tokio::test]
async fn a_plain_account_pays_in_full_and_is_never_short() {
    let house = House::new().await;
    let (_, view) = house.get("/api/accounts/main").await;
    let terms = json!({"short": false, "margin": null, "margin_mode": "cross", "leverage": "1",
        "data_delay_secs": null});
    assert_eq!(view["terms"], terms);
}

#[tokio::test]
async fn an_account_whose_prices_are_late_says_so_and_takes_limit_orders_only() {
    let house = House::empty(|_| {});
    let body = json!({"id": "late", "cash": "10000", "data_delay_secs": 900});
    let (status, view) = house.post("/api/accounts", body).await;
    assert_eq!((status, &view["terms"]["data_delay_secs"]), (StatusCode::CREATED, &json!(900)));
    assert_eq!(view["policy"]["data_delay_secs"], 900);
    for wrong in [json!(0), json!(86_401), json!("900")] {
        let body = json!({"id": "late-2", "cash": "1", "data_delay_secs": wrong});
        let (status, problem) = house.post("/api/accounts", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert_eq!(problem["errors"][0]["field"], "data_delay_secs");
    }
}

#[tokio::test]
async fn a_margin_account_may_be_short_and_half_the_initial_rate_maintains() {
    let house = House::empty(|_| {});
    let body = json!({"id": "m", "cash": "10000", "margin": {"initial_rate": "0.4"}});
    let (_, view) = house.post("/api/accounts", body).await;
    assert_eq!(view["terms"]["short"], true);
    assert_eq!(view["terms"]["margin"]["maintenance_rate"], "0.2");
}

#[tokio::test]
async fn wrong_terms_are_named_with_value_and_rule() {
    let house = House::empty(|_| {});
    let body = json!({"id": "m", "cash": "1", "leverage": "1001", "margin_mode": "both",
        "margin": {"initial_rate": "0.2", "maintenance_rate": "0.3"}, "short": "yes"});
    let (status, wrong) = house.post("/api/accounts", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let errors = wrong["errors"].as_array().unwrap();
    let rule = |field: &str| {
        let error = errors.iter().find(|e| e["field"] == field);
        let error = error.unwrap_or_else(|| panic!("{field} is not named in {wrong}"));
        (error["value"].as_str().unwrap(), error["rule"].as_str().unwrap())
    };
    assert_eq!(rule("leverage"), ("1001", "leverage 1001 is not between 1 and 1000"));
    assert_eq!(rule("margin_mode"), ("both", "`cross` or `isolated`"));
    assert_eq!(rule("margin.maintenance_rate"), ("0.3", "at most the initial 0.2"));
    assert_eq!(rule("short"), ("yes", "true or false"));
    let number = json!({"id": "m", "cash": "1", "leverage": 5});
    let (_, wrong) = house.post("/api/accounts", number).await;
    assert_eq!(wrong["errors"][0]["field"], "leverage", "{wrong}");
}

#[tokio::test]
async fn a_policy_with_other_terms_reaches_the_venue_too() {
    let house = House::new().await;
    let (_, account) = house.get("/api/accounts/main").await;
    let mut policy = account["policy"].clone();
    policy["leverage"] = json!("3");
    policy["spot_margin_rate"] = json!("0.5");
    let (status, body) = house.put("/api/accounts/main/policy", json!({"policy": policy})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let id = AccountId::new("main").unwrap();
    let venue = house.venue.with(|v| v.engine().settings(&id).cloned()).unwrap();
    assert_eq!(venue.default_leverage, d("3"));
    policy["spot_maintenance_rate"] = json!("0.6");
    let (status, wrong) = house.put("/api/accounts/main/policy", json!({"policy": policy})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(wrong["errors"][0]["field"], "policy.spot_maintenance_rate", "{wrong}");
    assert_eq!(wrong["errors"][0]["value"], "0.6");
}
