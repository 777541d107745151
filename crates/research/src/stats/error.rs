//! Why statistics can't be made from what was passed.
//!
//! This module must not know how anything is computed.

use domain::Timestamp;
use rust_decimal::Decimal;
use thiserror::Error;

/// What is wrong with the input. Every message names the field, the value, the rule and what to
/// do.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StatisticsError {
    /// There is no equity at all.
    #[error("equity has no point; pass the starting capital as its first one")]
    NoEquity,
    /// The run began with nothing or less.
    #[error("equity begins with {0}; start with a capital above zero")]
    StartNotPositive(Decimal),
    /// A list is not in the order of time.
    #[error("{list}[{index}] is at {at}, before the one ahead of it at {before}; sort by time")]
    NotInOrder {
        /// The list.
        list: &'static str,
        /// The place in it.
        index: usize,
        /// Its time.
        at: Timestamp,
        /// The time of the one ahead of it.
        before: Timestamp,
    },
    /// A list is longer than its bound.
    #[error(
        "{list} has {count} entries and at most {max} are taken; use longer bars or a shorter run"
    )]
    TooMany {
        /// The list.
        list: &'static str,
        /// Its length.
        count: usize,
        /// The bound.
        max: usize,
    },
    /// A number can't be what it stands for.
    #[error("{what}: {field} is {value}, but must be {rule}; correct it where it is made")]
    Value {
        /// Which point, price or trade.
        what: String,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// Two trades have the same id.
    #[error("trade {0} is there twice; give every trade an id of its own")]
    TradeTwice(u64),
    /// A setting is outside of its range.
    #[error("the setting {field} is {value}, but must be {rule}; choose another value")]
    Setting {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// The listed sessions end before the run does.
    #[error(
        "day {day} since 1970-01-01 is after the last listed session ({last:?}); list the sessions up to the end of the run"
    )]
    SessionsEnd {
        /// The day of the run.
        day: i64,
        /// The last session; `None` when none is listed.
        last: Option<i64>,
    },
    /// The listed sessions aren't in order.
    #[error("session {day} since 1970-01-01 follows {before}; list every session once, in order")]
    SessionsNotInOrder {
        /// The session.
        day: i64,
        /// The one ahead of it.
        before: i64,
    },
    /// The calendar's days run backward or are out of any range.
    #[error(
        "the calendar gives day {day} for {at} after day {before}; days may not go back, nor leap more than {max} days"
    )]
    CalendarDay {
        /// The moment.
        at: Timestamp,
        /// Its day since 1970-01-01.
        day: i64,
        /// The day of the moment ahead of it.
        before: i64,
        /// The longest run in days.
        max: i64,
    },
}

impl StatisticsError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoEquity => "statistics_no_equity",
            Self::StartNotPositive(_) => "statistics_start_not_positive",
            Self::NotInOrder { .. } => "statistics_not_in_order",
            Self::TooMany { .. } => "statistics_too_many",
            Self::Value { .. } => "statistics_value",
            Self::TradeTwice(_) => "statistics_trade_twice",
            Self::Setting { .. } => "statistics_setting",
            Self::SessionsEnd { .. } => "statistics_sessions_end",
            Self::SessionsNotInOrder { .. } => "statistics_sessions_not_in_order",
            Self::CalendarDay { .. } => "statistics_calendar_day",
        }
    }
}
