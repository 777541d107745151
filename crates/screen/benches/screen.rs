//! Speed of the kernel, in bars a second, and of a bare loop over the same closes beside it.
//!
//! `single` is a crossover with about 40 orders in 1 000 bars, fees included up to 100 000 bars;
//! `sweep` tries about 1 000 pairs of lengths over 100 000 bars on two threads.

use std::{collections::BTreeMap, sync::Arc, thread};

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::{Bar, CalendarKind, Nanos, Price, Qty, Timestamp};
use rust_decimal::Decimal;
use screen::{Screen, Tally, Tape, Terms};

const RULES: &str = r#"
name = "Crossover"
symbols = ["XYZ"]
timeframe = "1m"
[params]
fast = { default = 7, min = 2, max = 100 }
slow = { default = 30, min = 2, max = 500 }
[entry]
long = "crosses_above(sma(close, fast), sma(close, slow))"
[exit]
long = "crosses_below(sma(close, fast), sma(close, slow))"
[size]
percent_equity = 50
"#;
const MINUTE: i64 = 60;

fn main() {
    divan::main();
}

/// Minutes whose closes walk by steps of a linear congruential generator (Knuth's MMIX).
fn tape(count: u64) -> Arc<Tape> {
    let mut state = 7_u64;
    let mut last = 1_000_000_i64;
    let cents = |cents: i64| Price::new(Decimal::new(cents, 2)).expect("a price above 0");
    let bars: Vec<Bar> = (0..count)
        .map(|n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let step = i64::try_from((state >> 33) % 401).unwrap_or(0) - 200;
            let (open, close) = (last, (last + step).max(10_000));
            last = close;
            let open_at = Timestamp::from_secs(1_700_006_400 + MINUTE * n.cast_signed());
            Bar {
                open_at,
                close_at: open_at.plus(Nanos::from_secs(MINUTE)),
                open: cents(open),
                high: cents(open.max(close) + 50),
                low: cents(open.min(close) - 50),
                close: cents(close),
                volume: Qty::new(Decimal::from(1_000)).expect("a quantity"),
            }
        })
        .collect();
    let tick = Price::new(Decimal::new(1, 2)).expect("a tick");
    let step = Qty::new(Decimal::new(1, 3)).expect("a step");
    Arc::new(Tape::new(&bars, (tick, step), CalendarKind::AlwaysOpen).expect("sound bars"))
}

fn screen(tape: &Arc<Tape>, fee: Decimal) -> Screen {
    let strategy = Arc::new(strategy::read(RULES).expect("sound rules"));
    let zero = Decimal::ZERO;
    let cash = Decimal::from(1_000_000);
    let terms = Terms { cash, fee, slippage_bps: zero, half_spread_bps: zero };
    Screen::new(strategy, Arc::clone(tape), &terms, 0).expect("a strategy of the class")
}

fn set(fast: u32, slow: u32) -> BTreeMap<String, f64> {
    [("fast".to_owned(), fast.into()), ("slow".to_owned(), slow.into())].into()
}

#[divan::bench(args = [10_000, 100_000, 1_000_000])]
fn single(bencher: Bencher<'_, '_>, bars: u64) {
    let fee = if bars > 100_000 { Decimal::ZERO } else { Decimal::new(1, 3) };
    let screen = screen(&tape(bars), fee);
    let mut tally = [Tally::default()];
    let equity = screen.run(&[set(7, 30)], &mut tally).expect("amounts that fit");
    eprintln!("{bars} bars: {} orders, equity {:?}", 2 * tally[0].trades, screen.amount(equity[0]));
    bencher.counter(ItemsCount::new(bars)).bench(|| {
        let mut tally = [Tally::default()];
        screen.run(black_box(&[set(7, 30)]), &mut tally).map(|equity| (equity, tally))
    });
}

#[divan::bench(args = [1, 2])]
fn sweep(bencher: Bencher<'_, '_>, threads: usize) {
    const BARS: u64 = 100_000;
    let screen = screen(&tape(BARS), Decimal::new(1, 3));
    let sets: Vec<_> =
        (5..37).flat_map(|fast| (0..32).map(move |n| set(fast, 40 + 4 * n))).collect();
    let mut tallies = vec![Tally::default(); sets.len()];
    screen.run(&sets, &mut tallies).expect("amounts that fit");
    let orders: u64 = tallies.iter().map(|tally| 2 * tally.trades).sum();
    eprintln!("{} sets: {orders} orders", sets.len());
    bencher.counter(ItemsCount::new(sets.len() as u64 * BARS)).bench(|| {
        let screen = &screen;
        thread::scope(|scope| {
            for sets in sets.chunks(sets.len().div_ceil(threads)) {
                scope.spawn(move || {
                    let mut tallies = vec![Tally::default(); sets.len()];
                    screen.run(sets, &mut tallies).map(|equity| black_box((equity, tallies)))
                });
            }
        });
    });
}

/// The sum of all closes, one after the other.
#[divan::bench(args = [1_000_000])]
fn bare_loop(bencher: Bencher<'_, '_>, bars: u32) {
    let closes: Vec<f64> = (0..bars).map(f64::from).collect();
    bencher.counter(ItemsCount::new(bars)).bench(|| {
        let mut last = 0.0;
        black_box(&closes).iter().fold(0.0, |sum, close| {
            let moved = close - last;
            last = *close;
            sum + moved.abs()
        })
    });
}
