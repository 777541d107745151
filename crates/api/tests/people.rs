//! People and keys at the door: who may do what on which account, and what attackers try.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use common::{House, KEY, attempt, password, request, request_with, signed};
use domain::AccountId;
use identity::{Grants, NewKey, Role, Scope, SignedIn, memory::totp_code};
use serde_json::{Value, json};

const READ: &str = "viewer trader admin auditor read";
const OWN: &str = "viewer trader admin auditor";
const ADMIN: &str = "admin";
const TRADERS: &str = "trader admin trade";
const PEOPLE: &str = "trader admin";
const JOURNAL: &str = "admin auditor";

/// Who may use a route, written by hand, so that a slip in the door's own table is seen.
fn expected(method: &str, path: &str) -> &'static str {
    match (method, path) {
        ("GET", "/metrics") => "admin auditor metrics",
        ("GET", "/api/audit/verify") => JOURNAL,
        ("POST", "/api/kill") => TRADERS,
        (_, "/api/users" | "/api/users/{id}" | "/api/users/{id}/reset") => ADMIN,
        (_, "/api/keys" | "/api/keys/{id}") => PEOPLE,
        (_, "/api/desk/limits" | "/api/accounts/{id}/policy") => ADMIN,
        ("POST", "/api/accounts" | "/api/instruments") => ADMIN,
        ("PUT" | "POST", "/api/accounts/{id}/limits" | "/api/accounts/{id}/limits/preset") => {
            PEOPLE
        }
        (_, "/api/kill/release" | "/api/accounts/{id}/latches/{latch}/release") => PEOPLE,
        ("POST", "/api/orders/{account}/{client_order_id}/write-off") => PEOPLE,
        ("POST", "/api/approvals/{account}/{id}") => PEOPLE,
        (_, path) if path.starts_with("/api/me/") || path.starts_with("/api/session") => OWN,
        (_, "/api/step-up") => OWN,
        ("POST", "/api/strategies/check") => READ,
        ("GET", _) => READ,
        _ => TRADERS,
    }
}

const OPEN: [&str; 6] = [
    "GET /api/health",
    "GET /api/health/ready",
    "GET /api/openapi.json",
    "GET /api/setup",
    "POST /api/setup",
    "POST /api/sessions",
];

/// Every described route: method, path, and the path with an account in it.
fn routes(account: &str) -> Vec<(Method, String, String)> {
    let api = serde_json::to_value(api::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let real = path
            .replace("/accounts/{id}", &format!("/accounts/{account}"))
            .replace("/positions/{id}", &format!("/positions/{account}.manual.sim:IBM"))
            .replace("{account}", account)
            .replace("{stream}", &format!("account%2F{account}"))
            .replace("{latch}", "drawdown")
            .replace("{client_order_id}", "x")
            .replace("{intent}", "x")
            .replace("{id}", "x");
        for method in item.as_object().unwrap().keys() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone(), real.clone()));
        }
    }
    all
}

async fn house() -> House {
    let fast = api::Rate { per_second: 100_000, burst: 100_000 };
    let house = House::with(|config| config.rate = fast).await;
    let (status, body) =
        house.post("/api/accounts", json!({"id": "hidden7", "cash": "1000"})).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    house
}

fn only(name: &str) -> Grants {
    Grants::of(Some([AccountId::new(name).unwrap()].into()))
}

fn key(house: &House, scope: Scope, grants: Grants) -> String {
    let name = format!("bot-{}", scope.name()).parse().unwrap();
    let new = NewKey { name, scopes: [scope].into(), grants, days: None, addresses: [].into() };
    house.identity.mint_key(new, None).unwrap().text
}

/// Not allowed at all, whatever is sent.
fn is_shut(status: StatusCode, body: &Value) -> bool {
    status == StatusCode::UNAUTHORIZED || body["code"] == "not_allowed"
}

