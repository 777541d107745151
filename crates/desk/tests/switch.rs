//! The kill switch over the running desk: by call and by file.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{buy, house, human};
use domain::{BookId, OrderKind};
use path::{codes::RefusalCode, core::Reply, policy::KillLevel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halt_cancels_entries_keeps_stops_and_blocks_until_a_release() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    let mut resting = buy("two", "5", None);
    resting.kind = OrderKind::Limit { limit: "99".parse().unwrap() };
    house.account.submit(resting).await.unwrap();
    house.until(|core| core.state().live.len() == 2).await;

    let report = house.desk.kill(KillLevel::Halt, human(), "test".to_owned()).await;
    assert!(report.acknowledged && report.file);
    house.until(|core| core.state().live.len() == 1).await;
    let stop = house
        .account
        .look(|core, _| core.state().live_orders().next().map(|o| (o.class, o.qty)))
        .await
        .unwrap();
    assert_eq!(stop, Some((path::verbs::RiskClass::Protective, "10".parse().unwrap())));

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
    house.until(|core| core.state().live.len() == 1 && core.state().settled.len() == 1).await;
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
