//! What an append promises.

use path::journal::{AppendError, Head, JournalReader, StreamId};
use rusqlite::Connection;

use crate::kit::{Desk, FileDesk, Kind, account, batch, last, on_both};

on_both!(
    records_come_back_as_they_went_in,
    a_conflict_leaves_out_its_batch_alone,
    a_batch_that_is_no_chain_is_refused_and_the_store_lives,
    an_empty_batch_only_asks_whether_one_could_write,
    reading_and_writing_do_not_wait_for_each_other
);

fn records_come_back_as_they_went_in(kind: Kind) {
    let (mut desk, tmp) = Desk::at(kind);
    let (main, desk_stream) = (account("main"), StreamId::desk());
    let first = batch(&main, Head::default(), 0, 3, "ünï \"quoted\" \u{1f980}");
    let second = batch(&desk_stream, Head::default(), 0, 2, "desk");
    let outcomes = desk.journal.append(&[first.clone(), second.clone()]);
    assert_eq!(outcomes, [Ok(()), Ok(())]);
    let third = batch(&main, last(&first), 0, 1, "later");
    desk.append(third.clone()).unwrap();

    let all = [first.records, third.records].concat();
    assert_eq!(desk.read(&main), all);
    drop(desk);
    let desk = tmp.open();
    assert_eq!(desk.read(&main), all);
    assert_eq!(desk.read(&desk_stream), second.records);
    assert_eq!(desk.head(&main), all[3].head());
    let reader = desk.db.reader();
    assert_eq!(reader.read(&main, 1, 2).unwrap(), all[1..3]);
    assert_eq!(reader.read(&main, 4, 10).unwrap(), []);
    assert_eq!(reader.head(&account("nobody")).unwrap(), Head::default());
}

fn a_conflict_leaves_out_its_batch_alone(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let (a, b) = (account("a"), account("b"));
    let good = batch(&a, Head::default(), 0, 2, "good");
    let lost = batch(&a, Head::default(), 0, 1, "lost");
    let next = batch(&a, last(&good), 0, 1, "next");
    let other = batch(&b, Head::default(), 0, 1, "other");
    let outcomes = desk.journal.append(&[good.clone(), lost, next.clone(), other.clone()]);
    let conflict = AppendError::Conflict { expected: 0, found: 2 };
    assert_eq!(outcomes, [Ok(()), Err(conflict), Ok(()), Ok(())]);
    assert_eq!(desk.read(&a), [good.records, next.records].concat());
    assert_eq!(desk.read(&b), other.records);

    let mut forged = batch(&a, desk.head(&a), 0, 1, "forged");
    forged.expected.hash.0[0] ^= 1;
    assert!(matches!(desk.append(forged), Err(AppendError::Conflict { .. })));
}

fn a_batch_that_is_no_chain_is_refused_and_the_store_lives(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let a = account("a");
    let mut altered = batch(&a, Head::default(), 0, 3, "x");
    altered.records[1].body = "{}".into();
    let mut gap = batch(&a, Head::default(), 0, 3, "x");
    gap.records.remove(1);
    let mut foreign = batch(&account("b"), Head::default(), 0, 1, "x");
    foreign.stream = a.clone();
    for bad in [altered, gap, foreign] {
        assert!(matches!(desk.append(bad), Err(AppendError::Io(_))));
    }
    assert_eq!(desk.read(&a), []);
    desk.grow(&a, 1).unwrap();
    assert!(!desk.db.is_dead());
}

fn an_empty_batch_only_asks_whether_one_could_write(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let a = account("a");
    assert_eq!(desk.journal.append(&[]), []);
    desk.append(batch(&a, Head::default(), 0, 0, "")).unwrap();
    desk.grow(&a, 1).unwrap();
    let stale = batch(&a, Head::default(), 0, 0, "");
    assert_eq!(desk.append(stale), Err(AppendError::Conflict { expected: 0, found: 1 }));
}

#[test]
fn a_busy_file_refuses_once_and_works_again() {
    let (mut desk, _tmp) = FileDesk::temp();
    let a = account("a");
    let other = Connection::open(desk.db.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(desk.grow(&a, 1), Err(AppendError::Io(_))));
    assert!(!desk.db.is_dead());
    other.execute_batch("ROLLBACK").unwrap();
    desk.grow(&a, 1).unwrap();
}

#[test]
fn the_log_is_moved_into_the_database_while_the_desk_writes() {
    let (mut desk, tmp) = FileDesk::temp();
    let a = account("a");
    let mut head = Head::default();
    for _ in 0..300 {
        let batch = batch(&a, head, 0, 100, "a body that is long enough to fill pages");
        head = last(&batch);
        desk.append(batch).unwrap();
    }
    let size = |name: &str| std::fs::metadata(tmp.path().join(name)).unwrap().len();
    assert!(size("cofferdam.sqlite") > 2 << 20, "nothing was moved");
    assert!(size("cofferdam.sqlite-wal") < 24 << 20, "the log grew without end");
}

fn reading_and_writing_do_not_wait_for_each_other(kind: Kind) {
    let (mut desk, _tmp) = Desk::at(kind);
    let a = account("a");
    let reader = desk.db.reader();
    let stream = a.clone();
    let reading = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < 2_000 {
            let records = reader.clone().read(&stream, seen, 100).unwrap();
            for record in records {
                seen += 1;
                assert_eq!(record.seq, seen);
            }
            assert!(reader.head(&stream).unwrap().seq >= seen);
        }
    });
    let mut head = Head::default();
    for _ in 0..200 {
        let batch = batch(&a, head, 0, 10, "r");
        head = last(&batch);
        desk.append(batch).unwrap();
    }
    reading.join().unwrap();
}
