//! What an account did, read from its journal: closed tax lots, round trips, trading days, what
//! moved without an execution, and each book's totals.
//!
//! Everything here is a view: it decides nothing and is computed anew from the events whenever it
//! is asked for. The books value positions at average cost; a statement also matches first in,
//! first out, and once a holding is flat both say the same to the last digit. This crate must not
//! know where a journal is kept, prices, or a door.

mod days;
mod lots;
mod movements;
mod seen;
mod summary;
mod table;
mod totals;
mod trips;

use std::collections::{BTreeMap, VecDeque};

pub use days::Day;
use domain::{
    BookId, ClientOrderId, Fill, Instrument, InstrumentId, Money, MoneyError, MovementId,
    OriginKind, Price, Qty, Side, Timestamp, money::notional, num::SCALE_MAX,
};
pub use lots::{Basis, ClosedLot};
pub use movements::{Movement, Reason};
use path::{
    event::{Adopted, ClosePurpose, Event, Marked, PositionAdjusted, Share, SoldFraction},
    verbs::RiskClass,
};
use rust_decimal::Decimal;
pub use summary::Summary;
pub use table::{days_csv, lots_csv, movements_csv, totals_csv, trips_csv};
use thiserror::Error;
pub use totals::{BookTotals, TotalsLine};
pub use trips::{ExitReason, RoundTrip};

use crate::{
    days::Days,
    lots::{Execution, Terms},
    movements::Movements,
    seen::Seen,
    totals::Totals,
    trips::Holding,
};

/// Rows of each kind that are kept; older ones are in the journal.
pub const ROWS_MAX: usize = 100_000;
/// Orders whose origin is remembered for fills that are still to come.
const ORDERS_MAX: usize = 50_000;

/// Why a journal gives no statement.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StatementError {
    /// A movement in an instrument whose rules the journal has not told before.
    #[error("{0} moved before its rules were recorded")]
    InstrumentUnknown(InstrumentId),
    /// An exact amount has more than 28 digits.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl StatementError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InstrumentUnknown(_) => "statement_instrument_unknown",
            Self::Money(_) => "statement_money",
        }
    }
}

/// What is remembered of an order.
#[derive(Debug, Clone)]
struct OrderNote {
    origin: OriginKind,
    class: RiskClass,
    close: Option<u64>,
    stop: Option<Price>,
}

/// An account's statement so far. Feed it the events of one account's stream in order.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    instruments: BTreeMap<InstrumentId, Instrument>,
    orders: BTreeMap<ClientOrderId, OrderNote>,
    order_ids: VecDeque<ClientOrderId>,
    closes: BTreeMap<u64, ClosePurpose>,
    trades: Seen<(InstrumentId, domain::TradeId)>,
    told: Seen<MovementId>,
    holdings: BTreeMap<(BookId, InstrumentId), Holding>,
    lots: VecDeque<ClosedLot>,
    trips: VecDeque<RoundTrip>,
    days: Days,
    equity: VecDeque<EquityMark>,
    movements: Movements,
    totals: Totals,
}

/// Equity at a moment, in the reporting currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct EquityMark {
    /// The desk's clock.
    pub at: Timestamp,
    /// Cash and holdings at the prices of then.
    pub equity: Decimal,
}

impl Statement {
    /// Equity, about once an hour and at each day's opening, the earliest first.
    pub fn equity(&self) -> impl DoubleEndedIterator<Item = &EquityMark> + ExactSizeIterator {
        self.equity.iter()
    }

    /// What moved without an execution, the earliest first.
    pub fn movements(&self) -> impl DoubleEndedIterator<Item = &Movement> + ExactSizeIterator {
        self.movements.rows()
    }

    /// The totals of every book that anything happened in, by book.
    pub fn totals(&self) -> impl Iterator<Item = &BookTotals> {
        self.totals.books()
    }

    /// Closed lots, the earliest first.
    pub fn lots(&self) -> impl DoubleEndedIterator<Item = &ClosedLot> + ExactSizeIterator {
        self.lots.iter()
    }

    /// Round trips that have ended, the earliest first.
    pub fn trips(&self) -> impl DoubleEndedIterator<Item = &RoundTrip> + ExactSizeIterator {
        self.trips.iter()
    }

