//! A desk of one account, just large enough to make orders that a broker takes.
//!
//! It must not judge what the venue does; the checks do.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    AccountId, BookId, ClientOrderId, Intent, IntentId, Nanos, OrderKind, Origin, OriginKind,
    Price, Principal, Protective, Qty, Quote, Side, Size, TimeInForce, Timestamp,
};
use path::{
    broker::{
        Broker, CancelOutcome, PlaceOutcome, QueryError, TermsOutcome, VenueEvent, VenueSnapshot,
    },
    budget::{BudgetTable, DeskLimits},
    commit::{Action, Batch, commit},
    core::{Changes, Core, Input, Reply, ReplyId},
    journal::LeaseToken,
    market::{MarketView, Now, Session},
    policy::Policy,
    wire::{Mono, MonoClock, Wire},
};

use super::{
    Rig,
    belief::{Belief, Records, built_in},
};

/// The price at which every check begins.
const BEGIN: &str = "100";
/// Inputs that one call may lead to.
const INPUTS_MAX: usize = 1_000;
/// Quarters of a second in which books and venue must have met.
pub(super) const QUARTERS_MAX: usize = 120;
pub(super) const QUARTER: Nanos = Nanos::from_millis(250);

/// An order that was sent, and what came back.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The id under which it went.
    pub id: ClientOrderId,
    /// The answer.
    pub outcome: PlaceOutcome,
}

/// One account's core over the broker under test.
pub struct Probe<'r, R> {
    /// The venue.
    pub rig: &'r mut R,
    /// The door under test.
    pub broker: Arc<dyn Broker>,
    /// Everything that the stream told.
    pub told: Vec<VenueEvent>,
    pub(super) core: Core,
    wire: Wire,
    mono: Arc<std::sync::atomic::AtomicI64>,
    records: Records,
    budget: BudgetTable,
    placed: BTreeMap<ClientOrderId, PlaceOutcome>,
    cancelled: BTreeMap<ClientOrderId, CancelOutcome>,
    terms: Option<TermsOutcome>,
    replies: Vec<Reply>,
    snapshot: Option<VenueSnapshot>,
    /// Answers questions for everything with what was once believed.
    frozen: bool,
    wishes: u32,
}

impl<'r, R> std::fmt::Debug for Probe<'r, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("wishes", &self.wishes).finish_non_exhaustive()
    }
}

impl<'r, R: Rig> Probe<'r, R> {
    /// A probe that has compared its books with the venue's.
    ///
    /// # Errors
    /// What kept books and venue from meeting.
    pub async fn new(rig: &'r mut R) -> Result<Self, String> {
        rig.price(price(BEGIN)?).await;
        let records = Records::opened(&rig.account(), &rig.instrument())?;
        let belief = Belief { records, snapshot: None };
        Self::from_belief(rig, belief).await
    }

    /// A probe that believes what another one believed once, whatever the venue did since.
    pub(super) async fn from_belief(rig: &'r mut R, belief: Belief) -> Result<Self, String> {
        let now = rig.now();
        let state = belief.records.fold()?;
        let broker = rig.broker();
        let token = LeaseToken(1);
        let mono = Arc::new(std::sync::atomic::AtomicI64::new(now.mono.0));
        let reading = mono.clone();
        let clock: MonoClock =
            Arc::new(move || Mono(reading.load(std::sync::atomic::Ordering::SeqCst)));
        let until = now.mono.plus(Nanos::from_secs(86_400));
        let wire = Wire::new(clock, token, until, state.kill_epoch);
        let incarnation = state.incarnation.max(1);
        let core = Core::new(state, MarketView::default(), broker.capabilities(), token, now.mono);
        let mut probe = Self {
            rig,
            broker,
            told: Vec::new(),
            core,
            wire,
            mono,
            records: belief.records,
            budget: BudgetTable::new(DeskLimits::default()),
            placed: BTreeMap::new(),
            cancelled: BTreeMap::new(),
            terms: None,
            replies: Vec::new(),
            frozen: belief.snapshot.is_some(),
            snapshot: belief.snapshot,
            wishes: 0,
        };
        let batch = probe.core.start(incarnation, now, &mut probe.budget);
        probe.carry_out(batch).await?;
        probe.meet().await?;
        Ok(probe)
    }

    async fn meet(&mut self) -> Result<(), String> {
        let instrument = self.rig.instrument();
        let calendar = instrument.calendar;
        self.tell(Input::SetInstrument(Box::new(instrument))).await?;
        let session = Session { open: true, day: self.rig.now().at.utc_day() };
        self.tell(Input::Session { calendar, session }).await?;
        self.quote(price(BEGIN)?).await?;
        self.tell(Input::Venue(VenueEvent::Connected)).await?;
        for _ in 0..QUARTERS_MAX {
            let state = self.core.state();
            let funded = state.cash().iter().any(|m| !m.amount().is_zero());
            if self.core.fitness().reconciled && funded {
                return Ok(());
            }
            self.pass(QUARTER).await?;
        }
        Err("books and venue did not meet within half a minute".to_owned())
    }

