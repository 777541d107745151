//! Which bars are chosen on and which are tested on.
//!
//! A test window lies behind its train window and tests follow each other without overlap, so no
//! test knows a later bar. This module must not know what is done in a window.

use std::ops::Range;

use serde::Serialize;

use super::WalkError;

/// Folds that a walk may have.
pub const FOLDS_MAX: usize = 10_000;

/// How history is divided. Lengths are in bars of the first symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Bars that a set is chosen on; above 0.
    pub train: usize,
    /// Bars that it is tested on then; above 0.
    pub test: usize,
    /// True when every train window begins with the first bar, so that they grow.
    pub anchored: bool,
}

/// One fold's bars, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Chosen on.
    pub train: Range<usize>,
    /// Tested on; it begins where `train` ends.
    pub test: Range<usize>,
}

impl Window {
    /// The window so many bars later.
    pub(super) fn later(self, bars: usize) -> Self {
        let moved = |range: Range<usize>| range.start + bars..range.end + bars;
        Self { train: moved(self.train), test: moved(self.test) }
    }
}

impl Plan {
    /// The folds of so many bars. A last test that would be cut short is left out.
    ///
    /// # Errors
    /// [`WalkError`] for lengths of 0, bars for no fold, or too many folds.
    pub fn windows(&self, bars: usize) -> Result<Vec<Window>, WalkError> {
        for (field, value) in [("train", self.train), ("test", self.test)] {
            if value == 0 {
                return Err(WalkError::Zero(field));
            }
        }
        let folds = bars.saturating_sub(self.train) / self.test;
        if folds == 0 {
            return Err(WalkError::TooShort { bars, train: self.train, test: self.test });
        }
        if folds > FOLDS_MAX {
            return Err(WalkError::Folds(folds));
        }
        let window = |fold: usize| {
            let begin = fold * self.test;
            let (from, until) = (begin + self.train, begin + self.train + self.test);
            let train = if self.anchored { 0..from } else { begin..from };
            Window { train, test: from..until }
        };
        Ok((0..folds).map(window).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tests_follow_each_other_and_know_no_later_bar(
            bars in 2_usize..3_000, train in 1_usize..400, test in 1_usize..200, anchored: bool,
        ) {
            let plan = Plan { train, test, anchored };
            let Ok(windows) = plan.windows(bars) else {
                prop_assert!(bars < train + test);
                return Ok(());
            };
            for window in &windows {
                prop_assert_eq!(window.train.end, window.test.start);
                prop_assert_eq!(window.test.len(), test);
                prop_assert!(window.test.end <= bars);
                let train_of = if anchored { window.train.end } else { train };
                prop_assert_eq!(window.train.len(), train_of);
            }
            prop_assert!(windows.windows(2).all(|pair| pair[0].test.end == pair[1].test.start));
            prop_assert_eq!(windows[0].train.clone(), 0..train);
            prop_assert!(bars - windows[windows.len() - 1].test.end < test, "no bar is wasted");
        }
    }

    #[test]
    fn a_plan_without_a_fold_is_refused() {
        for (train, test, bars, code) in [
            (0, 5, 100, "walk_zero"),
            (5, 0, 100, "walk_zero"),
            (90, 11, 100, "walk_too_short"),
            (1, 1, 100_000, "walk_folds"),
        ] {
            let refused = Plan { train, test, anchored: false }.windows(bars).unwrap_err();
            assert_eq!(refused.code(), code, "{refused}");
        }
    }
}
