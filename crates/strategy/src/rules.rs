//! A strategy at work: bars in, wishes out.
//!
//! It decides on closes only; what it wants happens with the next price, and everything that
//! protects a position rests at the venue or is watched by the desk. The same code runs over
//! history and live, and a restart loses nothing that it can't read from the books again. This
//! module must not know how wishes travel.

use std::sync::Arc;

use backtest::trader::{ClosedBar, Trader, View, Wish};
use domain::{
    AccountId, Activate, BookId, CalendarKind, Conditions, Distances, InstrumentId, Intent,
    IntentId, OrderKind, Origin, Percent, Price, Protective, Side, TimeInForce, Trail, TrailBy,
};
use formula::{Columns, Decimals, PositionFacts, RootId, Run, float};
use path::verbs::RiskClass;
use rust_decimal::{Decimal, prelude::FromPrimitive};
use serde::Serialize;

use crate::{
    compile::Compiled,
    strategy::{Part, Strategy},
    time::market_time,
};

/// What a strategy trades as: its account and book, and its name on every order.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The account.
    pub account: AccountId,
    /// The strategy's own book.
    pub book: BookId,
    /// Who asks.
    pub origin: Origin,
    /// What the names of its wishes begin with, where several strategies trade in one account.
    pub prefix: String,
}

/// A symbol of a strategy.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// As formulas name it.
    pub name: String,
    /// As the desk names it.
    pub instrument: InstrumentId,
    /// When it trades.
    pub calendar: CalendarKind,
    /// The decimals of its bars.
    pub decimals: Decimals,
    /// False for a symbol that is only read.
    pub traded: bool,
}

/// Why entries were left out, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Skipped {
    /// Both sides wanted to enter at once.
    pub contradictions: u64,
    /// The distance of a stop, target or trail was undefined or not above zero.
    pub distances: u64,
    /// As many symbols were held as may be.
    pub positions: u64,
}

/// The value of a formula as a distance in units of price, to 12 decimals; `None` when it is
/// undefined, not above 0, or out of range.
#[must_use]
pub fn distance(value: f64) -> Option<Price> {
    let exact = Decimal::from_f64(value)?.round_dp(12);
    Price::new(exact).ok()
}

/// One symbol with its formulas.
#[derive(Debug)]
struct Leg {
    symbol: Symbol,
    run: Run,
}

/// A strategy that trades.
#[derive(Debug)]
pub struct Rules {
    strategy: Arc<Strategy>,
    compiled: Compiled,
    desk: Desk,
    legs: Vec<Leg>,
    /// Symbols that formulas read by name.
    reads: Vec<String>,
    skipped: Skipped,
}

/// What a leg looks at when its bar has closed.
struct Now<'a> {
    view: &'a View<'a>,
    facts: PositionFacts,
    close: f64,
    held: bool,
    long: bool,
}

impl Rules {
    /// A strategy before its first bar.
    #[must_use]
    pub fn new(
        strategy: Arc<Strategy>,
        compiled: Compiled,
        desk: Desk,
        symbols: Vec<Symbol>,
    ) -> Self {
        let leg = |symbol: Symbol| {
            let plan = Arc::clone(&compiled.plan);
            let run = Run::on(plan, symbol.decimals, market_time(symbol.calendar));
            Leg { symbol, run }
        };
        let legs = symbols.into_iter().map(leg).collect();
        let reads = compiled.plan.symbols().into_iter().map(str::to_owned).collect();
        Self { strategy, compiled, desk, legs, reads, skipped: Skipped::default() }
    }

    /// Entries that were left out so far.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// What every rule says of every traded symbol, after [`Trader::on_close`] was told this view:
    /// symbols in the order of the file, rules in that of [`Part`]. It is as without a position;
    /// undefined is NaN, as is all of a symbol whose bar did not close.
    #[must_use]
    pub fn values(&self, view: &View<'_>) -> Vec<f64> {
        let flat = PositionFacts::default();
        let mut values = Vec::new();
        for leg in self.legs.iter().filter(|leg| leg.symbol.traded) {
            let closed = view.bar(&leg.symbol.instrument).is_some();
            let value =
                |root: &RootId| if closed { leg.run.value(*root, 0, &flat) } else { f64::NAN };
            values.extend(self.compiled.roots.values().map(value));
        }
        values
    }

