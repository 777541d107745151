//! Passwords take time to check: who waits for that, how many, and who never does.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::time::Duration;

use axum::http::{Method, StatusCode};
use common::{House, password, request, signed};
use identity::{Grants, NewKey, Scope};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};
use tower::ServiceExt;

async fn house() -> House {
    let fast = api::Rate { per_second: 100_000, burst: 100_000 };
    House::with(|config| config.rate = fast).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bounded_number_waits_and_nobody_waits_to_sign_out() {
    let house = house().await;
    let owner = house.owner();
    let name = "bot".parse().unwrap();
    let scopes = [Scope::Read].into();
    let new = NewKey { name, scopes, grants: Grants::All, days: None, addresses: [].into() };
    let key = house.identity.mint_key(new, Some(&owner.user)).unwrap();
    house.entropy.hold(true);
    let mut knocking = JoinSet::new();
    for _ in 0..30 {
        let body = json!({"name": "owner", "password": "wrong but long"});
        let mut request = request(Method::POST, "/api/sessions", Some(body));
        request.headers_mut().remove("x-api-key");
        let app = house.app.clone();
        knocking.spawn(async move { app.oneshot(request).await.unwrap().status() });
    }
    // Two are at work and sixteen wait; the others are told at once.
    for n in 0..12 {
        let refused = timeout(Duration::from_secs(20), knocking.join_next()).await;
        let refused = refused.unwrap_or_else(|_| panic!("{n} were refused")).unwrap().unwrap();
        assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    }
    let body = json!({"name": "owner", "password": password("owner")});
    let (status, body) = house.post("/api/sessions", body).await;
    let found = (status, &body["code"]);
    assert_eq!(found, (StatusCode::SERVICE_UNAVAILABLE, &json!("passwords_busy")), "{body}");
    let ask = |method, path: String| {
        let request = signed(&owner.token, method, &path, None);
        async { timeout(Duration::from_secs(20), house.send(request)).await.unwrap() }
    };
    let (status, _, _) = ask(Method::DELETE, format!("/api/keys/{}", key.key.id)).await;
    assert_eq!(status, StatusCode::OK, "a key is revoked meanwhile");
    let (status, _, _) = ask(Method::DELETE, "/api/session".to_owned()).await;
    assert_eq!(status, StatusCode::OK, "and who signs out doesn't wait");
    house.entropy.hold(false);
    while let Some(done) = knocking.join_next().await {
        assert!(matches!(done.unwrap(), StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS));
    }
}

#[tokio::test]
async fn a_password_that_is_too_old_or_the_same_is_told_by_its_code() {
    let house = house().await;
    let owner = house.owner();
    let same = json!({"current": password("owner"), "new": password("owner")});
    let (status, body) = house.ask(&owner, Method::PUT, "/api/me/password", Some(same)).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("password_unchanged")));
    let new = json!({"name": "bob", "role": "trader", "password": password("bob")});
    let (status, _) = house.prove(&owner, Method::POST, "/api/users", Some(new)).await;
    assert_eq!(status, StatusCode::CREATED);
    house.clock.go(72 * 3_600);
    let body: Value = json!({"name": "bob", "password": password("bob")});
    let (status, body) = house.post("/api/sessions", body).await;
    let found = (status, &body["code"]);
    assert_eq!(found, (StatusCode::FORBIDDEN, &json!("one_time_password_expired")), "{body}");
}

#[tokio::test]
async fn a_secret_under_a_misspelt_name_is_not_told_again() {
    let house = house().await;
    let owner = house.owner();
    let (secret, next) = (password("owner"), password("next"));
    let cases = [
        (Method::PUT, "/api/me/password", json!({"old": secret, "new": next})),
        (
            Method::POST,
            "/api/step-up",
            json!({"action": "x", "argument_hash": "y", "pasword": secret}),
        ),
        (Method::POST, "/api/sessions", json!({"name": "owner", "Password": secret})),
        (Method::POST, "/api/setup", json!({"name": "eve", "pass": secret})),
    ];
    for (method, path, body) in cases {
        let (status, told) = house.ask(&owner, method, path, Some(body)).await;
        assert_eq!((status, &told["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_fields")));
        let text = told.to_string();
        assert!(text.contains("no such field") && !text.contains(&secret), "{text}");
    }
}
