//! Who runs: starting, listing, and telling bars.
//!
//! Runs are told bars one after another, so that of two runs on one account the older one is heard
//! first, as in a backtest. It must not know how runs are kept or where bars come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backtest::trader::Wish;
use desk::{AccountHandle, Desk, DeskError};
use domain::{AccountId, BookId, InstrumentId, Origin, Timeframe, Timestamp};
use path::{codes::RefusalCode, core::Reply, policy::KillLevel};
use strategy::Skipped;
use tokio::time::Instant;

use crate::{
    ask::ask,
    brain::{Decided, Mind},
    error::RunError,
    keeping::blocking,
    plan::{Plan, checked},
    player::Closed,
    ports::{Change, Damaged, Feeds, Store},
    record::{RunId, RunRecord, RunState},
    turn::{Entry, Turn},
};

/// Runs that may work at once.
pub const RUNS_MAX: usize = 64;
/// How long a wish may keep the account busy before the next one is told.
const REST_WITHIN: Duration = Duration::from_secs(5);
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

/// Every run of a desk.
pub struct Runs {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) feeds: Arc<dyn Feeds>,
    /// Never locked for long.
    known: Mutex<Known>,
    /// Held while a run is started or taken up: what is looked at stays so until the end.
    pub(crate) starting: tokio::sync::Mutex<()>,
}

/// Runs by the number in their name.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) at_work: BTreeMap<u64, Arc<Entry>>,
    pub(crate) stopped: BTreeMap<u64, RunRecord>,
    pub(crate) damaged: Vec<Damaged>,
}

impl std::fmt::Debug for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runs").finish_non_exhaustive()
    }
}

impl Runs {
    /// No run yet.
    #[must_use]
    pub fn new(desk: Desk, store: Arc<dyn Store>, feeds: Arc<dyn Feeds>) -> Self {
        let (known, starting) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { desk, store, feeds, known, starting }
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs that have not ended, the oldest first.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.known().at_work.values().cloned().collect()
    }

    /// Starts a strategy. It decides on the next close.
    ///
    /// # Errors
    /// [`RunError`] names what is wrong and what to do.
    pub async fn start(&self, new: NewRun) -> Result<RunRecord, RunError> {
        let _starting = self.starting.lock().await;
        let at_work = self.entries();
        if at_work.len() >= RUNS_MAX {
            return Err(RunError::TooMany { max: RUNS_MAX });
        }
        let taken = at_work.iter().map(|entry| &entry.plan);
        if let Some(by) = taken.into_iter().find(|p| p.account == new.account && p.book == new.book)
        {
            return Err(RunError::BookTaken { book: new.book, run: by.run.clone() });
        }
        let mut params = new.params.clone();
        let strategy = checked(&new.source, &mut params)?;
        self.open_book(&new, &strategy.name).await?;
        let number = self.next_number().await?;
        let (venue, _, seq) = self.account(&new.account).await?;
        let mut record = RunRecord {
            id: RunId::of(number),
            strategy_id: new.strategy_id,
            source: new.source,
            name: strategy.name,
            hash: strategy.hash,
            params,
            account: new.account,
            book: new.book,
            state: RunState::Running,
            reason: None,
            trouble: None,
            at_stop: None,
            started_at: self.desk.clock().now().at,
            by: new.by,
            started_seq: seq,
            decided_at: None,
            closes: 0,
            wishes: 0,
            refused: 0,
            withheld: 0,
        };
        let plan = Plan::new(&mut record, &venue)?;
        let (mind, _) = self.warmed_up(&plan, &record).await?;
        self.is_free(&plan).await?;
        let (store, kept) = (Arc::clone(&self.store), record.clone());
        blocking(move || store.change(Change::Start, &kept, &kept.by).map_err(RunError::Store))
            .await?;
        let entry = Entry::new(number, record.clone(), plan);
        entry.turn.lock().await.mind = Some(mind);
        self.known().at_work.insert(number, Arc::new(entry));
        Ok(record)
    }

    /// The number of the next run. Other desks on the same database have runs as well, and what
    /// can't be read has taken numbers too.
    async fn next_number(&self) -> Result<u64, RunError> {
        let store = Arc::clone(&self.store);
        let kept = blocking(move || store.all().map_err(RunError::Store)).await?;
        let ids = kept.runs.iter().map(|record| &record.id);
        let ids = ids.chain(kept.damaged.iter().filter_map(|one| one.run.as_ref()));
        let last = ids.filter_map(|id| id.number().ok()).max().unwrap_or(0);
        let nameless = kept.damaged.iter().filter(|one| one.run.is_none()).count();
        Ok(last + u64::try_from(nameless).unwrap_or(u64::MAX - last - 1) + 1)
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
    async fn is_free(&self, plan: &Plan) -> Result<(), RunError> {
        let account = self.desk.account(&plan.account)?;
        let (book, ids) = (plan.book.clone(), plan.instruments.clone());
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
            Some(instrument) => Err(RunError::BookInUse { book: plan.book.clone(), instrument }),
            None => Ok(()),
        }
    }

