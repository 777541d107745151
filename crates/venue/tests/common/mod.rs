//! The simulated venue as a rig, with faults that can be put between it and the desk.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use domain::{
    AccountId, AssetClass, CalendarKind, ClientOrderId, Currency, Instrument, Money, Nanos, Price,
    Quote, TickSource, Timestamp,
};
use path::{
    broker::{
        BoxFuture, Broker, CancelOutcome, Capabilities, OrderRef, OrderReport, PlaceOutcome,
        QueryError, RecentOrders, TermsOutcome, VenueEvent, VenueSnapshot,
    },
    market::Now,
    verbs::{CancelOrder, PlaceOrder, Recorded, SetTerms},
    wire::{Mono, Wire},
};
use venue::conformance::Rig;
use venue_sim::{
    AccountSettings, MemoryStorage, Phase, SharedVenue, SimBroker, SimConfig, SimTick,
};

/// One promise that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// An execution is told twice under two ids.
    FillTwice,
    /// Executions are not told.
    FillsSilent,
    /// A lost answer is reported as a refusal.
    LostIsRejected,
    /// A look-up of an order that rests says that it is unknown.
    LookUpForgets,
    /// The list of open orders is empty.
    ListEmpty,
    /// Positions are told as they were at the start.
    PositionsOld,
    /// A request is let through although the wire refuses it.
    WireIgnored,
    /// A cancel is acknowledged and not carried out.
    CancelIgnored,
    /// Executions of the last minute are missing in the list.
    FillsLate,
    /// Lists are said to be cut short.
    Incomplete,
    /// A refusal for a rule is told as an unknown outcome.
    RulesUnknown,
    /// A replacement is acknowledged and not carried out.
    ReplaceIgnored,
    /// The end of an order that was replaced is not told.
    ReplacedSilent,
    /// A refused replacement is told as if it had been accepted.
    RefusedIsAccepted,
    /// A replacement that the venue refuses has cost the old order.
    ReplaceCancelsFirst,
    /// The list of recent orders has only those that live.
    RecentOpenOnly,
    /// The list of recent orders does not say when they were taken in.
    RecentUndated,
}

pub struct SimRig {
    venue: SharedVenue<MemoryStorage>,
    clock: Arc<AtomicI64>,
    told: Arc<Mutex<VecDeque<VenueEvent>>>,
    lose: Arc<AtomicBool>,
    fault: Fault,
}

fn account() -> AccountId {
    AccountId::new("main").unwrap()
}

const START: i64 = 1_704_153_600_000_000_000;

impl SimRig {
    pub fn new(fault: Fault) -> Self {
        Self::with(fault, SimConfig::default())
    }

    pub fn with(fault: Fault, config: SimConfig) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let told: Arc<Mutex<VecDeque<VenueEvent>>> = Arc::default();
        let queue = told.clone();
        let sink = Arc::new(move |_: &AccountId, event: VenueEvent| {
            let mut queue = queue.lock().unwrap();
            match (&event, fault) {
                (VenueEvent::Fill(_), Fault::FillsSilent) => return,
                (VenueEvent::Order(report), Fault::ReplacedSilent) if was_replaced(report) => {
                    return;
                }
                (VenueEvent::Fill(fill), Fault::FillTwice) => {
                    let trade_id = domain::TradeId::new(format!("{}-2", fill.trade_id)).unwrap();
                    queue.push_back(VenueEvent::Fill(domain::Fill { trade_id, ..fill.clone() }));
                }
                _ => {}
            }
            queue.push_back(event);
        });
        let engine = venue_sim::Venue::open(config, MemoryStorage::default()).unwrap();
        let venue = SharedVenue::new(engine, sink);
        let rig = Self { venue, clock, told, lose: Arc::default(), fault };
        rig.venue.with(|v| {
            v.register(rig.instrument()).unwrap();
            v.open_account(account(), AccountSettings::default()).unwrap();
            v.deposit(&account(), &Money::new(1_000_000.into(), Currency::usd())).unwrap();
        });
        rig
    }

    fn at(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }
}