    /// Takes in the bars that close at an instant without deciding: what [`Trader::on_close`]
    /// begins with, and how rules warm up.
    pub fn remember(&mut self, closed: &[ClosedBar<'_>]) {
        let bar = |symbol: &Symbol| {
            let mine = |closed: &&ClosedBar<'_>| *closed.instrument == symbol.instrument;
            closed.iter().find(mine).map(|c| Columns::of(std::slice::from_ref(c.bar)))
        };
        let bars: Vec<Option<Columns>> = self.legs.iter().map(|leg| bar(&leg.symbol)).collect();
        for (at, columns) in bars.iter().enumerate() {
            let Some(columns) = columns else { continue };
            let Some(read) = self.reads.iter().find(|name| **name == self.legs[at].symbol.name)
            else {
                continue;
            };
            for leg in &mut self.legs {
                // The plan reads this symbol, so there is a series for it.
                let told = leg.run.tell(read, columns);
                debug_assert!(told.is_ok(), "{told:?}");
            }
        }
        for (leg, columns) in self.legs.iter_mut().zip(&bars) {
            if let Some(columns) = columns {
                leg.run.block(columns);
            }
        }
    }

    /// What it trades and reads.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.legs.iter().map(|leg| &leg.symbol)
    }

    fn truth(&self, leg: usize, part: Part, facts: &PositionFacts) -> bool {
        let root = self.compiled.root(part);
        root.is_some_and(|root| self.legs[leg].run.value(root, 0, facts) == 1.0)
    }

    /// A distance in units of price: absent without a rule, wrong when it is no distance.
    fn distance(&self, leg: usize, part: Part, facts: &PositionFacts) -> Result<Option<Price>, ()> {
        let Some(root) = self.compiled.root(part) else { return Ok(None) };
        distance(self.legs[leg].run.value(root, 0, facts)).map(Some).ok_or(())
    }

    fn decide(&mut self, leg: usize, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let instrument = self.legs[leg].symbol.instrument.clone();
        let now = self.look(leg, view);
        let waits = view.waiting(&self.desk.book).any(|a| a.intent.instrument == instrument);
        if waits {
            return;
        }
        let (long, short) = (
            self.truth(leg, Part::EntryLong, &now.facts),
            self.truth(leg, Part::EntryShort, &now.facts),
        );
        if now.held {
            self.manage(leg, &now, (long, short), wishes);
        } else if long && short {
            self.skipped.contradictions += 1;
        } else if long || short {
            self.enter(leg, &now, if long { Side::Buy } else { Side::Sell }, wishes);
        }
    }

    fn look<'a>(&self, leg: usize, view: &'a View<'a>) -> Now<'a> {
        let instrument = &self.legs[leg].symbol.instrument;
        let book = &self.desk.book;
        let qty = view.qty(book, instrument);
        let close = view.bar(instrument).map_or(f64::NAN, |bar| float(bar.close.get()));
        let entry = view.entry_price(book, instrument).map_or(f64::NAN, |p| float(p.get()));
        let bars = view.bars_held(book, instrument).unwrap_or(0).saturating_sub(1);
        let sign = if qty.is_short() { -1.0 } else { 1.0 };
        let facts = PositionFacts {
            quantity: float(qty.get()),
            entry_price: entry,
            bars_held: u32::try_from(bars).unwrap_or(u32::MAX),
            pnl_percent: sign * (close / entry - 1.0) * 100.0,
        };
        Now { view, facts, close, held: !qty.is_zero(), long: qty.is_long() }
    }

    /// What a held position asks for: to be closed, turned, added to, or secured at its entry.
    fn manage(
        &mut self,
        leg: usize,
        now: &Now<'_>,
        (long, short): (bool, bool),
        wishes: &mut Vec<Wish>,
    ) {
        let (exit, same, other) =
            if now.long { (Part::ExitLong, long, short) } else { (Part::ExitShort, short, long) };
        let turns = other && !same;
        let old = self.strategy.exit_bars.is_some_and(|bars| now.facts.bars_held + 1 >= bars);
        if turns {
            let side = if now.long { Side::Sell } else { Side::Buy };
            self.take_back_entries(leg, now.view, wishes);
            match self.intent(leg, now, side, "turn") {
                Ok(intent) => wishes.push(Wish::Reverse(Box::new(intent))),
                Err(()) => wishes.push(self.close(leg, now)),
            }
        } else if old || self.truth(leg, exit, &now.facts) {
            self.take_back_entries(leg, now.view, wishes);
            wishes.push(self.close(leg, now));
        } else {
            let instrument = &self.legs[leg].symbol.instrument;
            if same && now.view.entries(&self.desk.book, instrument) < self.strategy.entries {
                let side = if now.long { Side::Buy } else { Side::Sell };
                self.enter(leg, now, side, wishes);
            }
            self.secure(leg, now, wishes);
        }
    }

    /// Entries that still work would fill into what is being closed.
    fn take_back_entries(&self, leg: usize, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let instrument = &self.legs[leg].symbol.instrument;
        let entries = view
            .working(&self.desk.book)
            .filter(|o| &o.instrument == instrument && o.class == RiskClass::Entry);
        wishes.extend(entries.map(|o| Wish::Cancel(o.client_order_id.clone())));
    }

