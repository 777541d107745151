//! Splits and funding: what they do to money, and what rules see of them.

use std::sync::Arc;

use domain::{Bar, Timestamp};
use market::{Ratio, Split, Splits};
use research::{
    html::html,
    stats::DataGap,
    trial::{Events, Funding, Market, Report, Trial, instrument_id, run, signals},
};

use super::kit::{bar, d, market, strategy, terms, trial};

/// Two days of hours; the share costs 100, and 50 from the second day on.
fn halved() -> Vec<Bar> {
    (0..48).map(|hour| bar(hour, [if hour < 24 { 100 } else { 50 }; 4])).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two for one on the second day.
fn split() -> Events {
    let (instrument, ratio) = (instrument_id("AAA").unwrap(), Ratio::new(2, 1).unwrap());
    let row = Split { instrument, effective: "2024-01-02".parse().unwrap(), ratio };
    let splits = Splits::new([row], |_| domain::CalendarKind::AlwaysOpen).unwrap();
    Events { splits: Arc::new(splits), funding: None }
}

fn funding(rates: &[(&str, &str)]) -> Events {
    let rate = |(time, rate): &(&str, &str)| Funding { at: at(time), rate: d(rate) };
    Events { funding: Some(rates.iter().map(rate).collect()), ..Events::default() }
}

fn with(rest: &str, bars: Vec<Bar>, events: Events) -> Trial {
    let market = Market { events, ..market("AAA", bars) };
    trial(strategy("[\"AAA\"]", rest), vec![market], terms())
}

fn number(report: &Report, figure: &str) -> f64 {
    report.statistics.number(figure).flatten().unwrap()
}

const HOLD: &str = "[entry]\nlong = \"close > 0\"\n[size]\nquantity = 10";

#[test]
fn a_split_doubles_what_is_held_and_costs_nothing() {
    let report = run(&with(HOLD, halved(), split())).unwrap();
    assert_eq!(report.open[0].qty.get(), d("20"));
    assert!(report.equity.iter().all(|point| point.equity == d("10000")), "{:?}", report.equity);
    assert_eq!(number(&report, "buy_and_hold_percent"), 0.0);
    let words = report.assumptions.join("\n");
    assert!(
        words.contains("AAA: splits within the bars: 1, at the opening of their session."),
        "{words}"
    );
    assert!(words.contains("dividends are not applied") && !words.contains("splits and dividends"));

    let plain = run(&with(HOLD, halved(), Events::default())).unwrap();
    // 10 × (50 − 100).
    assert_eq!(plain.equity.last().unwrap().equity, d("9500"));
    assert_eq!(number(&plain, "buy_and_hold_percent"), -50.0);
    assert!(plain.assumptions.join("\n").contains("splits and dividends are not applied"));
    assert_ne!(plain.reproducibility.config, report.reproducibility.config);
    assert_eq!(plain.reproducibility.data, report.reproducibility.data);
}

#[test]
fn a_trade_over_a_split_earns_what_its_prices_say() {
    let rest = "[entry]\nlong = \"close == 100\"\n[exit]\nbars = 30\n[size]\nquantity = 10";
    let mut bars = halved();
    for bar in &mut bars[30..] {
        *bar = super::kit::bar((bar.open_at.0 / 3_600_000_000_000) - 473_352, [52; 4]);
    }
    let report = run(&with(rest, bars, split())).unwrap();
    // Bought 10 at 100, sold 20 at 52: 1040 - 1000.
    assert_eq!(report.trades[0].net_profit, d("40"), "{:?}", report.trades);
    assert_eq!(report.equity.last().unwrap().equity, d("10040"));
}

#[test]
fn a_fraction_that_a_split_leaves_is_sold_and_the_trade_ends() {
    let rest = "[entry]\nlong = \"close == 100\"\n[exit]\nbars = 26\n[size]\nquantity = 11";
    let mut bars = halved();
    for (hour, bar) in (24..).zip(&mut bars[24..]) {
        *bar = super::kit::bar(hour, [1_000; 4]);
    }
    let (instrument, ratio) = (instrument_id("AAA").unwrap(), Ratio::new(1, 10).unwrap());
    let row = Split { instrument, effective: "2024-01-02".parse().unwrap(), ratio };
    let splits = Splits::new([row], |_| domain::CalendarKind::AlwaysOpen).unwrap();
    let events = Events { splits: Arc::new(splits), funding: None };
    let report = run(&with(rest, bars, events)).unwrap();
    // Bought 11 at 100; of 1.1 at 1000 the venue paid 0.1 and the exit sold 1.
    assert!(report.open.is_empty(), "{:?}", report.open);
    assert_eq!(report.trades.len(), 1, "{:?}", report.trades);
    let trade = &report.trades[0];
    assert_eq!((trade.qty, trade.exit_price), (d("1.1"), d("1000")));
    assert_eq!((trade.net_profit, trade.funding), (d("0"), d("0")));
    assert!(report.equity.iter().all(|point| point.equity == d("10000")), "{:?}", report.equity);
}

#[test]
fn a_chart_over_a_split_is_on_one_scale_and_marks_tell_what_was_paid() {
    // In before the split and out before it, in and out after it, and once over it.
    let rest = "[entry]\nlong = \"close > 0\"\n[exit]\nbars = 10\n[size]\nquantity = 10";
    let trial = with(rest, halved(), split());
    let report = run(&trial).unwrap();
    let page = html(&trial, &report);
    assert!(page.contains("Closes of AAA from 50 to 50,"), "the prices before are halved");
    assert!(page.contains("AAA: prices before a split are drawn divided by its ratio"));
    // The heights at which marks point, and what they tell, of both charts.
    let mut told = Vec::new();
    for mark in page.split("<path class=\"mark ").skip(1) {
        let path = mark.split(" d=\"M").nth(1).unwrap();
        let near: f64 = path.split([' ', 'L']).nth(1).unwrap().parse().unwrap();
        let up = mark.starts_with("up");
        let text = mark.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        told.push((
            near + if up { -3.0 } else { 3.0 },
            text.contains(" at 100"),
            text.contains(" at 50"),
        ));
    }
    assert!(told.iter().filter(|mark| mark.1).count() >= 4, "{told:?}");
    assert!(told.iter().filter(|mark| mark.2).count() >= 4, "{told:?}");
    for (chart, height) in [(0, 260.0), (1, 320.0)] {
        let half = &told[chart * told.len() / 2..(chart + 1) * told.len() / 2];
        assert!(half.iter().all(|mark| (mark.0 - half[0].0).abs() < 0.2), "{half:?}");
        assert!(half[0].0 > 0.0 && half[0].0 < height, "{half:?}");
    }
    let plain = with(rest, halved(), Events::default());
    let page = html(&plain, &run(&plain).unwrap());
    assert!(page.contains("Closes of AAA from 100 to 50,") && !page.contains("drawn divided"));
}

#[test]
fn rules_see_no_crash_where_there_is_a_split() {
    let crash = "[entry]\nlong = \"close < 0.9 * sma(close, 5)\"\n[size]\nquantity = 10";
    let wishes = |events| {
        let said = signals(&with(crash, halved(), events)).unwrap();
        said.iter().filter(|signal| !signal.wishes.is_empty()).count()
    };
    assert_eq!(wishes(split()), 0);
    assert!(wishes(Events::default()) > 0);
}

#[test]
fn prices_before_a_split_are_divided_only_once_it_has_happened() {
    let level =
        "[entry]\nlong = \"close > 200\"\n[exit]\nstop = \"sma(close, 4)\"\n[size]\nquantity = 1";
    let said = signals(&with(level, halved(), split())).unwrap();
    let stops: Vec<f64> = said.iter().map(|signal| signal.values[1]).collect();
    assert!(stops[..3].iter().all(|value| value.is_nan()));
    assert!(stops[3..24].iter().all(|value| *value == 100.0), "{stops:?}");
    assert!(stops[24..].iter().all(|value| *value == 50.0), "{stops:?}");
    // The bars before the split are the same whether it comes or not.
    let plain = signals(&with(level, halved(), Events::default())).unwrap();
    assert_eq!(format!("{:?}", plain[..24].to_vec()), format!("{:?}", said[..24].to_vec()));
}

#[test]
fn a_bar_over_a_split_is_refused() {
    let mut bars = halved();
    bars[23].close_at = bars[24].close_at;
    bars.remove(24);
    let error = run(&with(HOLD, bars, split())).unwrap_err();
    assert_eq!(error.code(), "trial_split");
    assert!(error.to_string().contains("spans the split at 2024-01-02"), "{error}");
}

#[test]
fn funding_is_paid_on_what_is_held_then() {
    let rates = [
        ("2024-01-01T00:30:00Z", "0.01"), // nothing is held yet
        ("2024-01-01T08:00:00Z", "0.001"),
        ("2024-01-01T16:00:00Z", "-0.0005"),
        ("2024-01-09T00:00:00Z", "0.01"), // the bars have ended
    ];
    let flat: Vec<Bar> = (0..24).map(|hour| bar(hour, [100; 4])).collect();
    let long = "[entry]\nlong = \"close > 0\"\n[exit]\nbars = 20\n[size]\nquantity = 10";
    let report = run(&with(long, flat.clone(), funding(&rates))).unwrap();
    // 10 × 100 × (0.001 − 0.0005) = 0.5.
    assert_eq!(report.trades[0].net_profit, d("-0.5"));
    assert_eq!(report.trades[0].funding, d("-0.5"));
    assert_eq!(report.equity.last().unwrap().equity, d("9999.5"));
    let words = report.assumptions.join("\n");
    let told = "AAA: a perpetual contract without leverage, liquidated below a margin of 0.5 % of its \
                value. 3 funding rates from 2024-01-01T00:30:00Z to 2024-01-01T16:00:00Z";
    assert!(words.contains(told), "{words}");

    let short = long.replace("long", "short");
    let paid = run(&with(&short, flat.clone(), funding(&rates))).unwrap();
    assert_eq!(paid.equity.last().unwrap().equity, d("10000.5"));
    let free = run(&with(long, flat, Events::default())).unwrap();
    assert_eq!(free.equity.last().unwrap().equity, d("10000"));
    assert_ne!(free.reproducibility.config, report.reproducibility.config);
}

#[test]
fn a_perpetual_without_a_rate_is_worth_what_the_coin_is() {
    let bars: Vec<Bar> = (0..24)
        .map(|hour| {
            let price = 100 + (hour * 7) % 11;
            bar(hour, [price, price + 2, price - 2, price + 1])
        })
        .collect();
    let rest = "[entry]\nlong = \"close > close[1]\"\n[exit]\nlong = \"close < close[1]\"\n\
                [size]\npercent_equity = 90";
    let coin = run(&with(rest, bars.clone(), Events::default())).unwrap();
    let contract = run(&with(rest, bars, funding(&[]))).unwrap();
    assert!(!coin.trades.is_empty());
    let equity = |report: &Report| report.equity.iter().map(|p| p.equity).collect::<Vec<_>>();
    assert_eq!(equity(&contract), equity(&coin));
    let words = contract.assumptions.join("\n");
    assert!(words.contains("None of the funding rates lies within the bars"), "{words}");
}

fn gap(after: i64, before: i64, bars: u32) -> DataGap {
    let at = |hour: i64| bar(hour, [100; 4]).open_at;
    DataGap { symbol: "AAA".to_owned(), after: at(after), before: at(before), bars }
}

#[test]
fn what_is_missing_in_the_prices_is_told_where_it_counts() {
    let bars = (0..48).filter(|hour| ![10, 11, 12, 30].contains(hour));
    let bars: Vec<Bar> = bars.map(|hour| bar(hour, [100; 4])).collect();
    let mut trial = with(HOLD, bars, Events::default());
    trial.markets[0].gaps = [gap(10, 13, 3), gap(30, 31, 1), gap(60, 62, 2)].into();
    let report = run(&trial).unwrap();
    assert_eq!(
        report.statistics.data_gaps,
        [gap(10, 13, 3), gap(30, 31, 1)],
        "60 is behind the end"
    );
    let words = report.assumptions.join("\n");
    let told = "AAA: 4 bars are missing in 2 stretches where the market was open; the longest, of \
                3, from 2024-01-01T10:00:00Z to 2024-01-01T13:00:00Z.";
    assert!(words.contains(told), "{words}");

    trial.from = Some(at("2024-01-01T20:00:00Z"));
    assert_eq!(run(&trial).unwrap().statistics.data_gaps, [gap(30, 31, 1)]);
    trial.markets[0].gaps = [].into();
    assert!(!run(&trial).unwrap().assumptions.join("\n").contains("missing"));
}

#[test]
fn bars_are_counted_that_closed_while_a_trade_was_held() {
    for bars in [1, 2, 5] {
        let rest = format!(
            "[entry]\nlong = \"close == 100\"\n[exit]\nbars = {bars}\n[size]\nquantity = 10"
        );
        let report = run(&with(&rest, halved(), Events::default())).unwrap();
        assert_eq!(report.trades[0].bars_held, bars, "{:?}", report.trades[0]);
        assert_eq!(report.trades[0].mae.to_string(), "0");
    }
}

#[test]
fn an_account_below_zero_is_remarked_at_every_yearly_figure() {
    let short = "[entry]\nshort = \"close > 0\"\n[size]\nquantity = 90";
    let mut bars = halved();
    for (hour, bar) in (24..).zip(&mut bars[24..]) {
        *bar = super::kit::bar(hour, [if hour < 40 { 400 } else { 20 }; 4]);
    }
    let report = run(&with(short, bars, Events::default())).unwrap();
    let remarked = |figure: &str| {
        let found = report.statistics.remarks.iter().find(|remark| remark.figure == figure);
        found.is_some_and(|remark| remark.code.name() == "equity_below_zero")
    };
    assert!(remarked("total_return_percent"), "{:?}", report.statistics.remarks);
    assert!(remarked("max_drawdown_percent"));
    assert!(report.assumptions.join("\n").contains("an account below zero trades on"));
}
