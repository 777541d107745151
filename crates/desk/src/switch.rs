//! The kill switch over all accounts.
//!
//! A pull first ends every wire's epoch, so that no entry leaves from then on, and writes the kill
//! file; then every account records it and acknowledges. A pull that is repeated while the account
//! is silent goes on in the epoch that was begun. It must not decide what a level does to an
//! account: that is the core's.

use std::time::Duration;

use domain::{AccountId, ClientOrderId, Origin, OriginKind, Principal};
use path::{
    core::{Input, Reply},
    policy::KillLevel,
};
use serde::Serialize;

use crate::{account::AccountHandle, error::DeskError, house::Desk, ports::OtherDesk};

/// How long an account may take to acknowledge.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(5);
/// How long writes that are under way are waited for.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// What a pull came to.
#[derive(Debug, Clone, Serialize)]
pub struct KillReport {
    /// The level that stands.
    pub level: KillLevel,
    /// True when every account has it in a journal.
    pub acknowledged: bool,
    /// True when the kill file is on disk.
    pub file: bool,
    /// Account by account.
    pub accounts: Vec<AccountKill>,
    /// The other desks on the same database.
    pub others: Vec<OtherDesk>,
}

/// What a pull came to for one account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountKill {
    /// The account.
    pub account: AccountId,
    /// True when the level is in a journal.
    pub acknowledged: bool,
    /// What went wrong otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Entries whose bytes were on their way; they are cancelled until the venue confirms.
    pub in_flight: Vec<ClientOrderId>,
}

/// The origin of what the kill file asks for.
pub(crate) fn file_origin() -> Origin {
    Origin::new(OriginKind::System, Principal::desk())
}

impl Desk {
    /// Pulls the kill switch for every account, also of other desks on the same database, and
    /// waits for their acknowledgement, at most seven seconds and the time of a lease. No entry
    /// leaves after this returns with `acknowledged`.
    pub async fn kill(&self, level: KillLevel, by: Origin, reason: String) -> KillReport {
        let Some(others) = self.others() else {
            return self.kill_here(level, by, reason).await;
        };
        let here = self.kill_here(level, by.clone(), reason.clone());
        let (mut report, others) = tokio::join!(here, others.kill(level, by, reason));
        report.acknowledged &= others.iter().all(|other| other.stopped);
        report.others = others;
        report
    }

    /// Pulls the kill switch for the accounts of this desk.
    pub async fn kill_here(&self, level: KillLevel, by: Origin, reason: String) -> KillReport {
        self.pull(self.accounts(), level, &by, &reason).await
    }

    /// Pulls the kill switch for those accounts of this desk over which less than the level stands
    /// by their journals. True when it stands over all of them then.
    pub async fn kill_below(&self, level: KillLevel, by: Origin, reason: String) -> bool {
        let below = self.below(level);
        below.is_empty() || self.pull(below, level, &by, &reason).await.acknowledged
    }

    pub(crate) async fn pull(
        &self,
        accounts: Vec<AccountHandle>,
        level: KillLevel,
        by: &Origin,
        reason: &str,
    ) -> KillReport {
        let epochs: Vec<u64> = accounts.iter().map(begin_epoch).collect();
        let file = self.kill_file().pull(level);
        if let Err(error) = &file {
            tracing::error!(%error, "the kill file can't be written");
        }
        let pulls = accounts.iter().zip(epochs).map(|(account, epoch)| {
            let (by, reason) = (by.clone(), reason.to_owned());
            kill_account(account.clone(), level, epoch, by, reason)
        });
        let mut tasks: Vec<_> = pulls.map(tokio::spawn).collect();
        let mut outcomes = Vec::with_capacity(tasks.len());
        for task in tasks.drain(..) {
            if let Ok(outcome) = task.await {
                outcomes.push(outcome);
            }
        }
        let acknowledged =
            outcomes.len() == accounts.len() && outcomes.iter().all(|a| a.acknowledged);
        tracing::warn!(%level, acknowledged, %reason, by = %by.principal, "kill switch pulled");
        let (file, others) = (file.is_ok(), Vec::new());
        KillReport { level, acknowledged, file, accounts: outcomes, others }
    }

    /// Pulls the kill switch for one account.
    pub async fn kill_account(
        &self,
        account: &AccountHandle,
        level: KillLevel,
        by: Origin,
        reason: String,
    ) -> AccountKill {
        let epoch = begin_epoch(account);
        kill_account(account.clone(), level, epoch, by, reason).await
    }

    /// Releases the kill switch of every account of this desk and removes the kill file. Other
    /// desks on the same database release theirs; accounts that change hands are free.
    ///
    /// # Errors
    /// The first account's failure; what was released before stays released.
    pub async fn release_kill(&self, by: Origin) -> Result<Vec<(AccountId, Reply)>, DeskError> {
        let _turn = self.0.releasing.lock().await;
        if let Some(others) = self.others() {
            others
                .release(by.clone())
                .await
                .map_err(|error| DeskError::Journal(path::journal::AppendError::Io(error)))?;
        }
        self.kill_file().remove()?;
        let mut replies = Vec::new();
        for account in self.accounts() {
            record_epoch(&account, &by).await?;
            let by = by.clone();
            let reply =
                account.tell(move |reply| Input::ReleaseKill { by: by.clone(), reply }).await?;
            replies.push((account.id.clone(), reply));
        }
        Ok(replies)
    }
}

/// Ends the wire's epoch, unless an earlier pull did that and is not in the journal yet.
fn begin_epoch(account: &AccountHandle) -> u64 {
    let (epoch, recorded) = (account.wire.epoch(), account.standing.get().epoch);
    if epoch > recorded {
        return epoch;
    }
    account.wire.raise_epoch(epoch + 1);
    epoch + 1
}

/// Brings a pull to the journal that only the wire knows. Without it the account would go on
/// judging entries in an epoch in which none can be sent.
async fn record_epoch(account: &AccountHandle, by: &Origin) -> Result<(), DeskError> {
    let (epoch, recorded) = (account.wire.epoch(), account.standing.get());
    if epoch <= recorded.epoch {
        return Ok(());
    }
    let (level, by) = (recorded.level.unwrap_or(KillLevel::Pause), by.clone());
    let reason = "a pull that was not recorded when it was made".to_owned();
    let pull = move |reply| {
        let (by, reason) = (by.clone(), reason.clone());
        Input::Kill { level, epoch, by, reason, reply }
    };
    account.tell(pull).await.map(drop)
}

async fn kill_account(
    account: AccountHandle,
    level: KillLevel,
    epoch: u64,
    by: Origin,
    reason: String,
) -> AccountKill {
    let pull = account.tell(move |reply| Input::Kill {
        level,
        epoch,
        by: by.clone(),
        reason: reason.clone(),
        reply,
    });
    let error = match tokio::time::timeout(ACKNOWLEDGE_WITHIN, pull).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("the account did not acknowledge within 5 s".to_owned()),
    };
    let in_flight = account.wire.entries_in_flight();
    let deadline = tokio::time::Instant::now() + DRAIN_WITHIN;
    while !account.wire.entries_in_flight().is_empty() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    AccountKill { account: account.id.clone(), acknowledged: error.is_none(), error, in_flight }
}
