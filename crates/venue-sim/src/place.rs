//! Taking orders in and cancelling them.
//!
//! This module must not know how a later price meets an order that stays.

use domain::{AccountId, ClientOrderId, OrderKind, Price, TimeInForce, Timestamp, VenueOrderId};
use path::{
    broker::{CancelOutcome, OrderReport, PlaceOutcome, VenueEvent, VenueRejection, VenueStatus},
    verbs::PlaceOrder,
};

use crate::{
    engine::{AccountEvent, Engine},
    market::{MarketState, Session},
    matching::{Effect, Point, effect, standing},
    order::{Acting, ExternalOrder, Request, SimOrder, number_of},
    rules::{Refusal, check_form, check_numbers, check_terms, check_value},
};

pub(crate) fn strip(events: Vec<AccountEvent>) -> Vec<VenueEvent> {
    events.into_iter().map(|(_, event)| event).collect()
}

impl Engine {
    /// Takes an order in, and fills at once what the latest quote fills. The outcome shows the
    /// order as it was taken in; the events tell what happened to it since, in order.
    ///
    /// A refused order never lived: its client id stays free.
    pub fn place(&mut self, order: &PlaceOrder, now: Timestamp) -> (PlaceOutcome, Vec<VenueEvent>) {
        if self.find(&order.account, &order.client_order_id).is_some() {
            return (PlaceOutcome::DuplicateId, Vec::new());
        }
        let request = self.as_read(Request::from(order));
        self.accept(request, now)
    }

    /// Takes in an order that somebody gives at the venue by hand. Nobody waits for its outcome,
    /// so the events begin with the order itself.
    pub fn external_order(
        &mut self,
        order: &ExternalOrder,
        now: Timestamp,
    ) -> (PlaceOutcome, Vec<VenueEvent>) {
        let request = self.as_read(Request::from(order));
        let (outcome, mut events) = self.accept(request, now);
        if let PlaceOutcome::Accepted(report) = &outcome {
            events.insert(0, VenueEvent::Order(report.clone()));
        }
        (outcome, events)
    }

    /// The request without the marks that this venue doesn't know.
    pub(crate) fn as_read(&self, mut request: Request) -> Request {
        request.reduce_only &= self.config.reduce_only;
        request.client_order_id = request.client_order_id.filter(|_| self.config.client_ids);
        request.conditions.extended_hours &= self.config.extended_hours;
        if !self.config.groups {
            request.conditions.group = None;
        }
        request
    }

    fn accept(&mut self, request: Request, now: Timestamp) -> (PlaceOutcome, Vec<VenueEvent>) {
        match self.check(&request, now) {
            Ok(price) => {
                let mut events = Vec::new();
                let report = self.admit(request, price, now, &mut events);
                (PlaceOutcome::Accepted(report), strip(events))
            }
            Err(refusal) => (refusal.into(), Vec::new()),
        }
    }

