//! Protective levels as orders, reversals and positions take them: the same fields everywhere.
//!
//! Only the form is checked here; whether a level can do what it is for is the gate's to say. It
//! must not know which route reads them.

use std::str::FromStr;

use domain::{
    Percent, Price, Protective, TARGETS_MAX, Target, Targets, TimeStop, Timestamp, Trail, TrailBy,
};
use rust_decimal::Decimal;
use utoipa::ToSchema;

use crate::body::{Fields, FromFields};

/// The longest span of a time stop: ten years are more than anybody waits.
const TIME_STOP_SECS_MAX: u32 = 10 * 366 * 86_400;

/// A price at which a share of the position is closed at a profit.
#[derive(ToSchema)]
#[schema(as = PartialTarget)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct TargetSchema {
    /// The price, in the instrument's quote currency.
    #[schema(example = "110")]
    price: String,
    /// The share of the position as it was when the plan was made, in percent: above 0 and at most
    /// 100, all shares together at most 100.
    #[schema(example = "50")]
    percent: String,
}

struct Level(Target);

impl FromFields for Level {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let price = f.need_decimal::<Price>("price");
        let share = f.need_decimal::<Percent>("percent");
        let (price, share) = (price?, share?);
        if share.get() <= Decimal::ZERO || share.get() > Decimal::ONE_HUNDRED {
            f.refuse_value("percent", share, "above 0 and at most 100");
            return None;
        }
        Some(Self(Target { price, share }))
    }
}

/// Takes `stop`, `target`, `trail_amount` or `trail_percent`, `trail_activation`, `targets`, and
/// `time_stop` or `time_stop_secs`.
pub(crate) fn levels(f: &mut Fields) -> Option<Protective> {
    let stop = f.decimal::<Price>("stop");
    let target = f.decimal::<Price>("target");
    let trail = trail(f);
    let targets = targets(f);
    let time_stop = time_stop(f);
    Some(Protective {
        stop: stop?,
        target: target?,
        trail: trail?,
        targets: targets?,
        time_stop: time_stop?,
    })
}

fn trail(f: &mut Fields) -> Option<Option<Trail>> {
    let amount = f.decimal::<Price>("trail_amount");
    let percent = f.decimal::<Percent>("trail_percent");
    let activation = f.decimal::<Price>("trail_activation");
    let (amount, percent, activation) = (amount?, percent?, activation?);
    let by = match (amount, percent) {
        (Some(amount), Some(_)) => {
            f.refuse_value("trail_amount", amount, "give trail_amount or trail_percent, not both");
            return None;
        }
        (Some(amount), None) => TrailBy::Amount(amount),
        (None, Some(percent)) => {
            if percent.get() <= Decimal::ZERO || percent.get() >= Decimal::ONE_HUNDRED {
                f.refuse_value("trail_percent", percent, "above 0 and below 100");
                return None;
            }
            TrailBy::Percent(percent)
        }
        (None, None) => {
            let Some(activation) = activation else { return Some(None) };
            let rule = "nothing trails: give trail_amount or trail_percent with it";
            f.refuse_value("trail_activation", activation, rule);
            return None;
        }
    };
    Some(Some(Trail { by, activation }))
}

fn targets(f: &mut Fields) -> Option<Targets> {
    let list = f.list::<Level>("targets", TARGETS_MAX)?;
    let list: Vec<Target> = list.into_iter().map(|level| level.0).collect();
    let sum: Decimal = list.iter().map(|target| target.share.get()).sum();
    if sum > Decimal::ONE_HUNDRED {
        f.refuse_value("targets", format!("{sum} %"), "at most 100 percent together");
        return None;
    }
    Targets::new(&list).ok()
}

/// An instant whose error says how it is written.
struct Instant(Timestamp);

impl FromStr for Instant {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let rule = "an instant with its zone as in RFC 3339, such as 2026-01-30T20:00:00Z";
        text.parse().map(Self).map_err(|_| rule)
    }
}

fn time_stop(f: &mut Fields) -> Option<Option<TimeStop>> {
    let at = f.may::<Instant>("time_stop");
    let secs = f.count("time_stop_secs", 1..=TIME_STOP_SECS_MAX);
    match (at?.map(|at| at.0), secs?) {
        (Some(at), Some(_)) => {
            f.refuse_value("time_stop", at, "give time_stop or time_stop_secs, not both");
            None
        }
        (Some(at), None) => Some(Some(TimeStop::At(at))),
        (None, Some(secs)) => Some(Some(TimeStop::AfterSecs(secs))),
        (None, None) => Some(None),
    }
}