    /// What the probe believes now.
    pub(super) fn belief(&self) -> Belief {
        Belief { records: self.records.clone(), snapshot: self.snapshot.clone() }
    }

    /// The same belief in the name of an account that the door doesn't lead to.
    pub(super) fn in_the_name_of(&self, name: &str) -> Result<Belief, String> {
        let account = AccountId::new(name).map_err(built_in)?;
        let records = Records::opened(&account, &self.rig.instrument())?;
        Ok(Belief { records, snapshot: self.snapshot.clone() })
    }

    /// The order as the books have it.
    pub(super) fn order(&self, id: &ClientOrderId) -> Option<&path::state::Order> {
        self.core.state().orders.get(id)
    }

    /// Lets time pass.
    pub(super) async fn pass(&mut self, span: Nanos) -> Result<(), String> {
        self.rig.wait(span).await;
        self.tell(Input::Tick).await
    }

    /// Waits until books and venue were compared once more.
    pub(super) async fn compare(&mut self) -> Result<(), String> {
        self.snapshot = None;
        for _ in 0..QUARTERS_MAX {
            if self.snapshot.is_some() {
                return Ok(());
            }
            self.pass(QUARTER).await?;
        }
        Err("the desk did not compare within half a minute".to_owned())
    }

    /// The market moves.
    pub(super) async fn price(&mut self, text: &str) -> Result<(), String> {
        let price = price(text)?;
        self.rig.price(price).await;
        self.quote(price).await?;
        self.pass(QUARTER).await
    }

    async fn quote(&mut self, price: Price) -> Result<(), String> {
        let quote = Quote { bid: price, ask: price, last: price, at: self.rig.now().at };
        let instrument = self.rig.instrument().id;
        self.tell(Input::Quote { instrument, quote }).await
    }

    /// Ends the kill epoch before the next order is sent.
    pub(super) fn pull_before_sending(&mut self) {
        self.wire.raise_epoch(self.wire.epoch() + 1);
    }

    /// Lets the lease end before the next order is sent.
    pub(super) fn lose_lease(&mut self) {
        self.wire.renew(Mono(0));
    }

    /// Uses other rules of the instrument than the venue does.
    pub(super) async fn believe(&mut self, instrument: domain::Instrument) -> Result<(), String> {
        self.tell(Input::SetInstrument(Box::new(instrument))).await
    }

    /// Sends an order through the gate.
    pub(super) async fn send(
        &mut self,
        side: Side,
        qty: &str,
        kind: OrderKind,
        tif: TimeInForce,
        mark: Mark,
    ) -> Result<Sent, String> {
        self.wishes += 1;
        let intent = Intent {
            id: IntentId::new(format!("wish-{}", self.wishes)).map_err(built_in)?,
            account: self.core.state().spec.id.clone(),
            book: BookId::manual(),
            instrument: self.rig.instrument().id,
            side,
            size: Size::Quantity(qty.parse::<Qty>().map_err(built_in)?),
            kind,
            tif,
            post_only: mark == Mark::PostOnly,
            reduce_only: mark == Mark::ReduceOnly,
            protective: Protective::default(),
            conditions: Default::default(),
            origin: origin()?,
            idempotency_key: None,
        };
        let (intent, reply) = (Box::new(intent), Some(ReplyId(u64::from(self.wishes))));
        self.tell(Input::Submit { intent, reply }).await?;
        self.sent()
    }

    /// Buys or sells at the market.
    pub(super) async fn market(&mut self, side: Side, qty: &str) -> Result<Sent, String> {
        self.send(side, qty, OrderKind::Market, TimeInForce::Gtc, Mark::None).await
    }

    /// Buys or sells at a limit.
    pub(super) async fn limit(
        &mut self,
        side: Side,
        qty: &str,
        limit: &str,
    ) -> Result<Sent, String> {
        let kind = OrderKind::Limit { limit: price(limit)? };
        self.send(side, qty, kind, TimeInForce::Gtc, Mark::None).await
    }

    /// Asks for another limit on a resting order, through the gate.
    pub(super) async fn replace(
        &mut self,
        id: &ClientOrderId,
        limit: &str,
    ) -> Result<Sent, String> {
        self.wishes += 1;
        let changes = Changes { limit: Some(price(limit)?), ..Changes::default() };
        let intent = IntentId::new(format!("wish-{}", self.wishes)).map_err(built_in)?;
        let (order, origin) = (id.clone(), origin()?);
        let reply = Some(ReplyId(u64::from(self.wishes)));
        self.tell(Input::Replace { order, changes, intent, origin, reply }).await?;
        self.sent()
    }

    /// The order that was recorded last, with its answer.
    fn sent(&mut self) -> Result<Sent, String> {
        let id = match self.replies.pop() {
            Some(Reply::Recorded { order, .. }) => order,
            other => return Err(format!("the suite itself: the gate said {other:?}")),
        };
        let outcome = self.placed.get(&id).cloned();
        let outcome = outcome.ok_or_else(|| format!("{id} was recorded and not sent"))?;
        Ok(Sent { id, outcome })
    }

