//! Who runs: starting, pausing, stopping, and telling bars.
//!
//! Runs are told bars one after another, so that of two runs on one account the older one is heard
//! first, as in a backtest. It must not know how runs are kept or where bars come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use desk::Desk;
use domain::{
    AccountId, BookId, Instrument, InstrumentId, Origin, OriginKind, Principal, Timeframe,
    Timestamp,
};
use path::policy::KillLevel;
use strategy::Skipped;
use tokio::sync::Mutex;

use crate::{
    error::RunError,
    player::Closed,
    ports::{Change, Feeds, Store},
    record::{RunId, RunRecord, RunState},
    run::{Active, checked},
};

/// Runs that may work at once.
pub const RUNS_MAX: usize = 64;
/// How long an account may take over one close.
const DECIDE_WITHIN: Duration = Duration::from_secs(20);
/// Stopped runs that are kept to be looked at.
pub const STOPPED_KEPT: usize = 200;

/// A strategy that somebody wants to run.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The stored strategy that it is, if it is one.
    pub strategy_id: Option<String>,
    /// The strategy's file.
    pub source: String,
    /// Where it is to trade.
    pub account: AccountId,
    /// Its book; opened when there is none.
    pub book: BookId,
    /// Constants that are not at their defaults.
    pub params: BTreeMap<String, f64>,
    /// Who starts it.
    pub by: Origin,
}

/// A run as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What is kept of it.
    pub record: RunRecord,
    /// The bars on whose closes it decides; `None` for a stopped run.
    pub timeframe: Option<Timeframe>,
    /// What it trades; empty for a stopped run.
    pub instruments: Vec<InstrumentId>,
    /// Entries that its rules left out since the desk was started.
    pub skipped: Skipped,
    /// The level of the kill switch over its account: while it stands the run asks for nothing that
    /// opens or enlarges. `None` for a stopped run, and where the account isn't here.
    pub kill: Option<KillLevel>,
}

/// What becomes of positions when a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// They stay, with the stops that they have.
    Keep,
    /// They are closed at the market.
    Close,
}

/// Every run of a desk.
pub struct Runs {
    desk: Desk,
    store: Arc<dyn Store>,
    feeds: Arc<dyn Feeds>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    active: BTreeMap<RunId, Active>,
    stopped: BTreeMap<RunId, RunRecord>,
    /// Bars that closed and were not decided on when the desk stopped.
    missed: BTreeMap<RunId, (Timestamp, Vec<Closed>)>,
}

impl std::fmt::Debug for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runs").finish_non_exhaustive()
    }
}

/// The number in a run's name.
fn number(id: &RunId) -> u64 {
    id.0.strip_prefix("run-").and_then(|n| n.parse().ok()).unwrap_or(0)
}

impl Runs {
    /// No run yet.
    #[must_use]
    pub fn new(desk: Desk, store: Arc<dyn Store>, feeds: Arc<dyn Feeds>) -> Self {
        Self { desk, store, feeds, known: Mutex::default() }
    }

    /// Takes up what ran when the desk stopped. A run whose account is not here is left to who has
    /// it, or to the next call; what was taken up before stays as it is.
    ///
    /// # Errors
    /// [`RunError::Store`].
    pub async fn take_up(&self) -> Result<(), RunError> {
        let mut known = self.known.lock().await;
        for mut record in self.store.all().map_err(RunError::Store)? {
            let id = record.id.clone();
            if known.active.contains_key(&id) || known.stopped.contains_key(&id) {
                continue;
            }
            if record.state == RunState::Stopped {
                known.stopped.insert(id, record);
                continue;
            }
            record.reason = None;
            match self.active(record.clone()).await {
                Ok((active, missed)) => {
                    known.missed.extend(missed.map(|bars| (id.clone(), bars)));
                    known.active.insert(id, active);
                }
                Err(RunError::Desk(_)) => {}
                Err(error) => {
                    tracing::warn!(run = %id, %error, "a strategy could not be taken up");
                    record.state = RunState::Stopped;
                    record.reason = Some(error.to_string());
                    self.keep(
                        Change::Stop,
                        &record,
                        &Origin::new(OriginKind::System, Principal::desk()),
                    )?;
                    known.stopped.insert(id, record);
                }
            }
        }
        Ok(())
    }

