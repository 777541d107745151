//! A desk's identity in memory, with a clock that tests move.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test helper")]

use std::sync::Arc;

use domain::Timestamp;
use identity::{
    Clock, Hashing, Identity, IdentityError, NewUser, Role, Settings, SignIn, SignedIn,
    memory::{MemoryStore, TestClock, TestEntropy, totp_code},
};

pub struct House {
    pub identity: Arc<Identity>,
    pub clock: Arc<TestClock>,
    pub store: Arc<MemoryStore>,
}

pub const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// Made when the test runs: no password stands in the sources.
pub fn password(who: &str) -> String {
    format!("{}-{}-deich", hex::encode(who), "möwe".repeat(2))
}

impl House {
    pub fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        Self::over(store, Arc::new(TestClock::at(START)))
    }

    pub fn over(store: Arc<MemoryStore>, clock: Arc<TestClock>) -> Self {
        let hashing = Hashing { memory_kib: 64, passes: 1 };
        let settings = Settings { hashing, ..Settings::default() };
        let entropy = Arc::new(TestEntropy::default());
        let identity = Identity::open(store.clone(), clock.clone(), entropy, settings).unwrap();
        Self { identity: Arc::new(identity), clock, store }
    }

    /// With the admin `owner`.
    pub fn with_owner() -> (Self, SignedIn) {
        let house = Self::new();
        let token = house.identity.offer_setup().unwrap();
        let signed = house.identity.claim_setup(&token, &attempt("owner")).unwrap();
        (house, signed)
    }

    /// Adds somebody and lets them choose their password.
    pub fn person(&self, name: &str, role: Role, grants: identity::Grants) -> SignedIn {
        let name_parsed = name.parse().unwrap();
        let first = format!("{}-first", password(name));
        let new = NewUser { name: name_parsed, role, grants, password: Some(first.clone()) };
        self.identity.add_user(new, "owner").unwrap();
        let signed = self.identity.sign_in(&SignIn { password: first.clone(), ..attempt(name) });
        let session = signed.unwrap().session;
        self.identity.change_password(&session, &first, &password(name)).unwrap();
        self.sign_in(name).unwrap()
    }

    pub fn sign_in(&self, name: &str) -> Result<SignedIn, IdentityError> {
        self.identity.sign_in(&attempt(name))
    }

    /// Turns the second factor on; the secret and the recovery codes.
    pub fn enrol(&self, signed: &SignedIn) -> (String, Vec<String>) {
        let name = signed.user.name.as_str();
        let begun = self.identity.begin_totp(&signed.session, &password(name)).unwrap();
        let code = self.code(&begun.secret);
        let (codes, _) = self.identity.activate_totp(&signed.session, &code).unwrap();
        (begun.secret, codes)
    }

    pub fn code(&self, secret: &str) -> String {
        totp_code(secret, self.clock.now()).unwrap()
    }
}

pub fn attempt(name: &str) -> SignIn {
    SignIn {
        name: name.to_owned(),
        password: password(name),
        address: "127.0.0.1".to_owned(),
        agent: "test".to_owned(),
        ..SignIn::default()
    }
}
