//! What can be traded in a simulated world: coins and shares in every one; in most also a
//! perpetual contract, a future that ends during the run, and a share in another currency.
//!
//! This module must not know prices, accounts or what happens to an instrument.

use domain::{
    AssetClass, CalendarKind, Contract, Currency, Instrument, InstrumentId, MarginTier, TickSource,
    Timestamp, VenueId, num::Qty,
};
use rust_decimal::Decimal;

use crate::{
    dice::Dice,
    exchange::{price, qty},
    world::{EPOCH, SECOND},
};

/// The second currency of wide worlds.
pub(crate) fn euro() -> Currency {
    Currency::new("EUR").expect("a constant")
}

/// What a world lists.
#[derive(Debug)]
pub(crate) struct Listing {
    /// In a fixed order.
    pub(crate) instruments: Vec<Instrument>,
    /// Contracts and a second currency are listed.
    pub(crate) wide: bool,
    /// What is delivered may be sold short.
    pub(crate) allow_short: bool,
}

fn spot(base: &str, calendar: CalendarKind, step: i64, shortable: bool) -> Instrument {
    let venue = VenueId::new("sim").expect("a constant");
    let stock = calendar == CalendarKind::UsEquities;
    Instrument {
        id: InstrumentId::new(&venue, base).expect("a constant"),
        asset_class: if stock { AssetClass::Equity } else { AssetClass::CryptoSpot },
        base: Currency::new(base).expect("a constant"),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: price(1),
        tick_source: TickSource::Specified,
        step: qty(step),
        min_qty: qty(step),
        max_qty: None,
        min_notional: if stock { Decimal::ZERO } else { Decimal::from(5) },
        multiplier: Decimal::ONE,
        calendar,
        shortable,
        tradable: true,
        contract: None,
    }
}

/// A contract with a margin table of two steps.
fn contract(base: &str, multiplier: Decimal, expires: Option<i64>) -> Instrument {
    let tier = |up_to: Option<i64>, initial: i64, maintenance: i64| MarginTier {
        up_to: up_to.map(Decimal::from),
        initial_rate: Decimal::new(initial, 3),
        maintenance_rate: Decimal::new(maintenance, 3),
    };
    let terms = Contract {
        expires: expires.map(Timestamp),
        max_leverage: Decimal::from(20),
        tiers: vec![tier(Some(10_000), 50, 25), tier(None, 100, 50)],
    };
    let class = if expires.is_some() { AssetClass::Future } else { AssetClass::Perpetual };
    Instrument {
        asset_class: class,
        multiplier,
        contract: Some(terms),
        ..spot(base, CalendarKind::AlwaysOpen, 10, true)
    }
}

impl Listing {
    /// Draws what a world lists.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let allow_short = dice.chance(300);
        let wide = dice.chance(600);
        let mut instruments = vec![
            spot("BTC", CalendarKind::AlwaysOpen, 1, allow_short),
            spot("ETH", CalendarKind::AlwaysOpen, 10, allow_short),
            spot("IBM", CalendarKind::UsEquities, 1_000, allow_short),
        ];
        if wide {
            if dice.chance(300) {
                instruments[1].fee_currency = instruments[1].base;
                instruments[1].step = Qty::new(Decimal::new(1, 8)).expect("a constant");
            }
            let multiplier = dice.pick(&[Decimal::ONE, Decimal::new(1, 1), Decimal::from(5)]);
            instruments.push(contract("PERP", multiplier, None));
            let expires = EPOCH + dice.between(25, 90) * SECOND;
            instruments.push(contract("FUT", Decimal::from(5), Some(expires)));
            let share = spot("SAP", CalendarKind::UsEquities, 1_000, allow_short);
            instruments.push(Instrument { quote: euro(), fee_currency: euro(), ..share });
        }
        Self { instruments, wide, allow_short }
    }
}
