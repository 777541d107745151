//! A venue that does as it is told: it keeps real orders, executions, positions and cash, and a
//! script says which of its answers get lost, refused or repeated.

use std::collections::{BTreeMap, VecDeque};

use domain::{
    Cash, CashMovement, ClientOrderId, CorporateAction, Fill, Instrument, InstrumentId, Liquidity,
    Money, OrderKind, Position, Price, Qty, Quote, Side, SignedQty, TimeInForce, Timestamp,
    TradeId, VenueOrderId,
};
use path::{
    broker::{
        CancelOutcome, OrderRef, OrderReport, PlaceOutcome, QueryError, RecentOrders, TermsOutcome,
        VenueEvent, VenueRejection, VenueSnapshot, VenueStatus,
    },
    core::Input,
    terms::Terms,
    verbs::{CancelOrder, PlaceOrder, ReplaceOrder, SetTerms},
};

use super::build::{px, qty, signed, usd};

/// What the venue does with the next order.
#[derive(Debug, Clone)]
pub(crate) enum OnPlace {
    /// Takes it and says so.
    Accept,
    /// Refuses it.
    Reject(VenueRejection),
    /// Never gets it; the desk sees a time-out.
    LoseRequest,
    /// Takes it; the desk sees a time-out.
    LoseAnswer,
    /// Takes it and says that it knows the id already.
    Duplicate,
    /// Takes it and says nothing at all.
    Silence,
}

/// What the venue does with the next cancel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnCancel {
    Accept,
    NotFound,
    TooLate,
    Reject,
    LoseAnswer,
    LoseRequest,
}

/// What the venue does with the next request for other terms.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnTerms {
    Accept,
    Reject,
    LoseAnswer,
    LoseRequest,
}

#[derive(Debug, Default)]
pub(crate) struct Venue {
    pub(crate) on_place: VecDeque<OnPlace>,
    pub(crate) on_cancel: VecDeque<OnCancel>,
    /// Market orders fill at once while this is set.
    pub(crate) fills_market: bool,
    /// The end of a replaced order is not told by itself.
    pub(crate) hides_replaced: bool,
    /// Questions get no answer.
    pub(crate) down: bool,
    /// Lists come back empty, and say that they are complete.
    pub(crate) forgetful: bool,
    /// The client's ids are neither kept nor told.
    pub(crate) nameless: bool,
    /// Lists come back half.
    pub(crate) half: bool,
    pub(crate) orders: BTreeMap<VenueOrderId, OrderReport>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) positions: BTreeMap<InstrumentId, SignedQty>,
    pub(crate) cash: Cash,
    pub(crate) movements: Vec<CashMovement>,
    pub(crate) actions: Vec<CorporateAction>,
    /// Rules by which executions are booked, where they differ from those of a plain stock.
    pub(crate) rules: BTreeMap<InstrumentId, Instrument>,
    /// The terms that the venue tells, where it does.
    pub(crate) terms: Option<Terms>,
    /// What happens to the next requests for other terms.
    pub(crate) on_terms: VecDeque<OnTerms>,
    /// Net positions in contracts.
    pub(crate) nets: BTreeMap<InstrumentId, Position>,
    /// What every execution costs.
    pub(crate) fee: Option<Money>,
    pub(crate) quotes: BTreeMap<InstrumentId, Quote>,
    /// How often each client order id reached the venue.
    pub(crate) placed: BTreeMap<ClientOrderId, u32>,
    next: u64,
}

impl Venue {
    pub(crate) fn new() -> Self {
        let mut venue = Self { fills_market: true, ..Self::default() };
        venue.cash.add(&usd("100000")).unwrap();
        venue
    }

    /// One that neither keeps nor tells the client's order ids.
    pub(crate) fn nameless() -> Self {
        Self { nameless: true, ..Self::new() }
    }

    fn take_in(&mut self, order: &PlaceOrder, at: Timestamp) -> OrderReport {
        self.next += 1;
        let report = OrderReport {
            client_order_id: Some(order.client_order_id.clone()),
            venue_order_id: VenueOrderId::new(format!("v{}", self.next)).unwrap(),
            instrument: order.instrument.clone(),
            side: order.side,
            qty: order.qty,
            kind: order.kind,
            tif: order.tif,
            reduce_only: order.reduce_only,
            status: VenueStatus::Working,
            filled: Qty::ZERO,
            reason: None,
            at,
            placed_at: Some(at),
        };
        self.orders.insert(report.venue_order_id.clone(), report.clone());
        report
    }

