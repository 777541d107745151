//! Leases of one data folder: borrowed, lost by time, given back.

use super::*;

fn id(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

fn open(only: Option<&str>) -> (Tenancy, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let lock = store::DataDirLock::acquire(folder.path()).unwrap();
    let database = Database::open(&lock, None).unwrap();
    let only = only.map(|name| BTreeSet::from([id(name)]));
    (Tenancy::open(database, "here".to_owned(), only, 10).unwrap(), folder)
}

fn names(tenancy: &Tenancy) -> Vec<String> {
    tenancy.leases().held().unwrap().into_iter().map(|lease| lease.name).collect()
}

#[test]
fn an_account_that_is_not_wanted_is_held_for_a_merge_only() {
    let (tenancy, _folder) = open(Some("a"));
    let (a, b) = (StreamId::account(&id("a")), StreamId::account(&id("b")));
    let streams = BTreeSet::from([a.clone(), b.clone(), StreamId::desk()]);
    let borrowed = tenancy.take_for_merge(streams).unwrap();
    assert_eq!(borrowed, ["account/b"]);
    assert!(tenancy.token(&a).is_some() && tenancy.token(&b).is_some());
    tenancy.give_back(borrowed);
    assert!(tenancy.token(&a).is_some() && tenancy.token(&b).is_none());
    assert_eq!(names(&tenancy), ["account/a", "desk", "venue-feed"]);
}

#[test]
fn prices_are_moved_only_while_the_lease_lasts() {
    let (tenancy, _folder) = open(None);
    assert!(tenancy.has_feed());
    tenancy.held().get_mut(FEED).unwrap().until = boot_time();
    assert!(!tenancy.has_feed(), "this desk slept, and another one may have begun");
}

#[test]
fn a_lease_that_was_taken_anew_is_not_let_go() {
    let (tenancy, _folder) = open(None);
    let first = tenancy.take_account(&id("a"), 1).unwrap();
    let second = tenancy.take_account(&id("a"), 2).unwrap();
    tenancy.let_go(&id("a"), first.token);
    assert_eq!(tenancy.token(&StreamId::account(&id("a"))), Some(second.token));
    tenancy.let_go(&id("a"), second.token);
    assert_eq!(names(&tenancy), ["desk", "venue-feed"]);
}
