//! Plans over HTTP: trailing stops, partial targets, time stops, groups, openings, changes,
//! reversals and closes of everything.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use axum::http::{Method, StatusCode};
use common::{House, instrument, request, request_with};
use domain::{CalendarKind, Instrument};
use path::{core::Input, market::Session};
use serde_json::{Value, json};

const POSITION: &str = "/api/positions/main.manual.sim%3AIBM";

fn order(more: &Value) -> Value {
    let mut body = json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "10"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Places an order that works, and gives its id.
async fn working(house: &House, more: &Value) -> String {
    let (status, made) = house.post("/api/orders?wait_ms=2000", order(more)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["state"]["status"], "working", "{made}");
    made["order"].as_str().unwrap().to_owned()
}

async fn patch(house: &House, id: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/orders/main/{id}?wait_ms=2000");
    let (status, _, body) = house.send(request(Method::PATCH, &path, Some(body))).await;
    (status, body)
}

/// The fields at fault, in order.
fn at_fault(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|e| e["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_trailing_stop_with_partial_targets_is_shown_and_followed() {
    let house = House::new().await;
    let plan = json!({"trail_amount": "5", "time_stop_secs": 7200, "target": "130",
        "targets": [{"price": "110", "percent": "33"}, {"price": "120", "percent": "33"}]});
    let (status, made) = house.post("/api/orders?wait_ms=5000", order(&plan)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let state = &made["state"];
    let trail = json!({"by": "amount", "distance": "5", "activation": null, "watched_here": true});
    assert_eq!(state["trail"], trail);
    assert_eq!((&state["stop"], &state["targets"][1]["percent"]), (&json!("95"), &json!("33")));
    assert_eq!(state["targets"][0].get("taken"), None, "an order has taken none: {state}");
    let planned = json!({"after_secs": 7200, "watched_here": true});
    assert_eq!(state["time_stop"], planned);

    let covered = |b: &Value| b["positions"][0]["protected_qty"] == "10";
    let list = house.until("/api/positions", covered).await;
    let position = &list["positions"][0];
    assert_eq!((&position["stop"], &position["stop_rests"]), (&json!("95"), &json!("at_venue")));
    assert_eq!((&position["trail"], &position["watched_here"]), (&trail, &json!(true)));
    assert!(position["time_stop"]["due"].as_str().unwrap().ends_with('Z'), "{position}");

    house.price("110").await;
    // 33 % of 10 is 3.3, rounded down to 3; the stop trails at 110 - 5.
    let taken = |b: &Value| b["positions"][0]["protected_qty"] == "7";
    let list = house.until("/api/positions", taken).await;
    let position = &list["positions"][0];
    let of = |n: usize| position["targets"][n].clone();
    let target = |price: &str, taken: bool| json!({"price": price, "percent": "33", "taken": taken, "watched_here": true});
    assert_eq!((of(0), of(1)), (target("110", true), target("120", false)));
    house.until("/api/positions", |b| b["positions"][0]["stop"] == "105").await;
    house.until("/api/orders", |b| b["orders"][0]["trigger"] == "105").await;
}

#[tokio::test]
async fn a_preview_shows_the_plan_on_the_tick() {
    let house = House::new().await;
    let plan = json!({"trail_percent": "2.5", "trail_activation": "104.001",
        "stop": "95", "targets": [{"price": "110.009", "percent": "50"}],
        "time_stop": "2040-01-01T12:00:00+01:00"});
    let (status, preview) = house.post("/api/orders/preview", order(&plan)).await;
    assert_eq!((status, &preview["verdict"]), (StatusCode::OK, &json!("cleared")), "{preview}");
    assert_eq!(preview["trail"]["activation"], "104");
    assert_eq!(preview["targets"][0]["price"], "110", "toward the price, never away from it");
    assert_eq!(preview["time_stop"]["at"], "2040-01-01T11:00:00Z");
    assert_eq!(preview["stop_attached"], false);
    let (_, preview) =
        house.post("/api/orders/preview", order(&json!({"trail_amount": "4"}))).await;
    assert_eq!((&preview["stop"], &preview["stop_attached"]), (&json!("96"), &json!(false)));
    let past = order(&json!({"time_stop": "2001-01-01T00:00:00Z"}));
    let (_, refused) = house.post("/api/orders/preview", past).await;
    assert_eq!(refused["refusals"][0]["code"], "plan_invalid", "{refused}");
}

#[tokio::test]
async fn every_wrong_field_of_a_plan_is_named_with_its_value() {
    let house = House::new().await;
    let level = |price: &str, percent: &str| json!({"price": price, "percent": percent});
    let five: Vec<Value> = (0..5).map(|_| level("110", "10")).collect();
    let cases = [
        (json!({"trail_amount": "5", "trail_percent": "2"}), "trail_amount", "5", "not both"),
        (json!({"trail_amount": 5}), "trail_amount", "5", "decimal strings"),
        (json!({"trail_amount": "0"}), "trail_amount", "0", ""),
        (json!({"trail_percent": "0"}), "trail_percent", "0", "above 0 and below 100"),
        (json!({"trail_percent": "100"}), "trail_percent", "100", "above 0 and below 100"),
        (json!({"trail_activation": "104"}), "trail_activation", "104", "nothing trails"),
        (json!({"targets": "110"}), "targets", "110", "a list of at most 4"),
        (json!({"targets": five}), "targets", "5", "at most 4"),
        (json!({"targets": ["110"]}), "targets[0]", "110", "an object"),
        (json!({"targets": [level("110", "0")]}), "targets[0].percent", "0", "above 0"),
        (json!({"targets": [level("x", "5")]}), "targets[0].price", "x", ""),
        (
            json!({"targets": [level("110", "60"), level("120", "50")]}),
            "targets",
            "110 %",
            "at most 100 percent together",
        ),
        (json!({"time_stop": "tomorrow"}), "time_stop", "tomorrow", "RFC 3339"),
        (json!({"time_stop_secs": "60"}), "time_stop_secs", "60", "a whole number"),
        (json!({"time_stop_secs": 0}), "time_stop_secs", "0", "1 to"),
        (
            json!({"time_stop": "2040-01-01T00:00:00Z", "time_stop_secs": 60}),
            "time_stop",
            "2040-01-01T00:00:00Z",
            "not both",
        ),
        (json!({"trigger_by": "bid"}), "trigger_by", "bid", "last, quote or mark"),
        (json!({"extended_hours": "yes"}), "extended_hours", "yes", "true or false"),
        (json!({"activate": "later"}), "activate", "later", "now, next_open or next_price"),
        (json!({"group": "a b"}), "group", "a b", ""),
    ];
    for (more, field, value, rule) in cases {
        let (status, problem) = house.post("/api/orders", order(&more)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{more}: {problem}");
        let error = &problem["errors"][0];
        assert_eq!((&error["field"], &error["value"]), (&json!(field), &json!(value)), "{problem}");
        assert!(error["rule"].as_str().unwrap().contains(rule), "{more}: {error}");
    }
    let many = order(&json!({"trail_percent": "0", "group": "", "activate": "x",
        "targets": [{"price": "1", "share": "5"}, {}]}));
    let (_, problem) = house.post("/api/orders", many).await;
    let expected = [
        "trail_percent",
        "targets[0].percent",
        "targets[0].share",
        "targets[1].price",
        "targets[1].percent",
        "activate",
        "group",
    ];
    assert_eq!(at_fault(&problem), expected, "{problem}");
    let (_, orders) = house.get("/api/orders?state=all").await;
    assert_eq!(orders["orders"], json!([]));
}

/// A stop may fill while its owner moves it: then there is nothing to protect any more.
#[tokio::test]
async fn levels_for_nothing_are_refused_as_that() {
    let house = House::new().await;
    for stop in ["95", "105"] {
        let (status, body) =
            house.put(&format!("{POSITION}/protection"), json!({"stop": stop})).await;
        assert_eq!(body["refusals"][0]["code"], "nothing_to_reduce", "{status} {body}");
    }
}

#[tokio::test]
async fn a_changed_order_takes_the_old_ones_place() {
    let house = House::new().await;
    let old = working(&house, &json!({"type": "limit", "limit": "90", "stop": "85"})).await;
    let (status, made) = patch(&house, &old, json!({"limit": "91", "quantity": "7"})).await;
    assert_eq!((status, &made["outcome"]), (StatusCode::CREATED, &json!("recorded")), "{made}");
    assert_eq!((&made["replaces"], &made["qty"]), (&json!(old), &json!("7")));
    let state = &made["state"];
    assert_eq!((&state["limit"], &state["stop"]), (&json!("91"), &json!("85")), "{state}");
    assert_eq!((&state["replaces"], &state["replaced_by"]), (&json!(old), &json!(null)));
    let new = made["order"].as_str().unwrap();
    let path = format!("/api/orders/main/{old}");
    let gone = house.until(&path, |o| o["status"] == "cancelled").await;
    assert_eq!(gone["replaced_by"], new);
    let (_, live) = house.get("/api/orders").await;
    assert_eq!(live["orders"].as_array().unwrap().len(), 1, "{live}");
}

#[tokio::test]
async fn a_change_with_a_key_happens_once() {
    let house = House::new().await;
    let old = working(&house, &json!({"type": "limit", "limit": "90"})).await;
    let path = format!("/api/orders/main/{old}?wait_ms=2000");
    let change = |limit: &str| {
        let body = Some(json!({ "limit": limit }));
        request_with(Method::PATCH, &path, body, ("idempotency-key", "c-1"))
    };
    let (status, _, first) = house.send(change("91")).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (status, headers, again) = house.send(change("91")).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &first));
    assert_eq!(headers["idempotency-replayed"], "true");
    let (status, _, other) = house.send(change("92")).await;
    assert_eq!((status, &other["code"]), (StatusCode::CONFLICT, &json!("idempotency_conflict")));
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_the_order_as_it_was() {
    let house = House::new().await;
    let limits = json!({"target": "account", "limits": {"order_qty": "10"}});
    house.put("/api/accounts/main/limits", limits).await;
    let old = working(&house, &json!({"type": "limit", "limit": "90"})).await;
    for (body, fields) in [
        (json!({}), vec!["quantity"]),
        (json!({"quantity": "0"}), vec!["quantity"]),
        (
            json!({"quantity": 5, "limit": "x", "colour": "red"}),
            vec!["quantity", "limit", "colour"],
        ),
    ] {
        let (status, problem) = patch(&house, &old, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {problem}");
        assert_eq!(at_fault(&problem), fields, "{problem}");
    }
    for (body, code) in
        [(json!({"quantity": "11"}), "order_qty"), (json!({"trigger": "95"}), "order_shape")]
    {
        let (status, problem) = patch(&house, &old, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["refusals"][0]["code"], code, "{problem}");
    }
    let (status, problem) = patch(&house, "cfa1b2c3-1-zz", json!({"limit": "91"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("order_unknown")));
    let (_, order) = house.get(&format!("/api/orders/main/{old}")).await;
    assert_eq!((&order["status"], &order["limit"]), (&json!("working"), &json!("90")));
}

#[tokio::test]
async fn of_a_group_one_order_fills() {
    let house = House::new().await;
    let below = json!({"type": "limit", "limit": "95", "stop": "90", "group": "breakout"});
    let below = working(&house, &below).await;
    let above = json!({"type": "stop", "trigger": "105", "trigger_by": "last", "stop": "100",
        "group": "breakout"});
    let above = working(&house, &above).await;
    let (_, order) = house.get(&format!("/api/orders/main/{above}")).await;
    assert_eq!((&order["group"], &order["trigger_by"]), (&json!("breakout"), &json!("last")));
    assert_eq!(order["extended_hours"], false);
    house.price("106").await;
    house.until(&format!("/api/orders/main/{above}"), |o| o["status"] == "filled").await;
    house.until(&format!("/api/orders/main/{below}"), |o| o["status"] == "cancelled").await;
}

/// A stock whose market is closed.
async fn closed_market(house: &House) {
    let listed = Instrument {
        id: "sim:XYZ".parse().unwrap(),
        calendar: CalendarKind::UsEquities,
        ..instrument()
    };
    let account = house.account();
    account.inform(move |_| Input::SetInstrument(Box::new(listed.clone()))).await.unwrap();
    let (calendar, session) = (CalendarKind::UsEquities, Session { open: false, day: 1 });
    account.inform(move |_| Input::Session { calendar, session }).await.unwrap();
}

#[tokio::test]
async fn an_order_for_the_opening_waits_and_can_be_taken_back() {
    let house = House::new().await;
    closed_market(&house).await;
    let wish = order(&json!({"symbol": "sim:XYZ", "activate": "next_open", "trail_amount": "2",
        "targets": [{"price": "110", "percent": "50"}]}));
    let send = || {
        let key = ("idempotency-key", "open-1");
        request_with(Method::POST, "/api/orders", Some(wish.clone()), key)
    };
    let (status, _, made) = house.send(send()).await;
    assert_eq!((status, &made["outcome"]), (StatusCode::ACCEPTED, &json!("armed")), "{made}");
    let (_, _, again) = house.send(send()).await;
    assert_eq!(again["armed"], made["armed"]);
    let (status, list) = house.get("/api/armed?account=main").await;
    assert_eq!(status, StatusCode::OK);
    let armed = list["armed"].as_array().unwrap();
    assert_eq!((armed.len(), &armed[0]["id"]), (1, &made["armed"]), "{list}");
    assert_eq!((&armed[0]["size_by"], &armed[0]["size"]), (&json!("quantity"), &json!("10")));
    assert_eq!(armed[0]["trail"]["distance"], "2");
    assert_eq!(armed[0]["origin"]["kind"], "api_key");

    assert_eq!(house.get("/api/accounts/main").await.1["armed"], 1);

    let path = format!("/api/armed/main/{}", made["armed"].as_str().unwrap());
    let (status, done) = house.delete(&path).await;
    assert_eq!((status, &done), (StatusCode::OK, &json!({"done": true})));
    let (status, problem) = house.delete(&path).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("order_unknown")));
    assert_eq!(house.get("/api/armed").await.1["armed"], json!([]));

    for wrong in ["account=a.b", "colour=red"] {
        let (status, problem) = house.get(&format!("/api/armed?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {problem}");
    }
    assert_eq!(house.get("/api/armed?account=none").await.0, StatusCode::NOT_FOUND);
    let always = order(&json!({"activate": "next_open"}));
    let (status, problem) = house.post("/api/orders", always.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "order_shape", "{problem}");
    let (_, preview) = house.post("/api/orders/preview", always).await;
    assert_eq!(preview["waits_for_opening"], true);
}

#[tokio::test]
async fn everything_of_an_account_is_closed_book_by_book() {
    let house = House::new().await;
    house.post("/api/accounts/main/books", json!({"id": "trend"})).await;
    house.buy_ten().await;
    let other = order(&json!({"book": "trend", "quantity": "4", "stop": "95"}));
    house.post("/api/orders?wait_ms=5000", other).await;
    house.until("/api/positions", |b| b["positions"][1]["protected_qty"] == "4").await;

    let all = "/api/accounts/main/close?wait_ms=5000";
    for (body, fields) in [
        (json!({}), vec!["percent"]),
        (json!({"percent": "0"}), vec!["percent"]),
        (json!({"percent": "101", "symbol": "IBM"}), vec!["percent", "symbol"]),
    ] {
        let (status, problem) = house.post(all, body).await;
        assert_eq!((status, at_fault(&problem)), (StatusCode::BAD_REQUEST, fields), "{problem}");
    }
    let half = json!({"percent": "50", "symbol": "sim:IBM"});
    let (status, made) = house.post(all, half).await;
    assert_eq!((status, &made["ended"]), (StatusCode::OK, &json!(true)), "{made}");
    let closes = made["closes"].as_array().unwrap();
    let part = |n: usize| (closes[n]["book"].as_str().unwrap(), closes[n]["qty"].as_str().unwrap());
    assert_eq!((closes.len(), part(0), part(1)), (2, ("manual", "5"), ("trend", "2")));
    assert_eq!(closes[0]["symbol"], "sim:IBM");
    assert!(closes[0]["close"].is_u64());

    let (_, none) = house.post(all, json!({"percent": "100", "symbol": "sim:GOOG"})).await;
    assert_eq!(none["refusals"][0]["code"], "nothing_to_reduce");
    let (status, _) = house.post(all, json!({"percent": "100"})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(house.get("/api/positions").await.1["positions"], json!([]));
    let (status, none) = house.post(all, json!({"percent": "100"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{none}");
}

async fn may_sell_short(house: &House) {
    let shortable = Instrument { shortable: true, ..instrument() };
    house.venue.with(|v| v.register(shortable.clone())).unwrap();
    let told = move |_| Input::SetInstrument(Box::new(shortable.clone()));
    house.account().inform(told).await.unwrap();
    let mut policy = house.get("/api/accounts/main").await.1["policy"].clone();
    policy["allow_short"] = json!(true);
    let body = json!({ "policy": policy });
    let (status, body) = house.put("/api/accounts/main/policy", body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn a_position_is_turned_around_by_as_much_as_was_held() {
    let house = House::new().await;
    may_sell_short(&house).await;
    house.buy_ten().await;
    let reverse = format!("{POSITION}/reverse");
    let (status, problem) =
        house.post(&reverse, json!({"quantity": "0", "trail_percent": "0"})).await;
    assert_eq!((status, at_fault(&problem)), (StatusCode::BAD_REQUEST, vec!["trail_percent"]));
    let (_, problem) = house.post(&reverse, json!({"quantity": "0", "stop": "105"})).await;
    assert_eq!(at_fault(&problem), ["quantity"]);

    let body = json!({"stop": "105", "targets": [{"price": "90", "percent": "50"}]});
    let key = ("idempotency-key", "flip-1");
    let send = || request_with(Method::POST, &reverse, Some(body.clone()), key);
    let (status, _, made) = house.send(send()).await;
    assert_eq!((status, &made["outcome"]), (StatusCode::ACCEPTED, &json!("closing")), "{made}");
    assert_eq!(made["qty"], "10");
    let short = |b: &Value| {
        let position = &b["positions"][0];
        position["qty"] == "-10" && position["protected_qty"] == "10"
    };
    let list = house.until("/api/positions", short).await;
    let position = &list["positions"][0];
    assert_eq!((&position["side"], &position["stop"]), (&json!("short"), &json!("105")));
    assert_eq!(position["targets"][0]["price"], "90");
    let (_, headers, again) = house.send(send()).await;
    assert_eq!((&again, &headers["idempotency-replayed"]), (&made, &"true".parse().unwrap()));
    let (_, list) = house.get("/api/positions").await;
    assert!(short(&list), "turned once: {list}");
}

#[tokio::test]
async fn a_reversal_whose_second_half_is_refused_is_a_close() {
    let house = House::new().await;
    let reverse = format!("{POSITION}/reverse?wait_ms=5000");
    let (status, problem) = house.post(&reverse, json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["refusals"][0]["code"], "nothing_to_reduce", "{problem}");
    house.buy_ten().await;
    let (status, made) = house.post(&reverse, json!({"quantity": "4"})).await;
    assert_eq!((status, &made["ended"]), (StatusCode::OK, &json!(true)), "{made}");
    assert_eq!(house.get("/api/positions").await.1["positions"], json!([]));
}

#[tokio::test]
async fn protection_is_replaced_as_a_whole() {
    let house = House::new().await;
    house.buy_ten().await;
    let path = format!("{POSITION}/protection");
    let plan = json!({"stop": "96", "target": "130", "trail_percent": "2.5",
        "trail_activation": "105", "targets": [{"price": "110", "percent": "50"}],
        "time_stop": "2040-01-01T00:00:00Z"});
    let (status, body) = house.put(&path, plan).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let list = house.until("/api/orders", |b| b["orders"][0]["trigger"] == "96").await;
    assert_eq!(list["orders"][0]["class"], "protective");
    let (_, list) = house.get("/api/positions").await;
    let position = &list["positions"][0];
    let trail =
        json!({"by": "percent", "distance": "2.5", "activation": "105", "watched_here": true});
    assert_eq!(position["trail"], trail, "{position}");
    assert_eq!(position["targets"][0]["taken"], false);
    assert_eq!(position["time_stop"]["due"], "2040-01-01T00:00:00Z");

    let (status, _) = house.put(&path, json!({"trail_amount": "3"})).await;
    assert_eq!(status, StatusCode::OK);
    // The trail has no stop of its own: it begins at 100 - 3.
    house.until("/api/orders", |b| b["orders"][0]["trigger"] == "97").await;
    let (_, list) = house.get("/api/positions").await;
    let position = &list["positions"][0];
    assert_eq!((&position["targets"], &position["time_stop"]), (&json!([]), &json!(null)));
    assert_eq!((&position["target"], &position["stop"]), (&json!(null), &json!("97")));
    let (status, _) = house.put(&path, json!({"stop": "95"})).await;
    assert_eq!(status, StatusCode::OK);
    house.until("/api/positions", |b| b["positions"][0]["watched_here"] == false).await;
}

#[tokio::test]
async fn wrong_protection_is_named_by_field() {
    let house = House::new().await;
    house.buy_ten().await;
    let path = format!("{POSITION}/protection");
    for (body, fields) in [
        (json!({"target": "120"}), vec!["stop"]),
        (json!({"stop": "95.001", "target": "99"}), vec!["stop", "target"]),
        (json!({"stop": "101"}), vec!["stop"]),
        (
            json!({"stop": "95", "targets": [{"price": "110", "percent": "50"},
                {"price": "99", "percent": "50"}]}),
            vec!["targets[1].price"],
        ),
        (
            json!({"stop": "95", "trail_amount": "2", "trail_activation": "105.001"}),
            vec!["trail_activation"],
        ),
        (json!({"stop": "95", "time_stop": "2001-01-01T00:00:00Z"}), vec!["time_stop"]),
        (json!({"trail_amount": "2", "trail_activation": "105"}), vec!["stop"]),
    ] {
        let (status, problem) = house.put(&path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {problem}");
        assert_eq!(at_fault(&problem), fields, "{problem}");
    }
    let (_, list) = house.get("/api/positions").await;
    assert_eq!(list["positions"][0]["stop"], "95", "nothing was changed");
    let bare = json!({"trail_amount": "2", "trail_activation": "105", "accept_unprotected": true});
    assert_eq!(house.put(&path, bare).await.0, StatusCode::OK);
    let list = house.until("/api/positions", |b| b["positions"][0]["protected_qty"] == "0").await;
    assert_eq!(list["positions"][0]["stop_rests"], json!(null));
}
