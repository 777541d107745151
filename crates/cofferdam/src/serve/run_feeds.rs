//! Which bars strategies can decide on: those of the replay, and those that are made of the prices
//! of synthetic symbols.
//!
//! It must not know strategies.

use std::{collections::BTreeSet, sync::Arc};

use domain::{Bar, InstrumentId, Timeframe, Timestamp};
use formula::Decimals;
use market::replay::Series;
use runner::Feeds;

use super::listings::Listings;

/// Made bars are no longer than this.
const MADE_MAX: Timeframe = Timeframe::Day;

/// The bars of one desk.
pub(super) struct RunFeeds {
    series: Vec<Series>,
    moving: BTreeSet<InstrumentId>,
    listings: Listings,
}

impl RunFeeds {
    pub(super) fn new(
        series: Vec<Series>,
        moving: BTreeSet<InstrumentId>,
        listings: Listings,
    ) -> Self {
        Self { series, moving, listings }
    }

    fn series(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Option<&Series> {
        let mine = |s: &&Series| s.instrument == *instrument && s.timeframe == timeframe;
        self.series.iter().find(mine)
    }

    /// True for what moves by itself, and for contracts on it.
    fn is_made(&self, instrument: &InstrumentId) -> bool {
        let follows = self.listings.followed_by(instrument);
        self.moving.contains(follows.as_ref().unwrap_or(instrument))
    }
}

impl Feeds for RunFeeds {
    fn tells(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Result<(), String> {
        if self.is_made(instrument) {
            let fits = timeframe.span() <= MADE_MAX.span();
            return if fits { Ok(()) } else { Err("bars of up to 1d".to_owned()) };
        }
        if self.series(instrument, timeframe).is_some() {
            return Ok(());
        }
        let known = self.series.iter().filter(|s| s.instrument == *instrument);
        let known: Vec<String> = known.map(|s| s.timeframe.to_string()).collect();
        Err(if known.is_empty() {
            "none: import bars and start the desk with --replay-from DATE".to_owned()
        } else {
            format!("those of {}", known.join(", "))
        })
    }

    fn decimals(&self, instrument: &InstrumentId, timeframe: Timeframe) -> Option<Decimals> {
        self.series(instrument, timeframe).map(|series| Decimals::of(&series.bars))
    }

    fn past(&self, instrument: &InstrumentId, timeframe: Timeframe, until: Timestamp) -> Vec<Bar> {
        let bars = self.series(instrument, timeframe).map(|s| Arc::clone(&s.bars));
        let bars = bars.unwrap_or_default();
        let known = bars.partition_point(|bar| bar.close_at <= until);
        bars[..known].to_vec()
    }
}
