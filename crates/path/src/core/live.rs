//! What a core knows for the moment: connection, timers, questions under way.
//!
//! Nothing here is in the journal; after a restart it is found out anew. It must not decide.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    BookId, CalendarKind, ClientOrderId, InstrumentId, Nanos, Origin, Principal, Qty, SignedQty,
    Timestamp,
};

use super::terms::TermsWatch;
use crate::{codes::RefusalCode, wire::Mono};

/// What is being found out about an order whose fate is unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry {
    /// When it may have been sent at the latest.
    pub(super) sent: Mono,
    /// When to ask next.
    pub(super) next: Mono,
    /// Answers "not known" after the acceptance window.
    pub(super) absent_answers: u8,
    /// Complete snapshots without it after the acceptance window.
    pub(super) absent_snapshots: u8,
    /// An alarm was raised about it.
    pub(super) alarmed: bool,
}

/// Attempts of something that may fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    /// Attempts so far.
    pub(super) count: u32,
    /// When to try next.
    pub(super) next: Mono,
}

impl Retry {
    /// Counts an attempt; the pause doubles from `base` up to 32 times.
    pub(super) fn again(&mut self, now: Mono, base: Nanos) {
        let factor = 1_i64 << self.count.min(5);
        self.count = self.count.saturating_add(1);
        self.next = now.plus(Nanos(base.0.saturating_mul(factor)));
    }
}

/// The comparison of books and venue.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// When the question under way was asked.
    pub(super) asked: Option<Mono>,
    /// When to ask next.
    pub(super) next: Mono,
    /// Something about orders or fills arrived since the question was asked.
    pub(super) disturbed: bool,
    /// Differences that the last undisturbed comparison showed.
    pub(super) positions: BTreeMap<InstrumentId, SignedQty>,
    /// Orders of others that the last undisturbed list didn't show.
    pub(super) strangers: BTreeSet<domain::VenueOrderId>,
    /// The same for cash.
    pub(super) cash: domain::Cash,
    /// When a comparison was last recorded.
    pub(super) recorded: Option<Mono>,
}

/// Timers of a compound close.
#[derive(Debug, Clone, Copy)]
pub(super) struct CloseTimer {
    /// When it is given up.
    pub(super) deadline: Mono,
    /// When to try next.
    pub(super) next: Mono,
}

/// The lowest, highest and latest price since the last mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremes {
    pub(super) low: domain::Price,
    pub(super) high: domain::Price,
    pub(super) last: domain::Price,
}

/// How far the price has come for a trailing stop. It is found anew after a restart, from the price
/// of then; the stop itself never goes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailing {
    /// The side that closes the position.
    pub(super) side: domain::Side,
    /// What it follows by: another trail begins at the price of then.
    pub(super) trail: domain::Trail,
    /// The best price so far.
    pub(super) best: domain::Price,
    /// When the stop may move next.
    pub(super) next: Mono,
}

/// Refusals of one source in the current minute.
#[derive(Debug, Clone)]
pub(super) struct RefusalRate {
    pub(super) origin: Origin,
    pub(super) since: Mono,
    pub(super) recorded: u32,
    pub(super) counted: u64,
    pub(super) codes: Vec<RefusalCode>,
}

/// A position with less protection than its plan asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprotected {
    /// The book.
    pub book: BookId,
    /// What is held.
    pub instrument: InstrumentId,
    /// How much of it no resting stop covers.
    pub qty: Qty,
    /// Since when.
    pub since: Mono,
}

/// A position: a book and what it holds.
pub(super) type Holding = (BookId, InstrumentId);

/// Everything that is known for the moment.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) connected: bool,
    pub(super) journal: bool,
    pub(super) reconciled: bool,
    pub(super) fault: Option<String>,
    /// Nothing was looked at yet since the state came from somewhere else.
    pub(super) unseen: bool,
    /// Orders without the venue's id.
    pub(super) unbound: super::unbound::Unbound,
    pub(super) inquiries: BTreeMap<ClientOrderId, Inquiry>,
    pub(super) cancels: BTreeMap<ClientOrderId, Retry>,
    pub(super) protect: BTreeMap<Holding, Retry>,
    pub(super) flatten: BTreeMap<Holding, Retry>,
    pub(super) closes: BTreeMap<u64, CloseTimer>,
    pub(super) gaps: BTreeMap<Holding, (Qty, Mono)>,
    pub(super) trails: BTreeMap<Holding, Trailing>,
    /// Prices of what is held since the last mark.
    pub(super) extremes: BTreeMap<InstrumentId, Extremes>,
    /// When each market was seen to open.
    pub(super) opened: BTreeMap<CalendarKind, Timestamp>,
    pub(super) marked_hour: Option<i64>,
    pub(super) marked_equity: Option<rust_decimal::Decimal>,
    pub(super) comparison: Comparison,
    pub(super) refusals: BTreeMap<Principal, RefusalRate>,
    pub(super) terms: TermsWatch,
    /// Quantities that the venue did not take for being too small, and that were named.
    pub(super) dust: BTreeMap<Holding, Qty>,
    /// Executions that can't be booked yet and were said so.
    pub(super) unbooked: BTreeSet<u128>,
    /// Instruments whose rules were refused and said so.
    pub(super) refused_rules: BTreeSet<InstrumentId>,
    /// Liquidations by the venue that were said so.
    pub(super) liquidations: BTreeSet<domain::VenueOrderId>,
}

impl Live {
    pub(super) fn new(now: Mono) -> Self {
        let comparison = Comparison { next: now, ..Comparison::default() };
        Self {
            connected: false,
            journal: true,
            reconciled: false,
            fault: None,
            unseen: true,
            unbound: super::unbound::Unbound::default(),
            inquiries: BTreeMap::new(),
            cancels: BTreeMap::new(),
            protect: BTreeMap::new(),
            flatten: BTreeMap::new(),
            closes: BTreeMap::new(),
            gaps: BTreeMap::new(),
            trails: BTreeMap::new(),
            extremes: BTreeMap::new(),
            marked_hour: None,
            marked_equity: None,
            comparison,
            refusals: BTreeMap::new(),
            terms: TermsWatch::default(),
            dust: BTreeMap::new(),
            unbooked: BTreeSet::new(),
            refused_rules: BTreeSet::new(),
            liquidations: BTreeSet::new(),
            opened: BTreeMap::new(),
        }
    }

    /// Lets an order be asked about, which may have been sent until now.
    pub(super) fn inquire_from(&mut self, id: ClientOrderId, now: Mono) {
        let sent = now.plus(crate::gate::SEND_WITHIN);
        let (absent_answers, absent_snapshots, alarmed) = (0, 0, false);
        let inquiry = Inquiry { sent, next: now, absent_answers, absent_snapshots, alarmed };
        self.inquiries.insert(id, inquiry);
    }

    pub(super) fn unprotected(&self) -> Vec<Unprotected> {
        let gap = |((book, instrument), (qty, since)): (&Holding, &(Qty, Mono))| Unprotected {
            book: book.clone(),
            instrument: instrument.clone(),
            qty: *qty,
            since: *since,
        };
        self.gaps.iter().map(gap).collect()
    }
}