impl Rig for SimRig {
    fn account(&self) -> AccountId {
        account()
    }

    fn broker(&self) -> Arc<dyn Broker> {
        let clock = self.clock.clone();
        let read = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        let inner = SimBroker::new(self.venue.clone(), account(), read);
        let clock = self.clock.clone();
        let venue = self.venue.clone();
        Arc::new(Faulty { inner, venue, lose: self.lose.clone(), fault: self.fault, clock })
    }

    fn instrument(&self) -> Instrument {
        Instrument {
            id: "sim:SYN".parse().unwrap(),
            asset_class: AssetClass::Synthetic,
            base: Currency::new("SYN").unwrap(),
            quote: Currency::usd(),
            fee_currency: Currency::usd(),
            tick: "0.01".parse().unwrap(),
            tick_source: TickSource::Specified,
            step: "1".parse().unwrap(),
            min_qty: "1".parse().unwrap(),
            max_qty: None,
            min_notional: 0.into(),
            multiplier: 1.into(),
            calendar: CalendarKind::AlwaysOpen,
            shortable: false,
            tradable: true,
            contract: None,
        }
    }

    fn price(&mut self, price: Price) -> BoxFuture<'_, ()> {
        let at = self.at();
        let quote = Quote { bid: price, ask: price, last: price, at };
        let instrument = self.instrument().id;
        let tick = SimTick { instrument, quote, traded_volume: None, phase: Phase::Continuous };
        self.venue.on_tick(&tick, at).unwrap();
        Box::pin(std::future::ready(()))
    }

    fn wait(&mut self, span: Nanos) -> BoxFuture<'_, ()> {
        self.clock.fetch_add(span.0, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Now {
        let at = self.at();
        Now { at, wall: at, mono: Mono(at.0 - START + 1_000_000_000), trusted: true }
    }

    fn told(&mut self) -> Vec<VenueEvent> {
        self.told.lock().unwrap().drain(..).collect()
    }

    fn lose_next_answer(&mut self) -> bool {
        self.lose.store(true, Ordering::SeqCst);
        true
    }
}

fn was_replaced(report: &OrderReport) -> bool {
    report.reason.as_deref().is_some_and(|why| why.starts_with("replaced by"))
}

struct Faulty {
    inner: SimBroker<MemoryStorage>,
    venue: SharedVenue<MemoryStorage>,
    lose: Arc<AtomicBool>,
    fault: Fault,
    clock: Arc<AtomicI64>,
}

/// A wire that lets everything through, which no adapter may have.
fn open_wire(token: path::journal::LeaseToken) -> Wire {
    Wire::new(Arc::new(|| Mono(0)), token, Mono(i64::MAX), 0)
}

impl Faulty {
    fn at(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    /// An order that the venue never had.
    fn invented(&self, id: &ClientOrderId) -> OrderReport {
        OrderReport {
            client_order_id: Some(id.clone()),
            venue_order_id: "v-invented".parse().unwrap(),
            instrument: "sim:SYN".parse().unwrap(),
            side: domain::Side::Buy,
            qty: "3".parse().unwrap(),
            kind: domain::OrderKind::Limit { limit: "85".parse().unwrap() },
            tif: domain::TimeInForce::Gtc,
            reduce_only: false,
            status: path::broker::VenueStatus::Working,
            filled: domain::Qty::ZERO,
            reason: None,
            at: self.at(),
            placed_at: None,
        }
    }

    fn cancel_all(&self) {
        let now = self.at();
        let open = self.venue.with(|v| v.snapshot(&account(), now, now)).unwrap().open_orders;
        for report in open {
            self.venue.external_cancel(&account(), &report.venue_order_id, now).unwrap();
        }
    }
}

impl Broker for Faulty {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn place<'a>(
        &'a self,
        wire: &'a Wire,
        order: Recorded<PlaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome> {
        Box::pin(async move {
            let outcome = if self.fault == Fault::WireIgnored {
                let open = open_wire(path::journal::LeaseToken(1));
                self.inner.place(&open, order).await
            } else {
                self.inner.place(wire, order).await
            };
            let lost = self.lose.swap(false, Ordering::SeqCst);
            match (outcome, self.fault) {
                (PlaceOutcome::Accepted(_), Fault::LostIsRejected) if lost => {
                    let code = path::broker::VenueRejection::Other;
                    PlaceOutcome::Rejected { code, text: "time-out".to_owned() }
                }
                (PlaceOutcome::Accepted(_), _) if lost => {
                    PlaceOutcome::Unknown { why: "the answer was lost".to_owned() }
                }
                (PlaceOutcome::Rejected { text, .. }, Fault::RulesUnknown) => {
                    PlaceOutcome::Unknown { why: text }
                }
                (outcome, _) => outcome,
            }
        })
    }

