//! Whose strategies and runs over past prices are, through the door: people, their keys, the
//! machine's keys, and whoever has every account.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use common::{House, request, signed};
use identity::{Grants, NewKey, Role, Scope, SignedIn, User};
use serde_json::{Value, json};

fn only(names: &[&str]) -> Grants {
    Grants::of(Some(names.iter().map(|name| name.parse().unwrap()).collect()))
}

fn source() -> String {
    let symbol = common::symbol();
    format!(
        "name = \"Cross\"\nsymbols = [\"{}\"]\ntimeframe = \"1d\"\n[entry]\n\
         long = \"crosses_above(sma(close, 10), sma(close, 30))\"\n[exit]\nbars = 5\n\
         [size]\npercent_equity = 10\n",
        symbol.symbol()
    )
}

/// Somebody who asks: a person by the token of a session, or a program by a key.
enum Who {
    Person(String),
    Key(String),
}

impl Who {
    fn key(house: &House, name: &str, grants: Grants, owner: Option<&User>) -> Self {
        let scopes: BTreeSet<Scope> = [Scope::Read, Scope::Trade].into();
        let name = name.parse().unwrap();
        let new = NewKey { name, scopes, grants, days: None, addresses: [].into() };
        Self::Key(house.identity.mint_key(new, owner).unwrap().text)
    }

    fn request(&self, method: Method, path: &str, body: Option<Value>) -> Request<Body> {
        match self {
            Self::Person(token) => signed(token, method, path, body),
            Self::Key(key) => {
                let mut request = request(method, path, body);
                request.headers_mut().insert("x-api-key", key.parse().unwrap());
                request
            }
        }
    }

    async fn ask(
        &self,
        house: &House,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let (status, _, body) = house.send(self.request(method, path, body)).await;
        (status, body)
    }

    async fn post(&self, house: &House, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(house, Method::POST, path, Some(body)).await
    }

    /// The ids of a list.
    async fn ids(&self, house: &House, path: &str) -> Vec<String> {
        let (status, list) = self.ask(house, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Keeps a strategy and asks for a run of it; the ids of both.
    async fn make(&self, house: &House) -> (String, String) {
        let (status, kept) = self.post(house, "/api/strategies", json!({"source": source()})).await;
        assert_eq!(status, StatusCode::CREATED, "{kept}");
        let id = kept["id"].as_str().unwrap().to_owned();
        let asked = json!({"kind": "backtest", "strategy_id": id});
        let (status, run) = self.post(house, "/api/backtests", asked).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        (id, run["id"].as_str().unwrap().to_owned())
    }
}

/// A desk with an admin, and two traders of two accounts.
async fn house() -> (House, Who, [SignedIn; 2]) {
    let fast = api::Rate { per_second: 100_000, burst: 100_000 };
    let house = House::with(|config| config.rate = fast).await;
    let (status, body) = house.post("/api/accounts", json!({"id": "side", "cash": "1000"})).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let admin = Who::Person(house.owner().token);
    let alice = house.person("alice", Role::Trader, only(&["main"]));
    let bob = house.person("bob", Role::Trader, only(&["side"]));
    (house, admin, [alice, bob])
}

#[tokio::test]
async fn what_one_keeps_is_not_there_for_another() {
    let (house, admin, [alice, bob]) = house().await;
    let (alice, bob) = (Who::Person(alice.token), Who::Person(bob.token));
    let (strategy, run) = alice.make(&house).await;
    let (kept, ran) = (format!("/api/strategies/{strategy}"), format!("/api/backtests/{run}"));
    let body = json!({"source": source(), "revision": 1});
    let attempts = [
        (Method::GET, kept.clone(), None),
        (Method::PUT, kept.clone(), Some(body.clone())),
        (Method::DELETE, kept.clone(), None),
        (Method::POST, "/api/backtests".to_owned(), {
            Some(json!({"kind": "backtest", "strategy_id": strategy}))
        }),
        (Method::POST, "/api/strategy-runs".to_owned(), {
            Some(json!({"strategy_id": strategy, "account": "side", "book": "trend"}))
        }),
        (Method::GET, ran.clone(), None),
        (Method::GET, format!("{ran}/result"), None),
        (Method::GET, format!("{ran}/report.html"), None),
        (Method::POST, format!("{ran}/cancel"), None),
        (Method::DELETE, ran.clone(), None),
    ];
    for (method, path, body) in attempts {
        let (status, told) = bob.ask(&house, method.clone(), &path, body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}: {told}");
        let code = told["code"].as_str().unwrap();
        assert!(["strategy_unknown", "run_unknown"].contains(&code), "{told}");
    }
    for path in ["/api/strategies", "/api/backtests"] {
        assert!(bob.ids(&house, path).await.is_empty(), "{path}");
        assert_eq!(alice.ids(&house, path).await.len(), 1, "{path}");
        assert_eq!(admin.ids(&house, path).await.len(), 1, "{path}");
    }
    let (status, changed) = admin.ask(&house, Method::PUT, &kept, Some(body)).await;
    assert_eq!((status, &changed["changed_by"]), (StatusCode::OK, &json!("owner")), "{changed}");
    assert_eq!(alice.ids(&house, "/api/strategies").await, [strategy], "it stays hers");
    let (status, _) = alice.ask(&house, Method::DELETE, &ran, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_persons_keys_reach_what_is_the_persons_and_a_machines_key_what_is_its_own() {
    let (house, admin, [alice, bob]) = house().await;
    let key = Who::key(&house, "bot", only(&["main"]), Some(&alice.user));
    let others = Who::key(&house, "robot", only(&["side"]), Some(&bob.user));
    let machine = Who::key(&house, "agent", only(&["main"]), None);
    let all = Who::key(&house, "cli", Grants::All, None);
    let (of_alice, of_key) = (Who::Person(alice.token).make(&house).await, key.make(&house).await);
    let of_machine = machine.make(&house).await;
    let of_all = all.make(&house).await;
    for (path, [a, b, c, d]) in [
        ("/api/strategies", [&of_alice.0, &of_key.0, &of_machine.0, &of_all.0]),
        ("/api/backtests", [&of_alice.1, &of_key.1, &of_machine.1, &of_all.1]),
    ] {
        assert_eq!(key.ids(&house, path).await, [b.clone(), a.clone()], "{path}");
        assert!(others.ids(&house, path).await.is_empty(), "{path}: another person's key");
        assert_eq!(machine.ids(&house, path).await, std::slice::from_ref(c), "{path}");
        for who in [&admin, &all] {
            assert_eq!(who.ids(&house, path).await.len(), 4, "{path}: {d}");
        }
    }
}

#[tokio::test]
async fn an_auditor_reads_everything_and_a_viewer_of_one_account_nothing_of_others() {
    let (house, _, [alice, _]) = house().await;
    let (strategy, run) = Who::Person(alice.token).make(&house).await;
    let auditor = Who::Person(house.person("carol", Role::Auditor, Grants::None).token);
    let viewer = Who::Person(house.person("dave", Role::Viewer, only(&["main"])).token);
    for path in [format!("/api/strategies/{strategy}"), format!("/api/backtests/{run}")] {
        assert_eq!(auditor.ask(&house, Method::GET, &path, None).await.0, StatusCode::OK);
        assert_eq!(viewer.ask(&house, Method::GET, &path, None).await.0, StatusCode::NOT_FOUND);
        let (status, told) = auditor.ask(&house, Method::DELETE, &path, None).await;
        assert_eq!((status, &told["code"]), (StatusCode::FORBIDDEN, &json!("not_allowed")));
    }
}
