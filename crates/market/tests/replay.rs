//! The laws of replay, and the demo's data played from end to end.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use domain::{Bar, CalendarKind, InstrumentId, Nanos, Price, Qty, Timeframe, Timestamp};
use jiff::civil::Date;
use market::{
    Calendar, Pace, Phase, Replay, ReplayClock, ReplaySpec, Series, Split, Splits, Step, Tick,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

const STOCKS: Calendar = Calendar::of(CalendarKind::UsEquities);

fn data(symbol: &str) -> Series {
    let path = format!("{}/../../data/{symbol}-1d.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let date: Date = fields[0].parse().unwrap();
        let (open_at, close_at) = STOCKS.bar_span(date, Timeframe::Day).unwrap();
        let price = |n: usize| -> Price { fields[n].parse().unwrap() };
        let (open, high, low, close) = (price(1), price(2), price(3), price(4));
        Bar { open_at, close_at, open, high, low, close, volume: fields[5].parse().unwrap() }
    };
    Series {
        instrument: format!("sim:{symbol}").parse().unwrap(),
        timeframe: Timeframe::Day,
        tick: "0.01".parse().unwrap(),
        bars: text.lines().skip(1).map(row).collect(),
    }
}

/// The bars of a series that nobody else has, to change them.
fn bars(series: &mut Series) -> &mut [Bar] {
    std::sync::Arc::make_mut(&mut series.bars)
}

fn spec() -> ReplaySpec {
    ReplaySpec { half_spread_bps: Decimal::TWO }
}

fn drain(replay: &mut Replay) -> Vec<Tick> {
    std::iter::from_fn(|| replay.next_due(Timestamp(i64::MAX))).collect()
}

/// Every bar has four ticks, in order, on its prices, with all of its volume.
fn check_bars(series: &[Series], ticks: &[Tick]) -> Result<(), TestCaseError> {
    let mut of: BTreeMap<(&InstrumentId, usize), Vec<&Tick>> = BTreeMap::new();
    for tick in ticks {
        of.entry((&tick.instrument, tick.bar)).or_default().push(tick);
    }
    prop_assert_eq!(of.len(), series.iter().map(|s| s.bars.len()).sum::<usize>());
    for one in series {
        for (index, bar) in one.bars.iter().enumerate() {
            let ticks = &of[&(&one.instrument, index)];
            let prices: Vec<Price> = ticks.iter().map(|t| t.quote.last).collect();
            let phases: Vec<Phase> = ticks.iter().map(|t| t.phase).collect();
            prop_assert_eq!(phases, [Phase::Open, Phase::Path, Phase::Path, Phase::Close]);
            prop_assert_eq!(prices.iter().max(), Some(&bar.high));
            prop_assert_eq!(prices.iter().min(), Some(&bar.low));
            prop_assert_eq!((prices[0], prices[3]), (bar.open, bar.close));
            prop_assert!(ticks.windows(2).all(|w| w[0].quote.at < w[1].quote.at));
            prop_assert_eq!(ticks[0].quote.at, Timestamp(bar.open_at.0 + 1));
            prop_assert_eq!(ticks[3].quote.at, bar.close_at);
            let volume = ticks.iter().fold(Qty::ZERO, |sum, t| sum.plus(t.volume));
            prop_assert_eq!(volume, bar.volume);
            for quote in ticks.iter().map(|t| t.quote) {
                prop_assert!(quote.bid <= quote.last && quote.last <= quote.ask);
                prop_assert!(quote.bid.is_on_tick(one.tick) && quote.ask.is_on_tick(one.tick));
            }
        }
    }
    Ok(())
}

#[test]
fn real_history_plays_in_one_order_whatever_the_order_of_the_series() {
    let series = vec![data("MSFT"), data("AAPL"), data("FB"), data("GOOG"), data("IBM")];
    let mut replay = Replay::new(series.clone(), spec()).unwrap();
    let ticks = drain(&mut replay);
    assert!(replay.is_finished());
    assert_eq!(replay.poll(Timestamp(i64::MAX)), Step::Finished);
    let keys: Vec<_> = ticks.iter().map(|t| (t.quote.at, &t.instrument)).collect();
    assert!(keys.windows(2).all(|w| w[0] < w[1]), "by time, then instrument");
    check_bars(&series, &ticks).unwrap();
    let reversed = series.into_iter().rev().collect();
    assert_eq!(drain(&mut Replay::new(reversed, spec()).unwrap()), ticks);
}

#[test]
fn a_demo_shows_one_daily_bar_every_two_seconds() {
    let series = data("FB");
    let start = series.bars[0].open_at;
    let count = series.bars.len();
    let mut replay = Replay::new(vec![series], spec()).unwrap();
    let pace = Pace::PerSession { real: Nanos::from_secs(2), calendar: STOCKS };
    let mut clock = ReplayClock::new(start, pace, Nanos(0)).unwrap();
    let (mut mono, mut closes) = (Nanos(0), Vec::new());
    loop {
        match replay.poll(clock.now(mono)) {
            Step::Tick(tick) if tick.phase == Phase::Close => closes.push(mono.0),
            Step::Tick(_) => {}
            Step::Wait(until) => {
                let due = clock.due_at(until).unwrap();
                assert!(due > mono, "the driver would spin");
                mono = due;
            }
            Step::Finished => break,
        }
    }
    let expected: Vec<i64> = (1..=count as i64).map(|n| n * 2_000_000_000).collect();
    assert_eq!(closes, expected);
}

#[test]
fn skipping_leaves_the_rest_and_ticks_know_their_bars() {
    let series = data("FB");
    let third = series.bars[2];
    let mut replay = Replay::new(vec![series], spec()).unwrap();
    assert_eq!(replay.skip_to(third.open_at), 8);
    let tick = replay.next_due(third.close_at).unwrap();
    assert_eq!((tick.bar, tick.phase), (2, Phase::Open));
    assert_eq!(replay.bar_of(&tick), Some(&third));
    let json = serde_json::to_value(&tick).unwrap();
    assert_eq!((&json["instrument"], &json["phase"]), (&"sim:FB".into(), &"open".into()));
    assert_eq!(replay.series()[0].timeframe, Timeframe::Day);
}

#[test]
fn what_cannot_play_is_refused_before_the_first_tick() {
    let refuse = |change: &dyn Fn(&mut Series)| {
        let mut series = data("FB");
        change(&mut series);
        Replay::new(vec![series], spec()).unwrap_err().to_string()
    };
    let overlap = refuse(&|s| bars(s)[1].open_at = Timestamp(s.bars[0].close_at.0 - 1));
    assert!(overlap.contains("longer than") || overlap.contains("opens before"), "{overlap}");
    assert!(refuse(&|s| bars(s).swap(0, 1)).contains("bar 1 of sim:FB: opens before"));
    assert!(refuse(&|s| bars(s)[0].high = s.bars[0].low).contains("high is below"));
    assert!(refuse(&|s| bars(s)[0].close_at = Timestamp(s.bars[0].open_at.0 + 3)).contains("4 ns"));
    assert!(refuse(&|s| s.timeframe = Timeframe::Hours(1)).contains("longer than its timeframe"));
    assert!(refuse(&|s| s.tick = "100".parse().unwrap()).contains("no positive bid"));
    let twice = Replay::new(vec![data("FB"), data("FB")], spec()).unwrap_err();
    assert_eq!(twice.code(), "replay_duplicate");
    let wide = ReplaySpec { half_spread_bps: Decimal::from(10_000) };
    assert_eq!(Replay::new(vec![], wide).unwrap_err().code(), "replay_half_spread");
}

#[test]
fn real_splits_vanish_from_the_adjusted_view() {
    let path = format!("{}/../../data/splits.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let instrument = format!("sim:{}", fields[0]).parse().unwrap();
        let ratio = Decimal::from_str_exact(fields[2]).unwrap();
        Split::new(instrument, fields[1].parse().unwrap(), ratio).unwrap()
    });
    let splits = Splits::new(rows, |_| CalendarKind::UsEquities).unwrap();
    assert_eq!(splits.events().len(), 3);
    let series = ["AAPL", "MSFT"].map(data);
    for event in splits.events() {
        let bars = &series.iter().find(|s| s.instrument == event.instrument).unwrap().bars;
        let after = bars.iter().position(|bar| bar.open_at == event.at).unwrap();
        let view = splits.adjusted(&event.instrument, bars, event.at).unwrap();
        let fall = |a: Bar, b: Bar| b.open.get() / a.close.get();
        let raw = fall(bars[after - 1], bars[after]);
        let seen = fall(view.get(after - 1).unwrap().unwrap(), view.get(after).unwrap().unwrap());
        assert!(raw < Decimal::new(6, 1), "{raw}");
        assert!(seen > Decimal::new(9, 1) && seen < Decimal::new(11, 1), "{seen}");
        let shown = view.iter().collect::<Result<Vec<Bar>, _>>().unwrap();
        assert!(shown.iter().all(|bar| bar.impossible().is_none()));
        assert_eq!(splits.due(Timestamp(event.at.0 - 1), event.at), std::slice::from_ref(event));
    }
}

