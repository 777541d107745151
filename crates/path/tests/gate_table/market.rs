//! Instruments, prices, sessions, lists, and the venue's own numbers.

use domain::{Currency, Intent, Nanos, OrderKind, Scope, Side};
use path::{
    broker::VenueEvent, codes::RefusalCode as Code, core::Input, event::LimitTarget,
    policy::DataDelay,
};

use super::{Case, common::*, entry, submit};

fn fresh(instrument: domain::Instrument, desk: &mut Desk) {
    let name = instrument.id.to_string();
    desk.instrument(instrument);
    desk.price(&name, "100", "100");
}

fn instruments() -> Vec<Case> {
    vec![
        entry(Code::InstrumentUnknown, |_| submit(buy("1").of("sim:NOPE"))).fits(|desk| {
            fresh(stock("sim:NOPE"), desk);
            submit(buy("1").of("sim:NOPE"))
        }),
        entry(Code::InstrumentNotTradable, |desk| {
            desk.instrument(domain::Instrument { tradable: false, ..stock(IBM) });
            submit(buy("1"))
        })
        .fits(|desk| {
            desk.instrument(domain::Instrument { tradable: false, ..stock(IBM) });
            desk.instrument(stock(IBM));
            submit(buy("1"))
        }),
        entry(Code::BookUnknown, |_| submit(buy("1").into_book("nobody"))).fits(|desk| {
            desk.open_book("nobody");
            submit(buy("1").into_book("nobody"))
        }),
        entry(Code::BookUnknown, |_| submit(buy("1").into_book("unmanaged"))),
        entry(Code::SymbolDenied, |desk| {
            desk.limit(|l| l.denied = [id(IBM)].into());
            submit(buy("1"))
        }),
        entry(Code::SymbolDenied, |desk| {
            let human = LimitTarget::Origin(domain::OriginKind::Human);
            desk.limit_at(human, |l| l.allowed = Some([id(BTC)].into()));
            submit(buy("1"))
        })
        .fits(|desk| {
            let human = LimitTarget::Origin(domain::OriginKind::Human);
            desk.limit_at(human, |l| l.allowed = Some([id(IBM)].into()));
            submit(buy("1"))
        }),
    ]
}

fn prices() -> Vec<Case> {
    vec![
        entry(Code::NoQuote, |desk| {
            desk.restart();
            desk.session(true, START.utc_day());
            desk.connect();
            submit(buy("1"))
        }),
        entry(Code::NoQuote, |desk| {
            desk.instrument(stock("sim:NEW"));
            submit(buy("1").of("sim:NEW").limit("100"))
        })
        .fits(|desk| {
            fresh(stock("sim:NEW"), desk);
            submit(buy("1").of("sim:NEW").limit("100"))
        }),
        entry(Code::StaleQuote, |desk| {
            desk.limit(|l| l.quote_age_ms = Some(60_000));
            desk.advance(Nanos::from_millis(60_001));
            submit(buy("1"))
        })
        .numbers("60000 ms", "60001 ms", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.quote_age_ms = Some(60_000));
            desk.advance(Nanos::from_millis(60_000));
            submit(buy("1"))
        }),
        entry(Code::MarketClosed, |desk| {
            desk.session(false, START.utc_day());
            submit(buy("1"))
        })
        .fits(|desk| {
            desk.session(false, START.utc_day());
            desk.session(true, START.utc_day());
            submit(buy("1"))
        }),
    ]
}

fn rates() -> Vec<Case> {
    vec![
        entry(Code::RateMissing, |desk| {
            let eur = Currency::new("EUR").unwrap();
            let sap = domain::Instrument { quote: eur, fee_currency: eur, ..stock("sim:SAP") };
            fresh(sap, desk);
            submit(buy("1").of("sim:SAP"))
        })
        .fits(|desk| {
            let eur = Currency::new("EUR").unwrap();
            let sap = domain::Instrument { quote: eur, fee_currency: eur, ..stock("sim:SAP") };
            fresh(sap, desk);
            desk.tell(Input::Rate {
                from: eur,
                to: Currency::usd(),
                rate: d("1.1"),
                at: desk.now.at,
            });
            submit(buy("1").of("sim:SAP"))
        }),
        entry(Code::EquityUnknown, |desk| {
            desk.restart();
            desk.session(true, START.utc_day());
            desk.price(BTC, "50000", "50000");
            desk.connect();
            submit(buy("0.01").of(BTC))
        }),
        entry(Code::EquityUnknown, |desk| {
            desk.limit(|l| l.gross_exposure = cap("50000"));
            desk.instrument(stock("sim:NEW"));
            let mut foreign = desk.venue.order_by_hand(id("sim:NEW"), Side::Buy, "5", START);
            foreign.kind = OrderKind::Market;
            desk.tell(Input::Venue(VenueEvent::Order(foreign)));
            submit(buy("1").limit("100"))
        })
        .fits(|desk| {
            desk.limit(|l| l.gross_exposure = cap("50000"));
            fresh(stock("sim:NEW"), desk);
            let mut foreign = desk.venue.order_by_hand(id("sim:NEW"), Side::Buy, "5", START);
            foreign.kind = OrderKind::Market;
            desk.tell(Input::Venue(VenueEvent::Order(foreign)));
            submit(buy("1").limit("100"))
        }),
    ]
}

