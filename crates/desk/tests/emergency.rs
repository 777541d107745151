//! When the journal can't be written: entries stop with a code; exits, cancels and the kill
//! switch work, and are on the record afterwards.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{buy, eventually, house, human, symbol};
use domain::BookId;
use path::{codes::RefusalCode, core::Reply, journal::AppendError, policy::KillLevel};

fn refused_with(reply: &Reply, code: RefusalCode) -> bool {
    matches!(reply, Reply::Refused(refusals) if refusals.iter().any(|r| r.code == code))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_entries_and_lets_exits_through() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(|core| !core.state().position(&BookId::manual(), &symbol()).is_zero()).await;

    house.journal.fail(Some(AppendError::Full));
    let reply = house.account.submit(buy("two", "1", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::JournalUnavailable), "{reply:?}");

    let reply = house.close(10_000).await;
    assert!(matches!(reply, Reply::Closing { .. }), "{reply:?}");
    house.until(|core| core.state().position(&BookId::manual(), &symbol()).is_zero()).await;
    let report = house.desk.kill(KillLevel::Halt, human(), "disk full".to_owned()).await;
    assert!(report.acknowledged, "{report:?}");
    assert!(house.emergency.len() > 0, "exits are in the emergency journal");

    house.journal.fail(None);
    let (journal, stream) = (house.journal.clone(), house.stream());
    eventually(|| journal.kinds(&stream).iter().any(|k| k == "emergency_merged")).await;
    house.until(|core| core.fitness().journal).await;
    let kinds = house.journal.kinds(&house.stream());
    for kind in ["close_started", "close_ended", "kill_pulled"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is missing in {kinds:?}");
    }
    eventually(|| house.emergency.len() == 0).await;
    let reply = house.account.submit(buy("three", "1", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::KillActive), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fill_told_while_the_disk_fills_up_counts_at_once() {
    let house = house().await;
    house.journal.fail_at("filled", AppendError::Full);
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(|core| !core.state().position(&BookId::manual(), &symbol()).is_zero()).await;
    let reply = house.close(10_000).await;
    assert!(matches!(reply, Reply::Closing { .. }), "{reply:?}");
    let (emergency, stream) = (house.emergency.clone(), house.stream());
    let filled = move || emergency.kinds(&stream).iter().filter(|k| *k == "filled").count();
    // The core is ahead of its journal for a moment.
    house.until(move |_| filled() == 2).await;
    assert!(house.position().await.is_zero());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_neither_journal_can_be_written_the_error_is_told_and_facts_are_kept() {
    let house = house().await;
    house.emergency.fail(Some(AppendError::Full));
    house.journal.fail_at("filled", AppendError::Full);
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(|core| !core.fitness().journal).await;
    let refused = house.account.submit(buy("two", "1", None)).await;
    assert!(refused.is_err(), "{refused:?}");

    house.emergency.fail(None);
    let (emergency, stream) = (house.emergency.clone(), house.stream());
    house.until(move |_| emergency.kinds(&stream).iter().any(|k| k == "filled")).await;
    assert_eq!(house.position().await.get(), 10.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_loses_nothing_that_was_acknowledged() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(|core| !core.state().position(&BookId::manual(), &symbol()).is_zero()).await;
    house.journal.fail(Some(AppendError::Io("sync failed".to_owned())));
    let reply = house.account.submit(buy("two", "1", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::JournalUnavailable), "{reply:?}");
    assert_eq!(house.position().await.get(), 10.into());
    let reply = house.close(5_000).await;
    assert!(matches!(reply, Reply::Closing { .. }), "{reply:?}");
    house.until(|core| core.state().position(&BookId::manual(), &symbol()).get() == 5.into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_was_taken_over_stops_and_sends_nothing() {
    let house = house().await;
    house.journal.take_over(&house.stream(), 2);
    let answer = house.account.submit(buy("one", "10", None)).await;
    assert!(answer.is_err(), "{answer:?}");
    let snapshot = house
        .venue
        .with(|v| v.snapshot(&common::account(), domain::Timestamp(0), house.clock.now().at));
    assert!(snapshot.unwrap().fills.is_empty(), "nothing reached the venue");
}

/// With a server that is away nothing can be read either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exits_and_the_kill_pass_while_the_journal_can_be_neither_written_nor_read() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(|core| !core.state().position(&BookId::manual(), &symbol()).is_zero()).await;
    house.until(|core| core.state().live.len() == 1 && core.state().settled.len() == 1).await;
    house.until_durable().await;
    house.journal.cut_off(true);
    let reply = house.close(10_000).await;
    assert!(matches!(reply, Reply::Closing { .. }), "{reply:?}");
    house.until(|core| core.state().position(&BookId::manual(), &symbol()).is_zero()).await;
    let report = house.desk.kill(KillLevel::Halt, human(), "server away".to_owned()).await;
    assert!(report.acknowledged, "{report:?}");

    house.journal.cut_off(false);
    let (journal, stream) = (house.journal.clone(), house.stream());
    eventually(|| journal.kinds(&stream).iter().any(|k| k == "emergency_merged")).await;
    let kinds = house.journal.kinds(&house.stream());
    for kind in ["close_started", "close_ended", "kill_pulled", "emergency_merged"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is missing in {kinds:?}");
    }
}

/// An append of nothing goes through on a full disk, and says nothing about the next record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_journal_counts_as_writable_only_after_a_real_write() {
    let house = house().await;
    house.journal.fail(Some(AppendError::Full));
    let reply = house.account.submit(buy("one", "1", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::JournalUnavailable), "{reply:?}");
    // The journal is tried once a second.
    for _ in 0..25 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!house.desk.journal_writable(), "nothing can be written yet");
    }
    house.journal.fail(None);
    house.until(|core| core.fitness().journal).await;
}
