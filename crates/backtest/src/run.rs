//! A run from the first price to the last.
//!
//! It must not know how core and venue talk to each other.

mod begin;
mod end;
mod lane;

use domain::{Bar, InstrumentId, Origin, Price, Quote, Timestamp};
use lane::Lane;
use market::replay::{Phase, Replay, Tick, average_true_range};
use path::{core::Input, market::Session, policy::WithoutStop};
use rust_decimal::Decimal;
use venue_sim::{Happening, SessionChange, SimTick};

use crate::{
    driver::Driver,
    error::BacktestError,
    feed::{Due, Timetable, venue_phase},
    outcome::{BarMark, Outcome, Told, Watcher},
    setup::{Inside, Setup},
    trader::{ClosedBar, Trader, View, Wish},
    way::{LEVELS_MAX, Levels, Torn, quotes, share},
};

/// A backtest that can begin.
#[derive(Debug)]
pub struct Backtest {
    setup: Setup,
    feed: Timetable,
    start: Timestamp,
}

impl Backtest {
    /// Runs from the first price to the last. The watcher is told what happens meanwhile.
    ///
    /// # Errors
    /// [`BacktestError`] when the desk does not take a setting.
    pub fn run(
        self,
        trader: &mut dyn Trader,
        watcher: &mut dyn Watcher,
    ) -> Result<Outcome, BacktestError> {
        let mut run = self.begin(watcher)?;
        while let Some((at, due)) = run.feed.next() {
            if !matches!(due, Due::Price(_)) {
                run.time_comes(at);
            }
            run.happens(at, due, trader);
            run.driver.check()?;
        }
        Ok(run.end())
    }
}

/// A run under way.
struct Run<'w> {
    driver: Driver<'w>,
    feed: Timetable,
    lanes: Vec<Lane>,
    closed: Vec<(usize, usize)>,
    wishes: Vec<Wish>,
    /// The latest mark and the number of records then.
    mark: Option<(BarMark, u64)>,
    origin: Origin,
    inside: Inside,
    half_spread_bps: Decimal,
    jump: bool,
    tells_range: bool,
}

