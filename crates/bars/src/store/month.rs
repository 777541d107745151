//! Calendar months in UTC, the unit of a file.
//!
//! This module must not know files.

use std::{fmt, ops::Range, str::FromStr};

use domain::Timestamp;
use jiff::civil::Date;

use crate::calendar::{utc_date, utc_midnight};

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of an instant in UTC.
    pub(crate) fn of(at: Timestamp) -> Self {
        let date = utc_date(at);
        Self { year: date.year(), month: date.month() }
    }

    /// The instants of the month.
    pub(crate) fn range(self) -> Range<Timestamp> {
        let begin = |month: Self| Date::new(month.year, month.month, 1).ok().and_then(utc_midnight);
        let start = begin(self).unwrap_or(Timestamp(i64::MIN));
        start..begin(self.next()).unwrap_or(Timestamp(i64::MAX))
    }

    pub(crate) fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { month: month + 1, ..self },
        }
    }

    pub(crate) fn previous(self) -> Self {
        match self.month {
            1 => Self { year: self.year - 1, month: 12 },
            month => Self { month: month - 1, ..self },
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, month) = text.split_once('-').ok_or(())?;
        let digits = |t: &str, len| t.len() == len && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(());
        }
        let month: i8 = month.parse().map_err(|_| ())?;
        let year = year.parse().map_err(|_| ())?;
        if (1..=12).contains(&month) { Ok(Self { year, month }) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_read_as_they_are_written_and_follow_each_other() {
        let december: Month = "1999-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2000-01");
        assert_eq!(december.next().previous(), december);
        let range = december.range();
        assert_eq!(range.start.to_string(), "1999-12-01T00:00:00Z");
        assert_eq!(range.end, december.next().range().start);
        assert_eq!(Month::of("2024-02-29T23:59:59Z".parse().unwrap()).to_string(), "2024-02");
        for text in ["", "1999", "1999-00", "1999-13", "99-12", "1999-1", "+999-12", "1999-12-1"] {
            assert_eq!(text.parse::<Month>(), Err(()), "{text}");
        }
    }
}