/// Gap before the bar and span in ns; low, open, close and high in cents; volume.
type Shape = (i64, i64, [i64; 4], Qty);

prop_compose! {
    fn bar_shape()(gap in 0_i64..5_000, span in 4_i64..1_000_000_000,
                   cents in prop::array::uniform4(100_i64..1_000_000),
                   volume in 0_i64..1_000_000, decimals in 0_u32..6)
                   -> Shape {
        let mut cents = cents;
        cents.sort_unstable();
        if volume % 2 == 0 {
            cents.swap(1, 2);
        }
        (gap, span, cents, Qty::new(Decimal::new(volume, decimals)).unwrap())
    }
}

fn any_series() -> impl Strategy<Value = Vec<Series>> {
    let one = prop::collection::vec(bar_shape(), 0..12);
    prop::collection::vec(one, 1..4).prop_map(|all| {
        let series = |(index, shapes): (usize, Vec<Shape>)| {
            let mut at = 0;
            let price = |cents| Price::new(Decimal::new(cents, 2)).unwrap();
            let bars = shapes.into_iter().map(|(gap, span, [low, open, close, high], volume)| {
                let open_at = at + gap;
                at = open_at + span;
                Bar {
                    open_at: Timestamp(open_at),
                    close_at: Timestamp(at),
                    open: price(open),
                    high: price(high),
                    low: price(low),
                    close: price(close),
                    volume,
                }
            });
            Series {
                instrument: format!("sim:S{index}").parse().unwrap(),
                timeframe: Timeframe::Seconds(1),
                tick: "0.05".parse().unwrap(),
                bars: bars.collect(),
            }
        };
        all.into_iter().enumerate().map(series).collect()
    })
}

