//! Positions as people read them.
//!
//! This module must not compute a profit: the desk does.

use serde_json::Value;

use crate::cli::{
    output::{Table, amount, at, field, grouped, items, plain},
    plan::{target_words, time_stop_words, trail_words},
};

/// A table of positions. The times of time stops, and what only contracts have, have columns where
/// there are any.
pub(crate) fn table(list: &Value) -> Table {
    let positions = items(list);
    let timed = positions.iter().any(|position| at(position, "time_stop").is_some());
    let mut columns = vec![
        "symbol",
        "account",
        "book",
        ">qty",
        ">average",
        ">last",
        ">value",
        ">unrealised",
        ">realised",
        "stop",
        ">target",
    ];
    columns.extend(timed.then_some("closes at"));
    let contracts = positions.iter().any(|position| at(position, "contract").is_some());
    let of_contracts = [">notional", ">leverage", ">liquidation"];
    columns.extend(of_contracts.into_iter().filter(|_| contracts));
    let mut table = Table::new(&columns);
    for position in positions {
        let number = |name: &str, decimals| {
            at(position, name).map_or_else(String::new, |v| grouped(&plain(v), decimals))
        };
        let mut row = vec![
            field(position, "symbol"),
            field(position, "account"),
            field(position, "book"),
            number("qty", 0),
            number("average_price", 2),
            number("mark", 2),
            cash(position, "value"),
            cash(position, "unrealized"),
            cash(position, "realized"),
            stop(position),
            targets(position),
        ];
        row.extend(timed.then(|| time_stop_words(position)));
        if contracts {
            row.extend(contract(position));
        }
        table.row(row);
    }
    table
}

/// Notional, leverage with the margin mode, and the estimated liquidation price.
fn contract(position: &Value) -> [String; 3] {
    let currency = field(position, "currency");
    let price = at(position, "contract.liquidation_price");
    let Some(terms) = at(position, "contract") else { return Default::default() };
    [
        amount(at(terms, "notional"), &currency),
        format!("{} {}", field(terms, "leverage"), field(terms, "margin_mode")),
        price.map_or_else(
            || "none".to_owned(),
            |price| grouped(&estimate(&plain(price), &field(position, "last")), 2),
        ),
    ]
}

/// An estimated price with no more decimals than a price of the market has.
fn estimate(price: &str, like: &str) -> String {
    let decimals = like.split_once('.').map_or(0, |(_, decimals)| decimals.len()).max(2);
    match price.split_once('.') {
        Some((whole, part)) => format!("{whole}.{}", part.get(..decimals).unwrap_or(part)),
        None => price.to_owned(),
    }
}

fn cash(position: &Value, name: &str) -> String {
    amount(at(position, name), &field(position, "currency"))
}

/// The stop, how much of the position it covers, and how it follows: `115.00 at venue`,
/// `115.00 for 5 only`, `115.00 at venue, trails 5.00`, `none`.
fn stop(position: &Value) -> String {
    let trail = trail_words(position);
    let trails = if trail.is_empty() { String::new() } else { format!(", trails {trail}") };
    let covered = field(position, "protected_qty");
    let Some(price) = at(position, "stop") else { return format!("none{trails}") };
    let price = grouped(&plain(price), 2);
    let place = match covered.as_str() {
        "0" | "" => "NOT RESTING".to_owned(),
        covered if field(position, "qty").trim_start_matches('-') == covered => {
            "at venue".to_owned()
        }
        covered => format!("for {covered} only"),
    };
    format!("{price} {place}{trails}")
}

/// The partial targets that are left, and then the target for the rest.
fn targets(position: &Value) -> String {
    let last = at(position, "target").map(|v| grouped(&plain(v), 2)).unwrap_or_default();
    let parts = [target_words(position), last];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stop_is_shown_with_what_rests_at_the_venue() {
        let shown = |stop: Value, covered: &str| {
            super::stop(&json!({"stop": stop, "protected_qty": covered, "qty": "-10"}))
        };
        assert_eq!(shown(Value::Null, "0"), "none");
        assert_eq!(shown(json!("115"), "10"), "115.00 at venue");
        assert_eq!(shown(json!("115"), "4"), "115.00 for 4 only");
        assert_eq!(shown(json!("115"), "0"), "115.00 NOT RESTING");
    }

    #[test]
    fn what_only_contracts_have_is_shown_where_there_is_one() {
        let share = json!({"symbol": "sim:IBM", "qty": "10", "contract": null});
        let text = table(&json!({ "positions": [share] })).render();
        assert!(!text.contains("LIQUIDATION"), "{text}");
        let perpetual = json!({"symbol": "sim:BTC-PERP", "qty": "-0.1", "currency": "USD",
            "contract": {"notional": "6000", "leverage": "5", "margin_mode": "isolated",
            "liquidation_price": "70243.902439024390", "expires": null}});
        let text = table(&json!({ "positions": [share, perpetual] })).render();
        for part in ["6,000.00 USD", "5 isolated", "70,243.90"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("70,243.902"), "no more decimals than a price has: {text}");
    }

    #[test]
    fn a_plan_is_shown_beside_its_stop_and_its_time_only_where_there_is_one() {
        let plain = json!({"symbol": "sim:IBM", "qty": "10", "target": "130"});
        let list = json!({ "positions": [plain] });
        let text = table(&list).render();
        assert!(!text.contains("CLOSES AT"), "{text}");
        let planned = json!({"symbol": "sim:IBM", "qty": "10", "stop": "115", "protected_qty": "10",
            "target": "130", "trail": {"by": "amount", "distance": "5", "activation": null},
            "targets": [{"price": "120", "percent": "50", "taken": false}],
            "time_stop": {"due": "2026-01-30T20:00:00Z"}});
        let text = table(&json!({ "positions": [planned] })).render();
        for part in [
            "CLOSES AT",
            "115.00 at venue, trails 5.00",
            "50 % at 120.00, 130.00",
            "2026-01-30 20:00:00Z",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
