//! An account's state: a pure function of its journal.
//!
//! Restart, replay, audit and simulation all fold the same events through
//! `AccountState::apply`. Nothing in here may depend on quotes, clocks or anything else that is
//! not in the journal; such views live in [`crate::core`]. Maps are ordered, so that equal
//! journals give equal bytes.

mod actions;
mod apply;
mod book;
mod group;
mod ledger;
mod netting;
mod order;
mod orders;
mod trades;
mod wallet;
mod working;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use book::{Book, Plan};
use domain::{
    BookId, Cash, ClientOrderId, GroupId, InstallationId, Instrument, InstrumentId, Intent,
    IntentId, Limits, Origin, OriginKind, Position, Principal, Qty, Side, SignedQty, Timestamp,
    VenueOrderId,
};
pub use group::Group;
pub(crate) use ledger::trade_key;
pub use netting::Netted;
pub use order::Order;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;
pub use trades::Trades;
pub use working::Working;

use crate::{
    broker::OrderReport,
    event::{ArmedAs, ClosePurpose, DecodeError, TermsRequested},
    journal::{ChainError, Hash, Head},
    policy::{AccountSpec, KillLevel, LatchKind, Policy},
};

/// The version of the state's serialised form; a snapshot of another version is not read.
pub const STATE_VERSION: u16 = 7;
/// Orders of others that are remembered beyond their end.
const STRANGERS_KEPT: usize = 256;
/// Settled orders that stay in memory at least; older ones are in the journal.
pub const SETTLED_ORDERS_KEPT: usize = 5_000;
/// Settled orders younger than this stay in memory, whatever their number.
const SETTLED_KEPT_FOR_SECS: i64 = 7 * 86_400;
/// Idempotency keys are kept at least so long.
const KEYS_KEPT_FOR_SECS: i64 = 8 * 86_400;

/// Why events can't be folded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FoldError {
    /// The journal's chain is broken.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A record can't be read.
    #[error("record {seq}: {source}")]
    Decode {
        /// The record.
        seq: u64,
        /// What is wrong.
        source: DecodeError,
    },
    /// An event doesn't fit the state, so the journal is not this program's.
    #[error("record {seq} ({kind}) contradicts the records before it: {text}")]
    Contradiction {
        /// The record.
        seq: u64,
        /// Its kind.
        kind: &'static str,
        /// What contradicts.
        text: String,
    },
}

/// A request that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What was asked.
    pub intent: Intent,
    /// Its value in the reporting currency when it was asked.
    pub notional: Decimal,
    /// The limit above which it needs approval.
    pub limit: Decimal,
    /// When it was asked.
    pub since: Timestamp,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// A request that waits for the next opening or price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// Less than that of everything that waits and was asked later.
    pub number: u64,
    /// What was asked. For a close it names the side, and the quantity when it was asked.
    pub intent: Intent,
    /// What becomes of it.
    pub becomes: ArmedAs,
    /// The trading day in which it was asked, where it is known.
    pub day: Option<i64>,
    /// The market was open then.
    pub open: bool,
    /// When it was asked.
    pub since: Timestamp,
}

/// A compound close under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// Its number.
    pub id: u64,
    /// The book.
    pub book: BookId,
    /// What is closed.
    pub instrument: InstrumentId,
    /// How much is to be closed.
    pub qty: Qty,
    /// How much is closed.
    pub closed: Qty,
    /// Orders sent for it since it last filled anything.
    pub attempts: u32,
    /// Who asked.
    pub origin: Origin,
    /// Why.
    pub purpose: ClosePurpose,
    /// The partial target that it takes up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u8>,
    /// What is asked for once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Box<Intent>>,
}

/// The kill switch, while it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// How far it stops.
    pub level: KillLevel,
    /// Who pulled it.
    pub by: Origin,
    /// Why.
    pub reason: String,
    /// When.
    pub since: Timestamp,
}

/// A latch, while it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    /// The numbers.
    pub text: String,
    /// When it closed.
    pub since: Timestamp,
}

/// The trading day and the equity from which its loss counts, net of deposits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Number of the trading day.
    pub number: i64,
    /// Equity at the opening, corrected by deposits and withdrawals since.
    pub equity: Decimal,
}

/// What a caller's idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// Hash of the content.
    pub content: Hash,
    /// What it became.
    pub became: Became,
    /// When.
    pub at: Timestamp,
}

/// What a request became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// An order.
    Order(ClientOrderId),
    /// A compound close of so much.
    Close {
        /// Number of the close.
        id: u64,
        /// How much it was to close.
        qty: Qty,
    },
}

/// How much a source has opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginUse {
    /// Times of its latest entries, never decreasing, at most a minute's bound of them.
    pub recent: VecDeque<Timestamp>,
    /// The trading day of the counts below.
    pub day: i64,
    /// Entries of the day.
    pub entries: u32,
    /// Their value in the reporting currency.
    pub notional: Decimal,
    /// The latest order's content and time, against sending it twice.
    pub last: Option<(Hash, Timestamp)>,
}

