//! How an order is made, how often, how alike, and against whom.

use domain::{Nanos, OriginKind, Scope, Size};
use path::{
    codes::RefusalCode as Code,
    event::{Event, LimitTarget, OrderHeld},
};

use super::{Case, common::*, entry, submit};

fn shapes() -> Vec<Case> {
    vec![
        entry(Code::OrderShape, |_| submit(buy("1").post_only())),
        entry(Code::OrderShape, |_| submit(buy("1").stop_limit("101", "100.99")))
            .fits(|_| submit(buy("1").stop_limit("101", "101"))),
        entry(Code::RiskNeedsStop, |_| submit(buy("1").sized(Size::RiskPercent(pct("1")))))
            .fits(|_| submit(buy("1").sized(Size::RiskPercent(pct("0.1"))).stop("95"))),
        entry(Code::StopWrongSide, |_| submit(buy("1").limit("100").stop("100")))
            .fits(|_| submit(buy("1").limit("100").stop("99.99"))),
        entry(Code::StopWrongSide, |_| submit(buy("1").limit("100").target("100")))
            .fits(|_| submit(buy("1").limit("100").target("100.01"))),
        entry(Code::ShortNotAllowed, |_| submit(sell("0.01").of(BTC))).fits(|desk| {
            desk.policy(|p| p.allow_short = true);
            desk.instrument(domain::Instrument { shortable: true, ..crypto(BTC) });
            submit(sell("0.01").of(BTC))
        }),
        entry(Code::WouldFlip, |_| submit(sell("11"))).fits(|_| submit(sell("10"))),
        entry(Code::IdempotencyConflict, |desk| {
            desk.order(buy("1").limit("99").key("k"));
            submit(buy("2").limit("99").key("k"))
        })
        .fits(|desk| {
            desk.order(buy("1").limit("99").key("k"));
            submit(buy("1").limit("99").key("k"))
        }),
        entry(Code::SelfCross, |desk| {
            short_offer(desk);
            submit(buy("1").of("sim:XYZ").limit("101"))
        })
        .fits(|desk| {
            short_offer(desk);
            submit(buy("1").of("sim:XYZ").limit("100.99"))
        }),
    ]
}

/// An own offer at 101 in an instrument that trades at 100.
fn short_offer(desk: &mut Desk) {
    desk.policy(|p| p.allow_short = true);
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
    desk.order(sell("5").of("sim:XYZ").limit("101"));
}

fn asked_for_others() -> Vec<Case> {
    vec![
        // The limits of who asks hold beside those of the source that is spoken for, and what is
        // asked for under two sources is counted together.
        entry(Code::EntriesPerDay, |desk| {
            let anna_only = LimitTarget::Principal(anna().principal);
            desk.limit_at(anna_only, |l| l.entries_per_day = Some(3));
            desk.order(buy("1").limit("99").by(agent().asked_by(anna())));
            let other = origin(OriginKind::Strategy, "strategy:other");
            submit(buy("1").by(other.asked_by(anna())))
        })
        .numbers("3", "4", None, Scope::Principal)
        .fits(|desk| {
            let anna_only = LimitTarget::Principal(anna().principal);
            desk.limit_at(anna_only, |l| l.entries_per_day = Some(3));
            desk.order(buy("1").limit("99").by(agent()));
            submit(buy("1").by(agent().asked_by(anna())))
        }),
    ]
}

fn rhythm() -> Vec<Case> {
    vec![
        entry(Code::DuplicateContent, |desk| {
            desk.policy(|p| p.duplicate_window_ms = 2_000);
            desk.order(buy("1").limit("99"));
            desk.advance(Nanos::from_millis(1_999));
            submit(buy("1").limit("99"))
        })
        .fits(|desk| {
            desk.policy(|p| p.duplicate_window_ms = 2_000);
            desk.order(buy("1").limit("99"));
            desk.advance(Nanos::from_millis(2_000));
            submit(buy("1").limit("99"))
        }),
        entry(Code::DuplicateContent, |desk| {
            desk.policy(|p| p.duplicate_window_ms = 2_000);
            desk.order(buy("1").limit("99").key("first"));
            submit(buy("1").limit("99"))
        })
        .fits(|desk| {
            desk.policy(|p| p.duplicate_window_ms = 2_000);
            desk.order(buy("1").limit("99").key("first"));
            submit(buy("1").limit("99").key("second"))
        }),
        entry(Code::EntriesPerSecond, |desk| {
            desk.limit(|l| l.entries_per_second = Some(2));
            submit(buy("1"))
        })
        .numbers("2", "3", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.entries_per_second = Some(2));
            desk.advance(Nanos::from_secs(1));
            submit(buy("1"))
        }),
        entry(Code::EntriesPerMinute, |desk| {
            desk.limit(|l| l.entries_per_minute = Some(2));
            desk.advance(Nanos::from_millis(59_999));
            submit(buy("1"))
        })
        .numbers("2", "3", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.entries_per_minute = Some(2));
            desk.advance(Nanos::from_secs(60));
            submit(buy("1"))
        }),
        entry(Code::EntriesPerDay, |desk| {
            desk.limit(|l| l.entries_per_day = Some(2));
            submit(buy("1"))
        })
        .numbers("2", "3", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.entries_per_day = Some(2));
            desk.session(true, START.utc_day() + 1);
            submit(buy("1"))
        }),
        entry(Code::LossCooldown, |desk| {
            lose(desk);
            submit(buy("1"))
        })
        .numbers("60 s", "59 s", None, Scope::Account)
        .fits(|desk| {
            lose(desk);
            desk.advance(Nanos::from_secs(1));
            submit(buy("1"))
        }),
    ]
}