fn collars() -> Vec<Case> {
    vec![
        entry(Code::PriceCollar, |desk| {
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(buy("1").limit("103.01"))
        })
        .numbers("103", "103.01", None, Scope::Account)
        .fits(|desk| {
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(buy("1").limit("103"))
        }),
        entry(Code::PriceCollar, |desk| {
            desk.policy(|p| p.allow_short = true);
            fresh(stock("sim:XYZ"), desk);
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(sell("1").of("sim:XYZ").limit("96.99"))
        })
        .numbers("97", "96.99", None, Scope::Account)
        .fits(|desk| {
            desk.policy(|p| p.allow_short = true);
            fresh(stock("sim:XYZ"), desk);
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(sell("1").of("sim:XYZ").limit("97"))
        }),
    ]
}

/// Prices come a quarter of an hour late.
fn delayed(desk: &mut Desk) {
    desk.policy(|p| p.data_delay_secs = DataDelay::try_from(900).ok());
}

fn late_prices() -> Vec<Case> {
    vec![
        entry(Code::DelayedData, |desk| {
            delayed(desk);
            submit(buy("1"))
        })
        .fits(|desk| {
            delayed(desk);
            submit(buy("1").limit("100"))
        }),
        entry(Code::DelayedData, |desk| {
            delayed(desk);
            let kind = OrderKind::Stop { trigger: px("101") };
            submit(Intent { kind, ..buy("1") })
        })
        .fits(|desk| {
            delayed(desk);
            submit(buy("1").stop_limit("101", "102"))
        }),
        // The limit of a minute holds on top of the delay.
        entry(Code::StaleQuote, |desk| {
            delayed(desk);
            desk.limit(|l| l.quote_age_ms = Some(60_000));
            desk.advance(Nanos::from_millis(960_001));
            submit(buy("1").limit("100"))
        })
        .numbers("960000 ms", "960001 ms", None, Scope::Account)
        .fits(|desk| {
            delayed(desk);
            desk.limit(|l| l.quote_age_ms = Some(60_000));
            desk.advance(Nanos::from_millis(960_000));
            submit(buy("1").limit("100"))
        }),
        // 3 % become 6 %.
        entry(Code::PriceCollar, |desk| {
            delayed(desk);
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(buy("1").limit("106.01"))
        })
        .numbers("106", "106.01", None, Scope::Account)
        .fits(|desk| {
            delayed(desk);
            desk.limit(|l| l.price_collar_percent = Some(pct("3")));
            submit(buy("1").limit("106"))
        }),
    ]
}

fn venue_numbers() -> Vec<Case> {
    vec![
        entry(Code::PriceInvalid, |_| submit(buy("1").limit("0.009")))
            .fits(|_| submit(buy("1").limit("0.01"))),
        entry(Code::AmountOverflow, |_| submit(buy("999999999999999").limit("999999999999999.99"))),
        entry(Code::AmountOverflow, |_| submit(buy("1000000000000000").limit("2")))
            .fits(|_| submit(buy("1000000000000000").limit("1"))),
        entry(Code::SizeRoundsToZero, |_| submit(buy("0.9")))
            .numbers("1", "0.9", None, Scope::Venue)
            .fits(|_| submit(buy("1"))),
        entry(Code::MinQty, |desk| {
            desk.instrument(domain::Instrument { min_qty: qty("50"), ..stock(IBM) });
            submit(buy("49"))
        })
        .numbers("50", "49", None, Scope::Venue)
        .fits(|desk| {
            desk.instrument(domain::Instrument { min_qty: qty("50"), ..stock(IBM) });
            submit(buy("50"))
        }),
        entry(Code::MaxQty, |desk| {
            desk.instrument(domain::Instrument { max_qty: Some(qty("4")), ..stock(IBM) });
            submit(buy("5"))
        })
        .numbers("4", "5", Some("4"), Scope::Venue)
        .fits(|desk| {
            desk.instrument(domain::Instrument { max_qty: Some(qty("4")), ..stock(IBM) });
            submit(buy("4"))
        }),
        entry(Code::MinNotional, |desk| {
            desk.instrument(domain::Instrument { min_notional: d("5000"), ..stock(IBM) });
            submit(buy("49").limit("100"))
        })
        .numbers("5000", "4900", None, Scope::Venue)
        .fits(|desk| {
            desk.instrument(domain::Instrument { min_notional: d("5000"), ..stock(IBM) });
            submit(buy("50").limit("100"))
        }),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = instruments();
    cases.extend(prices());
    cases.extend(rates());
    cases.extend(collars());
    cases.extend(late_prices());
    cases.extend(venue_numbers());
    cases
}