impl OriginUse {
    /// Value of its entries of a trading day in the reporting currency.
    #[must_use]
    pub fn notional_of(&self, day: i64) -> Decimal {
        if self.day == day { self.notional } else { Decimal::ZERO }
    }

    /// Entries within the last `secs` seconds, at most a minute. Where no more times are kept the
    /// count is the highest there is, so that a limit beyond them fails closed.
    #[must_use]
    pub fn within(&self, secs: i64, now: Timestamp) -> u32 {
        let span = secs.saturating_mul(1_000_000_000);
        let older = self.recent.partition_point(|t| now.since(*t).0 >= span);
        let count = self.recent.len() - older;
        if count >= orders::RECENT_ENTRIES_KEPT {
            return u32::MAX;
        }
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// Everything that an account's journal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// The record to which this is folded.
    pub head: Head,
    /// What the account is.
    pub spec: AccountSpec,
    /// How it wants to be treated.
    pub policy: Policy,
    /// The policy to whose terms the venue has yet to agree.
    pub terms_asked: Option<TermsRequested>,
    /// Whose order ids it uses.
    pub installation: InstallationId,
    /// The run of the desk, part of order ids.
    pub incarnation: u32,
    /// Instruments and their rules.
    pub instruments: BTreeMap<InstrumentId, Instrument>,
    /// Books by id; `manual` and `unmanaged` always exist.
    pub books: BTreeMap<BookId, Book>,
    /// The account's net position in each contract, as the venue nets it, at average cost.
    #[serde(default)]
    pub contracts: BTreeMap<InstrumentId, Position>,
    /// The latest executions behind each of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub netted: BTreeMap<InstrumentId, Netted>,
    /// Limits of the account.
    pub limits: Limits,
    /// Limits by kind of source.
    pub origin_limits: BTreeMap<OriginKind, Limits>,
    /// Limits by principal.
    pub principal_limits: BTreeMap<Principal, Limits>,
    /// Limits by instrument.
    pub instrument_limits: BTreeMap<InstrumentId, Limits>,
    /// Orders, the live ones and the latest settled ones.
    pub orders: BTreeMap<ClientOrderId, Order>,
    /// Orders from which something may still come.
    pub live: Working,
    /// Settled orders in the order of their end.
    pub settled: VecDeque<(Timestamp, ClientOrderId)>,
    /// The desk's orders by the venue's id.
    pub by_venue_id: BTreeMap<VenueOrderId, ClientOrderId>,
    /// Live orders that the desk did not send.
    pub external: BTreeMap<VenueOrderId, OrderReport>,
    /// The latest orders that the desk did not send, live or ended, so that none of them is taken
    /// for an own one whose answer was lost.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub strangers: VecDeque<VenueOrderId>,
    /// Executions that are in the books.
    pub trades: Trades,
    /// Movements of cash and corporate actions that are in the books.
    #[serde(default)]
    pub movements: Trades,
    /// Number of the next order.
    pub next_order: u64,
    /// Number of the next close.
    pub next_close: u64,
    /// What callers' keys stand for.
    pub keys: BTreeMap<String, KeyUse>,
    /// Requests that wait for approval.
    pub holds: BTreeMap<IntentId, Hold>,
    /// Requests that wait for the next opening or price.
    pub armed: BTreeMap<IntentId, Armed>,
    /// Groups of orders of which one may fill, by book and name.
    pub groups: BTreeMap<String, Group>,
    /// Closes under way.
    pub closes: BTreeMap<u64, Close>,
    /// The kill switch, when it is on.
    pub kill: Option<Kill>,
    /// Grows with every pull.
    pub kill_epoch: u64,
    /// Closed latches.
    pub latches: BTreeMap<LatchKind, Latch>,
    /// The trading day.
    pub day: Option<Day>,
    /// The highest equity, corrected by deposits and withdrawals since.
    pub peak: Option<Decimal>,
    /// How much each source has opened.
    pub origins: BTreeMap<Principal, OriginUse>,
    /// Value of all entries of the day.
    pub entries_notional: Decimal,
    /// Every execution before this venue time is in the books.
    pub reconciled_through: Option<Timestamp>,
    /// The last generation of the emergency journal that is in this stream.
    pub emergency_generation: u64,
}

impl AccountState {
    /// The quantity of a book in an instrument.
    #[must_use]
    pub fn position(&self, book: &BookId, instrument: &InstrumentId) -> SignedQty {
        self.books
            .get(book)
            .and_then(|b| b.positions.get(instrument))
            .map_or(SignedQty::ZERO, |p| p.qty)
    }

    /// The quantity of the account in an instrument: the sum of its books.
    #[must_use]
    pub fn net_position(&self, instrument: &InstrumentId) -> SignedQty {
        self.books
            .values()
            .filter_map(|b| b.positions.get(instrument))
            .fold(SignedQty::ZERO, |sum, p| sum.plus(p.qty))
    }

