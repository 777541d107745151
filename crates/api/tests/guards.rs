//! What stands in front of every route: key, host, origin, rate, form of requests.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use api::Rate;
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use common::{House, KEY, request, request_with};
use serde_json::{Value, json};

fn is_problem(headers: &HeaderMap, body: &Value) {
    assert_eq!(headers["content-type"], "application/problem+json", "{body}");
    for field in ["type", "title", "status", "code", "detail", "remedy"] {
        assert!(!body[field].is_null(), "{field} is missing in {body}");
    }
}

/// Every documented route, with something in the place of each parameter.
fn documented() -> Vec<(Method, String)> {
    let api = serde_json::to_value(api::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let path = path
            .replace("{account}", "main")
            .replace("{client_order_id}", "x")
            .replace("{intent}", "x")
            .replace("{stream}", "desk")
            .replace("{latch}", "drawdown")
            .replace("{id}", if path.contains("positions/{id}") { "a.b.c:D" } else { "main" });
        assert!(!path.contains('{'), "{path}");
        for method in item.as_object().unwrap().keys() {
            routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    routes
}

#[tokio::test]
async fn every_route_but_the_open_ones_asks_who_it_is() {
    let house = House::with(|config| config.rate = Rate { per_second: 1_000, burst: 1_000 }).await;
    let routes = documented();
    assert!(routes.len() >= 40, "{}", routes.len());
    for (method, path) in routes {
        let mut bare = request(method.clone(), &path, None);
        bare.headers_mut().remove("x-api-key");
        let (status, headers, body) = house.send(bare).await;
        if path.starts_with("/api/health") || (path == "/api/setup" && method == Method::GET) {
            assert!(status == StatusCode::OK, "{path}: {status}");
            assert_eq!(body.as_object().unwrap().len(), 1, "a status and nothing else: {body}");
            continue;
        }
        if path == "/api/openapi.json" {
            assert!(status == StatusCode::OK, "{path}: {status}");
            continue;
        }
        if method == Method::POST && ["/api/setup", "/api/sessions"].contains(&path.as_str()) {
            assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "a body is asked for: {path}");
            continue;
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(body["code"], "too_many_failures");
        } else {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(headers.contains_key("www-authenticate"));
        }
        is_problem(&headers, &body);
        // With the key it exists.
        let (status, _, body) = house.send(request(method.clone(), &path, None)).await;
        assert_ne!(body["code"], "route_unknown", "{method} {path}");
        assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}

#[tokio::test]
async fn only_the_right_key_in_one_header_is_taken() {
    let house = House::empty(|_| {});
    let with = |headers: &[(&str, &str)]| {
        let mut builder = Request::builder().uri("/api/desk").header("host", "localhost");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::empty()).unwrap()
    };
    let bearer = format!("Bearer {KEY}");
    for right in [&[("x-api-key", KEY)][..], &[("authorization", bearer.as_str())]] {
        assert_eq!(house.send(with(right)).await.0, StatusCode::OK, "{right:?}");
    }
    let other = "cfd_boot_0123456789abcdee";
    for wrong in [
        &[][..],
        &[("x-api-key", other)],
        &[("x-api-key", "")],
        &[("authorization", KEY)],
        &[("authorization", "Basic Y2ZkOg==")],
        &[("cookie", "key=cfd_boot_0123456789abcdef")],
        &[("x-api-key", KEY), ("x-api-key", other)],
        &[("x-api-key", other), ("authorization", bearer.as_str())],
    ] {
        assert_eq!(house.send(with(wrong)).await.0, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    let mut unknown = request(Method::GET, "/api/nothing", None);
    unknown.headers_mut().remove("x-api-key");
    assert_eq!(house.send(unknown).await.0, StatusCode::UNAUTHORIZED, "nor do unknown paths tell");
    for path in ["/api/desk?api_key=x", &format!("/api/desk?x={KEY}"), "/ws?key=a"] {
        let (status, headers, body) = house.send(request(Method::GET, path, None)).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("key_in_url")));
        is_problem(&headers, &body);
        assert!(!body.to_string().contains("0123456789"), "the key is not repeated");
    }
}

#[tokio::test]
async fn guessing_is_slowed_and_the_right_key_is_served_all_the_while() {
    let house = House::empty(|_| {});
    let mut refused = 0;
    for _ in 0..80 {
        let wrong = request_with(Method::GET, "/api/desk", None, ("x-api-key", "cfd_a_b"));
        let (status, headers, _) = house.send(wrong).await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            assert!(headers.contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
    assert_eq!(house.get("/api/desk").await.0, StatusCode::OK);
}

#[tokio::test]
async fn foreign_hosts_and_pages_are_refused() {
    let house = House::empty(|config| config.hosts = vec!["desk.example".to_owned()]);
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:3000", ""] {
        let attack = request_with(Method::GET, "/api/health", None, ("host", host));
        let (status, headers, body) = house.send(attack).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        is_problem(&headers, &body);
    }
    let known = request_with(Method::GET, "/api/desk", None, ("host", "desk.example:3000"));
    assert_eq!(house.send(known).await.0, StatusCode::OK);

    let kill = || Some(json!({"level": "pause"}));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:4000"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let attack = request_with(Method::POST, "/api/kill", kill(), (name, value));
        let (status, headers, body) = house.send(attack).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
        is_problem(&headers, &body);
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    let own = request_with(
        Method::POST,
        "/api/orders/preview",
        Some(json!({})),
        ("origin", "http://localhost:3000"),
    );
    assert_eq!(house.send(own).await.0, StatusCode::BAD_REQUEST, "it reaches the route");
    let mut socket = request(Method::GET, "/ws", None);
    socket.headers_mut().insert("upgrade", "websocket".parse().unwrap());
    socket.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    assert_eq!(house.send(socket).await.0, StatusCode::FORBIDDEN, "a socket names its origin");
    let preflight =
        request_with(Method::OPTIONS, "/api/orders", None, ("origin", "https://evil.example"));
    let (status, headers, _) = house.send(preflight).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(!headers.contains_key("access-control-allow-methods"));
}

#[tokio::test]
async fn the_rate_is_limited_and_exits_are_not() {
    let house = House::with(|config| config.rate = Rate { per_second: 1, burst: 4 }).await;
    let mut last = (StatusCode::OK, HeaderMap::new(), Value::Null);
    for _ in 0..6 {
        last = house.send(request(Method::GET, "/api/codes", None)).await;
    }
    let (status, headers, body) = last;
    assert_eq!((status, &body["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("rate_limited")));
    assert_eq!(headers["retry-after"], "1");
    is_problem(&headers, &body);
    for _ in 0..10 {
        let (status, _) = house.post("/api/kill", json!({"level": "pause"})).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(house.delete("/api/orders/main/x").await.0, StatusCode::NOT_FOUND);
        assert_eq!(house.get("/api/health").await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn answers_carry_hardening_headers() {
    let house = House::empty(|_| {});
    for path in ["/api/health", "/api/desk", "/api/nothing"] {
        let (_, headers, _) = house.send(request(Method::GET, path, None)).await;
        let csp = headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'none'"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(!headers.contains_key("server"));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem_document() {
    let house = House::new().await;
    for (path, code) in [
        ("/api/nothing", "route_unknown"),
        ("/nothing", "route_unknown"),
        ("/api/accounts/other", "account_unknown"),
        ("/api/orders/main/cfa1b2c3-1-zz", "order_unknown"),
        ("/api/journal/other", "stream_unknown"),
        ("/api/journal/account%2Fother", "stream_unknown"),
        ("/api/ohlcv?symbol=sim:NONE&timeframe=1d", "series_unknown"),
    ] {
        let (status, headers, body) = house.send(request(Method::GET, path, None)).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!(code)), "{path}");
        is_problem(&headers, &body);
    }
    let (status, headers, body) = house.send(request(Method::PATCH, "/api/orders", None)).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    is_problem(&headers, &body);
    let (status, headers, body) =
        house.send(request(Method::GET, "/api/accounts/a%20b", None)).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_path")));
    is_problem(&headers, &body);
}

async fn refused(house: &House, text: &str) -> Value {
    let mut bad = request(Method::POST, "/api/orders", Some(json!({})));
    *bad.body_mut() = Body::from(text.to_owned());
    let (status, headers, body) = house.send(bad).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}: {body}");
    is_problem(&headers, &body);
    body
}

#[tokio::test]
async fn bodies_are_read_strictly_and_every_wrong_field_is_named() {
    let house = House::new().await;
    for text in ["", "{", "[]", "null", "{\"a\":1}x", "{\"side\":\"buy\",\"side\":\"sell\"}"] {
        assert_eq!(refused(&house, text).await["code"], "invalid_json", "{text}");
    }
    let body = refused(
        &house,
        r#"{"account": "main", "symbol": "IBM", "side": "hold", "quantity": 10,
            "limit": "-1", "stop": "NaN", "target": "1e5", "post_only": "yes", "leverage": "2"}"#,
    )
    .await;
    let errors = body["errors"].as_array().unwrap();
    let rule = |field: &str| {
        let found = errors.iter().find(|e| e["field"] == field);
        found.unwrap_or_else(|| panic!("{field}: {body}"))["rule"].as_str().unwrap().to_owned()
    };
    assert!(rule("symbol").contains("venue:SYMBOL"));
    assert!(rule("side").contains("buy or sell"));
    assert!(rule("quantity").contains("decimal strings"));
    assert!(rule("limit").contains("greater than 0"));
    assert!(rule("stop").contains("not a plain decimal"));
    assert!(rule("target").contains("not a plain decimal"));
    assert!(rule("post_only").contains("true or false"));
    assert!(rule("leverage").contains("no such field"));
    let two = r#"{"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "1",
        "notional": "5"}"#;
    let rule = refused(&house, two).await["errors"][0]["rule"].clone();
    assert!(rule.as_str().unwrap().contains("exactly one"));
    let huge = r#"{"account": "main", "symbol": "sim:IBM", "side": "buy",
        "quantity": "99999999999999999999"}"#;
    assert_eq!(refused(&house, huge).await["errors"][0]["field"], "quantity");
    let limits = json!({"target": "account",
        "limits": {"order_notional": 5, "open_orders": "x", "odd": 1, "daily_loss": "2%"}});
    let (status, body) = house.put("/api/accounts/main/limits", limits).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["limits.odd", "limits.open_orders", "limits.order_notional"], "{body}");
}

#[tokio::test]
async fn bodies_have_a_size_and_a_type() {
    let house = House::new().await;
    let mut large = request(Method::POST, "/api/orders", Some(json!({})));
    *large.body_mut() = Body::from(format!("{{\"account\": \"{}\"}}", "a".repeat(70_000)));
    let (status, headers, body) = house.send(large).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    is_problem(&headers, &body);
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let form =
            request_with(Method::POST, "/api/orders", Some(json!({})), ("content-type", kind));
        let (status, headers, body) = house.send(form).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        is_problem(&headers, &body);
    }
}