    /// The answers to an order, in the order in which the desk hears them.
    pub(crate) fn place(&mut self, request: &PlaceOrder, at: Timestamp) -> Vec<Input> {
        *self.placed.entry(request.client_order_id.clone()).or_default() += 1;
        let script = self.on_place.pop_front().unwrap_or(OnPlace::Accept);
        let order = request.client_order_id.clone();
        let why = "no answer within 5 s".to_owned();
        let outcome = match script {
            OnPlace::Reject(code) => {
                let text = "refused by the script".to_owned();
                return vec![Input::Placed {
                    order,
                    outcome: PlaceOutcome::Rejected { code, text },
                }];
            }
            OnPlace::LoseRequest => {
                return vec![Input::Placed { order, outcome: PlaceOutcome::Unknown { why } }];
            }
            OnPlace::Accept => {
                let report = self.take_in(request, at);
                PlaceOutcome::Accepted(self.told(report))
            }
            OnPlace::LoseAnswer => {
                self.take_in(request, at);
                PlaceOutcome::Unknown { why }
            }
            OnPlace::Duplicate => {
                self.take_in(request, at);
                PlaceOutcome::DuplicateId
            }
            OnPlace::Silence => {
                self.take_in(request, at);
                return Vec::new();
            }
        };
        let mut inputs = vec![Input::Placed { order: order.clone(), outcome }];
        if self.fills_market && matches!(request.kind, OrderKind::Market) {
            let price = self.price(&request.instrument, request.side);
            let venue_id = self.venue_id(&order);
            inputs.extend(self.fill(&venue_id, request.qty, price, at));
        }
        inputs
    }

    /// The answers to an order that takes another one's place. The venue ends the old one and takes
    /// the new one in, or leaves all as it is.
    pub(crate) fn replace(&mut self, request: &ReplaceOrder, at: Timestamp) -> Vec<Input> {
        let order = request.order.client_order_id.clone();
        let live = self.orders.values().find(|r| {
            self.is_named(r, &request.replaces, request.venue_order_id.as_ref())
                && r.status == VenueStatus::Working
        });
        let Some(old) = live.map(|r| r.venue_order_id.clone()) else {
            *self.placed.entry(order.clone()).or_default() += 1;
            let text = "the order to replace has ended".to_owned();
            let outcome = PlaceOutcome::Rejected { code: VenueRejection::Other, text };
            return vec![Input::Placed { order, outcome }];
        };
        let taken = matches!(
            self.on_place.front(),
            None | Some(
                OnPlace::Accept | OnPlace::LoseAnswer | OnPlace::Duplicate | OnPlace::Silence
            )
        );
        let mut inputs = self.place(&request.order, at);
        if taken {
            let ended = self.end(&old, VenueStatus::Cancelled);
            if !self.hides_replaced {
                let ended = self.told(ended);
                inputs.push(Input::Venue(VenueEvent::Order(ended)));
            }
        }
        inputs
    }

    /// A report as this venue tells it.
    pub(crate) fn told(&self, report: OrderReport) -> OrderReport {
        let client_order_id = report.client_order_id.clone().filter(|_| !self.nameless);
        OrderReport { client_order_id, ..report }
    }

    /// True for the order that a request names in this venue's way.
    fn is_named(
        &self,
        report: &OrderReport,
        client: &ClientOrderId,
        own: Option<&VenueOrderId>,
    ) -> bool {
        if self.nameless {
            own == Some(&report.venue_order_id)
        } else {
            report.client_order_id.as_ref() == Some(client)
        }
    }

    pub(crate) fn price(&self, instrument: &InstrumentId, side: Side) -> Price {
        let quote = self.quotes.get(instrument).expect("the venue has a price");
        if side == Side::Buy { quote.ask } else { quote.bid }
    }

    pub(crate) fn venue_id(&self, order: &ClientOrderId) -> VenueOrderId {
        let mine = |r: &&OrderReport| r.client_order_id.as_ref() == Some(order);
        self.orders.values().find(mine).expect("the venue has it").venue_order_id.clone()
    }

    /// The venue's own description of an order.
    pub(crate) fn report(&self, order: &ClientOrderId) -> OrderReport {
        self.orders[&self.venue_id(order)].clone()
    }

