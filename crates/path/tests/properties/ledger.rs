//! Books under random executions. Contracts: the wallet is what one account would show, and the
//! books are worth the wallet and the open profit. Spot: cash and value are profit less fees,
//! whatever the fees are paid in, and a split earns nothing.

use domain::{
    AssetClass, Contract, Fill, Instrument, Liquidity, MarginTier, Money, Side, TradeId,
    VenueOrderId,
};
use path::{
    event::{AccountOpened, ActionApplied, BookOpened, Event, Filled, InstrumentSet},
    journal::{Draft, EventRecord, Head, StreamId},
    state::AccountState,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::common::*;

/// One account's profit, reckoned with as little as possible: quantity, cost, what was realised.
#[derive(Default)]
struct Plain {
    qty: Decimal,
    cost: Decimal,
    realized: Decimal,
    fees: Decimal,
}

impl Plain {
    fn trade(&mut self, signed: Decimal, price: Decimal, multiplier: Decimal, fee: Decimal) {
        self.fees += fee;
        let against = (signed.is_sign_negative() != self.qty.is_sign_negative()
            && !self.qty.is_zero())
        .then(|| signed.abs().min(self.qty.abs()));
        let mut left = signed;
        if let Some(closed) = against {
            let share = (self.cost * closed / self.qty.abs()).round_dp(12);
            let back = if self.qty.is_sign_negative() { -closed } else { closed };
            self.realized += back * price * multiplier - share;
            self.cost -= share;
            self.qty -= back;
            left += back;
        }
        self.qty += left;
        self.cost += left * price * multiplier;
    }
}

fn contract(multiplier: Decimal) -> Instrument {
    let (initial_rate, maintenance_rate) = (d("0.02"), d("0.01"));
    let tier = MarginTier { up_to: None, initial_rate, maintenance_rate };
    let terms = Contract { expires: None, max_leverage: d("50"), tiers: vec![tier] };
    Instrument {
        asset_class: AssetClass::Perpetual,
        multiplier,
        contract: Some(terms),
        ..stock(IBM)
    }
}

fn fill(number: usize, side: Side, units: i64, price: i64, fee: i64) -> Fill {
    Fill {
        trade_id: TradeId::new(format!("t{number}")).unwrap(),
        venue_order_id: VenueOrderId::new(format!("v{number}")).unwrap(),
        client_order_id: None,
        instrument: id(IBM),
        side,
        qty: qty(&units.to_string()),
        price: px(&Decimal::new(price, 2).to_string()),
        fee: Money::new(Decimal::new(fee, 3), domain::Currency::usd()),
        liquidity: Liquidity::Taker,
        at: START,
    }
}

/// The state that a journal of these events folds to.
fn folded(events: Vec<Event>) -> AccountState {
    let stream = StreamId::account(&account());
    let (mut head, mut records) = (Head::default(), Vec::new());
    for event in events {
        let (kind, body) = (event.kind().into(), event.body().unwrap().into());
        let draft = Draft { at: START, wall_at: START, kind, version: event.version(), body };
        let record = EventRecord::seal(&stream, &head, draft);
        head = record.head();
        records.push(record);
    }
    AccountState::fold(None, &stream, &records).unwrap().unwrap()
}

fn opened(instrument: Instrument) -> Vec<Event> {
    let policy = plain_policy();
    let account = AccountOpened { spec: spec(), policy, installation: installation() };
    let book = |name: &str| {
        let (book, name, capital) = (book(name), name.to_owned(), None);
        Event::BookOpened(BookOpened { book, name, capital, by: None })
    };
    let instrument = Event::InstrumentSet(InstrumentSet { instrument });
    vec![Event::AccountOpened(account), instrument, book("a"), book("b")]
}

fn split(number: usize, numerator: i64, denominator: i64) -> Event {
    let action = domain::CorporateAction {
        id: format!("s{number}").parse().unwrap(),
        instrument: id(IBM),
        numerator: Decimal::from(numerator),
        denominator: Decimal::from(denominator),
        at: START,
    };
    Event::ActionApplied(ActionApplied { action })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cash_and_value_are_profit_less_fees(
        steps in proptest::collection::vec(
            (0_u8..20, any::<bool>(), 1_i64..50, 1_i64..100_000, -50_i64..500), 1..40),
        mark in 1_i64..100_000,
    ) {
        let base = domain::Currency::new("IBM").unwrap();
        let mut events = opened(stock(IBM));
        for (number, (what, buys, units, price, fee)) in steps.into_iter().enumerate() {
            if what == 0 {
                events.push(split(number, units % 4 + 1, 3));
                continue;
            }
            let side = if buys { Side::Buy } else { Side::Sell };
            let mut fill = fill(number, side, units, price, fee);
            if what.is_multiple_of(2) {
                fill.fee = Money::new(fill.fee.amount(), base);
            }
            let book = book(if what < 12 { "a" } else { "b" });
            events.push(Event::Filled(Filled { book, fill }));
        }
        let state = folded(events);
        let usd = domain::Currency::usd();
        let mark = px(&Decimal::new(mark, 2).to_string());
        for book in state.books.values() {
            let Some(position) = book.positions.get(&id(IBM)) else { continue };
            let cash = book.cash.get(usd).amount();
            let fees = book.fees.get(usd).amount();
            // Cash is what was realised, less what is held at cost, less fees paid in cash and the
            // value of fees that took quantity; so cash + cost + fees is what was realised.
            prop_assert_eq!(cash + position.cost.amount() + fees, position.realized.amount());
            let value = position.value(mark, Decimal::ONE).unwrap().amount();
            let open = position.unrealized(mark, Decimal::ONE).unwrap().amount();
            prop_assert_eq!(cash + value, position.realized.amount() + open - fees);
            prop_assert!(book.cash.get(base).amount().is_zero());
        }
        prop_assert_eq!(state.wallets(), state.cash(), "without contracts the two are one");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_wallet_is_that_of_one_account_and_the_books_add_up_to_it(
        fills in proptest::collection::vec(
            (any::<bool>(), any::<bool>(), 1_i64..50, 1_i64..100_000, -50_i64..500), 1..40),
        multiplier in prop_oneof![Just("1"), Just("50"), Just("0.1")],
        mark in 1_i64..100_000,
    ) {
        let multiplier = d(multiplier);
        let mut events = opened(contract(multiplier));
        let mut plain = Plain::default();
        for (number, (first, buys, units, price, fee)) in fills.into_iter().enumerate() {
            let (side, sign) = if buys { (Side::Buy, 1) } else { (Side::Sell, -1) };
            let fill = fill(number, side, units, price, fee);
            plain.trade(Decimal::from(sign * units), fill.price.get(), multiplier, fill.fee.amount());
            events.push(Event::Filled(Filled { book: book(if first { "a" } else { "b" }), fill }));
        }
        let state = folded(events);
        let usd = domain::Currency::usd();
        let wallet = state.wallet(usd).amount();
        prop_assert_eq!(wallet, plain.realized - plain.fees);
        let mark = px(&Decimal::new(mark, 2).to_string());
        let net = state.contracts[&id(IBM)];
        prop_assert_eq!(net.qty.get(), plain.qty);
        let value = |p: &domain::Position| p.value(mark, multiplier).unwrap().amount();
        let books: Decimal = state
            .books
            .values()
            .map(|b| b.cash.get(usd).amount() + b.positions.values().map(value).sum::<Decimal>())
            .sum();
        prop_assert_eq!(books, wallet + net.unrealized(mark, multiplier).unwrap().amount());
    }
}
