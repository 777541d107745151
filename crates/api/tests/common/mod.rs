//! A desk in memory for tests: a journal, a simulated venue with one instrument, and the API.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test helper")]

pub mod journal;
pub mod ports;
pub mod research;
mod runs;
pub mod strategies;

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use api::{ApiConfig, ApiParts, ApiState, KeyHash};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use desk::{
    AccountHandle, Desk, LEASE_FOR, Ports, Run, SystemClock,
    clock::{boot_time, wall_time},
};
use domain::{
    AccountId, AssetClass, CalendarKind, Currency, InstallationId, Instrument, InstrumentId, Price,
    Qty, Quote, TickSource,
};
use identity::{
    Entropy, Grants, Hashing, Identity, IdentityError, NewUser, Role, Settings, SignIn, SignedIn,
    memory::{MemoryStore, TestClock, TestEntropy},
};
use journal::Memory;
use path::{broker::VenueEvent, journal::LeaseToken};
use ports::{Bars, Factory, Gate, Sound};
use rust_decimal::Decimal;
use serde_json::Value;
use tower::ServiceExt;
use venue_sim::{MemoryStorage, Phase, SharedVenue, SimConfig, SimTick, Venue};

pub const KEY: &str = "cfd_boot_0123456789abcdef";

pub type Senders = Arc<Mutex<BTreeMap<AccountId, tokio::sync::mpsc::Sender<VenueEvent>>>>;

pub fn symbol() -> InstrumentId {
    "sim:IBM".parse().unwrap()
}

pub fn main_account() -> AccountId {
    AccountId::new("main").unwrap()
}

pub fn instrument() -> Instrument {
    let dec = |text: &str| text.parse::<Decimal>().unwrap();
    Instrument {
        id: symbol(),
        asset_class: AssetClass::Equity,
        base: Currency::new("IBM").unwrap(),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: Price::new(dec("0.01")).unwrap(),
        tick_source: TickSource::Specified,
        step: Qty::new(dec("1")).unwrap(),
        min_qty: Qty::new(dec("1")).unwrap(),
        max_qty: None,
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: CalendarKind::AlwaysOpen,
        shortable: false,
        tradable: true,
        contract: None,
    }
}

/// Randomness that a test can hold back: then whoever signs in waits, as behind a slow hash.
#[derive(Default)]
pub struct Held {
    entropy: TestEntropy,
    held: Mutex<bool>,
    changed: Condvar,
}

impl Held {
    pub fn hold(&self, held: bool) {
        *self.held.lock().unwrap() = held;
        self.changed.notify_all();
    }
}

impl Entropy for Held {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), IdentityError> {
        let held = self.held.lock().unwrap();
        drop(self.changed.wait_while(held, |held| *held).unwrap());
        self.entropy.fill(bytes)
    }
}

/// A desk with an API.
pub struct House {
    pub app: Router,
    pub state: ApiState,
    pub desk: Desk,
    pub venue: SharedVenue<MemoryStorage>,
    pub journal: Memory,
    pub gate: Arc<Gate>,
    pub identity: Arc<Identity>,
    pub clock: Arc<TestClock>,
    pub entropy: Arc<Held>,
    pub bench: Arc<research::Bench>,
    _dir: tempfile::TempDir,
}

