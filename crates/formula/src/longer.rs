//! Longer bars, built from the bars that are told.
//!
//! A longer bar is given out when it can't change any more: with the bar that reaches its end, or
//! with the first bar after it. This module must not know formulas.

use domain::{Timeframe, Timestamp};

use crate::{columns::Columns, time::MarketTime};

/// The longer bar under way.
#[derive(Debug, Clone, Copy)]
struct Open {
    start: Timestamp,
    end: Timestamp,
    prices: [f64; 4],
    volume: f64,
}

/// Builds the bars of one longer timeframe.
#[derive(Debug)]
pub(crate) struct Longer {
    timeframe: Timeframe,
    open: Option<Open>,
}

impl Longer {
    pub(crate) fn new(timeframe: Timeframe) -> Self {
        Self { timeframe, open: None }
    }

    /// Takes bars in and appends the longer bars that are complete with them.
    pub(crate) fn take(&mut self, bars: &Columns, market: &dyn MarketTime, out: &mut Columns) {
        for bar in 0..bars.len() {
            let (opened, closed) = (bars.open_at[bar], bars.close_at[bar]);
            let outside = |open: &Open| opened >= open.end || opened < open.start;
            if let Some(done) = self.open.take_if(|open| outside(open)) {
                done.give(out);
            }
            let open = self.open.get_or_insert_with(|| {
                let (start, end) = market.bucket(self.timeframe, opened);
                let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
                Open { start, end, prices: [bars.open[bar], high, low, 0.0], volume: 0.0 }
            });
            let [_, high, low, close] = &mut open.prices;
            *high = high.max(bars.high[bar]);
            *low = low.min(bars.low[bar]);
            *close = bars.close[bar];
            open.volume += bars.volume[bar];
            if let Some(done) = self.open.take_if(|open| closed >= open.end) {
                done.give(out);
            }
        }
    }
}

impl Open {
    fn give(self, out: &mut Columns) {
        let [open, high, low, close] = self.prices;
        out.open_at.push(self.start);
        out.close_at.push(self.end);
        out.open.push(open);
        out.high.push(high);
        out.low.push(low);
        out.close.push(close);
        out.volume.push(self.volume);
    }
}