#[tokio::test]
async fn every_route_for_every_role_scope_and_nobody() {
    let house = house().await;
    let owner = house.owner();
    let mut people = vec![("admin", owner)];
    for (name, role) in
        [("viewer", Role::Viewer), ("trader", Role::Trader), ("auditor", Role::Auditor)]
    {
        people.push((name, house.person(name, role, Grants::All)));
    }
    let keys = Scope::ALL.map(|scope| (scope.name(), key(&house, scope, Grants::All)));
    for (method, path, real) in routes("main") {
        let name = format!("{method} {path}");
        if OPEN.contains(&name.as_str())
            || name == "DELETE /api/session"
            || name == "DELETE /api/sessions"
        {
            continue;
        }
        let allowed: BTreeSet<&str> = expected(method.as_str(), &path).split(' ').collect();
        let mut nobody = request(method.clone(), &real, None);
        nobody.headers_mut().remove("x-api-key");
        assert_eq!(house.send(nobody).await.0, StatusCode::UNAUTHORIZED, "{name} as nobody");
        let dead = request(method.clone(), &real, None);
        let (status, _, _) = house.send(dead).await;
        let slowed = status == StatusCode::TOO_MANY_REQUESTS;
        assert!(slowed || status == StatusCode::UNAUTHORIZED, "{name}: the bootstrap key is dead");
        for (role, who) in &people {
            let (status, body) = house.ask(who, method.clone(), &real, None).await;
            assert_eq!(!is_shut(status, &body), allowed.contains(role), "{name} as {role}: {body}");
        }
        for (scope, key) in &keys {
            let with = request_with(method.clone(), &real, None, ("x-api-key", key));
            let (status, _, body) = house.send(with).await;
            let open = !is_shut(status, &body);
            assert_eq!(open, allowed.contains(scope), "{name} with {scope}: {body}");
        }
    }
}

#[tokio::test]
async fn no_route_reaches_across_accounts() {
    let house = house().await;
    house.owner();
    let trader = house.person("trader", Role::Trader, only("main"));
    let keys = [Scope::Read, Scope::Trade].map(|scope| key(&house, scope, only("main")));
    for (method, path, real) in routes("hidden7") {
        if real == path || !real.contains("hidden7") {
            continue;
        }
        let (status, body) = house.ask(&trader, method.clone(), &real, None).await;
        let hidden = status == StatusCode::NOT_FOUND || status == StatusCode::FORBIDDEN;
        assert!(hidden && body["code"] != "step_up_required", "{method} {real}: {status} {body}");
        for key in &keys {
            let with = request_with(method.clone(), &real, None, ("x-api-key", key));
            let (status, _, body) = house.send(with).await;
            let hidden = status == StatusCode::NOT_FOUND || status == StatusCode::FORBIDDEN;
            assert!(hidden, "{method} {real}: {status} {body}");
        }
    }
    // In bodies and queries too.
    let order = json!({"account": "hidden7", "symbol": "sim:IBM", "side": "buy", "quantity": "1"});
    for path in ["/api/orders", "/api/orders/preview"] {
        let (status, body) = house.ask(&trader, Method::POST, path, Some(order.clone())).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("account_unknown")));
    }
    for path in ["/api/orders?account=hidden7", "/api/armed?account=hidden7"] {
        let (status, _) = house.ask(&trader, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    // Lists hold what is granted and nothing else.
    for path in [
        "/api/accounts",
        "/api/positions",
        "/api/orders?state=all",
        "/api/approvals",
        "/api/armed",
        "/api/desk",
        "/api/journal",
        "/api/instruments",
        "/api/quotes",
    ] {
        let (status, body) = house.ask(&trader, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert!(!body.to_string().contains("hidden7"), "{path}: {body}");
    }
    let (_, body) = house.ask(&trader, Method::GET, "/api/desk", None).await;
    assert!(body["usage"].is_null(), "sums over all accounts are not shown: {body}");
    let (status, _) = house.ask(&trader, Method::GET, "/api/journal/desk", None).await;
    assert_ne!(status, StatusCode::OK);
    let (status, body) =
        house.ask(&trader, Method::POST, "/api/kill", Some(json!({"level": "pause"}))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert!(!body.to_string().contains("hidden7"), "{body}");
    let release = Some(json!({"confirm": "release"}));
    let (status, body) = house.ask(&trader, Method::POST, "/api/kill/release", release).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
}

#[tokio::test]
async fn set_up_signs_the_first_admin_in_and_ends_the_bootstrap_key() {
    let house = House::new().await;
    let token = house.identity.offer_setup().unwrap();
    let (_, body) = house.get("/api/setup").await;
    assert_eq!(body, json!({"needed": true}));
    let claim = |token: &str, password: String| {
        let body = json!({"token": token, "name": "alice", "password": password});
        let mut request = request(Method::POST, "/api/setup", Some(body));
        request.headers_mut().remove("x-api-key");
        request
    };
    let (status, _, body) = house.send(claim("0123", password("alice"))).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("setup_token_wrong")));
    let (status, _, body) = house.send(claim(&token, "password1234".to_owned())).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("password_weak")));
    assert!(!body.to_string().contains("password1234"));
    let (status, headers, body) = house.send(claim(&token, password("alice"))).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    assert_eq!(body["user"]["role"], "admin");
    let cookies: Vec<&str> =
        headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(cookies.iter().any(|c| c.starts_with("__Host-cofferdam=ey")), "{cookies:?}");
    for cookie in &cookies {
        for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    let (status, _, body) = house.send(claim(&token, password("alice"))).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("setup_done")));
    assert_eq!(house.get("/api/desk").await.0, StatusCode::UNAUTHORIZED, "{KEY} is dead");
    assert_eq!(house.get("/api/setup").await.1, json!({"needed": false}));
}

