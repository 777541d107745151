//! Where the lines of a grid stand and what is written at them.
//!
//! This module must not know HTML.

use domain::Timestamp;
use jiff::{civil::Date, tz::TimeZone};

use super::words;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// Steps of a time axis in seconds, from a minute to two weeks.
const SECONDS: [i64; 13] =
    [60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY];
/// Steps in months, from a month to a century.
const MONTHS: [i64; 10] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 1_200];

/// The step of 1, 2 or 5 times a power of ten that cuts a span into at most `most` pieces.
pub(super) fn step(span: f64, most: u32) -> f64 {
    if !(span.is_finite() && span > 0.0) {
        return 1.0;
    }
    let most = f64::from(most.max(1));
    let mut power = 1.0;
    while power * most < span && power < 1e18 {
        power *= 10.0;
    }
    while power * most / 10.0 >= span && power > 1e-9 {
        power /= 10.0;
    }
    let tenth = power / 10.0;
    [tenth * 2.0, tenth * 5.0].into_iter().find(|s| s * most >= span).unwrap_or(power)
}

/// The multiples of a step within a range, with their labels.
pub(super) fn ticks(low: f64, high: f64, most: u32) -> Vec<(f64, String)> {
    let step = step(high - low, most);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let mut decimals = 0;
    let mut unit = step;
    while unit < 0.999_999 && decimals < 9 {
        unit *= 10.0;
        decimals += 1;
    }
    (first..=last.min(first.saturating_add(64)))
        .map(|n| (n as f64 * step, words::number(n as f64 * step, decimals)))
        .collect()
}

/// Round moments between two moments, with their labels, at most `most`.
pub(super) fn moments(from: Timestamp, until: Timestamp, most: i64) -> Vec<(Timestamp, String)> {
    let span = until.since(from).0 / SECOND;
    match SECONDS.into_iter().find(|step| span / step < most) {
        Some(step) => within_days(from, until, step),
        None => {
            let month = 30 * DAY;
            let step = MONTHS.into_iter().find(|step| span / (step * month) < most);
            within_years(from, until, step.unwrap_or(1_200))
        }
    }
}

fn within_days(from: Timestamp, until: Timestamp, step: i64) -> Vec<(Timestamp, String)> {
    let nanos = step * SECOND;
    let format = if step < DAY { "%m-%d %H:%M" } else { "%Y-%m-%d" };
    let first = from.0.div_euclid(nanos).saturating_add(1);
    (first..=until.0.div_euclid(nanos))
        .map(|n| Timestamp(n.saturating_mul(nanos)))
        .map(|at| (at, at.to_jiff().strftime(format).to_string()))
        .collect()
}

fn within_years(from: Timestamp, until: Timestamp, step: i64) -> Vec<(Timestamp, String)> {
    let begin = from.to_jiff().to_zoned(TimeZone::UTC).date();
    let first = i64::from(begin.year()) * 12 + i64::from(begin.month()) - 1;
    let first = first.div_euclid(step) * step;
    (0..64)
        .map_while(|n| month(first + n * step))
        .take_while(|(at, _)| *at <= until)
        .filter(|(at, _)| *at >= from)
        .map(|(at, date)| {
            let format = if step < 12 { "%Y-%m" } else { "%Y" };
            (at, date.strftime(format).to_string())
        })
        .collect()
}

/// The first of a month that is counted from year 0.
fn month(number: i64) -> Option<(Timestamp, Date)> {
    let year = i16::try_from(number.div_euclid(12)).ok()?;
    let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
    let date = Date::new(year, month, 1).ok()?;
    let at = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond();
    Some((Timestamp(i64::try_from(at).ok()?), date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let found = [0.037, 1.0, 9.0, 4_700.0, 0.0].map(|span| step(span, 5));
        for (found, wanted) in found.into_iter().zip([0.01, 0.2, 2.0, 1_000.0, 1.0]) {
            assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
        }
        let labels: Vec<String> = ticks(-0.3, 0.5, 4).into_iter().map(|(_, l)| l).collect();
        assert_eq!(labels, ["−0.2", "0.0", "0.2", "0.4"]);
    }

    #[test]
    fn moments_are_round_and_few() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let labels = |a: &str, b: &str| -> Vec<String> {
            moments(at(a), at(b), 8).into_iter().map(|(_, label)| label).collect()
        };
        let years = labels("2000-03-01T14:30:00Z", "2013-03-01T21:00:00Z");
        assert_eq!(years, ["2002", "2004", "2006", "2008", "2010", "2012"]);
        let months = labels("2012-01-15T00:00:00Z", "2012-07-02T00:00:00Z");
        assert_eq!(months, ["2012-02", "2012-03", "2012-04", "2012-05", "2012-06", "2012-07"]);
        let hours = labels("2012-01-15T00:30:00Z", "2012-01-15T05:00:00Z");
        assert_eq!(hours.first().map(String::as_str), Some("01-15 01:00"));
    }
}
