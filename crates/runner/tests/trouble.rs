//! What runs do when something around them fails: nothing is lost, nothing hangs, and it is shown.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use common::{Stand, bars_of, house::Silence, operator, trial};
use path::journal::AppendError;
use research::trial::Trial;
use runner::{Damaged, RunId, RunRecord, RunState, Stop};
use rust_decimal::Decimal;
use statement::RoundTrip;

const CHANNEL: &str = r#"
name = "Channel"
symbols = ["IBM", "GOOG"]
timeframe = "1d"
[entry]
long = "close > highest(high, 10)[1]"
[exit]
long = "close < lowest(low, 5)[1]"
stop = "2 * atr(10)"
bars = 12
[size]
percent_equity = 20
"#;

/// Buys both symbols at the first close.
const EAGER: &str = r#"
name = "Eager"
symbols = ["IBM", "GOOG"]
timeframe = "1d"
[entry]
long = "close > 0"
[exit]
stop = "close / 2"
[size]
percent_equity = 20
"#;

/// Longer than anything that doesn't wait for an account that hangs.
const AT_ONCE: Duration = Duration::from_secs(2);

fn both(source: &str, bars: usize) -> Trial {
    trial(source, &[("IBM", bars_of("IBM", bars)), ("GOOG", bars_of("GOOG", bars))])
}

#[derive(Debug, PartialEq)]
struct Trade(domain::Timestamp, domain::Timestamp, Decimal);

impl From<&RoundTrip> for Trade {
    fn from(trip: &RoundTrip) -> Self {
        Self(trip.opened, trip.closed, trip.gross.amount())
    }
}

fn record(stand: &Stand) -> RunRecord {
    stand.runs.list().remove(0).record
}

/// A run that holds something.
async fn holding() -> (Stand, RunId) {
    let mut stand = Stand::new(&both(EAGER, 60)).await;
    let run = stand.start(EAGER).await.unwrap().id;
    while !stand.holds("IBM").await {
        assert!(stand.play_bar().await, "it never bought");
    }
    (stand, run)
}

#[tokio::test]
async fn a_close_that_could_not_be_taken_in_leaves_no_hole() {
    let trial = both(CHANNEL, 400);
    let mut whole = Stand::new(&trial).await;
    whole.start(CHANNEL).await.unwrap();
    let mut quiet = Vec::new();
    let mut wishes = 0;
    while whole.play_bar().await {
        let now = record(&whole).wishes;
        quiet.push(std::mem::replace(&mut wishes, now) == now);
    }
    let mut torn = Stand::new(&trial).await;
    torn.start(CHANNEL).await.unwrap();
    let mut failed = 0;
    for (bar, quiet) in quiet.iter().enumerate() {
        let fails = *quiet && bar % 9 < 3;
        torn.reader.broken.store(fails, Ordering::SeqCst);
        assert!(torn.play_bar().await);
        failed += usize::from(fails);
        let trouble = record(&torn).trouble;
        assert_eq!(trouble.is_some(), fails, "{trouble:?}");
    }
    assert!(failed > 50, "{failed}");
    let expected = whole.trades::<Trade>();
    assert!(expected.len() > 10);
    assert_eq!(torn.trades::<Trade>(), expected);
}