    /// Makes a checked request a live order and lets it meet the latest quote. Returns the order
    /// as it was taken in.
    pub(crate) fn admit(
        &mut self,
        request: Request,
        reserve_price: Option<Price>,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> OrderReport {
        let stamp = self.stamp(now);
        self.counters.orders += 1;
        let mut order = SimOrder::new(request, self.counters.orders, stamp);
        order.reserve_price = reserve_price;
        let (number, report) = (order.number, order.report());
        self.insert(order);
        self.arrive(number, now, out);
        report
    }

    /// Every check of a new order, in the order in which they are documented. Returns the price
    /// at which it reckons.
    pub(crate) fn check(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Price>, Refusal> {
        let refuse = |code, text: &str| Err(Refusal::new(code, text));
        let Some(account) = self.accounts.get(&request.account) else {
            return refuse(VenueRejection::Unauthorized, "the venue has no such account");
        };
        let Some(market) = self.markets.get(&request.instrument).map(|market| &market.state) else {
            return refuse(VenueRejection::Rules, "the venue does not trade this");
        };
        if !market.instrument.tradable {
            return refuse(VenueRejection::Closed, "trading is suspended");
        }
        if market.has_expired(now) {
            return refuse(VenueRejection::Closed, "the contract has ended");
        }
        check_terms(&market.instrument)?;
        check_form(request)?;
        check_numbers(&market.instrument, request)?;
        self.check_session(market, request)?;
        let price = self.reserve_price(market, request);
        if let Some(price) = request.kind.limit().or(price) {
            check_value(&market.instrument, request.qty, price, request.reduce_only)?;
        }
        check_post_only(market, request)?;
        if request.reduce_only {
            if self.reducible(account, &request.instrument, request.side).is_zero() {
                let text = "there is no position on the other side to reduce";
                return refuse(VenueRejection::WouldIncrease, text);
            }
        } else {
            self.check_funds(account, market, request, price)?;
        }
        Ok(price)
    }

    fn check_session(&self, market: &MarketState, request: &Request) -> Result<(), Refusal> {
        let tif = request.tif;
        let closed = match market.session {
            Session::Closed => true,
            Session::Extended => !request.conditions.extended_hours,
            Session::Opening | Session::Open => false,
        };
        let text = match tif {
            TimeInForce::Opg if market.session == Session::Open => "the opening auction is over",
            TimeInForce::Ioc | TimeInForce::Fok if closed => {
                "the market is closed and the order can't wait"
            }
            tif if closed && tif != TimeInForce::Opg && !self.config.queue_when_closed => {
                "the market is closed"
            }
            _ => return Ok(()),
        };
        Err(Refusal::new(VenueRejection::Closed, text))
    }

    /// Lets a new order meet the latest quote.
    fn arrive(&mut self, number: u64, now: Timestamp, out: &mut Vec<AccountEvent>) {
        let Some(order) = self.working.get(&number) else { return };
        let Some(market) = self.markets.get(&order.instrument) else { return };
        let tif = order.tif;
        if market.state.session.takes(order) {
            let age = self.config.quote_max_age;
            let fresh = |at: Timestamp| age.is_none_or(|age| now.since(at) <= age);
            if let Some(quote) = market.state.quote.filter(|quote| fresh(quote.at)) {
                let point = Point::Quote { quote, traded: false };
                let found = effect(order, &point, &self.config, market.state.mark);
                if tif != TimeInForce::Fok || self.fills_whole(order, &market.state, found) {
                    self.meet(number, found, now, out);
                }
            }
        }
        if matches!(tif, TimeInForce::Ioc | TimeInForce::Fok) {
            let why = "not filled at once";
            self.end(number, VenueStatus::Expired, Some(why), now, out);
        }
    }

    /// Carries out an effect; a limit that found nothing to take rests from now on.
    pub(crate) fn meet(
        &mut self,
        number: u64,
        found: Effect,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        if found == Effect::None {
            if let Some(order) = self.working.get_mut(&number)
                && order.taking
                && matches!(order.acting(), Acting::Limit(_))
            {
                order.taking = false;
                self.dirty.order(number);
            }
            return;
        }
        self.execute(number, found, now, out);
    }

    fn fills_whole(&self, order: &SimOrder, market: &MarketState, found: Effect) -> bool {
        let Effect::Fill(terms) = found else { return false };
        let price = if terms.slips {
            crate::matching::slipped(terms.price, order.side, &self.config, &market.instrument)
        } else {
            terms.price
        };
        market.available(order.qty) == order.qty
            && self.fillable(order, order.qty, price, terms.liquidity).0 == order.qty
    }

    /// Cancels a live order. An order that has ended is too late to cancel; one that memory does
    /// not hold is not found.
    pub fn cancel(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
        now: Timestamp,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        match self.find(account, id) {
            None => (CancelOutcome::NotFound, Vec::new()),
            Some(order) if order.status.is_final() => (CancelOutcome::TooLate, Vec::new()),
            Some(order) => self.cancel_number(order.number, now),
        }
    }

    /// Cancels a live order by the venue's id, as somebody at the venue's own screen would.
    pub fn external_cancel(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
        now: Timestamp,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        let order = number_of(id).and_then(|number| self.working.get(&number));
        match order.filter(|order| order.account == *account) {
            Some(order) => self.cancel_number(order.number, now),
            None => (CancelOutcome::NotFound, Vec::new()),
        }
    }

    pub(crate) fn cancel_number(
        &mut self,
        number: u64,
        now: Timestamp,
    ) -> (CancelOutcome, Vec<VenueEvent>) {
        let mut events = Vec::new();
        let why = Some("cancelled on request");
        self.end(number, VenueStatus::Cancelled, why, now, &mut events);
        let events = strip(events);
        let report = events.iter().find_map(|event| match event {
            VenueEvent::Order(report) => Some(report.clone()),
            _ => None,
        });
        (CancelOutcome::Accepted(report), events)
    }
}

fn check_post_only(market: &MarketState, request: &Request) -> Result<(), Refusal> {
    let (OrderKind::Limit { limit }, Some(quote)) = (request.kind, market.quote) else {
        return Ok(());
    };
    let standing = standing(request.side, &quote);
    let takes = match request.side {
        domain::Side::Buy => limit >= standing,
        domain::Side::Sell => limit <= standing,
    };
    let trades = match market.session {
        Session::Open => true,
        Session::Extended => request.conditions.extended_hours,
        Session::Opening | Session::Closed => false,
    };
    if request.post_only && trades && takes {
        let text = format!("the limit {limit} would take from the market at {standing}");
        return Err(Refusal::new(VenueRejection::WouldTake, text));
    }
    Ok(())
}
