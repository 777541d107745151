//! Numbers and moments as people read them.
//!
//! This module must not know HTML.

use domain::Timestamp;
use rust_decimal::Decimal;

const DAY: f64 = 86_400.0;

/// An amount with two decimals and grouped digits.
pub(super) fn money(amount: Decimal) -> String {
    grouped(&format!("{:.2}", amount.round_dp(2)))
}

/// A price without needless zeros, at most six decimals.
pub(super) fn price(price: Decimal) -> String {
    grouped(&price.round_dp(6).normalize().to_string())
}

/// A number with so many decimals and grouped digits; no sign before zero.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    grouped(if zero { text.trim_start_matches('-') } else { &text })
}

/// A number with its sign, so that colour is not all that tells it.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    if value > 0.0 && !zero { format!("+{text}") } else { text }
}

/// A number in as few decimals as a parameter was given with.
pub(super) fn plain(value: f64) -> String {
    grouped(&value.to_string())
}

/// Digits in groups of three, and a true minus sign.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("−", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A span of time in its largest fitting unit.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        s if s >= 2.0 * DAY => format!("{} days", number(s / DAY, 0)),
        s if s >= 7_200.0 => format!("{} h", number(s / 3_600.0, 1)),
        s if s >= 120.0 => format!("{} min", number(s / 60.0, 0)),
        s => format!("{} s", number(s, 0)),
    }
}

/// A moment to the minute, in UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M").to_string()
}

/// The date of a moment in UTC.
pub(super) fn date(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d").to_string()
}

/// A figure's or code's name as words.
pub(super) fn title(name: &str) -> String {
    let short = name.trim_end_matches("_percent").trim_end_matches("_seconds");
    let short =
        short.strip_suffix("_count").map_or(short, |s| if s == "trade" { "trades" } else { s });
    match short {
        "cagr" => "CAGR".to_owned(),
        "sqn" => "SQN".to_owned(),
        other => {
            let mut words = other.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_signed() {
        assert_eq!(number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(12.34, 1), "+12.3");
        assert_eq!(money(Decimal::new(-123_456, 2)), "−1,234.56");
        assert_eq!(plain(0.25), "0.25");
    }

    #[test]
    fn spans_have_the_unit_that_fits() {
        assert_eq!(
            [30.0, 600.0, 9_000.0, 864_000.0].map(span),
            ["30 s", "10 min", "2.5 h", "10 days"]
        );
    }

    #[test]
    fn names_become_words() {
        let names = ["cagr_percent", "max_drawdown_percent", "trade_count", "final_equity"];
        assert_eq!(names.map(title), ["CAGR", "Max drawdown", "Trades", "Final equity"]);
    }
}
