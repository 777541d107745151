//! When entries may be made: a span of the day on some days of the week, in UTC.
//!
//! This module must not know calendars, holidays or time zones: a session is the calendar's, a
//! window is somebody's wish.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::time::Timestamp;

/// Minutes of a day.
const DAY: u16 = 1_440;
/// Days of the week from Monday, as they are written.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A daily span in UTC on some days of the week, written `mon-fri 13:30-20:00`. The first minute
/// is in, the last one is not. A span that ends before it begins runs past midnight and belongs to
/// the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    from: u16,
    until: u16,
    /// Bit 0 is Monday.
    days: u8,
}

/// Why something is no window.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WindowError {
    /// A text of another form.
    #[error("window `{0}` is not of the form mon-fri 13:30-20:00, in UTC")]
    Syntax(String),
    /// A minute outside the day, or no minute in between.
    #[error("a window begins at 00:00 to 23:59 and ends at another minute, 00:01 to 24:00")]
    Minutes,
    /// No day.
    #[error("a window needs at least one day")]
    NoDay,
}

impl Window {
    /// A span from one minute of the day to another, on days of the week counted from Monday as 0.
    ///
    /// # Errors
    /// [`WindowError`] when a minute or a day is out of range, or nothing is between the minutes.
    pub fn new(
        from: u16,
        until: u16,
        days: impl IntoIterator<Item = u8>,
    ) -> Result<Self, WindowError> {
        if from >= DAY || until > DAY || until == 0 || from == until {
            return Err(WindowError::Minutes);
        }
        let mut set = 0_u8;
        for day in days {
            if usize::from(day) >= NAMES.len() {
                return Err(WindowError::NoDay);
            }
            set |= 1 << day;
        }
        if set == 0 { Err(WindowError::NoDay) } else { Ok(Self { from, until, days: set }) }
    }

    /// True at an instant within the window.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        let (day, minute) = (weekday(at), minute(at));
        if self.from < self.until {
            return self.has(day) && (self.from..self.until).contains(&minute);
        }
        let before = (day + 6) % 7;
        self.has(day) && minute >= self.from || self.has(before) && minute < self.until
    }

    fn has(self, day: u8) -> bool {
        self.days & (1 << day) != 0
    }

    fn days(self) -> impl Iterator<Item = u8> + Clone {
        (0..7).filter(move |day| self.has(*day))
    }
}

/// Day and minute of an instant as a window writes them: `tue 13:29`.
#[must_use]
pub fn minute_of_week(at: Timestamp) -> String {
    let minute = minute(at);
    format!("{} {:02}:{:02}", NAMES[usize::from(weekday(at))], minute / 60, minute % 60)
}

/// 1970-01-01 was a Thursday.
fn weekday(at: Timestamp) -> u8 {
    u8::try_from((at.utc_day() + 3).rem_euclid(7)).unwrap_or(0)
}

fn minute(at: Timestamp) -> u16 {
    u16::try_from(at.0.div_euclid(60_000_000_000).rem_euclid(i64::from(DAY))).unwrap_or(0)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.days().next().unwrap_or(0), self.days().last().unwrap_or(0));
        let count = u8::try_from(self.days().count()).unwrap_or(0);
        let name = |day: u8| NAMES[usize::from(day)];
        if count > 1 && last - first + 1 == count {
            write!(f, "{}-{}", name(first), name(last))?;
        } else {
            for (n, day) in self.days().enumerate() {
                write!(f, "{}{}", if n > 0 { "," } else { "" }, name(day))?;
            }
        }
        let (from, until) = (self.from, self.until);
        write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl FromStr for Window {
    type Err = WindowError;
    fn from_str(s: &str) -> Result<Self, WindowError> {
        let syntax = || WindowError::Syntax(s.chars().take(60).collect());
        let (days, span) = s.trim().split_once(' ').ok_or_else(syntax)?;
        let (from, until) = span.trim().split_once('-').ok_or_else(syntax)?;
        let mut set = Vec::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first = day_of(first).ok_or_else(syntax)?;
            let last = day_of(last).ok_or_else(syntax)?;
            let length = (last + 7 - first) % 7;
            set.extend((0..=length).map(|n| (first + n) % 7));
        }
        let from = minute_of(from).ok_or_else(syntax)?;
        let until = minute_of(until).ok_or_else(syntax)?;
        Self::new(from, until, set)
    }
}

fn day_of(text: &str) -> Option<u8> {
    let at = NAMES.iter().position(|name| text.eq_ignore_ascii_case(name))?;
    u8::try_from(at).ok()
}

fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour <= 24).then_some(hour * 60 + minute)
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    /// 2024-01-01 was a Monday.
    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_read_as_they_are_written() {
        for text in [
            "mon-fri 13:30-20:00",
            "mon 00:00-24:00",
            "mon,wed,fri 09:00-17:30",
            "sat-sun 22:00-02:00",
            "mon-sun 00:00-23:59",
        ] {
            assert_eq!(window(text).to_string(), text);
            let json = serde_json::to_string(&window(text)).unwrap();
            assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), window(text));
        }
        assert_eq!(window("Fri-Mon 10:00-11:00").to_string(), "mon,fri,sat,sun 10:00-11:00");
        assert_eq!(window("tue,mon 10:00-11:00").to_string(), "mon-tue 10:00-11:00");
    }

    #[test]
    fn what_is_no_window_is_refused_by_name() {
        for text in
            ["", "mon", "mon 9:00-10:00", "mon 09:60-10:00", "day 09:00-10:00", "09:00-10:00"]
        {
            assert!(matches!(text.parse::<Window>(), Err(WindowError::Syntax(_))), "{text}");
        }
        for text in ["mon 09:00-09:00", "mon 24:00-10:00", "mon 09:00-00:00", "mon 09:00-24:01"] {
            assert_eq!(text.parse::<Window>(), Err(WindowError::Minutes), "{text}");
        }
        assert_eq!(Window::new(0, 1, []), Err(WindowError::NoDay));
        assert_eq!(Window::new(0, 1, [7]), Err(WindowError::NoDay));
    }

    #[test]
    fn the_first_minute_is_in_and_the_last_is_not() {
        let hours = window("mon-fri 13:30-20:00");
        assert!(!hours.contains(at("2024-01-01T13:29:59.999999999Z")));
        assert!(hours.contains(at("2024-01-01T13:30:00Z")));
        assert!(hours.contains(at("2024-01-05T19:59:59.999999999Z")));
        assert!(!hours.contains(at("2024-01-05T20:00:00Z")));
        assert!(!hours.contains(at("2024-01-06T15:00:00Z")), "a Saturday");
        assert!(hours.contains(at("1969-12-31T15:00:00Z")), "a Wednesday before the epoch");
    }

    #[test]
    fn a_span_past_midnight_belongs_to_the_day_on_which_it_begins() {
        let night = window("fri 22:00-02:00");
        assert!(night.contains(at("2024-01-05T22:00:00Z")));
        assert!(night.contains(at("2024-01-06T01:59:00Z")));
        assert!(!night.contains(at("2024-01-06T02:00:00Z")));
        assert!(!night.contains(at("2024-01-06T22:00:00Z")));
        assert!(!night.contains(at("2024-01-05T01:00:00Z")), "Thursday's night is not in it");
    }

    #[test]
    fn an_instant_is_told_in_the_same_words() {
        assert_eq!(minute_of_week(at("2024-01-02T13:29:59Z")), "tue 13:29");
    }
}
