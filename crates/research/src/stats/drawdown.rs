//! Falls from a peak: how deep, how long, and how long the way back was.
//!
//! Every bar counts, with open positions at their price. An episode begins at the last point at a
//! peak and ends at the first point that is at or above it. This module must not know trades.

use domain::Timestamp;
use rust_decimal::Decimal;

use super::{
    figure::Figure,
    note::Note,
    number::{self, counted},
    section::{Noted, noted, section},
};

/// Episodes that are listed.
pub const EPISODES_MAX: usize = 5;
const SECOND: i64 = 1_000_000_000;

section! {
    /// Falls of the equity from its peaks.
    pub struct DrawdownFigures {
        /// The deepest fall from a peak. Above 100 only if equity went below zero.
        max_drawdown_percent: Figure = Percent, "max((peak − E) ÷ peak) × 100 over all bars", "";
        /// The largest fall from a peak in money; it may be another fall than the deepest.
        max_drawdown_cash: Decimal = Money, "max(peak − E) over all bars", "";
        /// The mean depth of all falls.
        average_drawdown_percent: Figure = Percent, "mean of the episodes' depths", "No drawdown.";
        /// Falls in all, the current one included.
        drawdown_count: u32 = Count, "number of episodes", "";
        /// The longest time from a peak until equity was back, or until the end of the run.
        longest_drawdown_seconds: i64 = Seconds, "max over episodes; 0 without a drawdown", "";
        /// The mean time from a peak until equity was back, or until the end of the run.
        average_drawdown_seconds: Figure<i64> = Seconds, "mean over episodes, rounded down",
            "No drawdown.";
        /// How far equity is below its peak at the end of the run.
        current_drawdown_percent: f64 = Percent, "(peak − Eₙ) ÷ peak × 100", "";
        /// For how long it has been below its peak.
        current_drawdown_seconds: i64 = Seconds, "ended_at − time of the peak; 0 at the peak", "";
        /// The way back from the bottom of the deepest fall.
        max_drawdown_recovery_seconds: Figure<i64> = Seconds, "time of recovery − time of the bottom",
            "No drawdown, or not recovered.";
        /// The longest way back from a bottom, of the falls that have ended.
        longest_recovery_seconds: Figure<i64> = Seconds,
            "max of (time of recovery − time of the bottom)", "No drawdown, or none recovered.";
    }
}

section! {
    /// One fall from a peak.
    pub struct Drawdown {
        /// The last point at the peak.
        peak_at: Timestamp = Moment, "last point with E = peak", "";
        /// The lowest point, the first of several.
        bottom_at: Timestamp = Moment, "first point with the lowest E", "";
        /// The first point at or above the peak.
        recovered_at: Figure<Timestamp> = Moment, "first later point with E ≥ peak", "Not recovered.";
        /// Equity at the peak.
        peak_equity: Decimal = Money, "highest E so far", "";
        /// Equity at the bottom.
        bottom_equity: Decimal = Money, "lowest E of the episode", "";
        /// How much was lost.
        depth_cash: Decimal = Money, "peak_equity − bottom_equity", "";
        /// The same relative to the peak.
        depth_percent: f64 = Percent, "depth_cash ÷ peak_equity × 100", "";
        /// From the peak until equity was back, or until the end of the run.
        duration_seconds: i64 = Seconds, "recovered_at (or ended_at) − peak_at", "";
        /// From the bottom until equity was back.
        recovery_seconds: Figure<i64> = Seconds, "recovered_at − bottom_at", "Not recovered.";
    }
}

/// Every episode of a run, in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawdowns {
    episodes: Vec<Drawdown>,
    below: (f64, i64),
}

/// An episode that has not ended yet.
#[derive(Clone, Copy)]
struct Peak {
    at: Timestamp,
    equity: Decimal,
    bottom: Option<(Timestamp, Decimal)>,
}

impl Drawdowns {
    pub(crate) fn of(points: impl IntoIterator<Item = (Timestamp, Decimal)>) -> Self {
        let mut episodes = Vec::new();
        let mut points = points.into_iter();
        let Some((at, equity)) = points.next() else { return Self { episodes, below: (0.0, 0) } };
        let mut peak = Peak { at, equity, bottom: None };
        let mut last = (at, equity);
        for (at, equity) in points {
            if equity >= peak.equity {
                episodes.extend(peak.ended(at, Some(at)));
                peak = Peak { at, equity, bottom: None };
            } else if peak.bottom.is_none_or(|(_, lowest)| equity < lowest) {
                peak.bottom = Some((at, equity));
            }
            last = (at, equity);
        }
        let current = peak.ended(last.0, None);
        let below = current.as_ref().map_or((0.0, 0), |episode| {
            (fall(peak.equity, last.1) * 100.0, episode.duration_seconds)
        });
        episodes.extend(current);
        Self { episodes, below }
    }

