//! A refusal in words: which rule, its numbers, who set it, and what to do.
//!
//! The words come from the desk; this module only lays them out.

use domain::Qty;
use serde_json::Value;

use super::output::{clean, clean_lines, field, pairs};

/// The refusals of an answer, wherever the API puts them.
pub(crate) fn all_of(answer: &Value) -> Vec<&Value> {
    let list = answer.get("refusals").and_then(Value::as_array);
    list.map(|list| list.iter().collect()).unwrap_or_default()
}

/// The refusals as a block of text.
pub(crate) fn render(refusals: &[&Value]) -> String {
    let mut out = String::new();
    for refusal in refusals {
        let or = |path: &str, words: &str| {
            let text = field(refusal, path);
            if text.is_empty() { words.to_owned() } else { text }
        };
        out.push_str(&format!("refused: {}\n", clean(&or("code", "unknown"))));
        let message = clean_lines(&field(refusal, "message"));
        let rows = pairs(&[
            ("  what", message),
            ("  limit", field(refusal, "limit")),
            ("  value", field(refusal, "value")),
            ("  largest", field(refusal, "max_allowed_qty")),
            ("  set by", setter(refusal)),
            ("  remedy", field(refusal, "remedy")),
        ]);
        out.push_str(&rows);
    }
    if let Some(largest) = passing(refusals) {
        out.push_str(&format!("largest size that passes all of these: {largest}\n"));
    }
    out
}

/// The largest quantity that several broken limits allow together.
fn passing(refusals: &[&Value]) -> Option<Qty> {
    let sizes = refusals.iter().map(|r| field(r, "max_allowed_qty").parse::<Qty>().ok());
    let sizes: Option<Vec<Qty>> = sizes.collect();
    sizes.filter(|s| s.len() > 1)?.into_iter().reduce(Qty::min_of).filter(|q| !q.is_zero())
}

fn setter(refusal: &Value) -> String {
    let scope = field(refusal, "set_by");
    let words = match scope.as_str() {
        "" => return scope,
        "venue" => return "the venue, which nobody here can change".to_owned(),
        "rule" => return "a rule of the desk without a number".to_owned(),
        "desk" => "the desk's limits",
        "account" => "the account's limits",
        "book" => "the book's limits",
        "origin" => "the limits of this source",
        "principal" => "the limits of whoever asks",
        "instrument" => "the limits of this instrument",
        other => other,
    };
    match refusal.get("can_change").and_then(Value::as_bool) {
        Some(true) => format!("{words}; an operator can change them"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use domain::Scope;
    use path::codes::{Refusal, RefusalCode};

    use super::*;

    #[test]
    fn every_part_of_a_refusal_is_told() {
        let largest: Qty = "40".parse().unwrap();
        let refusal = Refusal::limit(
            RefusalCode::OrderNotional,
            Scope::Account,
            "10000 USD",
            "12500 USD",
            Some(largest),
        );
        let value = serde_json::to_value(refusal).unwrap();
        assert_eq!(
            render(&[&value]),
            "refused: order_notional\n\
             \x20 what     The order's value is above the limit. Limit 10000 USD, this would be \
             12500 USD.\n\
             \x20 limit    10000 USD\n\
             \x20 value    12500 USD\n\
             \x20 largest  40\n\
             \x20 set by   the account's limits; an operator can change them\n\
             \x20 remedy   Use the largest allowed size, or have an operator raise the limit.\n"
        );
        let tighter = Refusal::limit(
            RefusalCode::PositionNotional,
            Scope::Account,
            "5000 USD",
            "12500 USD",
            Some("20".parse().unwrap()),
        );
        let both = render(&[&value, &serde_json::to_value(tighter).unwrap()]);
        assert!(both.ends_with("largest size that passes all of these: 20\n"), "{both}");
        let rule = Refusal::rule(RefusalCode::KillActive, "the kill switch is at halt");
        let text = render(&[&serde_json::to_value(rule).unwrap()]);
        assert!(text.contains("  set by  a rule of the desk without a number\n"), "{text}");
        assert!(!text.contains("limit"));
    }
}
