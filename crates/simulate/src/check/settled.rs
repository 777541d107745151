//! What must hold once everything has come to rest.
//!
//! The faults are off, time has passed, everything was delivered, books and venue were compared
//! several times. This module must not change the world.

use std::collections::{BTreeMap, BTreeSet};

use domain::{InstrumentId, OrderStatus, SignedQty, Timestamp, TradeId};
use path::{
    broker::VenueSnapshot, core::Core, policy::KillLevel, state::AccountState, terms::Terms,
    verbs::RiskClass,
};
use rust_decimal::Decimal;

use super::{Invariant, names::desks};
use crate::world::{SECOND, World};

/// Nothing may be under way for longer than this after the run came to rest.
const PATIENCE: i64 = 60 * SECOND;

impl World {
    /// Checks everything that must hold at rest.
    pub(crate) fn check_settled(&mut self) {
        for a in 0..self.accounts.len() {
            self.check_journal(a);
        }
        let Some(p) = self.active() else {
            return self.violate(Invariant::Resolved, "no desk runs after the faults ended");
        };
        for a in 0..self.accounts.len() {
            let account = self.accounts[a].id.clone();
            let truth = self.exchange.truth(&account, Timestamp::default(), self.now);
            self.check_fills(a, &truth);
            self.check_movements(a, &truth);
            self.check_books(p, a, &truth);
            self.check_orders(p, a, &truth);
            self.check_rest(p, a);
            self.check_protection(p, a, &truth);
            self.check_sent(a);
            self.check_names(a);
            self.check_groups(a);
            self.check_terms(a);
        }
        self.check_reservations(p);
    }

    /// The policy's terms are the venue's, and nothing is open about them. Where a request was given
    /// up and was written after a standstill all the same, the desk has named the difference.
    fn check_terms(&mut self, a: usize) {
        self.checked(Invariant::TermsAgree);
        let (ledger, account) = (&self.durable[a], &self.accounts[a].id);
        // Accounts begin with a venue that lends less than the policy would allow.
        let lending = |terms: Terms| Terms { allow_short: true, ..terms };
        let own = lending(Terms::of(&ledger.policy));
        let named = ledger.terms_refused && ledger.alarms.contains_key("terms_differ");
        let equal = self.exchange.terms(account).map(lending) == Some(own);
        if ledger.terms_asked.is_some() || !(equal || named) {
            let venue = self.exchange.terms(account);
            let text = format!("a{a}: {venue:?} at the venue, {own:?} here");
            self.violate(Invariant::TermsAgree, text);
        }
    }

    /// Everything that moved cash or units at the venue is in the books, and nothing else.
    fn check_movements(&mut self, a: usize, truth: &VenueSnapshot) {
        self.checked(Invariant::MovementsOnce);
        let movements = truth.movements.iter().filter(|m| !m.kind.is_transfer()).map(|m| &m.id);
        let told = movements.chain(truth.actions.iter().map(|action| &action.id));
        let known = &self.durable[a].movements;
        let lost: Vec<_> = told.filter(|id| !known.contains(*id)).cloned().collect();
        let told = truth.movements.iter().map(|m| &m.id);
        let told: BTreeSet<_> = told.chain(truth.actions.iter().map(|a| &a.id)).collect();
        let made: Vec<_> = known.iter().filter(|id| !told.contains(id)).cloned().collect();
        if !lost.is_empty() || !made.is_empty() {
            let text = format!("account {a}: not in the books {lost:?}, not at the venue {made:?}");
            self.violate(Invariant::MovementsOnce, text);
        }
    }

    /// What the accounts together reserve of the desk's limits is what they hold and what lives.
    fn check_reservations(&mut self, p: usize) {
        let (mut gross, mut entries, mut orders) = (Some(Decimal::ZERO), Decimal::ZERO, 0);
        for a in 0..self.accounts.len() {
            let ledger = &self.procs[p].ledgers[a];
            gross = gross.zip(ledger.gross(&self.marks(p, a), None, None)).map(|(a, b)| a + b);
            entries += ledger.day_notional;
            orders += ledger.live().count();
        }
        self.checked(Invariant::Reservations);
        let reserved = self.procs[p].budget.total();
        let same = gross.is_none_or(|gross| gross == reserved.gross_exposure)
            && entries == reserved.entries_notional
            && orders == reserved.open_orders as usize;
        if !same {
            let text = format!("{reserved:?}, own sums {gross:?}, {entries}, {orders} orders");
            self.violate(Invariant::Reservations, text);
        }
    }

