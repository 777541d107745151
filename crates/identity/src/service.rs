//! Identity as a whole: one per desk, asked by every door.
//!
//! It holds the store, the clock, the randomness and what is only in memory: the directory that
//! requests are judged by, proofs, the set-up token, and when sessions and keys were last used. What
//! people do with it is in `flows`. It must not know SQL or HTTP, and it blocks: a door with an async
//! runtime calls what changes something on a thread of its own. Judging a cookie or a key never
//! blocks on a database.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicBool},
};

use domain::{Nanos, Timestamp};
use subtle::ConstantTimeEq;

use crate::{
    directory::{Directory, REVISION, revision},
    error::IdentityError,
    ids::{KeyId, UserId},
    key,
    password::Hashing,
    rights::{Caller, Rights, Who},
    rows::{Event, IdentityStore, Rows, Session, User},
    setup::Setup,
    stepup::Proofs,
    token::{Claims, SigningKey},
    usage::Used,
};

/// The setting that holds the key of the tokens.
const SIGNING_KEY: &str = "session_key";
/// Tells the wall time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait Entropy: Send + Sync {
    /// Fills the whole slice.
    ///
    /// # Errors
    /// [`IdentityError::NoRandomness`]; then nothing is made from the bytes.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), IdentityError>;
}

/// What an owner may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A session that is not used for so long is over.
    pub idle: Nanos,
    /// A session is over after so long in any case.
    pub absolute: Nanos,
    /// How much work a password's hash is.
    pub hashing: Hashing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle: Nanos::from_secs(12 * 3_600),
            absolute: Nanos::from_secs(7 * 24 * 3_600),
            hashing: Hashing::default(),
        }
    }
}

