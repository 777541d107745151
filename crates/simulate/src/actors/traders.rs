//! People, programs and a strategy that trade through the desk.
//!
//! This module must not know how the desk judges.

use domain::{
    Activate, BookId, CalendarKind, Conditions, Instrument, InstrumentId, Intent, IntentId,
    OrderKind, OriginKind, Percent, Price, Protective, Qty, Side, Size, Target, Targets,
    TimeInForce, TimeStop, Trail, TrailBy,
};
use path::{
    core::{Changes, Input},
    verbs::RiskClass,
};
use rust_decimal::Decimal;

use super::{Waiting, origin, strategy_book};
use crate::{
    exchange::{price, qty},
    faults::Fault,
    world::{Job, World},
};

impl World {
    /// A new request's id.
    pub(crate) fn intent_id(&mut self) -> IntentId {
        self.intents += 1;
        IntentId::new(format!("i-{}", self.intents)).expect("a letter and digits")
    }

    /// A price so many per mille away from the last one.
    pub(crate) fn near(&mut self, index: usize, low: i64, high: i64) -> Price {
        let last = self.feed.cents(index);
        let away = self.dice.between(low, high);
        price(last + last * away / 1_000)
    }

    fn size(&mut self, instrument: &Instrument, index: usize) -> Size {
        let whole = self.feed.cents(index).max(1);
        match self.dice.below(10) {
            0..4 => {
                let dollars = self.dice.between(20, 9_000);
                let units = qty(dollars * 100_000 / whole).get() / instrument.multiplier;
                let units = Qty::new(units.round_dp(3)).unwrap_or(Qty::ZERO);
                let units = units.to_step(instrument.step);
                let least = instrument.step;
                Size::Quantity(if units.is_zero() { least } else { units })
            }
            4..7 => Size::Notional(qty(self.dice.between(10, 9_000) * 1_000)),
            7..9 => Size::PercentEquity(Percent::basis_points(self.points(5, 900))),
            _ => Size::RiskPercent(Percent::basis_points(self.points(2, 80))),
        }
    }

    fn points(&mut self, low: i64, high: i64) -> u32 {
        u32::try_from(self.dice.between(low, high)).unwrap_or(1)
    }

    fn kind(&mut self, index: usize, side: Side) -> OrderKind {
        let (better, worse) = if side == Side::Buy { (-1, 1) } else { (1, -1) };
        let mut at = |low: i64, high: i64, sign: i64| {
            let (low, high) = (low * sign, high * sign);
            self.near(index, low.min(high), low.max(high))
        };
        let draw = |world: &mut Self| world.dice.below(10);
        let kinds = [at(-4, 30, better), at(1, 30, worse), at(2, 20, worse)];
        match draw(self) {
            0..5 => OrderKind::Market,
            5..8 => OrderKind::Limit { limit: kinds[0] },
            8 => OrderKind::Stop { trigger: kinds[1] },
            _ => {
                let (trigger, limit) = (kinds[1], kinds[2]);
                let fits = if side == Side::Buy { limit >= trigger } else { limit <= trigger };
                OrderKind::StopLimit { trigger, limit: if fits { limit } else { trigger } }
            }
        }
    }

    fn levels(&mut self, index: usize, side: Side) -> Protective {
        let sign = if side == Side::Buy { 1 } else { -1 };
        let (a, b) = (self.dice.between(15, 60), self.dice.between(15, 60));
        let stop = self.dice.chance(700).then(|| self.near(index, -a * sign, -a * sign));
        let target = self.dice.chance(300).then(|| self.near(index, b * sign, b * sign));
        let trail = self.dice.chance(200).then(|| self.trail(index, b * sign));
        let targets =
            if self.dice.chance(150) { self.targets(index, sign) } else { Targets::default() };
        let secs = self.points(3, 40);
        let time_stop = self.dice.chance(100).then_some(TimeStop::AfterSecs(secs));
        Protective { stop, target, trail, targets, time_stop }
    }

    fn trail(&mut self, index: usize, beyond: i64) -> Trail {
        let by = if self.dice.chance(500) {
            TrailBy::Percent(Percent::basis_points(self.points(20, 400)))
        } else {
            TrailBy::Amount(price(self.feed.cents(index) * self.dice.between(2, 40) / 1_000))
        };
        let activation = self.dice.chance(300).then(|| self.near(index, beyond, beyond));
        Trail { by, activation }
    }

    fn targets(&mut self, index: usize, sign: i64) -> Targets {
        let count = self.dice.between(1, 3);
        let list: Vec<Target> = (1..=count)
            .map(|n| {
                let price = self.near(index, 8 * n * sign, 8 * n * sign);
                Target { price, share: Percent::basis_points(self.points(500, 3_300)) }
            })
            .collect();
        Targets::new(&list).expect("at most three")
    }