    /// The deepest fall as a share of its peak.
    pub(crate) fn max_share(&self) -> Result<f64, Note> {
        self.deepest().map(|episode| episode.depth_percent / 100.0).ok_or(Note::NoDrawdown)
    }

    /// True when more than everything was lost.
    pub(crate) fn below_zero(&self) -> bool {
        self.max_share().is_ok_and(|share| share > 1.0)
    }

    /// The first of the deepest.
    fn deepest(&self) -> Option<&Drawdown> {
        self.episodes.iter().reduce(|deepest, episode| {
            if episode.depth_percent > deepest.depth_percent { episode } else { deepest }
        })
    }

    /// The deepest few, the deepest first; of two with the same depth the earlier first.
    pub(crate) fn top(&self) -> Vec<Noted<Drawdown>> {
        let mut by_depth: Vec<&Drawdown> = self.episodes.iter().collect();
        by_depth.sort_by(|a, b| b.depth_percent.total_cmp(&a.depth_percent));
        by_depth.into_iter().take(EPISODES_MAX).cloned().map(noted).collect()
    }

    pub(crate) fn figures(&self) -> DrawdownFigures {
        let deepest = self.deepest();
        let max = deepest.map_or(0.0, |episode| episode.depth_percent);
        let cash = self.episodes.iter().map(|episode| episode.depth_cash).max();
        let depths: Vec<f64> = self.episodes.iter().map(|e| e.depth_percent).collect();
        let durations = || self.episodes.iter().map(|episode| episode.duration_seconds);
        let any = if depths.is_empty() { Err(Note::NoDrawdown) } else { Ok(()) };
        let count = i64::try_from(depths.len()).unwrap_or(i64::MAX);
        let longest_back =
            self.episodes.iter().filter_map(|e| e.recovery_seconds.value().copied()).max();
        let back = deepest.map_or_else(
            || Figure::undefined(Note::NoDrawdown),
            |episode| episode.recovery_seconds.clone(),
        );
        DrawdownFigures {
            max_drawdown_percent: Figure::from(Ok(max))
                .doubted(self.below_zero(), Note::EquityBelowZero),
            max_drawdown_cash: cash.unwrap_or_default(),
            average_drawdown_percent: any.map(|()| number::mean(&depths)).into(),
            drawdown_count: counted(depths.len()),
            longest_drawdown_seconds: durations().max().unwrap_or(0),
            average_drawdown_seconds: any.map(|()| total(durations()) / count).into(),
            current_drawdown_percent: self.below.0,
            current_drawdown_seconds: self.below.1,
            max_drawdown_recovery_seconds: back,
            longest_recovery_seconds: any.and(longest_back.ok_or(Note::NotRecovered)).into(),
        }
    }
}

impl Peak {
    /// The episode, if equity was below the peak at all.
    fn ended(&self, at: Timestamp, recovered_at: Option<Timestamp>) -> Option<Drawdown> {
        let (bottom_at, bottom_equity) = self.bottom?;
        let recovered = recovered_at.ok_or(Note::NotRecovered);
        Some(Drawdown {
            peak_at: self.at,
            bottom_at,
            recovered_at: recovered.into(),
            peak_equity: self.equity,
            bottom_equity,
            depth_cash: self.equity - bottom_equity,
            depth_percent: fall(self.equity, bottom_equity) * 100.0,
            duration_seconds: seconds(at, self.at),
            recovery_seconds: recovered.map(|at| seconds(at, bottom_at)).into(),
        })
    }
}

/// The share of a peak that is lost. A peak is never below the starting capital, so above zero.
pub(crate) fn fall(peak: Decimal, equity: Decimal) -> f64 {
    number::approximate(peak - equity) / number::approximate(peak)
}

/// Whole seconds from one moment to a later one.
pub(crate) fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    later.since(earlier).0 / SECOND
}

fn total(values: impl Iterator<Item = i64>) -> i64 {
    values.fold(0, i64::saturating_add)
}
