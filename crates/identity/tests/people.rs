//! Names, one-time passwords, and what a reset takes away.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use identity::{Grants, IdentityError, MintedKey, NewKey, NewUser, Role, Scope, SignIn, User};
use kit::{House, attempt, password};

fn mint(house: &House, name: &str, owner: Option<&User>) -> Result<MintedKey, IdentityError> {
    let name = name.parse().unwrap();
    let scopes = [Scope::Read].into();
    let new = NewKey { name, scopes, grants: Grants::All, days: None, addresses: [].into() };
    house.identity.mint_key(new, owner)
}

fn add(house: &House, name: &str) -> Result<(User, Option<String>), IdentityError> {
    let (role, grants) = (Role::Trader, Grants::All);
    let new = NewUser { name: name.parse().unwrap(), role, grants, password: None };
    house.identity.add_user(new, "owner")
}

#[test]
fn a_reset_revokes_keys_and_a_new_password_keeps_them() {
    let (house, owner) = House::with_owner();
    let bob = house.person("bob", Role::Trader, Grants::All);
    let own = mint(&house, "bobs-bot", Some(&bob.user)).unwrap();
    let others = mint(&house, "owners-bot", Some(&owner.user)).unwrap();
    let machine = mint(&house, "machines-bot", None).unwrap();
    let lives = |key: &MintedKey| house.identity.by_key(&key.text, None).is_some();
    let new = format!("{}-new", password("bob"));
    house.identity.change_password(&bob.session, &password("bob"), &new).unwrap();
    assert!(lives(&own), "a password that its person changes");
    house.identity.reset_user(&bob.user.id, "owner").unwrap();
    assert!(!lives(&own) && lives(&others) && lives(&machine));
    let reset = house.store.events().into_iter().find(|event| event.kind == "user_reset");
    assert_eq!(reset.unwrap().detail["keys_revoked"], serde_json::json!(["bobs-bot"]));
}

#[test]
fn a_one_time_password_ends() {
    let (house, owner) = House::with_owner();
    let (bob, once) = add(&house, "bob").unwrap();
    let with = |password: &str| {
        let attempt = SignIn { password: password.to_owned(), ..attempt("bob") };
        house.identity.sign_in(&attempt)
    };
    let once = once.unwrap();
    house.clock.go(72 * 3_600 - 1);
    let session = with(&once).unwrap().session;
    house.clock.go(1);
    assert_eq!(with(&once).unwrap_err(), IdentityError::OneTimePasswordExpired);
    assert_eq!(with("wrong but long").unwrap_err(), IdentityError::SignInFailed, "tells nothing");
    house.identity.change_password(&session, &once, &password("bob")).unwrap();
    house.clock.go(72 * 3_600);
    with(&password("bob")).unwrap();
    let (_, once) = house.identity.reset_user(&bob.id, "owner").unwrap();
    house.clock.go(72 * 3_600);
    assert_eq!(with(&once).unwrap_err(), IdentityError::OneTimePasswordExpired);
    drop(owner);
}

#[test]
fn the_present_password_is_no_new_one() {
    let (house, owner) = House::with_owner();
    let own = password("owner");
    let same = house.identity.change_password(&owner.session, &own, &own).unwrap_err();
    assert_eq!((same.code(), same), ("password_unchanged", IdentityError::PasswordUnchanged));
}

#[test]
fn one_name_in_the_journal_means_one_person_or_key_for_ever() {
    let (house, owner) = House::with_owner();
    let bob = house.person("bob", Role::Trader, Grants::All).user;
    let eve = house.person("eve", Role::Trader, Grants::All).user;
    let taken = |refused: Result<MintedKey, IdentityError>| {
        assert_eq!(refused.unwrap_err(), IdentityError::NameTaken);
    };
    taken(mint(&house, "bob", Some(&eve)));
    taken(mint(&house, "eve", None));
    let bot = mint(&house, "bot", Some(&bob)).unwrap();
    taken(mint(&house, "bot", Some(&bob)));
    assert_eq!(add(&house, "bot").unwrap_err(), IdentityError::NameTaken);
    house.identity.revoke_key(&bot.key.id, Some(&owner.user)).unwrap();
    taken(mint(&house, "bot", Some(&eve)));
    taken(mint(&house, "bot", None));
    assert_eq!(add(&house, "bot").unwrap_err(), IdentityError::NameTaken, "also a dead one's");
    mint(&house, "bot", Some(&bob)).unwrap();
    assert_eq!(add(&house, "local").unwrap_err(), IdentityError::NameInvalid);
    assert_eq!(mint(&house, "local", Some(&eve)).unwrap_err(), IdentityError::NameInvalid);

    let fresh = House::new();
    mint(&fresh, "bot", None).unwrap();
    let token = fresh.identity.offer_setup().unwrap();
    for (name, error) in [("bot", IdentityError::NameTaken), ("local", IdentityError::NameInvalid)]
    {
        let refused = fresh.identity.claim_setup(&token, &attempt(name)).unwrap_err();
        assert_eq!(refused, error);
    }
    fresh.identity.claim_setup(&token, &attempt("owner")).unwrap();
}

#[test]
fn a_local_key_without_its_file_is_replaced_unless_somebody_revoked_it() {
    let (house, owner) = House::with_owner();
    let here = Some("127.0.0.1".parse().unwrap());
    let lives = |key: &str| house.identity.by_key(key, here).is_some();
    let first = owner.local_key.clone().unwrap();
    assert_eq!(house.identity.mint_local_key(true).unwrap(), None);
    let second = house.identity.mint_local_key(false).unwrap().unwrap();
    assert!(lives(&second) && !lives(&first), "nobody has the first one");
    let third = house.identity.mint_local_key(false).unwrap().unwrap();
    assert!(lives(&third) && !lives(&second));
    let id = house.identity.keys(None).into_iter().find(|key| key.name.as_str() == "local");
    house.identity.revoke_key(&id.unwrap().id, Some(&owner.user)).unwrap();
    assert_eq!(house.identity.mint_local_key(false).unwrap(), None, "its owner wants none");
}

#[test]
fn with_a_real_key_a_proof_takes_a_factor_that_is_a_day_old() {
    let (house, owner) = House::with_owner();
    let prove = |session: &identity::Session, code: Option<&str>| {
        house.identity.step_up(session, "x", "y", &password("owner"), code, true)
    };
    let missing = prove(&owner.session, None).unwrap_err();
    assert_eq!(missing, IdentityError::SecondFactorMissing);
    let (secret, _) = house.enrol(&owner);
    let session = house.identity.sessions_of(&owner.user.id).remove(0);
    house.clock.go(60);
    let young = prove(&session, Some(&house.code(&secret))).unwrap_err();
    assert_eq!(young.code(), "factor_too_young");
    house.clock.go(11 * 3_600);
    assert!(house.identity.by_cookie(&owner.token).is_none(), "the old token");
    let code = Some(house.code(&secret));
    let session = house.identity.sign_in(&SignIn { code, ..attempt("owner") }).unwrap().session;
    house.clock.go(13 * 3_600 - 61);
    let early = prove(&session, Some(&house.code(&secret))).unwrap_err();
    assert_eq!(early, young, "and it tells from when on");
    house.clock.go(1);
    prove(&session, Some(&house.code(&secret))).unwrap();
}
