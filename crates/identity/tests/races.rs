//! What happens between two transactions of one flow: something else, at the worst moment.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use identity::{
    Hashing, Identity, IdentityError, IdentityStore, Settings, SignIn, UserId, Work,
    memory::{MemoryStore, TestClock, TestEntropy},
};
use kit::{House, attempt, password};

type Deed = Box<dyn FnOnce() + Send>;

/// A store in which something else happens before one of the next transactions.
#[derive(Default)]
struct Meanwhile {
    store: Arc<MemoryStore>,
    left: AtomicU32,
    deed: Mutex<Option<Deed>>,
}

impl Meanwhile {
    fn before(&self, transaction: u32, deed: impl FnOnce() + Send + 'static) {
        *self.deed.lock().unwrap() = Some(Box::new(deed));
        self.left.store(transaction, Ordering::SeqCst);
    }
}

impl IdentityStore for Meanwhile {
    fn change(&self, work: &mut Work<'_>) -> Result<(), IdentityError> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left == 1
            && let Some(deed) = self.deed.lock().unwrap().take()
        {
            deed();
        }
        self.store.change(work)
    }

    fn is_shared(&self) -> bool {
        true
    }
}

struct Race {
    here: Identity,
    store: Arc<Meanwhile>,
    /// Another program on the same rows.
    there: House,
}

fn race() -> (Race, identity::SignedIn) {
    let (there, owner) = House::with_owner();
    let clock: Arc<TestClock> = there.clock.clone();
    let store = Arc::new(Meanwhile { store: there.store.clone(), ..Meanwhile::default() });
    let settings =
        Settings { hashing: Hashing { memory_kib: 64, passes: 1 }, ..Settings::default() };
    let entropy = Arc::new(TestEntropy::from(90_000));
    let here = Identity::open(store.clone(), clock, entropy, settings).unwrap();
    (Race { here, store, there }, owner)
}

/// What is stored of the owner, in a form that can be compared.
fn stored(race: &Race, id: &UserId) -> (String, u64, Option<String>, bool) {
    race.there.identity.refresh().unwrap();
    let user = race.there.identity.users().into_iter().find(|user| user.id == *id).unwrap();
    (user.password.clone(), user.version, user.totp.clone(), user.must_change)
}

#[test]
fn a_password_that_was_reset_meanwhile_is_not_replaced() {
    // Before the check of what was proven, and before the writing.
    for transaction in [2, 3] {
        let (race, owner) = race();
        let (there, id) = (race.there.identity.clone(), owner.user.id.clone());
        race.store.before(transaction, move || drop(there.reset_user(&id, "admin").unwrap()));
        let new = format!("{}-new", password("owner"));
        let changed = race.here.change_password(&owner.session, &password("owner"), &new);
        assert_eq!(changed.unwrap_err(), IdentityError::SessionEnded, "{transaction}");
        assert!(stored(&race, &owner.user.id).3, "the reset stands");
        let kinds: Vec<_> = race.there.store.events().iter().map(|e| e.kind).collect();
        assert!(!kinds.contains(&"password_changed"), "nothing was committed: {kinds:?}");
        race.here.refresh().unwrap();
        let tried = race.here.sign_in(&SignIn { password: new, ..attempt("owner") });
        assert_eq!(tried.unwrap_err(), IdentityError::SignInFailed);
    }
}

#[test]
fn a_session_that_has_ended_meanwhile_changes_nothing() {
    let ended = |race: &Race, owner: &identity::SignedIn, transaction| {
        let (there, id) = (race.there.identity.clone(), owner.user.id.clone());
        race.store.before(transaction, move || there.end_all_sessions(&id).unwrap());
    };
    let (race, owner) = race();
    ended(&race, &owner, 3);
    let before = stored(&race, &owner.user.id).0;
    let new = format!("{}-new", password("owner"));
    let changed = race.here.change_password(&owner.session, &password("owner"), &new);
    assert_eq!(changed.unwrap_err(), IdentityError::SessionEnded);
    assert_eq!(stored(&race, &owner.user.id).0, before);

    let (race, owner) = self::race();
    let begun = race.here.begin_totp(&owner.session, &password("owner")).unwrap();
    ended(&race, &owner, 2);
    let code = race.there.code(&begun.secret);
    let on = race.here.activate_totp(&owner.session, &code);
    assert_eq!(on.unwrap_err(), IdentityError::SessionEnded);
    assert_eq!(stored(&race, &owner.user.id).2, None, "it is not on");
    assert!(race.here.remove_totp(&owner.session).is_err());
    let proof = race.here.step_up(&owner.session, "x", "y", &password("owner"), None, false);
    assert_eq!(proof.unwrap_err(), IdentityError::SessionEnded);
}
