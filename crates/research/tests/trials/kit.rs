//! Bars, strategies and trials for the tests.

use std::{collections::BTreeMap, sync::Arc};

use domain::{Bar, CalendarKind, Limits, Nanos, Price, Qty, Timestamp};
use research::{
    stats::Settings,
    trial::{Events, Market, Report, Terms, Trial, run},
};
use rust_decimal::Decimal;

pub(crate) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// An hourly bar round the clock; prices in whole dollars.
pub(crate) fn bar(hour: i64, [open, high, low, close]: [i64; 4]) -> Bar {
    let price = |dollars| Price::new(Decimal::from(dollars)).unwrap();
    let open_at = Timestamp::from_secs(1_704_067_200 + hour * 3_600);
    Bar {
        open_at,
        close_at: open_at.plus(Nanos::from_secs(3_600)),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Qty::new(Decimal::from(1_000)).unwrap(),
    }
}

pub(crate) fn market(symbol: &str, bars: Vec<Bar>) -> Market {
    Market {
        symbol: symbol.to_owned(),
        calendar: CalendarKind::AlwaysOpen,
        tick: "0.01".parse().unwrap(),
        step: "1".parse().unwrap(),
        bars: bars.into(),
        events: Events::default(),
        gaps: [].into(),
    }
}

/// A strategy on `AAA` and `BBB` with what stands in `rest`.
pub(crate) fn strategy(symbols: &str, rest: &str) -> strategy::Strategy {
    let text = format!("name = \"T\"\nsymbols = {symbols}\ntimeframe = \"1h\"\n{rest}");
    strategy::read(&text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// 10 000 dollars, no costs, no limits, nothing drawn.
pub(crate) fn terms() -> Terms {
    Terms {
        cash: d("10000"),
        fee: Decimal::ZERO,
        slippage_bps: Decimal::ZERO,
        half_spread_bps: Decimal::ZERO,
        borrow_rate: Decimal::ZERO,
        limits: Limits::default(),
        limits_name: "research".to_owned(),
        compare: None,
        figures: Settings { resample: None, ..Settings::default() },
    }
}

pub(crate) fn trial(strategy: strategy::Strategy, markets: Vec<Market>, terms: Terms) -> Trial {
    let params: BTreeMap<String, f64> = strategy.defaults();
    Trial { strategy: Arc::new(strategy), params, markets, terms, from: None, until: None }
}

/// The report of a strategy on `AAA` over hourly bars.
pub(crate) fn on_bars(rest: &str, bars: &[[i64; 4]], terms: Terms) -> Report {
    let bars = (0_i64..).zip(bars).map(|(hour, prices)| bar(hour, *prices)).collect();
    let trial = trial(strategy("[\"AAA\"]", rest), vec![market("AAA", bars)], terms);
    run(&trial).unwrap()
}
