//! What an attacker would try.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use std::{collections::BTreeSet, net::IpAddr, sync::Barrier, thread};

use domain::AccountId;
use identity::{
    Grants, IdentityError, NewKey, Role, Scope, SignIn, UserChange, Verb, Weakness, argument_hash,
};
use kit::{House, attempt, password};

#[test]
fn of_many_claims_at_once_one_wins() {
    let house = House::new();
    let token = house.identity.offer_setup().unwrap();
    let barrier = Barrier::new(8);
    let won: Vec<bool> = thread::scope(|scope| {
        let claims: Vec<_> = (0..8)
            .map(|n| {
                let (house, token, barrier) = (&house, &token, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    house.identity.claim_setup(token, &attempt(&format!("user{n}"))).is_ok()
                })
            })
            .collect();
        claims.into_iter().map(|claim| claim.join().unwrap()).collect()
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    assert_eq!(house.identity.users().len(), 1);
    let again = house.identity.claim_setup(&token, &attempt("late")).unwrap_err();
    assert_eq!(again, IdentityError::SetupDone);
    assert_eq!(house.identity.offer_setup().unwrap_err(), IdentityError::SetupDone);
}

#[test]
fn a_weak_password_does_not_use_the_token_up() {
    let house = House::new();
    let token = house.identity.offer_setup().unwrap();
    let weak = SignIn { password: "password1234".to_owned(), ..attempt("owner") };
    let refused = house.identity.claim_setup(&token, &weak).unwrap_err();
    assert_eq!(refused, IdentityError::PasswordWeak(Weakness::Common));
    assert_eq!(
        house.identity.claim_setup("00", &attempt("owner")).unwrap_err(),
        IdentityError::SetupTokenWrong
    );
    house.identity.claim_setup(&token, &attempt("owner")).unwrap();
    assert!(!house.identity.needs_setup());
}

#[test]
fn tokens_of_other_people_versions_and_times_are_refused() {
    let (house, owner) = House::with_owner();
    let trader = house.person("trader", Role::Trader, Grants::All);
    assert!(house.identity.by_cookie(&owner.token).is_some());
    // The middle of one token with the signature of another.
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (parts(&owner.token), parts(&trader.token));
    assert!(house.identity.by_cookie(&format!("{}.{}.{}", b[0], a[1], b[2])).is_none());
    assert!(house.identity.by_cookie(&format!("{}.{}.", a[0], a[1])).is_none());
    // Another desk's key.
    let stranger = House::with_owner().1;
    let other = House::over(Default::default(), house.clock.clone());
    assert!(other.identity.by_cookie(&stranger.token).is_none());
    // A version that is over.
    let change = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    house.identity.change_user(&trader.user.id, &change, "owner").unwrap();
    assert!(house.identity.by_cookie(&trader.token).is_none(), "a role change ends sessions");
    house.identity.end_all_sessions(&owner.user.id).unwrap();
    assert!(house.identity.by_cookie(&owner.token).is_none());
}

#[test]
fn sessions_end_idle_and_in_any_case() {
    let (house, owner) = House::with_owner();
    for _ in 0..13 {
        house.clock.go(11 * 3_600);
        assert!(house.identity.by_cookie(&owner.token).is_some(), "used often enough");
    }
    house.clock.go(12 * 3_600);
    assert!(house.identity.by_cookie(&owner.token).is_none(), "idle");
    let again = house.sign_in("owner").unwrap();
    for _ in 0..15 {
        house.clock.go(12 * 3_600 - 1);
        let _ = house.identity.by_cookie(&again.token);
    }
    assert!(house.identity.by_cookie(&again.token).is_none(), "seven days are over");
}

#[test]
fn use_survives_a_restart_and_dead_sessions_go() {
    let (house, owner) = House::with_owner();
    house.clock.go(11 * 3_600);
    assert!(house.identity.by_cookie(&owner.token).is_some());
    house.identity.write_use().unwrap();
    let restarted = House::over(house.store.clone(), house.clock.clone());
    house.clock.go(11 * 3_600);
    assert!(restarted.identity.by_cookie(&owner.token).is_some());
    house.clock.go(13 * 3_600);
    restarted.identity.write_use().unwrap();
    assert!(restarted.identity.sessions_of(&owner.user.id).is_empty());
}

#[test]
fn a_code_is_taken_once() {
    let (house, owner) = House::with_owner();
    let (secret, codes) = house.enrol(&owner);
    let with = |code: Option<&str>| SignIn { code: code.map(str::to_owned), ..attempt("owner") };
    let missing = house.identity.sign_in(&with(None)).unwrap_err();
    assert_eq!(missing, IdentityError::SecondFactorNeeded);
    let wrong = SignIn { password: "wrong but long".to_owned(), ..with(None) };
    assert_eq!(house.identity.sign_in(&wrong).unwrap_err(), IdentityError::SignInFailed);
    let used = house.code(&secret);
    let replayed = house.identity.sign_in(&with(Some(&used))).unwrap_err();
    assert_eq!(replayed, IdentityError::SignInFailed, "the code that turned it on");
    house.clock.go(30);
    let code = house.code(&secret);
    house.identity.sign_in(&with(Some(&code))).unwrap();
    assert!(house.identity.sign_in(&with(Some(&code))).is_err());
    // Each recovery code once.
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);
    house.clock.go(3_600);
    house.identity.sign_in(&with(Some(&codes[3].to_uppercase()))).unwrap();
    assert!(house.identity.sign_in(&with(Some(&codes[3]))).is_err());
    let user = house.identity.users().remove(0);
    assert_eq!(house.identity.second_factor(&user).codes_left, 9);
}

