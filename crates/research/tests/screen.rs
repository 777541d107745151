//! The screening kernel against the engine: random strategies over random bars, trade by trade and
//! close by close, to the last decimal.
//!
//! `SCREEN_CASES` asks for more cases than every run tries.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::{collections::BTreeMap, sync::Arc};

use domain::{CalendarKind, Price, Qty, Timestamp};
use kit::draw::{CROSSOVER, Draw, Units, bars, spans, units};
use research::{
    stats::Direction,
    trial::{Report, Trial, run},
};
use rust_decimal::Decimal;
use screen::{Curve, Screen, Side, Tape, Terms, Unscreenable};

/// Cases that every run of this test tries.
const CASES: u64 = 200;

const CONDITIONS: &[&str] = &[
    "close > open",
    "close < close[1]",
    "close >= sma(close, a)",
    "crosses_above(sma(close, a), sma(close, b))",
    "crosses_below(sma(close, a), sma(close, b))",
    "sma(close, a) > sma(close, b)",
    "sma(close, a) < sma(close, b)",
    "rsi(a) > 55",
    "rsi(a) < 45",
    "highest(high, a)[1] < close",
    "lowest(low, a)[1] > close",
    "volume > 0 and close > ema(close, b)",
    "not (close > open)",
    "close == open or close > close[2]",
    "true",
];

/// Distances of stops and targets: some are undefined, at or below 0, or wider than the price.
const DISTANCES: &[&str] = &[
    "atr(a)",
    "2 * atr(b)",
    "close * 0.01",
    "close * 0.0004",
    "close - open",
    "0.37",
    "close * 1.5",
    "high - low",
];

fn rules(draw: &mut Draw, frame: &str) -> String {
    let mut text = format!("name = \"Drawn\"\nsymbols = [\"XYZ\"]\ntimeframe = \"{frame}\"\n");
    let (a, b) = (1 + draw.below(6), 2 + draw.below(18));
    text += &format!(
        "[params]\na = {{ default = {a}, min = 1, max = 10 }}\nb = {{ default = {b}, min = 1, max = 30 }}\n"
    );
    let sides = 1 + draw.below(3);
    let mut entry = String::new();
    let mut exit = String::new();
    for (bit, side) in [(1, "long"), (2, "short")] {
        if sides & bit != 0 {
            entry += &format!("{side} = \"{}\"\n", draw.one(CONDITIONS));
            if draw.often(60) {
                exit += &format!("{side} = \"{}\"\n", draw.one(CONDITIONS));
            }
        }
    }
    if exit.is_empty() || draw.often(25) {
        exit += &format!("bars = {}\n", 1 + draw.below(12));
    }
    let stop = draw.often(55);
    for (key, drawn) in [("stop", stop), ("target", draw.often(35))] {
        if drawn {
            exit += &format!("{key} = \"{}\"\n", draw.one(DISTANCES));
        }
    }
    let size = match draw.below(6) {
        5 if stop => format!("risk_percent = {}", draw.one(&["0.5", "1", "2.25", "20"])),
        0 => format!("quantity = {}", draw.one(&["1", "3", "0.5", "120"])),
        1 => format!("notional = {}", draw.one(&["100", "2500.5", "12000"])),
        _ => format!("percent_equity = {}", draw.one(&["10", "50", "99.5", "100", "33.333"])),
    };
    text + &format!("[entry]\n{entry}[exit]\n{exit}[size]\n{size}\n")
}

struct Case {
    rules: String,
    trial: Trial,
}

fn case(seed: u64) -> Option<Case> {
    let mut draw = Draw(seed);
    let units = units(&mut draw);
    let (frame, span) = *draw.one(&[&("1d", 86_400), &("1h", 3_600), &("1m", 60)]);
    let rules = rules(&mut draw, frame);
    strategy::read(&rules).ok()?;
    let stock = draw.often(35);
    let calendar = if stock { CalendarKind::UsEquities } else { CalendarKind::AlwaysOpen };
    // Some histories are longer than a block of the kernel.
    let most = if draw.often(2) { 2_600 } else { 170 };
    let count = 30 + usize::try_from(draw.below(most)).unwrap();
    let spans = spans(&mut draw, calendar, span, count);
    let bars = bars(&mut draw, units, &spans);
    let first = bars[0].close_at;
    let middle = bars[bars.len() / 3].close_at;
    let mut trial = kit::trial_of(&rules, bars);
    trial.markets[0].tick = Price::new(Decimal::new(1, units.price)).unwrap();
    trial.markets[0].step = Qty::new(Decimal::new(1, units.qty)).unwrap();
    trial.markets[0].calendar = calendar;
    let cash = ["10000", "250.37", "1000000", "40"];
    trial.terms.cash = draw.one(&cash).parse().unwrap();
    trial.terms.fee = draw.one(&["0", "0.001", "0.0005", "0.1", "0.000025"]).parse().unwrap();
    trial.terms.slippage_bps = draw.one(&["0", "0", "1", "12.5", "300"]).parse().unwrap();
    trial.terms.half_spread_bps = draw.one(&["0", "0", "2", "7.5", "100", "300"]).parse().unwrap();
    trial.from = [None, None, Some(first), Some(middle)][usize::try_from(draw.below(4)).unwrap()];
    Some(Case { rules, trial })
}

