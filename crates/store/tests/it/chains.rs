//! Tampering with a database is found; what can't be found is said.

use path::journal::{ChainError, Head, JournalReader, StreamId};
use store::{Break, Checkpoint, StoreError, VerifyReport, verify};

use crate::kit::{Desk, Home, Kind, account, batch, last, on_both};

on_both!(
    a_sound_journal_is_called_consistent_and_no_more,
    a_changed_record_is_named,
    every_column_that_is_hashed_is_guarded,
    a_removed_record_is_named,
    records_missing_at_the_end_are_noticed_by_the_head,
    a_stream_without_head_row_and_an_altered_head_are_noticed,
    a_stream_that_no_desk_would_write_is_noticed,
    only_a_checkpoint_shows_a_cut_end,
    a_checkpoint_shows_a_rewritten_history_and_a_lost_stream,
    a_checkpoint_of_another_journal_is_not_compared,
    a_checkpoint_file_that_is_none_is_refused,
    a_journal_is_checked_while_it_grows
);

fn desk(kind: Kind) -> (Desk, Home) {
    let (mut desk, home) = Desk::at(kind);
    desk.grow(&account("a"), 5).unwrap();
    desk.grow(&account("b"), 2_500).unwrap();
    desk.grow(&StreamId::desk(), 1).unwrap();
    (desk, home)
}

fn check(desk: &Desk, checkpoint: Option<&Checkpoint>) -> VerifyReport {
    verify(&desk.db.reader(), checkpoint, &mut |_| {}).unwrap()
}

/// Changes the journal as somebody with full rights would.
fn tamper(home: &Home, sql: &str) {
    let refused = home.script("DELETE FROM events WHERE seq = 1").unwrap_err();
    assert!(refused.contains("append-only"), "{refused}");
    home.unguard();
    home.script(sql).unwrap();
}

fn only_break(report: &VerifyReport) -> &Break {
    assert!(!report.is_sound());
    let breaks: Vec<_> = report.breaks().collect();
    assert_eq!(breaks.len(), 1, "{report:?}");
    assert_eq!(report.verdict(), "broken: 1 of 3 streams");
    breaks[0]
}

fn a_sound_journal_is_called_consistent_and_no_more(kind: Kind) {
    let (desk, _home) = desk(kind);
    let mut told = Vec::new();
    let report = verify(&desk.db.reader(), None, &mut |at| {
        told.push((at.stream.to_owned(), at.streams_done, at.streams, at.records, at.of));
    })
    .unwrap();
    assert_eq!(report.verdict(), "consistent; truncation not excluded (no off-host checkpoint)");
    assert_eq!(report.records, 2_506);
    let names: Vec<_> = report.streams.iter().map(|s| s.stream.as_str()).collect();
    assert_eq!(names, ["account/a", "account/b", "desk"]);
    assert_eq!(report.streams[1].head, desk.head(&account("b")));
    assert_eq!(told[1], ("account/b".to_owned(), 1, 3, 1_024, 2_500));
    assert_eq!(told.last().unwrap().0, "desk");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["streams"][0]["records"], 5);
}

fn a_changed_record_is_named(kind: Kind) {
    let (desk, home) = desk(kind);
    tamper(&home, "UPDATE events SET body = '{}' WHERE stream = 'account/b' AND seq = 2000");
    let report = check(&desk, None);
    let expected = ChainError::Content { stream: account("b"), seq: 2_000 };
    assert_eq!(only_break(&report), &Break::Chain(expected));
    assert_eq!(report.streams[1].records, 1_999);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["streams"][1]["broken"]["code"], "chain_content");
}

fn every_column_that_is_hashed_is_guarded(kind: Kind) {
    for column in ["at = at + 1", "wall_at = 0", "kind = 'x'", "version = 9"] {
        let (desk, home) = desk(kind);
        tamper(&home, &format!("UPDATE events SET {column} WHERE stream = 'desk'"));
        assert_eq!(only_break(&check(&desk, None)).code(), "chain_content", "{column}");
    }
}

fn a_removed_record_is_named(kind: Kind) {
    let (desk, home) = desk(kind);
    tamper(&home, "DELETE FROM events WHERE stream = 'account/a' AND seq = 3");
    let expected = ChainError::Sequence { stream: account("a"), expected: 3, found: 4 };
    assert_eq!(only_break(&check(&desk, None)), &Break::Chain(expected));
}

fn records_missing_at_the_end_are_noticed_by_the_head(kind: Kind) {
    let (desk, home) = desk(kind);
    tamper(&home, "DELETE FROM events WHERE stream = 'account/a' AND seq > 3");
    let expected = Break::Missing { stream: "account/a".into(), last: 3, head: 5 };
    assert_eq!(only_break(&check(&desk, None)), &expected);
}

fn a_stream_without_head_row_and_an_altered_head_are_noticed(kind: Kind) {
    let (desk, home) = desk(kind);
    tamper(&home, "DELETE FROM streams WHERE stream = 'account/a'");
    let expected = Break::BehindHead { stream: "account/a".into(), seq: 1 };
    assert_eq!(only_break(&check(&desk, None)), &expected);
    let forged = format!("INSERT INTO streams VALUES ('account/a', 5, {}, 0)", home.zeros());
    home.script(&forged).unwrap();
    let expected = Break::Head { stream: "account/a".into(), seq: 5 };
    assert_eq!(only_break(&check(&desk, None)), &expected);
}