#[test]
fn a_code_at_many_doors_at_once_opens_one() {
    let (house, owner) = House::with_owner();
    let (secret, _) = house.enrol(&owner);
    house.clock.go(60);
    let code = house.code(&secret);
    let barrier = Barrier::new(4);
    let opened = thread::scope(|scope| {
        let attempts: Vec<_> = (0..4)
            .map(|_| {
                let (house, barrier, code) = (&house, &barrier, code.clone());
                scope.spawn(move || {
                    barrier.wait();
                    let attempt = SignIn { code: Some(code), ..attempt("owner") };
                    house.identity.sign_in(&attempt).is_ok()
                })
            })
            .collect();
        attempts.into_iter().filter_map(|a| a.join().ok()).filter(|opened| *opened).count()
    });
    assert_eq!(opened, 1);
}

#[test]
fn a_proof_is_for_one_request_of_one_session() {
    let (house, owner) = House::with_owner();
    let other = house.sign_in("owner").unwrap();
    let (action, hash) =
        ("POST /api/kill/release", argument_hash("POST", "/api/kill/release", b"{}"));
    let give = || {
        let given =
            house.identity.step_up(&owner.session, action, &hash, &password("owner"), None, false);
        given.unwrap().0
    };
    let take = |session, action, hash: &str, proof: &str| {
        house.identity.take_proof(session, action, hash, proof)
    };
    let proof = give();
    assert!(take(&owner.session, action, &hash, &proof));
    assert!(!take(&owner.session, action, &hash, &proof), "replayed");
    assert!(!take(&other.session, action, &hash, &give()), "another session");
    let wrong = argument_hash("POST", "/api/kill/release", b"{\"confirm\":\"release\"}");
    assert!(!take(&owner.session, action, &wrong, &give()), "another body");
    assert!(!take(&owner.session, "PUT /api/desk/limits", &hash, &give()), "another action");
    let proof = give();
    house.clock.go(120);
    assert!(!take(&owner.session, action, &hash, &proof), "too late");
    let refused = |password: &str, second| {
        let asked = house.identity.step_up(&owner.session, action, &hash, password, None, second);
        asked.unwrap_err()
    };
    assert_eq!(refused("wrong but long", false), IdentityError::SignInFailed);
    assert_eq!(refused(&password("owner"), true), IdentityError::SecondFactorMissing);
    for _ in 0..5 {
        refused("wrong but long", false);
    }
    let delayed = refused(&password("owner"), false);
    assert!(matches!(delayed, IdentityError::SignInDelayed { .. }), "{delayed}");
}

#[test]
fn a_stolen_session_can_not_turn_the_second_factor() {
    let (house, owner) = House::with_owner();
    assert!(house.identity.begin_totp(&owner.session, "wrong but long").is_err());
    house.enrol(&owner);
    let session = house.identity.sessions_of(&owner.user.id).remove(0);
    let second = house.identity.begin_totp(&session, &password("owner"));
    assert_eq!(second.unwrap_err(), IdentityError::NotEnrolling, "it can't be replaced unseen");
    let wrong = house.identity.change_password(&session, "wrong but long", "new long enough");
    assert_eq!(wrong.unwrap_err(), IdentityError::SignInFailed);
}