fn screened(trial: &Trial) -> Result<(Screen, Curve), screen::Unscreenable> {
    let market = &trial.markets[0];
    let tape = Tape::new(&market.bars, (market.tick, market.step), market.calendar)?;
    let from = trial.from.map_or(0, |from| tape.bar_at(from));
    let terms = Terms {
        cash: trial.terms.cash,
        fee: trial.terms.fee,
        slippage_bps: trial.terms.slippage_bps,
        half_spread_bps: trial.terms.half_spread_bps,
    };
    let screen = Screen::new(Arc::clone(&trial.strategy), Arc::new(tape), &terms, from)?;
    let mut curves = [screen.curve()];
    let sets: [BTreeMap<String, f64>; 1] = [trial.params.clone()];
    let equity = screen.run(&sets, &mut curves)?;
    let [curve] = curves;
    assert_eq!(curve.equity.last().copied().unwrap_or(equity[0]), equity[0]);
    Ok((screen, curve))
}

/// A trade in both's words: side, entry and exit bar, quantity, prices, fees, gross.
type Told = (bool, usize, usize, [Decimal; 5]);

fn by_engine(trial: &Trial, report: &Report) -> Vec<Told> {
    let bars = &trial.markets[0].bars;
    let bar = |at: Timestamp| bars.partition_point(|bar| bar.close_at < at);
    let row = |t: &research::stats::TradeRow| {
        let numbers = [t.qty, t.entry_price, t.exit_price, t.fees, t.gross_profit];
        (
            t.side == Direction::Long,
            bar(t.opened_at),
            bar(t.closed_at),
            numbers.map(|d| d.normalize()),
        )
    };
    report.trades.iter().map(row).collect()
}

fn by_kernel(trial: &Trial, screen: &Screen, curve: &Curve) -> Vec<Told> {
    let (tick, step) = (trial.markets[0].tick.get(), trial.markets[0].step.get());
    let row = |t: &screen::Trade| {
        let money = |units| screen.amount(units).unwrap();
        let numbers = [
            Decimal::from(t.qty) * step,
            Decimal::from(t.entry) * tick,
            Decimal::from(t.exit) * tick,
            money(t.fees),
            money(t.gross),
        ];
        (t.side == Side::Long, t.entry_bar, t.exit_bar, numbers.map(|d| d.normalize()))
    };
    curve.trades.iter().map(row).collect()
}

#[test]
fn random_strategies_trade_as_the_engine_trades_them() {
    let cases = std::env::var("SCREEN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let (mut tried, mut trades, mut refused, mut beyond, mut seed) = (0, 0, 0, 0, 0);
    while tried < cases {
        seed += 1;
        let Some(Case { rules, trial }) = case(seed) else { continue };
        let told = || format!("seed {seed}\n{rules}\n{:?}\n{:?}", trial.terms, trial.from);
        let report = match run(&trial) {
            Ok(report) => report,
            // Both must say no: a spread that leaves no bid.
            Err(_) => {
                assert!(screened(&trial).is_err(), "{}", told());
                continue;
            }
        };
        let (screen, curve) = match screened(&trial) {
            Ok(both) => both,
            // The account grew beyond what whole numbers hold: the engine is asked.
            Err(Unscreenable::Amount(_)) => {
                beyond += 1;
                continue;
            }
            Err(why) => panic!("{why}: {}", told()),
        };
        assert_eq!(by_kernel(&trial, &screen, &curve), by_engine(&trial, &report), "{}", told());
        let kernel: Vec<Decimal> =
            curve.equity.iter().map(|units| screen.amount(*units).unwrap()).collect();
        let engine: Vec<Decimal> =
            report.equity.iter().skip(1).map(|point| point.equity.normalize()).collect();
        assert_eq!(kernel, engine, "{}", told());
        tried += 1;
        trades += report.trades.len();
        refused += report.refused.orders;
    }
    println!("{tried} cases, {trades} trades, {refused} refused orders, {beyond} too large");
    assert!(beyond * 100 <= tried, "{beyond} of {tried} cases are too large");
    assert!(trades > 10 && refused > 10, "{trades} trades, {refused} refused orders");
}

/// The shipped strategies over sessions of stocks: all but the one whose stop moves are screened.
#[test]
fn shipped_strategies_trade_as_the_engine_trades_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let (mut left_out, mut trades) = (Vec::new(), 0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut draw = Draw(5);
        let units = Units { price: 2, qty: 0, start: 10_000 };
        let spans = spans(&mut draw, CalendarKind::UsEquities, 86_400, 900);
        let mut trial = kit::trial_of(&text, bars(&mut draw, units, &spans));
        trial.markets[0].symbol.clone_from(&trial.strategy.symbols[0]);
        trial.markets[0].calendar = CalendarKind::UsEquities;
        trial.markets[0].step = "1".parse().unwrap();
        trial.terms.slippage_bps = "2".parse().unwrap();
        let report = run(&trial).unwrap();
        trades += report.trades.len();
        match screened(&trial) {
            Ok((screen, curve)) => {
                let told = (by_kernel(&trial, &screen, &curve), by_engine(&trial, &report));
                assert_eq!(told.0, told.1, "{file:?}");
            }
            Err(why) => left_out.push((file.file_stem().unwrap().to_owned(), why)),
        }
    }
    assert_eq!(files.len(), 8);
    assert!(trades > 200, "{trades} trades");
    assert_eq!(left_out, [("volatility-breakout".into(), Unscreenable::Moves("exit.trail"))]);
}