    /// Cancels an order.
    pub(super) async fn cancel(&mut self, id: &ClientOrderId) -> Result<CancelOutcome, String> {
        let (order, origin) = (id.clone(), origin()?);
        let cancel = Input::Cancel { order, origin, accept_unprotected: true, reply: None };
        self.tell(cancel).await?;
        let outcome = self.cancelled.get(id).cloned();
        outcome.ok_or_else(|| format!("the cancel of {id} was not sent"))
    }

    /// The policy in force.
    pub(super) fn policy(&self) -> Policy {
        self.core.state().policy.clone()
    }

    /// Asks for a policy with other terms.
    pub(super) async fn set_policy(&mut self, policy: Policy) -> Result<TermsOutcome, String> {
        let policy = Box::new(policy);
        self.terms = None;
        self.tell(Input::SetPolicy { policy, by: origin()?, reply: None }).await?;
        self.terms.clone().ok_or_else(|| "the request for terms was not sent".to_owned())
    }

    /// Everything that the venue says now.
    pub(super) async fn everything(&self, since: Timestamp) -> Result<VenueSnapshot, String> {
        self.broker.snapshot(since).await.map_err(|e| e.to_string())
    }

    async fn tell(&mut self, input: Input) -> Result<(), String> {
        let now = self.read_clock();
        let batch = self.core.step(input, now, &mut self.budget);
        self.carry_out(batch).await
    }

    fn read_clock(&self) -> Now {
        let now = self.rig.now();
        self.mono.store(now.mono.0, std::sync::atomic::Ordering::SeqCst);
        now
    }

    async fn carry_out(&mut self, batch: Batch) -> Result<(), String> {
        let mut waiting = vec![batch];
        for _ in 0..INPUTS_MAX {
            let mut inputs = Vec::new();
            for batch in std::mem::take(&mut waiting) {
                for result in commit(&mut self.records, vec![batch]) {
                    let committed = result.map_err(|f| built_in(f.error))?;
                    for action in committed.actions {
                        inputs.extend(self.act(action).await);
                    }
                }
            }
            let told = self.rig.told();
            self.told.extend(told.iter().cloned());
            if !self.frozen {
                inputs.extend(told.into_iter().map(Input::Venue));
            }
            if inputs.is_empty() {
                return Ok(());
            }
            for input in inputs {
                let now = self.read_clock();
                waiting.push(self.core.step(input, now, &mut self.budget));
            }
        }
        Err("venue and desk talk to each other without end".to_owned())
    }

    async fn act(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Reply(_, reply) => {
                self.replies.push(*reply);
                None
            }
            Action::Place(recorded) => {
                let order = recorded.client_order_id().clone();
                let outcome = self.broker.place(&self.wire, recorded).await;
                self.placed.insert(order.clone(), outcome.clone());
                Some(Input::Placed { order, outcome })
            }
            Action::Replace(recorded) => {
                let order = recorded.client_order_id().clone();
                let outcome = self.broker.replace(&self.wire, recorded).await;
                self.placed.insert(order.clone(), outcome.clone());
                Some(Input::Placed { order, outcome })
            }
            Action::Cancel(recorded) => {
                let order = recorded.client_order_id().clone();
                let outcome = self.broker.cancel(&self.wire, recorded).await;
                self.cancelled.insert(order.clone(), outcome.clone());
                Some(Input::CancelAnswered { order, outcome })
            }
            Action::SetTerms(recorded) => {
                let request = recorded.client_order_id().clone();
                let outcome = self.broker.set_terms(&self.wire, recorded).await;
                self.terms = Some(outcome.clone());
                Some(Input::TermsAnswered { request, outcome })
            }
            Action::LookUp(_) | Action::Recent(_) if self.frozen => None,
            Action::Recent(since) => Some(Input::Recent(self.broker.recent_orders(since).await)),
            Action::LookUp(order) => {
                let answer = self.broker.order(&order).await;
                Some(Input::LookedUp { order: order.client_order_id, answer })
            }
            Action::Snapshot(since) => Some(Input::Snapshot(self.ask(since).await)),
        }
    }

    async fn ask(&mut self, since: Timestamp) -> Result<VenueSnapshot, QueryError> {
        if let (true, Some(snapshot)) = (self.frozen, &self.snapshot) {
            return Ok(snapshot.clone());
        }
        let answer = self.broker.snapshot(since).await;
        self.snapshot = answer.clone().ok();
        answer
    }
}

/// What an order is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    PostOnly,
    ReduceOnly,
}

pub(super) fn price(text: &str) -> Result<Price, String> {
    text.parse().map_err(built_in)
}

fn origin() -> Result<Origin, String> {
    let principal = Principal::new("conformance").map_err(built_in)?;
    Ok(Origin::new(OriginKind::Human, principal))
}
