//! What a run tells while it runs, and what is left at its end.
//!
//! Whatever grows with the number of bars is told and not kept. It must not judge a result.

use std::collections::BTreeMap;

use domain::{BookId, CalendarKind, Cash, InstrumentId, Money, Price, SignedQty, Timestamp};
use path::{
    codes::RefusalCode,
    core::{Compared, Core},
    event::Event,
    journal::{EventRecord, Head},
    market::Session,
    verbs::RiskClass,
};
use rust_decimal::Decimal;
use serde::Serialize;
use venue_sim::{Happening, SimTick};

use crate::trader::Wish;

/// The account when bars have closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BarMark {
    /// When they closed.
    pub at: Timestamp,
    /// Cash and holdings at the prices of then, in the reporting currency; `None` while a price or
    /// rate is missing.
    pub equity: Option<Decimal>,
    /// The sum of the values of all holdings, longs and shorts added up, in the reporting currency.
    pub exposure: Option<Decimal>,
    /// The value of longs less that of shorts, in the reporting currency.
    pub net_exposure: Option<Decimal>,
}

/// What the desk and its venue were told.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// Time has come to this instant; everything else is told after it.
    Time,
    /// A market opened or closed, or a trading day began.
    Session(CalendarKind, Session),
    /// Something happened at the venue without an order or a price.
    Happened(&'a Happening),
    /// A price, and the prices of the contracts that follow it.
    Price(&'a [SimTick]),
    /// A wish of the trader.
    Wished(&'a Wish),
}

/// Is told what happens while a run proceeds.
pub trait Watcher {
    /// The desk and its venue were told something and have come to rest. In a run that jumps, what
    /// can change nothing is left out.
    fn told(&mut self, _at: Timestamp, _what: Told<'_>, _core: &Core) {}

    /// An event of the account's journal, in order. Fills are among them.
    fn event(&mut self, _at: Timestamp, _event: &Event) {}

    /// Bars have closed; the trader was not yet asked.
    fn bars_closed(&mut self, _mark: &BarMark) {}

    /// True when the run is to go on. It is asked whenever bars have closed, with the number of bars
    /// that were played so far; a run that is not to go on ends with [`crate::BacktestError::Stopped`].
    fn goes_on(&mut self, _bars: u64) -> bool {
        true
    }
}

/// Watches nothing.
impl Watcher for () {}

impl<T: Watcher + ?Sized> Watcher for &mut T {
    fn told(&mut self, at: Timestamp, what: Told<'_>, core: &Core) {
        (**self).told(at, what, core);
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        (**self).event(at, event);
    }

    fn bars_closed(&mut self, mark: &BarMark) {
        (**self).bars_closed(mark);
    }

    fn goes_on(&mut self, bars: u64) -> bool {
        (**self).goes_on(bars)
    }
}

/// How much happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Bars that were played.
    pub bars: u64,
    /// Instants at which bars closed.
    pub closes: u64,
    /// Prices that venue or desk were told, beyond those that could change nothing.
    pub prices: u64,
    /// Wishes of the trader.
    pub wishes: u64,
    /// Orders that open or enlarge a position.
    pub entries: u64,
    /// Orders that reduce one.
    pub exits: u64,
    /// Stops that the desk placed or moved.
    pub protective: u64,
    /// Executions.
    pub fills: u64,
    /// Orders that the venue refused.
    pub rejected: u64,
    /// Records of the journal.
    pub records: u64,
}

/// Wishes that the gate refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// Refused wishes.
    pub wishes: u64,
    /// How often each rule was broken; a wish may break several.
    pub codes: BTreeMap<RefusalCode, u64>,
    /// Refused wishes that the journal only counts, because there were too many of them.
    pub uncounted: u64,
}

/// What is still held at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// The book.
    pub book: BookId,
    /// What is held.
    pub instrument: InstrumentId,
    /// How much.
    pub qty: SignedQty,
    /// The average price.
    pub entry: Option<Price>,
    /// The last price.
    pub mark: Option<Price>,
    /// What closing at the last price would earn, without fees.
    pub unrealized: Option<Money>,
}

/// What is left when the bars have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The last instant.
    pub ended: Timestamp,
    /// How much happened.
    pub counts: Counts,
    /// What the gate refused.
    pub refusals: Refusals,
    /// What the other limits would have refused of what passed; `None` without such.
    pub compared: Option<Compared>,
    /// Alarms by their code.
    pub alarms: BTreeMap<String, u64>,
    /// Everything that was assumed, one sentence each.
    pub assumptions: Vec<String>,
    /// Equity at the last prices: positions that are still open are left open and valued at them.
    pub equity: Option<Decimal>,
    /// The account's economic cash.
    pub cash: Cash,
    /// What the venue says that it owes the account.
    pub balances: Cash,
    /// What is still held.
    pub open: Vec<Holding>,
    /// The journal's head, which names everything that is in it.
    pub head: Head,
    /// The journal, when it was to be kept.
    pub records: Vec<EventRecord>,
}

/// Counts what events tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) refusals: Refusals,
    pub(crate) alarms: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn note(&mut self, event: &Event) {
        self.counts.records += 1;
        match event {
            Event::OrderRecorded(order) => match order.class {
                RiskClass::Entry => self.counts.entries += 1,
                RiskClass::Protective => self.counts.protective += 1,
                _ => self.counts.exits += 1,
            },
            Event::Filled(_) => self.counts.fills += 1,
            Event::OrderRejected(_) => self.counts.rejected += 1,
            Event::IntentRefused(e) => self.refused(e.refusals.iter().map(|r| r.code)),
            Event::RefusalsCounted(e) => {
                self.refusals.wishes += e.count;
                self.refusals.uncounted += e.count;
            }
            Event::Alarm(e) => *self.alarms.entry(e.code.clone()).or_default() += 1,
            _ => {}
        }
    }

    /// Counts a refused wish.
    pub(crate) fn refused(&mut self, codes: impl Iterator<Item = RefusalCode>) {
        self.refusals.wishes += 1;
        for code in codes {
            *self.refusals.codes.entry(code).or_default() += 1;
        }
    }
}
