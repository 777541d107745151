//! The kill file, watched: what it asks for stands until its removal, whoever is silent.
//!
//! Whether it stands is read from what the accounts' journals say, so no account is waited for.
//! The other desks on the same database are told apart from that, because they may take as long as
//! a lease. This module must not know what a level does.

use std::time::Duration;

use path::policy::KillLevel;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{account::AccountHandle, house::Desk, switch::file_origin};

/// How often the kill file is read.
const KILL_FILE_EVERY: Duration = Duration::from_millis(250);
/// Why the switch is pulled, for the journal.
const REASON: &str = "kill file";

impl Desk {
    /// Reads the kill file four times a second and pulls the switch for every account over which
    /// less stands by its journal, again until it stands. Runs until dropped.
    pub async fn watch_kill_file(&self) {
        let (ask, asked) = watch::channel(None);
        tokio::join!(self.keep_under_kill_file(ask), self.tell_others(asked));
    }

    /// Accounts of this desk over which less than a level stands by their journals.
    pub(crate) fn below(&self, level: KillLevel) -> Vec<AccountHandle> {
        let mut accounts = self.accounts();
        accounts.retain(|account| account.standing_kill() < Some(level));
        accounts
    }

    async fn keep_under_kill_file(&self, ask: watch::Sender<Option<KillLevel>>) {
        let mut every = interval(KILL_FILE_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A file that was there before says nothing about the other desks.
        let mut seen = self.kill_file().level();
        loop {
            every.tick().await;
            // A release that is under way removes the file first; it is not undone here.
            let _turn = self.0.releasing.lock().await;
            let level = self.kill_file().level();
            let below = level.map(|level| self.below(level)).unwrap_or_default();
            if let Some(level) = level
                && !below.is_empty()
            {
                if Some(level) > seen {
                    ask.send_replace(Some(level));
                }
                self.pull(below, level, &file_origin(), REASON).await;
            }
            if level.is_none() {
                ask.send_replace(None);
            }
            seen = level;
        }
    }

    /// Tells the other desks what the kill file asks for until all of them have stopped.
    async fn tell_others(&self, mut asked: watch::Receiver<Option<KillLevel>>) {
        let mut told = None;
        loop {
            let level = *asked.borrow_and_update();
            match (level, self.others()) {
                (Some(wanted), Some(others)) if level > told => {
                    let answers = others.kill(wanted, file_origin(), REASON.to_owned()).await;
                    if answers.iter().all(|other| other.stopped) {
                        told = level;
                    } else {
                        tracing::error!(?answers, "other desks did not stop; they are asked again");
                        sleep(KILL_FILE_EVERY).await;
                    }
                }
                _ => {
                    told = level;
                    if asked.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
