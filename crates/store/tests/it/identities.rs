//! People, sessions and keys on either database.

use std::{
    sync::{Arc, Barrier},
    thread,
};

use domain::{AccountId, Nanos, Timestamp};
use identity::{
    Caller, Delay, Grants, Hashing, Identity, IdentityError, IdentityStore, NewKey, NewUser, Role,
    Scope, Settings, SignIn, SignedIn, Verb,
    memory::{TestClock, TestEntropy, totp_code},
};

use crate::kit::{Desk, Home, Kind, NOW, on_both};

struct People {
    identity: Identity,
    clock: Arc<TestClock>,
}

/// Made when the test runs: no password stands in the sources.
fn password(name: &str) -> String {
    format!("{}-deich-{}", name.repeat(2), hex::encode(name))
}

fn attempt(name: &str) -> SignIn {
    let (name, address) = (name.to_owned(), "127.0.0.1".to_owned());
    SignIn { password: password(&name), name, address, ..SignIn::default() }
}

fn people(desk: &Desk, clock: &Arc<TestClock>, seed: u64) -> People {
    let hashing = Hashing { memory_kib: 64, passes: 1 };
    let settings = Settings { hashing, ..Settings::default() };
    let entropy = Arc::new(TestEntropy::from(seed));
    let store = Arc::new(desk.db.identities());
    let identity = Identity::open(store, clock.clone(), entropy, settings).unwrap();
    People { identity, clock: clock.clone() }
}

fn first(kind: Kind) -> (People, SignedIn, Desk, Home) {
    let (desk, home) = Desk::at(kind);
    let people = people(&desk, &Arc::new(TestClock::at(NOW)), 0);
    let token = people.identity.offer_setup().unwrap();
    let owner = people.identity.claim_setup(&token, &attempt("owner")).unwrap();
    (people, owner, desk, home)
}

fn everything_survives_a_restart(kind: Kind) {
    let (before, owner, desk, home) = first(kind);
    let begun = before.identity.begin_totp(&owner.session, &password("owner")).unwrap();
    let code = totp_code(&begun.secret, identity::Clock::now(&*before.clock)).unwrap();
    let (codes, token) = before.identity.activate_totp(&owner.session, &code).unwrap();
    let a = AccountId::new("a").unwrap();
    let only_a = Grants::of(Some([a.clone()].into()));
    let new = NewUser {
        name: "trader".parse().unwrap(),
        role: Role::Trader,
        grants: only_a.clone(),
        password: None,
    };
    let (_, once) = before.identity.add_user(new, "owner").unwrap();
    let key = NewKey {
        name: "bot".parse().unwrap(),
        scopes: [Scope::Read, Scope::Trade].into(),
        grants: only_a,
        days: Some(1),
        addresses: ["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()].into(),
    };
    let minted = before.identity.mint_key(key, None).unwrap();
    let (users, keys) = (before.identity.users(), before.identity.keys(None));
    let clock = before.clock.clone();
    drop((before, desk));

    let desk = home.open();
    let after = people(&desk, &clock, 1_000);
    assert_eq!(after.identity.users(), users);
    assert_eq!(after.identity.keys(None), keys);
    let caller = after.identity.by_cookie(&token).unwrap();
    assert!(caller.may(Verb::ManageUsers, None), "the session goes on");
    let from = Some("10.0.0.1".parse().unwrap());
    let caller: Caller = after.identity.by_key(&minted.text, from).unwrap();
    assert!(caller.may(Verb::Trade, Some(&a)) && !caller.may(Verb::Release, None));
    let trader = SignIn { password: once.unwrap(), ..attempt("trader") };
    assert!(after.identity.sign_in(&trader).unwrap().user.must_change);
    let again = SignIn { code: Some(code), ..attempt("owner") };
    assert!(after.identity.sign_in(&again).is_err(), "the used step is remembered");
    let recovery = SignIn { code: Some(codes[0].clone()), ..attempt("owner") };
    after.identity.sign_in(&recovery).unwrap();
    assert!(after.identity.sign_in(&recovery).is_err(), "a recovery code is good once");
}

fn of_claims_by_several_programs_one_wins(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let clock = Arc::new(TestClock::at(NOW));
    let all: Vec<People> = (0..4).map(|n| people(&desk, &clock, n * 1_000)).collect();
    let barrier = Barrier::new(all.len());
    let won = thread::scope(|scope| {
        let claims: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(n, people)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let token = people.identity.offer_setup().unwrap();
                    barrier.wait();
                    people.identity.claim_setup(&token, &attempt(&format!("owner{n}"))).is_ok()
                })
            })
            .collect();
        claims.into_iter().filter_map(|c| c.join().ok()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
    for people in &all {
        people.identity.refresh().unwrap();
        assert_eq!(people.identity.users().len(), 1);
        assert!(!people.identity.needs_setup());
    }
}

fn what_another_program_changes_is_taken_over(kind: Kind) {
    let (one, owner, desk, _home) = first(kind);
    let two = people(&desk, &one.clock, 5_000);
    assert!(two.identity.by_cookie(&owner.token).is_some());
    one.identity.end_all_sessions(&owner.user.id).unwrap();
    assert!(one.identity.by_cookie(&owner.token).is_none(), "at once where it was changed");
    assert!(two.identity.refresh().unwrap());
    assert!(two.identity.by_cookie(&owner.token).is_none());
    assert!(!two.identity.refresh().unwrap(), "nothing new");
}

