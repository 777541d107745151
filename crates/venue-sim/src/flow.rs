//! Prices and sessions as they pass: which orders meet a step, and in which order.
//!
//! This module must not know fees, funds or positions beyond what decides who comes first.

use domain::{Bar, InstrumentId, Qty, Quote, TimeInForce, Timestamp};
use path::broker::VenueStatus;
use rust_decimal::Decimal;

use crate::{
    engine::{AccountEvent, Engine},
    market::{BarStep, Market, Phase, Session, SessionChange, SimTick},
    matching::{Effect, Point, effect, quiet, rank, span},
    order::{Acting, SimOrder},
};

/// Which auction a step is, if any, and so who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Auction {
    None,
    Opening,
    Closing,
    /// A closing without a print of its own: nobody but the auction's orders takes part.
    ClosingOnly,
    /// Trading outside regular hours.
    Extended,
}

impl Auction {
    fn of(session: Session) -> Self {
        if session == Session::Extended { Self::Extended } else { Self::None }
    }

    fn admits(self, order: &SimOrder) -> bool {
        if self == Self::Extended {
            return Session::Extended.takes(order);
        }
        match order.tif {
            TimeInForce::Opg => self == Self::Opening,
            TimeInForce::Cls => matches!(self, Self::Closing | Self::ClosingOnly),
            _ => self != Self::ClosingOnly,
        }
    }
}

/// An order that a step acts on, with what decides when it is its turn.
struct Turn {
    class: u8,
    rank: Decimal,
    number: u64,
    found: Effect,
}

fn ends_with_day(order: &SimOrder) -> bool {
    matches!(order.tif, TimeInForce::Day | TimeInForce::Opg | TimeInForce::Cls)
}

