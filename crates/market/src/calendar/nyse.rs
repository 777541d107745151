//! The trading hours of US stock exchanges by date, as rules and two short tables.
//!
//! Holidays follow rules, so that no yearly list has to be kept. The source is NYSE Rule 7.2
//! (holidays) and the exchange's published holiday and early-close calendars; Nasdaq keeps the
//! same days. This module must not know time zones or instants: it speaks of dates and wall-clock
//! times in New York only.

use jiff::civil::{Date, Time, Weekday, date, time};

/// The first and last year for which the rules hold.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

const OPEN: Time = time(9, 30, 0, 0);
const CLOSE: Time = time(16, 0, 0, 0);
const EARLY_CLOSE: Time = time(13, 0, 0, 0);

/// Closures that no rule foresees.
const UNSCHEDULED: [Date; 10] = [
    // The attacks on New York.
    date(2001, 9, 11),
    date(2001, 9, 12),
    date(2001, 9, 13),
    date(2001, 9, 14),
    // Day of mourning for Ronald Reagan.
    date(2004, 6, 11),
    // Day of mourning for Gerald Ford.
    date(2007, 1, 2),
    // Hurricane Sandy.
    date(2012, 10, 29),
    date(2012, 10, 30),
    // Day of mourning for George H. W. Bush.
    date(2018, 12, 5),
    // Day of mourning for Jimmy Carter.
    date(2025, 1, 9),
];

/// A single early close: the Friday after Christmas 2003.
const SINGLE_EARLY_CLOSE: Date = date(2003, 12, 26);
/// A single late opening, at noon: the first anniversary of the attacks.
const SINGLE_LATE_OPEN: (Date, Time) = (date(2002, 9, 11), time(12, 0, 0, 0));

/// The opening and closing time in New York, or `None` on a day without a session.
pub(super) fn hours(date: Date) -> Option<(Time, Time)> {
    if !YEARS.contains(&date.year()) || is_weekend(date) || is_holiday(date) {
        return None;
    }
    if UNSCHEDULED.contains(&date) {
        return None;
    }
    let open = if date == SINGLE_LATE_OPEN.0 { SINGLE_LATE_OPEN.1 } else { OPEN };
    let close = if closes_early(date) { EARLY_CLOSE } else { CLOSE };
    Some((open, close))
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_holiday(date: Date) -> bool {
    is_new_year(date)
        // Martin Luther King Jr. Day: the third Monday in January.
        || is_monday_in(date, 1, 15..=21)
        // Washington's Birthday: the third Monday in February.
        || is_monday_in(date, 2, 15..=21)
        || is_good_friday(date)
        // Memorial Day: the last Monday in May.
        || is_monday_in(date, 5, 25..=31)
        // Juneteenth, a holiday of the exchange from 2022 on.
        || (date.year() >= 2022 && is_observed(date, 6, 19))
        // Independence Day.
        || is_observed(date, 7, 4)
        // Labor Day: the first Monday in September.
        || is_monday_in(date, 9, 1..=7)
        || is_thanksgiving(date)
        // Christmas.
        || is_observed(date, 12, 25)
}

/// The 1st of January, or the Monday after when it is a Sunday. When it is a Saturday the exchange
/// does not close on the Friday before, because that Friday ends the accounting year (Rule 7.2).
fn is_new_year(date: Date) -> bool {
    let first = (date.month(), date.day()) == (1, 1);
    first || ((date.month(), date.day()) == (1, 2) && date.weekday() == Weekday::Monday)
}

/// The day itself, the Friday before a Saturday, or the Monday after a Sunday (Rule 7.2).
fn is_observed(date: Date, month: i8, day: i8) -> bool {
    let is = |other: Option<Date>| other.is_some_and(|d| (d.month(), d.day()) == (month, day));
    match date.weekday() {
        Weekday::Friday if is(date.tomorrow().ok()) => true,
        Weekday::Monday if is(date.yesterday().ok()) => true,
        _ => is(Some(date)),
    }
}

fn is_monday_in(date: Date, month: i8, days: std::ops::RangeInclusive<i8>) -> bool {
    date.weekday() == Weekday::Monday && date.month() == month && days.contains(&date.day())
}

/// The fourth Thursday in November.
fn is_thanksgiving(date: Date) -> bool {
    date.weekday() == Weekday::Thursday && date.month() == 11 && (22..=28).contains(&date.day())
}

fn is_good_friday(date: Date) -> bool {
    let (month, day) = easter(date.year());
    date.weekday() == Weekday::Friday
        && matches!(date.month(), 3 | 4)
        && Date::new(date.year(), month, day)
            .and_then(|sunday| sunday.yesterday()?.yesterday())
            .is_ok_and(|friday| friday == date)
}

/// Month and day of Easter Sunday by the anonymous Gregorian computus (Meeus, Jones, Butcher).
fn easter(year: i16) -> (i8, i8) {
    let year = i32::from(year);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    // Both are small by construction; a value out of range matches no date.
    (i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0))
}

