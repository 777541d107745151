//! Orders as people read them.
//!
//! This module must not ask the desk anything.

use serde_json::Value;

use crate::cli::{
    output::{Table, at, field, grouped, instant, pairs, plain, time},
    plan::{target_words, time_stop_words, trail_words},
};

/// The id of an order, in an order itself or in the answer to a request for one.
fn id(value: &Value) -> String {
    ["client_order_id", "order"]
        .iter()
        .map(|name| field(value, name))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The order as it stood when an answer was given, or the answer itself.
fn inner(answer: &Value) -> &Value {
    at(answer, "state").filter(|order| order.is_object()).unwrap_or(answer)
}

/// True when the venue refused what the gate had let pass.
pub(super) fn is_rejected(answer: &Value) -> bool {
    field(inner(answer), "status") == "rejected"
}

/// A table of orders.
pub(super) fn table(orders: &[Value]) -> Table {
    let mut table = Table::new(&[
        "id", "time", "account", "book", "symbol", "side", "type", ">qty", ">filled", ">price",
        ">average", "tif", "status", "source",
    ]);
    for order in orders {
        table.row([
            id(order),
            time(at(order, "recorded_at")),
            field(order, "account"),
            field(order, "book"),
            field(order, "symbol"),
            field(order, "side"),
            kind(order),
            quantity(order, "qty"),
            quantity(order, "filled"),
            price(order),
            number(at(order, "average_price")),
            field(order, "tif"),
            field(order, "status"),
            source(order),
        ]);
    }
    table
}

/// A table of orders that wait for an opening.
pub(super) fn armed(wishes: &[Value]) -> Table {
    let mut table = Table::new(&[
        "id", "since", "account", "book", "symbol", "side", "type", "size", ">price", ">stop",
        "source",
    ]);
    for wish in wishes {
        table.row([
            field(wish, "id"),
            time(at(wish, "since")),
            field(wish, "account"),
            field(wish, "book"),
            field(wish, "symbol"),
            field(wish, "side"),
            kind(wish),
            format!("{} {}", field(wish, "size_by").replace('_', " "), field(wish, "size")),
            price(wish),
            number(at(wish, "stop")),
            source(wish),
        ]);
    }
    table
}

/// One order in full.
pub(super) fn one(order: &Value) -> String {
    let yes = |name: &str| {
        let set = at(order, name).and_then(Value::as_bool).unwrap_or(false);
        if set { "yes".to_owned() } else { String::new() }
    };
    pairs(&[
        ("id", id(order)),
        ("status", field(order, "status")),
        ("symbol", field(order, "symbol")),
        ("side", field(order, "side")),
        ("type", kind(order)),
        ("price", price(order)),
        ("quantity", quantity(order, "qty")),
        ("filled", quantity(order, "filled")),
        ("average", number(at(order, "average_price"))),
        ("time in force", field(order, "tif")),
        ("post only", yes("post_only")),
        ("reduce only", yes("reduce_only")),
        ("triggered by", field(order, "trigger_by")),
        ("extended hours", yes("extended_hours")),
        ("group", field(order, "group")),
        ("replaces", field(order, "replaces")),
        ("replaced by", field(order, "replaced_by")),
        ("stop", number(at(order, "stop"))),
        ("trails", trail_words(order)),
        ("closes", target_words(order)),
        ("target", number(at(order, "target"))),
        ("closes at", time_stop_words(order)),
        ("class", field(order, "class")),
        ("account", field(order, "account")),
        ("book", field(order, "book")),
        ("source", source(order)),
        ("recorded", time(at(order, "recorded_at"))),
        ("venue's id", field(order, "venue_order_id")),
        ("reason", field(order, "reject_reason")),
        ("text", field(order, "text")),
    ])
}

/// What became of a request for an order.
pub(super) fn placed(answer: &Value) -> String {
    match field(answer, "outcome").as_str() {
        "held" => {
            return format!(
                "held: it waits for approval until {}\nsomebody else approves it: cofferdam \
                 approval approve {}",
                time(at(answer, "expires_at")),
                field(answer, "approval")
            );
        }
        "armed" => {
            return format!(
                "waits for the market's next opening, and is judged then\ntake it back: cofferdam \
                 order disarm {}",
                field(answer, "armed")
            );
        }
        "closing" => {
            return format!(
                "closing {}: exits that rest are replaced first",
                quantity(answer, "qty")
            );
        }
        _ => {}
    }
    let order = inner(answer);
    let again = at(answer, "replayed").and_then(Value::as_bool).unwrap_or(false);
    let mut line = format!("order {}", id(order));
    let status = field(order, "status");
    let words = [status.as_str(), if again { "ordered before with this key" } else { "" }];
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        line.push_str(&format!(" · {word}"));
    }
    let rest = pairs(&[
        ("  quantity", quantity(order, "qty")),
        ("  filled", quantity(order, "filled")),
        ("  average", number(at(order, "average_price"))),
        ("  replaces", field(answer, "replaces")),
        ("  stop", number(at(order, "stop"))),
        ("  trails", trail_words(order)),
        ("  closes", target_words(order)),
        ("  target", number(at(order, "target"))),
        ("  closes at", time_stop_words(order)),
        ("  text", field(order, "text")),
    ]);
    format!("{line}\n{rest}")
}

