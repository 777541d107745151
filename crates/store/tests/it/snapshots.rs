//! Snapshots are believed only when they agree with the journal.

use path::journal::{Hash, Head, JournalReader, SnapshotRecord, StreamId};
use store::{SnapshotWarning, StoreError};

use crate::kit::{Desk, Home, Kind, account, on_both};

on_both!(
    the_newest_is_read_and_two_are_kept,
    a_damaged_one_is_passed_over_with_a_warning,
    one_of_another_history_is_passed_over,
    what_does_not_fit_the_journal_is_not_stored
);

fn snapshot(stream: &StreamId, head: Head, body: &str) -> SnapshotRecord {
    let body_hash = Hash::of(body.as_bytes());
    SnapshotRecord { stream: stream.clone(), head, state_version: 2, body: body.into(), body_hash }
}

/// Three snapshots at records 1, 2 and 3.
fn desk_with_three(kind: Kind) -> (Desk, Home, StreamId, Vec<SnapshotRecord>) {
    let (mut desk, home) = Desk::at(kind);
    let main = account("main");
    let mut saved = Vec::new();
    for number in 1..=3 {
        let head = desk.grow(&main, 1).unwrap();
        let snapshot = snapshot(&main, head, &format!("{{\"n\":{number}}}"));
        desk.db.snapshots().save_snapshot(&snapshot).unwrap();
        saved.push(snapshot);
    }
    (desk, home, main, saved)
}

fn the_newest_is_read_and_two_are_kept(kind: Kind) {
    let (desk, home, main, saved) = desk_with_three(kind);
    let reader = desk.db.reader();
    assert_eq!(reader.snapshot(&main).unwrap().as_ref(), Some(&saved[2]));
    assert_eq!(reader.snapshot(&account("other")).unwrap(), None);
    home.script("UPDATE snapshots SET body = 'x'").unwrap();
    let kept = reader.read_snapshot(&main).unwrap().warnings;
    assert_eq!(kept.len(), 2);
}

fn a_damaged_one_is_passed_over_with_a_warning(kind: Kind) {
    let (desk, home, main, saved) = desk_with_three(kind);
    let reader = desk.db.reader();
    home.script("UPDATE snapshots SET body = '{\"n\":9}' WHERE head_seq = 3").unwrap();
    let read = reader.read_snapshot(&main).unwrap();
    assert_eq!(read.snapshot.as_ref(), Some(&saved[1]));
    let warning = SnapshotWarning::Body { stream: main.clone(), seq: 3 };
    assert_eq!(read.warnings, [warning]);
    assert_eq!(read.warnings[0].code(), "snapshot_damaged");

    home.script("UPDATE snapshots SET body = 'x'").unwrap();
    let read = reader.read_snapshot(&main).unwrap();
    assert_eq!((read.snapshot, read.warnings.len()), (None, 2));
    assert_eq!(reader.snapshot(&main).unwrap(), None);
}

fn one_of_another_history_is_passed_over(kind: Kind) {
    let (desk, home, main, saved) = desk_with_three(kind);
    let altered = format!("UPDATE snapshots SET head_hash = {} WHERE head_seq = 3", home.zeros());
    home.script(&altered).unwrap();
    let read = desk.db.reader().read_snapshot(&main).unwrap();
    assert_eq!(read.snapshot.as_ref(), Some(&saved[1]));
    assert_eq!(read.warnings[0].code(), "snapshot_other_history");
}

fn what_does_not_fit_the_journal_is_not_stored(kind: Kind) {
    let (desk, _home, main, saved) = desk_with_three(kind);
    let snapshots = desk.db.snapshots();
    let mut wrong_body = saved[2].clone();
    wrong_body.body = "{}".into();
    let future = snapshot(&main, Head { seq: 99, hash: Hash([1; 32]) }, "{}");
    let forked = snapshot(&main, Head { seq: 3, hash: Hash([1; 32]) }, "{}");
    for bad in [wrong_body, future, forked] {
        let error = snapshots.save_snapshot(&bad).unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error}");
    }
    let newer_form = SnapshotRecord { state_version: 3, ..saved[2].clone() };
    snapshots.save_snapshot(&newer_form).unwrap();
    assert_eq!(desk.db.reader().snapshot(&main).unwrap(), Some(newer_form));
}
