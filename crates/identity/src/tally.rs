//! The record of what went wrong, with a bound: nobody can make it grow as fast as they can knock.
//!
//! The record is append-only, so what anybody can cause must not be written each time. In each hour
//! the first few of a name are written whole; the others are counted, and the count is written as
//! one record once the hour is over. Names that nobody has count as one, and so do names beyond a
//! number. It must not know why something was wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    error::IdentityError,
    rows::{Event, Rows},
};

use domain::Timestamp;

/// The setting that keeps the counts.
const TALLY: &str = "failures";
/// What of a name is written whole in an hour.
pub(crate) const EACH: u32 = 5;
/// Names that are told apart in an hour.
pub(crate) const NAMES: usize = 20;
/// Every name beyond that.
const OTHERS: &str = "others";
const HOUR_SECONDS: i64 = 3_600;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally {
    /// Hours since 1970.
    hour: i64,
    /// What went wrong in it, by name.
    names: BTreeMap<String, u32>,
}

fn hour(now: Timestamp) -> i64 {
    now.0.div_euclid(HOUR_SECONDS * 1_000_000_000)
}

fn read(rows: &mut dyn Rows) -> Result<Option<Tally>, IdentityError> {
    match rows.setting(TALLY)? {
        Some(text) if !text.is_empty() => {
            serde_json::from_str(&text).map(Some).map_err(|_| IdentityError::Damaged("count"))
        }
        _ => Ok(None),
    }
}

/// Writes the counts of an hour that is over; false while one is under way.
pub(crate) fn close(rows: &mut dyn Rows, now: Timestamp) -> Result<bool, IdentityError> {
    let Some(tally) = read(rows)? else { return Ok(true) };
    if tally.hour == hour(now) {
        return Ok(false);
    }
    rows.put_setting(TALLY, "")?;
    let beyond = |count: u32| Some(count.saturating_sub(EACH)).filter(|more| *more > 0);
    let more: BTreeMap<&str, u32> =
        tally.names.iter().filter_map(|(name, n)| Some((name.as_str(), beyond(*n)?))).collect();
    if !more.is_empty() {
        let from = Timestamp::from_secs(tally.hour.saturating_mul(HOUR_SECONDS));
        rows.record(&Event {
            at: now,
            kind: "failures_counted",
            by: "desk".to_owned(),
            subject: "sign-ins and proofs".to_owned(),
            detail: json!({"hour": from.to_string(), "more": more}),
        })?;
    }
    Ok(true)
}

/// Writes what went wrong, or counts it.
pub(crate) fn note(rows: &mut dyn Rows, name: &str, event: &Event) -> Result<(), IdentityError> {
    close(rows, event.at)?;
    let mut tally = read(rows)?.unwrap_or_default();
    tally.hour = hour(event.at);
    let known = tally.names.contains_key(name) || tally.names.len() < NAMES;
    let count = tally.names.entry(if known { name } else { OTHERS }.to_owned()).or_default();
    *count = count.saturating_add(1);
    let whole = *count <= EACH;
    let text = serde_json::to_string(&tally).map_err(|_| IdentityError::Damaged("count"))?;
    rows.put_setting(TALLY, &text)?;
    if whole { rows.record(event) } else { Ok(()) }
}