    fn close(&self, leg: usize, now: &Now<'_>) -> Wish {
        Wish::Close {
            book: self.desk.book.clone(),
            instrument: self.legs[leg].symbol.instrument.clone(),
            share: Percent::basis_points(10_000),
            activate: Activate::NextPrice,
            key: Some(self.key(leg, now, "close")),
        }
    }

    /// Moves the stop to the entry once the profit has reached the distance.
    fn secure(&self, leg: usize, now: &Now<'_>, wishes: &mut Vec<Wish>) {
        let Ok(Some(distance)) = self.distance(leg, Part::BreakEven, &now.facts) else { return };
        let (book, instrument) = (&self.desk.book, &self.legs[leg].symbol.instrument);
        let gain = if now.long {
            now.close - now.facts.entry_price
        } else {
            now.facts.entry_price - now.close
        };
        let reached = gain >= float(distance.get());
        let entry = now.view.entry_price(book, instrument);
        let (true, Some(entry), Some(plan)) = (reached, entry, now.view.plan(book, instrument))
        else {
            return;
        };
        let better = plan.levels.stop.is_none_or(|s| if now.long { s < entry } else { s > entry });
        if better {
            let protective = Protective { stop: Some(entry), ..plan.levels };
            let (book, instrument) = (book.clone(), instrument.clone());
            wishes.push(Wish::SetPlan { book, instrument, protective });
        }
    }

    fn enter(&mut self, leg: usize, now: &Now<'_>, side: Side, wishes: &mut Vec<Wish>) {
        let instrument = &self.legs[leg].symbol.instrument;
        let working = now.view.working(&self.desk.book);
        if working.into_iter().any(|o| &o.instrument == instrument && o.class == RiskClass::Entry) {
            return;
        }
        if !now.held && self.is_full(now.view, wishes) {
            self.skipped.positions += 1;
            return;
        }
        match self.intent(leg, now, side, "enter") {
            Ok(intent) => wishes.push(Wish::Submit(Box::new(intent))),
            Err(()) => self.skipped.distances += 1,
        }
    }

    /// True when no further symbol may be held, with what is on its way counted as held.
    fn is_full(&self, view: &View<'_>, wishes: &[Wish]) -> bool {
        let Some(most) = self.strategy.max_positions else { return false };
        let coming = |id: &InstrumentId| {
            view.waiting(&self.desk.book).any(|a| &a.intent.instrument == id)
                || wishes.iter().any(|w| matches!(w, Wish::Submit(i) if &i.instrument == id))
        };
        let taken = self.legs.iter().map(|leg| &leg.symbol.instrument);
        let taken = taken.filter(|id| !view.qty(&self.desk.book, id).is_zero() || coming(id));
        u32::try_from(taken.count()).unwrap_or(u32::MAX) >= most
    }

    /// The order of an entry, or nothing when a distance isn't one.
    fn intent(&self, leg: usize, now: &Now<'_>, side: Side, what: &str) -> Result<Intent, ()> {
        let distance = |part| self.distance(leg, part, &now.facts);
        let (stop, target) = (distance(Part::Stop)?, distance(Part::Target)?);
        let trail = distance(Part::Trail)?;
        let trail = trail.map(|by| Trail { by: TrailBy::Amount(by), activation: None });
        let key = self.key(leg, now, what);
        Ok(Intent {
            id: IntentId::new(&key).map_err(|_| ())?,
            account: self.desk.account.clone(),
            book: self.desk.book.clone(),
            instrument: self.legs[leg].symbol.instrument.clone(),
            side,
            size: self.strategy.size,
            kind: OrderKind::Market,
            tif: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            protective: Protective { trail, ..Protective::default() },
            conditions: Conditions {
                activate: Activate::NextPrice,
                distances: Distances { stop, target },
                ..Conditions::default()
            },
            origin: self.desk.origin.clone(),
            idempotency_key: Some(key),
        })
    }

    /// The same run, version, symbol, bar and leg is the same wish.
    fn key(&self, leg: usize, now: &Now<'_>, what: &str) -> String {
        let version = self.strategy.hash.get(..12).unwrap_or_default();
        let prefix = &self.desk.prefix;
        format!("{prefix}{version}.{leg}.{}.{what}", now.view.at().0)
    }
}

impl Trader for Rules {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        self.remember(view.closed());
        for leg in 0..self.legs.len() {
            let symbol = &self.legs[leg].symbol;
            if symbol.traded && view.bar(&symbol.instrument).is_some() {
                self.decide(leg, view, wishes);
            }
        }
    }
}