fn wrong_attempts_are_counted_by_all_programs_together(kind: Kind) {
    let (one, _owner, desk, _home) = first(kind);
    let two = people(&desk, &one.clock, 5_000);
    let address = "10.0.0.1".to_owned();
    let wrong = SignIn { password: "wrong but long".to_owned(), address, ..attempt("owner") };
    for n in 0..6 {
        let identity = if n % 2 == 0 { &one.identity } else { &two.identity };
        assert_eq!(identity.sign_in(&wrong).unwrap_err(), IdentityError::SignInFailed);
    }
    for identity in [&one.identity, &two.identity] {
        let delayed = identity.sign_in(&wrong).unwrap_err();
        assert_eq!(delayed, IdentityError::SignInDelayed { seconds: 1 });
    }
}

fn a_failed_change_leaves_nothing(kind: Kind) {
    let (people, owner, desk, _home) = first(kind);
    let before = desk.db.identities().verify_record().unwrap();
    let failed = desk.db.identities().change(&mut |rows| {
        rows.delete_session(&owner.session.id)?;
        rows.put_setting("x", "y")?;
        Err(IdentityError::LastAdmin)
    });
    assert_eq!(failed.unwrap_err(), IdentityError::LastAdmin);
    people.identity.refresh().unwrap();
    assert!(people.identity.by_cookie(&owner.token).is_some());
    assert_eq!(desk.db.identities().verify_record().unwrap(), before);
}

fn the_record_is_a_chain_that_only_grows(kind: Kind) {
    let (people, owner, desk, home) = first(kind);
    people.identity.end_all_sessions(&owner.user.id).unwrap();
    let report = desk.db.identities().verify_record().unwrap();
    assert_eq!((report.records, report.broken), (2, None));
    assert_eq!(desk.db.reader().verify_people().unwrap(), report, "beside the desk, too");
    for change in ["UPDATE identity_events SET kind = 'x'", "DELETE FROM identity_events"] {
        let told = home.script(change).unwrap_err();
        assert!(told.contains("append-only"), "{told}");
    }
    let on = if home.server.is_some() { " ON identity_events" } else { "" };
    home.script(&format!("DROP TRIGGER identity_events_are_not_changed{on}")).unwrap();
    home.script("UPDATE identity_events SET body = '{}' WHERE seq = 2").unwrap();
    let report = desk.db.identities().verify_record().unwrap();
    assert_eq!((report.records, report.broken), (1, Some(2)));
    assert_eq!(desk.db.reader().verify_people().unwrap(), report);
    assert!(!report.is_sound() && report.told().unwrap().contains("record 2"));
}

fn count(key: &str, failures: u32, seconds: i64) -> Delay {
    let at = NOW.plus(Nanos::from_secs(seconds));
    Delay { key: key.to_owned(), failures, until: at, at }
}

fn invented_names_evict_no_count_of_an_attacked_one(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let store = desk.db.identities();
    store
        .change(&mut |rows| {
            rows.put_delay(&count("strangers owner", 9, 0))?;
            rows.put_delay(&count("strangers once", 1, 0))?;
            for n in 0..10_010 {
                rows.put_delay(&count(&format!("strangers ?{n}"), 2, 10 + n))?;
            }
            // Younger than what is evicted, with as few attempts as any count begins with.
            rows.put_delay(&count("strangers young", 1, 10_150))?;
            rows.prune_delays(Timestamp(0), NOW.plus(Nanos::from_secs(10_150)))
        })
        .unwrap();
    let has = |key: &str| {
        let mut found = None;
        let mut look = |rows: &mut dyn identity::Rows| {
            found = rows.delay(key)?;
            Ok(())
        };
        store.change(&mut look).unwrap();
        found.is_some()
    };
    assert!(has("strangers owner"), "the most attempts stay, however old");
    assert!(has("strangers young"));
    assert!(!has("strangers once"), "the fewest go");
    assert!(!has("strangers ?0") && has("strangers ?10009"), "of as few the oldest");
}

fn counts_of_a_name_and_of_the_future_are_put_right(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let mut left = Vec::new();
    let mut work = |rows: &mut dyn identity::Rows| {
        let keys = ["pair bob 10.0.0.1", "pair bob", "pair bobby x", "pair bob-b x", "pair bo x"];
        for key in keys {
            rows.put_delay(&count(key, 1, 86_400 * 365))?;
        }
        rows.delete_delays("pair bob")?;
        rows.prune_delays(Timestamp(0), NOW)?;
        for key in keys {
            left.extend(rows.delay(key)?.map(|row| (key, row.at)));
        }
        Ok(())
    };
    desk.db.identities().change(&mut work).unwrap();
    let expected = ["pair bobby x", "pair bob-b x", "pair bo x"].map(|key| (key, NOW));
    assert_eq!(left, expected, "and what was dated later counts from now on");
}

fn damaged_rows_are_told_and_never_guessed(kind: Kind) {
    let (_people, _owner, desk, home) = first(kind);
    home.script("UPDATE users SET role = 'root'").unwrap();
    let store = Arc::new(desk.db.identities());
    let clock = Arc::new(TestClock::at(NOW));
    let entropy = Arc::new(TestEntropy::from(9));
    let opened = Identity::open(store, clock, entropy, Settings::default());
    assert_eq!(opened.unwrap_err().code(), "identity_store");
}

on_both!(
    everything_survives_a_restart,
    of_claims_by_several_programs_one_wins,
    what_another_program_changes_is_taken_over,
    wrong_attempts_are_counted_by_all_programs_together,
    a_failed_change_leaves_nothing,
    the_record_is_a_chain_that_only_grows,
    damaged_rows_are_told_and_never_guessed,
    invented_names_evict_no_count_of_an_attacked_one,
    counts_of_a_name_and_of_the_future_are_put_right,
);
