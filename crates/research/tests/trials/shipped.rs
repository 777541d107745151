//! The shipped strategies on real daily bars.

use std::{collections::BTreeMap, fs, io::BufReader, sync::Arc};

use bars::{ImportOptions, Session, import_csv, infer_tick};
use domain::{CalendarKind, Timeframe};
use market::Calendar;
use research::trial::{Events, Market, Report, Terms, Trial, TrialError, run};
use rust_decimal::Decimal;

use super::kit::{d, terms};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn ibm() -> Market {
    let calendar = |date| {
        let session = Calendar::of(CalendarKind::UsEquities).session_of_date(date)?;
        Some(Session { open: session.open, close: session.close })
    };
    let file = fs::File::open(format!("{ROOT}/data/IBM-1d.csv")).unwrap();
    let options = ImportOptions::new(Timeframe::Day, &calendar);
    let bars = import_csv(BufReader::new(file), &options).unwrap().bars;
    let tick = infer_tick(&bars).unwrap().tick;
    let calendar = CalendarKind::UsEquities;
    Market {
        symbol: "IBM".to_owned(),
        calendar,
        tick,
        step: "1".parse().unwrap(),
        bars: bars.into(),
        events: Events::default(),
        gaps: [].into(),
    }
}

fn shipped() -> BTreeMap<String, strategy::Strategy> {
    let files = fs::read_dir(format!("{ROOT}/strategies")).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let strategy = strategy::read(&fs::read_to_string(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), strategy)
        })
        .collect()
}

fn costs() -> Terms {
    Terms { fee: d("0.001"), slippage_bps: d("2"), ..terms() }
}

fn tried(
    strategy: &strategy::Strategy,
    market: &Market,
    terms: Terms,
) -> Result<Report, TrialError> {
    let strategy = Arc::new(strategy.clone());
    let params = strategy.defaults();
    run(&Trial { strategy, params, markets: vec![market.clone()], terms, from: None, until: None })
}

#[test]
fn every_shipped_strategy_trades_and_its_money_adds_up() {
    let market = ibm();
    for (name, strategy) in shipped() {
        let report = tried(&strategy, &market, costs()).unwrap();
        assert!(report.trades.len() >= 10, "{name}: {} trades", report.trades.len());
        assert!(report.alarms.is_empty(), "{name}: {:?}", report.alarms);
        let closed: Decimal = report.trades.iter().map(|t| t.net_profit).sum();
        let last = report.equity.last().unwrap();
        if report.open.is_empty() {
            assert_eq!(last.equity, d("10000") + closed, "{name}");
        }
        for pair in report.equity.windows(2) {
            assert!(pair[0].at < pair[1].at, "{name}");
        }
        assert_eq!(report.bars, market.bars.len() as u64, "{name}");
    }
}

#[test]
fn a_result_repeats_to_the_byte() {
    let market = ibm();
    let strategies = shipped();
    let strategy = &strategies["volatility-breakout"];
    let json = |report: &Report| serde_json::to_string(report).unwrap();
    let (first, again) = (tried(strategy, &market, costs()), tried(strategy, &market, costs()));
    let (first, again) = (first.unwrap(), again.unwrap());
    assert_eq!(json(&first), json(&again));
    let other = tried(strategy, &market, Terms { fee: d("0.002"), ..costs() }).unwrap();
    assert_ne!(first.reproducibility.config, other.reproducibility.config);
    assert_ne!(first.reproducibility.result, other.reproducibility.result);
    assert_eq!(first.reproducibility.data, other.reproducibility.data);
}

#[test]
fn cutting_the_future_changes_no_trade_of_the_past() {
    let market = ibm();
    for (name, strategy) in shipped() {
        let whole = tried(&strategy, &market, costs()).unwrap();
        let cut = Market { bars: market.bars[..1_500].into(), ..market.clone() };
        let part = tried(&strategy, &cut, costs()).unwrap();
        let until = part.until;
        let past: Vec<_> = whole.trades.iter().filter(|t| t.closed_at <= until).collect();
        let found: Vec<_> = part.trades.iter().collect();
        assert_eq!(past, found, "{name}");
        assert_eq!(whole.equity[..part.equity.len()], part.equity[..], "{name}");
    }
}

#[test]
fn faults_name_the_field_and_the_remedy() {
    let market = ibm();
    let strategies = shipped();
    let strategy = &strategies["ma-crossover"];
    let poor = tried(strategy, &market, Terms { cash: Decimal::ZERO, ..costs() }).unwrap_err();
    assert_eq!(poor.code(), "trial_cash");
    let mut other = strategy.clone();
    other.symbols = vec!["GOOG".to_owned()];
    let error = tried(&other, &market, costs()).unwrap_err();
    assert!(error.to_string().contains("--bars GOOG=FILE.csv"), "{error}");
    let mut params = strategy.defaults();
    params.insert("fast".to_owned(), 1_000.0);
    let markets = vec![market];
    let trial = Trial {
        strategy: Arc::new(strategy.clone()),
        params,
        markets,
        terms: costs(),
        from: None,
        until: None,
    };
    let error = run(&trial).unwrap_err();
    assert_eq!(error.to_string(), "parameter fast is 1000: a number from 2 to 60 is needed");
}
