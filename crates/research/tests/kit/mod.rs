//! A small trial over prices that wander by a fixed rule.

#![allow(dead_code, reason = "not every test uses every helper")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

pub(crate) mod draw;

use std::{num::NonZeroUsize, sync::Arc};

use domain::{Bar, CalendarKind, Limits, Nanos, Price, Timestamp};
use research::{
    stats::Settings,
    trial::{Events, Market, Terms, Trial},
};
use rust_decimal::Decimal;

const RULES: &str = r#"
name = "Crossover"
symbols = ["XYZ"]
timeframe = "1d"
[params]
fast = { default = 3, min = 1, max = 20 }
slow = { default = 8, min = 2, max = 60, step = 2 }
[entry]
long = "crosses_above(sma(close, fast), sma(close, slow))"
[exit]
long = "crosses_below(sma(close, fast), sma(close, slow))"
stop = "2 * atr(5)"
[size]
percent_equity = 50
"#;
const DAY: i64 = 86_400;

pub(crate) fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

/// Bars whose closes walk by steps of a linear congruential generator (Knuth's MMIX).
pub(crate) fn bars(count: usize) -> Vec<Bar> {
    let mut state = 7_u64;
    let mut last = 10_000_i64;
    let cents = |c: i64| Price::new(Decimal::new(c, 2)).unwrap();
    let bar = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let step = i64::try_from((state >> 33) % 401).unwrap() - 200;
        let (open, close) = (last, (last + step).max(1_000));
        last = close;
        let open_at = Timestamp::from_secs(1_700_006_400 + DAY * i64::try_from(n).unwrap());
        Bar {
            open_at,
            close_at: open_at.plus(Nanos::from_secs(DAY)),
            open: cents(open),
            high: cents(open.max(close) + 50),
            low: cents(open.min(close) - 50),
            close: cents(close),
            volume: "1000".parse().unwrap(),
        }
    };
    (0..count).map(bar).collect()
}

pub(crate) fn trial_of(rules: &str, bars: Vec<Bar>) -> Trial {
    let strategy = strategy::read(rules).unwrap();
    let market = Market {
        symbol: "XYZ".to_owned(),
        calendar: CalendarKind::AlwaysOpen,
        tick: "0.01".parse().unwrap(),
        step: "0.001".parse().unwrap(),
        bars: bars.into(),
        events: Events::default(),
        gaps: [].into(),
    };
    let terms = Terms {
        cash: Decimal::from(10_000),
        fee: "0.001".parse().unwrap(),
        slippage_bps: Decimal::ZERO,
        half_spread_bps: Decimal::ZERO,
        borrow_rate: Decimal::ZERO,
        limits: Limits::default(),
        limits_name: "research".to_owned(),
        compare: None,
        figures: Settings { resample: None, ..Settings::default() },
    };
    let params = strategy.defaults();
    Trial {
        strategy: Arc::new(strategy),
        params,
        markets: vec![market],
        from: None,
        until: None,
        terms,
    }
}

pub(crate) fn trial(count: usize) -> Trial {
    trial_of(RULES, bars(count))
}
