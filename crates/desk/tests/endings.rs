//! How an account's task ends: by itself, because another desk has it, or on request.

#![allow(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::{Silence, account, buy, eventually, house, human};
use desk::DeskError;
use domain::BookId;
use path::{journal::LeaseToken, policy::KillLevel};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_whose_task_dies_is_dropped_and_its_lease_is_given_back() {
    let house = house().await;
    let other = house.another("other").await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let ends = told.clone();
    house.desk.on_end(Arc::new(move |id, token| ends.lock().unwrap().push((id.clone(), token))));
    let fault = house.account.look(|_, _| -> () { panic!("a fault of the program") }).await;
    assert!(matches!(fault, Err(DeskError::AccountStopped(_))), "{fault:?}");
    eventually(|| !told.lock().unwrap().is_empty()).await;
    assert_eq!(*told.lock().unwrap(), [(account(), LeaseToken(1))]);
    assert_eq!(house.desk.account(&account()).unwrap_err().code(), "account_stopped");
    assert_eq!(house.desk.stopped().keys().collect::<Vec<_>>(), [&account()]);

    // It can't send, so it keeps nobody from confirming a pull.
    assert!(house.desk.kill_below(KillLevel::Halt, human(), "drill".to_owned()).await);
    assert_eq!(other.standing_kill(), Some(KillLevel::Halt));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_given_up_uses_nothing_of_this_desks_limits() {
    let house = house().await;
    house.account.submit(buy("one", "10", Some("90"))).await.unwrap();
    house
        .until(|core| !core.state().position(&BookId::manual(), &common::symbol()).is_zero())
        .await;
    let current = house.desk.current_use();
    assert!(current(&account()).is_some());
    // While it is silent it still has things to tell.
    let silence = Silence::of(&house.account).await;
    house.desk.give_up(&account(), "the-other".to_owned());
    silence.end();
    eventually(|| house.account.is_over()).await;
    eventually(|| current(&account()).is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_silent_account_holds_up_the_end_for_a_few_seconds_only() {
    let house = house().await;
    let silence = Silence::of(&house.account).await;
    let asked = Instant::now();
    house.desk.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    silence.end();
}

/// While its journal can be neither written nor read an account takes no commands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_waits_for_its_journal_hears_the_wish_to_stop() {
    let house = house().await;
    house.journal.cut_off(true);
    house.emergency.cut_off(true);
    let stuck = tokio::spawn({
        let account = house.account.clone();
        async move { account.submit(buy("one", "1", None)).await }
    });
    eventually(|| !house.desk.journal_writable()).await;
    let asked = Instant::now();
    house.desk.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    stuck.abort();
}