proptest! {
    #[test]
    fn ticks_touch_high_and_low_and_never_leave_them(series in any_series()) {
        let mut replay = Replay::new(series.clone(), spec()).unwrap();
        check_bars(&series, &drain(&mut replay))?;
    }

    #[test]
    fn replay_never_goes_back_and_polling_does_not_change_it(
        series in any_series(), nows in prop::collection::vec(0_i64..4_000_000_000, 1..40),
    ) {
        let expected = drain(&mut Replay::new(series.clone(), spec()).unwrap());
        let mut replay = Replay::new(series, spec()).unwrap();
        let mut seen = Vec::new();
        for now in nows.into_iter().map(Timestamp) {
            while let Some(tick) = replay.next_due(now) {
                prop_assert!(tick.quote.at <= now);
                seen.push(tick);
            }
            prop_assert!(replay.next_at().is_none_or(|at| at > now));
        }
        seen.extend(drain(&mut replay));
        prop_assert!(seen.windows(2).all(|w| w[0].quote.at <= w[1].quote.at));
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn the_clock_never_goes_back_and_polling_does_not_change_it(
        start in 946_684_800_i64..1_900_000_000,
        acts in prop::collection::vec((0_u8..5, 0_i64..40_000_000_000, 0_usize..4), 1..60),
    ) {
        let paces = [
            Pace::times(7),
            Pace::PerSession { real: Nanos(1_234_567_891), calendar: STOCKS },
            Pace::PerSession { real: Nanos(987_654_321),
                               calendar: Calendar::of(CalendarKind::AlwaysOpen) },
            Pace::Ratio { replay: Nanos(86_399), real: Nanos(7), skip_closed: Some(STOCKS) },
        ];
        let start = Timestamp::from_secs(start);
        let mut clock = ReplayClock::new(start, paces[acts[0].2], Nanos(0)).unwrap();
        let mut seldom = clock.clone();
        let (mut mono, mut last) = (Nanos(0), start);
        for (act, wait, pace) in acts {
            let target = Timestamp(last.0 + wait * 100);
            if let Some(due) = clock.due_at(target).filter(|due| *due > mono) {
                let (mut at, mut before) = (clock.clone(), clock.clone());
                prop_assert!(at.now(due) >= target);
                prop_assert!(before.now(Nanos(due.0 - 1)) < target);
            }
            mono.0 += wait;
            match act {
                0 => { clock.pause(mono); seldom.pause(mono); }
                1 => { clock.resume(mono); seldom.resume(mono); }
                2 => {
                    clock.set_pace(paces[pace], mono).unwrap();
                    seldom.set_pace(paces[pace], mono).unwrap();
                }
                3 => prop_assert_eq!(clock.seek(target, mono), seldom.seek(target, mono)),
                _ => {}
            }
            let now = clock.now(mono);
            prop_assert!(now >= last, "{now} before {last}");
            last = now;
        }
        prop_assert_eq!(seldom.now(mono), last);
    }
}
