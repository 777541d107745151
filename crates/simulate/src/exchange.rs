//! The venue as the simulator sees it: the matching engine and the truth about it.
//!
//! It outlives every crash of a desk. What the checks compare the books with is read here. It
//! must not know desks or networks.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, ClientOrderId, Currency, Fill, Instrument, InstrumentId, Money, Percent, Price, Qty,
    Quote, Timestamp, VenueOrderId,
};
use path::{
    broker::{
        CancelOutcome, Capabilities, OrderRef, OrderReport, PlaceOutcome, RecentOrders,
        TermsOutcome, VenueEvent, VenueSnapshot, VenueStatus,
    },
    terms::Terms,
    verbs::{CancelOrder, PlaceOrder, ReplaceOrder, SetTerms},
};
use rust_decimal::Decimal;
use venue_sim::{
    AccountEvent, AccountSettings, Engine, ExternalOrder, Happening, Phase, SessionChange,
    SimConfig, SimTick, terms_outcome,
};

use crate::{
    dice::Dice,
    listing::{Listing, euro},
};

/// An account and an id of its orders.
type Key = (AccountId, ClientOrderId);

/// The matching engine and what the checks need to know about it.
#[derive(Debug)]
pub(crate) struct Exchange {
    engine: Engine,
    /// Instruments in a fixed order.
    pub(crate) instruments: Vec<Instrument>,
    /// How often an order of this id was taken in.
    pub(crate) accepted: BTreeMap<Key, u32>,
    /// Ids that were sent again after they had been taken in.
    pub(crate) repeated: BTreeSet<Key>,
    /// Which order of a desk each of the venue's is; the venue itself may not know.
    owners: BTreeMap<VenueOrderId, ClientOrderId>,
    /// Until when queries don't show a young order.
    hidden: BTreeMap<Key, i64>,
    /// Whether accounts may be short of what is delivered.
    pub(crate) allow_short: bool,
    /// Contracts and a second currency are listed.
    pub(crate) wide: bool,
    /// Only a share of the traded volume fills.
    pub(crate) partial: bool,
}

fn decimal<T>(units: i64, scale: u32, make: fn(Decimal) -> Result<T, domain::NumError>) -> T {
    make(Decimal::new(units, scale)).expect("constants are in range")
}

/// A price of so many hundredths.
pub(crate) fn price(cents: i64) -> Price {
    decimal(cents.max(1), 2, Price::new)
}

/// A quantity of so many thousandths.
pub(crate) fn qty(thousandths: i64) -> Qty {
    decimal(thousandths.max(0), 3, Qty::new)
}

impl Exchange {
    /// A venue that lists some instruments and has no accounts.
    pub(crate) fn new(dice: &mut Dice, partial: bool, can: &Capabilities) -> Self {
        let Listing { instruments, wide, allow_short } = Listing::draw(dice);
        let config = SimConfig {
            borrow_rate: Decimal::new(dice.between(0, 20), 2),
            interest_rate: Decimal::new(dice.between(0, 10), 2),
            insurance_fund: dice.chance(500),
            slippage_bps: Decimal::from(dice.between(0, 5)),
            volume_share: partial.then(|| Percent::basis_points(2_000)),
            reduce_only: can.reduce_only,
            replace: can.replace,
            groups: can.groups,
            client_ids: can.client_ids,
            ..SimConfig::default()
        };
        let mut engine = Engine::new(config).expect("the settings are in range");
        for instrument in &instruments {
            engine.register(instrument.clone());
        }
        let (accepted, hidden) = (BTreeMap::new(), BTreeMap::new());
        let (repeated, owners) = (BTreeSet::new(), BTreeMap::new());
        Self { engine, instruments, accepted, repeated, owners, hidden, allow_short, wide, partial }
    }

    /// Opens an account with some money; in wide worlds some of it in the second currency.
    pub(crate) fn open_account(
        &mut self,
        account: &AccountId,
        settings: AccountSettings,
        cash: i64,
    ) {
        let opened = self.engine.open_account(account.clone(), settings);
        debug_assert!(opened.is_ok(), "accounts have different names and settings in range");
        let _ = self.transfer(account, cash);
        if self.wide {
            let euros = Money::new(Decimal::from(cash / 4), euro());
            let paid = self.engine.deposit(account, &euros);
            debug_assert!(paid.is_ok(), "the account exists");
        }
    }

