//! Orders over HTTP: place, refuse, repeat, preview, cancel, close, hold and approve.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::{Method, StatusCode};
use common::{House, request_with};
use serde_json::{Value, json};

fn buy(quantity: &str) -> Value {
    json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": quantity})
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn limit(house: &House, limits: Value) {
    let body = json!({"target": "account", "limits": limits});
    let (status, body) = house.put("/api/accounts/main/limits", body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn an_order_with_a_stop_is_filled_and_protected() {
    let house = House::new().await;
    let made = house.buy_ten().await;
    assert_eq!((&made["outcome"], &made["class"]), (&json!("recorded"), &json!("entry")));
    let id = made["order"].as_str().unwrap();
    let (status, order) = house.get(&format!("/api/orders/main/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&order["average_price"], &order["filled"]), (&json!("100"), &json!("10")));
    let origin = json!({"kind": "api_key", "principal": "bootstrap"});
    assert_eq!(order["origin"], origin);

    let (_, positions) = house.get("/api/accounts/main/positions").await;
    let position = &positions["positions"][0];
    assert_eq!(position["id"], "main.manual.sim:IBM");
    assert_eq!((&position["qty"], &position["stop"]), (&json!("10"), &json!("95")));
    let (_, live) = house.get("/api/orders").await;
    assert_eq!(live["orders"][0]["class"], "protective", "{live}");
    assert_eq!(live["orders"][0]["origin"]["kind"], "system");
}

#[tokio::test]
async fn a_refusal_tells_every_reason_and_the_largest_quantity() {
    let house = House::new().await;
    limit(&house, json!({"order_notional": "500", "order_qty": "3"})).await;
    let (status, problem) = house.post("/api/orders", buy("10")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((&problem["code"], &problem["status"]), (&json!("refused"), &json!(422)));
    let refusals = problem["refusals"].as_array().unwrap();
    let of = |code: &str| refusals.iter().find(|r| r["code"] == code).unwrap();
    assert_eq!(of("order_notional")["max_allowed_qty"], "5", "{problem}");
    assert_eq!(of("order_notional")["set_by"], "account");
    assert_eq!(of("order_qty")["max_allowed_qty"], "3");
    assert_eq!(of("order_qty")["can_change"], true);

    let (_, preview) = house.post("/api/orders/preview", buy("10")).await;
    assert_eq!(preview["max_allowed_qty"], "3", "{preview}");
    let (status, body) = house.post("/api/orders", buy("3")).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let metrics = house.until("/metrics", |m| {
        m.as_str().unwrap().contains("cofferdam_refusals_total{code=\"order_qty\"} 1")
    });
    assert!(metrics.await.as_str().unwrap().contains("cofferdam_journal_writable 1"));
}

#[tokio::test]
async fn a_key_stands_for_one_order() {
    let house = House::new().await;
    let key = ("idempotency-key", "k-1");
    let send = |body: Value| request_with(Method::POST, "/api/orders", Some(body), key);
    let (status, _, first) = house.send(send(buy("10"))).await;
    assert_eq!((status, &first["replayed"]), (StatusCode::CREATED, &json!(false)));
    let (status, headers, again) = house.send(send(buy("10"))).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::CREATED, &json!(true)));
    assert_eq!((&again["order"], &again["qty"]), (&first["order"], &first["qty"]));
    assert_eq!(headers["idempotency-replayed"], "true");
    let (status, _, conflict) = house.send(send(buy("11"))).await;
    assert_eq!((status, &conflict["code"]), (StatusCode::CONFLICT, &json!("idempotency_conflict")));
    let (_, _, wrong) = house
        .send(request_with(Method::POST, "/api/orders", Some(buy("1")), ("idempotency-key", "a b")))
        .await;
    assert_eq!(wrong["errors"][0]["field"], "Idempotency-Key");
}

#[tokio::test]
async fn a_key_stands_for_one_compound_close() {
    let house = House::new().await;
    house.buy_ten().await;
    let body = json!({"account": "main", "symbol": "sim:IBM", "side": "sell", "quantity": "4"});
    let key = ("idempotency-key", "half-1");
    let path = "/api/orders?wait_ms=5000";
    let (status, _, first) =
        house.send(request_with(Method::POST, path, Some(body.clone()), key)).await;
    assert_eq!((status, &first["outcome"]), (StatusCode::OK, &json!("closing")), "{first}");
    house.until("/api/positions", |b| b["positions"][0]["qty"] == "6").await;
    let (_, _, again) = house.send(request_with(Method::POST, path, Some(body), key)).await;
    assert_eq!(again["close"], first["close"], "{again}");
    house.until("/api/positions", |b| b["positions"][0]["protected_qty"] == "6").await;
    assert_eq!(house.get("/api/positions").await.1["positions"][0]["qty"], "6");
}

#[tokio::test]
async fn a_preview_tells_what_would_happen_and_changes_nothing() {
    let house = House::new().await;
    let before = house.get("/api/accounts/main").await.1["head"]["seq"].clone();
    let (status, preview) = house.post("/api/orders/preview", buy("10")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&preview["verdict"], &preview["qty"]), (&json!("cleared"), &json!("10")));
    assert_eq!((&preview["notional"], &preview["stop"]), (&json!("1000"), &json!("95")));
    assert_eq!(preview["stop_attached"], true);
    let risk = json!({"account": "main", "symbol": "sim:IBM", "side": "buy",
        "risk_percent": "1", "stop": "90"});
    let (_, sized) = house.post("/api/orders/preview", risk).await;
    assert_eq!(sized["verdict"], "cleared", "{sized}");
    let wrong = with(buy("10"), &json!({"stop": "101"}));
    let (_, refused) = house.post("/api/orders/preview", wrong).await;
    assert_eq!(refused["refusals"][0]["code"], "stop_wrong_side");
    assert_eq!(house.get("/api/accounts/main").await.1["head"]["seq"], before);
}

#[tokio::test]
async fn an_order_can_be_cancelled_and_a_stop_only_on_purpose() {
    let house = House::new().await;
    let resting = with(buy("10"), &json!({"type": "limit", "limit": "99", "tif": "gtc"}));
    let (_, made) = house.post("/api/orders?wait_ms=2000", resting).await;
    assert_eq!(made["state"]["status"], "working", "{made}");
    let path = format!("/api/orders/main/{}", made["order"].as_str().unwrap());
    let (status, _) = house.delete(&path).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    house.until(&path, |o| o["status"] == "cancelled").await;
    let (status, problem) = house.delete(&path).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("order_unknown")));

    house.buy_ten().await;
    let (_, live) = house.get("/api/orders?account=main").await;
    let stop =
        format!("/api/orders/main/{}", live["orders"][0]["client_order_id"].as_str().unwrap());
    let (status, problem) = house.delete(&stop).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "cancel_unprotects");
    let (status, _) = house.delete(&format!("{stop}?accept_unprotected=true")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    house.until("/api/positions", |b| b["positions"][0]["protected_qty"] == "0").await;
}

#[tokio::test]
async fn a_position_can_be_closed_in_parts_and_protected() {
    let house = House::new().await;
    house.buy_ten().await;
    let position = "/api/positions/main.manual.sim%3AIBM";
    let (status, problem) = house.post(&format!("{position}/close"), json!({"percent": "0"})).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("percent"))
    );
    let close = format!("{position}/close?wait_ms=5000");
    let key = ("idempotency-key", "c-1");
    let half = || request_with(Method::POST, &close, Some(json!({"percent": "50"})), key);
    let (status, _, closed) = house.send(half()).await;
    assert_eq!((status, &closed["ended"]), (StatusCode::OK, &json!(true)), "{closed}");
    let (_, headers, again) = house.send(half()).await;
    assert_eq!((&again, &headers["idempotency-replayed"]), (&closed, &"true".parse().unwrap()));
    house.until("/api/positions", |b| b["positions"][0]["qty"] == "5").await;
    house.until("/api/positions", |b| b["positions"][0]["protected_qty"] == "5").await;

    let (_, off) = house.put(&format!("{position}/protection"), json!({"stop": "95.001"})).await;
    assert!(off["errors"][0]["rule"].as_str().unwrap().contains("tick"), "{off}");
    let (_, bare) = house.put(&format!("{position}/protection"), json!({"target": "120"})).await;
    assert_eq!(bare["errors"][0]["field"], "stop");
    let levels = json!({"stop": "97", "target": "120"});
    let (status, body) = house.put(&format!("{position}/protection"), levels).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    house.until("/api/orders", |b| b["orders"][0]["trigger"] == "97").await;

    let (status, _) = house.post(&close, json!({})).await;
    assert_eq!(status, StatusCode::OK);
    let (_, empty) = house.get("/api/positions").await;
    assert_eq!(empty["positions"], json!([]));
    let (status, problem) = house.post(&close, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "nothing_to_reduce");
}