impl House {
    /// An empty desk.
    pub fn empty(configure: impl FnOnce(&mut ApiConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let journal = Memory::default();
        let ports = Ports {
            journal: Box::new(journal.clone()),
            emergency: Box::new(journal::Spare),
            takes_writes: Arc::new(|| true),
            written_under: Arc::new(|_, _| Ok(Vec::new())),
            reader: Arc::new(journal.clone()),
            save_snapshot: Arc::new(|_| {}),
            clock: Arc::new(SystemClock::default()),
            kill_file: dir.path().join("KILL"),
        };
        let run = Run {
            installation: InstallationId::new("a1b2c3").unwrap(),
            incarnation: 1,
            token: LeaseToken(1),
            lease_until: boot_time().plus(domain::Nanos(LEASE_FOR.0 * 1_000)),
        };
        let desk = Desk::open(ports, run).unwrap();
        let senders = Senders::default();
        let known = senders.clone();
        let sink: venue_sim::EventSink = Arc::new(move |account, event| {
            if let Some(sender) = known.lock().unwrap().get(account) {
                let _ = sender.try_send(event);
            }
        });
        let venue = Venue::open(SimConfig::default(), MemoryStorage::default()).unwrap();
        let venue = SharedVenue::new(venue, sink);
        venue.with(|v| v.register(instrument())).unwrap();
        let mut config = ApiConfig::new("0.0.0-test", Some(KeyHash::of(KEY)));
        configure(&mut config);
        let clock = Arc::new(TestClock::at(wall_time()));
        let hashing = Hashing { memory_kib: 64, passes: 1 };
        let settings = Settings { hashing, ..Settings::default() };
        let store = Arc::new(MemoryStore::default());
        let entropy = Arc::new(Held::default());
        let identity = Identity::open(store, clock.clone(), entropy.clone(), settings).unwrap();
        let identity = Arc::new(identity);
        let gate = Arc::new(Gate::default());
        let (wait, venue_of) = (gate.clone(), venue.clone());
        let factory = Factory { gate: wait, desk: desk.clone(), venue: venue_of, senders };
        let bench = Arc::new(research::Bench::default());
        let parts = ApiParts {
            desk: desk.clone(),
            accounts: Arc::new(factory),
            audit: Arc::new(Sound),
            bars: Arc::new(Bars),
            contracts: Arc::new(ports::Contracts { desk: desk.clone(), venue: venue.clone() }),
            strategies: Arc::new(strategies::Shelf::default()),
            research: bench.clone(),
            runs: runs::runs(&desk),
            identity: identity.clone(),
            keep_local_key: Arc::new(|_| {}),
            config,
        };
        let state = ApiState::new(parts);
        let app = api::router(state.clone());
        Self { app, state, desk, venue, journal, gate, identity, clock, entropy, bench, _dir: dir }
    }

    /// A desk with the account `main`, 100000 USD, and a price of 100.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(configure: impl FnOnce(&mut ApiConfig)) -> Self {
        let house = Self::empty(configure);
        let body = serde_json::json!({"id": "main", "cash": "100000"});
        let (status, body) = house.post("/api/accounts", body).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        house.price("100").await;
        house
    }

    /// Signs the first admin in; from then on the bootstrap key is nobody's.
    pub fn owner(&self) -> SignedIn {
        let token = self.identity.offer_setup().unwrap();
        self.identity.claim_setup(&token, &attempt("owner")).unwrap()
    }

    /// Adds somebody who has chosen a password, and signs them in.
    pub fn person(&self, name: &str, role: Role, grants: Grants) -> SignedIn {
        let first = format!("{}-first", password(name));
        let password_first = Some(first.clone());
        let new = NewUser { name: name.parse().unwrap(), role, grants, password: password_first };
        self.identity.add_user(new, "owner").unwrap();
        let signed = self.identity.sign_in(&SignIn { password: first.clone(), ..attempt(name) });
        let session = signed.unwrap().session;
        self.identity.change_password(&session, &first, &password(name)).unwrap();
        self.identity.sign_in(&attempt(name)).unwrap()
    }

    /// Asks as somebody who is signed in.
    pub async fn ask(
        &self,
        who: &SignedIn,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let (status, _, body) = self.send(signed(&who.token, method, path, body)).await;
        (status, body)
    }

