//! The same bars, two ways: every shipped strategy run by the live desk on the paper venue over
//! replayed bars, and the same strategy in a backtest, trade alike and are worth the same at every
//! close, to the last digit.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use common::{Stand, bars_of, trial};
use domain::Timestamp;
use research::{stats::TradeRow, trial};
use runner::{RunState, Stop};
use rust_decimal::Decimal;
use statement::RoundTrip;

/// A trade as both ways tell it.
#[derive(Debug, PartialEq)]
struct Trade {
    opened: Timestamp,
    closed: Timestamp,
    qty: Decimal,
    entry: Decimal,
    exit: Decimal,
    gross: Decimal,
    fees: Decimal,
    reason: String,
}

impl From<&TradeRow> for Trade {
    fn from(row: &TradeRow) -> Self {
        Self {
            opened: row.opened_at,
            closed: row.closed_at,
            qty: row.qty,
            entry: row.entry_price,
            exit: row.exit_price,
            gross: row.gross_profit,
            fees: row.fees,
            reason: row.exit_reason.clone(),
        }
    }
}

impl From<&RoundTrip> for Trade {
    fn from(trip: &RoundTrip) -> Self {
        Self {
            opened: trip.opened,
            closed: trip.closed,
            qty: trip.qty.get(),
            entry: trip.entry.get(),
            exit: trip.exit.get(),
            gross: trip.gross.amount(),
            fees: trip.fees.iter().map(|money| money.amount()).sum(),
            reason: trip.reason.name().to_owned(),
        }
    }
}

fn source(name: &str) -> String {
    let file = format!("{}/../../strategies/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).unwrap()
}

/// Shows the first difference only.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, live: &[T], backtest: &[T]) {
    for (n, (live, backtest)) in live.iter().zip(backtest).enumerate() {
        assert_eq!(live, backtest, "{what} {n}: live, backtest");
    }
    assert_eq!(live.len(), backtest.len(), "how many of `{what}`: live, backtest");
}

/// Runs a strategy both ways over these symbols and compares; returns how many trades there were.
async fn both_ways(source: &str, symbols: &[&str], count: usize) -> usize {
    let markets: Vec<_> = symbols.iter().map(|symbol| (*symbol, bars_of(symbol, count))).collect();
    let trial = trial(source, &markets);
    let report = trial::run(&trial).unwrap();
    let mut stand = Stand::new(&trial).await;
    let run = stand.start(source).await.unwrap();
    stand.play_all().await;
    let expected: Vec<Trade> = report.trades.iter().map(Trade::from).collect();
    same("trade", &stand.trades::<Trade>(), &expected);
    let curve: Vec<(Timestamp, Decimal)> =
        report.equity.iter().skip(1).map(|point| (point.at, point.equity)).collect();
    same("equity at a close", &stand.curve, &curve);
    let seen = stand.runs.list().remove(0);
    assert_eq!((seen.record.id, seen.record.state), (run.id, RunState::Running));
    assert_eq!((seen.record.refused, seen.record.reason), (report.refused.orders, None));
    assert_eq!(seen.skipped, report.skipped);
    assert!(seen.record.closes > 0);
    expected.len()
}

macro_rules! shipped {
    ($($name:ident: $file:literal),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            assert!(both_ways(&source($file), &["IBM"], 700).await >= 3, "it never traded");
        }
    )*};
}

shipped! {
    golden_cross: "golden-cross",
    ma_crossover: "ma-crossover",
    mean_reversion: "mean-reversion",
    momentum: "momentum",
    multi_timeframe: "multi-timeframe",
    quick_test: "quick-test",
    rsi_reversion: "rsi-reversion",
    volatility_breakout: "volatility-breakout",
}

#[test]
fn every_shipped_strategy_is_tried() {
    let folder = format!("{}/../../strategies", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap();
    let toml =
        files.filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "toml"));
    assert_eq!(toml.count(), 8, "name the new one above");
}