impl Run<'_> {
    /// Time comes to an instant at which something is due. The desk looks after what it owes before
    /// that is told, as live, where it does so many times between two prices. It passes for what is
    /// awake, whatever is due.
    fn time_comes(&mut self, at: Timestamp) {
        if self.driver.advance(at) && self.lanes.iter().any(|lane| lane.awake) {
            self.driver.tell(Input::Tick);
            self.driver.show(Told::Time);
        }
    }

    fn happens(&mut self, at: Timestamp, due: Due, trader: &mut dyn Trader) {
        match due {
            Due::Session(kind, session) => self.session(kind, session),
            Due::Charge => {
                for what in [Happening::Time, Happening::Day] {
                    self.happening(&what, at);
                }
            }
            Due::Happening(dated) => {
                self.catch_up();
                self.happening(&dated.what, at);
            }
            Due::Price(tick) => self.price(&tick),
        }
        self.look_who_is_awake();
        if !self.closed.is_empty() && self.feed.next_price_at().is_none_or(|next| next > at) {
            self.bars_closed(at, trader);
            self.look_who_is_awake();
        }
    }

    fn happening(&mut self, what: &Happening, at: Timestamp) {
        let events = self.driver.engine.happen(what, at);
        self.driver.hear(events);
        self.driver.show(Told::Happened(what));
    }

    fn session(&mut self, kind: domain::CalendarKind, session: Session) {
        let change = if session.open { SessionChange::Open } else { SessionChange::Close };
        let at = self.driver.now.at;
        for instrument in self.lanes.iter().flat_map(|l| &l.traded) {
            if instrument.calendar == kind {
                let events = self.driver.engine.on_session(&instrument.id, change, at);
                self.driver.hear(events);
            }
        }
        if self.lanes.iter().any(|lane| lane.awake) {
            self.driver.tell(Input::Session { calendar: kind, session });
            self.driver.show(Told::Session(kind, session));
        }
    }

    /// One price of a bar, and the levels on the way to it.
    fn price(&mut self, tick: &Tick) {
        let Ok(index) = self.feed.replay.series().binary_search_by(|s| {
            let id: &InstrumentId = &s.instrument;
            id.cmp(&tick.instrument)
        }) else {
            return;
        };
        let (mut quote, mut traded) = (tick.quote, self.feed.replay.traded(tick));
        if self.inside == Inside::Levels && self.lanes[index].awake {
            let Lane { course, traded: all, .. } = &mut self.lanes[index];
            let replay = &self.feed.replay;
            let around = |price: Price, at: Timestamp| quote_around(replay, tick, price, at);
            let levels = Levels {
                core: &self.driver.core,
                traded: all,
                fill_limits_on: self.driver.engine.config().fill_limits_on,
                quote: &around,
            };
            let low_first = |bar: &Bar| Torn::of(&levels, bar).low_first(bar);
            quote = course.turned(replay, tick, low_first);
            traded = self.walk(index, quote, tick, traded);
        }
        self.time_comes(quote.at);
        let bars = &self.feed.replay.series()[index].bars;
        let phase = venue_phase(self.lanes[index].traded[0].calendar, bars, tick);
        self.tell_price(index, quote, traded, phase);
        self.lanes[index].course.came_to(quote.last, quote.at);
        if tick.phase == Phase::Close {
            self.closed.push((index, tick.bar));
        }
    }

    /// Tells the levels between the last price of the bar and this one. Returns what is left of
    /// the traded volume, of which each level had its equal share.
    fn walk(
        &mut self,
        index: usize,
        quote: Quote,
        tick: &Tick,
        mut traded: Option<domain::Qty>,
    ) -> Option<domain::Qty> {
        let Some(mut leg) = self.lanes[index].course.leg(tick.phase, &quote) else { return traded };
        for _ in 0..LEVELS_MAX {
            let replay = &self.feed.replay;
            let around = |price: Price, at: Timestamp| quote_around(replay, tick, price, at);
            let levels = Levels {
                core: &self.driver.core,
                traded: &self.lanes[index].traded,
                fill_limits_on: self.driver.engine.config().fill_limits_on,
                quote: &around,
            };
            let Some(stop) = leg.first_of(&levels.of(&leg)) else { break };
            let level = around(stop.price, stop.at);
            let part = traded.map(|volume| share(volume, stop.levels));
            traded = traded.zip(part).map(|(volume, part)| volume.minus(part));
            self.time_comes(stop.at);
            self.tell_price(index, level, part, venue_sim::Phase::Continuous);
            leg = leg.after(&stop);
        }
        traded
    }

    /// The venue hears a price, then the desk, as in life.
    fn tell_price(
        &mut self,
        index: usize,
        quote: Quote,
        traded_volume: Option<domain::Qty>,
        phase: venue_sim::Phase,
    ) {
        let lane = &mut self.lanes[index];
        let mut ticks = std::mem::take(&mut lane.ticks);
        quotes(&lane.traded, quote, |instrument, quote| {
            ticks.push(SimTick { instrument, quote, traded_volume, phase });
        });
        for tick in &ticks {
            self.driver.venue_price(tick);
            if lane.awake {
                let (instrument, quote) = (tick.instrument.clone(), tick.quote);
                self.driver.tally.counts.prices += 1;
                self.driver.tell(Input::Quote { instrument, quote });
            }
        }
        lane.untold = (!lane.awake).then_some(quote);
        // Some of what a price sets off is looked at with the next tick, which live is near.
        if self.lanes.iter().any(|lane| lane.awake) {
            self.driver.tell(Input::Tick);
            self.driver.show(Told::Price(&ticks));
        }
        ticks.clear();
        self.lanes[index].ticks = ticks;
    }

    /// The desk hears what it was spared: sessions and the latest prices.
    fn catch_up(&mut self) {
        for (calendar, session) in self.feed.sessions() {
            if self.driver.core.market().session(calendar) != Some(session) {
                self.driver.tell(Input::Session { calendar, session });
            }
        }
        for lane in &mut self.lanes {
            let Some(quote) = lane.untold.take() else { continue };
            quotes(&lane.traded, quote, |instrument, quote| {
                self.driver.tally.counts.prices += 1;
                self.driver.tell(Input::Quote { instrument, quote });
            });
        }
        self.driver.tell(Input::Tick);
    }

    fn look_who_is_awake(&mut self) {
        if !std::mem::take(&mut self.driver.moved) {
            return;
        }
        for lane in &mut self.lanes {
            lane.awake = !self.jump || lane.traded.iter().any(|i| self.driver.busy(&i.id));
        }
    }

    /// The bars of an instant are complete: the account is marked and the trader is asked.
    fn bars_closed(&mut self, at: Timestamp, trader: &mut dyn Trader) {
        let mut closed = std::mem::take(&mut self.closed);
        let counts = &mut self.driver.tally.counts;
        counts.closes += 1;
        counts.bars += closed.len() as u64;
        for (index, bar) in &closed {
            for instrument in &self.lanes[*index].traded {
                self.driver.held.bar_closed(&instrument.id);
            }
            self.lanes[*index].closed = Some(*bar);
        }
        self.mark(at);
        self.driver.ask_to_go_on();
        let bars: Vec<ClosedBar<'_>> = closed
            .iter()
            .filter_map(|(index, bar)| {
                let series = self.feed.replay.series().get(*index)?;
                let (instrument, index) = (&series.instrument, *bar);
                Some(ClosedBar { instrument, bar: series.bars.get(index)?, index })
            })
            .collect();
        let view = View::new(at, &self.driver.core, &self.driver.held, &bars);
        trader.on_close(&view, &mut self.wishes);
        closed.clear();
        self.closed = closed;
        if self.wishes.is_empty() {
            return;
        }
        self.catch_up();
        self.tell_ranges();
        let mut wishes = std::mem::take(&mut self.wishes);
        for wish in wishes.drain(..) {
            self.driver.wish(wish, self.origin.clone());
        }
        self.wishes = wishes;
    }

    /// How far prices usually go, where entries without a stop get one by that.
    fn tell_ranges(&mut self) {
        if !self.tells_range {
            return;
        }
        for (lane, series) in self.lanes.iter().zip(self.feed.replay.series()) {
            let Some(last) = lane.closed else { continue };
            let Some(range) = average_true_range(&series.bars, last) else { continue };
            for instrument in &lane.traded {
                let instrument = instrument.id.clone();
                self.driver.tell(Input::Range { instrument, range });
            }
        }
    }

    fn mark(&mut self, at: Timestamp) {
        // Nothing is held and nothing was recorded since: nothing can have changed.
        let records = self.driver.tally.counts.records;
        let same = |(before, known): &(BarMark, u64)| {
            before.exposure == Some(Decimal::ZERO) && *known == records
        };
        let mark = match self.mark.filter(same) {
            Some((before, _)) => BarMark { at, ..before },
            None => {
                let equity = self.driver.core.book().equity();
                let (exposure, net_exposure) = self.exposure().unzip();
                BarMark { at, equity, exposure, net_exposure }
            }
        };
        self.mark = Some((mark, records));
        self.driver.watcher.bars_closed(&mark);
    }

    /// The value of everything that is held in the reporting currency: longs and shorts added up,
    /// and longs less shorts.
    fn exposure(&self) -> Option<(Decimal, Decimal)> {
        let state = self.driver.core.state();
        let (mut sum, mut net) = (Decimal::ZERO, Decimal::ZERO);
        for book in state.books.values() {
            for (id, position) in book.positions.iter().filter(|(_, p)| !p.qty.is_zero()) {
                let rules = state.instruments.get(id)?;
                let mark = self.driver.core.market().mark(id)?;
                let value = rules.notional(mark, position.qty.abs()).ok()?;
                let rate = self.driver.core.book().rate(value.currency())?;
                let value = value.amount().checked_mul(rate)?;
                sum = sum.checked_add(value)?;
                let signed = if position.qty.is_short() { -value } else { value };
                net = net.checked_add(signed)?;
            }
        }
        Some((sum, net))
    }
}

/// True for a policy that attaches stops by the average range.
const fn tells_range(without_stop: WithoutStop) -> bool {
    matches!(without_stop, WithoutStop::Attach(_))
}

/// The quote around a price of a tick's instrument.
fn quote_around(replay: &Replay, tick: &Tick, price: Price, at: Timestamp) -> Quote {
    let plain = Quote { bid: price, ask: price, last: price, at };
    replay.quote(&tick.instrument, price, at).unwrap_or(plain)
}
