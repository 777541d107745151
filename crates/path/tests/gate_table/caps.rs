//! Caps on what the whole account, a source, or the whole desk would come to.
//!
//! Before each case: 10 IBM held (1 000) with a stop, 5 more asked for at 90, which count at the
//! last price (500); so 1 500 in all, and 1 450 of entries today. Equity is 100 000.

use domain::{AccountId, AssetClass, Contract, Instrument, MarginTier, Scope, Size};
use path::{
    budget::{DeskBudget, DeskLimits, DeskUse},
    codes::RefusalCode as Code,
    core::Input,
    event::LimitTarget,
    policy::{Leverage, MarginRate},
};

use super::{Act, Case, common::*, entry, submit};

/// An entry at 100, where notional and cost are plain to see.
pub(crate) fn at_100(size: &str) -> Act {
    submit(buy(size).limit("100").stop("95"))
}

/// Another stock at 100 that may be sold short.
fn other(desk: &mut Desk) {
    desk.policy(|p| p.allow_short = true);
    desk.instrument(stock("sim:XYZ"));
    desk.price("sim:XYZ", "100", "100");
}

fn short(size: &str) -> Act {
    submit(sell(size).of("sim:XYZ").limit("100"))
}

fn together(desk: &mut Desk, clusters: &[(&str, u32)]) {
    let clusters = clusters.iter().map(|(name, cluster)| (id(name), *cluster)).collect();
    desk.tell(Input::Clusters(clusters));
}

fn net() -> Vec<Case> {
    vec![
        // 1 500 + 6 × 100 = 2 100
        entry(Code::NetExposure, |desk| {
            desk.limit(|l| l.net_exposure = cap("2000"));
            at_100("6")
        })
        .numbers("2000", "2100", Some("5"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.net_exposure = cap("2000"));
            at_100("5")
        }),
        // 10 sold short take 1 000 off: 500 + 16 × 100 = 2 100. That their stop may buy them back
        // does not count.
        entry(Code::NetExposure, |desk| {
            other(desk);
            desk.order(sell("10").of("sim:XYZ").stop("105"));
            desk.limit(|l| l.net_exposure = cap("2%"));
            at_100("16")
        })
        .numbers("2000", "2100", Some("15"), Scope::Account)
        .fits(|desk| {
            other(desk);
            desk.order(sell("10").of("sim:XYZ").stop("105"));
            desk.limit(|l| l.net_exposure = cap("2%"));
            at_100("15")
        }),
        // Shorts may exceed the 1 000 of longs that are held by 100: 11 are the most. The entry of
        // 5 IBM that still works is not there to help.
        entry(Code::NetExposure, |desk| {
            other(desk);
            desk.limit(|l| l.net_exposure = cap("100"));
            short("12")
        })
        .numbers("100", "200", Some("11"), Scope::Account)
        .fits(|desk| {
            other(desk);
            desk.limit(|l| l.net_exposure = cap("100"));
            short("11")
        }),
    ]
}

fn correlated() -> Vec<Case> {
    vec![
        // Nothing is known: everything moves together. 1 500 + 0.011 × 50 000 = 2 050
        entry(Code::CorrelatedExposure, |desk| {
            desk.limit(|l| l.correlated_exposure = cap("2000"));
            submit(buy("0.011").of(BTC).limit("50000"))
        })
        .numbers("2000", "2050", Some("0.01"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.correlated_exposure = cap("2000"));
            submit(buy("0.01").of(BTC).limit("50000"))
        }),
        // IBM and XYZ move together: 1 500 + 6 × 100 = 2 100; BTC with 500 is in another cluster.
        entry(Code::CorrelatedExposure, |desk| {
            other(desk);
            together(desk, &[(IBM, 0), ("sim:XYZ", 0), (BTC, 1)]);
            desk.order(buy("0.01").of(BTC).limit("50000"));
            desk.limit(|l| l.correlated_exposure = cap("2%"));
            submit(buy("6").of("sim:XYZ").limit("100"))
        })
        .numbers("2000", "2100", Some("5"), Scope::Account)
        .fits(|desk| {
            other(desk);
            together(desk, &[(IBM, 0), ("sim:XYZ", 0), (BTC, 1)]);
            desk.order(buy("0.01").of(BTC).limit("50000"));
            desk.limit(|l| l.correlated_exposure = cap("2%"));
            submit(buy("5").of("sim:XYZ").limit("100"))
        }),
        // IBM is known; XYZ and BTC are not and count together: 500 + 16 × 100 = 2 100.
        entry(Code::CorrelatedExposure, |desk| {
            other(desk);
            together(desk, &[(IBM, 0)]);
            desk.order(buy("0.01").of(BTC).limit("50000"));
            desk.limit(|l| l.correlated_exposure = cap("2000"));
            submit(buy("16").of("sim:XYZ").limit("100"))
        })
        .numbers("2000", "2100", Some("15"), Scope::Account)
        .fits(|desk| {
            other(desk);
            together(desk, &[(IBM, 0)]);
            desk.order(buy("0.01").of(BTC).limit("50000"));
            desk.limit(|l| l.correlated_exposure = cap("2000"));
            submit(buy("15").of("sim:XYZ").limit("100"))
        }),
    ]
}