    /// Instruments that any book holds or held.
    #[must_use]
    pub fn held_instruments(&self) -> BTreeSet<InstrumentId> {
        self.books
            .values()
            .flat_map(|b| b.positions.iter())
            .filter(|(_, p)| !p.qty.is_zero())
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The economic cash of the account: the sum of its books. The venue shows
    /// [`Self::wallets`].
    #[must_use]
    pub fn cash(&self) -> Cash {
        let mut total = Cash::default();
        for money in self.books.values().flat_map(|b| b.cash.iter().collect::<Vec<_>>()) {
            // The parts were added exactly one by one; a sum that overflows 28 digits would have
            // been refused when the event was folded.
            let _ = total.add(&money);
        }
        total
    }

    /// Orders from which something may still come.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.live.iter().filter_map(|id| self.orders.get(id))
    }

    /// True for an order from which something may still come.
    #[must_use]
    pub fn is_live(&self, id: &ClientOrderId) -> bool {
        self.orders.get(id).is_some_and(|o| self.live.of(&o.instrument).any(|live| live == id))
    }

    /// Live orders in an instrument, of all books.
    pub fn live_of(&self, instrument: &InstrumentId) -> impl Iterator<Item = &Order> {
        self.live.of(instrument).filter_map(|id| self.orders.get(id))
    }

    /// Live orders of a book in an instrument.
    pub fn live_in<'a>(
        &'a self,
        book: &'a BookId,
        instrument: &'a InstrumentId,
    ) -> impl Iterator<Item = &'a Order> {
        self.live_of(instrument).filter(move |o| &o.book == book)
    }

    /// What the account really holds of a book's position: less than the book's quantity when
    /// somebody traded against it past the desk. The manual book answers for that first, then the
    /// others in the order of their ids; books of the desk that hold opposite sides do not.
    #[must_use]
    pub fn backed(&self, book: &BookId, instrument: &InstrumentId) -> Qty {
        let position = self.position(book, instrument);
        let outside = self.position(&BookId::unmanaged(), instrument);
        if Side::reducing(outside).is_none_or(|side| Side::reducing(position) == Some(side)) {
            return position.abs();
        }
        let mut against = outside.abs();
        let manual = BookId::manual();
        let others = self.books.keys().filter(|id| **id != manual && !id.is_unmanaged());
        for id in std::iter::once(&manual).chain(others).take_while(|id| *id != book) {
            let other = self.position(id, instrument);
            if Side::reducing(other) == Side::reducing(position) {
                against = against.minus(other.abs());
            }
        }
        position.abs().minus(against)
    }

    /// What a book may still reduce: what is really held of its position, less the worst case of
    /// all its live exits.
    #[must_use]
    pub fn reducible(&self, book: &BookId, instrument: &InstrumentId) -> Qty {
        self.reducible_in(book, instrument, None)
    }

    /// The same for another order of a group: where one of a group can fill, its other members
    /// reserve nothing.
    #[must_use]
    pub fn reducible_in(
        &self,
        book: &BookId,
        instrument: &InstrumentId,
        own: Option<&GroupId>,
    ) -> Qty {
        let position = self.position(book, instrument);
        let Some(side) = Side::reducing(position) else { return Qty::ZERO };
        let backed = self.backed(book, instrument);
        // A venue holds an order to only reducing by the account's net position. Where that is
        // more than this book's, two of a group can fill before one is cancelled.
        let held_to_one = self.net_position(instrument).abs() <= backed;
        let own = own.filter(|_| held_to_one);
        let exits = self.live_in(book, instrument).filter(|o| o.side == side);
        backed.minus(reserved(exits, own, held_to_one))
    }

    /// What these exits of one position take of it at most.
    #[must_use]
    pub fn reserved_by<'a>(
        &self,
        book: &BookId,
        instrument: &InstrumentId,
        exits: impl Iterator<Item = &'a Order>,
    ) -> Qty {
        let held_to_one = self.net_position(instrument).abs() <= self.backed(book, instrument);
        reserved(exits, None, held_to_one)
    }

    /// The key under which a caller's idempotency key is kept.
    #[must_use]
    pub fn key_of(principal: &Principal, key: &str) -> String {
        format!("{principal}|{key}")
    }

    /// The hash of the whole state, for snapshots and comparisons.
    ///
    /// # Errors
    /// A serialisation failure, which plain data does not have.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// What exits of one position take of it at most, those of the group `own` left out. `one_fills`
/// says whether of a group that the venue holds to only reducing one member can fill.
fn reserved<'a>(
    exits: impl Iterator<Item = &'a Order>,
    own: Option<&GroupId>,
    one_fills: bool,
) -> Qty {
    let (mut reserved, mut groups) = (Qty::ZERO, BTreeMap::new());
    for order in exits {
        match order.conditions.group.as_ref().filter(|_| one_fills && order.reduce_only) {
            Some(group) if own == Some(group) => {}
            Some(group) => {
                let largest: &mut Qty = groups.entry(group).or_default();
                *largest = (*largest).max(order.open_qty());
            }
            None => reserved = reserved.plus(order.open_qty()),
        }
    }
    groups.into_values().fold(reserved, Qty::plus)
}
