//! Instruments, bars and setups for tests, and a trader that does what a list says.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

pub(crate) mod happenings;
pub(crate) mod random;
pub(crate) mod script;

use backtest::{
    Inside, Keep, Setup, research,
    trader::{Trader, View, Wish},
};
use domain::{
    AccountId, AssetClass, Bar, BookId, CalendarKind, Conditions, Currency, Instrument,
    InstrumentId, Intent, IntentId, Money, Nanos, OrderKind, Origin, OriginKind, Price, Principal,
    Protective, Qty, Side, Size, TickSource, TimeInForce, Timeframe, Timestamp,
};
use market::replay::Series;
use rust_decimal::Decimal;
use venue_sim::SimConfig;

/// 2024-01-01 00:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_704_067_200);
const DAY: i64 = 86_400;

pub(crate) fn id(symbol: &str) -> InstrumentId {
    format!("sim:{symbol}").parse().unwrap()
}

pub(crate) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn account() -> AccountId {
    AccountId::new("bt").unwrap()
}

pub(crate) fn strategy() -> Origin {
    Origin::new(OriginKind::Strategy, Principal::new("strategy:test").unwrap())
}

/// Something that trades round the clock in whole units at a tick of a cent.
pub(crate) fn coin(symbol: &str) -> Instrument {
    Instrument {
        id: id(symbol),
        asset_class: AssetClass::CryptoSpot,
        base: Currency::new("XYZ").unwrap(),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: "0.01".parse().unwrap(),
        tick_source: TickSource::Specified,
        step: "1".parse().unwrap(),
        min_qty: "1".parse().unwrap(),
        max_qty: None,
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: CalendarKind::AlwaysOpen,
        shortable: true,
        tradable: true,
        contract: None,
    }
}

/// A daily bar of the n-th day.
pub(crate) fn day_bar(n: usize, [open, high, low, close]: [Price; 4], volume: Qty) -> Bar {
    let open_at = START.plus(Nanos::from_secs(DAY * i64::try_from(n).unwrap()));
    let close_at = open_at.plus(Nanos::from_secs(DAY));
    Bar { open_at, close_at, open, high, low, close, volume }
}

pub(crate) fn series(symbol: &str, bars: Vec<Bar>) -> Series {
    let tick = "0.01".parse().unwrap();
    Series { instrument: id(symbol), timeframe: Timeframe::Day, tick, bars: bars.into() }
}

/// 100 000 dollars, no fees, the profile of research.
pub(crate) fn setup(instruments: Vec<Instrument>, series: Vec<Series>) -> Setup {
    let venue =
        SimConfig { maker_fee: Decimal::ZERO, taker_fee: Decimal::ZERO, ..SimConfig::default() };
    let (policy, limits) = research(&venue);
    Setup {
        account: account(),
        reporting: Currency::usd(),
        calendar: CalendarKind::AlwaysOpen,
        listings: instruments.into_iter().map(Into::into).collect(),
        series,
        half_spread_bps: Decimal::ZERO,
        venue,
        policy,
        limits,
        compare: None,
        books: Vec::new(),
        origin: strategy(),
        cash: vec![Money::new(Decimal::from(100_000), Currency::usd())],
        rates: Vec::new(),
        clusters: Default::default(),
        happenings: Vec::new(),
        inside: Inside::Levels,
        keep: Keep::Records,
        jump: true,
    }
}

/// A market order with the next price.
pub(crate) fn intent(name: &str, symbol: &str, side: Side, qty: &str) -> Intent {
    Intent {
        id: IntentId::new(name).unwrap(),
        account: account(),
        book: BookId::manual(),
        instrument: id(symbol),
        side,
        size: Size::Quantity(qty.parse().unwrap()),
        kind: OrderKind::Market,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        protective: Protective::default(),
        conditions: Conditions { activate: domain::Activate::NextPrice, ..Conditions::default() },
        origin: strategy(),
        idempotency_key: None,
    }
}

/// Asks for what a list says at the close of each bar.
pub(crate) struct Listed(pub(crate) Vec<(usize, Wish)>);

impl Trader for Listed {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let Some(now) = view.closed().iter().map(|c| c.index).max() else { return };
        wishes.extend(self.0.iter().filter(|(n, _)| *n == now).map(|(_, wish)| wish.clone()));
    }
}
