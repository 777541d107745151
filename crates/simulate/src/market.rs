//! Prices and sessions: what the market does and what the desks see of it.
//!
//! This module must not know orders.

use domain::{CalendarKind, Quote, Timestamp};
use path::{core::Input, market::Session};
use rust_decimal::Decimal;

use crate::{
    dice::Dice,
    exchange::{price, qty},
    faults::Fault,
    world::{EPOCH, Job, SECOND, World},
};

/// The state of the simulated markets.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Last price of each instrument in hundredths.
    cents: Vec<i64>,
    /// Until when desks get no prices of an instrument.
    stale_until: Vec<i64>,
    /// Whether the stock market is open.
    open: bool,
    /// Number of the trading day.
    day: i64,
    /// Prices stand still.
    pub(crate) frozen: bool,
    /// Dollars for one euro, in ten thousandths.
    rate: i64,
    /// Until when desks get no exchange rates.
    pub(crate) rate_stale_until: i64,
}

impl Feed {
    /// Markets at their first prices.
    pub(crate) fn new(dice: &mut Dice, instruments: usize) -> Self {
        let cents = (0..instruments).map(|_| dice.between(5_000, 20_000)).collect();
        let (day, rate) = (Timestamp(EPOCH).utc_day(), dice.between(9_000, 13_000));
        let stale_until = vec![0; instruments];
        Self { cents, stale_until, open: true, day, frozen: false, rate, rate_stale_until: 0 }
    }

    /// The last price of an instrument in hundredths.
    pub(crate) fn cents(&self, index: usize) -> i64 {
        self.cents[index]
    }

    /// The price of an instrument is another one from now on, without a trade.
    pub(crate) fn set_cents(&mut self, index: usize, cents: i64) {
        self.cents[index] = cents;
    }

    /// Dollars for one euro.
    pub(crate) fn rate(&self) -> Decimal {
        Decimal::new(self.rate, 4)
    }

    /// The exchange rate moves by so many ten thousandths.
    pub(crate) fn move_rate(&mut self, by: i64) {
        self.rate = (self.rate + by).clamp(8_000, 14_000);
    }

    /// The sessions of both calendars.
    pub(crate) fn sessions(&self) -> [(CalendarKind, Session); 2] {
        let day = self.day;
        [
            (CalendarKind::AlwaysOpen, Session { open: true, day }),
            (CalendarKind::UsEquities, Session { open: self.open, day }),
        ]
    }
}

impl World {
    /// The price of an instrument takes a step.
    pub(crate) fn price(&mut self, index: usize) {
        let (low, high) = if self.settling { (2_000, 3_500) } else { (300, 1_200) };
        let wait = self.dice.millis(low, high);
        self.after(wait, Job::Price(index));
        self.step_price(index);
    }

    /// One step of a price, told to the venue and, unless the feed is stale, to the desks.
    pub(crate) fn step_price(&mut self, index: usize) {
        let old = self.feed.cents[index];
        let mut moved = self.dice.between(-old / 400, old / 400);
        if !self.feed.frozen && self.strikes(Fault::PriceGap) {
            let contract = self.exchange.instruments[index].contract.is_some();
            let most = old / if contract { 6 } else { 12 };
            moved = self.dice.between(-most, most);
        }
        if self.feed.frozen {
            moved = 0;
        }
        let last = (old + moved).clamp(1_000, 100_000);
        self.feed.cents[index] = last;
        let half = 1 + last / 5_000;
        let (bid, ask) = (price(last - half), price(last + half));
        let quote = Quote { bid, ask, last: price(last), at: Timestamp(self.now) };
        let most = if self.settling { 6_000 } else { 60 };
        let units = if self.exchange.partial { self.dice.between(0, most) } else { 0 };
        let volume = qty(units * 1_000);
        let events = self.exchange.tick(index, quote, volume);
        self.publish_each(events);
        if self.feed.stale_until[index] > self.now {
            return;
        }
        if !self.feed.frozen && self.strikes(Fault::FeedStale) {
            self.feed.stale_until[index] = self.now + self.dice.millis(2_000, 15_000);
        }
        let instrument = self.exchange.instruments[index].id.clone();
        for p in 0..self.procs.len() {
            if self.procs[p].dead {
                continue;
            }
            for a in 0..self.accounts.len() {
                let input = Box::new(Input::Quote { instrument: instrument.clone(), quote });
                let late = i64::from(self.accounts[a].terms.delay) * SECOND;
                let wait = late + self.dice.millis(0, 5);
                self.after(wait, Job::Tell { p, a, input });
            }
        }
    }

    /// The stock market closes or opens; a new day begins with every opening.
    pub(crate) fn session(&mut self, open: bool) {
        if open == self.feed.open {
            return;
        }
        self.trace(|| format!("session open: {open}"));
        self.feed.open = open;
        if open {
            self.feed.day += 1;
        }
        for index in 0..self.exchange.instruments.len() {
            if self.exchange.instruments[index].calendar == CalendarKind::UsEquities {
                let events = self.exchange.session(index, open, self.now);
                self.publish_each(events);
            }
        }
        for p in 0..self.procs.len() {
            for a in 0..self.accounts.len() {
                for (calendar, session) in self.feed.sessions() {
                    let input = Box::new(Input::Session { calendar, session });
                    self.after(0, Job::Tell { p, a, input });
                }
            }
        }
        if !open {
            self.overnight();
            let wait = self.dice.millis(3_000, 15_000);
            self.after(wait, Job::Session(true));
        }
    }

    /// The stock market closes for a while.
    pub(crate) fn break_session(&mut self) {
        if self.feed.open && self.strikes(Fault::SessionBreak) {
            self.after(SECOND / 10, Job::Session(false));
        }
    }
}