/// Days that close at 13:00, provided that they are no holiday.
///
/// - The day after Thanksgiving and the 24th of December.
/// - The 3rd of July on a Monday, Tuesday or Thursday, since 2013 also on a Wednesday. Before 2013
///   a 4th of July on a Thursday shortened the Friday after it instead. A 3rd of July on a Friday
///   is the observed holiday, and the exchange does not shorten the Thursday before that.
fn closes_early(date: Date) -> bool {
    let since_2013 = date.year() >= 2013;
    match (date.month(), date.day()) {
        (12, 24) => true,
        (7, 3) => match date.weekday() {
            Weekday::Monday | Weekday::Tuesday | Weekday::Thursday => true,
            Weekday::Wednesday => since_2013,
            _ => false,
        },
        (7, 5) => date.weekday() == Weekday::Friday && !since_2013,
        (11, _) => date.yesterday().is_ok_and(is_thanksgiving),
        _ => date == SINGLE_EARLY_CLOSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed_weekdays(year: i16) -> Vec<String> {
        let mut out = Vec::new();
        let mut day = date(year, 1, 1);
        while day.year() == year {
            if !is_weekend(day) && hours(day).is_none() {
                out.push(day.to_string()[5..].to_owned());
            }
            day = day.tomorrow().unwrap();
        }
        out
    }

    fn early_closes(year: i16) -> Vec<String> {
        let mut out = Vec::new();
        let mut day = date(year, 1, 1);
        while day.year() == year {
            if hours(day).is_some_and(|(_, close)| close == EARLY_CLOSE) {
                out.push(day.to_string()[5..].to_owned());
            }
            day = day.tomorrow().unwrap();
        }
        out
    }

    /// As published by the exchange for these years.
    #[test]
    fn holidays_are_those_that_the_exchange_published() {
        for (year, expected) in [
            (2000, "01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25"),
            (2005, "01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26"),
            (2010, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24"),
            (2011, "01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26"),
            (2021, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24"),
            (2022, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26"),
            (2023, "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25"),
            (2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25"),
            (2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25"),
            (2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25"),
            (2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24"),
            (2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25"),
        ] {
            assert_eq!(closed_weekdays(year).join(" "), expected, "{year}");
        }
    }

    #[test]
    fn early_closes_are_those_that_the_exchange_published() {
        for (year, expected) in [
            (2001, "07-03 11-23 12-24"),
            (2002, "07-05 11-29 12-24"),
            (2003, "07-03 11-28 12-24 12-26"),
            (2009, "11-27 12-24"),
            (2010, "11-26"),
            (2012, "07-03 11-23 12-24"),
            (2013, "07-03 11-29 12-24"),
            (2015, "11-27 12-24"),
            (2019, "07-03 11-29 12-24"),
            (2020, "11-27 12-24"),
            (2021, "11-26"),
            (2022, "11-25"),
            (2023, "07-03 11-24"),
            (2024, "07-03 11-29 12-24"),
            (2025, "07-03 11-28 12-24"),
            (2026, "11-27 12-24"),
            (2028, "07-03 11-24"),
        ] {
            assert_eq!(early_closes(year).join(" "), expected, "{year}");
        }
    }

    #[test]
    fn easter_falls_where_the_church_says() {
        for (year, month, day) in [
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2018, 4, 1),
            (2019, 4, 21),
            (2024, 3, 31),
            (2025, 4, 20),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2100, 3, 28),
        ] {
            assert_eq!(easter(year), (month, day), "{year}");
        }
    }

    #[test]
    fn the_years_around_the_range_have_no_session() {
        assert_eq!(hours(date(1999, 12, 31)), None);
        assert!(hours(date(2000, 1, 3)).is_some());
        assert!(hours(date(2100, 12, 31)).is_some());
        assert_eq!(hours(date(2101, 1, 3)), None);
    }
}
