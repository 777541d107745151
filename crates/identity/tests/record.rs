//! What is left on record of what went wrong, and that nobody can make it grow at will.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use identity::{Event, SignIn};
use kit::{House, attempt, password};

fn of(house: &House, kind: &str) -> Vec<Event> {
    house.store.events().into_iter().filter(|event| event.kind == kind).collect()
}

fn wrong(name: &str, address: &str) -> SignIn {
    let (password, address) = ("wrong but long".to_owned(), address.to_owned());
    SignIn { password, address, ..attempt(name) }
}

#[test]
fn a_password_in_the_field_of_the_name_is_kept_nowhere() {
    let (house, _) = House::with_owner();
    let typed = ["hunter2-hunter2", "Correct Horse Battery"];
    for name in typed {
        house.identity.sign_in(&wrong(name, "10.0.0.1")).unwrap_err();
    }
    let failed = of(&house, "sign_in_failed");
    assert!(failed.iter().all(|event| event.subject == "unknown"), "{failed:?}");
    assert_eq!(failed.len(), 2);
    let kept = format!("{:?} {:?}", house.store.events(), house.store.delays()).to_lowercase();
    assert!(typed.iter().all(|name| !kept.contains(&name.to_lowercase())), "{kept}");
}

#[test]
fn failures_are_recorded_by_the_first_few_and_then_by_their_number() {
    let (house, _) = House::with_owner();
    for n in 0..2_000 {
        let name = if n % 2 == 0 { "owner".to_owned() } else { format!("invented{n}") };
        let address = format!("10.0.{}.{}", n / 200, n % 200);
        let _ = house.identity.sign_in(&wrong(&name, &address));
        house.clock.go(6);
    }
    let failed = of(&house, "sign_in_failed");
    assert!((10..=50).contains(&failed.len()), "five for a name and an hour: {}", failed.len());
    house.clock.go(3_600);
    house.identity.write_use().unwrap();
    let counts = of(&house, "failures_counted");
    assert!((3..=5).contains(&counts.len()), "one for each hour: {counts:?}");
    let more: u64 = counts
        .iter()
        .map(|event| event.detail["more"].as_object().unwrap().values().cloned())
        .flat_map(|values| values.map(|n| n.as_u64().unwrap()))
        .sum();
    assert!(more > 1_000, "every failure is told or counted: {more}");
    let written = house.store.events().len();
    house.clock.go(120);
    house.identity.write_use().unwrap();
    assert_eq!(house.store.events().len(), written, "once");
}

#[test]
fn many_names_are_bounded_too() {
    let (house, owner) = House::with_owner();
    for n in 0..60 {
        let new = identity::NewUser {
            name: format!("user{n}").parse().unwrap(),
            role: identity::Role::Viewer,
            grants: identity::Grants::All,
            password: None,
        };
        house.identity.add_user(new, "owner").unwrap();
    }
    for n in 0..600 {
        let address = format!("10.0.{}.{}", n / 200, n % 200);
        let _ = house.identity.sign_in(&wrong(&format!("user{}", n % 60), &address));
    }
    assert!(of(&house, "sign_in_failed").len() <= 21 * 5);
    drop(owner);
}

#[test]
fn wrong_codes_and_failed_proofs_are_on_record() {
    let (house, owner) = House::with_owner();
    let (secret, _) = house.enrol(&owner);
    house.clock.go(60);
    let with = |code: &str| SignIn { code: Some(code.to_owned()), ..attempt("owner") };
    house.identity.sign_in(&with("000000")).unwrap_err();
    let wrong = of(&house, "code_wrong");
    assert_eq!((wrong.len(), wrong[0].subject.as_str()), (1, "owner"));
    let session = house.identity.sign_in(&with(&house.code(&secret))).unwrap().session;
    let failed = || of(&house, "proof_failed").len();
    house.identity.step_up(&session, "x", "y", "wrong but long", None, false).unwrap_err();
    assert_eq!(failed(), 1);
    let (own, code) = (password("owner"), Some("000000"));
    house.identity.step_up(&session, "x", "y", &own, code, false).unwrap_err();
    assert_eq!(failed(), 2, "a wrong code");
    house.identity.step_up(&session, "x", "y", &own, None, false).unwrap_err();
    assert_eq!(failed(), 2, "a missing one is not wrong");
    house.identity.change_password(&session, "wrong but long", "another one").unwrap_err();
    assert_eq!(failed(), 3);

    let (other, signed) = House::with_owner();
    other.identity.begin_totp(&signed.session, "wrong but long").unwrap_err();
    other.identity.begin_totp(&signed.session, &own).unwrap();
    other.identity.activate_totp(&signed.session, "000000").unwrap_err();
    assert_eq!(of(&other, "proof_failed").len(), 2, "at turning it on, too");
}