#[tokio::test]
async fn one_wish_that_fails_keeps_no_other_from_being_told() {
    let mut stand = Stand::new(&both(EAGER, 60)).await;
    stand.start(EAGER).await.unwrap();
    stand.emergency.fail(Some(AppendError::Full));
    stand.journal.fail_at("order_armed", AppendError::Full);
    assert!(stand.play_bar().await);
    let seen = record(&stand);
    assert_eq!(seen.wishes, 2, "the second symbol was to be asked for too");
    let trouble = seen.trouble.unwrap();
    assert!(trouble.contains("not done"), "{trouble}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_whose_account_hangs_is_listed_paused_and_stopped_all_the_same() {
    let (mut stand, run) = holding().await;
    let silence = Silence::of(&stand.account).await;
    let runs = Arc::clone(&stand.runs);
    let bars = bars_of("IBM", 1);
    let closed = runner::Closed { instrument: "sim:IBM".parse().unwrap(), bar: bars[0] };
    let at = domain::Timestamp(closed.bar.close_at.0 + 1);
    let hangs = tokio::spawn(async move {
        runs.bars_closed(at, domain::Timeframe::Day, &[closed]).await;
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!hangs.is_finished(), "it was to hang");
    assert_eq!(record(&stand).state, RunState::Running);
    let paused = tokio::time::timeout(AT_ONCE, stand.runs.pause(&run, &operator())).await;
    assert_eq!(paused.unwrap().unwrap().state, RunState::Paused);

    let error = stand.runs.stop(&run, Stop::Close, &operator()).await.unwrap_err();
    assert_eq!(error.code(), "run_stop_late");
    let seen = record(&stand);
    assert_eq!(seen.state, RunState::Stopping);
    assert_eq!(seen.trouble, Some(error.to_string()));

    silence.end();
    hangs.await.unwrap();
    let asked_again = stand.runs.stop(&run, Stop::Close, &operator()).await.unwrap();
    assert_eq!(asked_again.state, RunState::Stopping, "the close waits for a price");
    assert!(stand.play_bar().await);
    assert!(!stand.holds("IBM").await);
    assert_eq!(record(&stand).state, RunState::Stopped);
}

#[tokio::test]
async fn a_restart_goes_on_stopping_a_run() {
    let (mut stand, run) = holding().await;
    {
        let mut rows = stand.kept.runs.lock().unwrap();
        let row = rows.get_mut(&run).unwrap();
        (row.state, row.at_stop) = (RunState::Stopping, Some(Stop::Close));
    }
    stand.runs_again().await;
    assert_eq!(record(&stand).state, RunState::Stopping);
    assert!(stand.play_bar().await);
    assert!(!stand.holds("IBM").await && !stand.holds("GOOG").await, "it was to be closed");
    assert_eq!(record(&stand).state, RunState::Stopped);
    assert_eq!(stand.kept.runs.lock().unwrap()[&run].state, RunState::Stopped);
}

#[tokio::test]
async fn why_a_run_was_paused_outlives_trouble_and_ends_when_it_goes_on() {
    let (mut stand, run) = holding().await;
    let paused = stand.runs.pause(&run, &operator()).await.unwrap();
    assert_eq!(paused.reason.as_deref(), Some("paused by operator"));
    stand.reader.broken.store(true, Ordering::SeqCst);
    assert!(stand.play_bar().await);
    let seen = record(&stand);
    assert_eq!(seen.reason, paused.reason);
    assert!(seen.trouble.is_some_and(|trouble| trouble.contains("does not answer")));
    stand.reader.broken.store(false, Ordering::SeqCst);
    assert!(stand.play_bar().await);
    let seen = record(&stand);
    assert_eq!((seen.reason, seen.trouble), (paused.reason.clone(), None));
    stand.runs_again().await;
    assert_eq!(record(&stand).reason, paused.reason, "a restart knows it too");
    let resumed = stand.runs.resume(&run, &operator()).await.unwrap();
    assert_eq!((resumed.state, resumed.reason), (RunState::Running, None));
}

#[tokio::test]
async fn a_run_without_bars_waits_for_them() {
    let trial = both(CHANNEL, 300);
    let mut whole = Stand::new(&trial).await;
    whole.start(CHANNEL).await.unwrap();
    whole.play_all().await;
    let mut stand = Stand::new(&trial).await;
    let run = stand.start(CHANNEL).await.unwrap().id;
    for _ in 0..100 {
        assert!(stand.play_bar().await);
    }
    stand.kept.no_feed.store(true, Ordering::SeqCst);
    stand.runs_again().await;
    let seen = record(&stand);
    assert_eq!(seen.state, RunState::Running, "it was not to be stopped for good");
    assert!(seen.trouble.unwrap().starts_with("it waits: the desk has no 1d bars of sim:IBM"));
    stand.kept.no_feed.store(false, Ordering::SeqCst);
    stand.runs.catch_up().await;
    assert_eq!(record(&stand).trouble, None);
    stand.play_all().await;
    assert_eq!(stand.trades::<Trade>(), whole.trades::<Trade>());

    stand.kept.no_feed.store(true, Ordering::SeqCst);
    stand.runs_again().await;
    let stopped = stand.runs.stop(&run, Stop::Keep, &operator()).await.unwrap();
    assert_eq!(stopped.state, RunState::Stopped, "what waits can be stopped");
}

#[tokio::test]
async fn a_damaged_run_is_shown_and_keeps_no_other_from_work() {
    let (mut stand, run) = holding().await;
    let damaged = |run: Option<&str>| Damaged {
        run: run.map(|id| RunId(id.to_owned())),
        account: None,
        why: "half of it is missing".to_owned(),
    };
    *stand.kept.damaged.lock().unwrap() = vec![damaged(Some("run-7")), damaged(None)];
    let odd = RunRecord { id: RunId("trend".to_owned()), ..record(&stand) };
    stand.kept.runs.lock().unwrap().insert(odd.id.clone(), odd);
    stand.runs_again().await;
    let before = record(&stand).closes;
    assert!(stand.play_bar().await);
    let seen = record(&stand);
    assert_eq!((seen.id, seen.closes), (run.clone(), before + 1));
    let shown = stand.runs.damaged();
    assert_eq!(shown[..2], [damaged(Some("run-7")), damaged(None)]);
    assert_eq!(shown[2].run, Some(RunId("trend".to_owned())));
    assert!(shown[2].why.contains("no name of a run"), "{}", shown[2].why);
    assert_eq!(stand.runs.list().len(), 1);

    stand.runs.stop(&run, Stop::Close, &operator()).await.unwrap();
    assert!(stand.play_bar().await);
    let next = stand.start(EAGER).await.unwrap().id;
    assert_eq!(next, RunId::of(9), "numbers that damaged runs may have are not given again");
    assert_eq!(
        stand.runs.pause(&RunId("trend".into()), &operator()).await.unwrap_err().code(),
        "run_id"
    );
}
