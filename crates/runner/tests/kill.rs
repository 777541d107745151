//! Under the kill switch a run asks for nothing that opens, closes what it holds, and says so.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{Stand, bars_of, trial};
use path::policy::KillLevel;
use runner::Seen;

/// Buys whenever it holds nothing, and sells after three bars.
const EAGER: &str = r#"
name = "Eager"
symbols = ["IBM"]
timeframe = "1d"
[entry]
long = "close > 0"
[exit]
bars = 3
stop = "close / 2"
[size]
percent_equity = 20
"#;

/// Turns from one side to the other every few bars.
const TURNING: &str = r#"
name = "Turning"
symbols = ["IBM"]
timeframe = "1d"
[entry]
long = "close > sma(close, 3)"
short = "close < sma(close, 3)"
[exit]
stop = "close / 2"
[size]
percent_equity = 20
"#;

async fn stand(source: &str) -> Stand {
    let stand = Stand::new(&trial(source, &[("IBM", bars_of("IBM", 120))])).await;
    stand.start(source).await.unwrap();
    stand
}

fn seen(stand: &Stand) -> Seen {
    stand.runs.list().remove(0)
}

async fn play(stand: &mut Stand, bars: usize) {
    for _ in 0..bars {
        assert!(stand.play_bar().await, "history is too short");
    }
}

#[tokio::test]
async fn a_run_under_the_kill_switch_writes_nothing_and_says_so() {
    for level in [KillLevel::Pause, KillLevel::Halt] {
        let mut stand = stand(EAGER).await;
        stand.kill(level).await;
        assert_eq!(seen(&stand).kill, Some(level), "it is seen before the next close");
        play(&mut stand, 20).await;
        let held = seen(&stand);
        assert_eq!((stand.count("order_armed"), stand.count("armed_ended")), (0, 0), "{level}");
        assert_eq!((held.record.wishes, held.record.withheld, held.kill), (0, 20, Some(level)));
        stand.release_kill().await;
        play(&mut stand, 3).await;
        assert!(stand.holds("IBM").await, "it goes on when the switch is released");
        assert_eq!(seen(&stand).kill, None);
    }
}

#[tokio::test]
async fn what_is_held_is_closed_under_the_kill_switch_as_the_rules_say() {
    let mut stand = stand(EAGER).await;
    while !stand.holds("IBM").await {
        play(&mut stand, 1).await;
    }
    stand.kill(KillLevel::Halt).await;
    play(&mut stand, 5).await;
    assert!(!stand.holds("IBM").await, "the exit was to go");
    let seen = seen(&stand);
    assert!(seen.record.withheld > 0, "it held and sold, and wanted to buy again");
}

#[tokio::test]
async fn a_reversal_under_the_kill_switch_only_closes() {
    let mut stand = stand(TURNING).await;
    while !stand.holds("IBM").await {
        play(&mut stand, 1).await;
    }
    stand.kill(KillLevel::Halt).await;
    for _ in 0..30 {
        play(&mut stand, 1).await;
    }
    assert!(!stand.holds("IBM").await, "it was to be closed and not to be turned");
    let record = seen(&stand).record;
    assert!(record.withheld > 0);
    assert_eq!(record.refused, 0, "the other side was not to be asked for");
}

#[tokio::test]
async fn a_wish_that_the_kill_switch_ends_counts_as_refused() {
    let mut stand = stand(EAGER).await;
    play(&mut stand, 1).await;
    assert_eq!(stand.count("order_armed"), 1);
    stand.kill(KillLevel::Halt).await;
    play(&mut stand, 2).await;
    assert_eq!(stand.count("armed_ended"), 1);
    assert_eq!(seen(&stand).record.refused, 1);
}