    /// The chain verifies; every snapshot is the fold up to its record; final orders stay final.
    fn check_journal(&mut self, a: usize) {
        self.checked(Invariant::JournalFolds);
        let stream = self.accounts[a].stream.clone();
        let records = [self.disk.main(&stream), self.disk.emergency(&stream)].concat();
        let taken = self.disk.snapshots(&stream).iter();
        let mut snapshots: BTreeMap<_, _> =
            taken.map(|s| ((s.head.seq, s.head.hash), s.body.clone())).collect();
        let mut state: Option<AccountState> = None;
        let mut ended: BTreeMap<domain::ClientOrderId, OrderStatus> = BTreeMap::new();
        for record in &records {
            match AccountState::fold(state.take(), &stream, std::slice::from_ref(record)) {
                Ok(next) => state = next,
                Err(error) => return self.violate(Invariant::JournalFolds, error.to_string()),
            }
            let Some(folded) = &state else { continue };
            if let Some(body) = snapshots.remove(&(record.seq, record.hash))
                && folded.to_json().ok().as_deref() != Some(&*body)
            {
                let text = format!("the snapshot at {} is not the fold", record.seq);
                self.violate(Invariant::JournalFolds, text);
            }
            let touched = self.touched_orders(a, &record.body);
            for id in touched {
                let Some(order) = folded.orders.get(&id) else { continue };
                let status = order.status();
                let before = ended.get(&id).copied();
                if before.is_some_and(|before| before != status) {
                    let text = format!("{id} went from {before:?} to {status:?}");
                    self.violate(Invariant::FinalStaysFinal, text);
                }
                if status.is_final() {
                    ended.insert(id, status);
                }
            }
        }
        self.checked(Invariant::FinalStaysFinal);
        if let Some((seq, _)) = snapshots.keys().next() {
            let text = format!("a snapshot is at {seq}, which is no record");
            self.violate(Invariant::JournalFolds, text);
        }
        let decided = self.active().map(|p| self.procs[p].cores[a].state().clone());
        if let (Some(decided), Some(folded)) = (decided, state) {
            self.checked(Invariant::StateIsFold);
            if decided != folded {
                let text = format!("account {a}: the state at {} is not the fold", folded.head.seq);
                self.violate(Invariant::StateIsFold, text);
            }
        }
    }