    /// Decides on bars that closed while the desk was stopping. To be called once prices are told.
    pub async fn catch_up(&self) {
        let mut known = self.known.lock().await;
        let Known { active, missed, .. } = &mut *known;
        for (id, (at, closed)) in std::mem::take(missed) {
            if let Some(run) = active.get_mut(&id) {
                self.decide(run, at, closed).await;
            }
        }
    }

    /// What an account trades, and the venue by whose name symbols are completed.
    async fn account(
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
        Ok(look.await?)
    }

    /// A run that has seen the past; and bars on which it has not decided.
    async fn active(
        &self,
        record: RunRecord,
    ) -> Result<(Active, Option<(Timestamp, Vec<Closed>)>), RunError> {
        let (venue, instruments, _) = self.account(&record.account).await?;
        let active = Active::new(record, &venue, &instruments, self.feeds.as_ref())?;
        let now = self.desk.clock().now().at;
        let mut past = self.past(&active, now)?;
        let decided = active.record.decided_at.unwrap_or(active.record.started_at);
        let missed = past.last_entry().filter(|last| *last.key() > decided);
        let missed = missed.map(|last| last.remove_entry());
        let journal = self.desk.reader();
        for (at, closed) in &past {
            active.remember(journal.as_ref(), *at, closed)?;
        }
        Ok((active, missed))
    }

