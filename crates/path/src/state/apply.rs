//! The fold: what each event does to the state.
//!
//! Every rule here holds for live, restart, replay and simulation alike. It must not refuse what
//! a venue reports: a fill is always posted, whatever state its order is in.

use std::collections::BTreeMap;

use domain::{BookId, ClientOrderId, Instrument, Timestamp};
use rust_decimal::Decimal;

use super::{AccountState, Armed, Book, Day, FoldError, Hold, Kill, Latch, Order};
use crate::{
    event::{AccountOpened, Event, LimitTarget, LimitsSet},
    journal::{EventRecord, Head, StreamId},
    policy::LatchKind,
};

impl AccountState {
    /// The state after the first event of an account's stream.
    #[must_use]
    pub fn opened(body: &AccountOpened) -> Self {
        let mut books = BTreeMap::new();
        for (id, name) in [(BookId::manual(), "Manual"), (BookId::unmanaged(), "Unmanaged")] {
            books.insert(id.clone(), Book::new(id, name.to_owned(), None));
        }
        Self {
            head: Head::default(),
            spec: body.spec.clone(),
            policy: body.policy.clone(),
            terms_asked: None,
            installation: body.installation.clone(),
            incarnation: 0,
            instruments: BTreeMap::new(),
            books,
            contracts: BTreeMap::new(),
            netted: BTreeMap::new(),
            limits: domain::Limits::default(),
            origin_limits: BTreeMap::new(),
            principal_limits: BTreeMap::new(),
            instrument_limits: BTreeMap::new(),
            orders: BTreeMap::new(),
            live: super::Working::default(),
            settled: std::collections::VecDeque::new(),
            by_venue_id: BTreeMap::new(),
            external: BTreeMap::new(),
            strangers: std::collections::VecDeque::new(),
            trades: super::Trades::default(),
            movements: super::Trades::default(),
            next_order: 1,
            next_close: 1,
            keys: BTreeMap::new(),
            holds: BTreeMap::new(),
            armed: BTreeMap::new(),
            groups: BTreeMap::new(),
            closes: BTreeMap::new(),
            kill: None,
            kill_epoch: 0,
            latches: BTreeMap::new(),
            day: None,
            peak: None,
            origins: BTreeMap::new(),
            entries_notional: Decimal::ZERO,
            reconciled_through: None,
            emergency_generation: 0,
        }
    }

    /// Folds stored records, from the first or onto a snapshot, checking the chain.
    ///
    /// # Errors
    /// [`FoldError`] names the first record that is altered, unreadable or contradictory.
    pub fn fold(
        mut state: Option<Self>,
        stream: &StreamId,
        records: &[EventRecord],
    ) -> Result<Option<Self>, FoldError> {
        for record in records {
            let head = state.as_ref().map_or_else(Head::default, |s| s.head);
            record.verify(stream, &head)?;
            let event = Event::decode(&record.kind, record.version, &record.body)
                .map_err(|source| FoldError::Decode { seq: record.seq, source })?;
            let seq = record.seq;
            let contradiction = |kind, text| FoldError::Contradiction { seq, kind, text };
            let next = match (&mut state, &event) {
                (None, Event::AccountOpened(body)) => state.insert(Self::opened(body)),
                (None, _) | (Some(_), Event::AccountOpened(_)) => {
                    let text = "an account is opened once, first".to_owned();
                    return Err(contradiction(event.kind(), text));
                }
                (Some(state), _) => {
                    state
                        .apply(&event, record.at)
                        .map_err(|text| contradiction(event.kind(), text))?;
                    state
                }
            };
            next.head = record.head();
        }
        Ok(state)
    }

