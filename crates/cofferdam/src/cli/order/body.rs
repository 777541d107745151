//! An order as the API takes it.
//!
//! Only what was asked for is sent: the desk refuses fields that it does not know. This module
//! must not know the command line's parser or the network.

use domain::{AccountId, InstrumentId, OrderKind, OriginKind, Side};
use serde_json::{Value, json};

use super::args::{ChangeArgs, PlaceArgs};
use crate::cli::failure::Failure;

/// The body of a request for an order.
///
/// # Errors
/// Bad usage, when the plan can't be meant.
pub(super) fn order(
    side: Side,
    account: &AccountId,
    instrument: &InstrumentId,
    args: &PlaceArgs,
) -> Result<Value, Failure> {
    let mut body = json!({
        "account": account,
        "book": args.book,
        "symbol": instrument,
        "side": side,
        "type": kind(args).name(),
        "tif": args.tif,
    });
    let optional = [
        ("quantity", json!(args.qty)),
        ("notional", json!(args.notional)),
        ("percent_equity", json!(args.percent_equity)),
        ("risk_percent", json!(args.risk_percent)),
        ("limit", json!(args.limit)),
        ("trigger", json!(args.trigger)),
        ("post_only", json!(args.post_only.then_some(true))),
        ("reduce_only", json!(args.reduce_only.then_some(true))),
        ("trigger_by", json!(args.trigger_by)),
        ("extended_hours", json!(args.extended_hours.then_some(true))),
        ("activate", json!(args.at_open.then_some("next_open"))),
        ("group", json!(args.group)),
        ("source", args.source.as_ref().map_or(Value::Null, source)),
    ];
    put(&mut body, optional);
    args.plan.put(&mut body)?;
    Ok(body)
}

/// The body of a request for a change.
pub(super) fn change(args: &ChangeArgs) -> Value {
    let mut body = json!({});
    let changes = [
        ("quantity", json!(args.qty)),
        ("limit", json!(args.limit)),
        ("trigger", json!(args.trigger)),
    ];
    put(&mut body, changes);
    body
}

fn put<const N: usize>(body: &mut Value, optional: [(&str, Value); N]) {
    for (name, value) in optional {
        if !value.is_null() {
            body[name] = value;
        }
    }
}

fn source((kind, name): &(OriginKind, String)) -> Value {
    json!({ "kind": kind, "name": name })
}

fn kind(args: &PlaceArgs) -> OrderKind {
    match (args.trigger, args.limit) {
        (Some(trigger), Some(limit)) => OrderKind::StopLimit { trigger, limit },
        (Some(trigger), None) => OrderKind::Stop { trigger },
        (None, Some(limit)) => OrderKind::Limit { limit },
        (None, None) => OrderKind::Market,
    }
}