    /// The bars that closed up to an instant, by the instant of their close.
    fn past(
        &self,
        run: &Active,
        until: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Vec<Closed>>, RunError> {
        let timeframe = run.strategy.timeframe;
        let mut past: BTreeMap<Timestamp, Vec<Closed>> = BTreeMap::new();
        for instrument in run.instruments.iter().chain(&run.reads) {
            let no_feed =
                |known| RunError::NoFeed { instrument: instrument.clone(), timeframe, known };
            self.feeds.tells(instrument, timeframe).map_err(no_feed)?;
            for bar in self.feeds.past(instrument, timeframe, until) {
                let one = Closed { instrument: instrument.clone(), bar };
                past.entry(bar.close_at).or_default().push(one);
            }
        }
        Ok(past)
    }

    /// Starts a strategy. It decides on the next close.
    ///
    /// # Errors
    /// [`RunError`] names what is wrong and what to do.
    pub async fn start(&self, new: NewRun) -> Result<RunRecord, RunError> {
        let mut known = self.known.lock().await;
        if known.active.len() >= RUNS_MAX {
            return Err(RunError::TooMany { max: RUNS_MAX });
        }
        let taken = known.active.values().map(|a| &a.record);
        let taken = taken.filter(|r| r.account == new.account && r.book == new.book).map(|r| &r.id);
        if let Some(run) = taken.into_iter().next() {
            return Err(RunError::BookTaken { book: new.book, run: run.clone() });
        }
        let mut params = new.params.clone();
        let strategy = checked(&new.source, &mut params)?;
        self.open_book(&new, &strategy.name).await?;
        // Other desks on the same database have runs as well.
        let kept = self.store.all().map_err(RunError::Store)?;
        let numbers = kept.iter().map(|record| number(&record.id));
        let (_, _, seq) = self.account(&new.account).await?;
        let record = RunRecord {
            id: RunId(format!("run-{}", numbers.max().unwrap_or(0) + 1)),
            strategy_id: new.strategy_id,
            source: new.source,
            name: strategy.name,
            hash: strategy.hash,
            params,
            account: new.account,
            book: new.book,
            state: RunState::Running,
            reason: None,
            started_at: self.desk.clock().now().at,
            by: new.by,
            started_seq: seq,
            decided_at: None,
            closes: 0,
            wishes: 0,
            refused: 0,
            withheld: 0,
        };
        let (active, _) = self.active(record.clone()).await?;
        self.is_free(&active).await?;
        self.keep(Change::Start, &record, &record.by)?;
        known.active.insert(record.id.clone(), active);
        Ok(record)
    }

    async fn open_book(&self, new: &NewRun, name: &str) -> Result<(), RunError> {
        let account = self.desk.account(&new.account)?;
        let book = new.book.clone();
        if !account.look(move |core, _| core.state().books.contains_key(&book)).await? {
            account.open_book(new.book.clone(), name.to_owned(), None, new.by.clone()).await?;
        }
        Ok(())
    }

    /// A book that holds or orders what the strategy trades would be taken for its own.
    async fn is_free(&self, run: &Active) -> Result<(), RunError> {
        let account = self.desk.account(&run.record.account)?;
        let (book, ids) = (run.record.book.clone(), run.instruments.clone());
        let busy = account.look(move |core, _| {
            let state = core.state();
            let busy = |id: &&InstrumentId| {
                !state.position(&book, id).is_zero()
                    || state.live_in(&book, id).next().is_some()
                    || state
                        .armed
                        .values()
                        .any(|a| a.intent.book == book && a.intent.instrument == **id)
            };
            ids.iter().find(busy).cloned()
        });
        match busy.await? {
            Some(instrument) => {
                Err(RunError::BookInUse { book: run.record.book.clone(), instrument })
            }
            None => Ok(()),
        }
    }

    /// Lets a run open nothing more; what it holds it closes as its rules say.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Stopped`], [`RunError::Store`].
    pub async fn pause(&self, id: &RunId, by: &Origin) -> Result<RunRecord, RunError> {
        self.set(id, Change::Pause, by).await
    }

    /// Lets a paused run go on.
    ///
    /// # Errors
    /// As [`Runs::pause`].
    pub async fn resume(&self, id: &RunId, by: &Origin) -> Result<RunRecord, RunError> {
        self.set(id, Change::Resume, by).await
    }

    async fn set(&self, id: &RunId, change: Change, by: &Origin) -> Result<RunRecord, RunError> {
        let (state, reason) = match change {
            Change::Pause => (RunState::Paused, Some(format!("paused by {}", by.principal))),
            _ => (RunState::Running, None),
        };
        let mut known = self.known.lock().await;
        if known.stopped.contains_key(id) {
            return Err(RunError::Stopped(id.clone()));
        }
        let run = known.active.get_mut(id).ok_or_else(|| RunError::Unknown(id.clone()))?;
        let record = RunRecord { state, reason, ..run.record.clone() };
        self.keep(change, &record, by)?;
        run.record = record.clone();
        Ok(record)
    }

    /// Ends a run: what waits or works to open a position is taken back.
    ///
    /// # Errors
    /// As [`Runs::pause`], and [`RunError::Desk`] when the account has no answer; the run is
    /// stopped then all the same.
    pub async fn stop(
        &self,
        id: &RunId,
        positions: Stop,
        by: &Origin,
    ) -> Result<RunRecord, RunError> {
        let mut known = self.known.lock().await;
        if let Some(stopped) = known.stopped.get(id) {
            return Ok(stopped.clone());
        }
        let run = known.active.get(id).ok_or_else(|| RunError::Unknown(id.clone()))?;
        let reason = Some(format!("stopped by {}", by.principal));
        let record = RunRecord { state: RunState::Stopped, reason, ..run.record.clone() };
        self.keep(Change::Stop, &record, by)?;
        let wound_up = run.wind_up(&self.desk, positions == Stop::Close).await;
        known.active.remove(id);
        known.missed.remove(id);
        known.stopped.insert(id.clone(), record.clone());
        self.forget_old(&mut known);
        wound_up.map(|()| record)
    }

    fn forget_old(&self, known: &mut Known) {
        while known.stopped.len() > STOPPED_KEPT {
            let oldest = known.stopped.keys().min_by_key(|id| number(id)).cloned();
            let Some(oldest) = oldest else { return };
            if let Err(error) = self.store.drop_run(&oldest) {
                tracing::warn!(run = %oldest, error, "an old run was not dropped");
            }
            known.stopped.remove(&oldest);
        }
    }

    fn keep(&self, change: Change, record: &RunRecord, by: &Origin) -> Result<(), RunError> {
        self.store.change(change, record, by).map_err(RunError::Store)
    }

    /// Every run, the newest first.
    pub async fn list(&self) -> Vec<Seen> {
        let known = self.known.lock().await;
        let active = known.active.values().map(|run| Seen {
            record: run.record.clone(),
            timeframe: Some(run.strategy.timeframe),
            instruments: run.instruments.clone(),
            skipped: run.skipped(),
            kill: self.kill_over(&run.record.account),
        });
        let stopped = known.stopped.values().map(|record| Seen {
            record: record.clone(),
            timeframe: None,
            instruments: Vec::new(),
            skipped: Skipped::default(),
            kill: None,
        });
        let mut all: Vec<Seen> = active.chain(stopped).collect();
        all.sort_by_key(|seen| std::cmp::Reverse(number(&seen.record.id)));
        all
    }

    fn kill_over(&self, account: &AccountId) -> Option<KillLevel> {
        self.desk.account(account).ok()?.standing_kill()
    }

    /// The bars that runs decide on.
    pub async fn wanted(&self) -> BTreeSet<(InstrumentId, Timeframe)> {
        let known = self.known.lock().await;
        let of = |run: &Active| {
            let timeframe = run.strategy.timeframe;
            let ids = run.instruments.iter().chain(&run.reads).cloned();
            ids.map(|id| (id, timeframe)).collect::<Vec<_>>()
        };
        known.active.values().flat_map(of).collect()
    }

    /// Bars have closed, all of one instant and one timeframe. Returns when what runs wanted of them
    /// has been told.
    pub async fn bars_closed(&self, at: Timestamp, timeframe: Timeframe, closed: &[Closed]) {
        let mut known = self.known.lock().await;
        let Known { active, missed, .. } = &mut *known;
        let mut in_turn: Vec<&mut Active> = active.values_mut().collect();
        in_turn.sort_by_key(|run| number(&run.record.id));
        for run in in_turn {
            if run.strategy.timeframe != timeframe {
                continue;
            }
            if let Some((at, closed)) = missed.remove(&run.record.id) {
                self.decide(run, at, closed).await;
            }
            let mine: Vec<Closed> =
                closed.iter().filter(|one| run.reads(&one.instrument)).cloned().collect();
            if !mine.is_empty() && run.record.decided_at.is_none_or(|decided| decided < at) {
                self.decide(run, at, mine).await;
            }
        }
    }

    async fn decide(&self, run: &mut Active, at: Timestamp, closed: Vec<Closed>) {
        let before = run.record.reason.clone();
        let decided = tokio::time::timeout(DECIDE_WITHIN, run.decide(&self.desk, at, closed)).await;
        match decided.unwrap_or(Err(RunError::Late { at })) {
            Ok(()) if run.record.state == RunState::Running => run.record.reason = None,
            Ok(()) => {}
            Err(error) => {
                if before.as_deref() != Some(&error.to_string()) {
                    tracing::warn!(run = %run.record.id, %error, "a strategy could not decide");
                }
                run.record.reason = Some(error.to_string());
            }
        }
        if let Err(error) = self.store.save(&run.record) {
            tracing::warn!(run = %run.record.id, error, "what a strategy did was not kept");
        }
    }
}