#[test]
fn what_the_kernel_cannot_express_is_left_to_the_engine() {
    let bars = || kit::bars(60);
    for (rules, code) in [
        (CROSSOVER.replace("bars = 15", "bars = 15\ntrail = \"atr(5)\""), "screen_moves"),
        (CROSSOVER.replace("bars = 15", "long = \"bars_held > 3\""), "screen_position"),
        (format!("{CROSSOVER}[pyramid]\nentries = 2\n"), "screen_entries"),
    ] {
        let trial = kit::trial_of(&rules, bars());
        assert_eq!(screened(&trial).map(|_| ()).unwrap_err().code(), code, "{rules}");
    }
    let mut trial = kit::trial_of(CROSSOVER, bars());
    trial.markets[0].tick = "0.05".parse().unwrap();
    assert_eq!(screened(&trial).map(|_| ()).unwrap_err().code(), "screen_grid");
    trial.markets[0].tick = "1".parse().unwrap();
    assert_eq!(screened(&trial).map(|_| ()).unwrap_err().code(), "screen_off_tick");
}

#[test]
fn history_is_longer_than_a_block_of_the_kernel() {
    let mut trial = kit::trial_of(CROSSOVER, kit::bars(2_500));
    trial.terms.slippage_bps = "3".parse().unwrap();
    let (report, (screen, curve)) = (run(&trial).unwrap(), screened(&trial).unwrap());
    assert!(report.trades.len() > 200, "{} trades", report.trades.len());
    assert_eq!(by_kernel(&trial, &screen, &curve), by_engine(&trial, &report));
    let last = report.equity.last().unwrap().equity.normalize();
    assert_eq!(screen.amount(*curve.equity.last().unwrap()), Some(last));
}

/// Under a spread a target is met above its level. A bar that opens between both has neither stop
/// nor target behind it: the stop comes first, although the bar falls and its high comes first.
#[test]
fn a_bar_that_opens_between_a_target_and_where_it_is_met_has_its_stop_first() {
    let rules = CROSSOVER.split("[entry]").next().unwrap().to_owned()
        + "[entry]\nlong = \"close == 98\"\n[exit]\nstop = \"3\"\ntarget = \"1\"\n[size]\nquantity = 1\n";
    let prices = [[98, 98, 98, 98], [98, 98, 97, 97], [100, 102, 90, 99], [99, 99, 99, 99]];
    let mut drawn = kit::bars(prices.len());
    for (bar, [open, high, low, close]) in drawn.iter_mut().zip(prices) {
        let price = |units: i64| Price::new(Decimal::from(units)).unwrap();
        (bar.open, bar.high, bar.low, bar.close) =
            (price(open), price(high), price(low), price(close));
    }
    drawn[2].open = "100.50".parse().unwrap();
    let mut trial = kit::trial_of(&rules, drawn);
    trial.terms.fee = Decimal::ZERO;
    trial.terms.half_spread_bps = Decimal::ONE_HUNDRED;
    let (report, (screen, curve)) = (run(&trial).unwrap(), screened(&trial).unwrap());
    // Bought at the ask of 98, stopped at the bid of 95.98.
    let prices = |t: &research::stats::TradeRow| (t.entry_price, t.exit_price, t.gross_profit);
    let expected = ["98.98", "95.02", "-3.96"].map(|n| n.parse::<Decimal>().unwrap());
    assert_eq!(report.trades.iter().map(prices).collect::<Vec<_>>(), [expected.into()]);
    assert_eq!(by_kernel(&trial, &screen, &curve), by_engine(&trial, &report));
}
