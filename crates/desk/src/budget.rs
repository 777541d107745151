//! The desk's budget, shared by its accounts and, on a shared database, with other desks.
//!
//! Without limits nothing is asked of anybody. With limits an entry is judged against what all
//! accounts use; when the other desks' use can't be told, it is refused. This module must not know
//! orders.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use domain::AccountId;
use path::budget::{BudgetTable, DeskBudget, DeskExceeded, DeskLimits, DeskUse};

use crate::ports::SharedUse;

#[derive(Default)]
struct Books {
    table: BudgetTable,
    /// What each account that runs here uses.
    here: BTreeMap<AccountId, DeskUse>,
}

/// The desk's budget. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct SharedBudget {
    books: Arc<Mutex<Books>>,
    others: Arc<OnceLock<Arc<dyn SharedUse>>>,
}

fn is_limited(limits: &DeskLimits) -> bool {
    *limits != DeskLimits::default()
}

/// The refusal of an entry whose effect on the limits can't be told.
fn untold(limits: &DeskLimits, total: DeskUse) -> DeskExceeded {
    let gross = limits.gross_exposure.map(|l| DeskExceeded::GrossExposure(l, total.gross_exposure));
    let entries = limits
        .daily_entry_notional
        .map(|l| DeskExceeded::DailyEntryNotional(l, total.entries_notional));
    let orders = limits.open_orders.unwrap_or_default();
    gross.or(entries).unwrap_or(DeskExceeded::OpenOrders(orders, total.open_orders))
}

impl SharedBudget {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells who else uses the limits.
    pub(crate) fn share_with(&self, others: Arc<dyn SharedUse>) {
        if self.others.set(others).is_err() {
            tracing::error!("the other desks' use was named twice");
        }
        self.publish_all();
    }

    pub(crate) fn limits(&self) -> DeskLimits {
        self.books().table.limits().clone()
    }

    pub(crate) fn total(&self) -> DeskUse {
        self.books().table.total()
    }

    /// Replaces the limits. From then on the other desks are told what is used here.
    pub(crate) fn set_limits(&self, limits: DeskLimits) {
        let before = self.limits();
        if before == limits {
            return;
        }
        self.books().table.set_limits(limits);
        self.publish_all();
    }

    /// What an account that runs here uses.
    pub(crate) fn current(&self, account: &AccountId) -> Option<DeskUse> {
        self.books().here.get(account).copied()
    }

    /// The account runs here no more: its holder says what it uses.
    pub(crate) fn drop_account(&self, account: &AccountId) {
        self.books().here.remove(account);
    }

    fn publish_all(&self) {
        let Some(others) = self.others.get() else { return };
        let books = self.books();
        if is_limited(books.table.limits()) {
            books.here.keys().for_each(|account| others.publish(account));
        }
    }
}

impl DeskBudget for SharedBudget {
    fn reserve(&mut self, account: &AccountId, usage: DeskUse) -> Result<(), DeskExceeded> {
        let limits = self.limits();
        let others = self.others.get().filter(|_| is_limited(&limits));
        let Some(others) = others else {
            let mut books = self.books();
            books.table.reserve(account, usage)?;
            books.here.insert(account.clone(), usage);
            return Ok(());
        };
        let mut judge = |elsewhere: &BTreeMap<AccountId, DeskUse>| -> Result<(), DeskExceeded> {
            let mut books = self.books();
            for (id, used) in elsewhere {
                if !books.here.contains_key(id) {
                    books.table.publish(id, *used);
                }
            }
            books.table.reserve(account, usage)?;
            books.here.insert(account.clone(), usage);
            Ok(())
        };
        match others.reserve(account, usage, &mut judge) {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(%error, %account, "what other desks use can't be told: refused");
                Err(untold(&limits, self.total()))
            }
        }
    }

    fn publish(&mut self, account: &AccountId, usage: DeskUse) {
        let mut books = self.books();
        books.table.publish(account, usage);
        let changed = books.here.insert(account.clone(), usage) != Some(usage);
        let limited = is_limited(books.table.limits());
        drop(books);
        if changed
            && limited
            && let Some(others) = self.others.get()
        {
            others.publish(account);
        }
    }
}
