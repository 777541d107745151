//! The levels that protect a position and take its profit.
//!
//! A plan is only data here: this module must not know orders, venues or the price of now.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    num::{Percent, Price, Qty},
    time::{Nanos, Timestamp},
};

/// The most partial targets that a plan may have.
pub const TARGETS_MAX: usize = 4;

/// How far a trailing stop stays behind the best price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailBy {
    /// By an amount, in units of price.
    Amount(Price),
    /// By a percentage of the best price.
    Percent(Percent),
}

/// A stop that follows the price and never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// How far behind the best price.
    #[serde(flatten)]
    pub by: TrailBy,
    /// The price that must be reached before the stop begins to follow; at once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Price>,
}

impl Trail {
    /// Where the stop belongs for the best price so far; `None` when that is not above zero.
    #[must_use]
    pub fn stop_for(&self, best: Price, long: bool) -> Option<Price> {
        let sign = if long { -rust_decimal::Decimal::ONE } else { rust_decimal::Decimal::ONE };
        match self.by {
            TrailBy::Amount(amount) => best.moved(sign * amount.get()),
            TrailBy::Percent(percent) => best.moved_percent(sign * percent.get()),
        }
    }

    /// True when the best price has reached the activation.
    #[must_use]
    pub fn is_active(&self, best: Price, long: bool) -> bool {
        self.activation.is_none_or(|from| if long { best >= from } else { best <= from })
    }
}

/// A price at which a share of the position is closed at a profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The price.
    pub price: Price,
    /// The share of the position as it was when the plan was made.
    pub share: Percent,
}

/// Up to [`TARGETS_MAX`] partial targets, in the order in which they were given.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Targets([Option<Target>; TARGETS_MAX]);

/// More partial targets than a plan may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plan has at most {TARGETS_MAX} partial targets, not {0}")]
pub struct TooManyTargets(pub usize);

impl Targets {
    /// The targets of a list.
    ///
    /// # Errors
    /// [`TooManyTargets`].
    pub fn new(list: &[Target]) -> Result<Self, TooManyTargets> {
        if list.len() > TARGETS_MAX {
            return Err(TooManyTargets(list.len()));
        }
        let mut levels = [None; TARGETS_MAX];
        for (level, target) in levels.iter_mut().zip(list) {
            *level = Some(*target);
        }
        Ok(Self(levels))
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The targets.
    pub fn iter(&self) -> impl Iterator<Item = Target> + '_ {
        self.0.iter().flatten().copied()
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
impl Serialize for Targets {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}
impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let list = Vec::<Target>::deserialize(d)?;
        Self::new(&list).map_err(serde::de::Error::custom)
    }
}

/// When a position is closed whatever its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeStop {
    /// At this time of the desk's clock.
    At(Timestamp),
    /// So many seconds after the plan was made, which for an entry is its first fill.
    AfterSecs(u32),
}

impl TimeStop {
    /// When it is due for a plan that was made at `since`.
    #[must_use]
    pub fn due(&self, since: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => *at,
            Self::AfterSecs(secs) => since.plus(Nanos::from_secs(i64::from(*secs))),
        }
    }
}

/// Levels that protect a position and take its profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protective {
    /// Close at a loss from here on; rests at the venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Price>,
    /// Close what is left at a profit from here on; watched by the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Price>,
    /// Lets the stop follow the price; watched by the desk, the stop itself rests at the venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
    /// Close shares of the position at a profit; watched by the desk.
    #[serde(default, skip_serializing_if = "Targets::is_empty")]
    pub targets: Targets,
    /// Close whatever the price; watched by the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_stop: Option<TimeStop>,
}

impl Protective {
    /// True when nothing is planned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How much of `base` the partial target at `index` closes, before rounding to the step.
    #[must_use]
    pub fn share_of(&self, index: usize, base: Qty) -> Option<Qty> {
        self.targets.iter().nth(index).map(|target| base.percent(target.share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn px(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_plan_reads_as_people_write_it() {
        let text = r#"{"stop":"95","trail":{"percent":"2.5","activation":"110"},
            "targets":[{"price":"120","share":"50"}],"time_stop":{"after_secs":3600}}"#;
        let plan: Protective = serde_json::from_str(text).unwrap();
        assert_eq!(plan.stop, Some(px("95")));
        let trail = plan.trail.unwrap();
        assert_eq!(trail.by, TrailBy::Percent("2.5".parse().unwrap()));
        assert!(!trail.is_active(px("109.99"), true) && trail.is_active(px("110"), true));
        assert_eq!(plan.share_of(0, "7".parse().unwrap()), Some("3.5".parse().unwrap()));
        assert_eq!(plan.share_of(1, "7".parse().unwrap()), None);
        let back = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Protective>(&back).unwrap(), plan);
        assert_eq!(serde_json::to_string(&Protective::default()).unwrap(), "{}");
    }

    #[test]
    fn a_trail_follows_on_the_side_of_the_position() {
        let by_amount = Trail { by: TrailBy::Amount(px("3")), activation: None };
        assert_eq!(by_amount.stop_for(px("100"), true), Some(px("97")));
        assert_eq!(by_amount.stop_for(px("100"), false), Some(px("103")));
        assert_eq!(by_amount.stop_for(px("3"), true), None, "a stop is above zero");
    }

    #[test]
    fn five_targets_are_refused_not_cut() {
        let text = r#"[{"price":"1","share":"1"},{"price":"2","share":"1"},
            {"price":"3","share":"1"},{"price":"4","share":"1"},{"price":"5","share":"1"}]"#;
        let error = serde_json::from_str::<Targets>(text).unwrap_err();
        assert!(error.to_string().contains("at most 4"), "{error}");
    }
}