    /// Every run that can be read, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Seen> {
        let (entries, stopped) = {
            let known = self.known();
            let entries: Vec<Arc<Entry>> = known.at_work.values().cloned().collect();
            (entries, known.stopped.clone())
        };
        let mut all: BTreeMap<u64, Seen> = BTreeMap::new();
        for (number, record) in stopped {
            let (timeframe, instruments, skipped) = (None, Vec::new(), Skipped::default());
            all.insert(number, Seen { record, timeframe, instruments, skipped, kill: None });
        }
        for entry in entries {
            let (shown, plan) = (entry.shown(), &entry.plan);
            let seen = Seen {
                record: shown.record,
                timeframe: Some(plan.strategy.timeframe),
                instruments: plan.instruments.clone(),
                skipped: shown.skipped,
                kill: self.kill_over(&plan.account),
            };
            all.insert(entry.number, seen);
        }
        all.into_values().rev().collect()
    }

    /// What is kept of runs and can't be read.
    #[must_use]
    pub fn damaged(&self) -> Vec<Damaged> {
        self.known().damaged.clone()
    }

    fn kill_over(&self, account: &AccountId) -> Option<KillLevel> {
        self.desk.account(account).ok()?.standing_kill()
    }

    /// The bars that runs decide on.
    #[must_use]
    pub fn wanted(&self) -> BTreeSet<(InstrumentId, Timeframe)> {
        let mut wanted = BTreeSet::new();
        for entry in self.entries().iter().filter(|entry| entry.decides()) {
            let timeframe = entry.plan.strategy.timeframe;
            wanted.extend(entry.plan.feeds_on().map(|id| (id.clone(), timeframe)));
        }
        wanted
    }

    /// Bars have closed, all of one instant and one timeframe. Returns when what runs wanted of them
    /// has been told.
    pub async fn bars_closed(&self, at: Timestamp, timeframe: Timeframe, closed: &[Closed]) {
        for entry in self.entries() {
            let mut turn = entry.turn.lock().await;
            let alone = turn.left_alone_until.is_some_and(|until| Instant::now() < until);
            if entry.state() == RunState::Stopping && !alone {
                self.look_after(&entry, &mut turn).await;
            }
            if entry.plan.strategy.timeframe != timeframe || !entry.decides() {
                continue;
            }
            if let Some((at, closed)) = turn.missed.take() {
                self.decide(&entry, &mut turn, at, closed).await;
            }
            let mine = closed.iter().filter(|one| entry.reads(&one.instrument));
            let mine: Vec<Closed> = mine.cloned().collect();
            let decided = entry.record().decided_at;
            if !mine.is_empty() && decided.is_none_or(|decided| decided < at) {
                self.decide(&entry, &mut turn, at, mine).await;
            }
        }
    }

    /// Lets a run decide on a close.
    pub(crate) async fn decide(
        &self,
        entry: &Entry,
        turn: &mut Turn,
        at: Timestamp,
        closed: Vec<Closed>,
    ) {
        // What waits for bars is built of the past, which has this close, once there are any.
        let Some(mind) = turn.mind.clone() else { return };
        if !mind.bars_closed(at, closed) {
            tracing::warn!(run = %entry.plan.run, "too many closes wait; the run is built anew");
            turn.mind = None;
            return;
        }
        let decided = tokio::time::timeout(DECIDE_WITHIN, self.told(entry, &mind, at)).await;
        entry.trouble(match decided.unwrap_or(Err(RunError::Late { at })) {
            Ok(refused) => refused,
            Err(error) => Some(error.to_string()),
        });
        self.save(entry).await;
    }

    /// The rules decide, and what they want is told, one wish after another. Returns in words which
    /// exit was refused, if one was.
    async fn told(
        &self,
        entry: &Entry,
        mind: &Mind,
        at: Timestamp,
    ) -> Result<Option<String>, RunError> {
        let account = self.desk.account(&entry.plan.account)?;
        let (reads, journal) = (mind.clone(), self.desk.reader());
        blocking(move || Ok(reads.recall(journal.as_ref()).map_err(DeskError::from)?)).await?;
        let (thinks, run) = (mind.clone(), entry.plan.run.clone());
        let decided = account.look(move |core, _| thinks.decide(&run, at, core)).await?;
        let Decided { wanted, killed, refused, skipped } = decided.ok_or(RunError::Late { at })?;
        entry.change(|shown| {
            let record = &mut shown.record;
            (record.refused, record.decided_at) = (refused, Some(at));
            record.closes += 1;
            shown.skipped = skipped;
        });
        let (mut failed, mut refused) = (None, None);
        for wanted in wanted {
            let state = entry.state();
            if !matches!(state, RunState::Running | RunState::Paused) {
                break;
            }
            if killed && wanted.opens() {
                entry.change(|shown| shown.record.withheld += 1);
            }
            let Some(wish) = wanted.allowed(killed || state != RunState::Running) else { continue };
            entry.change(|shown| shown.record.wishes += 1);
            match self.told_one(entry, &account, wish).await {
                Ok(None) => {}
                Ok(why) => refused = refused.or(why),
                // What the rules want of other symbols may go through all the same.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(refused), |error| Err(error.into()))
    }

    /// Tells one wish. An order's refusal is on record; that of a close is not, and is returned in
    /// words, unless there was nothing left to close.
    async fn told_one(
        &self,
        entry: &Entry,
        account: &AccountHandle,
        wish: Wish,
    ) -> Result<Option<String>, DeskError> {
        let closes = matches!(wish, Wish::Close { .. });
        let reply = ask(account, wish, &entry.plan.origin).await?;
        // As in a backtest, the next wish meets what this one has led to.
        if tokio::time::timeout(REST_WITHIN, account.at_rest()).await.is_err() {
            tracing::warn!(run = %entry.plan.run, "the account is busy for long");
        }
        let Reply::Refused(refusals) = reply else { return Ok(None) };
        let why = refusals.first().filter(|r| closes && r.code != RefusalCode::NothingToReduce);
        Ok(why.map(|r| format!("a close was refused: {} ({})", r.message, r.code)))
    }
}
