//! Accounts, books, limits, the kill switch, the journal, markets over HTTP.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::{Method, StatusCode};
use common::{House, request_with};
use path::journal::StreamId;
use serde_json::json;

#[tokio::test]
async fn an_account_is_opened_once_and_shows_everything() {
    let house = House::new().await;
    let (status, problem) = house.post("/api/accounts", json!({"id": "main", "cash": "1"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("account_exists")));
    house.buy_ten().await;
    house.price("101").await;
    let (_, account) = house.get("/api/accounts/main").await;
    assert_eq!(account["equity"], "100009", "{account}");
    assert_eq!((&account["unrealized"], &account["realized"]), (&json!("10"), &json!("0")));
    assert_eq!((&account["cash"]["USD"], &account["fees"]["USD"]), (&json!("98999"), &json!("1")));
    assert_eq!(account["day"]["pnl"], "9");
    let fit = json!({"journal": true, "reconciled": true, "connected": true});
    assert_eq!(account["fitness"], fit);
    assert_eq!((&account["kill"], &account["unprotected"]), (&json!(null), &json!([])));
    assert_eq!(account["head"]["hash"].as_str().unwrap().len(), 64);
    assert_eq!(account["policy"]["without_stop"], json!({"attach": "5"}));
    let (_, list) = house.get("/api/accounts").await;
    assert_eq!(list["accounts"].as_array().unwrap().len(), 1);
    let (_, desk) = house.get("/api/desk").await;
    assert_eq!((&desk["mode"], &desk["badge"]), (&json!("paper"), &json!("PAPER")));
    assert_eq!(
        (&desk["journal_writable"], &desk["clock"]["trusted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(desk["use"]["gross_exposure"], "1010");
}

#[tokio::test]
async fn a_write_with_a_key_is_done_once() {
    let house = House::empty(|_| {});
    let key = ("idempotency-key", "open-1");
    let open = |cash: &str| {
        let body = json!({"id": "main", "cash": cash, "preset": "stocks"});
        request_with(Method::POST, "/api/accounts", Some(body), key)
    };
    let (status, _, first) = house.send(open("500")).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(first["limits"]["daily_loss"], "2%");
    let (status, headers, again) = house.send(open("500")).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &first), "the first answer again");
    assert_eq!(headers["idempotency-replayed"], "true");
    let (status, _, other) = house.send(open("501")).await;
    assert_eq!((status, &other["code"]), (StatusCode::CONFLICT, &json!("idempotency_conflict")));
}

#[tokio::test]
async fn a_write_is_finished_when_its_caller_goes_away() {
    let house = House::empty(|_| {});
    let open = || {
        let body = json!({"id": "main", "cash": "500"});
        let key = ("idempotency-key", "open-1");
        house.send(request_with(Method::POST, "/api/accounts", Some(body), key))
    };
    let closed = house.gate.closed.lock().await;
    tokio::select! {
        answer = open() => panic!("the gate is closed: {answer:?}"),
        () = async {
            while house.gate.begun.load(std::sync::atomic::Ordering::Acquire) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        } => {}
    }
    let (status, _, under_way) = open().await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(under_way["code"], "idempotency_under_way");
    drop(closed);
    let account = house.until("/api/accounts/main", |b| b["fitness"]["reconciled"] == true).await;
    assert_eq!(account["cash"]["USD"], "500");
    loop {
        let (status, headers, _) = open().await;
        if status == StatusCode::CREATED {
            assert_eq!(headers["idempotency-replayed"], "true");
            break;
        }
        assert_eq!(status, StatusCode::CONFLICT);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn books_limits_and_policy_are_the_operators() {
    let house = House::new().await;
    let (status, book) = house
        .post(
            "/api/accounts/main/books",
            json!({"id": "trend", "name": "Trend", "capital": "5000"}),
        )
        .await;
    assert_eq!((status, &book["capital"]), (StatusCode::CREATED, &json!("5000")));
    let (status, _) = house.post("/api/accounts/main/books", json!({"id": "trend"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let set = |target: &str| json!({"target": target, "limits": {"open_orders": 3}});
    for target in ["account", "book:trend", "origin:agent", "instrument:sim:IBM"] {
        let (status, body) = house.put("/api/accounts/main/limits", set(target)).await;
        assert_eq!(status, StatusCode::OK, "{target}: {body}");
    }
    let (status, _) = house.put("/api/accounts/main/limits", set("book:none")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = house.put("/api/accounts/main/limits", set("planet:mars")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, limits) = house.get("/api/accounts/main/limits").await;
    assert_eq!(limits["books"]["trend"]["open_orders"], 3);
    assert_eq!(limits["origins"]["agent"]["open_orders"], 3);
    assert_eq!(limits["instruments"]["sim:IBM"]["open_orders"], 3);
    let (_, presets) = house.get("/api/presets").await;
    let names: Vec<_> = presets["presets"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["stocks", "single-instrument", "crypto-spot", "futures-dca"]);
    let preset = json!({"preset": "stocks"});
    let (status, _) = house.post("/api/accounts/main/limits/preset", preset).await;
    assert_eq!(status, StatusCode::OK);
    let (_, limits) = house.get("/api/accounts/main/limits").await;
    assert_eq!(limits["account"]["portfolio_heat"], "25%");

    let (_, account) = house.get("/api/accounts/main").await;
    let mut policy = account["policy"].clone();
    policy["without_stop"] = json!("refuse");
    let (status, body) = house.put("/api/accounts/main/policy", json!({"policy": policy})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let bare = json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "1"});
    let (_, refused) = house.post("/api/orders", bare).await;
    assert_eq!(refused["refusals"][0]["code"], "stop_required");
    policy["fee_rate"] = json!(0.001);
    let (_, wrong) = house.put("/api/accounts/main/policy", json!({"policy": policy})).await;
    assert_eq!(wrong["errors"][0]["field"], "policy.fee_rate", "{wrong}");
    let partial = json!({"policy": {"hold_secs": 5}});
    let (_, wrong) = house.put("/api/accounts/main/policy", partial).await;
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 7, "{wrong}");

    let limits = json!({"limits": {"open_orders": 1, "gross_exposure": "50000"}});
    assert_eq!(house.put("/api/desk/limits", limits.clone()).await.0, StatusCode::OK);
    assert_eq!(house.get("/api/desk").await.1["limits"], limits["limits"]);
    let number = json!({"limits": {"gross_exposure": 50000}});
    let (_, wrong) = house.put("/api/desk/limits", number).await;
    assert_eq!(wrong["errors"][0]["field"], "limits.gross_exposure");
}

#[tokio::test]
async fn the_kill_switch_stops_entries_until_it_is_released() {
    let house = House::new().await;
    let order = json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "1"});
    let (status, report) =
        house.post("/api/kill", json!({"level": "halt", "reason": "drill"})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&report["acknowledged"], &report["file"]), (&json!(true), &json!(true)));
    assert_eq!(report["accounts"][0]["in_flight"], json!([]));
    let (_, desk) = house.get("/api/desk").await;
    assert_eq!((&desk["kill"]["level"], &desk["kill"]["file"]), (&json!("halt"), &json!("halt")));
    assert_eq!(desk["kill"]["accounts"]["main"]["by"]["principal"], "bootstrap");
    let (_, refused) = house.post("/api/orders", order.clone()).await;
    assert_eq!(refused["refusals"][0]["code"], "kill_active");
    for body in [json!({}), json!({"confirm": "yes"})] {
        let (status, problem) = house.post("/api/kill/release", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (StatusCode::BAD_REQUEST, &json!("confirm"))
        );
    }
    let (status, released) = house.post("/api/kill/release", json!({"confirm": "release"})).await;
    assert_eq!((status, &released["released"]), (StatusCode::OK, &json!(true)));
    let (status, body) = house.post("/api/orders", order).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let (status, _) = house.post("/api/kill", json!({"level": "stop"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, metrics) = house.get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains("cofferdam_kill_level{account=\"main\"} 0"));
}

#[tokio::test]
async fn a_pull_with_a_key_that_was_used_pulls_again() {
    let house = House::new().await;
    let pull = || {
        let body = json!({"level": "halt", "reason": "drill"});
        house.send(request_with(Method::POST, "/api/kill", Some(body), ("idempotency-key", "k")))
    };
    assert_eq!(pull().await.0, StatusCode::OK);
    let (status, _) = house.post("/api/kill/release", json!({"confirm": "release"})).await;
    assert_eq!(status, StatusCode::OK);
    let (status, headers, _) = pull().await;
    assert_eq!(status, StatusCode::OK);
    assert!(!headers.contains_key("idempotency-replayed"));
    let (_, desk) = house.get("/api/desk").await;
    assert_eq!(desk["kill"]["level"], "halt", "the switch is pulled, not remembered");
}

#[tokio::test]
async fn an_account_that_has_stopped_is_told_and_the_desk_is_not_ready() {
    let house = House::new().await;
    house.until("/api/health/ready", |b| b["status"] == "ready").await;
    let fault = house.account().look(|_, _| -> () { panic!("a fault of the program") }).await;
    assert!(fault.is_err());
    house.until("/api/health/ready", |b| b["status"] == "not_ready").await;
    let (_, desk) = house.get("/api/desk").await;
    assert_eq!(desk["unavailable"][0]["code"], "account_stopped", "{desk}");
    let (status, problem) = house.get("/api/accounts/main").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
}

#[tokio::test]
async fn flatten_closes_and_latches_are_released() {
    let house = House::new().await;
    house.buy_ten().await;
    let (_, report) = house.post("/api/kill", json!({"level": "flatten"})).await;
    assert_eq!(report["acknowledged"], true);
    house.until("/api/positions", |b| b["positions"] == json!([])).await;
    house.post("/api/kill/release", json!({"confirm": "release"})).await;
    let path = "/api/accounts/main/latches/drawdown/release";
    assert_eq!(house.post(path, json!({"rebase": true})).await.0, StatusCode::OK);
    let path = "/api/accounts/main/latches/door/release";
    assert_eq!(house.post(path, json!({})).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_journal_is_paged_and_a_change_in_it_is_found() {
    let house = House::new().await;
    house.buy_ten().await;
    let mut records = Vec::new();
    let mut after = 0;
    loop {
        let path = format!("/api/journal/account%2Fmain?after={after}&limit=4");
        let (status, page) = house.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        records.extend(page["records"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_u64() else { break };
        after = next;
    }
    assert!(records.len() > 10);
    for (i, pair) in records.windows(2).enumerate() {
        assert_eq!(pair[0]["seq"], i + 1);
        assert_eq!(pair[1]["prev"], pair[0]["hash"]);
    }
    assert_eq!(records[0]["kind"], "account_opened");
    let body: serde_json::Value =
        serde_json::from_str(records[0]["body_text"].as_str().unwrap()).unwrap();
    assert_eq!(body, records[0]["body"]);
    let limits_by = records.iter().filter(|r| r["kind"] == "order_recorded");
    assert!(limits_by.count() >= 2, "the entry and its stop");
    let (_, heads) = house.get("/api/journal").await;
    assert_eq!(heads["streams"][0]["stream"], "desk");
    let (_, desk) = house.get("/api/journal/desk").await;
    assert_eq!(desk["records"][0]["kind"], "account_added");

    let verify = "/api/journal/account%2Fmain/verify";
    let (_, sound) = house.get(verify).await;
    assert_eq!((&sound["sound"], &sound["broken"]), (&json!(true), &json!(null)));
    assert!(sound["verdict"].as_str().unwrap().contains("truncation not excluded"));
    let stream = StreamId::account(&common::main_account());
    house.journal.alter(&stream, 3, "{}");
    let (_, broken) = house.get(verify).await;
    assert_eq!((&broken["sound"], &broken["records"]), (&json!(false), &json!(2)));
    assert!(broken["broken"].as_str().unwrap().contains("record 3 was altered"));
    assert_eq!(house.get("/api/audit/verify").await.1["sound"], true);
    for wrong in ["limit=0", "limit=501", "after=-1"] {
        let (status, _) = house.get(&format!("/api/journal/desk?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn operator_acts_are_marked_as_a_persons() {
    let house = House::new().await;
    let body = json!({"target": "account", "limits": {}});
    house.put("/api/accounts/main/limits", body).await;
    let (_, page) = house.get("/api/journal/account%2Fmain?limit=500").await;
    let records = page["records"].as_array().unwrap();
    let set = records.iter().find(|r| r["kind"] == "limits_set").unwrap();
    assert_eq!(set["body"]["by"], json!({"kind": "human", "principal": "bootstrap"}));
}

#[tokio::test]
async fn markets_show_rules_prices_and_no_future() {
    let house = House::new().await;
    let (_, list) = house.get("/api/instruments").await;
    let instrument = &list["instruments"][0];
    assert_eq!((&instrument["tick"], &instrument["open"]), (&json!("0.01"), &json!(true)));
    assert_eq!(instrument["accounts"], json!(["main"]));
    let (_, quotes) = house.get("/api/quotes").await;
    assert_eq!(quotes["quotes"][0]["last"], "100");
    assert!(quotes["quotes"][0]["age_ms"].as_i64().unwrap() < 60_000);
    assert_eq!(house.get("/api/bars").await.1["series"][0]["symbol"], "sim:IBM");
    let (_, bars) = house.get("/api/ohlcv?symbol=sim:IBM&timeframe=1d&limit=5").await;
    assert_eq!(bars["bars"].as_array().unwrap().len(), 1, "a bar that has not closed is not shown");
    let (status, _) = house.get("/api/ohlcv?symbol=sim:IBM&timeframe=2y").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, codes) = house.get("/api/codes").await;
    let all = codes["codes"].as_array().unwrap();
    assert_eq!(all.len(), path::codes::RefusalCode::ALL.len());
    let (status, ready) = house.get("/api/health/ready").await;
    assert_eq!((status, &ready), (StatusCode::OK, &json!({"status": "ready"})));
}

#[tokio::test]
async fn only_what_is_lost_is_written_off_and_only_dust_is_left_alone() {
    let house = House::new().await;
    house.buy_ten().await;
    let (status, problem) =
        house.post("/api/positions/main.manual.sim%3AIBM/leave", json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "not_dust");
    assert_eq!(problem["refusals"][0]["value"], "10");
    let (_, live) = house.get("/api/orders").await;
    let order = &live["orders"][0];
    assert_eq!((&order["lost"], &order["written_off"]), (&json!(false), &json!(false)));
    let path = format!("/api/orders/main/{}/write-off", order["client_order_id"].as_str().unwrap());
    let (status, problem) = house.post(&path, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["refusals"][0]["code"], "order_not_lost");
    let (_, problem) = house.post("/api/orders/main/cfa1b2c3-9-9/write-off", json!({})).await;
    assert_eq!(problem["refusals"][0]["code"], "order_unknown", "{problem}");
}

#[tokio::test]
async fn a_holding_that_nobody_manages_is_adopted() {
    let house = House::new().await;
    let path = "/api/positions/main.manual.sim%3AIBM/adopt";
    let (status, problem) = house.post(path, json!({})).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!("id")));
    let path = "/api/positions/main.unmanaged.sim%3AIBM/adopt";
    let (status, problem) = house.post(path, json!({"book": "manual"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "nothing_to_reduce");
}