fn leverage() -> Vec<Case> {
    vec![
        // 0.02 × 100 000 = 2 000
        entry(Code::Leverage, |desk| {
            desk.limit(|l| l.leverage = Some("0.02".parse().unwrap()));
            at_100("6")
        })
        .numbers("0.02", "0.021", Some("5"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.leverage = Some("0.02".parse().unwrap()));
            at_100("5")
        }),
        // A trading capital does not change what a venue would liquidate. 2 000.005 is beyond
        // 2 000 and must not look like it.
        entry(Code::Leverage, |desk| {
            desk.policy(|p| p.trading_capital = Some(d("10")));
            desk.limit(|l| l.leverage = Some("0.02".parse().unwrap()));
            submit(buy("5").limit("100.01").stop("95"))
        })
        .numbers("0.02", "0.0201", Some("4"), Scope::Account)
        .fits(|desk| {
            desk.policy(|p| p.trading_capital = Some(d("10")));
            desk.limit(|l| l.leverage = Some("0.02".parse().unwrap()));
            at_100("5")
        }),
    ]
}

fn sources() -> Vec<Case> {
    vec![
        // Anna has entered 10 × 100 + 5 × 90 = 1 450 today.
        entry(Code::OriginDailyNotional, |desk| {
            desk.limit(|l| l.origin_daily_notional = cap("2050"));
            at_100("7")
        })
        .numbers("2050", "2150", Some("6"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.origin_daily_notional = cap("2050"));
            at_100("6")
        }),
        // The agent's own day began with nothing.
        entry(Code::OriginDailyNotional, |desk| {
            desk.limit(|l| l.origin_daily_notional = cap("5%"));
            let quant = LimitTarget::Principal(agent().principal);
            desk.limit_at(quant, |l| l.origin_daily_notional = cap("500"));
            desk.order(buy("2").limit("100").stop("95").by(agent()));
            submit(buy("4").limit("100").stop("95").by(agent()))
        })
        .numbers("500", "600", Some("3"), Scope::Principal)
        .fits(|desk| {
            desk.limit(|l| l.origin_daily_notional = cap("5%"));
            let quant = LimitTarget::Principal(agent().principal);
            desk.limit_at(quant, |l| l.origin_daily_notional = cap("500"));
            desk.order(buy("2").limit("100").stop("95").by(agent()));
            submit(buy("3").limit("100").stop("95").by(agent()))
        }),
        // Yesterday's entries don't count.
        entry(Code::OriginDailyNotional, |desk| {
            desk.limit(|l| l.origin_daily_notional = cap("1000"));
            desk.session(true, START.utc_day() + 1);
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.origin_daily_notional = cap("1000"));
            desk.session(true, START.utc_day() + 1);
            at_100("10")
        }),
        // Limits of one principal bind nobody else.
        entry(Code::OrderNotional, |desk| {
            desk.limit(|l| l.order_notional = cap("5000"));
            let anna = LimitTarget::Principal(anna().principal);
            desk.limit_at(anna, |l| l.order_notional = cap("1000"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Principal)
        .fits(|desk| {
            let anna = LimitTarget::Principal(anna().principal);
            desk.limit_at(anna, |l| l.order_notional = cap("1000"));
            submit(buy("11").limit("100").by(agent()))
        }),
    ]
}

/// Percentages are of the trading capital, here 10 000 of 100 000, those of caps and of sizes.
fn capital() -> Vec<Case> {
    vec![
        entry(Code::OrderNotional, |desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            desk.limit(|l| l.order_notional = cap("10%"));
            at_100("11")
        })
        .numbers("1000", "1100", Some("10"), Scope::Account)
        .fits(|desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            desk.limit(|l| l.order_notional = cap("10%"));
            at_100("10")
        }),
        // 1 610 buy 1 610 / (100 × 1.001) = 16.08 shares with the fee: 1 500 + 1 600 = 3 100;
        // 1 510 buy 15.08.
        entry(Code::PositionNotional, |desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            desk.limit(|l| l.position_notional = cap("30%"));
            submit(buy("1").limit("100").stop("95").sized(Size::PercentEquity(pct("16.1"))))
        })
        .numbers("3000", "3100", Some("15"), Scope::Account)
        .fits(|desk| {
            desk.policy(|p| p.trading_capital = Some(d("10000")));
            desk.limit(|l| l.position_notional = cap("30%"));
            submit(buy("1").limit("100").stop("95").sized(Size::PercentEquity(pct("15.1"))))
        }),
    ]
}

