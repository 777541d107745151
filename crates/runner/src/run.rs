//! One run: rules, what they remember, and how their wishes are told.
//!
//! The rules look at the account inside its task, so what they see is one state; what they want is
//! told to the account afterwards and judged there. It must not know who else runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use backtest::trader::{ClosedBar, Trader, View, Wish};
use desk::{AccountHandle, Desk, DeskError};
use domain::{
    Activate, Instrument, InstrumentId, Origin, OriginKind, Percent, Principal, Timestamp,
};
use formula::Decimals;
use path::{
    core::Reply,
    journal::{JournalReader, StreamId},
};
use strategy::{Rules, Skipped, Strategy, Symbol, compile, read};

use crate::{
    error::RunError,
    player::Closed,
    ports::Feeds,
    recall::Recall,
    record::{RunRecord, RunState},
    reduce::Wanted,
};

/// How long a wish may keep the account busy before the next one is told.
const REST_WITHIN: Duration = Duration::from_secs(5);

/// A run at work.
pub(crate) struct Active {
    pub(crate) record: RunRecord,
    pub(crate) strategy: Arc<Strategy>,
    pub(crate) instruments: Vec<InstrumentId>,
    /// What it reads and doesn't trade.
    pub(crate) reads: Vec<InstrumentId>,
    origin: Origin,
    brain: Arc<Mutex<Brain>>,
}

/// What goes into the account's task and comes back.
struct Brain {
    rules: Rules,
    recall: Recall,
}

/// The strategy of a record with its constants, checked.
pub(crate) fn checked(
    source: &str,
    params: &mut BTreeMap<String, f64>,
) -> Result<Strategy, RunError> {
    let strategy = read(source).map_err(|faults| {
        let fault = faults.0.first();
        let words = |f: &strategy::Fault| format!("{}:{} {}", f.line, f.column, f.message);
        let first = fault.map(words).unwrap_or_default();
        RunError::Strategy { count: faults.0.len(), first }
    })?;
    *params = strategy.chosen(params)?;
    Ok(strategy)
}

/// What a strategy's symbol is called on the desk.
pub(crate) fn instrument_id(symbol: &str, venue: &str) -> Option<InstrumentId> {
    let text = if symbol.contains(':') { symbol.to_owned() } else { format!("{venue}:{symbol}") };
    text.parse().ok()
}

impl Active {
    /// A run before its first bar. `rules_of` knows what the account trades, by the strategy's name.
    pub(crate) fn new(
        mut record: RunRecord,
        venue: &str,
        rules_of: &BTreeMap<InstrumentId, Instrument>,
        feeds: &dyn Feeds,
    ) -> Result<Self, RunError> {
        let strategy = Arc::new(checked(&record.source, &mut record.params)?);
        let compiled = compile(&strategy, &record.params)
            .map_err(|(part, error)| RunError::Rule { key: part.key(), why: error.to_string() })?;
        let unknown = |symbol: &str| RunError::UnknownSymbol {
            account: record.account.clone(),
            symbol: symbol.to_owned(),
        };
        let mut symbols = Vec::new();
        let mut reads = Vec::new();
        let read_only = compiled.plan.symbols().into_iter().map(str::to_owned);
        let read_only: Vec<String> =
            read_only.filter(|name| !strategy.symbols.contains(name)).collect();
        for (name, traded) in
            strategy.symbols.iter().map(|s| (s, true)).chain(read_only.iter().map(|s| (s, false)))
        {
            let id = instrument_id(name, venue).ok_or_else(|| unknown(name))?;
            let rules = rules_of.get(&id).ok_or_else(|| unknown(name))?;
            if !traded {
                reads.push(id.clone());
            }
            let decimals = feeds.decimals(&id, strategy.timeframe);
            symbols.push(symbol(name, rules, decimals, traded));
        }
        let traded = symbols.iter().filter(|s: &&Symbol| s.traded);
        let instruments = traded.map(|s| s.instrument.clone()).collect();
        let origin = origin(&record)?;
        let desk = strategy::Desk {
            account: record.account.clone(),
            book: record.book.clone(),
            origin: origin.clone(),
            prefix: format!("{}.", record.id),
        };
        let rules = Rules::new(Arc::clone(&strategy), compiled, desk, symbols);
        let recall = Recall::new(
            StreamId::account(&record.account),
            origin.principal.clone(),
            record.started_seq,
        );
        let brain = Arc::new(Mutex::new(Brain { rules, recall }));
        Ok(Self { record, strategy, instruments, reads, origin, brain })
    }

    /// True for bars that it reads.
    pub(crate) fn reads(&self, instrument: &InstrumentId) -> bool {
        self.instruments.contains(instrument) || self.reads.contains(instrument)
    }

    /// Entries that its rules left out, since the desk was started.
    pub(crate) fn skipped(&self) -> Skipped {
        lock(&self.brain).rules.skipped()
    }

    /// Takes in bars of the past, those of one instant at a time, without deciding. Positions are
    /// remembered from when the run was started.
    pub(crate) fn remember(
        &self,
        journal: &(dyn JournalReader + Send + Sync),
        at: Timestamp,
        closed: &[Closed],
    ) -> Result<(), RunError> {
        let mut brain = lock(&self.brain);
        brain.rules.remember(&bars(closed));
        if at >= self.record.started_at {
            brain
                .recall
                .bars_closed(journal, at, closed.iter().map(|c| &c.instrument))
                .map_err(DeskError::from)?;
        }
        Ok(())
    }

