//! The bars that runs may see: what is stored, up to the desk's own time.
//!
//! A desk that replays must not be looked ahead of, not by its own research either. This module
//! must not know what is done with bars.

use std::{ops::Range, sync::Arc};

use api::{ApiError, RunError};
use bars::BarStore;
use desk::Clock;
use domain::{Bar, Timeframe, Timestamp};
use research::trial::Market;

use crate::{markets, serve::doors::sentence};

/// Bars that one run may take, all symbols together: each is about a hundred bytes of memory.
const BARS_MAX: usize = 2_000_000;

/// Stored bars up to the desk's time.
pub(super) struct History {
    store: Arc<BarStore>,
    clock: Arc<dyn Clock>,
}

/// Which part of history a run trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Bars that close before are left out.
    pub(super) from: Option<Timestamp>,
    /// Bars that close after are left out.
    pub(super) until: Timestamp,
}

impl Stretch {
    /// When its bars open: the longest bar is a week.
    fn opens(&self) -> Range<Timestamp> {
        let week = Timeframe::Week.span().0;
        let from = self.from.map_or(i64::MIN, |from| from.0.saturating_sub(week));
        Timestamp(from)..self.until
    }

    fn has(&self, bar: &Bar) -> bool {
        bar.close_at <= self.until && self.from.is_none_or(|from| bar.close_at >= from)
    }
}

fn error(code: &str, message: impl Into<String>) -> RunError {
    RunError { code: code.to_owned(), message: message.into() }
}

impl History {
    pub(super) fn new(store: Arc<BarStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Up to an instant, and never beyond the desk's time.
    pub(super) fn until(&self, wanted: Option<Timestamp>) -> Timestamp {
        let now = self.clock.now().at;
        wanted.map_or(now, |wanted| wanted.min(now))
    }

    /// Refuses symbols without a bar in a stretch.
    pub(super) fn look(
        &self,
        symbols: &[String],
        timeframe: Timeframe,
        stretch: &Stretch,
    ) -> Result<(), ApiError> {
        for symbol in symbols {
            let mut bars = self.bars(symbol, timeframe, stretch).map_err(|e| told(&e))?;
            let found =
                bars.find_map(|bar| bar.map(|bar| stretch.has(&bar).then_some(bar)).transpose());
            match found {
                Some(Ok(_)) => {}
                Some(Err(damage)) => return Err(told(&damaged(symbol, &damage))),
                None => return Err(told(&self.none(symbol, timeframe))),
            }
        }
        Ok(())
    }

    /// A market for each symbol, with all bars that close until an instant.
    pub(super) fn markets(
        &self,
        symbols: &[String],
        timeframe: Timeframe,
        until: Timestamp,
    ) -> Result<Vec<Market>, RunError> {
        let stretch = Stretch { from: None, until };
        let mut count = 0;
        let mut found = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let mut bars = Vec::new();
            for bar in self.bars(symbol, timeframe, &stretch)? {
                let bar = bar.map_err(|damage| damaged(symbol, &damage))?;
                if stretch.has(&bar) {
                    count += 1;
                    bars.push(bar);
                }
                if count > BARS_MAX {
                    let message = format!(
                        "there are more than {BARS_MAX} bars, those before `from` among them; take \
                         an earlier `until` or a longer timeframe, or use the command line"
                    );
                    return Err(error("too_many_bars", message));
                }
            }
            let calendar = markets::calendar(&bars, timeframe);
            let market = markets::market(symbol, (calendar, timeframe), None, bars);
            found.push(market.ok_or_else(|| self.none(symbol, timeframe))?);
        }
        Ok(found)
    }

    /// There is no bar of a symbol where one is needed.
    fn none(&self, symbol: &str, timeframe: Timeframe) -> RunError {
        let message = match self.covered(symbol, timeframe) {
            Some((first, last)) => format!(
                "there are no bars of {symbol} with timeframe {timeframe} in that stretch: they go \
                 from {first} to {last}; choose `from` and `until` in there, or import more"
            ),
            None => format!(
                "there are no bars of {symbol} with timeframe {timeframe}; import some: cofferdam \
                 bars import FILE.csv --symbol {symbol} --timeframe {timeframe}"
            ),
        };
        error("no_bars", message)
    }

    /// From the first bar's opening to the last one's close, as far as the desk's time has come.
    fn covered(&self, symbol: &str, timeframe: Timeframe) -> Option<(Timestamp, Timestamp)> {
        let now = self.clock.now().at;
        let series = markets::series(symbol, timeframe).ok()?;
        let first = self.store.iter(&series, Timestamp(i64::MIN)..now).ok()?.next()?.ok()?;
        let last = self.store.latest(&series, 1).ok()?.pop()?;
        Some((first.open_at, last.close_at.min(now)))
    }

    /// The bars that may lie in a stretch, in order.
    fn bars(
        &self,
        symbol: &str,
        timeframe: Timeframe,
        stretch: &Stretch,
    ) -> Result<bars::BarIter, RunError> {
        let series = markets::series(symbol, timeframe).map_err(|why| error("no_bars", why))?;
        self.store.iter(&series, stretch.opens()).map_err(|damage| damaged(symbol, &damage))
    }
}

fn damaged(symbol: &str, damage: &bars::StoreError) -> RunError {
    error(damage.code(), format!("the bars of {symbol} can't be read: {damage}"))
}

/// An error as an answer at the door.
fn told(error: &RunError) -> ApiError {
    let remedy = "GET /api/bars lists what is stored.";
    ApiError::unprocessable(&error.code, sentence(&error.message), remedy)
}