    /// Trading days, the earliest first.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = &Day> + ExactSizeIterator {
        self.days.marks()
    }

    /// Takes the next event of the account's stream.
    ///
    /// # Errors
    /// [`StatementError`] for a journal that doesn't fit; the books would not fold it either.
    pub fn take(&mut self, at: Timestamp, event: &Event) -> Result<(), StatementError> {
        match event {
            Event::InstrumentSet(e) => {
                self.instruments.insert(e.instrument.id.clone(), e.instrument.clone());
            }
            Event::OrderRecorded(e) => {
                let note = OrderNote {
                    origin: e.origin.kind,
                    class: e.class,
                    close: e.close,
                    stop: e.protective.stop,
                };
                self.note_order(e.client_order_id.clone(), note);
            }
            Event::CloseStarted(e) => {
                self.closes.insert(e.id, e.purpose);
                while self.closes.len() > ORDERS_MAX {
                    self.closes.pop_first();
                }
            }
            Event::PlanSet(e) => {
                if let Some(holding) =
                    self.holdings.get_mut(&(e.book.clone(), e.instrument.clone()))
                {
                    holding.note_stop(e.protective.stop);
                }
            }
            Event::Filled(e) => self.fill(&e.book, &e.fill)?,
            Event::Adopted(e) => self.adopted(at, e)?,
            Event::PositionAdjusted(e) => self.adjusted(at, e)?,
            Event::DayOpened(e) => {
                self.days.open(at, e.day, e.equity);
                keep(&mut self.equity, [EquityMark { at, equity: e.equity }]);
            }
            Event::CashAdjusted(e) => self.cash_adjusted(at, e)?,
            Event::CashMoved(e) => self.cash_moved(e)?,
            Event::ActionApplied(e) => self.converted(&e.action)?,
            Event::Marked(e) => self.marked(at, e),
            _ => {}
        }
        Ok(())
    }

    fn marked(&mut self, at: Timestamp, body: &Marked) {
        for price in &body.prices {
            let held = self.holdings.iter_mut().filter(|((_, id), _)| *id == price.instrument);
            held.for_each(|(_, holding)| holding.note_prices(price.low, price.high));
        }
        if let Some(equity) = body.equity {
            keep(&mut self.equity, [EquityMark { at, equity }]);
        }
    }

    fn note_order(&mut self, id: ClientOrderId, note: OrderNote) {
        self.order_ids.push_back(id.clone());
        self.orders.insert(id, note);
        if self.order_ids.len() > ORDERS_MAX
            && let Some(oldest) = self.order_ids.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }

    fn fill(&mut self, book: &BookId, fill: &Fill) -> Result<(), StatementError> {
        // The venue may tell an execution more than once; like the books, this counts it once.
        let trade = (fill.instrument.clone(), fill.trade_id.clone());
        if !self.trades.first_time(trade) {
            return Ok(());
        }
        let (fee, kept) = self.fee_of(fill)?;
        let note = fill.client_order_id.as_ref().and_then(|id| self.orders.get(id)).cloned();
        let (origin, stop) = note.as_ref().map_or((None, None), |n| (Some(n.origin), n.stop));
        let reason = self.reason(note.as_ref());
        let execution = Execution {
            at: fill.at,
            side: fill.side,
            qty: fill.qty,
            price: fill.price,
            value: None,
            fee,
            basis: Basis::Execution,
            origin,
            stop,
            reason,
        };
        let instrument = &fill.instrument;
        self.execute(book, instrument, execution.clone())?;
        let Some((side, qty)) = kept else { return Ok(()) };
        let holding = self.holdings.get_mut(&(book.clone(), instrument.clone()));
        let covered =
            holding.map(|holding| holding.keep_back(side, qty, fill.price)).transpose()?;
        if covered == Some(true) {
            return Ok(());
        }
        let fee = Money::zero(self.rules(instrument)?.quote);
        self.execute(book, instrument, Execution { side, qty, fee, ..execution })
    }

    /// A fee in the quote currency, and what it took from the holdings (a rebate: added to them)
    /// when it was charged in the base asset, which the books value at the execution's price.
    fn fee_of(&self, fill: &Fill) -> Result<(Money, Option<(Side, Qty)>), StatementError> {
        let rules = self.rules(&fill.instrument)?;
        let amount = fill.fee.amount();
        if !rules.is_fee_in_base(fill.fee.currency()) || amount.is_zero() {
            return Ok((fill.fee, None));
        }
        let units = amount.abs().checked_div(rules.multiplier).unwrap_or_default();
        let qty = Qty::new(units.round_dp(SCALE_MAX)).map_err(MoneyError::from)?;
        let value = notional(fill.price, qty, rules.multiplier, rules.quote);
        let value = value.map_err(MoneyError::from)?;
        Ok(if amount.is_sign_negative() {
            (value.negated(), Some((Side::Buy, qty)))
        } else {
            (value, Some((Side::Sell, qty)))
        })
    }

    fn reason(&self, note: Option<&OrderNote>) -> ExitReason {
        let Some(note) = note else { return ExitReason::External };
        let purpose = note.close.and_then(|id| self.closes.get(&id));
        match (purpose, note.class) {
            (Some(ClosePurpose::Target), _) => ExitReason::Target,
            (Some(ClosePurpose::Flatten), _) => ExitReason::Flatten,
            (Some(ClosePurpose::Stop), _) => ExitReason::Stop,
            (Some(ClosePurpose::TimeStop), _) => ExitReason::TimeStop,
            (Some(ClosePurpose::Unprotected), _) => ExitReason::Unprotected,
            (None, RiskClass::Protective) => ExitReason::Stop,
            _ => ExitReason::Order,
        }
    }

    /// A holding that moved from the unmanaged book to another keeps no lots: it begins anew at
    /// the price of the adoption, as in the books.
    fn adopted(&mut self, at: Timestamp, body: &Adopted) -> Result<(), StatementError> {
        let away = domain::SignedQty::ZERO.minus(body.qty);
        self.moved(at, &BookId::unmanaged(), &body.instrument, away, body.price, Basis::Adoption)?;
        self.moved(at, &body.book, &body.instrument, body.qty, body.price, Basis::Adoption)
    }

    fn adjusted(&mut self, at: Timestamp, body: &PositionAdjusted) -> Result<(), StatementError> {
        let book = BookId::unmanaged();
        self.moved(at, &book, &body.instrument, body.qty, body.price, Basis::Transfer)
    }

    fn moved(
        &mut self,
        at: Timestamp,
        book: &BookId,
        instrument: &InstrumentId,
        qty: domain::SignedQty,
        price: Price,
        basis: Basis,
    ) -> Result<(), StatementError> {
        let currency = self.rules(instrument)?.quote;
        let side = if qty.is_long() { Side::Buy } else { Side::Sell };
        let fee = domain::Money::zero(currency);
        let adopted = basis == Basis::Adoption;
        let reason = if adopted { ExitReason::External } else { ExitReason::Transfer };
        let (qty, origin, stop) = (qty.abs(), None, None);
        let value = None;
        let execution = Execution { at, side, qty, price, value, fee, basis, origin, stop, reason };
        self.execute(book, instrument, execution)
    }

    /// A fraction that the venue paid in cash is a sale (of a short: a purchase) for exactly that.
    pub(crate) fn fraction_sold(
        &mut self,
        at: Timestamp,
        share: &Share,
        instrument: &InstrumentId,
        sold: &SoldFraction,
    ) -> Result<(), StatementError> {
        let long = sold.qty.is_long();
        let execution = Execution {
            at,
            side: if long { Side::Sell } else { Side::Buy },
            qty: sold.qty.abs(),
            price: sold.price,
            value: Some(if long { share.money } else { share.money.negated() }),
            fee: Money::zero(self.rules(instrument)?.quote),
            basis: Basis::Transfer,
            origin: None,
            stop: None,
            reason: ExitReason::Transfer,
        };
        self.execute(&share.book, instrument, execution)
    }

    fn rules(&self, instrument: &InstrumentId) -> Result<&Instrument, StatementError> {
        let unknown = || StatementError::InstrumentUnknown(instrument.clone());
        self.instruments.get(instrument).ok_or_else(unknown)
    }

    fn execute(
        &mut self,
        book: &BookId,
        instrument: &InstrumentId,
        execution: Execution,
    ) -> Result<(), StatementError> {
        let rules = self.rules(instrument)?;
        let (quote, multiplier) = (rules.quote, rules.multiplier);
        self.totals.charged(book, &execution.fee)?;
        let holding =
            self.holdings.entry((book.clone(), instrument.clone())).or_insert_with(|| {
                let (book, instrument) = (book.clone(), instrument.clone());
                Holding::new(Terms { book, instrument, quote, multiplier })
            });
        let (lots, trip) = holding.execute(execution)?;
        for lot in &lots {
            self.totals.earned(book, &lot.gross)?;
        }
        keep(&mut self.lots, lots);
        keep(&mut self.trips, trip);
        Ok(())
    }
}

fn keep<T>(rows: &mut VecDeque<T>, new: impl IntoIterator<Item = T>) {
    rows.extend(new);
    while rows.len() > ROWS_MAX {
        rows.pop_front();
    }
}

/// A ratio for people, rounded half to even at 4 decimals; `None` when there is nothing to divide
/// by.
fn ratio(a: Decimal, b: Decimal) -> Option<Decimal> {
    if b.is_zero() {
        return None;
    }
    a.checked_div(b).map(|r| r.round_dp(4).normalize())
}