fn a_stream_that_no_desk_would_write_is_noticed(kind: Kind) {
    let (desk, home) = desk(kind);
    tamper(
        &home,
        "DELETE FROM streams WHERE stream = 'desk'; UPDATE events SET stream = 'dusk' \
        WHERE stream = 'desk'",
    );
    let expected = Break::UnknownStream { stream: "dusk".into() };
    assert_eq!(only_break(&check(&desk, None)), &expected);
}

/// Cuts the end and moves the head back: the chain alone can't show this.
const CUT: &str = "DELETE FROM events WHERE stream = 'account/a' AND seq > 3; \
    UPDATE streams SET head_seq = 3, head_hash = (SELECT hash FROM events \
    WHERE stream = 'account/a' AND seq = 3) WHERE stream = 'account/a'";

fn only_a_checkpoint_shows_a_cut_end(kind: Kind) {
    let (desk, home) = desk(kind);
    let installation = desk.db.meta().installation().unwrap();
    let file = home.path().join("checkpoint.json");
    let reader = desk.db.reader();
    reader.export_checkpoint(crate::kit::NOW).unwrap().write_to(&file).unwrap();
    let checkpoint = Checkpoint::read_from(&file).unwrap();
    assert_eq!(checkpoint.installation.as_ref(), Some(&installation));
    assert_eq!(checkpoint.heads.len(), 3);
    let sound = check(&desk, Some(&checkpoint));
    let expected = "consistent; complete up to the checkpoint of 2023-11-14T22:13:20Z, \
        which is not signed; truncation after it not excluded";
    assert_eq!(sound.verdict(), expected);
    assert!(desk.db.meta().rewound_since(&checkpoint).unwrap().is_empty());

    tamper(&home, CUT);
    assert!(check(&desk, None).is_sound());
    let expected = Break::Truncated { stream: "account/a".into(), last: 3, seen: 5 };
    assert_eq!(only_break(&check(&desk, Some(&checkpoint))), &expected);
    let rewound = desk.db.meta().rewound_since(&checkpoint).unwrap();
    assert_eq!(rewound.len(), 1);
    assert_eq!((rewound[0].seen.seq, rewound[0].found.seq), (5, 3));
}

fn a_checkpoint_shows_a_rewritten_history_and_a_lost_stream(kind: Kind) {
    let (mut desk, home) = desk(kind);
    let a = account("a");
    let checkpoint = desk.db.reader().export_checkpoint(crate::kit::NOW).unwrap();
    tamper(&home, CUT);
    let rewritten = batch(&a, desk.head(&a), 0, 4, "another story");
    let head = last(&rewritten);
    desk.append(rewritten).unwrap();
    assert_eq!(desk.head(&a), head);
    let expected = Break::Rewritten { stream: "account/a".into(), seq: 5 };
    assert_eq!(only_break(&check(&desk, Some(&checkpoint))), &expected);
    assert_eq!(desk.db.meta().rewound_since(&checkpoint).unwrap().len(), 1);

    home.script("DELETE FROM events WHERE stream = 'account/a'").unwrap();
    home.script("DELETE FROM streams WHERE stream = 'account/a'").unwrap();
    let expected = Break::Truncated { stream: "account/a".into(), last: 0, seen: 5 };
    assert_eq!(only_break(&check(&desk, Some(&checkpoint))), &expected);
}

fn a_checkpoint_of_another_journal_is_not_compared(kind: Kind) {
    let (mine, _tmp) = desk(kind);
    let (theirs, _other) = desk(kind);
    mine.db.meta().installation().unwrap();
    theirs.db.meta().installation().unwrap();
    let checkpoint = theirs.db.reader().export_checkpoint(crate::kit::NOW).unwrap();
    let error = verify(&mine.db.reader(), Some(&checkpoint), &mut |_| {}).unwrap_err();
    assert!(matches!(error, StoreError::OtherInstallation { .. }), "{error}");
    let error = mine.db.meta().rewound_since(&checkpoint).unwrap_err();
    assert_eq!(error.code(), "store_other_installation");
}

fn a_checkpoint_file_that_is_none_is_refused(kind: Kind) {
    let tmp = tempfile::tempdir().unwrap();
    let file = tmp.path().join("c.json");
    assert_eq!(Checkpoint::read_from(&file).unwrap_err().code(), "store_file");
    std::fs::write(&file, "{\"format\":1}").unwrap();
    assert_eq!(Checkpoint::read_from(&file).unwrap_err().code(), "store_corrupt");
    let (desk, _home) = Desk::at(kind);
    let mut newer = desk.db.reader().export_checkpoint(crate::kit::NOW).unwrap();
    newer.format = 2;
    newer.write_to(&file).unwrap();
    assert_eq!(Checkpoint::read_from(&file).unwrap_err().code(), "store_corrupt");
}

fn a_journal_is_checked_while_it_grows(kind: Kind) {
    let (mut desk, home) = desk(kind);
    let reader = home.reader();
    let checking = std::thread::spawn(move || {
        for _ in 0..30 {
            let report = verify(&reader, None, &mut |_| {}).unwrap();
            assert!(report.is_sound(), "{report:?}");
        }
    });
    while !checking.is_finished() {
        desk.grow(&account("a"), 3).unwrap();
    }
    checking.join().unwrap();
    assert!(desk.db.reader().head(&account("a")).unwrap() != Head::default());
}
