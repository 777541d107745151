//! One event of every kind, drawn from a seed: the same seed gives the same event for ever.

use domain::{
    Activate, BookId, Cash, ClientOrderId, Conditions, Fill, Intent, IntentId, Limits, Liquidity,
    OrderKind, Origin, OriginKind, Price, Protective, Qty, Side, SignedQty, Size, Target, Targets,
    TimeInForce, TimeStop, Timestamp, TradeId, Trail, TrailBy, TriggerBy, VenueOrderId,
};
use path::{
    broker::{OrderReport, VenueRejection, VenueStatus},
    codes::{Refusal, RefusalCode},
    event::*,
    journal::Hash,
    policy::{KillLevel, LatchKind},
    verbs::RiskClass,
};
use rust_decimal::Decimal;

use super::build::*;

/// Draws from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let sides = u64::try_from(from.len()).unwrap();
        from[usize::try_from(self.roll(sides)).unwrap()].clone()
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(3) > 0).then(|| value(self))
    }

    fn units(&mut self) -> i64 {
        let magnitude = self.pick(&[1_u64, 1_000, 1_000_000, 1_000_000_000_000_000]);
        i64::try_from(self.roll(magnitude) + 1).unwrap()
    }

    fn decimal(&mut self) -> Decimal {
        let (units, scale) = (self.units(), self.pick(&[0, 2, 8, 12]));
        let sign = if self.roll(4) == 0 { -1 } else { 1 };
        Decimal::new(sign * units, scale).normalize()
    }

    fn price(&mut self) -> Price {
        Price::new(self.decimal().abs()).unwrap()
    }

    fn qty(&mut self) -> Qty {
        Qty::new(self.decimal().abs()).unwrap()
    }

    fn signed(&mut self) -> SignedQty {
        SignedQty::new(self.decimal()).unwrap()
    }

    fn at(&mut self) -> Timestamp {
        Timestamp(i64::try_from(self.roll(4_000_000_000_000_000_000)).unwrap())
    }

    fn text(&mut self) -> String {
        self.pick(&["", "no answer", "Zürich \"quoted\" \\ \n line", "0", "ノー"]).to_owned()
    }

    fn count(&mut self) -> u64 {
        self.roll(u64::MAX)
    }

    fn order(&mut self) -> ClientOrderId {
        let incarnation = u32::try_from(self.roll(1_000)).unwrap();
        ClientOrderId::compose(&installation(), incarnation, self.roll(1_000_000))
    }

    fn intent_id(&mut self) -> IntentId {
        IntentId::new(format!("web:{}", self.roll(1_000_000))).unwrap()
    }

    fn venue_order(&mut self) -> VenueOrderId {
        VenueOrderId::new(format!("v-{}", self.roll(1_000_000))).unwrap()
    }

    fn book(&mut self) -> BookId {
        book(self.pick(&["manual", "unmanaged", "trend-1"]))
    }

    fn instrument(&mut self) -> domain::InstrumentId {
        id(self.pick(&[IBM, BTC, "sim:BRK.B", "sim:ETH/USDT"]))
    }

    fn side(&mut self) -> Side {
        self.pick(&[Side::Buy, Side::Sell])
    }

    fn origin(&mut self) -> Origin {
        let kind = self.pick(&OriginKind::ALL);
        let who = origin(kind, self.pick(&["anna", "desk", "key:ci@host"]));
        match self.roll(4) {
            0 => who.asked_by(origin(OriginKind::ApiKey, "key:bot")),
            _ => who,
        }
    }

    fn kind(&mut self) -> OrderKind {
        match self.roll(4) {
            0 => OrderKind::Market,
            1 => OrderKind::Limit { limit: self.price() },
            2 => OrderKind::Stop { trigger: self.price() },
            _ => OrderKind::StopLimit { trigger: self.price(), limit: self.price() },
        }
    }

    fn tif(&mut self) -> TimeInForce {
        use TimeInForce::*;
        self.pick(&[Day, Gtc, Ioc, Fok, Opg, Cls])
    }

    fn protective(&mut self) -> Protective {
        Protective {
            stop: self.maybe(Self::price),
            target: self.maybe(Self::price),
            trail: self.maybe(Self::trail),
            targets: self.targets(),
            time_stop: self.maybe(Self::time_stop),
        }
    }

    fn trail(&mut self) -> Trail {
        let by = match self.roll(2) {
            0 => TrailBy::Amount(self.price()),
            _ => TrailBy::Percent(pct("2.5")),
        };
        Trail { by, activation: self.maybe(Self::price) }
    }

    fn targets(&mut self) -> Targets {
        let count = self.roll(3);
        let target = |d: &mut Self| Target { price: d.price(), share: pct("33.3") };
        let list: Vec<Target> = (0..count).map(|_| target(self)).collect();
        Targets::new(&list).unwrap()
    }

    fn time_stop(&mut self) -> TimeStop {
        match self.roll(2) {
            0 => TimeStop::At(self.at()),
            _ => TimeStop::AfterSecs(3_600),
        }
    }

    fn conditions(&mut self) -> Conditions {
        let activate = match self.roll(3) {
            0 => Activate::NextOpen,
            1 => Activate::NextPrice,
            _ => Activate::Now,
        };
        Conditions {
            trigger_by: self
                .maybe(|d| d.pick(&[TriggerBy::Last, TriggerBy::Quote, TriggerBy::Mark])),
            extended_hours: self.roll(4) == 0,
            activate,
            group: self.maybe(|d| d.pick(&["oco-1", "pair"]).parse().unwrap()),
            distances: domain::Distances {
                stop: self.maybe(|d| d.pick(&["0.5", "12"]).parse().unwrap()),
                target: self.maybe(|d| d.pick(&["3", "77.25"]).parse().unwrap()),
            },
        }
    }

    fn class(&mut self) -> RiskClass {
        self.pick(&RiskClass::ALL)
    }

    fn status(&mut self) -> VenueStatus {
        use VenueStatus::*;
        self.pick(&[Working, Filled, Cancelled, Rejected, Expired])
    }

    fn idempotency(&mut self) -> Idempotency {
        let content = Hash::of(&self.count().to_be_bytes());
        Idempotency { key: self.pick(&["k", "cli-7f", "ключ"]).to_owned(), content }
    }

    fn intent(&mut self) -> Intent {
        let size = match self.roll(4) {
            0 => Size::Quantity(self.qty()),
            1 => Size::Notional(self.qty()),
            2 => Size::PercentEquity(pct("12.5")),
            _ => Size::RiskPercent(pct("0.25")),
        };
        Intent {
            id: self.intent_id(),
            account: account(),
            book: self.book(),
            instrument: self.instrument(),
            side: self.side(),
            size,
            kind: self.kind(),
            tif: self.tif(),
            post_only: self.roll(2) == 0,
            reduce_only: self.roll(2) == 0,
            protective: self.protective(),
            conditions: self.conditions(),
            origin: self.origin(),
            idempotency_key: self.maybe(|d| d.idempotency().key),
        }
    }

    fn report(&mut self) -> OrderReport {
        OrderReport {
            client_order_id: self.maybe(Self::order),
            venue_order_id: self.venue_order(),
            instrument: self.instrument(),
            side: self.side(),
            qty: self.qty(),
            kind: self.kind(),
            tif: self.tif(),
            reduce_only: self.roll(2) == 0,
            status: self.status(),
            filled: self.qty(),
            reason: self.maybe(Self::text),
            at: self.at(),
            placed_at: None,
        }
    }

    fn fill(&mut self) -> Fill {
        Fill {
            trade_id: TradeId::new(format!("t/{}", self.roll(1_000_000))).unwrap(),
            venue_order_id: self.venue_order(),
            client_order_id: self.maybe(Self::order),
            instrument: self.instrument(),
            side: self.side(),
            qty: self.qty(),
            price: self.price(),
            fee: domain::Money::new(self.decimal(), domain::Currency::usd()),
            liquidity: self.pick(&[Liquidity::Maker, Liquidity::Taker]),
            at: self.at(),
        }
    }

    fn refusal(&mut self) -> Refusal {
        let code = self.pick(RefusalCode::ALL);
        if self.roll(2) == 0 {
            return Refusal::rule(code, self.text());
        }
        let (limit, value) = (self.decimal(), self.decimal());
        Refusal::limit(code, domain::Scope::Book, limit, value, self.maybe(Self::qty))
    }

    fn limits(&mut self) -> Limits {
        Limits {
            order_notional: cap("25000"),
            position_notional: self.maybe(|_| "10%".parse().unwrap()),
            order_qty: self.maybe(Self::qty),
            open_orders: self.maybe(|_| 7),
            drawdown_percent: self.maybe(|_| pct("20")),
            net_exposure: self.maybe(|_| "30000".parse().unwrap()),
            correlated_exposure: self.maybe(|_| "15%".parse().unwrap()),
            leverage: self.maybe(|_| "2.5".parse().unwrap()),
            origin_daily_notional: self.maybe(|_| "5000".parse().unwrap()),
            trading_window: self.maybe(|_| "mon-fri 13:30-20:00".parse().unwrap()),
            allowed: self.maybe(|d| [d.instrument()].into()),
            denied: [self.instrument()].into(),
            ..Limits::default()
        }
    }

    fn cash(&mut self) -> Cash {
        let mut cash = Cash::default();
        cash.add(&usd("100000.01")).unwrap();
        let eur = domain::Currency::new("EUR").unwrap();
        cash.add(&domain::Money::new(self.decimal(), eur)).unwrap();
        cash
    }

    /// An event of a kind.
    pub(crate) fn event(&mut self, kind: &str) -> Event {
        match kind {
            "filled" => Event::Filled(Filled { book: self.book(), fill: self.fill() }),
            "external_order" => Event::ExternalOrder(ExternalOrder { report: self.report() }),
            kind if ["order_", "armed_", "cancel_"].iter().any(|p| kind.starts_with(p)) => {
                self.order_event(kind)
            }
            kind => self.account_event(kind),
        }
    }
}

mod kinds;
