//! Protective levels as people and programs see them.
//!
//! What the desk watches says so, since nothing of it holds while the desk is down; a stop rests at
//! the venue. It must not know whose levels they are.

use domain::{Target, TimeStop, Timestamp, Trail, TrailBy};
use path::state::Plan;
use serde::Serialize;
use utoipa::ToSchema;

/// How a stop follows the price.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TrailView {
    /// `amount`, in the quote currency, or `percent` of the best price.
    #[schema(example = "percent")]
    pub(crate) by: &'static str,
    /// How far behind the best price the stop stays.
    #[schema(example = "2.5")]
    pub(crate) distance: String,
    /// The price that must be reached before it begins to follow; null when it does at once.
    pub(crate) activation: Option<String>,
    /// Always true: the desk moves the stop, which stays where it rests while the desk is down.
    pub(crate) watched_here: bool,
}

impl From<&Trail> for TrailView {
    fn from(trail: &Trail) -> Self {
        let (by, distance) = match trail.by {
            TrailBy::Amount(amount) => ("amount", amount.to_string()),
            TrailBy::Percent(percent) => ("percent", percent.to_string()),
        };
        let activation = trail.activation.map(|p| p.to_string());
        Self { by, distance, activation, watched_here: true }
    }
}

/// A price at which a share of the position is closed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TargetView {
    /// The price.
    #[schema(example = "110")]
    pub(crate) price: String,
    /// The share of the position as it was when the plan was made.
    #[schema(example = "33")]
    pub(crate) percent: String,
    /// True once it was reached; absent where there is no position yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<bool>,
    /// Always true: nothing closes while the desk is down.
    pub(crate) watched_here: bool,
}

impl TargetView {
    /// A target of a position that is still to be opened.
    pub(crate) fn planned(target: Target) -> Self {
        Self {
            price: target.price.to_string(),
            percent: target.share.to_string(),
            taken: None,
            watched_here: true,
        }
    }

    /// The partial targets of a position, those that were reached included.
    pub(crate) fn of(plan: &Plan) -> Vec<Self> {
        let targets = plan.levels.targets.iter().zip(plan.taken);
        targets.map(|(t, taken)| Self { taken: Some(taken), ..Self::planned(t) }).collect()
    }
}

/// When a position is closed whatever its price.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TimeStopView {
    /// The time that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// The seconds after the plan was made that were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 7200)]
    pub(crate) after_secs: Option<u32>,
    /// When it is due, by the desk's clock; absent where there is no position yet and seconds were
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<String>,
    /// Always true: nothing closes while the desk is down, and in a closed market it waits for the
    /// opening.
    pub(crate) watched_here: bool,
}

impl TimeStopView {
    /// The time stop of a position that is still to be opened.
    pub(crate) fn planned(stop: &TimeStop) -> Self {
        let (at, after_secs) = match stop {
            TimeStop::At(at) => (Some(at.to_string()), None),
            TimeStop::AfterSecs(secs) => (None, Some(*secs)),
        };
        Self { due: at.clone(), at, after_secs, watched_here: true }
    }

    /// The time stop of a position whose plan was made at `since`.
    pub(crate) fn running(stop: &TimeStop, since: Timestamp) -> Self {
        Self { due: Some(stop.due(since).to_string()), ..Self::planned(stop) }
    }
}