    /// What else may hold for an order.
    fn conditions(&mut self, instrument: &Instrument) -> Conditions {
        let grouped = self.dice.chance(400);
        let group = grouped.then(|| format!("g{}", self.intents / 12));
        let listed = instrument.calendar == CalendarKind::UsEquities;
        let activate = match self.dice.between(0, 999) {
            0..150 if listed => Activate::NextOpen,
            150..300 => Activate::NextPrice,
            _ => Activate::Now,
        };
        Conditions {
            activate,
            group: group.map(|g| g.parse().expect("a letter and digits")),
            ..Conditions::default()
        }
    }

    /// Somebody wants to open or enlarge a position.
    pub(crate) fn trade(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let index = self.dice.index(self.exchange.instruments.len());
        let instrument = self.exchange.instruments[index].clone();
        let short = match instrument.contract {
            Some(_) => self.dice.chance(500),
            None => self.exchange.allow_short && self.dice.chance(300),
        };
        let side = if short { Side::Sell } else { Side::Buy };
        let kinds = [OriginKind::Human, OriginKind::ApiKey, OriginKind::Strategy];
        let source = self.dice.pick(&kinds);
        let book = if source == OriginKind::Strategy || self.dice.chance(150) {
            strategy_book()
        } else {
            BookId::manual()
        };
        let kind = self.kind(index, side);
        let tifs = [TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc];
        let tif = if kind.trigger().is_some() { TimeInForce::Gtc } else { self.dice.pick(&tifs) };
        let resting = matches!(kind, OrderKind::Limit { .. }) && tif != TimeInForce::Ioc;
        let stock = instrument.calendar == CalendarKind::UsEquities;
        self.keys += 1;
        let key = (source != OriginKind::Human || self.dice.chance(500))
            .then(|| format!("key-{}", self.keys));
        let conditions = self.conditions(&instrument);
        let intent = Intent {
            id: self.intent_id(),
            account: self.accounts[a].id.clone(),
            book,
            side,
            size: self.size(&instrument, index),
            kind,
            tif,
            post_only: resting && !stock && self.dice.chance(100),
            reduce_only: false,
            protective: self.levels(index, side),
            conditions,
            origin: origin(source),
            idempotency_key: key,
            instrument: instrument.id,
        };
        let equal = self.strikes(Fault::EqualOrders).then(|| intent.clone());
        self.submit(p, a, intent, false);
        if let Some(equal) = equal {
            let manual = BookId::manual();
            let book = if equal.book == manual { strategy_book() } else { manual };
            let idempotency_key = equal.idempotency_key.as_ref().map(|key| format!("{key}-equal"));
            let id = self.intent_id();
            self.submit(p, a, Intent { id, book, idempotency_key, ..equal }, false);
        }
    }

    fn submit(&mut self, p: usize, a: usize, intent: Intent, must_pass: bool) {
        let keyed = intent.idempotency_key.is_some();
        let asked = keyed.then(|| (a, intent.clone()));
        let reply = self.wait_for(Waiting { must_pass, asked, kill: false });
        if keyed && self.dice.chance(250) {
            let wait = self.dice.millis(0, 4_000);
            self.after(wait, Job::Again(self.replies));
        }
        self.tell(p, a, Input::Submit { intent: Box::new(intent), reply });
    }

    /// A book and what it holds, as the books of what is decided say.
    fn some_holding(&mut self, p: usize, a: usize) -> Option<(BookId, InstrumentId, Decimal)> {
        let held: Vec<_> = self.procs[p].ledgers[a]
            .positions
            .iter()
            .filter(|((book, _), qty)| !qty.is_zero() && !book.is_unmanaged())
            .map(|((book, id), qty)| (book.clone(), id.clone(), *qty))
            .collect();
        if held.is_empty() {
            return None;
        }
        Some(held[self.dice.index(held.len())].clone())
    }

    /// Somebody gets out of a part of a position by an order.
    pub(crate) fn exit(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let Some((book, instrument, held)) = self.some_holding(p, a) else { return };
        let index = self.index_of(&instrument);
        let side = if held > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let market = self.dice.chance(700);
        let kind = if market { OrderKind::Market } else { self.kind(index, side) };
        let whole = Qty::new(held.abs()).unwrap_or(Qty::ZERO);
        let share = self.dice.pick(&[10_000, 10_000, 5_000, 2_500, 100]);
        let part = whole.percent(Percent::basis_points(share));
        let step = self.exchange.instruments[index].step;
        let part = part.to_step(step);
        let size = Size::Quantity(if part.is_zero() { whole } else { part });
        let immediate = matches!(kind, OrderKind::Market);
        let must_pass = immediate && !self.procs[p].ledgers[a].contested(&book, &instrument);
        let intent = Intent {
            id: self.intent_id(),
            account: self.accounts[a].id.clone(),
            origin: origin(self.dice.pick(&[OriginKind::Human, OriginKind::ApiKey])),
            book,
            instrument,
            side,
            size,
            kind,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: self.dice.chance(500),
            protective: Protective::default(),
            conditions: Conditions::default(),
            idempotency_key: None,
        };
        self.submit(p, a, intent, must_pass);
    }

