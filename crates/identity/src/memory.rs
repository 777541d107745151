//! A store in memory, a clock and randomness that tests set: for tests only.
//!
//! A change works on a copy that replaces the rows when it ends well, so it is all or nothing like
//! a database's. It must not be used by a program that keeps anything.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use domain::{Nanos, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    error::IdentityError,
    ids::{KeyId, SessionId, UserId},
    rows::{ApiKey, Delay, Device, Event, IdentityStore, Rows, Session, User, Work},
    service::{Clock, Entropy},
    totp::TotpSecret,
};

/// Rows in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Debug, Clone, Default)]
struct Tables {
    users: BTreeMap<UserId, User>,
    sessions: BTreeMap<SessionId, Session>,
    keys: BTreeMap<KeyId, ApiKey>,
    recovery: BTreeMap<UserId, Vec<[u8; 32]>>,
    delays: BTreeMap<String, Delay>,
    devices: Vec<Device>,
    settings: BTreeMap<String, String>,
    events: Vec<Event>,
}

impl MemoryStore {
    /// The counts of wrong attempts, by key.
    #[must_use]
    pub fn delays(&self) -> Vec<Delay> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.delays.values().cloned().collect()
    }

    /// What was recorded, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).events.clone()
    }
}

impl IdentityStore for MemoryStore {
    fn change(&self, work: &mut Work<'_>) -> Result<(), IdentityError> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copy = tables.clone();
        work(&mut copy)?;
        *tables = copy;
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Rows for Tables {
    fn users(&mut self) -> Result<Vec<User>, IdentityError> {
        Ok(self.users.values().cloned().collect())
    }

    fn put_user(&mut self, user: &User) -> Result<(), IdentityError> {
        if self.users.values().any(|other| other.name == user.name && other.id != user.id) {
            return Err(IdentityError::NameTaken);
        }
        self.users.insert(user.id.clone(), user.clone());
        Ok(())
    }

    fn sessions(&mut self) -> Result<Vec<Session>, IdentityError> {
        Ok(self.sessions.values().cloned().collect())
    }

    fn put_session(&mut self, session: &Session) -> Result<(), IdentityError> {
        self.sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    fn delete_session(&mut self, id: &SessionId) -> Result<(), IdentityError> {
        self.sessions.remove(id);
        Ok(())
    }

    fn keys(&mut self) -> Result<Vec<ApiKey>, IdentityError> {
        Ok(self.keys.values().cloned().collect())
    }

    fn put_key(&mut self, key: &ApiKey) -> Result<(), IdentityError> {
        self.keys.insert(key.id.clone(), key.clone());
        Ok(())
    }

    fn set_recovery(&mut self, user: &UserId, hashes: &[[u8; 32]]) -> Result<(), IdentityError> {
        self.recovery.insert(user.clone(), hashes.to_vec());
        Ok(())
    }

    fn take_recovery(&mut self, user: &UserId, hash: &[u8; 32]) -> Result<bool, IdentityError> {
        let codes = self.recovery.entry(user.clone()).or_default();
        let before = codes.len();
        codes.retain(|code| code != hash);
        Ok(codes.len() < before)
    }

    fn recovery_left(&mut self, user: &UserId) -> Result<u64, IdentityError> {
        Ok(self.recovery.get(user).map_or(0, |codes| codes.len() as u64))
    }

    fn delay(&mut self, key: &str) -> Result<Option<Delay>, IdentityError> {
        Ok(self.delays.get(key).cloned())
    }

    fn put_delay(&mut self, delay: &Delay) -> Result<(), IdentityError> {
        self.delays.insert(delay.key.clone(), delay.clone());
        Ok(())
    }

    fn delete_delay(&mut self, key: &str) -> Result<(), IdentityError> {
        self.delays.remove(key);
        Ok(())
    }

    fn delete_delays(&mut self, key: &str) -> Result<(), IdentityError> {
        let below = format!("{key} ");
        self.delays.retain(|other, _| other != key && !other.starts_with(&below));
        Ok(())
    }

    fn prune_delays(&mut self, before: Timestamp, now: Timestamp) -> Result<(), IdentityError> {
        for delay in self.delays.values_mut() {
            delay.at = delay.at.min(now);
        }
        self.delays.retain(|_, delay| delay.at >= before);
        Ok(())
    }

    fn devices(&mut self, user: &UserId) -> Result<Vec<Device>, IdentityError> {
        Ok(self.devices.iter().filter(|device| device.user == *user).cloned().collect())
    }

    fn put_device(&mut self, device: &Device) -> Result<(), IdentityError> {
        self.delete_device(device)?;
        self.devices.push(device.clone());
        Ok(())
    }

    fn delete_device(&mut self, device: &Device) -> Result<(), IdentityError> {
        self.devices.retain(|d| d.user != device.user || d.hash != device.hash);
        Ok(())
    }

    fn setting(&mut self, name: &str) -> Result<Option<String>, IdentityError> {
        Ok(self.settings.get(name).cloned())
    }

    fn put_setting(&mut self, name: &str, value: &str) -> Result<(), IdentityError> {
        self.settings.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    fn record(&mut self, event: &Event) -> Result<(), IdentityError> {
        self.events.push(event.clone());
        Ok(())
    }
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows a moment.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves it.
    pub fn go(&self, seconds: i64) {
        self.go_by(Nanos::from_secs(seconds));
    }

    /// Moves it by less than a second, or by more.
    pub fn go_by(&self, span: Nanos) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Numbers that look random and are the same in every run.
#[derive(Debug, Default)]
pub struct TestEntropy(AtomicU64);

impl From<u64> for TestEntropy {
    /// Numbers that begin elsewhere, for a second desk.
    fn from(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), IdentityError> {
        for chunk in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            let digest = Sha256::digest(number.to_be_bytes());
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
        Ok(())
    }
}

/// The code that a telephone with this secret shows at a moment.
#[must_use]
pub fn totp_code(secret: &str, now: Timestamp) -> Option<String> {
    TotpSecret::parse(secret)?.code_at(now)
}