/// Half of what is delivered is lent.
pub(crate) fn lent(desk: &mut Desk) {
    desk.policy(|p| p.spot_margin_rate = MarginRate::try_from(d("0.5")).ok());
}

/// A contract at 100 that asks for a tenth up to 500 and for a fifth above; the account's leverage
/// asks for no more.
pub(crate) fn contract(desk: &mut Desk) {
    desk.policy(|p| p.leverage = Leverage::try_from(d("20")).unwrap());
    let tier = |up_to: Option<&str>, rate: &str| MarginTier {
        up_to: up_to.map(d),
        initial_rate: d(rate),
        maintenance_rate: d("0.05"),
    };
    let tiers = vec![tier(Some("500"), "0.1"), tier(None, "0.2")];
    let contract = Some(Contract { expires: None, max_leverage: d("20"), tiers });
    let perpetual = AssetClass::Perpetual;
    desk.instrument(Instrument { contract, asset_class: perpetual, ..stock("sim:PERP") });
    desk.price("sim:PERP", "100", "100");
}

fn margin() -> Vec<Case> {
    vec![
        // Half of 1 500 + 6 × 100 is 1 050.
        entry(Code::MarginUsed, |desk| {
            lent(desk);
            desk.limit(|l| l.margin_used = cap("1%"));
            at_100("6")
        })
        .numbers("1000", "1050", Some("5"), Scope::Account)
        .fits(|desk| {
            lent(desk);
            desk.limit(|l| l.margin_used = cap("1%"));
            at_100("5")
        }),
        // 500 × 0.1 + 300 × 0.2 = 110; what is paid in full needs none, neither held nor asked for.
        entry(Code::MarginUsed, |desk| {
            contract(desk);
            desk.limit(|l| l.margin_used = cap("100"));
            submit(buy("8").of("sim:PERP").limit("100"))
        })
        .numbers("100", "110", Some("7"), Scope::Account)
        .fits(|desk| {
            contract(desk);
            desk.limit(|l| l.margin_used = cap("100"));
            submit(buy("7").of("sim:PERP").limit("100"))
        }),
        entry(Code::MarginUsed, |desk| {
            contract(desk);
            desk.order(buy("7").of("sim:PERP").limit("100"));
            desk.limit(|l| l.margin_used = cap("90"));
            submit(buy("1").of("sim:PERP").limit("100"))
        })
        .numbers("90", "110", Some("0"), Scope::Account)
        .fits(|desk| {
            contract(desk);
            desk.order(buy("7").of("sim:PERP").limit("100"));
            desk.limit(|l| l.margin_used = cap("90"));
            at_100("5")
        }),
    ]
}

fn desk_net(desk: &mut Desk, limit: &str) {
    let net_exposure = Some(d(limit));
    desk.budget.set_limits(DeskLimits { net_exposure, ..DeskLimits::default() });
}

/// Another account of the desk is short by so much, whatever fills.
fn short_elsewhere(desk: &mut Desk, by: &str) {
    let usage = DeskUse { net_long: -d(by), net_short: d(by), ..DeskUse::default() };
    desk.budget.publish(&AccountId::new("second").unwrap(), usage);
}

fn desk_wide() -> Vec<Case> {
    vec![
        entry(Code::NetExposure, |desk| {
            desk_net(desk, "2000");
            at_100("6")
        })
        .numbers("2000", "2100", Some("5"), Scope::Desk)
        .fits(|desk| {
            desk_net(desk, "2000");
            at_100("5")
        }),
        entry(Code::NetExposure, |desk| {
            desk_net(desk, "2000");
            short_elsewhere(desk, "1000");
            at_100("16")
        })
        .numbers("2000", "2100", Some("15"), Scope::Desk)
        .fits(|desk| {
            desk_net(desk, "2000");
            short_elsewhere(desk, "1000");
            at_100("15")
        }),
        // 9 000 short elsewhere less 1 000 held here: selling is refused, buying brings the desk
        // back, until −9 000 + 1 500 + 9 500 = 2 000 are reached on the other side.
        entry(Code::NetExposure, |desk| {
            other(desk);
            desk_net(desk, "2000");
            short_elsewhere(desk, "9000");
            short("1")
        })
        .numbers("2000", "8100", Some("0"), Scope::Desk)
        .fits(|desk| {
            desk_net(desk, "2000");
            short_elsewhere(desk, "9000");
            at_100("95")
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = net();
    cases.extend(correlated());
    cases.extend(leverage());
    cases.extend(margin());
    cases.extend(sources());
    cases.extend(capital());
    cases.extend(desk_wide());
    cases
}
