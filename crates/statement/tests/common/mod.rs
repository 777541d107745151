//! A journal written by hand.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use domain::{
    AssetClass, BookId, CalendarKind, CashMovement, ClientOrderId, CorporateAction, Currency, Fill,
    Instrument, IntentId, Liquidity, Money, MovementId, MovementKind, OrderKind, Origin,
    OriginKind, Principal, Protective, Side, TickSource, TimeInForce, Timestamp, TradeId,
    VenueOrderId,
};
use path::{
    event::{
        ActionApplied, Adopted, CashAdjusted, CashMoved, ClosePurpose, CloseStarted, DayOpened,
        Event, Filled, InstrumentSet, Marked, OrderRecorded, PlanSet, PositionAdjusted, PriceMark,
        Share, SoldFraction,
    },
    verbs::RiskClass,
};
use rust_decimal::Decimal;
use statement::{RoundTrip, Statement};

pub struct Journal {
    pub statement: Statement,
    pub rules: Instrument,
    seconds: i64,
    number: u64,
    sides: Vec<(ClientOrderId, Side)>,
    last: Option<Event>,
}

pub fn instrument() -> Instrument {
    Instrument {
        id: "sim:IBM".parse().unwrap(),
        asset_class: AssetClass::Equity,
        base: Currency::new("IBM").unwrap(),
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

fn origin(kind: OriginKind) -> Origin {
    Origin::new(kind, Principal::new("ada").unwrap())
}

impl Journal {
    pub fn new() -> Self {
        Self::of(instrument())
    }

    pub fn of(rules: Instrument) -> Self {
        let (statement, sides) = (Statement::default(), Vec::new());
        let instrument = rules.clone();
        let mut journal = Self { statement, rules, seconds: 0, number: 0, sides, last: None };
        journal.take(Event::InstrumentSet(InstrumentSet { instrument }));
        journal
    }

    /// Cash that the venue moved on the instrument, in parts of books.
    pub fn moved(&mut self, kind: MovementKind, parts: &[(&str, &str)]) {
        self.number += 1;
        let usd = |amount: Decimal| Money::new(amount, Currency::usd());
        let share = |(book, amount): &(&str, &str)| Share {
            book: BookId::new(*book).unwrap(),
            money: usd(amount.parse().unwrap()),
            sold: None,
        };
        let shares: Vec<Share> = parts.iter().map(share).collect();
        let sum: Decimal = shares.iter().map(|s| s.money.amount()).sum();
        let movement = CashMovement {
            id: MovementId::new(format!("m-{}", self.number)).unwrap(),
            kind,
            instrument: (!kind.is_transfer()).then(|| self.rules.id.clone()),
            money: usd(sum),
            at: Timestamp::from_secs(self.seconds + 1),
        };
        let reporting = kind.is_transfer().then_some(sum);
        self.take(Event::CashMoved(CashMoved { movement, reporting, shares }));
    }

    /// The venue pays for a fraction of the manual book's holding.
    pub fn fraction(&mut self, qty: &str, paid: &str, price: &str) {
        self.number += 1;
        let money = Money::new(paid.parse().unwrap(), Currency::usd());
        let qty = domain::SignedQty::new(qty.parse().unwrap()).unwrap();
        let sold = Some(SoldFraction { qty, price: price.parse().unwrap() });
        let movement = CashMovement {
            id: MovementId::new(format!("m-{}", self.number)).unwrap(),
            kind: MovementKind::CashInLieu,
            instrument: Some(self.rules.id.clone()),
            money,
            at: Timestamp::from_secs(self.seconds + 1),
        };
        let shares = vec![Share { book: BookId::manual(), money, sold }];
        self.take(Event::CashMoved(CashMoved { movement, reporting: None, shares }));
    }

    /// Each `old` units become `new` units.
    pub fn split(&mut self, new: &str, old: &str) {
        self.number += 1;
        let action = CorporateAction {
            id: MovementId::new(format!("s-{}", self.number)).unwrap(),
            instrument: self.rules.id.clone(),
            numerator: new.parse().unwrap(),
            denominator: old.parse().unwrap(),
            at: Timestamp::from_secs(self.seconds + 1),
        };
        self.take(Event::ActionApplied(ActionApplied { action }));
    }

    /// Every event is a second after the one before it.
    fn take(&mut self, event: Event) {
        self.seconds += 1;
        self.statement.take(Timestamp::from_secs(self.seconds), &event).unwrap();
        self.last = Some(event);
    }

    pub fn repeat(&mut self) {
        let event = self.last.clone().unwrap();
        self.statement.take(Timestamp::from_secs(self.seconds), &event).unwrap();
    }

    fn recorded(
        &mut self,
        side: Side,
        kind: OriginKind,
        class: RiskClass,
        stop: Option<&str>,
        close: Option<u64>,
    ) -> ClientOrderId {
        self.number += 1;
        let id = ClientOrderId::new(format!("o-{}", self.number)).unwrap();
        self.sides.push((id.clone(), side));
        let stop = stop.map(|s| s.parse().unwrap());
        let body = OrderRecorded {
            client_order_id: id.clone(),
            intent: IntentId::new("wish").unwrap(),
            book: BookId::manual(),
            instrument: self.rules.id.clone(),
            side,
            qty: "1000".parse().unwrap(),
            kind: OrderKind::Market,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            class,
            origin: origin(kind),
            protective: Protective { stop, target: None, ..Protective::default() },
            conditions: Default::default(),
            replaces: None,
            close,
            reference: None,
            notional: None,
            idempotency: None,
        };
        // An order takes no time, so that fills are at whole seconds after what came before.
        let at = Timestamp::from_secs(self.seconds);
        self.statement.take(at, &Event::OrderRecorded(Box::new(body))).unwrap();
        id
    }

    pub fn order(&mut self, side: Side, kind: OriginKind, stop: Option<&str>) -> ClientOrderId {
        self.recorded(side, kind, RiskClass::Entry, stop, None)
    }

    pub fn stop_order(&mut self) -> ClientOrderId {
        self.recorded(Side::Sell, OriginKind::System, RiskClass::Protective, None, None)
    }

    pub fn target_close(&mut self) -> ClientOrderId {
        let body = CloseStarted {
            id: 1,
            book: BookId::manual(),
            instrument: self.rules.id.clone(),
            qty: "1".parse().unwrap(),
            origin: origin(OriginKind::System),
            purpose: ClosePurpose::Target,
            target: None,
            then: None,
            idempotency: None,
        };
        self.take(Event::CloseStarted(body));
        self.recorded(Side::Sell, OriginKind::System, RiskClass::Exit, None, Some(1))
    }

    /// Prices since the last mark, and equity.
    pub fn mark(&mut self, low: &str, high: &str, equity: Option<&str>) {
        let price = |text: &str| text.parse().unwrap();
        let (low, high) = (price(low), price(high));
        let prices = vec![PriceMark { instrument: self.rules.id.clone(), low, high, last: high }];
        let equity = equity.map(|e| e.parse().unwrap());
        self.take(Event::Marked(Marked { equity, prices }));
    }

    pub fn plan(&mut self, stop: &str) {
        let protective =
            Protective { stop: Some(stop.parse().unwrap()), target: None, ..Protective::default() };
        let (book, by) = (BookId::manual(), origin(OriginKind::Human));
        self.take(Event::PlanSet(PlanSet {
            book,
            instrument: self.rules.id.clone(),
            protective,
            by,
        }));
    }

    fn filled(
        &mut self,
        id: Option<ClientOrderId>,
        side: Side,
        qty: &str,
        price: &str,
        fee: Money,
    ) {
        self.number += 1;
        let fill = Fill {
            trade_id: TradeId::new(format!("t-{}", self.number)).unwrap(),
            venue_order_id: VenueOrderId::new(format!("v-{}", self.number)).unwrap(),
            client_order_id: id,
            instrument: self.rules.id.clone(),
            side,
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            fee,
            liquidity: Liquidity::Taker,
            at: Timestamp::from_secs(self.seconds + 1),
        };
        self.take(Event::Filled(Filled { book: BookId::manual(), fill }));
    }

    pub fn fill(&mut self, side: Side, qty: &str, price: &str, fee: &str) {
        self.fill_paying(side, qty, price, fee, "USD");
    }

    pub fn fill_paying(&mut self, side: Side, qty: &str, price: &str, fee: &str, currency: &str) {
        let fee = Money::new(fee.parse().unwrap(), Currency::new(currency).unwrap());
        self.filled(None, side, qty, price, fee);
    }

    pub fn fill_of(&mut self, id: &ClientOrderId, qty: &str, price: &str, fee: &str) {
        let side = self.sides.iter().find(|(known, _)| known == id).unwrap().1;
        let fee = Money::new(fee.parse().unwrap(), Currency::usd());
        self.filled(Some(id.clone()), side, qty, price, fee);
    }

    pub fn arrived(&mut self, qty: &str, price: &str) {
        let body = PositionAdjusted {
            instrument: self.rules.id.clone(),
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            reporting: None,
            reason: "held before the desk".to_owned(),
        };
        self.take(Event::PositionAdjusted(body));
    }

    pub fn adopt(&mut self, qty: &str, price: &str) {
        let body = Adopted {
            instrument: self.rules.id.clone(),
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            source: "the last price".to_owned(),
            book: BookId::manual(),
            by: None,
        };
        self.take(Event::Adopted(body));
    }

    pub fn day(&mut self, day: i64, equity: &str) {
        let equity = equity.parse().unwrap();
        self.take(Event::DayOpened(DayOpened { day, equity }));
    }

    pub fn deposit(&mut self, amount: &str) {
        let reporting: Decimal = amount.parse().unwrap();
        let money = Money::new(reporting, Currency::usd());
        let reason = "deposit or withdrawal".to_owned();
        self.take(Event::CashAdjusted(CashAdjusted { money, reporting, reason }));
    }
}

/// Quantity, entry, exit, gross, fees and net of every closed lot.
pub fn lots(
    journal: &Journal,
) -> Vec<(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str)> {
    let leak = |d: Decimal| -> &'static str { d.normalize().to_string().leak() };
    let row = |lot: &statement::ClosedLot| {
        let net = lot.net().unwrap().amount();
        (
            leak(lot.qty.get()),
            leak(lot.entry.get()),
            leak(lot.exit.get()),
            leak(lot.gross.amount()),
            leak(lot.gross.amount() - net),
            leak(net),
        )
    };
    journal.statement.lots().map(row).collect()
}

/// The last round trip.
pub fn trip(journal: &Journal) -> RoundTrip {
    journal.statement.trips().next_back().unwrap().clone()
}