    /// Something happens to an instrument or at the end of a day.
    pub(crate) fn happen(&mut self, what: &Happening, now: i64) -> Vec<AccountEvent> {
        self.engine.happen(what, Timestamp(now))
    }

    /// What the venue counts that an account's positions in contracts have cost.
    pub(crate) fn contract_cost(&self, account: &AccountId) -> BTreeMap<Currency, Decimal> {
        let mut cost = BTreeMap::new();
        for rules in self.instruments.iter().filter(|rules| rules.contract.is_some()) {
            if let Some(position) = self.engine.position(account, &rules.id) {
                *cost.entry(rules.quote).or_default() += position.cost.amount();
            }
        }
        cost
    }

    /// Moves money in, or out when negative; false when the venue refuses.
    pub(crate) fn transfer(&mut self, account: &AccountId, dollars: i64) -> bool {
        let money = Money::new(Decimal::from(dollars.abs()), Currency::usd());
        if dollars >= 0 {
            self.engine.deposit(account, &money).is_ok()
        } else {
            self.engine.withdraw(account, &money).is_ok()
        }
    }

    /// Gives an account a holding that no desk knows of.
    pub(crate) fn endow(&mut self, account: &AccountId, instrument: &InstrumentId, units: Qty) {
        let at = self.engine.quote(instrument).map_or(price(10_000), |q| q.last);
        let moved = self.engine.transfer_position(account, instrument, units.signed(true), at);
        debug_assert!(moved.is_ok(), "account and instrument exist");
    }

    /// Takes an order in. `hidden_until` keeps it from queries for a while.
    pub(crate) fn place(
        &mut self,
        order: &PlaceOrder,
        hidden_until: Option<i64>,
        now: i64,
    ) -> (PlaceOutcome, Vec<VenueEvent>) {
        let (outcome, events) = self.engine.place(order, Timestamp(now));
        self.note(order, &outcome, hidden_until);
        (outcome, events)
    }

    /// Puts an order in another one's place.
    pub(crate) fn replace(
        &mut self,
        request: &ReplaceOrder,
        hidden_until: Option<i64>,
        now: i64,
    ) -> (PlaceOutcome, Vec<VenueEvent>) {
        let (outcome, events) = self.engine.replace(request, Timestamp(now));
        self.note(&request.order, &outcome, hidden_until);
        (outcome, events)
    }

    fn note(&mut self, order: &PlaceOrder, outcome: &PlaceOutcome, hidden_until: Option<i64>) {
        let key = (order.account.clone(), order.client_order_id.clone());
        match outcome {
            PlaceOutcome::Accepted(report) => {
                self.owners.insert(report.venue_order_id.clone(), key.1.clone());
                *self.accepted.entry(key.clone()).or_default() += 1;
                if let Some(until) = hidden_until {
                    self.hidden.insert(key, until);
                }
            }
            PlaceOutcome::DuplicateId => {
                self.repeated.insert(key);
            }
            _ => {}
        }
    }

    /// Cancels an order of the desk.
    pub(crate) fn cancel(
        &mut self,
        cancel: &CancelOrder,
        now: i64,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        self.engine.cancel_asked(cancel, Timestamp(now))
    }

    /// The desk's order that an order of the venue is, whatever the venue tells.
    pub(crate) fn owner(&self, id: &VenueOrderId) -> Option<&ClientOrderId> {
        self.owners.get(id)
    }

    fn is_hidden(&self, account: &AccountId, id: Option<&ClientOrderId>, now: i64) -> bool {
        let key = id.map(|id| (account.clone(), id.clone()));
        key.and_then(|key| self.hidden.get(&key)).is_some_and(|until| *until > now)
    }

    /// Lets an account trade on other terms, or refuses.
    pub(crate) fn set_terms(&mut self, request: &SetTerms) -> TermsOutcome {
        terms_outcome(self.engine.set_terms(&request.account, &request.terms))
    }

    /// On which terms an account trades.
    pub(crate) fn terms(&self, account: &AccountId) -> Option<Terms> {
        self.engine.settings(account)?.terms()
    }

