//! Everything that is judged by value: the account's limits, the tightest of several scopes, and
//! the limits of the whole desk.

use domain::{OriginKind, Scope};
use path::{
    broker::VenueEvent, budget::DeskLimits, codes::RefusalCode as Code, core::Input,
    event::LimitTarget,
};

use super::{Act, Case, common::*, entry, submit};

/// An entry at 100, where notional and cost are plain to see.
fn at_100(size: &str) -> Act {
    submit(buy(size).limit("100").stop("95"))
}

#[allow(clippy::too_many_lines, reason = "one row per case")]
fn values() -> Vec<Case> {
    vec![
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("1000"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.order_notional = cap("1000"));
            at_100("10")
        }),
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("1%"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Account),
        entry(Code::OrderQty, |desk| {
            desk.limit(|l| l.order_qty = Some(qty("10.5")));
            at_100("11")
        })
        .numbers("10.5", "11", Some("10"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.order_qty = Some(qty("10")));
            at_100("10")
        }),
        entry(Code::PositionNotional, |desk| {
            desk.limit(|l| l.position_notional = cap("2000"));
            at_100("6")
        })
        .numbers("2000", "2100", Some("5"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.position_notional = cap("2000"));
            at_100("5")
        }),
        entry(Code::GrossExposure, |desk| {
            desk.limit(|l| l.gross_exposure = cap("2000"));
            submit(buy("0.011").of(BTC).limit("50000"))
        })
        .numbers("2000", "2050", Some("0.01"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.gross_exposure = cap("2000"));
            submit(buy("0.01").of(BTC).limit("50000"))
        }),
        entry(Code::PortfolioHeat, |desk| {
            desk.limit(|l| l.portfolio_heat = cap("200"));
            at_100("16")
        })
        .numbers("200", "205", Some("15"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.portfolio_heat = cap("200"));
            at_100("15")
        }),
        entry(Code::PortfolioHeat, |desk| {
            desk.limit(|l| l.portfolio_heat = cap("200"));
            submit(buy("1").limit("100"))
        })
        .numbers("200", "225", Some("0"), Scope::Account),
        entry(Code::DailyEntryNotional, |desk| {
            desk.limit(|l| l.daily_entry_notional = cap("2050"));
            at_100("7")
        })
        .numbers("2050", "2150", Some("6"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.daily_entry_notional = cap("2050"));
            at_100("6")
        }),
        entry(Code::BuyingPower, |_| at_100("985"))
            .numbers("98549.55", "98598.5", Some("984"), Scope::Account)
            .fits(|_| at_100("984")),
        entry(Code::EquityUnknown, |desk| {
            desk.instrument(stock("sim:NEW"));
            let new = id("sim:NEW");
            let mut foreign = desk.venue.order_by_hand(new, domain::Side::Buy, "5", START);
            foreign.kind = domain::OrderKind::Market;
            desk.tell(Input::Venue(VenueEvent::Order(foreign)));
            at_100("1")
        }),
    ]
}

/// Who set the limit is the tightest scope.
fn scopes() -> Vec<Case> {
    vec![
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("5000"));
            desk.limit_at(LimitTarget::Book(book("manual")), |l| l.order_notional = cap("1000"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Book),
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("5000"));
            let human = LimitTarget::Origin(OriginKind::Human);
            desk.limit_at(human, |l| l.order_notional = cap("1000"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Origin),
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("5000"));
            let ibm = LimitTarget::Instrument(id(IBM));
            desk.limit_at(ibm, |l| l.order_notional = cap("1000"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Instrument),
    ]
}

fn desk_wide() -> Vec<Case> {
    vec![
        entry(Code::GrossExposure, |desk| {
            let gross_exposure = Some(d("2000"));
            desk.budget.set_limits(DeskLimits { gross_exposure, ..DeskLimits::default() });
            at_100("6")
        })
        .numbers("2000", "2100", Some("5"), Scope::Desk)
        .fits(|desk| {
            let gross_exposure = Some(d("2000"));
            desk.budget.set_limits(DeskLimits { gross_exposure, ..DeskLimits::default() });
            at_100("5")
        }),
        entry(Code::DailyEntryNotional, |desk| {
            let daily_entry_notional = Some(d("2050"));
            desk.budget.set_limits(DeskLimits { daily_entry_notional, ..DeskLimits::default() });
            at_100("7")
        })
        .numbers("2050", "2150", Some("6"), Scope::Desk)
        .fits(|desk| {
            let daily_entry_notional = Some(d("2050"));
            desk.budget.set_limits(DeskLimits { daily_entry_notional, ..DeskLimits::default() });
            at_100("6")
        }),
        entry(Code::OpenOrders, |desk| {
            desk.budget.set_limits(DeskLimits { open_orders: Some(2), ..DeskLimits::default() });
            at_100("1")
        })
        .numbers("2", "3", None, Scope::Desk)
        .fits(|desk| {
            desk.budget.set_limits(DeskLimits { open_orders: Some(3), ..DeskLimits::default() });
            at_100("1")
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = values();
    cases.extend(scopes());
    cases.extend(desk_wide());
    cases
}