/// Long and short, several symbols, pyramiding, a target, a trail, a break-even and a time stop.
const EVERYTHING: &str = r#"
name = "Everything at once"
symbols = ["IBM", "GOOG"]
timeframe = "1d"
[entry]
long = "close > highest(high, 10)[1]"
short = "close < lowest(low, 10)[1]"
[exit]
long = "close < lowest(low, 5)[1]"
short = "close > highest(high, 5)[1]"
stop = "2 * atr(10)"
target = "4 * atr(10)"
trail = "3 * atr(10)"
break_even = "1.5 * atr(10)"
bars = 25
[size]
percent_equity = 20
[pyramid]
entries = 3
[portfolio]
max_positions = 2
"#;

#[tokio::test]
async fn two_symbols_with_every_kind_of_exit() {
    assert!(both_ways(EVERYTHING, &["IBM", "GOOG"], 500).await >= 20);
}

#[tokio::test]
async fn a_paused_run_opens_nothing_and_a_stopped_one_leaves_or_closes() {
    let markets = vec![("IBM", bars_of("IBM", 400))];
    let text = source("quick-test");
    let trial = trial(&text, &markets);
    let mut stand = Stand::new(&trial).await;
    let (run, by) = (stand.start(&text).await.unwrap(), common::operator());
    while !stand.holds("IBM").await {
        assert!(stand.play_bar().await, "it never bought");
    }
    stand.runs.pause(&run.id, &by).await.unwrap();
    while stand.holds("IBM").await {
        assert!(stand.play_bar().await, "a paused run never closed what it held");
    }
    for _ in 0..60 {
        assert!(stand.play_bar().await);
        assert!(!stand.holds("IBM").await, "a paused run bought");
    }
    stand.runs.resume(&run.id, &by).await.unwrap();
    while !stand.holds("IBM").await {
        assert!(stand.play_bar().await, "it never went on");
    }
    let stopped = stand.runs.stop(&run.id, Stop::Close, &by).await.unwrap();
    assert_eq!(stopped.state, RunState::Stopping, "the close waits for a price");
    assert_eq!(stopped.trouble.as_deref(), Some("sim:IBM is still held"));
    let code = stand.runs.resume(&run.id, &by).await.unwrap_err().code();
    assert_eq!(code, "run_stopping");
    stand.play_bar().await;
    assert!(!stand.holds("IBM").await, "stopping was to close");
    assert_eq!(stand.runs.list()[0].record.state, RunState::Stopped);
    let code = stand.runs.resume(&run.id, &by).await.unwrap_err().code();
    assert_eq!(code, "run_stopped");
}

#[tokio::test]
async fn what_cannot_run_is_refused_by_name() {
    let markets = vec![("IBM", bars_of("IBM", 60))];
    let text = source("golden-cross");
    let stand = Stand::new(&trial(&text, &markets)).await;
    let code = |text: String| {
        let stand = &stand;
        async move { stand.start(&text).await.unwrap_err().code() }
    };
    assert_eq!(
        code(text.replace("sma(close, fast)", "smaa(close, fast)")).await,
        "strategy_faults"
    );
    assert_eq!(code(text.replace("\"IBM\"", "\"XYZ\"")).await, "unknown_symbol");
    assert_eq!(code(text.replace("\"1d\"", "\"1h\"")).await, "no_bars");
    stand.start(&text).await.unwrap();
    assert_eq!(code(text.clone()).await, "book_taken");
}

/// After a restart a run knows what it held for how long and what its averages were: it trades as
/// if nothing had happened.
#[tokio::test]
async fn a_restart_goes_on_where_the_run_was() {
    let markets = vec![("IBM", bars_of("IBM", 500)), ("GOOG", bars_of("GOOG", 500))];
    let trial = trial(EVERYTHING, &markets);
    let report = trial::run(&trial).unwrap();
    let mut stand = Stand::new(&trial).await;
    stand.start(EVERYTHING).await.unwrap();
    let mut bars = 0;
    while stand.play_bar().await {
        bars += 1;
        if bars % 40 == 0 {
            stand.runs_again().await;
        }
    }
    let expected: Vec<Trade> = report.trades.iter().map(Trade::from).collect();
    same("trade", &stand.trades::<Trade>(), &expected);
    assert!(bars > 400);
}
