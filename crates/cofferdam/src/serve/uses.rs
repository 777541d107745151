//! The desk's limits over all desks on the same database.
//!
//! An entry is judged against what every account of every desk uses, under one lock in the
//! database; what an account no longer uses is written soon after. This module must not know
//! limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Condvar, Mutex, PoisonError},
};

use desk::{CurrentUse, JudgeUse, SharedUse};
use domain::AccountId;
use path::{
    budget::{DeskExceeded, DeskUse},
    journal::StreamId,
};
use store::{UseRow, Uses};

use super::tenancy::Tenancy;

/// Accounts whose use has to be written.
#[derive(Default)]
struct Pending {
    accounts: Mutex<BTreeSet<AccountId>>,
    news: Condvar,
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
            let waiting = self.pending.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            let mut waiting = self
                .pending
                .news
                .wait_while(waiting, |accounts| accounts.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            let accounts = std::mem::take(&mut *waiting);
            drop(waiting);
            for account in accounts {
                self.write_one(&account, current);
            }
        }
    }

    fn write_one(&self, account: &AccountId, current: &CurrentUse) {
        let Some(token) = self.tenancy.token(&StreamId::account(account)) else { return };
        // What is written is what is so while the database is locked, never an older figure.
        let latest = |_: &[UseRow]| {
            let usage = current(account);
            (usage.and_then(|usage| serde_json::to_string(&usage).ok()), ())
        };
        if let Err(error) = self.uses.write(account.as_str(), token, latest) {
            tracing::warn!(%error, %account, "what the account uses was not written for the others");
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
        let mut accounts = self.pending.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account.clone());
        self.pending.news.notify_one();
    }
}
