//! Proves that leaving out what can change nothing changes nothing, and that equal inputs give
//! equal bytes: random bars, random wishes, several symbols with bars of their own length.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use backtest::{Backtest, BarMark, Collected, Dated, Inside, Outcome, Setup, research};
use domain::{BookId, Fill, Money, MovementId, Nanos, Timeframe};
use kit::{
    START, coin, d, id,
    random::{Dice, Gambler, bars},
};
use market::replay::Series;
use proptest::prelude::*;
use rust_decimal::Decimal;
use venue_sim::{Happening, SimConfig};

struct Run {
    outcome: Outcome,
    fills: Vec<(BookId, Fill)>,
    curve: Vec<BarMark>,
    trips: Vec<statement::RoundTrip>,
}

fn run(setup: &Setup, seed: u64, often: u64) -> Run {
    let mut seen = Collected::default();
    let mut trader = Gambler::new(seed, often);
    let outcome = Backtest::new(setup.clone()).unwrap().run(&mut trader, &mut seen).unwrap();
    let (fills, curve) = (seen.fills().to_vec(), seen.curve().to_vec());
    Run { outcome, fills, curve, trips: seen.trips().cloned().collect() }
}

fn random_setup(seed: u64) -> Setup {
    let mut dice = Dice(seed);
    let symbols = ["AAA", "BBB", "CCC"];
    let count = 60 + usize::try_from(dice.roll(60)).unwrap();
    let series = symbols.iter().map(|symbol| {
        let (hours, timeframe) = match dice.roll(3) {
            0 => (4, Timeframe::Hours(4)),
            _ => (24, Timeframe::Day),
        };
        let bars = bars(&mut dice, count * usize::try_from(24 / hours).unwrap(), hours).into();
        Series { instrument: id(symbol), timeframe, tick: "0.01".parse().unwrap(), bars }
    });
    let series: Vec<Series> = series.collect();
    let mut setup = kit::setup(symbols.map(coin).to_vec(), series);
    setup.venue = SimConfig {
        maker_fee: d("0.0002"),
        taker_fee: d("0.0007"),
        slippage_bps: Decimal::from(dice.roll(3)),
        volume_share: (dice.roll(2) == 0).then(|| "25".parse().unwrap()),
        borrow_rate: d("0.05"),
        replace: dice.roll(4) > 0,
        ..SimConfig::default()
    };
    (setup.policy, setup.limits) = research(&setup.venue);
    setup.half_spread_bps = Decimal::from(dice.roll(3));
    setup.inside = if dice.roll(4) == 0 { Inside::Points } else { Inside::Levels };
    if dice.roll(2) == 0 {
        setup.limits.daily_loss = Some("2%".parse().unwrap());
        setup.limits.drawdown_percent = Some("30".parse().unwrap());
        setup.compare = Some(path::policy::Preset::CryptoSpot.limits());
    }
    let (instrument, id) = (id("BBB"), MovementId::new("split").unwrap());
    let (numerator, denominator) = (Decimal::ONE, Decimal::ONE);
    let what = Happening::Split { instrument: instrument.clone(), numerator, denominator, id };
    setup.happenings.push(Dated { at: START.plus(Nanos::from_secs(86_400 * 30)), what });
    let per_share = Money::new(d("0.25"), domain::Currency::usd());
    let id = MovementId::new("dividend").unwrap();
    let what = Happening::Dividend { instrument, per_share, id };
    setup.happenings.push(Dated { at: START.plus(Nanos::from_secs(86_400 * 40 + 7)), what });
    setup
}

/// The first of what is traded and what it comes to that differs. Ids of records are not looked
/// at: a jump leaves records out.
fn difference(a: &Run, b: &Run) -> Option<String> {
    fn first<T: PartialEq + std::fmt::Debug>(what: &str, a: &[T], b: &[T]) -> Option<String> {
        let n = (0..a.len().max(b.len())).find(|n| a.get(*n) != b.get(*n))?;
        Some(format!("{what} {n}: {:?} and {:?}", a.get(n), b.get(n)))
    }
    fn one<T: PartialEq + std::fmt::Debug>(what: &str, a: &T, b: &T) -> Option<String> {
        (a != b).then(|| format!("{what}: {a:?} and {b:?}"))
    }
    let trips = |run: &Run| -> Vec<_> {
        run.trips.iter().map(|t| (t.opened, t.closed, t.net(), t.reason)).collect()
    };
    let (x, y) = (&a.outcome, &b.outcome);
    first("fill", &a.fills, &b.fills)
        .or_else(|| first("mark", &a.curve, &b.curve))
        .or_else(|| first("trip", &trips(a), &trips(b)))
        .or_else(|| one("cash", &x.cash, &y.cash))
        .or_else(|| one("balances", &x.balances, &y.balances))
        .or_else(|| one("equity", &x.equity, &y.equity))
        .or_else(|| first("holding", &x.open, &y.open))
        .or_else(|| one("refusals", &x.refusals, &y.refusals))
        .or_else(|| one("compared", &x.compared, &y.compared))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn jumping_is_the_same_as_bar_by_bar(seed: u64, often in prop::sample::select(vec![5_u64, 40, 200])) {
        let setup = random_setup(seed);
        let slow = run(&Setup { jump: false, ..setup.clone() }, seed, often);
        let fast = run(&Setup { jump: true, ..setup }, seed, often);
        prop_assert_eq!(difference(&slow, &fast), None);
        prop_assert!(fast.outcome.counts.prices <= slow.outcome.counts.prices);
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes(seed: u64) {
        let setup = random_setup(seed);
        let (first, second) = (run(&setup, seed, 60), run(&setup, seed, 60));
        prop_assert_eq!(first.outcome.records, second.outcome.records);
        prop_assert_eq!(first.outcome.head, second.outcome.head);
        prop_assert_eq!(first.outcome.counts, second.outcome.counts);
    }

    #[test]
    fn books_and_venue_agree_at_the_end(seed: u64) {
        let run = run(&random_setup(seed), seed, 100);
        let usd = domain::Currency::usd();
        // Nothing here is a contract, so the venue owes what the books say.
        prop_assert_eq!(run.outcome.cash.get(usd), run.outcome.balances.get(usd));
        let value = run.outcome.open.iter().map(|h| h.qty.get() * h.mark.unwrap().get());
        let equity = run.outcome.cash.get(usd).amount() + value.sum::<Decimal>();
        prop_assert_eq!(run.outcome.equity, Some(equity));
        prop_assert!(run.outcome.counts.fills > 0);
    }
}