/// Identity of one desk.
pub struct Identity {
    pub(crate) store: Arc<dyn IdentityStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) settings: Settings,
    pub(crate) signing: SigningKey,
    /// A hash that no password has, for names that nobody has.
    pub(crate) nobody: String,
    directory: RwLock<Arc<Directory>>,
    pub(crate) used: Mutex<Used>,
    proofs: Mutex<Proofs>,
    setup: Mutex<Setup>,
    /// Failures may wait to be written as counts.
    pub(crate) has_counts: AtomicBool,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("settings", &self.settings).finish_non_exhaustive()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here is left half done by a panic: every critical section is a few assignments.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Identity {
    /// Reads what is stored, and makes the key of the tokens at the first start.
    ///
    /// # Errors
    /// When the store fails or holds what can't be understood.
    pub fn open(
        store: Arc<dyn IdentityStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        settings: Settings,
    ) -> Result<Self, IdentityError> {
        let (mut fresh, mut salt) = ([0; 32], [0; 16]);
        entropy.fill(&mut fresh)?;
        entropy.fill(&mut salt)?;
        let fresh = SigningKey::new(fresh);
        let mut found = None;
        store.change(&mut |rows| {
            let signing = match rows.setting(SIGNING_KEY)? {
                Some(text) => SigningKey::parse(&text)?,
                None => {
                    rows.put_setting(SIGNING_KEY, &fresh.text())?;
                    fresh.clone()
                }
            };
            found = Some((signing, Directory::load(rows)?));
            Ok(())
        })?;
        let (signing, directory) = found.ok_or(IdentityError::Damaged("transaction"))?;
        let nobody = settings.hashing.hash("nobody has this password", &salt)?;
        let used = Used { written: clock.now(), ..Used::default() };
        Ok(Self {
            store,
            clock,
            entropy,
            settings,
            signing,
            nobody,
            directory: RwLock::new(Arc::new(directory)),
            used: Mutex::new(used),
            proofs: Mutex::default(),
            setup: Mutex::default(),
            has_counts: AtomicBool::new(true),
        })
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], IdentityError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn directory(&self) -> Arc<Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn proofs(&self) -> MutexGuard<'_, Proofs> {
        lock(&self.proofs)
    }

    pub(crate) fn setup(&self) -> MutexGuard<'_, Setup> {
        lock(&self.setup)
    }

    pub(crate) fn event(&self, kind: &'static str, by: &str, subject: &str) -> Event {
        Event {
            at: self.now(),
            kind,
            by: by.to_owned(),
            subject: subject.to_owned(),
            detail: serde_json::Value::Null,
        }
    }

    /// One transaction that changes nothing a request is judged by.
    pub(crate) fn transact<T>(
        &self,
        work: impl FnOnce(&mut dyn Rows) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let (mut work, mut done) = (Some(work), None);
        self.store.change(&mut |rows| {
            let work = work.take().ok_or(IdentityError::Damaged("transaction"))?;
            done = Some(work(rows)?);
            Ok(())
        })?;
        done.ok_or(IdentityError::Damaged("transaction"))
    }

    /// One transaction after which requests are judged by what it left.
    pub(crate) fn change<T>(
        &self,
        work: impl FnOnce(&mut dyn Rows) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let (done, directory) = self.transact(|rows| {
            let done = work(rows)?;
            let next = revision(rows)?.saturating_add(1);
            rows.put_setting(REVISION, &next.to_string())?;
            Ok((done, Directory::load(rows)?))
        })?;
        self.install(directory);
        Ok(done)
    }

    /// A later change may have been installed by another thread already.
    fn install(&self, directory: Directory) {
        let mut current = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        if directory.revision >= current.revision {
            *current = Arc::new(directory);
        }
    }

    /// Takes over what other programs have changed on a shared database; true when something was.
    /// When it fails, requests are judged by what was known last.
    ///
    /// # Errors
    /// The store's.
    pub fn refresh(&self) -> Result<bool, IdentityError> {
        let known = self.directory().revision;
        let found = self.transact(|rows| {
            if revision(rows)? == known { Ok(None) } else { Directory::load(rows).map(Some) }
        })?;
        let changed = found.is_some();
        if let Some(directory) = found {
            self.install(directory);
        }
        Ok(changed)
    }

    /// True when other programs may change people and keys too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// True while nobody exists: the bootstrap key stands for the operator, and no longer.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        self.directory().users.is_empty()
    }

    /// Who signed in with this cookie, while the session lives.
    #[must_use]
    pub fn by_cookie(&self, token: &str) -> Option<Caller> {
        let now = self.now();
        let claims = self.signing.open(token, now)?;
        let directory = self.directory();
        let session = directory.sessions.get(&claims.sid.parse().ok()?)?;
        let user = directory.users.get(&session.user)?;
        let same = user.id.as_str() == claims.sub && session.version == claims.ver;
        if !same || !self.is_alive(session, user, now) {
            return None;
        }
        lock(&self.used).sessions.insert(session.id.clone(), now);
        let rights = Rights::Person(user.role);
        let grants = user.effective_grants();
        let who = Who::Person { user: user.clone(), session: session.clone() };
        Some(Caller { who, rights, grants })
    }

    /// Which program has this key, when it may be used from here and now.
    #[must_use]
    pub fn by_key(&self, text: &str, from: Option<IpAddr>) -> Option<Caller> {
        let id = key::id_of(text)?;
        let directory = self.directory();
        let key = directory.keys.get(&id)?;
        if !bool::from(key.hash.ct_eq(&key::hash_of_key(text))) {
            return None;
        }
        let caller = self.holder(&directory, &id, from)?;
        lock(&self.used).keys.insert(id, self.now());
        Some(caller)
    }

    fn holder(&self, directory: &Directory, id: &KeyId, from: Option<IpAddr>) -> Option<Caller> {
        let (key, now) = (directory.keys.get(id)?, self.now());
        let lives = key.revoked_at.is_none() && key.expires_at.is_none_or(|ends| now < ends);
        let here = key.addresses.is_empty()
            || from.is_some_and(|from| key.addresses.contains(&from.to_canonical()));
        let owner = match &key.owner {
            Some(owner) => Some(directory.users.get(owner).filter(|user| !user.disabled)?),
            None => None,
        };
        if !lives || !here {
            return None;
        }
        let grants = owner.map_or(key.grants.clone(), |o| key.grants.and(&o.effective_grants()));
        let rights = Rights::Key(key.scopes.clone(), owner.map(|owner| owner.role));
        let (id, name, owner) = (key.id.clone(), key.name.clone(), key.owner.clone());
        let who = Who::Key { id, name, owner };
        Some(Caller { who, rights, grants })
    }

    /// The same caller by what is known now; `None` when the session or the key has ended. Open
    /// sockets ask this again and again.
    #[must_use]
    pub fn still(&self, caller: &Caller, from: Option<IpAddr>) -> Option<Caller> {
        let directory = self.directory();
        match &caller.who {
            Who::Bootstrap => directory.users.is_empty().then(Caller::bootstrap),
            Who::Key { id, .. } => self.holder(&directory, id, from),
            Who::Person { session, .. } => {
                let session = directory.sessions.get(&session.id)?;
                let user = directory.users.get(&session.user)?;
                self.is_alive(session, user, self.now()).then(|| Caller {
                    who: Who::Person { user: user.clone(), session: session.clone() },
                    rights: Rights::Person(user.role),
                    grants: user.effective_grants(),
                })
            }
        }
    }

    pub(crate) fn is_alive(&self, session: &Session, user: &User, now: Timestamp) -> bool {
        session.version == user.version
            && !user.disabled
            && now < self.ends(session)
            && now < self.idle_ends(session)
    }

    /// When a session ends in any case.
    #[must_use]
    pub fn ends(&self, session: &Session) -> Timestamp {
        session.created_at.plus(self.settings.absolute)
    }

    /// When a session ends unless it is used.
    #[must_use]
    pub fn idle_ends(&self, session: &Session) -> Timestamp {
        let used = lock(&self.used).sessions.get(&session.id).copied();
        session.seen_at.max(used.unwrap_or(session.seen_at)).plus(self.settings.idle)
    }

    pub(crate) fn token_of(&self, session: &Session) -> Result<String, IdentityError> {
        self.signing.sign(&Claims {
            sub: session.user.to_string(),
            sid: session.id.to_string(),
            ver: session.version,
            iat: session.created_at.0.div_euclid(1_000_000_000),
            exp: self.ends(session).0.div_euclid(1_000_000_000),
        })
    }

    pub(crate) fn user(&self, id: &UserId) -> Result<Arc<User>, IdentityError> {
        self.directory().users.get(id).cloned().ok_or(IdentityError::UserUnknown)
    }
}