    /// True for an order that can still fill.
    pub(crate) fn is_open(&self, account: &AccountId, id: &ClientOrderId) -> bool {
        self.engine.order(account, id).is_some_and(|report| !report.status.is_final())
    }

    /// Keeps a live order of the desk from queries for a while.
    pub(crate) fn forget(&mut self, account: &AccountId, id: &ClientOrderId, until: i64) {
        self.hidden.insert((account.clone(), id.clone()), until);
    }

    /// Looks an order up.
    pub(crate) fn order(
        &self,
        account: &AccountId,
        order: &OrderRef,
        now: i64,
    ) -> Option<OrderReport> {
        let OrderRef { client_order_id, venue_order_id } = order;
        if self.is_hidden(account, Some(client_order_id), now) {
            return None;
        }
        if self.engine.config().client_ids {
            return self.engine.order(account, client_order_id);
        }
        self.engine.order_named(account, venue_order_id.as_ref()?)
    }

    /// Orders of a while, as a query shows them.
    pub(crate) fn recent(&self, account: &AccountId, since: Timestamp, now: i64) -> RecentOrders {
        let mut recent = self.engine.recent_orders(account, since).expect("the account exists");
        recent.orders.retain(|r| !self.is_hidden(account, self.owner(&r.venue_order_id), now));
        recent
    }

    /// Every order that an account ever had.
    pub(crate) fn orders(&self, account: &AccountId) -> Vec<OrderReport> {
        self.recent(account, Timestamp(i64::MIN), i64::MAX).orders
    }

    /// Everything about an account, as a query shows it.
    pub(crate) fn snapshot(
        &self,
        account: &AccountId,
        since: Timestamp,
        now: i64,
    ) -> VenueSnapshot {
        let mut snapshot = self.truth(account, since, now);
        let hidden = |r: &OrderReport| self.owner(&r.venue_order_id);
        snapshot.open_orders.retain(|r| !self.is_hidden(account, hidden(r), now));
        snapshot
    }

    /// Everything about an account, as it is.
    pub(crate) fn truth(&self, account: &AccountId, since: Timestamp, now: i64) -> VenueSnapshot {
        self.engine.snapshot(account, since, Timestamp(now)).expect("the account exists")
    }

    /// The last price of an instrument.
    pub(crate) fn last(&self, index: usize) -> Decimal {
        let quote = self.engine.quote(&self.instruments[index].id);
        quote.map_or(Decimal::ZERO, |q| q.last.get())
    }

    /// Every execution of an account.
    pub(crate) fn fills(&self, account: &AccountId) -> Vec<Fill> {
        self.truth(account, Timestamp::default(), 0).fills
    }

    /// Live orders of an account.
    pub(crate) fn open_orders(&self, account: &AccountId) -> Vec<OrderReport> {
        self.truth(account, Timestamp(i64::MAX), 0).open_orders
    }

    /// Somebody trades by hand.
    pub(crate) fn by_hand(&mut self, order: &ExternalOrder, now: i64) -> Vec<VenueEvent> {
        self.engine.external_order(order, Timestamp(now)).1
    }

    /// Somebody cancels by hand.
    pub(crate) fn cancel_by_hand(
        &mut self,
        account: &AccountId,
        report: &OrderReport,
        now: i64,
    ) -> Vec<VenueEvent> {
        debug_assert!(report.status == VenueStatus::Working, "only live orders are listed");
        self.engine.external_cancel(account, &report.venue_order_id, Timestamp(now)).1
    }

    /// A step of the price.
    pub(crate) fn tick(&mut self, index: usize, quote: Quote, volume: Qty) -> Vec<AccountEvent> {
        let instrument = self.instruments[index].id.clone();
        let traded_volume = Some(volume);
        let tick = SimTick { instrument, quote, traded_volume, phase: Phase::Continuous };
        self.engine.on_tick(&tick, quote.at)
    }

    /// A market opens or closes.
    pub(crate) fn session(&mut self, index: usize, open: bool, now: i64) -> Vec<AccountEvent> {
        let change = if open { SessionChange::Open } else { SessionChange::Close };
        self.engine.on_session(&self.instruments[index].id, change, Timestamp(now))
    }
}
