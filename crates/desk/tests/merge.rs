//! What waits in the emergency journal at a start reaches the main journal once, also after a
//! merge that was cut off and behind a write that had failed and is there after all.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod common;

use common::{House, account, house, human, ports, run, symbol};
use desk::{Desk, Emergency};
use domain::{BookId, Qty};
use path::{
    event::{ClosePurpose, CloseStarted, EmergencyMerged, Event, KillPulled},
    journal::{JournalReader, LeaseToken, StreamId},
    policy::KillLevel,
    state::AccountState,
};

fn pull() -> Event {
    let (level, by, reason) = (KillLevel::Halt, human(), "the disk is full".to_owned());
    Event::KillPulled(KillPulled { level, epoch: 7, by, reason })
}

fn start_close(id: u64) -> Event {
    let (book, instrument) = (BookId::manual(), symbol());
    let (qty, origin) = ("1".parse::<Qty>().unwrap(), human());
    let purpose = ClosePurpose::Request;
    let body = CloseStarted {
        id,
        book,
        instrument,
        qty,
        origin,
        purpose,
        target: None,
        then: None,
        idempotency: None,
    };
    Event::CloseStarted(body)
}

/// The account's books as the main journal has them.
fn books(house: &House) -> AccountState {
    let stream = StreamId::account(&account());
    let records = house.journal.read(&stream, 0, 10_000).unwrap();
    AccountState::fold(None, &stream, &records).unwrap().unwrap()
}

fn start_again(house: &House) {
    start_again_under(house, 2);
}

fn start_again_under(house: &House, n: u32) {
    let ports = ports(&house.journal, &house.emergency, house.clock.clone(), &house.folder);
    Desk::open(ports, run(n, house.clock.as_ref())).unwrap();
}

async fn stopped() -> House {
    let house = house().await;
    house.desk.stop().await;
    let head = house.journal.head(&house.stream()).unwrap();
    house.emergency.clone().begin(&house.stream(), head).unwrap();
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_merged_once_and_says_so() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[pull(), start_close(1)]);
    let generation = house.emergency.generation();
    start_again(&house);
    let merged = books(&house);
    assert_eq!(merged.kill.as_ref().map(|k| k.level), Some(KillLevel::Halt));
    assert_eq!(merged.closes.len(), 1, "the close goes on");
    assert_eq!(merged.emergency_generation, generation);
    assert_eq!(house.emergency.len(), 0);
    start_again(&house);
    assert_eq!(books(&house).head, merged.head, "nothing is merged twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_was_cut_off_before_the_clearing_is_not_repeated() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[pull()]);
    house.emergency.keep_on_clear();
    start_again(&house);
    let merged = books(&house);
    assert!(house.emergency.len() > 0, "the crash came before the clearing");
    start_again(&house);
    assert_eq!(books(&house).head, merged.head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_failed_and_is_there_after_all_loses_nothing_and_closes_nothing_twice() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[start_close(2), pull()]);
    house.journal.plant(&house.stream(), &[start_close(1)]);
    start_again(&house);
    let merged = books(&house);
    assert_eq!(merged.kill.as_ref().map(|k| k.reason.as_str()), Some("the disk is full"));
    let running: Vec<_> = merged.closes.keys().copied().collect();
    assert_eq!(running, [2], "the one that was decided anew");
    assert_eq!(house.emergency.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_after_a_merge_that_was_cut_off_is_merged_too() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[pull()]);
    house.emergency.keep_on_clear();
    start_again(&house);
    let head = house.journal.head(&house.stream()).unwrap();
    house.emergency.clone().begin(&house.stream(), head).unwrap();
    house.emergency.plant(&house.stream(), &[start_close(3)]);
    start_again(&house);
    let merged = books(&house);
    assert!(merged.kill.is_some() && merged.closes.contains_key(&3), "{:?}", merged.closes);
    assert_eq!(house.emergency.len(), 0);
}

/// Another desk had the account while these records waited, and gave it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_desk_went_on_without_is_set_aside() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[pull()]);
    house.journal.plant_under(LeaseToken(2), &house.stream(), &[start_close(9)]);
    start_again_under(&house, 3);
    let books = books(&house);
    assert!(books.kill.is_none(), "a history that went on is not changed behind its back");
    assert_eq!(books.closes.keys().copied().collect::<Vec<_>>(), [9]);
    assert_eq!(house.emergency.aside(), ["kill_pulled"]);
    assert_eq!(house.emergency.len(), 0);
}

/// Every data folder counts its own generations, so two desks' numbers are often the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_desks_merge_is_not_taken_for_ones_own() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[pull()]);
    let generation = house.emergency.generation();
    let theirs = [start_close(9), Event::EmergencyMerged(EmergencyMerged { generation, count: 1 })];
    house.journal.plant_under(LeaseToken(2), &house.stream(), &theirs);
    start_again_under(&house, 3);
    assert_eq!(house.emergency.aside(), ["kill_pulled"], "it is neither merged nor forgotten");
}

/// The answer to a write was lost, and the same records are in both journals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_in_both_journals_is_there_once() {
    let house = stopped().await;
    house.emergency.plant(&house.stream(), &[start_close(1), pull()]);
    house.journal.plant(&house.stream(), &[start_close(1)]);
    let before = house.journal.head(&house.stream()).unwrap();
    start_again(&house);
    let merged = books(&house);
    assert_eq!(merged.closes.keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(merged.kill.as_ref().map(|k| k.level), Some(KillLevel::Halt));
    assert_eq!(merged.head.seq, before.seq + 2, "the kill, and that it was merged");
}
