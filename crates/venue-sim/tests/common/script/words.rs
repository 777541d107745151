//! Events and orders as words.

use std::fmt::Write as _;

use domain::{ClientOrderId, Conditions, OrderKind, Side, TimeInForce};
use path::{
    broker::{VenueEvent, VenueRejection},
    verbs::PlaceOrder,
};

use crate::common::{account, price, qty, symbol};

pub(super) fn code(code: VenueRejection) -> String {
    serde_json::to_string(&code).unwrap().trim_matches('"').to_owned()
}

pub(super) fn event(event: &VenueEvent) -> String {
    match event {
        VenueEvent::Fill(fill) => {
            let who = fill.client_order_id.as_ref().map_or("-", ClientOrderId::as_str);
            let liquidity = serde_json::to_string(&fill.liquidity).unwrap();
            let mut text =
                format!("{who} fill {} @ {} {}", fill.qty, fill.price, liquidity.trim_matches('"'));
            if !fill.fee.amount().is_zero() {
                write!(text, " fee {}", fill.fee.amount()).unwrap();
                if fill.fee.currency().as_str() != "USD" {
                    write!(text, " {}", fill.fee.currency()).unwrap();
                }
            }
            text
        }
        VenueEvent::Order(report) => {
            let who = report.client_order_id.as_ref().map_or("-", ClientOrderId::as_str);
            let status = serde_json::to_string(&report.status).unwrap();
            let mut text = format!("{who} {} {}", status.trim_matches('"'), report.filled);
            if let (None, Some(why)) = (&report.client_order_id, &report.reason) {
                write!(text, " {why}").unwrap();
            }
            text
        }
        VenueEvent::Movement(movement) => {
            format!("{} {} {}", movement.id, movement.kind.name(), movement.money)
        }
        VenueEvent::Action(action) => {
            format!("{} split {}:{}", action.id, action.numerator, action.denominator)
        }
        other => format!("{other:?}"),
    }
}

/// `LABEL: side qty market|limit P|stop P [limit P] tif [post] [reduce] [ext] [group G] [by last|quote|mark]`
pub(super) fn parse_order(id: &str, words: &[&str]) -> PlaceOrder {
    let side = if words[0] == "buy" { Side::Buy } else { Side::Sell };
    let (kind, rest) = match &words[2..] {
        ["market", rest @ ..] => (OrderKind::Market, rest),
        ["stop", t, "limit", l, rest @ ..] => {
            (OrderKind::StopLimit { trigger: price(t), limit: price(l) }, rest)
        }
        ["stop", t, rest @ ..] => (OrderKind::Stop { trigger: price(t) }, rest),
        ["limit", l, rest @ ..] => (OrderKind::Limit { limit: price(l) }, rest),
        other => panic!("no order: {other:?}"),
    };
    let tif: TimeInForce = serde_json::from_str(&format!("\"{}\"", rest[0])).unwrap();
    PlaceOrder {
        account: account(),
        client_order_id: ClientOrderId::new(id).unwrap(),
        instrument: symbol(),
        side,
        qty: qty(words[1]),
        kind,
        tif,
        post_only: rest[1..].contains(&"post"),
        reduce_only: rest[1..].contains(&"reduce"),
        conditions: parse_conditions(&rest[1..]),
    }
}

fn parse_conditions(words: &[&str]) -> Conditions {
    let after = |key| words.iter().position(|w| *w == key).map(|at| words[at + 1]);
    Conditions {
        trigger_by: after("by").map(|by| serde_json::from_str(&format!("\"{by}\"")).unwrap()),
        extended_hours: words.contains(&"ext"),
        group: after("group").map(|group| group.parse().unwrap()),
        ..Conditions::default()
    }
}
