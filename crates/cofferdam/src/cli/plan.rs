//! Protective levels as they are typed, sent and shown: the same for orders, reversals and
//! positions.
//!
//! This module must not judge a level: the desk does.

use clap::{ArgGroup, Args};
use domain::{Percent, Price, TARGETS_MAX, Target, TimeStop, TrailBy};
use serde_json::{Value, json};

use super::{
    failure::Failure,
    output::{at, field, grouped, items, plain, time},
};

/// The levels, as options.
#[derive(Debug, Clone, Default, Args)]
#[command(group = ArgGroup::new("levels").args(["stop", "trail"]).multiple(true))]
pub(crate) struct PlanArgs {
    /// Close at a loss from this price on; rests at the venue
    #[arg(long, value_name = "PRICE")]
    pub(crate) stop: Option<Price>,
    /// Let the stop follow the best price at this distance, 2.5 or 3%; the desk moves it
    #[arg(long, value_name = "DISTANCE", value_parser = trail)]
    pub(crate) trail: Option<TrailBy>,
    /// Follow only once this price was reached
    #[arg(long, value_name = "PRICE", requires = "trail")]
    pub(crate) trail_from: Option<Price>,
    /// Close all that is left at a profit from this price on; watched by the desk
    #[arg(long, value_name = "PRICE")]
    pub(crate) target: Option<Price>,
    /// Close a share at a profit, 120:50 for 50 %; up to four times; watched by the desk
    #[arg(long, value_name = "PRICE:PERCENT", value_parser = share)]
    pub(crate) take: Vec<Target>,
    /// Close after 2h, 90m or 3d, or at 2026-01-30T20:00:00Z; watched by the desk
    #[arg(long, value_name = "WHEN", value_parser = time_stop)]
    pub(crate) time_stop: Option<TimeStop>,
}

impl PlanArgs {
    /// Adds what was typed to a request's body.
    ///
    /// # Errors
    /// Bad usage, when there are more partial targets than a plan may have.
    pub(crate) fn put(&self, body: &mut Value) -> Result<(), Failure> {
        if self.take.len() > TARGETS_MAX {
            let text = format!("--take can be given at most {TARGETS_MAX} times");
            return Err(Failure::usage(text));
        }
        let (amount, percent) = match self.trail {
            None => (Value::Null, Value::Null),
            Some(TrailBy::Amount(amount)) => (json!(amount), Value::Null),
            Some(TrailBy::Percent(percent)) => (Value::Null, json!(percent)),
        };
        let (until, secs) = match self.time_stop {
            None => (Value::Null, Value::Null),
            Some(TimeStop::At(until)) => (json!(until), Value::Null),
            Some(TimeStop::AfterSecs(secs)) => (Value::Null, json!(secs)),
        };
        let target = |t: &Target| json!({"price": t.price, "percent": t.share});
        let targets: Vec<Value> = self.take.iter().map(target).collect();
        let optional = [
            ("stop", json!(self.stop)),
            ("target", json!(self.target)),
            ("trail_amount", amount),
            ("trail_percent", percent),
            ("trail_activation", json!(self.trail_from)),
            ("targets", if targets.is_empty() { Value::Null } else { json!(targets) }),
            ("time_stop", until),
            ("time_stop_secs", secs),
        ];
        for (name, value) in optional {
            if !value.is_null() {
                body[name] = value;
            }
        }
        Ok(())
    }

    /// What was typed, in words: `stop 115 · trails 3 % · 50 % at 130 · target none`.
    pub(crate) fn words(&self) -> String {
        let level = |price: Option<Price>| price.map_or("none".to_owned(), |p| p.to_string());
        let mut words = Vec::new();
        if self.stop.is_some() || self.trail.is_none() {
            words.push(format!("stop {}", level(self.stop)));
        }
        let from = self.trail_from.map_or_else(String::new, |price| format!(" from {price}"));
        words.extend(self.trail.map(|by| match by {
            TrailBy::Amount(amount) => format!("trails {amount}{from}"),
            TrailBy::Percent(percent) => format!("trails {percent} %{from}"),
        }));
        words.extend(self.take.iter().map(|t| format!("{} % at {}", t.share, t.price)));
        words.push(format!("target {}", level(self.target)));
        words.extend(self.time_stop.map(|stop| match stop {
            TimeStop::At(at) => format!("closes at {at}"),
            TimeStop::AfterSecs(secs) => format!("closes after {secs} s"),
        }));
        words.join(" · ")
    }
}

/// `2.5` in the instrument's currency, or `3%`.
fn trail(text: &str) -> Result<TrailBy, String> {
    let wrong = |e: domain::NumError| format!("{e}; write 2.5 or 3%");
    match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse().map(TrailBy::Percent).map_err(wrong),
        None => text.parse().map(TrailBy::Amount).map_err(wrong),
    }
}

/// `120:50` or `120:50%`.
fn share(text: &str) -> Result<Target, String> {
    let form = "write the price and the share, such as 120:50 for 50 % at 120";
    let (price, share) = text.split_once(':').ok_or_else(|| form.to_owned())?;
    let wrong = |e: domain::NumError| format!("{e}; {form}");
    let price: Price = price.parse().map_err(wrong)?;
    let share: Percent = share.trim_end_matches('%').parse().map_err(wrong)?;
    Ok(Target { price, share })
}

