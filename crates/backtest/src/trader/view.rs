//! What a trader may look at when bars have closed.
//!
//! It shows the desk's own books, so what a trader reads is what the gate judges. It must not show
//! a bar that is not complete.

use domain::{Bar, BookId, Cash, Instrument, InstrumentId, Position, Price, SignedQty, Timestamp};
use path::{
    core::Core,
    state::{Armed, Order, Plan},
};
use rust_decimal::Decimal;

use super::Held;

/// A bar that has closed.
#[derive(Debug, Clone, Copy)]
pub struct ClosedBar<'a> {
    /// What it is of.
    pub instrument: &'a InstrumentId,
    /// The bar.
    pub bar: &'a Bar,
    /// Its number in its series, from 0.
    pub index: usize,
}

/// The books and what has just closed.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    at: Timestamp,
    core: &'a Core,
    held: &'a Held,
    closed: &'a [ClosedBar<'a>],
}

impl<'a> View<'a> {
    /// The view at the instant at which these bars closed.
    #[must_use]
    pub const fn new(
        at: Timestamp,
        core: &'a Core,
        held: &'a Held,
        closed: &'a [ClosedBar<'a>],
    ) -> Self {
        Self { at, core, held, closed }
    }

    /// The instant.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The bars that closed at this instant, in order of their instruments.
    #[must_use]
    pub const fn closed(&self) -> &'a [ClosedBar<'a>] {
        self.closed
    }

    /// The bar of an instrument that closed at this instant.
    #[must_use]
    pub fn bar(&self, instrument: &InstrumentId) -> Option<&'a Bar> {
        self.closed.iter().find(|c| c.instrument == instrument).map(|c| c.bar)
    }

    /// The rules of an instrument.
    #[must_use]
    pub fn instrument(&self, id: &InstrumentId) -> Option<&'a Instrument> {
        self.core.state().instruments.get(id)
    }

    /// How much of an instrument a book holds.
    #[must_use]
    pub fn qty(&self, book: &BookId, instrument: &InstrumentId) -> SignedQty {
        self.core.state().position(book, instrument)
    }

    /// A book's position with its cost; `None` when it never held any.
    #[must_use]
    pub fn position(&self, book: &BookId, instrument: &InstrumentId) -> Option<&'a Position> {
        self.core.state().books.get(book)?.positions.get(instrument)
    }

    /// The average price of what a book holds; `None` when it is flat.
    #[must_use]
    pub fn entry_price(&self, book: &BookId, instrument: &InstrumentId) -> Option<Price> {
        let multiplier = self.instrument(instrument)?.multiplier;
        self.position(book, instrument)?.average_price(multiplier)
    }

    /// When a book began to hold what it holds; `None` when it is flat.
    #[must_use]
    pub fn held_since(&self, book: &BookId, instrument: &InstrumentId) -> Option<Timestamp> {
        self.held.since(book, instrument)
    }

    /// Bars that closed since then, the one in which it began included; `None` when it is flat.
    #[must_use]
    pub fn bars_held(&self, book: &BookId, instrument: &InstrumentId) -> Option<u64> {
        self.held.bars(book, instrument)
    }

    /// Orders that made or enlarged what a book holds; 0 when it is flat.
    #[must_use]
    pub fn entries(&self, book: &BookId, instrument: &InstrumentId) -> u32 {
        self.held.entries(book, instrument)
    }

    /// The levels that protect what a book holds.
    #[must_use]
    pub fn plan(&self, book: &BookId, instrument: &InstrumentId) -> Option<&'a Plan> {
        self.core.state().books.get(book)?.plans.get(instrument)
    }

    /// A book's effect on the account's cash.
    #[must_use]
    pub fn book_cash(&self, book: &BookId) -> Option<&'a Cash> {
        self.core.state().books.get(book).map(|b| &b.cash)
    }

    /// The account's economic cash: the sum of its books.
    #[must_use]
    pub fn cash(&self) -> Cash {
        self.core.state().cash()
    }

    /// The account's equity at the latest prices, in the reporting currency; `None` while a price
    /// or rate is missing.
    #[must_use]
    pub fn equity(&self) -> Option<Decimal> {
        self.core.book().equity()
    }

    /// A book's live orders, stops of the desk included.
    pub fn working(&self, book: &'a BookId) -> impl Iterator<Item = &'a Order> + use<'a> {
        self.core.state().live_orders().filter(move |order| &order.book == book)
    }

    /// A book's requests that wait for an opening or a price.
    pub fn waiting(&self, book: &'a BookId) -> impl Iterator<Item = &'a Armed> + use<'a> {
        self.core.state().armed.values().filter(move |armed| &armed.intent.book == book)
    }
}
