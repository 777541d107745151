//! The kill switch over the running desk: by call and by file.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{Silence, buy, eventually, house, human};
use std::time::Duration;

use domain::{BookId, OrderKind, OrderStatus};
use path::{
    codes::RefusalCode,
    core::{Core, Reply},
    journal::AppendError,
    policy::KillLevel,
    state::Order,
    verbs::RiskClass,
};

/// The ten that were bought are held, and the stop for them rests.
fn holds_under_stop(core: &Core) -> bool {
    let state = core.state();
    let ten = "10".parse().unwrap();
    let rests = |o: &Order| o.class == RiskClass::Protective && o.status() == OrderStatus::Working;
    let stop = state.live_orders().any(|o| rests(o) && o.qty == ten);
    stop && state.position(&BookId::manual(), &common::symbol()).get() == 10.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halt_cancels_entries_keeps_stops_and_blocks_until_a_release() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    let mut resting = buy("two", "5", None);
    resting.kind = OrderKind::Limit { limit: "99".parse().unwrap() };
    house.account.submit(resting).await.unwrap();
    house.until(|core| holds_under_stop(core) && core.state().live.len() == 2).await;

    let report = house.desk.kill(KillLevel::Halt, human(), "test".to_owned()).await;
    assert!(report.acknowledged && report.file);
    house.until(|core| core.state().live.len() == 1).await;
    let stop = house
        .account
        .look(|core, _| core.state().live_orders().next().map(|o| (o.class, o.qty)))
        .await
        .unwrap();
    assert_eq!(stop, Some((RiskClass::Protective, "10".parse().unwrap())));

    let reply = house.account.submit(buy("three", "1", None)).await.unwrap();
    assert!(
        matches!(&reply, Reply::Refused(r) if r.iter().any(|r| r.code == RefusalCode::KillActive))
    );
    house.desk.release_kill(human()).await.unwrap();
    assert!(!house.desk.kill_file().path().exists());
    let reply = house.account.submit(buy("four", "1", None)).await.unwrap();
    assert!(matches!(reply, Reply::Recorded { .. }), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_file_counts_before_the_next_entry_and_its_removal_releases_nothing() {
    let house = house().await;
    std::fs::write(house.desk.kill_file().path(), "not a level").unwrap();
    let reply = house.account.submit(buy("one", "1", None)).await.unwrap();
    assert!(
        matches!(&reply, Reply::Refused(r) if r.iter().any(|r| r.code == RefusalCode::KillActive))
    );
    house
        .until(|core| core.state().kill.as_ref().is_some_and(|k| k.level == KillLevel::Halt))
        .await;
    std::fs::remove_file(house.desk.kill_file().path()).unwrap();
    let reply = house.account.submit(buy("two", "1", None)).await.unwrap();
    assert!(matches!(reply, Reply::Refused(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flatten_closes_everything_and_says_so() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house.until(holds_under_stop).await;
    house.desk.kill(KillLevel::Flatten, human(), "test".to_owned()).await;
    house
        .until(|core| {
            let state = core.state();
            state.position(&BookId::manual(), &common::symbol()).is_zero()
                && state.live.is_empty()
                && state.closes.is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_file_is_obeyed_again_until_the_level_is_in_a_journal() {
    let house = house().await;
    house.journal.fail(Some(AppendError::Io("gone".to_owned())));
    house.emergency.fail(Some(AppendError::Full));
    let desk = house.desk.clone();
    let watch = tokio::spawn(async move { desk.watch_kill_file().await });
    std::fs::write(house.desk.kill_file().path(), "halt").unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(house.account.standing_kill(), None, "no journal can have it");
    house.emergency.fail(None);
    house.journal.fail(None);
    eventually(|| house.account.standing_kill() == Some(KillLevel::Halt)).await;
    watch.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_silent_account_keeps_the_kill_from_no_other() {
    let house = house().await;
    let other = house.another("other").await;
    let epoch = house.account.wire().epoch();
    let silence = Silence::of(&house.account).await;
    let desk = house.desk.clone();
    let watch = tokio::spawn(async move { desk.watch_kill_file().await });
    let asked = std::time::Instant::now();
    std::fs::write(house.desk.kill_file().path(), "halt").unwrap();
    eventually(|| other.standing_kill() == Some(KillLevel::Halt)).await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(house.account.wire().epoch() > epoch, "no entry of the silent one leaves either");
    assert_eq!(house.account.standing_kill(), None);
    silence.end();
    eventually(|| house.account.standing_kill() == Some(KillLevel::Halt)).await;
    watch.abort();
}

/// The wire heard of a pull that no journal could take, and the file could not be written either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_release_entries_leave_although_a_pull_was_never_recorded() {
    let house = house().await;
    let wire = house.account.wire();
    wire.raise_epoch(wire.epoch() + 1);
    house.desk.release_kill(human()).await.unwrap();
    assert_eq!(house.account.standing_kill(), None);
    let reply = house.account.submit(buy("one", "10", None)).await.unwrap();
    assert!(matches!(reply, Reply::Recorded { .. }), "{reply:?}");
    house
        .until(|core| !core.state().position(&BookId::manual(), &common::symbol()).is_zero())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_that_nobody_could_write_is_written_later() {
    let house = house().await;
    house.journal.fail(Some(AppendError::Io("gone".to_owned())));
    house.emergency.fail(Some(AppendError::Full));
    let report = house.desk.kill(KillLevel::Halt, human(), "test".to_owned()).await;
    assert!(!report.acknowledged, "{report:?}");
    // Nobody asks again.
    house.desk.kill_file().remove().unwrap();
    house.emergency.fail(None);
    house.journal.fail(None);
    eventually(|| house.account.standing_kill() == Some(KillLevel::Halt)).await;
}
