//! A book's limits are about that book alone.
//!
//! Before each case the manual book holds 10 IBM at 100 and asks for 5 more; the book `trend` is
//! new, so that nothing of the manual book may count in it.

use domain::Scope;
use path::{codes::RefusalCode as Code, core::Input, event::LimitTarget};

use super::{Act, Case, caps::lent, common::*, entry, submit};

/// Opens the book, with capital of its own if any, and limits it.
fn trend(desk: &mut Desk, capital: Option<&str>, set: impl FnOnce(&mut domain::Limits)) {
    let (id, name, capital) = (book("trend"), "Trend".to_owned(), capital.map(d));
    let by = anna();
    desk.tell(Input::OpenBook { book: id.clone(), name, capital, by, reply: None });
    desk.limit_at(LimitTarget::Book(id), set);
}

fn ibm(size: &str) -> Act {
    submit(buy(size).limit("100").stop("95").into_book("trend"))
}

fn btc(size: &str) -> Act {
    submit(buy(size).of(BTC).limit("50000").into_book("trend"))
}

/// The book asks for 5 IBM: 500, of which it would lose 25.
fn five(desk: &mut Desk) {
    desk.order(buy("5").limit("100").stop("95").into_book("trend"));
}

fn alone() -> Vec<Case> {
    vec![
        entry(Code::PositionNotional, |desk| {
            trend(desk, None, |l| l.position_notional = cap("1000"));
            ibm("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.position_notional = cap("1000"));
            ibm("10")
        }),
        entry(Code::PositionNotional, |desk| {
            trend(desk, None, |l| l.position_notional = cap("1000"));
            five(desk);
            ibm("6")
        })
        .numbers("1000", "1100", Some("5"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.position_notional = cap("1000"));
            five(desk);
            ibm("5")
        }),
        // 500 + 0.011 × 50 000 = 1 050
        entry(Code::GrossExposure, |desk| {
            trend(desk, None, |l| l.gross_exposure = cap("1000"));
            five(desk);
            btc("0.011")
        })
        .numbers("1000", "1050", Some("0.01"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.gross_exposure = cap("1000"));
            five(desk);
            btc("0.01")
        }),
        entry(Code::NetExposure, |desk| {
            trend(desk, None, |l| l.net_exposure = cap("1000"));
            five(desk);
            btc("0.011")
        })
        .numbers("1000", "1050", Some("0.01"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.net_exposure = cap("1000"));
            five(desk);
            btc("0.01")
        }),
        entry(Code::CorrelatedExposure, |desk| {
            trend(desk, None, |l| l.correlated_exposure = cap("1000"));
            five(desk);
            btc("0.011")
        })
        .numbers("1000", "1050", Some("0.01"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.correlated_exposure = cap("1000"));
            desk.tell(Input::Clusters([(id(IBM), 0), (id(BTC), 1)].into()));
            five(desk);
            btc("0.02")
        }),
    ]
}

fn heat_and_counts() -> Vec<Case> {
    vec![
        // 25 + 16 × 5 = 105
        entry(Code::PortfolioHeat, |desk| {
            trend(desk, None, |l| l.portfolio_heat = cap("100"));
            five(desk);
            ibm("16")
        })
        .numbers("100", "105", Some("15"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.portfolio_heat = cap("100"));
            five(desk);
            ibm("15")
        }),
        // Held, the same 5 lose the same 25.
        entry(Code::PortfolioHeat, |desk| {
            trend(desk, None, |l| l.portfolio_heat = cap("100"));
            desk.order(buy("5").stop("95").into_book("trend"));
            ibm("16")
        })
        .numbers("100", "105", Some("15"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.portfolio_heat = cap("100"));
            desk.order(buy("5").stop("95").into_book("trend"));
            ibm("15")
        }),
        entry(Code::DailyEntryNotional, |desk| {
            trend(desk, None, |l| l.daily_entry_notional = cap("1000"));
            five(desk);
            ibm("6")
        })
        .numbers("1000", "1100", Some("5"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.daily_entry_notional = cap("1000"));
            five(desk);
            ibm("5")
        }),
        entry(Code::DailyEntryNotional, |desk| {
            trend(desk, None, |l| l.daily_entry_notional = cap("1000"));
            five(desk);
            desk.session(true, START.utc_day() + 1);
            ibm("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.daily_entry_notional = cap("1000"));
            five(desk);
            desk.session(true, START.utc_day() + 1);
            ibm("10")
        }),
        entry(Code::OpenOrders, |desk| {
            trend(desk, None, |l| l.open_orders = Some(1));
            five(desk);
            ibm("1")
        })
        .numbers("1", "2", None, Scope::Book)
        .fits(|desk| {
            trend(desk, None, |l| l.open_orders = Some(1));
            ibm("1")
        }),
    ]
}

/// Percentages are of the book's capital where it has one.
fn capital() -> Vec<Case> {
    vec![
        entry(Code::GrossExposure, |desk| {
            trend(desk, Some("10000"), |l| l.gross_exposure = cap("10%"));
            ibm("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Book)
        .fits(|desk| {
            trend(desk, Some("10000"), |l| l.gross_exposure = cap("10%"));
            ibm("10")
        }),
        // No book is worth more than its account may trade with.
        entry(Code::OrderNotional, |desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            trend(desk, Some("500000"), |l| l.order_notional = cap("10%"));
            ibm("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Book)
        .fits(|desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            trend(desk, Some("500000"), |l| l.order_notional = cap("10%"));
            ibm("10")
        }),
        entry(Code::Leverage, |desk| {
            trend(desk, Some("500"), |l| l.leverage = Some("2".parse().unwrap()));
            ibm("11")
        })
        .numbers("2", "2.2", Some("10"), Scope::Book)
        .fits(|desk| {
            trend(desk, Some("500"), |l| l.leverage = Some("2".parse().unwrap()));
            ibm("10")
        }),
        // Half of 500 + 6 × 100 is 550; what the manual book holds doesn't count.
        entry(Code::MarginUsed, |desk| {
            lent(desk);
            trend(desk, Some("5000"), |l| l.margin_used = cap("10%"));
            five(desk);
            ibm("6")
        })
        .numbers("500", "550", Some("5"), Scope::Book)
        .fits(|desk| {
            lent(desk);
            trend(desk, Some("5000"), |l| l.margin_used = cap("10%"));
            five(desk);
            ibm("5")
        }),
    ]
}

/// Of the account's limit and the book's, the one that leaves less room refuses.
fn both() -> Vec<Case> {
    vec![
        // The account has room for 2 000 − 1 500, the book for 1 000.
        entry(Code::PositionNotional, |desk| {
            desk.limit(|l| l.position_notional = cap("2000"));
            trend(desk, None, |l| l.position_notional = cap("1000"));
            ibm("11")
        })
        .numbers("2000", "2600", Some("5"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.position_notional = cap("2000"));
            trend(desk, None, |l| l.position_notional = cap("1000"));
            ibm("5")
        }),
        // The account has room for 2 500 − 1 500, the book for 700.
        entry(Code::PositionNotional, |desk| {
            desk.limit(|l| l.position_notional = cap("2500"));
            trend(desk, None, |l| l.position_notional = cap("700"));
            ibm("11")
        })
        .numbers("700", "1100", Some("7"), Scope::Book)
        .fits(|desk| {
            desk.limit(|l| l.position_notional = cap("2500"));
            trend(desk, None, |l| l.position_notional = cap("700"));
            ibm("7")
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = alone();
    cases.extend(heat_and_counts());
    cases.extend(capital());
    cases.extend(both());
    cases
}