#[test]
fn the_last_admin_stays() {
    let (house, owner) = House::with_owner();
    for change in [
        UserChange { role: Some(Role::Auditor), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
    ] {
        let refused = house.identity.change_user(&owner.user.id, &change, "owner").unwrap_err();
        assert_eq!(refused, IdentityError::LastAdmin);
    }
    assert!(house.identity.by_cookie(&owner.token).is_some(), "nothing was changed");
}

fn new_key(name: &str, scopes: &[Scope], grants: Grants) -> NewKey {
    let scopes = scopes.iter().copied().collect();
    NewKey { name: name.parse().unwrap(), scopes, grants, days: Some(30), addresses: [].into() }
}

#[test]
fn a_key_has_no_more_than_its_owner() {
    let (house, _) = House::with_owner();
    let a = AccountId::new("a").unwrap();
    let b = AccountId::new("b").unwrap();
    let only_a = Grants::of(Some([a.clone()].into()));
    let trader = house.person("trader", Role::Trader, only_a.clone()).user;
    let viewer = house.person("viewer", Role::Viewer, Grants::All).user;
    let mint = |key, user| house.identity.mint_key(key, Some(user));
    for too_wide in [
        mint(new_key("bot", &[Scope::Read], Grants::All), &trader),
        mint(new_key("bot", &[Scope::Metrics], only_a.clone()), &trader),
        mint(new_key("bot", &[], only_a.clone()), &trader),
        mint(new_key("bot", &[Scope::Read], only_a.clone()), &viewer),
    ] {
        assert_eq!(too_wide.unwrap_err(), IdentityError::KeyTooWide);
    }
    let minted = mint(new_key("bot", &[Scope::Read, Scope::Trade], only_a), &trader).unwrap();
    let caller = house.identity.by_key(&minted.text, None).unwrap();
    assert!(caller.may(Verb::Trade, Some(&a)) && !caller.may(Verb::Trade, Some(&b)));
    assert!(!caller.may(Verb::Release, None) && !caller.may(Verb::ManageKeys, None));
    // The owner's role falls, and the key's rights with it.
    let change = UserChange { role: Some(Role::Viewer), ..UserChange::default() };
    house.identity.change_user(&trader.id, &change, "owner").unwrap();
    assert!(!house.identity.still(&caller, None).unwrap().may(Verb::Trade, Some(&a)));
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    house.identity.change_user(&trader.id, &change, "owner").unwrap();
    assert!(house.identity.by_key(&minted.text, None).is_none());
    assert!(house.identity.still(&caller, None).is_none());
}

#[test]
fn keys_end_and_are_bound_to_addresses() {
    let (house, owner) = House::with_owner();
    let here: IpAddr = "10.1.2.3".parse().unwrap();
    let bound =
        NewKey { addresses: [here].into(), ..new_key("bound", &[Scope::Read], Grants::All) };
    let bound = house.identity.mint_key(bound, Some(&owner.user)).unwrap();
    let by = |from: Option<&str>| {
        house.identity.by_key(&bound.text, from.map(|from| from.parse().unwrap())).is_some()
    };
    assert!(by(Some("10.1.2.3")) && by(Some("::ffff:10.1.2.3")));
    assert!(!by(Some("10.1.2.4")) && !by(None));
    let wrong = format!("{}0", &bound.text[..bound.text.len() - 1]);
    let right = wrong == bound.text;
    assert_eq!(house.identity.by_key(&wrong, Some(here)).is_some(), right);
    house.clock.go(30 * 86_400);
    assert!(!by(Some("10.1.2.3")), "expired");
    let key = house.identity.mint_key(new_key("kk", &[Scope::Read], Grants::All), None).unwrap();
    let taken = house.identity.mint_key(new_key("kk", &[Scope::Read], Grants::All), None);
    assert_eq!(taken.unwrap_err(), IdentityError::NameTaken);
    house.identity.revoke_key(&key.key.id, Some(&owner.user)).unwrap();
    assert!(house.identity.by_key(&key.text, None).is_none());
}

#[test]
fn the_local_key_reads_trades_and_kills_from_this_machine_only() {
    let (house, owner) = House::with_owner();
    let key = owner.local_key.unwrap();
    let loopback = Some("127.0.0.1".parse().unwrap());
    let caller = house.identity.by_key(&key, loopback).unwrap();
    for verb in [Verb::ReadAccount, Verb::Trade, Verb::Kill] {
        assert!(caller.may(verb, None), "{verb:?}");
    }
    for verb in [Verb::Release, Verb::Loosen, Verb::Configure, Verb::ManageKeys, Verb::ManageUsers]
    {
        assert!(!caller.may(verb, None), "{verb:?}");
    }
    assert!(house.identity.by_key(&key, Some("10.0.0.1".parse().unwrap())).is_none());
    assert_eq!(house.identity.mint_local_key(true).unwrap(), None, "once");
}

#[test]
fn every_change_is_on_record_without_a_secret() {
    let (house, owner) = House::with_owner();
    let (secret, codes) = house.enrol(&owner);
    let signed = house.person("trader", Role::Trader, Grants::All);
    let (_, once) = house.identity.reset_user(&signed.user.id, "owner").unwrap();
    let minted = house.identity.mint_key(new_key("kk", &[Scope::Read], Grants::All), None).unwrap();
    let events = house.store.events();
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind).collect();
    for kind in [
        "setup_claimed",
        "second_factor_on",
        "user_added",
        "password_changed",
        "user_reset",
        "key_minted",
    ] {
        assert!(kinds.contains(kind), "{kind} is missing in {kinds:?}");
    }
    let told = format!("{events:?} {owner:?} {signed:?} {minted:?} {:?}", house.identity);
    for hidden in [&secret, &codes[0], &once, &minted.text, &owner.token, &password("owner")] {
        assert!(!told.contains(hidden.as_str()));
    }
}
