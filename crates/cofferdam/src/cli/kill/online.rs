//! The kill switch of a desk that answers.
//!
//! This module must not write the kill file: the desk does, and says so.

use std::time::Duration;

use path::policy::KillLevel;
use serde_json::{Value, json};

use crate::cli::{
    Outcome,
    client::Api,
    context::Context,
    failure::Failure,
    output::{Out, at, clean, field, items, time},
    refusal,
};

/// A desk answers within seven seconds, however many accounts it has, and those on one database
/// within the longest lease, a minute, and a few seconds.
const PATIENCE: Duration = Duration::from_secs(75);

/// Pulls the switch; tells the desk's address and what it says.
pub(super) fn pull(
    ctx: &Context,
    level: KillLevel,
    reason: &str,
) -> Result<(String, Value), Failure> {
    let api = ctx.api_within(PATIENCE)?;
    let report = api.post("/api/kill", &json!({ "level": level, "reason": reason }))?;
    if field(&report, "level").is_empty() {
        return Err(Failure::new("bad_answer", "the answer names no level"));
    }
    Ok((api.base().to_string(), report))
}

/// Prints what the pull came to.
pub(super) fn show(desk: &str, report: &Value, out: &mut Out) -> Result<Outcome, Failure> {
    out.json(report)?;
    let level = field(report, "level");
    let all = at(report, "acknowledged").and_then(Value::as_bool).unwrap_or(false);
    if all {
        out.line(format!("kill switch at {level}, acknowledged by the desk at {desk}"));
    } else {
        out.line(format!("kill switch at {level}, but NOT every account has acknowledged"));
    }
    for other in at(report, "others").map(items).unwrap_or_default() {
        let (desk, how) = (clean(&field(other, "desk")), clean(&field(other, "how")));
        let stopped = at(other, "stopped").and_then(Value::as_bool).unwrap_or(false);
        let state = if stopped { "stopped" } else { "NOT stopped" };
        out.line(format!("  desk {desk} on the same database: {state}, {how}"));
    }
    let accounts = at(report, "accounts").map(items).unwrap_or_default();
    for account in accounts {
        let name = clean(&field(account, "account"));
        let acknowledged = at(account, "acknowledged").and_then(Value::as_bool).unwrap_or(false);
        let state = if acknowledged { "acknowledged" } else { "NOT acknowledged" };
        out.line(format!("  {name}: {state} {}", clean(&field(account, "error"))));
        let in_flight: Vec<String> = at(account, "in_flight")
            .map(items)
            .unwrap_or_default()
            .iter()
            .map(|id| clean(id.as_str().unwrap_or_default()))
            .collect();
        if !in_flight.is_empty() {
            let ids = in_flight.join(", ");
            out.line(format!("    in flight, cancelled until the venue confirms: {ids}"));
        }
    }
    if at(report, "file").and_then(Value::as_bool) == Some(false) {
        out.line("the kill file could not be written: look at the disk before a restart");
    }
    out.line("release: cofferdam kill release");
    Ok(if all { Outcome::Done } else { Outcome::Refused })
}

/// Tells on standard error what stands, before anybody is asked to release it.
pub(super) fn standing(api: &Api) -> Result<(), Failure> {
    let list = api.get("/api/accounts")?;
    for account in items(&list) {
        let level = field(account, "kill.level");
        if level.is_empty() {
            continue;
        }
        eprintln!(
            "{}: {} since {}: {}",
            clean(&field(account, "id")),
            clean(&level),
            time(at(account, "kill.since")),
            clean(&field(account, "kill.reason")),
        );
    }
    Ok(())
}

/// Releases the switch.
pub(super) fn release(api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let answer = api.post("/api/kill/release", &json!({ "confirm": "release" }))?;
    out.json(&answer)?;
    if at(&answer, "released").and_then(Value::as_bool) == Some(true) {
        out.line("released: entries pass again");
        return Ok(Outcome::Done);
    }
    out.line("NOT released on every account:");
    for (account, refusals) in
        at(&answer, "refused").and_then(Value::as_object).into_iter().flatten()
    {
        let refusals: Vec<&Value> = items(refusals).iter().collect();
        out.line(format!("{}\n{}", clean(account), refusal::render(&refusals)));
    }
    Ok(Outcome::Refused)
}