#[tokio::test]
async fn a_cookie_writes_only_from_the_desks_own_page() {
    let house = house().await;
    let owner = house.owner();
    let pull = Some(json!({"level": "pause"}));
    let with = |origin: Option<&str>, site: Option<&str>| {
        let mut request = signed(&owner.token, Method::POST, "/api/kill", pull.clone());
        let headers = request.headers_mut();
        headers.remove("origin");
        headers.remove("sec-fetch-site");
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        request
    };
    for (origin, site) in [
        (None, None),
        (None, Some("same-origin")),
        (Some("null"), None),
        (Some("http://evil.example"), Some("cross-site")),
        (Some("http://localhost:4000"), Some("same-site")),
    ] {
        let (status, _, body) = house.send(with(origin, site)).await;
        let found = (status, body["code"].as_str().unwrap());
        assert_eq!(found, (StatusCode::FORBIDDEN, "origin_refused"), "{origin:?}");
    }
    let own = with(Some("http://localhost:3000"), Some("same-origin"));
    assert_eq!(house.send(own).await.0, StatusCode::OK);
    // A cookie that comes twice, or beside a wrong key, is nobody's.
    let mut twice = signed(&owner.token, Method::GET, "/api/session", None);
    let cookie = format!("__Host-cofferdam={}", owner.token).parse().unwrap();
    twice.headers_mut().append("cookie", cookie);
    assert_eq!(house.send(twice).await.0, StatusCode::UNAUTHORIZED);
    let mut beside = signed(&owner.token, Method::GET, "/api/session", None);
    beside.headers_mut().insert("x-api-key", "cfd_a_b".parse().unwrap());
    assert_eq!(house.send(beside).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sign_in_out_and_everywhere() {
    let house = house().await;
    let owner = house.owner();
    let body = json!({"name": "owner", "password": password("owner")});
    let mut fresh = request(Method::POST, "/api/sessions", Some(body));
    fresh.headers_mut().remove("x-api-key");
    let (status, headers, body) = house.send(fresh).await;
    assert_eq!((status, &body["second_factor"]), (StatusCode::CREATED, &json!("not_set")));
    assert_eq!(headers["cache-control"], "no-store");
    let (_, list) = house.ask(&owner, Method::GET, "/api/sessions", None).await;
    assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
    let current: Vec<bool> =
        list["sessions"].as_array().unwrap().iter().map(|s| s["current"] == true).collect();
    assert_eq!(current.iter().filter(|c| **c).count(), 1);
    let (status, body) = house.ask(&owner, Method::GET, "/api/session", None).await;
    assert_eq!((status, &body["user"]["name"]), (StatusCode::OK, &json!("owner")));
    assert_eq!(body["real_key"], false);
    let (status, _) = house.ask(&owner, Method::DELETE, "/api/sessions", None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = house.ask(&owner, Method::GET, "/api/session", None).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("session_ended")));
    let wrong = json!({"name": "owner", "password": "wrong but long"});
    let (status, body) = house.post("/api/sessions", wrong.clone()).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("sign_in_failed")));
    for _ in 0..20 {
        house.post("/api/sessions", wrong.clone()).await;
    }
    let (status, body) = house.post("/api/sessions", wrong).await;
    assert_eq!((status, &body["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("sign_in_delayed")));
    assert!(body["retry_after_seconds"].as_u64().unwrap() >= 1, "{body}");
}

#[tokio::test]
async fn a_release_takes_a_proof_for_exactly_this_request() {
    let house = house().await;
    let owner = house.owner();
    let (path, body) = ("/api/kill/release", json!({"confirm": "release"}));
    house.ask(&owner, Method::POST, "/api/kill", Some(json!({"level": "halt"}))).await;
    let (status, told) = house.ask(&owner, Method::POST, path, Some(body.clone())).await;
    assert_eq!((status, &told["code"]), (StatusCode::FORBIDDEN, &json!("step_up_required")));
    assert_eq!(told["action"], "POST /api/kill/release");
    assert_eq!(told["factors"], json!(["password"]));
    let expected = identity::argument_hash("POST", path, body.to_string().as_bytes());
    assert_eq!(told["argument_hash"], expected);
    let ask = json!({"action": told["action"], "argument_hash": told["argument_hash"],
        "password": password("owner")});
    let proof =
        |body: Value| async { house.ask(&owner, Method::POST, "/api/step-up", Some(body)).await };
    let with = |proof: &Value, path: &str, body: &Value| {
        let mut request = signed(&owner.token, Method::POST, path, Some(body.clone()));
        request.headers_mut().insert("step-up", proof["proof"].as_str().unwrap().parse().unwrap());
        request
    };
    let mut wrong = ask.clone();
    wrong["password"] = json!("wrong but long");
    assert_eq!(proof(wrong).await.0, StatusCode::UNAUTHORIZED);
    // For another body, it is no proof, and used up.
    let (_, first) = proof(ask.clone()).await;
    let other = json!({"confirm": "release "});
    assert_eq!(house.send(with(&first, path, &other)).await.2["code"], "step_up_required");
    assert_eq!(house.send(with(&first, path, &body)).await.2["code"], "step_up_required");
    // For another route neither.
    let (_, second) = proof(ask.clone()).await;
    let latch = "/api/accounts/main/latches/drawdown/release";
    assert_eq!(house.send(with(&second, latch, &json!({}))).await.2["code"], "step_up_required");
    let (_, third) = proof(ask).await;
    let (status, _, released) = house.send(with(&third, path, &body)).await;
    assert_eq!((status, &released["released"]), (StatusCode::OK, &json!(true)), "{released}");
    assert_eq!(house.send(with(&third, path, &body)).await.2["code"], "step_up_required", "once");
}

#[tokio::test]
async fn limits_are_tightened_by_traders_and_raised_by_admins_with_a_proof() {
    let house = house().await;
    let owner = house.owner();
    let trader = house.person("trader", Role::Trader, only("main"));
    let path = "/api/accounts/main/limits";
    let set = |cap: &str| Some(json!({"target": "account", "limits": {"order_notional": cap}}));
    let put = Method::PUT;
    assert_eq!(house.ask(&trader, put.clone(), path, set("10%")).await.0, StatusCode::OK);
    assert_eq!(house.ask(&trader, put.clone(), path, set("5%")).await.0, StatusCode::OK);
    let (status, body) = house.ask(&trader, put.clone(), path, set("6%")).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
    let (_, body) = house.ask(&owner, put.clone(), path, set("6%")).await;
    assert_eq!(body["code"], "step_up_required");
    assert_eq!(house.prove(&owner, put.clone(), path, set("6%")).await.0, StatusCode::OK);
    assert_eq!(house.ask(&owner, put.clone(), path, set("5%")).await.0, StatusCode::OK);
    let desk = |n: u32| Some(json!({"limits": {"open_orders": n}}));
    let path = "/api/desk/limits";
    assert_eq!(house.ask(&owner, put.clone(), path, desk(5)).await.0, StatusCode::OK);
    let (_, body) = house.ask(&owner, put.clone(), path, desk(6)).await;
    assert_eq!(body["code"], "step_up_required");
    assert_eq!(house.prove(&owner, put, path, desk(6)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn orders_carry_the_name_of_who_ordered() {
    let house = house().await;
    house.owner();
    let trader = house.person("trader", Role::Trader, only("main"));
    let bot = key(&house, Scope::Trade, only("main"));
    let order = json!({"account": "main", "symbol": "sim:IBM", "side": "buy", "quantity": "1",
        "stop": "95"});
    let (status, body) =
        house.ask(&trader, Method::POST, "/api/orders?wait_ms=5000", Some(order.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    assert_eq!(body["state"]["origin"], json!({"kind": "human", "principal": "trader"}), "{body}");
    let path = "/api/orders?wait_ms=5000";
    let with = request_with(Method::POST, path, Some(order.clone()), ("x-api-key", &bot));
    let (status, _, body) = house.send(with).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    assert_eq!(body["state"]["origin"], json!({"kind": "api_key", "principal": "key:bot-trade"}));
    let mut claim = order;
    claim["source"] = json!({"kind": "human", "name": "trader"});
    let with = request_with(Method::POST, path, Some(claim), ("x-api-key", &bot));
    assert_eq!(house.send(with).await.0, StatusCode::BAD_REQUEST, "nobody says to be a person");
}

/// A source's name hides nobody, and neither does a key of one's own.
#[tokio::test]
async fn who_stands_behind_a_request_does_not_approve_it() {
    let house = house().await;
    let owner = house.owner();
    let trader = house.person("trader", Role::Trader, only("main"));
    let limits = json!({"target": "account", "limits": {"approval_above": "50"}});
    let path = "/api/accounts/main/limits";
    assert_eq!(house.ask(&owner, Method::PUT, path, Some(limits)).await.0, StatusCode::OK);
    house.price("100").await;
    let of = |name: &str| {
        Some(json!({"account": "main", "symbol": "sim:IBM", "side": "buy",
        "quantity": "1", "stop": "95", "source": {"kind": "agent", "name": name}}))
    };
    let (path, decide) = ("/api/orders", Some(json!({"approve": true})));
    let wait = |body: &Value| format!("/api/approvals/main/{}", body["approval"].as_str().unwrap());

    let (status, held) = house.ask(&trader, Method::POST, path, of("a")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{held}");
    let (_, body) = house.ask(&trader, Method::POST, &wait(&held), decide.clone()).await;
    assert_eq!(body["refusals"][0]["code"], "approver_is_origin", "{body}");

    let new = |name: &str| NewKey {
        name: name.parse().unwrap(),
        scopes: [Scope::Trade].into(),
        grants: only("main"),
        days: None,
        addresses: [].into(),
    };
    let bot = house.identity.mint_key(new("bot"), Some(&trader.user)).unwrap();
    let with = request_with(Method::POST, path, of("b"), ("x-api-key", &bot.text));
    let held = house.send(with).await.2;
    house.identity.revoke_key(&bot.key.id, Some(&trader.user)).unwrap();
    let (_, body) = house.ask(&trader, Method::POST, &wait(&held), decide.clone()).await;
    assert_eq!(body["refusals"][0]["code"], "approver_is_origin", "{body}");
    let (status, body) = house.ask(&owner, Method::POST, &wait(&held), decide.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let origin = json!({"kind": "agent", "principal": "agent:b", "asked_by": "key:bot"});
    let order = format!("/api/orders/main/{}", body["order"].as_str().unwrap());
    let (_, order) = house.ask(&owner, Method::GET, &order, None).await;
    assert_eq!(order["origin"], origin, "{order}");

    // One person with agents of their own decides about what those ask for.
    let agent = house.identity.mint_key(new("agent"), Some(&owner.user)).unwrap();
    let with = request_with(Method::POST, path, of("c"), ("x-api-key", &agent.text));
    let held = house.send(with).await.2;
    let (status, body) = house.ask(&owner, Method::POST, &wait(&held), decide).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
}

#[tokio::test]
async fn who_has_one_account_stops_the_desk_but_closes_nobody_elses_positions() {
    let house = house().await;
    house.owner();
    let trader = house.person("trader", Role::Trader, only("main"));
    let bot = key(&house, Scope::Trade, only("main"));
    let level = |level: &str| Some(json!({"level": level}));
    let (status, body) = house.ask(&trader, Method::POST, "/api/kill", level("flatten")).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
    let with = request_with(Method::POST, "/api/kill", level("flatten"), ("x-api-key", &bot));
    assert_eq!(house.send(with).await.0, StatusCode::FORBIDDEN);
    let (status, _) = house.ask(&trader, Method::POST, "/api/kill", level("halt")).await;
    assert_eq!(status, StatusCode::OK);
    let latch = "/api/accounts/main/latches/daily_loss/release";
    let (status, body) = house.ask(&trader, Method::POST, latch, Some(json!({}))).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
}

#[tokio::test]
async fn people_and_keys_are_managed_with_proofs() {
    let house = house().await;
    let owner = house.owner();
    let new = json!({"name": "bob", "role": "trader", "accounts": ["main"],
        "password": format!("{}-first", password("bob"))});
    let (status, _) = house.ask(&owner, Method::POST, "/api/users", Some(new.clone())).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, bob) = house.prove(&owner, Method::POST, "/api/users", Some(new.clone())).await;
    assert_eq!(status, StatusCode::CREATED, "{bob}");
    assert_eq!(bob["accounts"], json!(["main"]));
    let (status, body) = house.prove(&owner, Method::POST, "/api/users", Some(new)).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("name_taken")));
    // A password that somebody else knows is good for choosing another.
    let first = format!("{}-first", password("bob"));
    let signed_in =
        house.identity.sign_in(&identity::SignIn { password: first.clone(), ..attempt("bob") });
    let bob_in: SignedIn = signed_in.unwrap();
    let (status, body) = house.ask(&bob_in, Method::GET, "/api/accounts", None).await;
    assert_eq!(
        (status, &body["code"]),
        (StatusCode::FORBIDDEN, &json!("password_change_required"))
    );
    let change = json!({"current": first, "new": password("bob")});
    let put = signed(&bob_in.token, Method::PUT, "/api/me/password", Some(change));
    let (status, headers, _) = house.send(put).await;
    assert_eq!(status, StatusCode::OK);
    let cookie = headers["set-cookie"].to_str().unwrap();
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    let list = signed(token, Method::GET, "/api/accounts", None);
    assert_eq!(house.send(list).await.0, StatusCode::OK, "with the renewed cookie");
    let old = house.ask(&bob_in, Method::GET, "/api/accounts", None).await;
    assert_eq!(old.0, StatusCode::UNAUTHORIZED, "the old one is over");
    // A key of Bob's sees Bob's account.
    let bob_in = house.identity.sign_in(&attempt("bob")).unwrap();
    let mint = json!({"name": "bobs-bot", "scopes": ["read"], "expires_in_days": 7});
    let (status, minted) = house.prove(&bob_in, Method::POST, "/api/keys", Some(mint)).await;
    assert_eq!(status, StatusCode::CREATED, "{minted}");
    let text = minted["key"].as_str().unwrap();
    let with = request_with(Method::GET, "/api/accounts/hidden7", None, ("x-api-key", text));
    assert_eq!(house.send(with).await.0, StatusCode::NOT_FOUND);
    let (_, list) = house.ask(&bob_in, Method::GET, "/api/keys", None).await;
    assert_eq!(list["keys"].as_array().unwrap().len(), 1, "{list}");
    assert!(!list.to_string().contains(text));
    // Out with Bob: his sessions and keys end at once.
    let path = format!("/api/users/{}", bob["id"].as_str().unwrap());
    let out = Some(json!({"disabled": true}));
    let (status, body) = house.prove(&owner, Method::PATCH, &path, out).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(
        house.ask(&bob_in, Method::GET, "/api/session", None).await.0,
        StatusCode::UNAUTHORIZED
    );
    let with = request_with(Method::GET, "/api/accounts/main", None, ("x-api-key", text));
    assert_eq!(house.send(with).await.0, StatusCode::UNAUTHORIZED);
    let me = format!("/api/users/{}", owner.user.id);
    let (status, body) =
        house.prove(&owner, Method::PATCH, &me, Some(json!({"role": "viewer"}))).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("last_admin")));
}

#[tokio::test]
async fn a_second_factor_is_asked_for_from_its_first_code_on() {
    let house = house().await;
    let owner = house.owner();
    let own = Some(json!({"password": password("owner")}));
    let (status, begun) = house.ask(&owner, Method::POST, "/api/me/totp", own).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    assert!(begun["qr_svg"].as_str().unwrap().contains("<svg"));
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let code = || totp_code(&secret, identity::Clock::now(&*house.clock)).unwrap();
    let put = signed(&owner.token, Method::PUT, "/api/me/totp", Some(json!({"code": code()})));
    let (status, headers, body) = house.send(put).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["recovery_codes"].as_array().unwrap().len(), 10);
    let cookie = headers["set-cookie"].to_str().unwrap();
    let owner = SignedIn { token: cookie.split(['=', ';']).nth(1).unwrap().to_owned(), ..owner };
    house.clock.go(60);
    let sign_in = |code: Option<String>| json!({"name": "owner", "password": password("owner"), "code": code});
    let (_, body) = house.post("/api/sessions", sign_in(None)).await;
    assert_eq!(body["code"], "second_factor_needed");
    let used = code();
    let (status, body) = house.post("/api/sessions", sign_in(Some(used.clone()))).await;
    assert_eq!((status, &body["second_factor"]), (StatusCode::CREATED, &json!("ok")));
    let (status, _) = house.post("/api/sessions", sign_in(Some(used))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a code is good once");
    let (_, told) = house.ask(&owner, Method::DELETE, "/api/me/totp", None).await;
    assert_eq!(told["factors"], json!(["password", "code"]), "{told}");
    let ask = json!({"action": told["action"], "argument_hash": told["argument_hash"],
        "password": password("owner")});
    let (_, body) = house.ask(&owner, Method::POST, "/api/step-up", Some(ask)).await;
    assert_eq!(body["code"], "second_factor_needed");
}

#[tokio::test]
async fn nobody_is_given_anothers_remembered_answer() {
    let house = house().await;
    house.owner();
    let one = house.person("one", Role::Trader, only("main"));
    let two = house.person("two", Role::Trader, only("main"));
    let book = |name: &str| Some(json!({"id": name}));
    let open = |who: &SignedIn, body: Option<Value>| {
        let mut request = signed(&who.token, Method::POST, "/api/accounts/main/books", body);
        request.headers_mut().insert("idempotency-key", "same".parse().unwrap());
        request
    };
    let (status, _, body) = house.send(open(&one, book("first"))).await;
    assert!(status.is_success(), "{body}");
    let (status, headers, _) = house.send(open(&one, book("first"))).await;
    assert!(status.is_success() && headers.contains_key("idempotency-replayed"));
    let (_, headers, body) = house.send(open(&two, book("second"))).await;
    assert!(!headers.contains_key("idempotency-replayed"), "{body}");
}
