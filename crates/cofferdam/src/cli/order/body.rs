//! An order as the API takes it.
//!
//! Only what was asked for is sent: the desk refuses fields that it does not know. This module
//! must not know the command line's parser or the network.

use domain::{AccountId, InstrumentId, OrderKind, OriginKind, Side};
use serde_json::{Value, json};

use super::args::PlaceArgs;

/// The body of a request for an order.
pub(super) fn order(
    side: Side,
    account: &AccountId,
    instrument: &InstrumentId,
    args: &PlaceArgs,
) -> Value {
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
        ("stop", json!(args.stop)),
        ("target", json!(args.target)),
        ("source", args.source.as_ref().map_or(Value::Null, source)),
    ];
    for (name, value) in optional {
        if !value.is_null() {
            body[name] = value;
        }
    }
    body
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
