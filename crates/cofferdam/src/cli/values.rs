//! Numbers and times as they are typed: what is allowed and how it is written.
//!
//! It exists so that a value that can't be meant is refused with the rule and an example before
//! anything is read. This module must not know what a value does.

use std::num::NonZeroUsize;

use ::bars::synthetic;
use ::research::{lookahead::CUTS_MAX, sweep::SETS_MAX};
use domain::{Edge, Qty, Timestamp};
use rust_decimal::Decimal;

/// What an account of a trial holds at most, in dollars.
const CASH_MAX: i64 = 1_000_000_000_000_000;
/// Threads that may work at the same time.
const THREADS_MAX: usize = 1_024;
/// Bars that are asked for at most in one window or at the end of a file.
const BARS_MAX: usize = 1_000_000_000;
/// Years that bars lie in.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// A decimal without exponent, sign of per cent or separators.
fn decimal(text: &str, rule: &str, allowed: impl Fn(Decimal) -> bool) -> Result<Decimal, String> {
    Decimal::from_str_exact(text)
        .ok()
        .filter(|value| allowed(*value))
        .ok_or_else(|| rule.to_owned())
}

/// Money to begin with.
pub(crate) fn cash(text: &str) -> Result<Decimal, String> {
    let rule = format!(
        "above 0 and at most {CASH_MAX} dollars, without separators, currency or exponent; write \
         for example 10000 or 2500.50"
    );
    decimal(text, &rule, |cash| cash > Decimal::ZERO && cash <= Decimal::from(CASH_MAX))
}

/// The fee of a fill as a share of its value.
pub(crate) fn fee(text: &str) -> Result<Decimal, String> {
    let rule = "a share of a fill's value from -0.1 to 0.1; 0.1 % is written 0.001";
    decimal(text, rule, |fee| fee.abs() <= Decimal::new(1, 1))
}

/// How much worse orders fill.
pub(crate) fn slippage_bps(text: &str) -> Result<Decimal, String> {
    let rule = "hundredths of a per cent from 0 to 1000; 0.05 % is written 5";
    decimal(text, rule, |bps| (Decimal::ZERO..=Decimal::ONE_THOUSAND).contains(&bps))
}

/// The distance from bid to ask.
pub(crate) fn spread_bps(text: &str) -> Result<Decimal, String> {
    let rule = "hundredths of a per cent from 0 to less than 20000; 0.05 % is written 5";
    decimal(text, rule, |bps| (Decimal::ZERO..Decimal::from(20_000)).contains(&bps))
}

/// What shorts owe a year.
pub(crate) fn borrow_rate(text: &str) -> Result<Decimal, String> {
    let rule = "a share of the value a year from 0 to 10; 3 % is written 0.03";
    decimal(text, rule, |rate| (Decimal::ZERO..=Decimal::TEN).contains(&rate))
}

/// What quantities are multiples of.
pub(crate) fn step(text: &str) -> Result<Qty, String> {
    let rule = "a quantity above 0, of at most 12 decimals; write for example 1 or 0.000001";
    text.parse::<Qty>().ok().filter(|step| *step > Qty::ZERO).ok_or_else(|| rule.to_owned())
}

/// The seed of what is drawn.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a whole number from 0 to {}", u64::MAX))
}

fn whole(text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from 1 to {most}"))
}

/// A number of bars.
pub(crate) fn bars(text: &str) -> Result<usize, String> {
    whole(text, BARS_MAX)
}

/// A number of bars to make up.
pub(crate) fn made_up_bars(text: &str) -> Result<usize, String> {
    whole(text, synthetic::BARS_MAX)
}

/// A number of sets to draw.
pub(crate) fn sets(text: &str) -> Result<usize, String> {
    whole(text, SETS_MAX)
}

/// How often history is cut.
pub(crate) fn cuts(text: &str) -> Result<usize, String> {
    whole(text, CUTS_MAX)
}

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number = whole(text, THREADS_MAX)?;
    NonZeroUsize::new(number).ok_or_else(|| "at least 1".to_owned())
}

/// Where a stretch begins or ends.
pub(crate) fn edge(text: &str) -> Result<Edge, String> {
    text.parse::<Edge>().map_err(|error| {
        let shape = |(n, byte): (usize, u8)| match n {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() == 10 && text.bytes().enumerate().all(shape) {
            format!("there is no such day; write {error}")
        } else {
            error.to_string()
        }
    })
}

/// The opening of the first bar of a series.
pub(crate) fn start(text: &str) -> Result<Timestamp, String> {
    let at = text.parse::<Timestamp>().ok();
    let year = |at: &Timestamp| at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year();
    at.filter(|at| YEARS.contains(&year(at))).ok_or_else(|| {
        let (first, last) = (YEARS.start(), YEARS.end());
        format!("an instant in the years {first} to {last}, such as 2024-01-01T00:00:00Z")
    })
}