    /// Executes a part of an order: the execution, and the order's end when it is complete.
    pub(crate) fn fill(
        &mut self,
        order: &VenueOrderId,
        amount: Qty,
        price: Price,
        at: Timestamp,
    ) -> Vec<Input> {
        self.next += 1;
        let report = self.orders.get_mut(order).expect("the venue has it");
        report.filled = report.filled.plus(amount);
        if report.filled >= report.qty {
            report.status = VenueStatus::Filled;
        }
        let fill = Fill {
            trade_id: TradeId::new(format!("t{}", self.next)).unwrap(),
            venue_order_id: order.clone(),
            client_order_id: report.client_order_id.clone(),
            instrument: report.instrument.clone(),
            side: report.side,
            qty: amount,
            price,
            fee: self.fee.unwrap_or_else(|| usd("0")),
            liquidity: Liquidity::Taker,
            at,
        };
        let report = report.clone();
        self.settle(&fill);
        let client_order_id = fill.client_order_id.clone().filter(|_| !self.nameless);
        let fill = Fill { client_order_id, ..fill };
        self.fills.push(fill.clone());
        let report = self.told(report);
        let mut inputs = vec![Input::Venue(VenueEvent::Fill(fill))];
        if report.status == VenueStatus::Filled {
            inputs.push(Input::Venue(VenueEvent::Order(report)));
        }
        inputs
    }

    /// What an execution does to positions and cash.
    fn settle(&mut self, fill: &Fill) {
        let rules = self.rules.get(&fill.instrument).cloned();
        let rules = rules.as_ref();
        let quote = rules.map_or(domain::Currency::usd(), |r| r.quote);
        let multiplier = rules.map_or(rust_decimal::Decimal::ONE, |r| r.multiplier);
        let in_base = rules.is_some_and(|r| r.is_fee_in_base(fill.fee.currency()));
        let mut change = fill.side.signed(fill.qty);
        if in_base {
            change = SignedQty::new(change.get() - fill.fee.amount()).unwrap();
        } else {
            self.cash.add(&fill.fee.negated()).unwrap();
        }
        self.move_position(&fill.instrument, change);
        if rules.is_some_and(|r| r.asset_class.is_contract()) {
            let flat = || Position::flat(quote);
            let net = self.nets.entry(fill.instrument.clone()).or_insert_with(flat);
            let before = net.realized;
            net.apply(fill.side, fill.qty, fill.price, multiplier).unwrap();
            self.cash.add(&net.realized.minus(&before).unwrap()).unwrap();
        } else {
            let value = fill.price.get() * fill.qty.get() * multiplier;
            let flow = if fill.side == Side::Buy { -value } else { value };
            self.cash.add(&Money::new(flow, quote)).unwrap();
        }
    }

    pub(crate) fn move_position(&mut self, instrument: &InstrumentId, change: SignedQty) {
        let net = self.positions.entry(instrument.clone()).or_insert(SignedQty::ZERO);
        *net = net.plus(change);
        if net.is_zero() {
            self.positions.remove(instrument);
        }
    }

    /// Ends an order.
    pub(crate) fn end(&mut self, order: &VenueOrderId, status: VenueStatus) -> OrderReport {
        let report = self.orders.get_mut(order).expect("the venue has it");
        report.status = status;
        report.clone()
    }

    pub(crate) fn cancel(&mut self, request: &CancelOrder) -> Vec<Input> {
        let order = request.client_order_id.clone();
        let script = self.on_cancel.pop_front().unwrap_or(OnCancel::Accept);
        let live = self.orders.values().find(|r| {
            self.is_named(r, &order, request.venue_order_id.as_ref())
                && r.status == VenueStatus::Working
        });
        let live = live.map(|r| r.venue_order_id.clone());
        let outcome = match (script, live) {
            (OnCancel::Accept, Some(venue_id)) => {
                let ended = self.end(&venue_id, VenueStatus::Cancelled);
                CancelOutcome::Accepted(Some(self.told(ended)))
            }
            (OnCancel::Accept | OnCancel::NotFound, _) => CancelOutcome::NotFound,
            (OnCancel::TooLate, _) => CancelOutcome::TooLate,
            (OnCancel::Reject, _) => CancelOutcome::Rejected { text: "not now".to_owned() },
            (OnCancel::LoseAnswer, live) => {
                if let Some(venue_id) = live {
                    self.end(&venue_id, VenueStatus::Cancelled);
                }
                CancelOutcome::Unknown { why: "no answer".to_owned() }
            }
            (OnCancel::LoseRequest, _) => CancelOutcome::Unknown { why: "no answer".to_owned() },
        };
        vec![Input::CancelAnswered { order, outcome }]
    }