    /// Folds one event.
    ///
    /// # Errors
    /// What contradicts the state. An event that the core itself made never does.
    pub(crate) fn apply(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::AccountOpened(_) => Err("an account is opened once".to_owned()),
            Event::IntentRefused(_)
            | Event::RefusalsCounted(_)
            | Event::Alarm(_)
            | Event::Marked(_) => Ok(()),
            Event::IncarnationStarted(_)
            | Event::InstrumentSet(_)
            | Event::BookOpened(_)
            | Event::LimitsSet(_)
            | Event::PolicySet(_)
            | Event::TermsRequested(_)
            | Event::TermsRefused(_)
            | Event::OrderHeld(_)
            | Event::HoldResolved(_)
            | Event::OrderArmed(_)
            | Event::ArmedEnded(_)
            | Event::PlanSet(_)
            | Event::EmergencyMerged(_) => self.apply_setting(event, at),
            Event::OrderRecorded(_)
            | Event::OrderAccepted(_)
            | Event::OrderUnknown(_)
            | Event::OrderRejected(_)
            | Event::OrderEnded(_)
            | Event::OrderResurfaced(_)
            | Event::OrderWrittenOff(_)
            | Event::CancelRecorded(_)
            | Event::CancelFailed(_)
            | Event::CloseStarted(_)
            | Event::CloseEnded(_) => self.apply_order(event, at),
            Event::Filled(_)
            | Event::ExternalOrder(_)
            | Event::Adopted(_)
            | Event::PositionAdjusted(_)
            | Event::CashAdjusted(_)
            | Event::CashMoved(_)
            | Event::ActionApplied(_)
            | Event::Reconciled(_) => self.apply_ledger(event, at),
            Event::DayOpened(_)
            | Event::PeakRaised(_)
            | Event::LatchSet(_)
            | Event::LatchReleased(_)
            | Event::KillPulled(_)
            | Event::KillReleased(_) => {
                self.apply_guard(event, at);
                Ok(())
            }
        }
    }

    fn apply_setting(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::IncarnationStarted(e) => self.incarnation = e.incarnation,
            Event::InstrumentSet(e) => {
                self.instruments.insert(e.instrument.id.clone(), e.instrument.clone());
            }
            Event::BookOpened(e) => {
                let book = Book::new(e.book.clone(), e.name.clone(), e.capital);
                self.books.entry(e.book.clone()).or_insert(book);
            }
            Event::LimitsSet(e) => self.set_limits(e)?,
            Event::PolicySet(e) => {
                self.policy = e.policy.clone();
                self.terms_asked = None;
            }
            Event::TermsRequested(e) => {
                let number = e.client_order_id.number().unwrap_or(self.next_order);
                self.next_order = self.next_order.max(number.saturating_add(1));
                self.terms_asked = Some(e.clone());
            }
            Event::TermsRefused(_) => self.terms_asked = None,
            Event::OrderHeld(e) => {
                let hold = Hold {
                    intent: (*e.intent).clone(),
                    notional: e.notional,
                    limit: e.limit,
                    since: at,
                    expires_at: e.expires_at,
                };
                self.holds.insert(e.intent.id.clone(), hold);
            }
            Event::HoldResolved(e) => {
                self.holds.remove(&e.intent);
            }
            Event::OrderArmed(e) => {
                let (intent, day, open) = ((*e.intent).clone(), e.day, e.open);
                let latest = self.armed.values().map(|a| a.number).max();
                let number = latest.map_or(0, |n| n.saturating_add(1));
                let becomes = e.becomes;
                let armed = Armed { number, intent, becomes, day, open, since: at };
                self.armed.insert(e.intent.id.clone(), armed);
            }
            Event::ArmedEnded(e) => {
                self.armed.remove(&e.intent);
            }
            Event::PlanSet(e) => {
                self.book_mut(&e.book)?.plan_changed(&e.instrument, e.protective, at);
            }
            Event::EmergencyMerged(e) => self.emergency_generation = e.generation,
            _ => {}
        }
        Ok(())
    }

    fn apply_guard(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::DayOpened(e) => {
                self.day = Some(Day { number: e.day, equity: e.equity });
                self.entries_notional = Decimal::ZERO;
                for book in self.books.values_mut() {
                    book.entries_notional = Decimal::ZERO;
                }
                self.latches.remove(&LatchKind::DailyLoss);
                self.forget_won_groups();
            }
            Event::PeakRaised(e) => self.peak = Some(e.equity),
            Event::LatchSet(e) => {
                let latch = Latch { text: e.text.clone(), since: at };
                self.latches.entry(e.latch).or_insert(latch);
            }
            Event::LatchReleased(e) => {
                self.latches.remove(&e.latch);
                if let Some(peak) = e.peak {
                    self.peak = Some(peak);
                }
            }
            Event::KillPulled(e) => {
                self.kill_epoch = self.kill_epoch.max(e.epoch);
                let level = self.kill.as_ref().map_or(e.level, |k| k.level.max(e.level));
                let (by, reason) = (e.by.clone(), e.reason.clone());
                self.kill = Some(Kill { level, by, reason, since: at });
            }
            Event::KillReleased(_) => self.kill = None,
            _ => {}
        }
    }

    fn set_limits(&mut self, body: &LimitsSet) -> Result<(), String> {
        let limits = (*body.limits).clone();
        match &body.target {
            LimitTarget::Account => self.limits = limits,
            LimitTarget::Book(id) => self.book_mut(id)?.limits = limits,
            LimitTarget::Origin(kind) => {
                self.origin_limits.insert(*kind, limits);
            }
            LimitTarget::Principal(principal) => {
                self.principal_limits.insert(principal.clone(), limits);
            }
            LimitTarget::Instrument(id) => {
                self.instrument_limits.insert(id.clone(), limits);
            }
        }
        Ok(())
    }

    pub(super) fn order_mut(&mut self, id: &ClientOrderId) -> Result<&mut Order, String> {
        self.orders.get_mut(id).ok_or_else(|| format!("no order {id}"))
    }

    pub(super) fn book_mut(&mut self, id: &BookId) -> Result<&mut Book, String> {
        self.books.get_mut(id).ok_or_else(|| format!("no book {id}"))
    }

    pub(super) fn instrument(&self, id: &domain::InstrumentId) -> Result<Instrument, String> {
        self.instruments.get(id).cloned().ok_or_else(|| format!("no instrument {id}"))
    }
}
