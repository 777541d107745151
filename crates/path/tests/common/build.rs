//! Short ways to write numbers, instruments, sources and wishes in tests.

use domain::{
    AccountId, AssetClass, BookId, CalendarKind, Cap, ClientOrderId, Currency, InstallationId,
    Instrument, InstrumentId, Intent, IntentId, Money, OrderKind, Origin, OriginKind, Percent,
    Price, Principal, Protective, Qty, Quote, Side, SignedQty, Size, TickSource, TimeInForce,
    Timestamp,
};
use path::{
    broker::Capabilities,
    policy::{AccountSpec, Mode, Policy, WithoutStop},
};
use rust_decimal::Decimal;

/// The stock of most tests: tick 0.01, step 1, at least 1 share and 10 dollars.
pub(crate) const IBM: &str = "sim:IBM";
/// The crypto pair of the tests: tick 0.01, step 0.001, at least 0.001 and 10 dollars.
pub(crate) const BTC: &str = "sim:BTC";

pub(crate) fn d(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

pub(crate) fn px(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

pub(crate) fn signed(text: &str) -> SignedQty {
    text.parse().unwrap()
}

pub(crate) fn pct(text: &str) -> Percent {
    text.parse().unwrap()
}

pub(crate) fn cap(text: &str) -> Option<Cap> {
    Some(text.parse().unwrap())
}

pub(crate) fn usd(text: &str) -> Money {
    Money::new(d(text), Currency::usd())
}

pub(crate) fn id(text: &str) -> InstrumentId {
    text.parse().unwrap()
}

pub(crate) fn book(text: &str) -> BookId {
    BookId::new(text).unwrap()
}

pub(crate) fn order_id(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

pub(crate) fn account() -> AccountId {
    AccountId::new("main").unwrap()
}

pub(crate) fn installation() -> InstallationId {
    InstallationId::new("a1b2c3").unwrap()
}

pub(crate) fn origin(kind: OriginKind, principal: &str) -> Origin {
    Origin::new(kind, Principal::new(principal).unwrap())
}

pub(crate) fn anna() -> Origin {
    origin(OriginKind::Human, "anna")
}

pub(crate) fn agent() -> Origin {
    origin(OriginKind::Agent, "quant-1")
}

pub(crate) fn spec() -> AccountSpec {
    AccountSpec {
        id: account(),
        name: "Main".to_owned(),
        venue: "sim".parse().unwrap(),
        identity: "sim-main".to_owned(),
        mode: Mode::Paper,
        reporting: Currency::usd(),
        calendar: CalendarKind::AlwaysOpen,
    }
}

/// A policy without conveniences, so that each test switches on what it is about.
pub(crate) fn plain_policy() -> Policy {
    Policy { without_stop: WithoutStop::Allow, duplicate_window_ms: 0, ..Policy::default() }
}

/// The venue keeps an account's terms.
pub(crate) fn with_terms() -> Capabilities {
    Capabilities { terms: true, ..capabilities() }
}

pub(crate) fn capabilities() -> Capabilities {
    let acceptance_window = domain::Nanos::from_secs(5);
    Capabilities {
        reduce_only: false,
        queues_when_closed: false,
        replace: false,
        terms: false,
        groups: false,
        extended_hours: false,
        client_ids: true,
        acceptance_window,
    }
}

pub(crate) fn stock(name: &str) -> Instrument {
    Instrument {
        id: id(name),
        asset_class: AssetClass::Equity,
        base: Currency::new("IBM").unwrap(),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick: px("0.01"),
        tick_source: TickSource::Specified,
        step: qty("1"),
        min_qty: qty("1"),
        max_qty: Some(qty("1000")),
        min_notional: d("10"),
        multiplier: Decimal::ONE,
        calendar: CalendarKind::AlwaysOpen,
        shortable: true,
        tradable: true,
        contract: None,
    }
}

pub(crate) fn crypto(name: &str) -> Instrument {
    Instrument {
        asset_class: AssetClass::CryptoSpot,
        base: Currency::new("BTC").unwrap(),
        step: qty("0.001"),
        min_qty: qty("0.001"),
        max_qty: None,
        shortable: false,
        ..stock(name)
    }
}

pub(crate) fn quote(bid: &str, ask: &str, at: Timestamp) -> Quote {
    Quote { bid: px(bid), ask: px(ask), last: px(bid), at }
}

/// A wish in the manual book by Anna, at the market, with an id that says what it is.
pub(crate) fn wish(instrument: &str, side: Side, size: &str) -> Intent {
    Intent {
        id: IntentId::new(format!("wish-{side}-{size}")).unwrap(),
        account: account(),
        book: BookId::manual(),
        instrument: id(instrument),
        side,
        size: Size::Quantity(qty(size)),
        kind: OrderKind::Market,
        tif: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        protective: Protective::default(),
        conditions: Default::default(),
        origin: anna(),
        idempotency_key: None,
    }
}

pub(crate) fn buy(size: &str) -> Intent {
    wish(IBM, Side::Buy, size)
}

pub(crate) fn sell(size: &str) -> Intent {
    wish(IBM, Side::Sell, size)
}

/// Changes to a wish, one word each.
pub(crate) trait Wish: Sized {
    fn with(self, change: impl FnOnce(&mut Intent)) -> Self;

    fn limit(self, limit: &str) -> Self {
        self.with(|i| i.kind = OrderKind::Limit { limit: px(limit) })
    }
    fn trigger(self, trigger: &str) -> Self {
        self.with(|i| i.kind = OrderKind::Stop { trigger: px(trigger) })
    }
    fn stop_limit(self, trigger: &str, limit: &str) -> Self {
        self.with(|i| i.kind = OrderKind::StopLimit { trigger: px(trigger), limit: px(limit) })
    }
    fn of(self, instrument: &str) -> Self {
        self.with(|i| i.instrument = id(instrument))
    }
    fn sized(self, size: Size) -> Self {
        self.with(|i| i.size = size)
    }
    fn stop(self, stop: &str) -> Self {
        self.with(|i| i.protective.stop = Some(px(stop)))
    }
    fn target(self, target: &str) -> Self {
        self.with(|i| i.protective.target = Some(px(target)))
    }
    fn by(self, origin: Origin) -> Self {
        self.with(|i| i.origin = origin)
    }
    fn into_book(self, name: &str) -> Self {
        self.with(|i| i.book = book(name))
    }
    fn key(self, key: &str) -> Self {
        self.with(|i| i.idempotency_key = Some(key.to_owned()))
    }
    fn named(self, name: &str) -> Self {
        self.with(|i| i.id = IntentId::new(name).unwrap())
    }
    fn reduce_only(self) -> Self {
        self.with(|i| i.reduce_only = true)
    }
    fn post_only(self) -> Self {
        self.with(|i| i.post_only = true)
    }
}

impl Wish for Intent {
    fn with(mut self, change: impl FnOnce(&mut Intent)) -> Self {
        change(&mut self);
        self
    }
}
