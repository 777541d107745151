//! Whether the account may open anything at all: switch, latches, journal, clocks, approval.

use domain::{Nanos, OriginKind, Scope};
use path::{
    broker::{OrderReport, VenueEvent, VenueStatus},
    codes::RefusalCode as Code,
    core::Input,
    event::LimitTarget,
    policy::{KillLevel, LatchKind, WithoutStop},
};

use super::{Act, Case, common::*, entry, submit};

/// A report about an order that this journal never saw.
pub(crate) fn stranger(client_order_id: &str) -> Input {
    Input::Venue(VenueEvent::Order(OrderReport {
        client_order_id: Some(order_id(client_order_id)),
        venue_order_id: "x1".parse().unwrap(),
        instrument: id(IBM),
        side: domain::Side::Buy,
        qty: qty("1"),
        kind: domain::OrderKind::Limit { limit: px("50") },
        tif: domain::TimeInForce::Gtc,
        reduce_only: false,
        status: VenueStatus::Working,
        filled: qty("0"),
        reason: None,
        at: START,
        placed_at: None,
    }))
}

fn tiny() -> Act {
    submit(buy("1").limit("100").stop("99"))
}

fn latched() -> Vec<Case> {
    vec![
        entry(Code::KillActive, |desk| {
            desk.kill(KillLevel::Pause);
            tiny()
        })
        .fits(|desk| {
            desk.kill(KillLevel::Pause);
            desk.release_kill(anna());
            tiny()
        }),
        entry(Code::DailyLossLimit, |desk| {
            desk.limit(|l| l.daily_loss = cap("100"));
            desk.price(IBM, "90", "90");
            desk.price(IBM, "100", "100");
            tiny()
        }),
        entry(Code::DailyLossLimit, |desk| {
            desk.limit_at(LimitTarget::Book(book("manual")), |l| l.daily_loss = cap("100"));
            desk.price(IBM, "90", "90");
            submit(buy("1").limit("90"))
        })
        .numbers("100", "100", None, Scope::Book)
        .fits(|desk| {
            desk.limit_at(LimitTarget::Book(book("manual")), |l| l.daily_loss = cap("100"));
            desk.price(IBM, "90.01", "90.01");
            submit(buy("1").limit("90"))
        }),
        entry(Code::DrawdownLimit, |desk| {
            desk.limit(|l| l.drawdown_percent = Some(pct("0.1")));
            desk.price(IBM, "90", "90");
            desk.price(IBM, "100", "100");
            tiny()
        }),
        entry(Code::DrawdownLimit, |desk| {
            let origin = LimitTarget::Origin(OriginKind::Human);
            desk.limit_at(origin, |l| l.drawdown_percent = Some(pct("0.1")));
            desk.price(IBM, "90", "90");
            submit(buy("1").limit("90"))
        })
        .numbers("0.1 %", "0.1 %", None, Scope::Origin)
        .fits(|desk| {
            let origin = LimitTarget::Origin(OriginKind::Human);
            desk.limit_at(origin, |l| l.drawdown_percent = Some(pct("0.1")));
            desk.price(IBM, "90.01", "90.01");
            submit(buy("1").limit("90"))
        }),
    ]
}

fn strange() -> Vec<Case> {
    vec![
        entry(Code::ForeignDesk, |desk| {
            desk.tell(stranger("cfzzzzzz-1-1"));
            tiny()
        })
        .fits(|desk| {
            desk.tell(stranger("cfzzzzzz-1-1"));
            desk.release_latch(LatchKind::ForeignDesk, false, anna());
            tiny()
        }),
        entry(Code::Rewound, |desk| {
            desk.tell(stranger("cfa1b2c3-1-zzz"));
            tiny()
        })
        .fits(|desk| {
            desk.tell(stranger("cfa1b2c3-1-zzz"));
            desk.release_latch(LatchKind::Rewound, false, anna());
            tiny()
        }),
        entry(Code::Liquidated, |desk| {
            let mut order = desk.venue.order_by_hand(id(IBM), domain::Side::Sell, "1", START);
            (order.status, order.filled) = (VenueStatus::Cancelled, qty("0"));
            order.reason = Some(path::broker::LIQUIDATION.to_owned());
            desk.tell(Input::Venue(VenueEvent::Order(order)));
            tiny()
        })
        .fits(|desk| {
            let mut order = desk.venue.order_by_hand(id(IBM), domain::Side::Sell, "1", START);
            (order.status, order.filled) = (VenueStatus::Cancelled, qty("0"));
            order.reason = Some(path::broker::LIQUIDATION.to_owned());
            desk.tell(Input::Venue(VenueEvent::Order(order)));
            desk.release_latch(LatchKind::Liquidated, false, anna());
            tiny()
        }),
    ]
}