    fn replace<'a>(
        &'a self,
        wire: &'a Wire,
        replace: Recorded<path::verbs::ReplaceOrder>,
    ) -> BoxFuture<'a, PlaceOutcome> {
        Box::pin(async move {
            let id = replace.client_order_id().clone();
            if self.fault == Fault::ReplaceIgnored {
                return PlaceOutcome::Accepted(self.invented(&id));
            }
            let outcome = self.inner.replace(wire, replace).await;
            let lost = self.lose.swap(false, Ordering::SeqCst);
            match (outcome, self.fault) {
                (PlaceOutcome::Accepted(_), Fault::LostIsRejected) if lost => {
                    let code = path::broker::VenueRejection::Other;
                    PlaceOutcome::Rejected { code, text: "time-out".to_owned() }
                }
                (PlaceOutcome::Accepted(_), _) if lost => {
                    PlaceOutcome::Unknown { why: "the answer was lost".to_owned() }
                }
                (PlaceOutcome::Rejected { .. }, Fault::RefusedIsAccepted) => {
                    PlaceOutcome::Accepted(self.invented(&id))
                }
                (outcome @ PlaceOutcome::Rejected { .. }, Fault::ReplaceCancelsFirst) => {
                    self.cancel_all();
                    outcome
                }
                (outcome, _) => outcome,
            }
        })
    }

    fn cancel<'a>(
        &'a self,
        wire: &'a Wire,
        cancel: Recorded<CancelOrder>,
    ) -> BoxFuture<'a, CancelOutcome> {
        Box::pin(async move {
            if self.fault == Fault::CancelIgnored {
                return CancelOutcome::Accepted(None);
            }
            self.inner.cancel(wire, cancel).await
        })
    }

    fn set_terms<'a>(
        &'a self,
        wire: &'a Wire,
        terms: Recorded<SetTerms>,
    ) -> BoxFuture<'a, TermsOutcome> {
        self.inner.set_terms(wire, terms)
    }

    fn order<'a>(
        &'a self,
        order: &'a OrderRef,
    ) -> BoxFuture<'a, Result<Option<OrderReport>, QueryError>> {
        Box::pin(async move {
            if self.fault == Fault::LookUpForgets {
                return Ok(None);
            }
            self.inner.order(order).await
        })
    }

    fn recent_orders<'a>(
        &'a self,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<RecentOrders, QueryError>> {
        Box::pin(async move {
            let mut recent = self.inner.recent_orders(since).await?;
            match self.fault {
                Fault::RecentOpenOnly => recent.orders.retain(|r| !r.status.is_final()),
                Fault::RecentUndated => recent.orders.iter_mut().for_each(|r| r.placed_at = None),
                Fault::ListEmpty => recent.orders.clear(),
                _ => {}
            }
            Ok(recent)
        })
    }

    fn snapshot<'a>(
        &'a self,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<VenueSnapshot, QueryError>> {
        Box::pin(async move {
            let mut all = self.inner.snapshot(since).await?;
            match self.fault {
                Fault::ListEmpty => all.open_orders.clear(),
                Fault::PositionsOld => all.positions.clear(),
                Fault::Incomplete => all.complete = false,
                Fault::FillsLate => {
                    let now = self.clock.load(Ordering::SeqCst);
                    all.fills.retain(|f| now - f.at.0 > 60_000_000_000);
                }
                _ => {}
            }
            Ok(all)
        })
    }
}
