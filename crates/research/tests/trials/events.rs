//! Splits and funding: what they do to money, and what rules see of them.

use std::sync::Arc;

use domain::{Bar, Timestamp};
use market::{Ratio, Split, Splits};
use research::trial::{Events, Funding, Market, Report, Trial, instrument_id, run, signals};

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