/// What the gate would say.
pub(super) fn preview(answer: &Value) -> String {
    let waits = at(answer, "waits_for_opening").and_then(Value::as_bool).unwrap_or(false);
    let verdict = match field(answer, "verdict").as_str() {
        _ if waits => {
            "allowed at the price of now; it would wait for the next opening and be \
                       judged then"
        }
        "held" => "held: it would wait for approval; nothing was sent",
        _ => "allowed; nothing was sent",
    };
    let attached = at(answer, "stop_attached").and_then(Value::as_bool).unwrap_or(false);
    let stop = number(at(answer, "stop"));
    let stop = if attached { format!("{stop} (attached by the account's policy)") } else { stop };
    let rest = pairs(&[
        ("  class", field(answer, "class")),
        ("  quantity", quantity(answer, "qty")),
        ("  price now", number(at(answer, "reference"))),
        ("  limit", number(at(answer, "limit"))),
        ("  trigger", number(at(answer, "trigger"))),
        ("  value", number(at(answer, "notional"))),
        ("  stop", stop),
        ("  trails", trail_words(answer)),
        ("  closes", target_words(answer)),
        ("  target", number(at(answer, "target"))),
        ("  closes at", time_stop_words(answer)),
        ("  approval", number(at(answer, "approval_above"))),
    ]);
    format!("{verdict}\n{rest}")
}

fn kind(order: &Value) -> String {
    field(order, "type").replace('_', "-")
}

fn price(order: &Value) -> String {
    let trigger = number(at(order, "trigger"));
    let limit = number(at(order, "limit"));
    match (trigger.is_empty(), limit.is_empty()) {
        (false, false) => format!("{trigger} → {limit}"),
        _ => trigger + &limit,
    }
}

fn quantity(order: &Value, name: &str) -> String {
    at(order, name).map_or_else(String::new, |value| grouped(&plain(value), 0))
}

fn number(value: Option<&Value>) -> String {
    value.map_or_else(String::new, |value| grouped(&plain(value), 2))
}

fn source(order: &Value) -> String {
    format!("{}:{}", field(order, "origin.kind"), field(order, "origin.principal"))
}

/// An order of the journal's fold, as a row of [`folded_table`].
pub(crate) fn folded_row(account: &str, order: &path::state::Order) -> [String; 8] {
    let price = [order.kind.trigger(), order.kind.limit()];
    let prices: Vec<String> =
        price.into_iter().flatten().map(|price| grouped(&price.to_string(), 2)).collect();
    [
        account.to_owned(),
        order.client_order_id.to_string(),
        order.instrument.to_string(),
        order.side.to_string(),
        order.kind.name().replace('_', "-"),
        grouped(&order.open_qty().to_string(), 0),
        prices.join(" → "),
        format!("{} since {}", words(order.status()), instant(order.recorded_at)),
    ]
}

/// A table for [`folded_row`].
pub(crate) fn folded_table() -> Table {
    Table::new(&["account", "id", "symbol", "side", "type", ">open", ">price", "status"])
}

fn words(status: domain::OrderStatus) -> String {
    serde_json::to_value(status).map(|value| plain(&value).replace('_', " ")).unwrap_or_default()
}
