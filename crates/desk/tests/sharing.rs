//! What a desk does when others share its database.

#![allow(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod common;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use common::{buy, eventually, house, human, ports, run};
use desk::{Desk, DeskError, JudgeUse, OtherDesk, Others, Run, SharedUse};
use domain::{AccountId, BookId, Origin};
use path::{
    broker::BoxFuture,
    budget::{DeskExceeded, DeskLimits, DeskUse},
    codes::RefusalCode,
    core::Reply,
    journal::{AppendError, LeaseToken},
    policy::KillLevel,
};

/// The other desks as a test wants them.
#[derive(Default)]
struct Fake {
    gross: Mutex<Option<u32>>,
    stopped: bool,
    told: Mutex<Vec<AccountId>>,
}

impl SharedUse for Fake {
    fn reserve(
        &self,
        _: &AccountId,
        _: DeskUse,
        judge: &mut JudgeUse<'_>,
    ) -> Result<Result<(), DeskExceeded>, String> {
        let gross = self.gross.lock().unwrap().ok_or_else(|| "no answer".to_owned())?;
        let used = DeskUse { gross_exposure: gross.into(), ..DeskUse::default() };
        Ok(judge(&BTreeMap::from([(AccountId::new("theirs").unwrap(), used)])))
    }

    fn publish(&self, account: &AccountId) {
        self.told.lock().unwrap().push(account.clone());
    }
}

impl Others for Fake {
    fn kill(&self, _: KillLevel, _: Origin, _: String) -> BoxFuture<'_, Vec<OtherDesk>> {
        let (desk, how) = ("the-other".to_owned(), "a test said so".to_owned());
        let stopped = self.stopped;
        Box::pin(async move { vec![OtherDesk { desk, stopped, how }] })
    }

    fn release(&self, _: Origin) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

fn refused_with(reply: &Reply, code: RefusalCode) -> bool {
    matches!(reply, Reply::Refused(refusals) if refusals.iter().any(|r| r.code == code))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_taken_over_is_elsewhere() {
    let house = house().await;
    house.journal.take_over(&house.stream(), 2);
    house.account.submit(buy("one", "10", None)).await.unwrap_err();
    eventually(|| house.desk.account(&common::account()).is_err()).await;
    house.desk.give_up(&common::account(), "the-other".to_owned());
    let error = house.desk.account(&common::account()).unwrap_err();
    assert_eq!(error.code(), "account_elsewhere");
    assert!(matches!(error, DeskError::AccountElsewhere { holder, .. } if holder == "the-other"));
    assert_eq!(house.desk.elsewhere().len(), 1);
    assert!(house.desk.accounts().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_given_up_sends_nothing_more() {
    let house = house().await;
    house.desk.give_up(&common::account(), "the-other".to_owned());
    // The wish may be recorded, because the journal here knows no lease; it is not sent.
    let _ = house.account.submit(buy("one", "10", None)).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let at = house.clock.now().at;
    let snapshot = house.venue.with(|v| v.snapshot(&common::account(), domain::Timestamp(0), at));
    assert!(snapshot.unwrap().fills.is_empty(), "something reached the venue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_count_what_other_desks_use_and_fail_closed() {
    let house = house().await;
    let others = Arc::new(Fake { gross: Mutex::new(Some(9_500)), ..Fake::default() });
    house.desk.share_limits_with(others.clone());
    let limits = DeskLimits { gross_exposure: Some(10_000.into()), ..DeskLimits::default() };
    house.desk.set_desk_limits(limits, human()).await.unwrap();
    assert_eq!(*others.told.lock().unwrap(), [common::account()], "the others hear of a limit");
    // 4 at 100 are 400 and fit beside 9 500; 6 more would make 10 500.
    let reply = house.account.submit(buy("one", "4", None)).await.unwrap();
    assert!(matches!(reply, Reply::Recorded { .. }), "{reply:?}");
    let reply = house.account.submit(buy("two", "6", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::GrossExposure), "{reply:?}");
    *others.gross.lock().unwrap() = None;
    let reply = house.account.submit(buy("three", "1", None)).await.unwrap();
    assert!(refused_with(&reply, RefusalCode::GrossExposure), "{reply:?}");
    house
        .until(|core| !core.state().position(&BookId::manual(), &common::symbol()).is_zero())
        .await;
    let reply = house.close(10_000).await;
    assert!(matches!(reply, Reply::Closing { .. }), "exits pass: {reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_counts_when_the_others_have_stopped() {
    for stopped in [true, false] {
        let house = house().await;
        house.desk.share_with(Arc::new(Fake { stopped, ..Fake::default() }));
        let report = house.desk.kill(KillLevel::Halt, human(), "drill".to_owned()).await;
        assert_eq!(report.acknowledged, stopped);
        assert_eq!(report.others.len(), 1);
        assert!(report.accounts.iter().all(|account| account.acknowledged));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_desks_write_the_desks_stream_one_after_the_other() {
    let house = house().await;
    let ports = ports(&house.journal, &house.emergency, house.clock.clone(), &house.folder);
    let second = Run { token: LeaseToken(1), ..run(2, house.clock.as_ref()) };
    let second = Desk::open(ports, second).unwrap();
    let limit = |orders| DeskLimits { open_orders: Some(orders), ..DeskLimits::default() };
    house.desk.set_desk_limits(limit(7), human()).await.unwrap();
    second.record_start("test").await.unwrap();
    assert_eq!(second.desk_limits(), limit(7), "what the first wrote was taken in");
    second.set_desk_limits(limit(8), human()).await.unwrap();
    house.desk.refresh().await.unwrap();
    assert_eq!(house.desk.desk_limits(), limit(8));
}

/// The first record of an account's stream and the desk's record of it are two writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_half_added_is_added_by_asking_again() {
    let house = house().await;
    let mut new = common::new_account("half");
    house.journal.fail_at("account_added", AppendError::Full);
    house.desk.create_account(&new).await.unwrap_err();
    house.journal.fail(None);
    house.desk.create_account(&new).await.unwrap();
    assert!(house.desk.registered_accounts().await.contains(&new.spec.id));
    let again = house.desk.create_account(&new).await.unwrap_err();
    assert_eq!(again.code(), "account_exists");

    // Another account under the same id is another one.
    let mut other = common::new_account("third");
    house.journal.fail_at("account_added", AppendError::Full);
    house.desk.create_account(&other).await.unwrap_err();
    house.journal.fail(None);
    std::mem::swap(&mut other.spec.name, &mut new.spec.name);
    let differs = house.desk.create_account(&other).await.unwrap_err();
    assert_eq!(differs.code(), "account_exists");
}