    /// The desk's orders that a record's body names.
    fn touched_orders(&self, a: usize, body: &str) -> Vec<domain::ClientOrderId> {
        let prefix = format!("{}{}-", domain::ids::CLIENT_ORDER_PREFIX, self.installation);
        let mut out = Vec::new();
        for (at, _) in body.match_indices(&prefix) {
            let rest = &body[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let text = &rest[..end.unwrap_or(rest.len())];
            if let Some((id, _)) = self.durable[a].orders.get_key_value(text) {
                out.push(id.clone());
            }
        }
        out
    }

    fn check_fills(&mut self, a: usize, truth: &VenueSnapshot) {
        self.checked(Invariant::FillsOnce);
        let venue: BTreeSet<TradeId> = truth.fills.iter().map(|f| f.trade_id.clone()).collect();
        let lost: Vec<_> = venue.difference(&self.durable[a].trades).cloned().collect();
        let made: Vec<_> = self.durable[a].trades.difference(&venue).cloned().collect();
        if !lost.is_empty() || !made.is_empty() {
            let text =
                format!("account {a}: fills not in the books {lost:?}, not at the venue {made:?}");
            self.violate(Invariant::FillsOnce, text);
        }
    }

    fn check_books(&mut self, p: usize, a: usize, truth: &VenueSnapshot) {
        self.checked(Invariant::BooksAgree);
        let mut wrong = Vec::new();
        let state = self.procs[p].cores[a].state();
        let ledger = &self.durable[a];
        for instrument in &self.exchange.instruments {
            let id = &instrument.id;
            let venue = truth.positions.get(id).copied().unwrap_or(SignedQty::ZERO).get();
            let (books, own) = (state.net_position(id).get(), ledger.net(id));
            if venue != books || venue != own {
                wrong.push(format!("{id}: venue {venue}, books {books}, own sum {own}"));
            }
        }
        for ((book, id), own) in &ledger.positions {
            let held = state.position(book, id).get();
            if held != *own {
                wrong.push(format!("book {book} {id}: {held}, own sum {own}"));
            }
        }
        let own = ledger.cash.iter().filter(|(_, amount)| !amount.is_zero());
        let own: BTreeMap<_, _> = own.map(|(c, amount)| (*c, amount.normalize())).collect();
        let of = |cash: &domain::Cash| -> BTreeMap<_, Decimal> {
            cash.iter().map(|m| (m.currency(), m.amount())).collect()
        };
        let (venue, books) = (of(&truth.cash), of(&state.wallets()));
        if venue != books {
            wrong.push(format!("cash: venue {venue:?}, books {books:?}"));
        }
        // The venue takes the price of a contract from nobody.
        let mut paid = venue.clone();
        for (currency, cost) in self.exchange.contract_cost(&self.accounts[a].id) {
            *paid.entry(currency).or_default() -= cost;
        }
        paid.retain(|_, amount| !amount.is_zero());
        paid.values_mut().for_each(|amount| *amount = amount.normalize());
        if paid != own {
            wrong.push(format!("cash: venue with contracts paid {paid:?}, own sum {own:?}"));
        }
        for text in wrong {
            self.violate(Invariant::BooksAgree, format!("account {a}: {text}"));
        }
    }

    fn check_orders(&mut self, p: usize, a: usize, truth: &VenueSnapshot) {
        self.checked(Invariant::OrdersKnown);
        let state = self.procs[p].cores[a].state();
        let mut wrong = Vec::new();
        for report in &truth.open_orders {
            let own = desks(state, report).filter(|id| state.is_live(id));
            let foreign = state.external.contains_key(&report.venue_order_id);
            if own.is_none() && !foreign {
                wrong.push(format!("{:?} lives at the venue unknown", report.client_order_id));
            }
        }
        for id in state.external.keys() {
            if !truth.open_orders.iter().any(|r| r.venue_order_id == *id) {
                wrong.push(format!("{id} is listed as a foreign order and does not live"));
            }
        }
        for text in wrong {
            self.violate(Invariant::OrdersKnown, format!("account {a}: {text}"));
        }
    }

    fn check_rest(&mut self, p: usize, a: usize) {
        self.checked(Invariant::Resolved);
        let now = self.now;
        let core = &self.procs[p].cores[a];
        let state = core.state();
        let mut wrong = Vec::new();
        for order in state.live_orders() {
            let young = now - order.recorded_at.0 < PATIENCE;
            let waits = matches!(
                order.status(),
                OrderStatus::Unknown | OrderStatus::Recorded | OrderStatus::PendingCancel
            ) || order.end.is_some();
            if waits && !young {
                wrong.push(format!("{} is {:?}", order.client_order_id, order.status()));
            }
        }
        for hold in state.holds.values() {
            if hold.expires_at.0 < now {
                wrong.push(format!("{} waits beyond its expiry", hold.intent.id));
            }
        }
        for (id, (_, _, since)) in &self.durable[a].closes {
            if now - since.0 > PATIENCE {
                wrong.push(format!("close {id} does not end"));
            }
        }
        let fitness = core.fitness();
        if !fitness.journal || !fitness.reconciled {
            wrong.push(format!("the desk is {fitness:?}"));
        }
        for text in wrong {
            self.violate(Invariant::Resolved, format!("account {a}: {text}"));
        }
    }

    /// Every planned position is covered, unless others hold the other side of it at the venue.
    fn check_protection(&mut self, p: usize, a: usize, truth: &VenueSnapshot) {
        let mut wrong = Vec::new();
        let core: &Core = &self.procs[p].cores[a];
        let state = core.state();
        let flatten = state.kill.as_ref().is_some_and(|k| k.level == KillLevel::Flatten);
        let mut checked = 0;
        for book in state.books.values().filter(|b| !b.id.is_unmanaged()) {
            for (id, position) in book.positions.iter().filter(|(_, p)| !p.qty.is_zero()) {
                if self.durable[a].contested(&book.id, id) || self.is_dust(id, position.qty) {
                    continue;
                }
                if flatten && !foreign_rests(truth, state, id) {
                    wrong.push(format!("book {} still holds {} of {id}", book.id, position.qty));
                }
                if book.plans.get(id).and_then(|p| p.levels.stop).is_none() {
                    continue;
                }
                checked += 1;
                let covers = |r: &&path::broker::OrderReport| {
                    let order = desks(state, r).and_then(|id| state.orders.get(id));
                    order.is_some_and(|o| {
                        o.book == book.id
                            && o.instrument == *id
                            && (o.class == RiskClass::Protective || o.class == RiskClass::Exit)
                    })
                };
                let foreign: Decimal = truth
                    .open_orders
                    .iter()
                    .filter(|r| r.instrument == *id && desks(state, r).is_none())
                    .map(|r| r.qty.minus(r.filled).get())
                    .sum();
                let resting: Decimal = truth
                    .open_orders
                    .iter()
                    .filter(covers)
                    .map(|r| r.qty.minus(r.filled).get())
                    .sum();
                let whole = position.qty.abs().get();
                let index = self.index_of(id);
                let rules = &self.exchange.instruments[index];
                let price = self.exchange.last(index) * rules.multiplier;
                let bare = (whole - resting - foreign) * price;
                let bare = bare > rules.min_notional * Decimal::TWO;
                if resting > whole || bare {
                    let held = position.qty;
                    wrong.push(format!("book {} holds {held} of {id}, covered {resting}", book.id));
                }
            }
        }
        for _ in 0..checked {
            self.checked(Invariant::Protected);
        }
        for text in wrong {
            self.violate(Invariant::Protected, format!("account {a}: {text}"));
        }
    }

    /// The venue does not take an order of so little, unless it is marked as only reducing.
    fn is_dust(&self, instrument: &InstrumentId, held: SignedQty) -> bool {
        let index = self.index_of(instrument);
        let rules = &self.exchange.instruments[index];
        let value = self.exchange.last(index) * held.abs().get() * rules.multiplier;
        held.abs() < rules.min_qty || value < rules.min_notional * Decimal::TWO
    }

    /// Of each group one order has filled, or an alarm says that more have; and where one has, no
    /// other lives.
    fn check_groups(&mut self, a: usize) {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, order) in &self.durable[a].orders {
            if let Some(group) = &order.body.conditions.group {
                let key = (order.body.book.clone(), group.clone(), order.generation);
                groups.entry(key).or_default().push((id, order));
            }
        }
        let (mut surplus, mut waiting, mut checked) = (0, Vec::new(), 0);
        for ((book, group, _), members) in &groups {
            let filled = |o: &super::ledger::Traded| !o.filled.is_zero();
            let winners: BTreeSet<_> =
                members.iter().filter(|(_, o)| filled(o)).map(|(id, _)| *id).collect();
            let replaced = |id: &&domain::ClientOrderId| {
                let body = &self.durable[a].orders[*id].body;
                body.replaces.as_ref().is_some_and(|old| winners.contains(old))
            };
            surplus += winners.iter().filter(|id| !replaced(id)).count().saturating_sub(1);
            checked += usize::from(!winners.is_empty());
            let idle = members.iter().filter(|(id, o)| {
                let heir = o.body.replaces.as_ref().is_some_and(|old| winners.contains(old));
                o.is_live() && !winners.contains(id) && !heir
            });
            if !winners.is_empty() {
                waiting.extend(idle.map(|(id, _)| format!("{id} of {group} in {book} lives on")));
            }
        }
        for _ in 0..checked {
            self.checked(Invariant::GroupsFillOnce);
        }
        // A fill of an order that was over is told as such.
        let told = ["group_filled_twice", "fill_after_terminal"];
        let told = told.iter().filter_map(|code| self.durable[a].alarms.get(*code));
        let told: usize = told.sum();
        if told < surplus {
            let text = format!("account {a}: {surplus} fills beyond the first, {told} alarms");
            self.violate(Invariant::GroupsFillOnce, text);
        }
        for text in waiting {
            self.violate(Invariant::GroupsFillOnce, format!("account {a}: {text}"));
        }
    }

    fn check_sent(&mut self, a: usize) {
        let mut wrong = Vec::new();
        let mut alive = Vec::new();
        for (id, order) in &self.durable[a].orders {
            let key = (self.accounts[a].id.clone(), id.clone());
            let taken = self.exchange.accepted.get(&key).copied().unwrap_or(0);
            if taken > 1 || self.exchange.repeated.contains(&key) {
                wrong.push(format!("{id} reached the venue {taken} times or again"));
            }
            if self.capabilities.client_ids
                && order.dead
                && taken > 0
                && !self.too_late.contains(&key)
            {
                alive.push(format!("{id} was taken for dead and the venue had taken it in"));
            }
        }
        self.checked(Invariant::DeadNeverLived);
        for text in alive {
            self.violate(Invariant::DeadNeverLived, text);
        }
        for text in wrong {
            self.violate(Invariant::SentOnce, text);
        }
    }
}

/// Somebody else's order rests in the instrument and may hold a part of what is to be sold.
fn foreign_rests(truth: &VenueSnapshot, state: &AccountState, instrument: &InstrumentId) -> bool {
    let mut there = truth.open_orders.iter().filter(|r| r.instrument == *instrument);
    there.any(|r| desks(state, r).is_none())
}
