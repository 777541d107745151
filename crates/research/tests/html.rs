//! The page of a report: whole, closed in itself, and not to be broken by names.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{collections::BTreeMap, sync::Arc};

use domain::{Bar, CalendarKind, Limits, Nanos, Price, Qty, Timestamp};
use research::{
    html::html,
    stats::{Direction, Resample, Settings, TradeRow},
    trial::{Events, Market, Report, Terms, Trial, run},
};
use rust_decimal::Decimal;

const DAY: i64 = 86_400_000_000_000;
const HOSTILE: &str = "\"'><script>alert(1)</script><!-- ]]> &amp; </title></style>";
/// Elements that have no end tag in HTML.
const VOID: [&str; 1] = ["meta"];

fn bars(count: i64) -> Vec<Bar> {
    let price = |cents: i64| Price::new(Decimal::new(cents, 2)).unwrap();
    // A wave of eighty days that rises slowly.
    let cents = |n: i64| 10_000 + n + (n % 80 - 40).abs() * 60;
    let bar = |n: i64| {
        let (open, close) = (cents(n), cents(n + 1));
        let at = Timestamp(n * DAY);
        Bar {
            open_at: at,
            close_at: at.plus(Nanos(DAY)),
            open: price(open),
            high: price(open.max(close) + 25),
            low: price(open.min(close) - 25),
            close: price(close),
            volume: Qty::new(Decimal::from(1_000_000)).unwrap(),
        }
    };
    (0..count).map(bar).collect()
}

fn trial(count: i64, entry: &str) -> Trial {
    let text = format!(
        "name = \"Wave\"\ndescription = \"Follows the wave.\"\nsymbols = [\"AAA\"]\n\
         timeframe = \"1d\"\n[entry]\nlong = \"{entry}\"\n\
         [exit]\nlong = \"crosses_below(sma(close, 3), sma(close, 10))\"\nstop = \"3 * atr(14)\"\n\
         [size]\nrisk_percent = 1.0\n"
    );
    let strategy = strategy::read(&text).unwrap();
    let market = Market {
        symbol: "AAA".to_owned(),
        calendar: CalendarKind::AlwaysOpen,
        tick: Price::new(Decimal::new(1, 2)).unwrap(),
        step: Qty::new(Decimal::new(1, 6)).unwrap(),
        bars: bars(count).into(),
        events: Events::default(),
        gaps: [].into(),
    };
    let terms = Terms {
        cash: Decimal::from(10_000),
        fee: Decimal::new(1, 3),
        slippage_bps: Decimal::ZERO,
        half_spread_bps: Decimal::ZERO,
        borrow_rate: Decimal::ZERO,
        limits: Limits::default(),
        limits_name: "research".to_owned(),
        compare: Some(("none".to_owned(), Limits::default())),
        figures: Settings {
            resample: Some(Resample { seed: 1, runs: 50, mean_block_days: None }),
            ..Settings::default()
        },
    };
    Trial {
        strategy: Arc::new(strategy),
        params: BTreeMap::new(),
        markets: vec![market],
        terms,
        from: None,
        until: None,
    }
}

fn wave(count: i64) -> (Trial, Report) {
    let trial = trial(count, "crosses_above(sma(close, 3), sma(close, 10))");
    let report = run(&trial).unwrap();
    (trial, report)
}

/// Every start tag has its end tag, in order; returns how many elements there are.
fn balanced(page: &str) -> usize {
    let mut open: Vec<&str> = Vec::new();
    let mut count = 0;
    let mut rest = page.strip_prefix("<!doctype html>\n").expect("a doctype");
    while let Some(begin) = rest.find('<') {
        let end = rest[begin..].find('>').expect("a tag ends") + begin;
        let tag = &rest[begin + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "before {:.80}", rest);
            continue;
        }
        count += 1;
        let name = tag.split([' ', '/']).next().unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        if tag.ends_with('/') {
            assert!(VOID.contains(&name) || open.contains(&"svg"), "<{tag}> has an end tag");
        } else {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    count
}

#[test]
fn a_page_is_whole_small_and_the_same_each_time() {
    let (trial, report) = wave(3_000);
    assert!(report.trades.len() > 30, "{} trades", report.trades.len());
    let page = html(&trial, &report);
    assert!(balanced(&page) > 1_000);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert_eq!(page, html(&trial, &run(&trial).unwrap()));
}

#[test]
fn a_page_asks_for_nothing_and_runs_nothing() {
    let (trial, report) = wave(400);
    let page = html(&trial, &report);
    assert!(page.contains("default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"));
    for forbidden in ["<script", "<link", "<img", "<iframe", "src=", "http://", "https://", "url("]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let links = page.split("href=\"").skip(1);
    assert!(links.clone().count() > 10);
    for link in links {
        let id = link.strip_prefix('#').and_then(|l| l.split('"').next()).expect("a place within");
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn names_from_outside_stay_text() {
    let (mut trial, mut report) = wave(400);
    let plain = balanced(&html(&trial, &report));
    report.strategy = HOSTILE.to_owned();
    report.symbols = vec![HOSTILE.to_owned()];
    report.params.insert(HOSTILE.to_owned(), 1.0);
    report.alarms.insert(HOSTILE.to_owned(), 1);
    report.assumptions.push(HOSTILE.to_owned());
    report.reproducibility.strategy = HOSTILE.to_owned();
    report.statistics.tables.by_symbol[0].figures.key = HOSTILE.to_owned();
    for trade in &mut report.trades {
        trade.symbol = HOSTILE.to_owned();
        trade.exit_reason = HOSTILE.to_owned();
    }
    let strategy = Arc::make_mut(&mut trial.strategy);
    strategy.description = HOSTILE.to_owned();
    strategy.symbols = vec![HOSTILE.to_owned()];
    trial.markets[0].symbol = HOSTILE.to_owned();
    let page = html(&trial, &report);
    // One more parameter is in one text; an alarm takes the place of "No alarm."; one assumption.
    assert_eq!(balanced(&page), plain + 1);
    assert!(!page.contains("<script") && !page.contains("<!--"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn without_a_trade_the_page_says_why_figures_are_missing() {
    let trial = trial(300, "close > 1000000");
    let report = run(&trial).unwrap();
    assert!(report.trades.is_empty());
    let page = html(&trial, &report);
    balanced(&page);
    for figure in ["win_rate_percent", "profit_factor"] {
        let why = report.statistics.remarks.iter().find(|r| r.figure == figure && r.undefined);
        let why = why.expect("without trades it is undefined");
        assert!(page.contains(why.text), "{figure}: {}", why.text);
    }
    assert!(page.contains("no value"));
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn many_trades_are_cut_off_and_counted() {
    let (trial, mut report) = wave(400);
    let first = report.trades[0].clone();
    let row = |id| TradeRow { id, side: Direction::Short, ..first.clone() };
    report.trades = (1..=1_234).map(row).collect();
    let page = html(&trial, &report);
    balanced(&page);
    assert!(page.contains("(--json) has 234 more trades."));
    assert!(page.contains("The last 300 of 1234 trades are marked."));
}
