//! Copies of a running desk's database.

use std::{fs, os::unix::fs::PermissionsExt};

use path::journal::{Head, JournalReader};
use store::{Reader, verify};

use crate::kit::{FileDesk, account, batch, last};

#[test]
fn a_copy_taken_while_writing_is_whole_and_opens_as_a_desk() {
    let (mut desk, tmp) = FileDesk::temp();
    let a = account("a");
    let installation = desk.db.meta().installation().unwrap();
    let before = desk.grow(&a, 400).unwrap();
    let db = desk.db.clone();
    let target = tmp.path().join("copy.sqlite");
    let to = target.clone();
    let copying = std::thread::spawn(move || db.backup_to(&to).unwrap());
    let mut head = before;
    while !copying.is_finished() {
        let batch = batch(&a, head, 0, 5, "meanwhile");
        head = last(&batch);
        desk.append(batch).unwrap();
    }
    let report = copying.join().unwrap();
    assert!(report.verify.is_sound());
    assert!(report.verify.records >= 400, "the write-ahead log is part of the copy");
    assert_eq!(report.bytes, fs::metadata(&target).unwrap().len());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.head(&a), head);

    let restored = tempfile::tempdir().unwrap();
    fs::copy(&target, restored.path().join("cofferdam.sqlite")).unwrap();
    let mut other = FileDesk::open(restored.path());
    assert_eq!(other.db.meta().installation().unwrap(), installation);
    let old = other.head(&a);
    assert!(old.seq >= before.seq && old.seq <= head.seq);

    let seen = desk.db.reader().export_checkpoint(crate::kit::NOW).unwrap();
    let rewound = other.db.meta().rewound_since(&seen).unwrap();
    assert_eq!(rewound.len(), usize::from(old != head), "a restored copy knows that it is older");
    other.grow(&a, 1).unwrap();
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let (mut desk, tmp) = FileDesk::temp();
    desk.grow(&account("a"), 1).unwrap();
    let target = tmp.path().join("copy.sqlite");
    desk.db.backup_to(&target).unwrap();
    let before = fs::read(&target).unwrap();
    desk.grow(&account("a"), 1).unwrap();
    assert_eq!(desk.db.backup_to(&target).unwrap_err().code(), "store_exists");
    assert_eq!(fs::read(&target).unwrap(), before);
    let nowhere = desk.db.backup_to(tmp.path().join("no/such/folder")).unwrap_err();
    assert_eq!(nowhere.code(), "store_file");
    assert!(!tmp.path().join("copy.sqlite.part").exists());
}

#[test]
fn a_copy_can_be_read_and_checked_by_itself() {
    let (mut desk, tmp) = FileDesk::temp();
    let head = desk.grow(&account("a"), 7).unwrap();
    let target = tmp.path().join("copy.sqlite");
    desk.db.backup_to(&target).unwrap();
    drop(desk);
    let reader = Reader::open(&target).unwrap();
    assert_eq!(reader.head(&account("a")).unwrap(), head);
    assert_eq!(verify(&reader, None, &mut |_| {}).unwrap().records, 7);
    assert_ne!(head, Head::default());
    assert!(Reader::open(tmp.path().join("none.sqlite")).is_err());
    fs::write(
        tmp.path().join("text"),
        "not a database, but long enough to have a header".repeat(9),
    )
    .unwrap();
    assert!(Reader::open(tmp.path().join("text")).is_err());
}
