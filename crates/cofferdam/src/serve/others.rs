//! The kill switch over the other desks on the same database.
//!
//! A pull here is written where every desk looks four times a second; it counts once each desk
//! that may still send has confirmed it, or its leases have ended, after which it can't send. This
//! module must not decide what a level does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use desk::{Desk, OtherDesk, Others};
use domain::Origin;
use path::{broker::BoxFuture, policy::KillLevel};
use store::{Kills, Leases, Standing, StoreError};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{ServeError, doors::file_origin};

/// How often a desk looks whether another one pulled the switch.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often confirmations are looked for.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// The switch that all desks on a database share. Clones are the same.
#[derive(Clone)]
pub(super) struct SharedSwitch {
    kills: Kills,
    leases: Leases,
    name: String,
    patience: Duration,
    turn: Arc<Mutex<()>>,
}

/// What stands while an account is started.
pub(super) struct Turn {
    standing: Standing,
    _guard: OwnedMutexGuard<()>,
}

impl Turn {
    /// Level, origin and reason, when something stands.
    pub(super) fn standing(&self) -> Option<(KillLevel, Origin, String)> {
        let level = level_of(&self.standing)?;
        let (by, reason) = told(&self.standing);
        Some((level, by, reason))
    }
}

fn told(standing: &Standing) -> (Origin, String) {
    let by = serde_json::from_str(&standing.by).unwrap_or_else(|_| file_origin());
    (by, format!("{} (pulled for all desks on this database)", standing.reason))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ServeError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| ServeError::Invalid(error.to_string()))??)
}

/// A level that stands. A text that is none of ours counts as a halt, like in the kill file.
fn level_of(standing: &Standing) -> Option<KillLevel> {
    standing.level.as_ref().map(|text| text.parse().unwrap_or(KillLevel::Halt))
}

impl SharedSwitch {
    /// What is waited beyond the time that a lease lasts.
    pub(super) const SLACK: Duration = Duration::from_secs(2);

    pub(super) fn new(kills: Kills, leases: Leases, name: String, lease_seconds: u32) -> Self {
        let patience = Duration::from_secs(u64::from(lease_seconds)) + Self::SLACK;
        Self { kills, leases, name, patience, turn: Arc::default() }
    }

    /// Keeps this desk from confirming anything while an account is started, and tells what the
    /// account must take over.
    pub(super) async fn turn(&self) -> Result<Turn, ServeError> {
        let guard = self.turn.clone().lock_owned().await;
        let kills = self.kills.clone();
        let standing = blocking(move || kills.standing()).await?;
        Ok(Turn { standing, _guard: guard })
    }

    /// Pulls the switch over those accounts that it doesn't stand over. True when it stands over
    /// all of them then; an account whose task is dead is none of them.
    async fn obey(&self, desk: &Desk, level: KillLevel, standing: &Standing) -> bool {
        let (by, reason) = told(standing);
        desk.kill_below(level, by, reason).await
    }

    /// Looks for pulls by other desks until dropped.
    pub(super) async fn watch(self, desk: Desk) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut confirmed = None;
        loop {
            every.tick().await;
            let _turn = self.turn.lock().await;
            let kills = self.kills.clone();
            let standing = match blocking(move || kills.standing()).await {
                Ok(standing) => standing,
                Err(error) => {
                    tracing::warn!(%error, "the shared kill switch can't be read");
                    continue;
                }
            };
            if let Some(level) = level_of(&standing)
                && !self.obey(&desk, level, &standing).await
            {
                continue;
            }
            if confirmed != Some(standing.epoch) && self.confirm(standing.epoch).await {
                confirmed = Some(standing.epoch);
            }
        }
    }

    async fn confirm(&self, epoch: u64) -> bool {
        let (kills, name) = (self.kills.clone(), self.name.clone());
        let done = blocking(move || kills.confirm(&name, epoch)).await;
        if let Err(error) = &done {
            tracing::warn!(%error, "the shared kill switch can't be confirmed");
        }
        done.is_ok()
    }

    async fn spread(&self, level: KillLevel, by: Origin, reason: String) -> Vec<OtherDesk> {
        let kills = self.kills.clone();
        let by = serde_json::to_string(&by).unwrap_or_default();
        let pulled = blocking(move || {
            kills.replace(&by, &reason, |before| {
                Some(level_of(before).map_or(level, |stands| stands.max(level)).to_string())
            })
        });
        match pulled.await {
            Ok(epoch) => self.wait_for_all(epoch).await,
            Err(error) => {
                let desk = "every other desk on the database".to_owned();
                vec![OtherDesk { desk, stopped: false, how: error.to_string() }]
            }
        }
    }

    async fn wait_for_all(&self, epoch: u64) -> Vec<OtherDesk> {
        let deadline = tokio::time::Instant::now() + self.patience;
        let mut found = BTreeMap::new();
        loop {
            let (kills, leases) = (self.kills.clone(), self.leases.clone());
            let asked =
                blocking(move || Ok((kills.holders()?, leases.now(desk::clock::wall_time())?)));
            let mut waits = false;
            match asked.await {
                Ok((holders, now)) => {
                    for holder in holders.into_iter().filter(|h| h.name != self.name) {
                        let (stopped, how) = match () {
                            () if holder.confirmed >= epoch => (true, "confirmed"),
                            () if holder.until <= now => (true, "its leases have ended"),
                            () => (false, "no confirmation, and its leases still hold"),
                        };
                        waits |= !stopped;
                        let (desk, how) = (holder.name.clone(), how.to_owned());
                        found.insert(holder.name, OtherDesk { desk, stopped, how });
                    }
                }
                Err(error) => {
                    waits = true;
                    let desk = "the database".to_owned();
                    let other =
                        OtherDesk { desk: desk.clone(), stopped: false, how: error.to_string() };
                    found.insert(desk, other);
                }
            }
            if !waits || tokio::time::Instant::now() >= deadline {
                return found.into_values().collect();
            }
            found.remove("the database");
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

impl Others for SharedSwitch {
    fn kill(&self, level: KillLevel, by: Origin, reason: String) -> BoxFuture<'_, Vec<OtherDesk>> {
        Box::pin(self.spread(level, by, reason))
    }

    fn release(&self, by: Origin) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let kills = self.kills.clone();
            let by = serde_json::to_string(&by).unwrap_or_default();
            let released = blocking(move || kills.replace(&by, "released", |_| None)).await;
            released.map(drop).map_err(|error| error.to_string())
        })
    }
}