    /// As [`House::ask`], proving once more who it is.
    pub async fn prove(
        &self,
        who: &SignedIn,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let (status, told) = self.ask(who, method.clone(), path, body.clone()).await;
        if told["code"] != "step_up_required" {
            return (status, told);
        }
        let asked = serde_json::json!({"action": told["action"],
            "argument_hash": told["argument_hash"], "password": password(who.user.name.as_str())});
        let (status, proof) = self.ask(who, Method::POST, "/api/step-up", Some(asked)).await;
        assert_eq!(status, StatusCode::OK, "{proof}");
        let mut request = signed(&who.token, method, path, body);
        request.headers_mut().insert("step-up", proof["proof"].as_str().unwrap().parse().unwrap());
        let (status, _, body) = self.send(request).await;
        (status, body)
    }

    pub fn account(&self) -> AccountHandle {
        self.desk.account(&main_account()).unwrap()
    }

    /// Lets the market move.
    pub async fn price(&self, last: &str) {
        let last: Price = last.parse().unwrap();
        let at = wall_time();
        let quote = Quote { bid: last, ask: last, last, at };
        let tick =
            SimTick { instrument: symbol(), quote, traded_volume: None, phase: Phase::Continuous };
        self.venue.on_tick(&tick, at).unwrap();
        self.desk.quote(&symbol(), quote);
        for account in self.desk.accounts() {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
            while account.look(|core, _| core.market().mark(&symbol())).await.unwrap() != Some(last)
            {
                assert!(tokio::time::Instant::now() < deadline, "{last} never reached {account:?}");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 * 1_024 * 1_024).await.unwrap();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        (parts.status, parts.headers, value)
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.send(request(Method::GET, path, None)).await;
        (status, body)
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, body) = self.send(request(Method::POST, path, Some(body))).await;
        (status, body)
    }

    pub async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, _, body) = self.send(request(Method::PUT, path, Some(body))).await;
        (status, body)
    }

    pub async fn delete(&self, path: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.send(request(Method::DELETE, path, None)).await;
        (status, body)
    }

    /// Asks again until the answer is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..1_000 {
            let (_, body) = self.get(path).await;
            if wanted(&body) {
                return body;
            }
            last = body;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} never was as wanted: {last}");
    }

    /// Buys ten with a stop and waits for the fill and the resting stop.
    pub async fn buy_ten(&self) -> Value {
        let body = serde_json::json!({"account": "main", "symbol": "sim:IBM", "side": "buy",
            "quantity": "10", "stop": "95"});
        let (status, body) = self.post("/api/orders?wait_ms=5000", body).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        assert_eq!(body["state"]["status"], "filled", "{body}");
        self.until("/api/positions", |b| b["positions"][0]["protected_qty"] == "10").await;
        body
    }
}

/// Made when the test runs: no password stands in the sources.
pub fn password(who: &str) -> String {
    format!("{}-deich-{}", who.repeat(2), hex::encode(who))
}

pub fn attempt(name: &str) -> SignIn {
    let (name, address) = (name.to_owned(), "127.0.0.1".to_owned());
    SignIn { password: password(&name), name, address, ..SignIn::default() }
}

/// A request with a session's cookie, as the desk's own page sends it.
pub fn signed(token: &str, method: Method, path: &str, body: Option<Value>) -> Request<Body> {
    let mut request = request(method, path, body);
    let headers = request.headers_mut();
    headers.remove("x-api-key");
    headers.insert("cookie", format!("a=b; __Host-cofferdam={token}").parse().unwrap());
    headers.insert("origin", "http://localhost:3000".parse().unwrap());
    headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
    request
}

/// A request with the key, as a program sends it.
pub fn request(method: Method, path: &str, body: Option<Value>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path).header("host", "localhost:3000");
    let builder = builder.header("x-api-key", KEY);
    match body {
        Some(body) => builder
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap(),
        None => builder.body(Body::empty()).unwrap(),
    }
}

/// As [`request`], with one header more.
pub fn request_with(
    method: Method,
    path: &str,
    body: Option<Value>,
    (name, value): (&'static str, &str),
) -> Request<Body> {
    let mut request = request(method, path, body);
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}