fn fitness() -> Vec<Case> {
    vec![
        entry(Code::NotReconciled, |desk| {
            desk.tell(Input::Venue(VenueEvent::Disconnected));
            tiny()
        })
        .fits(|desk| {
            desk.tell(Input::Venue(VenueEvent::Disconnected));
            desk.connect();
            tiny()
        }),
        entry(Code::JournalUnavailable, |desk| {
            desk.tell(Input::Journal { writable: false });
            tiny()
        })
        .fits(|desk| {
            desk.tell(Input::Journal { writable: false });
            desk.tell(Input::Journal { writable: true });
            tiny()
        }),
        entry(Code::ClockUntrusted, |desk| {
            desk.now.trusted = false;
            tiny()
        }),
        entry(Code::ClockUntrusted, |desk| {
            desk.now.at = desk.now.at.plus(Nanos::from_millis(5_001));
            desk.price(IBM, "100", "100");
            desk.now.at = desk.now.at.plus(Nanos::from_millis(-5_001));
            tiny()
        })
        .fits(|desk| {
            desk.now.at = desk.now.at.plus(Nanos::from_secs(5));
            desk.price(IBM, "100", "100");
            desk.now.at = desk.now.at.plus(Nanos::from_secs(-5));
            tiny()
        }),
        entry(Code::StopRequired, |desk| {
            desk.policy(|p| p.without_stop = WithoutStop::Refuse);
            submit(buy("1").limit("100"))
        })
        .fits(|desk| {
            desk.policy(|p| p.without_stop = WithoutStop::Refuse);
            tiny()
        }),
    ]
}

fn approvals() -> Vec<Case> {
    vec![
        entry(Code::ApprovalUnknown, |_| Act::Decide("nothing", anna())),
        entry(Code::ApprovalUnknown, |desk| {
            desk.limit(|l| l.approval_above = cap("50"));
            desk.ask(buy("1").by(agent()).named("held"));
            desk.pass(Nanos::from_secs(600));
            Act::Decide("held", anna())
        })
        .fits(|desk| {
            desk.limit(|l| l.approval_above = cap("50"));
            desk.ask(buy("1").by(agent()).named("held"));
            desk.pass(Nanos::from_secs(599));
            Act::Decide("held", anna())
        }),
        entry(Code::ApproverIsOrigin, |desk| {
            desk.policy(|p| p.approval_for = [OriginKind::Human].into());
            desk.limit(|l| l.approval_above = cap("50"));
            desk.ask(buy("1").named("held"));
            Act::Decide("held", anna())
        })
        .fits(|desk| {
            desk.policy(|p| p.approval_for = [OriginKind::Human].into());
            desk.limit(|l| l.approval_above = cap("50"));
            desk.ask(buy("1").named("held"));
            Act::Decide("held", origin(OriginKind::Human, "bert"))
        }),
        entry(Code::OriginNotAllowed, |desk| {
            desk.limit(|l| l.approval_above = cap("50"));
            desk.ask(buy("1").by(agent()).named("held"));
            Act::Decide("held", origin(OriginKind::Agent, "quant-2"))
        }),
        entry(Code::OriginNotAllowed, |_| {
            submit(buy("1").by(origin(OriginKind::External, "somebody")))
        }),
        entry(Code::OriginNotAllowed, |_| submit(buy("1").by(origin(OriginKind::System, "desk"))))
            .fits(|_| submit(buy("1").by(origin(OriginKind::ApiKey, "desk")))),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = latched();
    cases.extend(strange());
    cases.extend(fitness());
    cases.extend(approvals());
    cases
}