#[tokio::test]
async fn a_labelled_source_waits_for_approval_and_can_not_raise_itself() {
    let house = House::new().await;
    limit(&house, json!({"approval_above": "500"})).await;
    let labelled = with(buy("10"), &json!({"source": {"kind": "strategy", "name": "trend-1"}}));
    let (status, held) = house.post("/api/orders", labelled.clone()).await;
    assert_eq!((status, &held["outcome"]), (StatusCode::ACCEPTED, &json!("held")), "{held}");
    let (_, preview) = house.post("/api/orders/preview", labelled.clone()).await;
    assert_eq!((&preview["verdict"], &preview["approval_above"]), (&json!("held"), &json!("500")));
    let (_, list) = house.get("/api/approvals").await;
    let waiting = &list["approvals"][0];
    let origin = json!({"kind": "strategy", "principal": "strategy:trend-1"});
    assert_eq!((&waiting["origin"], &waiting["id"]), (&origin, &held["approval"]));
    let path = format!("/api/approvals/main/{}", held["approval"].as_str().unwrap());
    let (status, problem) = house.post(&path, json!({})).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("approve"))
    );
    let (status, approved) = house.post(&path, json!({"approve": true})).await;
    assert_eq!(
        (status, &approved["outcome"]),
        (StatusCode::CREATED, &json!("recorded")),
        "{approved}"
    );
    let (status, gone) = house.post(&path, json!({"approve": true})).await;
    assert_eq!((status, &gone["code"]), (StatusCode::NOT_FOUND, &json!("approval_unknown")));

    let other = with(buy("11"), &json!({"source": {"kind": "agent", "name": "a"}}));
    let (_, held) = house.post("/api/orders", other).await;
    let path = format!("/api/approvals/main/{}", held["approval"].as_str().unwrap());
    let (status, declined) = house.post(&path, json!({"approve": false})).await;
    assert_eq!((status, &declined["outcome"]), (StatusCode::OK, &json!("done")));
    for kind in ["human", "system", "external", "api_key", "nobody"] {
        let body = with(buy("1"), &json!({"source": {"kind": kind, "name": "x"}}));
        let (status, problem) = house.post("/api/orders", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{kind}");
        assert_eq!(problem["errors"][0]["field"], "source.kind");
    }
}

#[tokio::test]
async fn orders_are_paged_and_filtered() {
    let house = House::new().await;
    for n in 1..=5 {
        let more = json!({"type": "limit", "limit": format!("9{n}")});
        let (status, body) = house.post("/api/orders", with(buy("1"), &more)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }
    let mut seen = Vec::new();
    let mut path = "/api/orders?limit=2".to_owned();
    loop {
        let (status, page) = house.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let orders = page["orders"].as_array().unwrap();
        seen.extend(orders.iter().map(|o| o["limit"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/orders?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["95", "94", "93", "92", "91"], "the newest first, each once");
    let (_, none) = house.get("/api/orders?book=other&state=all").await;
    assert_eq!(none["orders"], json!([]));
    for wrong in ["limit=0", "limit=201", "state=dead", "cursor=x", "symbol=IBM", "colour=red"] {
        let (status, problem) = house.get(&format!("/api/orders?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {problem}");
    }
}