    /// Bars have closed: the rules decide, and what they want is told, one wish after another.
    pub(crate) async fn decide(
        &mut self,
        desk: &Desk,
        at: Timestamp,
        closed: Vec<Closed>,
    ) -> Result<(), RunError> {
        let account = desk.account(&self.record.account)?;
        let closed = self.recall(desk, at, closed).await?;
        let brain = Arc::clone(&self.brain);
        let run = self.record.id.clone();
        let wanted = account.look(move |core, _| {
            let mut brain = lock(&brain);
            let Brain { rules, recall } = &mut *brain;
            recall.held.keep_to(core.state());
            let mut wishes = Vec::new();
            let bars = bars(&closed);
            rules.on_close(&View::new(at, core, &recall.held, &bars), &mut wishes);
            let wanted = wishes.into_iter().map(|wish| Wanted::new(wish, core.state(), &run, at));
            (wanted.collect::<Vec<_>>(), core.state().kill.is_some())
        });
        let (wanted, killed) = wanted.await?;
        self.record.closes += 1;
        self.record.refused = lock(&self.brain).recall.refused;
        for wanted in wanted {
            if killed && wanted.opens() {
                self.record.withheld += 1;
            }
            let opens_nothing = killed || self.record.state != RunState::Running;
            let Some(wish) = wanted.allowed(opens_nothing) else { continue };
            self.record.wishes += 1;
            ask(&account, wish, self.origin.clone()).await?;
            // As in a backtest, the next wish meets what this one has led to.
            if tokio::time::timeout(REST_WITHIN, account.at_rest()).await.is_err() {
                tracing::warn!(run = %self.record.id, "the account is busy for long");
            }
        }
        self.record.decided_at = Some(at);
        Ok(())
    }

    /// Reads what happened since the last bars, away from the account's task.
    async fn recall(
        &self,
        desk: &Desk,
        at: Timestamp,
        closed: Vec<Closed>,
    ) -> Result<Vec<Closed>, RunError> {
        let (brain, journal) = (Arc::clone(&self.brain), desk.reader());
        let read = tokio::task::spawn_blocking(move || {
            let instruments = closed.iter().map(|one| &one.instrument);
            lock(&brain).recall.bars_closed(journal.as_ref(), at, instruments).map(|()| closed)
        });
        let read = read.await.map_err(|error| RunError::Store(error.to_string()))?;
        Ok(read.map_err(DeskError::from)?)
    }

    /// Takes back what waits or works to open positions, and closes what is held, when asked to.
    pub(crate) async fn wind_up(&self, desk: &Desk, close: bool) -> Result<(), RunError> {
        let account = desk.account(&self.record.account)?;
        let (book, ids) = (self.record.book.clone(), self.instruments.clone());
        let found = account.look(move |core, _| {
            let state = core.state();
            let mut wishes: Vec<Wish> = Vec::new();
            let armed = state.armed.values().map(|a| &a.intent);
            let waiting = armed.filter(|i| i.book == book && ids.contains(&i.instrument));
            wishes.extend(waiting.filter(|i| !i.reduce_only).map(|i| Wish::Disarm(i.id.clone())));
            for id in &ids {
                let entries = state.live_in(&book, id);
                let entries = entries.filter(|o| o.class == path::verbs::RiskClass::Entry);
                wishes.extend(entries.map(|o| Wish::Cancel(o.client_order_id.clone())));
                if close && !state.position(&book, id).is_zero() {
                    wishes.push(Wish::Close {
                        book: book.clone(),
                        instrument: id.clone(),
                        share: Percent::basis_points(10_000),
                        activate: Activate::Now,
                        key: None,
                    });
                }
            }
            wishes
        });
        for wish in found.await? {
            ask(&account, wish, self.origin.clone()).await?;
        }
        Ok(())
    }
}

fn lock(brain: &Mutex<Brain>) -> MutexGuard<'_, Brain> {
    brain.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who a run asks as.
fn origin(record: &RunRecord) -> Result<Origin, RunError> {
    let principal = Principal::new(format!("strategy:{}", record.id))
        .map_err(|error| RunError::Store(error.to_string()))?;
    Ok(Origin::new(OriginKind::Strategy, principal).asked_by(record.by.clone()))
}

fn symbol(name: &str, rules: &Instrument, known: Option<Decimals>, traded: bool) -> Symbol {
    Symbol {
        name: name.to_owned(),
        instrument: rules.id.clone(),
        calendar: rules.calendar,
        decimals: known.unwrap_or_else(|| Decimals::of_grid(rules.tick, rules.step)),
        traded,
    }
}

fn bars(closed: &[Closed]) -> Vec<ClosedBar<'_>> {
    let one = closed.iter();
    one.map(|c| ClosedBar { instrument: &c.instrument, bar: &c.bar, index: 0 }).collect()
}

async fn ask(account: &AccountHandle, wish: Wish, origin: Origin) -> Result<Reply, DeskError> {
    match wish {
        Wish::Submit(intent) => account.submit(*intent).await,
        Wish::Reverse(intent) => account.reverse(*intent).await,
        other => account.tell(move |reply| other.clone().into_input(origin.clone(), reply)).await,
    }
}
