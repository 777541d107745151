//! Precision, rounding, sizes: exact, in a stated direction, refused by the right name.

use domain::{OrderKind, Side, Size};
use path::{broker::Capabilities, codes::RefusalCode, core::Reply};

use super::common::*;

#[test]
fn too_small_an_order_is_refused_by_name_and_never_zero() {
    let mut desk = Desk::new();
    let refusals = desk.refusals(buy("0.5"));
    assert_eq!(refusals[0].code, RefusalCode::SizeRoundsToZero);
    assert_eq!(refusals[0].limit.as_deref(), Some("1"));
    let value = Size::Notional(qty("50"));
    assert_eq!(desk.codes(buy("1").sized(value)), [RefusalCode::SizeRoundsToZero]);
    assert_eq!(desk.codes(wish(BTC, Side::Buy, "0.0009")), [RefusalCode::SizeRoundsToZero]);
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn the_message_names_the_rule_that_was_broken() {
    let mut desk = Desk::new();
    desk.instrument(domain::Instrument { min_notional: d("500"), ..stock(IBM) });
    assert_eq!(desk.codes(buy("4").limit("100")), [RefusalCode::MinNotional]);
    desk.instrument(domain::Instrument { min_qty: qty("5"), ..stock(IBM) });
    assert_eq!(desk.codes(buy("4").limit("100")), [RefusalCode::MinQty]);
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let mut desk = Desk::new();
    desk.limit(|l| {
        l.order_qty = Some(qty("5"));
        l.order_notional = cap("500");
    });
    let codes = desk.codes(buy("1000").limit("120"));
    for code in [RefusalCode::OrderQty, RefusalCode::OrderNotional, RefusalCode::BuyingPower] {
        assert!(codes.contains(&code), "{code} is missing in {codes:?}");
    }
}

#[test]
fn market_orders_carry_no_price() {
    let mut desk = Desk::new();
    desk.order(buy("1"));
    assert_eq!(desk.sent[0].kind, OrderKind::Market);
    let json = serde_json::to_string(&desk.sent[0].kind).unwrap();
    assert_eq!(json, r#"{"type":"market"}"#, "the type has no place for one");
}

fn sent_kind(desk: &mut Desk, intent: domain::Intent) -> OrderKind {
    let order = desk.order(intent);
    desk.find(&order).kind
}

#[test]
fn rounding_direction_per_field() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    let limit = |l: &str| OrderKind::Limit { limit: px(l) };
    let trigger = |t: &str| OrderKind::Stop { trigger: px(t) };
    assert_eq!(sent_kind(&mut desk, buy("1").limit("99.119")), limit("99.11"), "never dearer");
    let short = |i: domain::Intent| i.of("sim:XYZ");
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    let kind = sent_kind(&mut desk, short(sell("1").limit("101.111")));
    assert_eq!(kind, limit("101.12"), "never cheaper");
    assert_eq!(sent_kind(&mut desk, buy("1").trigger("105.111")), trigger("105.12"), "no earlier");
    let kind = sent_kind(&mut desk, short(sell("1").trigger("95.119")));
    assert_eq!(kind, trigger("95.11"), "no earlier");

    desk.order(buy("3.9"));
    assert_eq!(desk.manual(), signed("3"), "a quantity goes down");
    let kind = sent_kind(&mut desk, sell("1").trigger("95.111"));
    assert_eq!(kind, trigger("95.12"), "an exit's stop moves toward the price");
}

#[test]
fn a_stop_level_moves_toward_the_price_on_either_side() {
    let mut desk = Desk::new();
    desk.policy(|p| p.allow_short = true);
    desk.order(buy("1").stop("94.991"));
    assert_eq!(desk.stops(IBM), [("1".to_owned(), "95".to_owned())]);
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    desk.order(sell("1").of("sim:XYZ").stop("105.009"));
    assert_eq!(desk.stops("sim:XYZ"), [("1".to_owned(), "105".to_owned())]);
}

#[test]
fn sizes_round_toward_less_risk() {
    let mut desk = Desk::new();
    desk.price(IBM, "100", "100");
    let order = desk.order(buy("1").sized(Size::Notional(qty("999"))));
    assert_eq!(desk.find(&order).qty, qty("9"));
    let order = desk.order(buy("1").sized(Size::PercentEquity(pct("1"))));
    assert_eq!(desk.find(&order).qty, qty("9"), "the fee is paid out of the same 1 000");
    let order = desk.order(buy("1").sized(Size::RiskPercent(pct("0.1"))).stop("95"));
    assert_eq!(desk.find(&order).qty, qty("19"), "100 over 5 and the fees of both ways");
}

#[test]
fn crypto_sized_amounts_are_exact() {
    let mut desk = Desk::new();
    let shib = domain::Instrument {
        tick: px("0.00000001"),
        step: qty("1"),
        max_qty: None,
        ..crypto("sim:SHIB")
    };
    desk.instrument(shib);
    desk.price("sim:SHIB", "0.00001234", "0.00001234");
    desk.order(wish("sim:SHIB", Side::Buy, "1234567890"));
    assert_eq!(desk.position("manual", "sim:SHIB"), signed("1234567890"));
    desk.pass(domain::Nanos::from_secs(20));
    desk.assert_agrees_with_venue();
    assert_eq!(desk.core.state().cash().get(domain::Currency::usd()), usd("84765.4322374"));
}

#[test]
fn an_amount_that_is_too_large_is_refused_by_name() {
    let mut desk = Desk::new();
    let huge = "1000000000000000";
    for intent in [
        wish(BTC, Side::Buy, huge).limit(huge),
        wish(BTC, Side::Buy, huge).limit("1").stop("0.01"),
        wish(BTC, Side::Buy, "1").limit("900000000000000").stop("0.01"),
        wish(BTC, Side::Buy, "1").sized(Size::PercentEquity(pct(huge))),
        wish(BTC, Side::Buy, "1").sized(Size::Notional(qty(huge))),
        wish(BTC, Side::Buy, "1").sized(Size::RiskPercent(pct(huge))).limit(huge).stop("0.01"),
        wish(BTC, Side::Sell, huge).limit("0.01").stop(huge),
    ] {
        assert!(!desk.refusals(intent.clone()).is_empty(), "{intent:?}");
    }
    assert_eq!(desk.sent.len(), 0);
}

#[test]
fn a_multiplier_counts_in_value_cash_and_heat() {
    let mut desk = Desk::new();
    desk.instrument(domain::Instrument { multiplier: d("50"), ..stock("sim:ES") });
    desk.price("sim:ES", "100", "100");
    desk.limit(|l| l.order_notional = cap("10000"));
    let refusals = desk.refusals(buy("3").of("sim:ES").limit("100"));
    assert_eq!(refusals[0].value.as_deref(), Some("15000"));
    assert_eq!(refusals[0].max_allowed_qty, Some(qty("2")));
    desk.order(buy("2").of("sim:ES").limit("100").stop("99"));
    assert_eq!(desk.core.context(desk.now).book().heat(), Some(d("100")));
}

#[test]
fn reduce_only_is_used_where_the_venue_has_it_and_the_net_allows_it() {
    let mut desk = Desk::with_capabilities(Capabilities { reduce_only: true, ..capabilities() });
    desk.order(buy("10").stop("95"));
    assert!(desk.sent[1].reduce_only, "the stop can't open a short, whatever happens");
    assert!(!desk.sent[0].reduce_only);
    desk.policy(|p| p.allow_short = true);
    desk.open_book("trend");
    desk.order(sell("6").into_book("trend"));
    let reply = desk.close(IBM, "100");
    assert_eq!(reply, Reply::Closing { close: 1, qty: qty("10") });
    desk.pass(domain::Nanos::from_secs(2));
    let close = desk.sent.last().unwrap();
    assert!(!close.reduce_only, "a book may hold more than the net of the account");
    assert_eq!(desk.core.state().net_position(&id(IBM)), signed("-6"));
}

#[test]
fn a_source_without_rest_is_counted_and_not_written_to_death() {
    let mut desk = Desk::new();
    for n in 0..500 {
        desk.codes(buy("0.1").named(&format!("n{n}")));
    }
    assert_eq!(desk.count("intent_refused"), 30);
    desk.pass(domain::Nanos::from_secs(61));
    assert_eq!(desk.count("refusals_counted"), 1, "the other 470 in one record");
    desk.codes(buy("0.1"));
    assert_eq!(desk.count("intent_refused"), 31);
}
