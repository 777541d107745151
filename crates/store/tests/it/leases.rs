//! Tenure, fencing, and the identity of an installation.

use path::journal::{AppendError, Head, LeaseToken};
use store::LeaseError;

use crate::kit::{Desk, Kind, MINUTE, NOW, account, batch, last, on_both};

on_both!(
    a_new_holder_fences_the_old_one_off,
    renewal_keeps_the_token_and_release_ends_it,
    the_same_holder_starts_a_new_tenure,
    without_a_lease_tokens_only_grow,
    leases_of_different_streams_are_independent,
    an_installation_has_one_name_and_counts_its_incarnations,
    who_wrote_a_streams_records_is_told,
    a_trial_write_leaves_nothing_that_grows
);

fn a_new_holder_fences_the_old_one_off(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let main = account("main");
    let leases = desk.db.leases();
    let one = leases.acquire(main.as_str(), "desk-1", MINUTE, NOW).unwrap();
    assert_eq!(one, LeaseToken(1));
    let first = batch(&main, Head::default(), 1, 1, "one");
    desk.append(first.clone()).unwrap();

    let early = leases.acquire(main.as_str(), "desk-2", MINUTE, NOW).unwrap_err();
    let LeaseError::Held { by, until } = early else { panic!("{early}") };
    assert_eq!((by.as_str(), until), ("desk-1", NOW.plus(MINUTE)));

    let later = NOW.plus(MINUTE);
    let two = leases.acquire(main.as_str(), "desk-2", MINUTE, later).unwrap();
    assert_eq!(two, LeaseToken(2));
    let stale = batch(&main, last(&first), 1, 1, "stale");
    assert_eq!(desk.append(stale), Err(AppendError::Fenced { held: 1, current: 2 }));
    let never_given = batch(&main, last(&first), 7, 1, "forged");
    assert_eq!(desk.append(never_given), Err(AppendError::Fenced { held: 7, current: 2 }));
    desk.append(batch(&main, last(&first), 2, 1, "two")).unwrap();

    let lost = leases.renew(main.as_str(), one, MINUTE, later).unwrap_err();
    assert!(matches!(lost, LeaseError::Lost { held: 1, current: 2 }), "{lost}");
}

fn renewal_keeps_the_token_and_release_ends_it(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let main = account("main");
    let leases = desk.db.leases();
    let token = leases.acquire(main.as_str(), "a", MINUTE, NOW).unwrap();
    let much_later = NOW.plus(MINUTE).plus(MINUTE);
    let until = leases.renew(main.as_str(), token, MINUTE, much_later).unwrap();
    assert_eq!(until, much_later.plus(MINUTE));
    assert!(leases.acquire(main.as_str(), "b", MINUTE, much_later).is_err());

    leases.release(main.as_str(), token).unwrap();
    let after = batch(&main, Head::default(), 1, 1, "after");
    assert_eq!(desk.append(after), Err(AppendError::Fenced { held: 1, current: 2 }));
    assert!(leases.release(main.as_str(), token).is_err());
    assert!(leases.renew(main.as_str(), token, MINUTE, much_later).is_err());
    assert_eq!(leases.acquire(main.as_str(), "b", MINUTE, much_later).unwrap(), LeaseToken(2));
    desk.append(batch(&main, Head::default(), 2, 1, "b")).unwrap();
}

fn the_same_holder_starts_a_new_tenure(kind: Kind) {
    let (mut desk, tmp) = Desk::at(kind);
    let main = account("main");
    desk.db.leases().acquire(main.as_str(), "a", MINUTE, NOW).unwrap();
    drop(desk);
    desk = tmp.open();
    let again = desk.db.leases().acquire(main.as_str(), "a", MINUTE, NOW).unwrap();
    assert_eq!(again, LeaseToken(2));
    let ghost = batch(&main, Head::default(), 1, 1, "ghost");
    assert!(matches!(desk.append(ghost), Err(AppendError::Fenced { .. })));
}

fn without_a_lease_tokens_only_grow(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let main = account("main");
    let first = batch(&main, Head::default(), 5, 1, "five");
    desk.append(first.clone()).unwrap();
    let older = batch(&main, last(&first), 4, 1, "four");
    assert_eq!(desk.append(older), Err(AppendError::Fenced { held: 4, current: 5 }));
    let lease = desk.db.leases().acquire(main.as_str(), "a", MINUTE, NOW).unwrap();
    assert_eq!(lease, LeaseToken(6), "a lease is newer than whatever wrote before");
}

fn leases_of_different_streams_are_independent(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let (a, b) = (account("a"), account("b"));
    let leases = desk.db.leases();
    leases.acquire(a.as_str(), "x", MINUTE, NOW).unwrap();
    leases.acquire(b.as_str(), "y", MINUTE, NOW).unwrap();
    leases.acquire(a.as_str(), "x", MINUTE, NOW).unwrap();
    desk.append(batch(&b, Head::default(), 1, 1, "b")).unwrap();
    let unknown = leases.release("account/none", LeaseToken(1)).unwrap_err();
    assert!(matches!(unknown, LeaseError::Lost { held: 1, current: 0 }));
}

fn an_installation_has_one_name_and_counts_its_incarnations(kind: Kind) {
    let (desk, tmp) = Desk::at(kind);
    let id = desk.db.meta().installation().unwrap();
    assert_eq!(id.as_str().len(), 6);
    assert_eq!(desk.db.meta().incarnation().unwrap(), 0);
    assert_eq!(desk.db.meta().next_incarnation().unwrap(), 1);
    drop(desk);
    let desk = tmp.open();
    let meta = desk.db.meta();
    assert_eq!(meta.installation().unwrap(), id);
    assert_eq!(meta.incarnation().unwrap(), 1);
    assert_eq!(meta.next_incarnation_after(4).unwrap(), 5, "later than what was seen elsewhere");
    assert!(meta.next_incarnation_after(u32::MAX).is_err());
}

fn who_wrote_a_streams_records_is_told(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let (main, other) = (account("main"), account("other"));
    let first = batch(&main, Head::default(), 1, 2, "one");
    desk.append(first.clone()).unwrap();
    let second = batch(&main, last(&first), 3, 2, "two");
    desk.append(second.clone()).unwrap();
    desk.append(batch(&other, Head::default(), 9, 1, "other")).unwrap();
    let reader = desk.db.reader();
    let under = |after| reader.written_under(&main, after).unwrap();
    assert_eq!(under(0), [LeaseToken(1), LeaseToken(3)]);
    assert_eq!(under(2), [LeaseToken(3)]);
    assert!(under(4).is_empty());
}

fn a_trial_write_leaves_nothing_that_grows(kind: Kind) {
    let (desk, _tmp) = Desk::at(kind);
    let meta = desk.db.meta();
    let name = meta.installation().unwrap();
    for _ in 0..3 {
        meta.try_write().unwrap();
    }
    assert_eq!(meta.installation().unwrap(), name);
}