/// A span such as `2h`, or an instant.
fn time_stop(text: &str) -> Result<TimeStop, String> {
    let wrong = || "write for example 90s, 45m, 2h or 3d, or 2026-01-30T20:00:00Z".to_owned();
    if let Ok(at) = text.parse() {
        return Ok(TimeStop::At(at));
    }
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let secs = number.checked_mul(factor).filter(|secs| *secs > 0).ok_or_else(wrong)?;
    Ok(TimeStop::AfterSecs(secs))
}

/// How a stop follows, in words: `5.00`, `2.5 % from 104.00`; empty when it does not.
pub(crate) fn trail_words(value: &Value) -> String {
    let Some(trail) = at(value, "trail") else { return String::new() };
    let distance = match field(trail, "by").as_str() {
        "percent" => format!("{} %", field(trail, "distance")),
        _ => grouped(&field(trail, "distance"), 2),
    };
    match at(trail, "activation") {
        Some(from) => format!("{distance} from {}", grouped(&plain(from), 2)),
        None => distance,
    }
}

/// The partial targets that were not reached, in words: `33 % at 110.00, 50 % at 120.00`.
pub(crate) fn target_words(value: &Value) -> String {
    let open = |target: &&Value| at(target, "taken").and_then(Value::as_bool) != Some(true);
    let targets = at(value, "targets").map(items).unwrap_or_default();
    let words = targets.iter().filter(open).map(|target| {
        format!("{} % at {}", field(target, "percent"), grouped(&field(target, "price"), 2))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// When a position is closed whatever its price, in words; empty when it is not.
pub(crate) fn time_stop_words(value: &Value) -> String {
    let Some(stop) = at(value, "time_stop") else { return String::new() };
    match (at(stop, "due"), field(stop, "after_secs")) {
        (Some(due), _) => time(Some(due)),
        (None, secs) => format!("{secs} s after the first fill"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        plan: PlanArgs,
    }

    fn typed(words: &str) -> Result<Value, String> {
        let all = ["x"].into_iter().chain(words.split_whitespace());
        let parsed = Alone::try_parse_from(all).map_err(|e| e.to_string())?;
        let mut body = json!({});
        parsed.plan.put(&mut body).map_err(|e| e.to_string())?;
        Ok(body)
    }

    #[test]
    fn a_plan_is_sent_as_it_was_typed() {
        assert_eq!(typed("").unwrap(), json!({}));
        assert_eq!(
            typed("--stop 95 --trail 2.50 --trail-from 104 --take 110:33 --take 120:33.5%")
                .unwrap(),
            json!({"stop": "95", "trail_amount": "2.5", "trail_activation": "104",
                "targets": [{"price": "110", "percent": "33"},
                            {"price": "120", "percent": "33.5"}]})
        );
        assert_eq!(
            typed("--trail 3% --target 130 --time-stop 2h").unwrap(),
            json!({"trail_percent": "3", "target": "130", "time_stop_secs": 7200})
        );
        let at = typed("--time-stop 2026-01-30T21:00:00+01:00").unwrap();
        assert_eq!(at, json!({"time_stop": "2026-01-30T20:00:00Z"}));
        let secs =
            |text: &str| typed(&format!("--time-stop {text}")).unwrap()["time_stop_secs"].clone();
        assert_eq!([secs("90s"), secs("45m"), secs("3d")], [90, 2_700, 259_200].map(Value::from));
    }

    #[test]
    fn what_can_not_be_meant_is_bad_usage() {
        for words in [
            "--trail 3%%",
            "--trail -1",
            "--trail 0",
            "--trail-from 104",
            "--take 110",
            "--take 110:x",
            "--take :50",
            "--time-stop 2",
            "--time-stop 0h",
            "--time-stop 99999999d",
            "--time-stop tomorrow",
            "--take 1:1 --take 2:1 --take 3:1 --take 4:1 --take 5:1",
        ] {
            assert!(typed(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_plan_is_shown_in_words() {
        let position = json!({
            "trail": {"by": "percent", "distance": "2.5", "activation": "104"},
            "targets": [{"price": "110", "percent": "33", "taken": true},
                        {"price": "120", "percent": "33", "taken": false}],
            "time_stop": {"after_secs": 60, "due": "2026-01-30T20:00:00Z"}});
        assert_eq!(trail_words(&position), "2.5 % from 104.00");
        assert_eq!(target_words(&position), "33 % at 120.00");
        assert_eq!(time_stop_words(&position), "2026-01-30 20:00:00Z");
        let order = json!({"trail": {"by": "amount", "distance": "5", "activation": null},
            "targets": [], "time_stop": {"after_secs": 60}});
        assert_eq!(trail_words(&order), "5.00");
        assert_eq!(target_words(&order), "");
        assert_eq!(time_stop_words(&order), "60 s after the first fill");
        assert_eq!(trail_words(&json!({})) + &time_stop_words(&json!({})), "");
    }
}