/// An exit lost money 59 seconds ago, and a pause of 60 is asked for.
fn lose(desk: &mut Desk) {
    desk.limit(|l| l.loss_cooldown_secs = Some(60));
    desk.price(IBM, "99", "99");
    desk.close(IBM, "10");
    desk.pass(Nanos::from_secs(2));
    assert_eq!(desk.manual(), signed("9"));
    let lost = desk.core.state().books["manual"].last_loss[&id(IBM)];
    let since = desk.now.at.since(lost);
    desk.advance(Nanos(Nanos::from_secs(59).0 - since.0));
}

/// So many requests of an agent wait for approval.
fn waiting(desk: &mut Desk, count: usize) {
    let expires_at = desk.now.wall.plus(Nanos::from_secs(600));
    let hold = |n| {
        let intent = Box::new(buy("1").by(agent()).named(&format!("held-{n}")));
        Event::OrderHeld(OrderHeld { intent, notional: d("100"), limit: d("50"), expires_at })
    };
    desk.inject((0..count).map(hold).collect());
    assert_eq!(desk.core.state().holds.len(), count);
}

fn room() -> Vec<Case> {
    vec![
        entry(Code::Capacity, |desk| {
            waiting(desk, 4_998);
            submit(buy("1"))
        })
        .fits(|desk| {
            waiting(desk, 4_997);
            submit(buy("1"))
        }),
        entry(Code::OpenOrders, |desk| {
            desk.limit(|l| l.open_orders = Some(2));
            submit(buy("1"))
        })
        .numbers("2", "3", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.open_orders = Some(3));
            submit(buy("1"))
        }),
    ]
}

/// Moves the clocks to so long after the beginning, 2024-01-02 00:00 UTC, a Tuesday.
fn clock_at(desk: &mut Desk, span: Nanos) {
    let to = START.plus(span);
    desk.advance(to.since(desk.now.at));
}

fn hours(desk: &mut Desk, window: &str) {
    desk.limit(|l| l.trading_window = Some(window.parse().unwrap()));
}

fn windows() -> Vec<Case> {
    vec![
        entry(Code::TradingWindow, |desk| {
            hours(desk, "tue-fri 00:05-20:00");
            clock_at(desk, Nanos(Nanos::from_secs(300).0 - 1));
            submit(buy("1"))
        })
        .numbers("tue-fri 00:05-20:00", "tue 00:04", None, Scope::Account)
        .fits(|desk| {
            hours(desk, "tue-fri 00:05-20:00");
            clock_at(desk, Nanos::from_secs(300));
            submit(buy("1"))
        }),
        entry(Code::TradingWindow, |desk| {
            hours(desk, "tue 00:00-00:05");
            clock_at(desk, Nanos::from_secs(300));
            submit(buy("1"))
        })
        .numbers("tue 00:00-00:05", "tue 00:05", None, Scope::Account)
        .fits(|desk| {
            hours(desk, "tue 00:00-00:05");
            clock_at(desk, Nanos(Nanos::from_secs(300).0 - 1));
            submit(buy("1"))
        }),
        entry(Code::TradingWindow, |desk| {
            hours(desk, "mon-fri 00:00-24:00");
            let quant = LimitTarget::Principal(agent().principal);
            desk.limit_at(quant, |l| l.trading_window = Some("mon 00:00-24:00".parse().unwrap()));
            submit(buy("1").by(agent()))
        })
        .numbers("mon 00:00-24:00", "tue 00:00", None, Scope::Principal)
        .fits(|desk| {
            let quant = LimitTarget::Principal(agent().principal);
            desk.limit_at(quant, |l| l.trading_window = Some("mon 00:00-24:00".parse().unwrap()));
            submit(buy("1"))
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = shapes();
    cases.extend(windows());
    cases.extend(rhythm());
    cases.extend(asked_for_others());
    cases.extend(room());
    cases
}