    pub(crate) fn set_terms(&mut self, request: &SetTerms) -> Vec<Input> {
        let unknown = || TermsOutcome::Unknown { why: "no answer".to_owned() };
        let outcome = match self.on_terms.pop_front().unwrap_or(OnTerms::Accept) {
            OnTerms::Accept => {
                self.terms = Some(request.terms);
                TermsOutcome::Accepted
            }
            OnTerms::Reject => TermsOutcome::Rejected { text: "too much is held".to_owned() },
            OnTerms::LoseAnswer => {
                self.terms = Some(request.terms);
                unknown()
            }
            OnTerms::LoseRequest => unknown(),
        };
        vec![Input::TermsAnswered { request: request.client_order_id.clone(), outcome }]
    }

    pub(crate) fn look_up(&self, order: &OrderRef) -> Input {
        let OrderRef { client_order_id, venue_order_id } = order;
        let mine = |r: &&OrderReport| self.is_named(r, client_order_id, venue_order_id.as_ref());
        let found = self.orders.values().find(mine).filter(|_| !self.forgetful).cloned();
        let found = found.map(|report| self.told(report));
        let answer = if self.down { Err(QueryError("down".to_owned())) } else { Ok(found) };
        Input::LookedUp { order: client_order_id.clone(), answer }
    }

    pub(crate) fn recent(&self, since: Timestamp) -> Input {
        assert!(self.nameless, "only a venue without client ids is asked for lists");
        if self.down {
            return Input::Recent(Err(QueryError("down".to_owned())));
        }
        let recent = |r: &&OrderReport| r.status == VenueStatus::Working || r.at >= since;
        let orders = self.orders.values().filter(recent).filter(|_| !self.forgetful);
        let orders = orders.map(|r| self.told(r.clone())).collect();
        Input::Recent(Ok(RecentOrders { orders, complete: !self.half }))
    }

    pub(crate) fn snapshot(&self, since: Timestamp, at: Timestamp) -> Input {
        if self.down {
            return Input::Snapshot(Err(QueryError("down".to_owned())));
        }
        let working = |r: &&OrderReport| r.status == VenueStatus::Working && !self.forgetful;
        let fills = self.fills.iter().filter(|f| f.at >= since && !self.forgetful);
        Input::Snapshot(Ok(VenueSnapshot {
            open_orders: self
                .orders
                .values()
                .filter(working)
                .map(|r| self.told(r.clone()))
                .collect(),
            fills: fills.cloned().collect(),
            movements: self.movements.iter().filter(|m| m.at >= since).cloned().collect(),
            actions: self.actions.iter().filter(|a| a.at >= since).cloned().collect(),
            positions: self.positions.clone(),
            cash: self.cash.clone(),
            terms: self.terms,
            complete: !self.half,
            at,
        }))
    }

    /// Somebody trades at the broker, past the desk. Returns what the stream would tell.
    pub(crate) fn trade_by_hand(
        &mut self,
        instrument: &str,
        side: Side,
        amount: &str,
        at: Timestamp,
    ) -> Vec<Input> {
        let instrument = instrument.parse().unwrap();
        let report = self.order_by_hand(instrument, side, amount, at);
        let price = self.price(&report.instrument, side);
        self.fill(&report.venue_order_id, report.qty, price, at)
    }

    /// Somebody leaves a limit order at the broker, past the desk.
    pub(crate) fn order_by_hand(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        amount: &str,
        at: Timestamp,
    ) -> OrderReport {
        self.next += 1;
        let report = OrderReport {
            client_order_id: None,
            venue_order_id: VenueOrderId::new(format!("hand{}", self.next)).unwrap(),
            instrument,
            side,
            qty: qty(amount),
            kind: OrderKind::Limit { limit: px("100") },
            tif: TimeInForce::Gtc,
            reduce_only: false,
            status: VenueStatus::Working,
            filled: Qty::ZERO,
            reason: None,
            at,
            placed_at: Some(at),
        };
        self.orders.insert(report.venue_order_id.clone(), report.clone());
        report
    }

    /// A holding from before the desk.
    pub(crate) fn holds(&mut self, instrument: &str, amount: &str) {
        self.positions.insert(instrument.parse().unwrap(), signed(amount));
    }
}
