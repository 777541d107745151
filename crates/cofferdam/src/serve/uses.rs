//! The desk's limits over all desks on the same database.
//!
//! An entry is judged against what every account of every desk uses, under one lock in the
//! database; what an account no longer uses is written soon after. This module must not know
//! limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use desk::{CurrentUse, JudgeUse, SharedUse};
use domain::AccountId;
use path::{
    budget::{DeskExceeded, DeskUse},
    journal::StreamId,
};
use store::{LeaseError, UseRow, Uses};

use super::tenancy::Tenancy;

/// Pause before a use that could not be written is written again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Accounts whose use has to be written.
#[derive(Default)]
struct Pending {
    accounts: Mutex<BTreeSet<AccountId>>,
    news: Condvar,
}

impl Pending {
    fn waiting(&self) -> MutexGuard<'_, BTreeSet<AccountId>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, account: AccountId) {
        self.waiting().insert(account);
        self.news.notify_one();
    }

    /// Waits for accounts and writes each. Those that could not be written wait on; false when
    /// there are any.
    fn write_each(&self, write: impl Fn(&AccountId) -> bool) -> bool {
        let mut waiting = self
            .news
            .wait_while(self.waiting(), |accounts| accounts.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let accounts = std::mem::take(&mut *waiting);
        drop(waiting);
        let left: Vec<_> = accounts.into_iter().filter(|account| !write(account)).collect();
        let done = left.is_empty();
        self.waiting().extend(left);
        done
    }
}

/// The uses of all desks on one database.
pub(super) struct DatabaseUse {
    uses: Uses,
    tenancy: Tenancy,
    pending: Arc<Pending>,
}

fn parsed(rows: &[UseRow]) -> Result<BTreeMap<AccountId, DeskUse>, String> {
    let one = |row: &UseRow| {
        let account = AccountId::new(&row.account).map_err(|error| error.to_string())?;
        let usage = serde_json::from_str(&row.body).map_err(|error| error.to_string())?;
        Ok((account, usage))
    };
    rows.iter().map(one).collect()
}

impl DatabaseUse {
    /// Starts the thread that writes what accounts no longer use.
    pub(super) fn start(
        uses: Uses,
        tenancy: Tenancy,
        current: CurrentUse,
    ) -> std::io::Result<Arc<Self>> {
        let pending = Arc::new(Pending::default());
        let shared = Arc::new(Self { uses, tenancy, pending });
        let writer = shared.clone();
        std::thread::Builder::new()
            .name("desk-use".to_owned())
            .spawn(move || writer.write_pending(&current))?;
        Ok(shared)
    }

    fn write_pending(&self, current: &CurrentUse) {
        loop {
            if !self.pending.write_each(|account| self.write_one(account, current)) {
                std::thread::sleep(RETRY_AFTER);
            }
        }
    }

    /// Tells the others what an account uses. False when that has to be done again.
    fn write_one(&self, account: &AccountId, current: &CurrentUse) -> bool {
        let Some(token) = self.tenancy.token(&StreamId::account(account)) else { return true };
        // What is written is what is so while the database is locked, never an older figure.
        let latest = |_: &[UseRow]| {
            let usage = current(account);
            (usage.and_then(|usage| serde_json::to_string(&usage).ok()), ())
        };
        match self.uses.write(account.as_str(), token, latest) {
            Ok(()) => true,
            Err(error @ LeaseError::Lost { .. }) => {
                tracing::warn!(%error, %account, "another desk tells what the account uses");
                true
            }
            Err(error) => {
                tracing::warn!(%error, %account, "what the account uses is told again soon");
                false
            }
        }
    }
}

impl SharedUse for DatabaseUse {
    fn reserve(
        &self,
        account: &AccountId,
        usage: DeskUse,
        judge: &mut JudgeUse<'_>,
    ) -> Result<Result<(), DeskExceeded>, String> {
        let token = self
            .tenancy
            .token(&StreamId::account(account))
            .ok_or_else(|| format!("account `{account}` is not held here"))?;
        let body = serde_json::to_string(&usage).map_err(|error| error.to_string())?;
        let decide = |rows: &[UseRow]| match parsed(rows) {
            Err(error) => (None, Err(error)),
            Ok(others) => match judge(&others) {
                Ok(()) => (Some(body), Ok(Ok(()))),
                Err(exceeded) => (None, Ok(Err(exceeded))),
            },
        };
        self.uses.write(account.as_str(), token, decide).map_err(|error| error.to_string())?
    }

    fn publish(&self, account: &AccountId) {
        self.pending.add(account.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_that_could_not_be_written_is_written_later() {
        let pending = Pending::default();
        let (one, two) = (AccountId::new("one").unwrap(), AccountId::new("two").unwrap());
        pending.add(one.clone());
        pending.add(two.clone());
        assert!(!pending.write_each(|account| *account == one), "the other one was not written");
        assert_eq!(*pending.waiting(), BTreeSet::from([two.clone()]));
        assert!(pending.write_each(|account| *account == two));
        assert!(pending.waiting().is_empty());
    }
}