    /// Somebody closes a share of a position.
    pub(crate) fn close(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let Some((book, instrument, _)) = self.some_holding(p, a) else { return };
        let share = Percent::basis_points(self.dice.pick(&[10_000, 10_000, 5_000, 2_500]));
        let origin = origin(self.dice.pick(&[OriginKind::Human, OriginKind::Strategy]));
        let must_pass = !self.procs[p].ledgers[a].contested(&book, &instrument);
        let activate = self.dice.pick(&[Activate::Now, Activate::Now, Activate::NextPrice]);
        let must_pass = must_pass && !activate.waits();
        let reply = self.wait_for(Waiting { must_pass, asked: None, kill: false });
        let key = None;
        let input = Input::Close { book, instrument, share, key, activate, origin, reply };
        self.tell(p, a, input);
    }

    /// Somebody cancels one of the desk's orders.
    pub(crate) fn cancel_something(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let live: Vec<_> = self.procs[p].ledgers[a].live().map(|(id, _)| id.clone()).collect();
        if live.is_empty() {
            return;
        }
        let order = live[self.dice.index(live.len())].clone();
        let accept_unprotected = self.dice.chance(150);
        let origin = origin(self.dice.pick(&[OriginKind::Human, OriginKind::Strategy]));
        let reply = self.somebody();
        self.tell(p, a, Input::Cancel { order, origin, accept_unprotected, reply });
    }

    /// Somebody changes one of the working orders.
    pub(crate) fn change_something(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let live: Vec<_> = self.procs[p].ledgers[a]
            .live()
            .filter(|(_, o)| o.body.class != RiskClass::Protective)
            .map(|(id, o)| (id.clone(), o.body.clone()))
            .collect();
        if live.is_empty() {
            return;
        }
        let (order, body) = live[self.dice.index(live.len())].clone();
        let index = self.index_of(&body.instrument);
        let step = self.exchange.instruments[index].step;
        let mut changes = Changes::default();
        if self.dice.chance(500) {
            let percent = Percent::basis_points(self.points(3_000, 15_000));
            changes.qty = Some(body.qty.percent(percent).to_step(step));
        }
        if self.dice.chance(700) {
            changes.limit = body.kind.limit().map(|_| self.near(index, -20, 20));
            changes.trigger = body.kind.trigger().map(|_| self.near(index, -30, 30));
        }
        let (intent, origin) = (self.intent_id(), origin(OriginKind::Human));
        let reply = self.somebody();
        self.tell(p, a, Input::Replace { order, changes, intent, origin, reply });
    }

    /// Somebody turns a position around.
    pub(crate) fn reverse(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let Some((book, instrument, held)) = self.some_holding(p, a) else { return };
        let index = self.index_of(&instrument);
        let side = if held > Decimal::ZERO { Side::Sell } else { Side::Buy };
        let intent = Intent {
            id: self.intent_id(),
            account: self.accounts[a].id.clone(),
            origin: origin(OriginKind::Human),
            book,
            instrument,
            side,
            size: Size::Quantity(Qty::new(held.abs()).unwrap_or(Qty::ZERO)),
            kind: OrderKind::Market,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            protective: self.levels(index, side),
            conditions: Conditions {
                activate: self.dice.pick(&[Activate::Now, Activate::NextPrice]),
                ..Conditions::default()
            },
            idempotency_key: None,
        };
        let reply = self.somebody();
        self.tell(p, a, Input::Reverse { intent: Box::new(intent), reply });
    }

    /// Somebody closes everything, or takes back what waits for an opening.
    pub(crate) fn close_all_or_disarm(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let armed = self.procs[p].cores[a].state().armed.keys().next().cloned();
        let reply = self.somebody();
        let origin = origin(OriginKind::Human);
        let input = match armed.filter(|_| self.dice.chance(500)) {
            Some(intent) => Input::Disarm { intent, by: origin, reply },
            None => {
                let share = Percent::basis_points(self.dice.pick(&[10_000, 5_000]));
                Input::CloseAll { instrument: None, share, origin, reply }
            }
        };
        self.tell(p, a, input);
    }

    /// The number of an instrument.
    pub(crate) fn index_of(&self, id: &InstrumentId) -> usize {
        self.exchange.instruments.iter().position(|i| i.id == *id).unwrap_or(0)
    }

    /// Somebody moves the levels of a position.
    pub(crate) fn move_plan(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let Some((book, instrument, held)) = self.some_holding(p, a) else { return };
        let index = self.index_of(&instrument);
        let side = if held > Decimal::ZERO { Side::Buy } else { Side::Sell };
        let mut protective = self.levels(index, side);
        let down = domain::num::Rounding::Down;
        let tick = self.exchange.instruments[index].tick;
        protective.stop = protective.stop.and_then(|s| s.to_tick(tick, down));
        let by = origin(self.dice.pick(&[OriginKind::Human, OriginKind::Strategy]));
        let reply = self.somebody();
        self.tell(p, a, Input::SetPlan { book, instrument, protective, by, reply });
    }
}
