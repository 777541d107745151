//! What can stop an exit, a protective order or a cancel: authorisation and shape, never risk.

use domain::{Nanos, OriginKind, Scope, Size};
use path::{codes::RefusalCode as Code, verbs::RiskClass};

use super::{Act, Case, common::*, submit, working_entry};

fn exit(code: Code, set: fn(&mut Desk) -> Act) -> Case {
    Case { code, class: RiskClass::Exit, set, numbers: None, fits: None }
}

fn protective(code: Code, set: fn(&mut Desk) -> Act) -> Case {
    Case { code, class: RiskClass::Protective, set, numbers: None, fits: None }
}

fn cancel(code: Code, set: fn(&mut Desk) -> Act) -> Case {
    Case { code, class: RiskClass::Cancel, set, numbers: None, fits: None }
}

/// A short position of 10 without a stop.
fn short(desk: &mut Desk) {
    desk.policy(|p| p.allow_short = true);
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    desk.order(sell("10").of("sim:XYZ"));
}

/// A long position of 10 in another instrument, without a stop.
fn bare(desk: &mut Desk) {
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    desk.order(buy("10").of("sim:XYZ"));
}

fn exits() -> Vec<Case> {
    vec![
        exit(Code::InstrumentUnknown, |_| submit(sell("1").of("sim:NOPE").reduce_only())),
        exit(Code::BookUnknown, |_| submit(sell("1").into_book("nobody").reduce_only())),
        exit(Code::OriginNotAllowed, |desk| {
            bare(desk);
            submit(sell("1").of("sim:XYZ").by(origin(OriginKind::External, "somebody")))
        }),
        exit(Code::OriginNotAllowed, |_| {
            submit(sell("1").by(origin(OriginKind::External, "somebody")))
        }),
        exit(Code::OriginNotAllowed, |_| Act::Close(IBM, origin(OriginKind::External, "somebody"))),
        exit(Code::OrderShape, |desk| {
            bare(desk);
            submit(sell("1").of("sim:XYZ").post_only())
        }),
        exit(Code::OrderShape, |_| submit(sell("1").post_only())),
        exit(Code::OrderShape, |desk| {
            bare(desk);
            let risk = Size::RiskPercent(pct("1"));
            submit(sell("1").of("sim:XYZ").sized(risk))
        }),
        exit(Code::OrderShape, |desk| {
            bare(desk);
            submit(sell("1").of("sim:XYZ").stop_limit("95", "95.01"))
        })
        .fits(|desk| {
            bare(desk);
            submit(sell("1").of("sim:XYZ").stop_limit("95", "95"))
        }),
        exit(Code::PriceInvalid, |desk| {
            short(desk);
            submit(buy("1").of("sim:XYZ").limit("0.009"))
        })
        .fits(|desk| {
            short(desk);
            submit(buy("1").of("sim:XYZ").limit("0.01"))
        }),
        exit(Code::AmountOverflow, |desk| {
            bare(desk);
            let all = Size::Notional(qty("1000000000000000"));
            submit(sell("1").of("sim:XYZ").sized(all).limit("0.01"))
        }),
        exit(Code::IdempotencyConflict, |desk| {
            bare(desk);
            desk.order(sell("1").of("sim:XYZ").key("k"));
            submit(sell("2").of("sim:XYZ").key("k"))
        }),
        exit(Code::IdempotencyConflict, |desk| {
            desk.ask(sell("1").key("k"));
            submit(sell("2").key("k"))
        }),
        exit(Code::NothingToReduce, |_| submit(sell("1").of(BTC).reduce_only())),
        exit(Code::NothingToReduce, |_| Act::Close(BTC, anna())).fits(|_| Act::Close(IBM, anna())),
        exit(Code::NotDust, |_| Act::Leave(IBM)).numbers("1", "10", None, Scope::Venue).fits(
            |desk| {
                desk.instrument(domain::Instrument { min_qty: qty("11"), ..stock(IBM) });
                Act::Leave(IBM)
            },
        ),
        exit(Code::ReservedByExits, |_| submit(sell("1").limit("110"))).fits(|_| submit(sell("1"))),
    ]
}

fn others() -> Vec<Case> {
    vec![
        protective(Code::InstrumentUnknown, |_| Act::Plan("sim:NOPE", "95", anna())),
        protective(Code::PriceInvalid, |desk| {
            short(desk);
            Act::Plan("sim:XYZ", "0.009", anna())
        }),
        cancel(Code::OriginNotAllowed, |desk| {
            Act::Cancel(working_entry(desk), origin(OriginKind::External, "somebody"))
        }),
        cancel(Code::OriginNotAllowed, |desk| {
            let stop = desk.stop_ids().remove(0);
            Act::Cancel(stop, origin(OriginKind::System, "desk"))
        }),
        cancel(Code::OrderUnknown, |_| Act::Cancel(order_id("cfa1b2c3-1-zz"), anna()))
            .fits(|desk| Act::Cancel(working_entry(desk), anna())),
        cancel(Code::OrderUnknown, |desk| {
            let entry = working_entry(desk);
            desk.cancel(&entry);
            Act::Cancel(entry, anna())
        }),
        cancel(Code::OrderNotLost, |desk| Act::WriteOff(working_entry(desk))).fits(|desk| {
            let entry = working_entry(desk);
            desk.venue.forgetful = true;
            desk.pass(Nanos::from_secs(60));
            Act::WriteOff(entry)
        }),
        cancel(Code::CancelUnprotects, |desk| Act::Cancel(desk.stop_ids().remove(0), anna()))
            .fits(|desk| Act::Cancel(working_entry(desk), anna())),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = exits();
    cases.extend(others());
    cases
}
