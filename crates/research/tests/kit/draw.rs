//! Markets and bars that are drawn by a seed.

use domain::{Bar, CalendarKind, Nanos, Price, Qty, Timestamp};
use market::Calendar;
use rust_decimal::Decimal;

pub(crate) const CROSSOVER: &str = r#"
name = "Crossover"
symbols = ["XYZ"]
timeframe = "1d"
[params]
fast = { default = 3, min = 1, max = 20 }
slow = { default = 8, min = 2, max = 60 }
[entry]
long = "crosses_above(sma(close, fast), sma(close, slow))"
short = "crosses_below(sma(close, fast), sma(close, slow))"
[exit]
bars = 15
[size]
percent_equity = 50
"#;

/// Numbers drawn by SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    pub(crate) fn often(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The units of a market: decimals of prices and of quantities, the first price in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) price: u32,
    pub(crate) qty: u32,
    pub(crate) start: i64,
}

pub(crate) fn units(draw: &mut Draw) -> Units {
    match draw.below(5) {
        0 => Units { price: 0, qty: 0, start: 40 },
        1 => Units { price: 2, qty: 0, start: 10_000 },
        2 => Units { price: 4, qty: 2, start: 1_234_567 },
        3 => Units { price: 1, qty: 8, start: 600_000 },
        _ => Units { price: 2, qty: 3, start: 5_000 },
    }
}

/// When bars open and close: without end on a market that never closes, with days left out, or in
/// the sessions of a stock exchange.
pub(crate) fn spans(
    draw: &mut Draw,
    calendar: CalendarKind,
    span: i64,
    count: usize,
) -> Vec<(Timestamp, Timestamp)> {
    let gaps = if draw.often(30) { 3 } else { 0 };
    let mut spans = Vec::new();
    let mut at = 1_700_006_400_i64;
    let mut day = jiff::civil::date(2023, 11, 15);
    while spans.len() < count {
        if calendar == CalendarKind::UsEquities {
            day = day.tomorrow().unwrap();
            let Some(session) = Calendar::of(calendar).session_of_date(day) else { continue };
            let mut open = session.open;
            while open < session.close {
                let close = open.plus(Nanos::from_secs(span)).min(session.close);
                spans.push((open, close));
                open = close;
                if draw.often(gaps) {
                    break;
                }
            }
        } else {
            let open = Timestamp::from_secs(at);
            spans.push((open, open.plus(Nanos::from_secs(span))));
            at += span;
            if draw.often(gaps) {
                let days = i64::try_from(1 + draw.below(9)).unwrap();
                at += span.max(86_400 / span * span) * days;
            }
        }
    }
    spans.truncate(count);
    spans
}

/// Bars that walk, leap and stand still.
pub(crate) fn bars(draw: &mut Draw, units: Units, spans: &[(Timestamp, Timestamp)]) -> Vec<Bar> {
    let wide = (units.start / [10, 50, 400][usize::try_from(draw.below(3)).unwrap()]).max(1);
    let still = draw.below(60);
    let mut last = units.start;
    let price = |ticks: i64| Price::new(Decimal::new(ticks.max(2), units.price)).unwrap();
    let mut bars = Vec::new();
    for (open_at, close_at) in spans {
        let step = |draw: &mut Draw| {
            let wide = u64::try_from(wide).unwrap();
            if draw.often(still) {
                0
            } else {
                i64::try_from(draw.below(2 * wide + 1)).unwrap() - i64::try_from(wide).unwrap()
            }
        };
        let open = (last + if draw.often(40) { step(draw) } else { 0 }).max(2);
        let close = (open + step(draw)).max(2);
        let (up, down) = (step(draw).abs(), step(draw).abs());
        bars.push(Bar {
            open_at: *open_at,
            close_at: *close_at,
            open: price(open),
            high: price(open.max(close) + up),
            low: price(open.min(close) - down),
            close: price(close),
            volume: Qty::new(Decimal::from(draw.below(3) * 500)).unwrap(),
        });
        last = close;
    }
    bars
}