impl Engine {
    /// Takes a step of the price and fills what it fills. Ticks of unknown instruments and ticks
    /// with crossed quotes are ignored; while the market is closed a tick only moves the quote.
    pub fn on_tick(&mut self, tick: &SimTick, now: Timestamp) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let quote = tick.quote;
        if self.settle_due(&tick.instrument, now, &mut out) {
            return out;
        }
        let Some(market) = self.markets.get_mut(&tick.instrument) else { return out };
        if quote.bid > quote.ask {
            return out;
        }
        market.state.quote = Some(quote);
        market.state.refill(&self.config, tick.traded_volume);
        self.dirty.market(&tick.instrument);
        let opens = tick.phase == Phase::Open || market.state.session == Session::Opening;
        if opens {
            market.state.session = Session::Open;
        }
        if market.state.session == Session::Closed {
            return out;
        }
        let auction = Auction::of(market.state.session);
        match tick.phase {
            _ if opens => self.open_at(&tick.instrument, &quote, now, &mut out),
            Phase::Close if auction == Auction::None => {
                let point = Point::Gap(quote.last);
                self.meet_all(&tick.instrument, point, Auction::Closing, now, &mut out);
            }
            Phase::Open | Phase::Continuous | Phase::Close => {
                let traded = tick.traded_volume.is_some_and(|volume| !volume.is_zero());
                let point = Point::Quote { quote, traded };
                self.meet_all(&tick.instrument, point, auction, now, &mut out);
            }
        }
        self.check_margin(&tick.instrument, now, &mut out);
        if tick.phase == Phase::Close {
            self.close(&tick.instrument, now, &mut out);
        }
        out
    }

    fn open_at(
        &mut self,
        instrument: &InstrumentId,
        quote: &Quote,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        self.meet_all(instrument, Point::Gap(quote.last), Auction::Opening, now, out);
        let why = "not filled in the opening auction";
        self.expire(instrument, |order| order.tif == TimeInForce::Opg, why, now, out);
    }

    /// Takes a whole bar: its open, what lies between, its close.
    pub fn on_bar(&mut self, instrument: &InstrumentId, bar: &Bar) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        if bar.impossible().is_none() {
            for step in [BarStep::Open, BarStep::Path, BarStep::Close] {
                self.bar_step(instrument, bar, step, &mut out);
            }
        }
        out
    }

    /// Takes a part of a bar, so that orders can be placed at its open and live through the rest.
    /// The three steps come in order. The bar's volume is one budget for all three, zero meaning
    /// unknown. Impossible bars and bars of closed markets fill nothing.
    pub fn on_bar_step(
        &mut self,
        instrument: &InstrumentId,
        bar: &Bar,
        step: BarStep,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        if bar.impossible().is_none() {
            self.bar_step(instrument, bar, step, &mut out);
        }
        out
    }

    fn bar_step(
        &mut self,
        instrument: &InstrumentId,
        bar: &Bar,
        step: BarStep,
        out: &mut Vec<AccountEvent>,
    ) {
        let (price, now) = match step {
            BarStep::Open => (bar.open, bar.open_at),
            BarStep::Path => (bar.open, bar.close_at),
            BarStep::Close => (bar.close, bar.close_at),
        };
        if self.settle_due(instrument, now, out) {
            return;
        }
        let Some(market) = self.markets.get_mut(instrument) else { return };
        let quote = Quote { bid: price, ask: price, last: price, at: now };
        self.dirty.market(instrument);
        market.state.quote = Some(quote);
        if step == BarStep::Open {
            let known = Some(bar.volume).filter(|volume| *volume != Qty::ZERO);
            market.state.refill(&self.config, known);
        }
        let opens = market.state.session == Session::Opening && step == BarStep::Open;
        if opens {
            market.state.session = Session::Open;
        }
        let session = market.state.session;
        if !matches!(session, Session::Open | Session::Extended) {
            return;
        }
        let Bar { open, high, low, close, .. } = *bar;
        let point = match step {
            BarStep::Open => Point::Gap(open),
            BarStep::Path => Point::Path { open, high, low, close },
            BarStep::Close => Point::Quote { quote, traded: false },
        };
        if opens {
            self.open_at(instrument, &quote, now, out);
        } else {
            self.meet_all(instrument, point, Auction::of(session), now, out);
        }
        if step == BarStep::Path {
            self.check_extremes(instrument, [low, high], quote, out);
        } else {
            self.check_margin(instrument, now, out);
        }
    }

    /// Opens or closes a market without a print. Opening again or closing again does nothing. A
    /// venue without extended hours takes their beginning as the close.
    pub fn on_session(
        &mut self,
        instrument: &InstrumentId,
        change: SessionChange,
        now: Timestamp,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let Some(session) = self.session(instrument) else { return out };
        let extended = self.config.extended_hours;
        match (change, session) {
            (SessionChange::Open, Session::Closed | Session::Extended) => {
                self.set_session(instrument, Session::Opening);
            }
            (SessionChange::Extended, Session::Closed) if extended => {
                self.set_session(instrument, Session::Extended);
            }
            (SessionChange::Extended, Session::Opening | Session::Open) if extended => {
                self.closing_auction(instrument, session, now, &mut out);
                self.set_session(instrument, Session::Extended);
                let ends =
                    |order: &SimOrder| ends_with_day(order) && !Session::Extended.takes(order);
                self.expire(instrument, ends, "the session has ended", now, &mut out);
            }
            (SessionChange::Close | SessionChange::Extended, Session::Opening | Session::Open) => {
                self.closing_auction(instrument, session, now, &mut out);
                self.close(instrument, now, &mut out);
            }
            (SessionChange::Close, Session::Extended) => self.close(instrument, now, &mut out),
            (SessionChange::Open | SessionChange::Extended, _)
            | (SessionChange::Close, Session::Closed) => {}
        }
        out
    }

    /// The closing auction at the last trade, if there was any trading.
    fn closing_auction(
        &mut self,
        instrument: &InstrumentId,
        session: Session,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        if let Some(quote) = self.quote(instrument).filter(|_| session == Session::Open) {
            let point = Point::Gap(quote.last);
            self.meet_all(instrument, point, Auction::ClosingOnly, now, out);
        }
    }

    fn set_session(&mut self, instrument: &InstrumentId, session: Session) {
        if let Some(market) = self.markets.get_mut(instrument) {
            market.state.session = session;
            self.dirty.market(instrument);
        }
    }

    fn close(&mut self, instrument: &InstrumentId, now: Timestamp, out: &mut Vec<AccountEvent>) {
        self.set_session(instrument, Session::Closed);
        self.expire(instrument, ends_with_day, "the session has ended", now, out);
    }

    fn expire(
        &mut self,
        instrument: &InstrumentId,
        ends: impl Fn(&SimOrder) -> bool,
        why: &str,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(market) = self.markets.get(instrument) else { return };
        let orders = self.live(&market.working).filter(|order| ends(order));
        let numbers: Vec<u64> = orders.map(|order| order.number).collect();
        for number in numbers {
            self.end(number, VenueStatus::Expired, Some(why), now, out);
        }
    }

    /// Lets every live order that the step admits meet it: market orders first, then stops (those
    /// that reduce before the others), then limits; among their like the nearest first, then by
    /// arrival. Stop-before-target follows from this.
    fn meet_all(
        &mut self,
        instrument: &InstrumentId,
        point: Point,
        auction: Auction,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(market) = self.markets.get(instrument) else { return };
        if !market.state.instrument.tradable {
            return;
        }
        let (low, high) = span(&point);
        if auction == Auction::None && market.quiet.is_some_and(|quiet| quiet.covers(low, high)) {
            return;
        }
        let mut turns = self.turns(market, &point, auction);
        if turns.is_empty() {
            let orders = self.live(&market.working);
            let band = quiet(orders.filter(|order| Auction::None.admits(order)), &self.config);
            if let Some(market) = self.markets.get_mut(instrument) {
                market.quiet = band;
            }
            return;
        }
        turns.sort_by_key(|turn| (turn.class, turn.rank, turn.number));
        for turn in turns {
            self.meet(turn.number, turn.found, now, out);
        }
    }

    fn turns(&self, market: &Market, point: &Point, auction: Auction) -> Vec<Turn> {
        let settles = !matches!(point, Point::Path { .. });
        let turn = |order: &SimOrder| {
            let found = effect(order, point, &self.config, market.state.mark);
            let rests_now = settles && order.taking && matches!(order.acting(), Acting::Limit(_));
            if found == Effect::None && !rests_now {
                return None;
            }
            let class = match order.acting() {
                Acting::Market => 0,
                Acting::Waiting(_) if self.reduces(order) => 1,
                Acting::Waiting(_) => 2,
                Acting::Limit(_) => 3,
            };
            Some(Turn { class, rank: rank(order, point), number: order.number, found })
        };
        let orders = self.live(&market.working);
        orders.filter(|order| auction.admits(order)).filter_map(turn).collect()
    }

    fn reduces(&self, order: &SimOrder) -> bool {
        let account = self.accounts.get(&order.account);
        account.is_some_and(|a| !a.state.reducible(&order.instrument, order.side).is_zero())
    }
}
