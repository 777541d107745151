//! How runs are taken up when the desk starts, and go on once there are bars.
//!
//! A run that can't decide yet, because the desk has no bars of it or its account no answer, waits
//! and says so. It must not know what rules want.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use desk::DeskError;
use domain::{AccountId, Instrument, InstrumentId, Origin, OriginKind, Principal, Timestamp};
use tokio::time::Instant;

use crate::{
    brain::Mind,
    error::RunError,
    keeping::{LEFT_ALONE, blocking},
    plan::Plan,
    player::Closed,
    ports::{Change, Damaged, Feeds},
    record::{RunRecord, RunState},
    runs::Runs,
    turn::{Entry, Turn},
};

/// How long an account may take to tell what it trades.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Bars that closed, by the instant of their close.
type Past = BTreeMap<Timestamp, Vec<Closed>>;

impl Runs {
    /// Takes up what ran when the desk stopped. A run whose account is not here is left to who has
    /// it, or to the next call; what was taken up before stays as it is. What can't be read is
    /// shown as damaged and keeps none of the others from work.
    ///
    /// # Errors
    /// [`RunError::Store`].
    pub async fn take_up(&self) -> Result<(), RunError> {
        let _starting = self.starting.lock().await;
        let store = Arc::clone(&self.store);
        let kept = blocking(move || store.all().map_err(RunError::Store)).await?;
        let mut damaged = kept.damaged;
        for record in kept.runs {
            let number = match record.id.number() {
                Ok(number) => number,
                Err(error) => {
                    let (run, account) = (Some(record.id), Some(record.account));
                    damaged.push(Damaged { run, account, why: error.to_string() });
                    continue;
                }
            };
            let is_known = {
                let known = self.known();
                known.at_work.contains_key(&number) || known.stopped.contains_key(&number)
            };
            if is_known {
                continue;
            }
            if record.state == RunState::Stopped {
                self.known().stopped.insert(number, record);
            } else {
                self.take_up_one(number, record).await?;
            }
        }
        let before = std::mem::replace(&mut self.known().damaged, damaged.clone());
        for one in damaged.iter().filter(|one| !before.contains(one)) {
            let run = one.run.as_ref().map(ToString::to_string).unwrap_or_default();
            tracing::error!(run, code = Damaged::CODE, why = one.why, "a run can't be read");
        }
        Ok(())
    }

    async fn take_up_one(&self, number: u64, mut record: RunRecord) -> Result<(), RunError> {
        let Ok((venue, _, _)) = self.account(&record.account).await else { return Ok(()) };
        record.trouble = None;
        if record.state == RunState::Running {
            record.reason = None;
        }
        let plan = match Plan::new(&mut record, &venue) {
            Ok(plan) => plan,
            Err(error) => return self.give_up(number, record, &error).await,
        };
        let entry = Arc::new(Entry::new(number, record, plan));
        let mut turn = entry.turn.lock().await;
        if entry.decides() {
            self.warm_up(&entry, &mut turn).await;
        }
        drop(turn);
        self.known().at_work.insert(number, entry);
        Ok(())
    }

    /// A strategy that can't run any more, because formulas have changed, is stopped.
    async fn give_up(
        &self,
        number: u64,
        mut record: RunRecord,
        error: &RunError,
    ) -> Result<(), RunError> {
        tracing::warn!(run = %record.id, %error, "a strategy could not be taken up");
        (record.state, record.reason) = (RunState::Stopped, Some(error.to_string()));
        let by = Origin::new(OriginKind::System, Principal::desk());
        let (store, kept) = (Arc::clone(&self.store), record.clone());
        blocking(move || store.change(Change::Stop, &kept, &by).map_err(RunError::Store)).await?;
        self.known().stopped.insert(number, record);
        Ok(())
    }

    /// Lets runs go on that wait for bars, decides on bars that closed while the desk was
    /// stopping, and goes on stopping runs. To be called again and again while prices are told.
    pub async fn catch_up(&self) {
        for entry in self.entries() {
            let mut turn = entry.turn.lock().await;
            if turn.left_alone_until.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            match entry.state() {
                RunState::Stopping => self.look_after(&entry, &mut turn).await,
                RunState::Running | RunState::Paused => {
                    if turn.mind.is_none() {
                        self.warm_up(&entry, &mut turn).await;
                    }
                    if let Some((at, closed)) = turn.missed.take() {
                        self.decide(&entry, &mut turn, at, closed).await;
                    }
                }
                RunState::Stopped => {}
            }
        }
    }

    /// Gives a run its mind, or says why it waits.
    pub(crate) async fn warm_up(&self, entry: &Entry, turn: &mut Turn) {
        match self.warmed_up(&entry.plan, &entry.record()).await {
            Ok((mind, missed)) => {
                (turn.mind, turn.missed) = (Some(mind), missed);
                entry.trouble(None);
            }
            Err(error) => {
                if !matches!(error, RunError::NoFeed { .. }) {
                    turn.left_alone_until = Some(Instant::now() + LEFT_ALONE);
                }
                entry.trouble(Some(format!("it waits: {error}")));
            }
        }
    }

    /// What an account trades, and the venue by whose name symbols are completed.
    pub(crate) async fn account(
        &self,
        id: &AccountId,
    ) -> Result<(String, BTreeMap<InstrumentId, Instrument>, u64), RunError> {
        let account = self.desk.account(id)?;
        let look = account.look(|core, _| {
            let state = core.state();
            let venue = state.spec.venue.to_string();
            (
                venue,
                state.instruments.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
                state.head.seq,
            )
        });
        let busy = |_| DeskError::Busy(id.clone());
        Ok(tokio::time::timeout(ANSWER_WITHIN, look).await.map_err(busy)??)
    }

    /// Rules that have seen the past; and bars on which they have not decided.
    pub(crate) async fn warmed_up(
        &self,
        plan: &Plan,
        record: &RunRecord,
    ) -> Result<(Mind, Option<(Timestamp, Vec<Closed>)>), RunError> {
        let (_, rules_of, _) = self.account(&plan.account).await?;
        let (feeds, journal) = (Arc::clone(&self.feeds), self.desk.reader());
        let now = self.desk.clock().now().at;
        let (started_at, decided_at) = (record.started_at, record.decided_at);
        let plan = plan.clone();
        blocking(move || {
            let mut brain = plan.brain(&rules_of, feeds.as_ref())?;
            let mut past = past(&plan, feeds.as_ref(), now)?;
            let decided = decided_at.unwrap_or(started_at);
            let missed = past.last_entry().filter(|last| *last.key() > decided);
            let missed = missed.map(|last| last.remove_entry());
            for (at, closed) in &past {
                brain
                    .remember(journal.as_ref(), *at, closed, started_at)
                    .map_err(DeskError::from)?;
            }
            Ok((Mind::new(brain), missed))
        })
        .await
    }
}

fn past(plan: &Plan, feeds: &dyn Feeds, until: Timestamp) -> Result<Past, RunError> {
    let timeframe = plan.strategy.timeframe;
    let mut past = Past::new();
    for instrument in plan.feeds_on() {
        let no_feed = |known| RunError::NoFeed { instrument: instrument.clone(), timeframe, known };
        feeds.tells(instrument, timeframe).map_err(no_feed)?;
        for bar in feeds.past(instrument, timeframe, until) {
            let one = Closed { instrument: instrument.clone(), bar };
            past.entry(bar.close_at).or_default().push(one);
        }
    }
    Ok(past)
}
