//! A strategy at work as people and programs see it.
//!
//! It must not know how it runs.

use domain::{BookId, InstrumentId};
use path::core::Core;
use runner::{Damaged, Seen};
use serde::Serialize;
use std::collections::BTreeMap;
use strategy::Skipped;
use utoipa::ToSchema;

use super::decimal;

/// Runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StrategyRunList {
    /// The newest first.
    pub(crate) items: Vec<StrategyRunView>,
    /// What is kept of runs and can't be read. These do nothing; the others work.
    pub(crate) damaged: Vec<DamagedRunView>,
}

/// What is kept of a run and can't be read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DamagedRunView {
    /// Its name; `null` when that can't be read either.
    id: Option<String>,
    /// `run_unreadable`.
    #[schema(example = "run_unreadable")]
    code: &'static str,
    /// What is wrong with it.
    message: String,
    /// What to do.
    remedy: &'static str,
}

impl From<Damaged> for DamagedRunView {
    fn from(damaged: Damaged) -> Self {
        Self {
            id: damaged.run.map(|id| id.0),
            code: Damaged::CODE,
            message: damaged.why,
            remedy: "It does nothing: look after what its book holds, and start the strategy anew. A \
                     newer version of the program may have written it.",
        }
    }
}

/// Which strategy runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RunStrategyView {
    /// The stored strategy that it was started from; `null` when it wasn't.
    id: Option<String>,
    /// Its name.
    name: String,
    /// SHA-256 of the text that runs, in hex. Changes of the stored strategy change no run.
    hash: String,
}

/// What a run holds of one symbol.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RunPositionView {
    /// What is held.
    #[schema(example = "sim:IBM")]
    symbol: String,
    /// How much, negative when short.
    #[schema(example = "10")]
    qty: String,
    /// The average price paid.
    entry_price: Option<String>,
    /// Where its stop stands.
    stop: Option<String>,
}

/// Entries that the rules left out, since the desk was started.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RunSkippedView {
    /// Both sides wanted to enter at once.
    contradictions: u64,
    /// The distance of a stop, target or trail was undefined or not above zero.
    distances: u64,
    /// As many symbols were held as may be.
    positions: u64,
}

impl From<Skipped> for RunSkippedView {
    fn from(skipped: Skipped) -> Self {
        let Skipped { contradictions, distances, positions } = skipped;
        Self { contradictions, distances, positions }
    }
}

/// A strategy at work.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StrategyRunView {
    /// Its name.
    #[schema(example = "run-1")]
    id: String,
    /// Which strategy.
    strategy: RunStrategyView,
    /// Where it trades.
    account: String,
    /// Its book.
    book: String,
    /// Its constants, each of them.
    params: BTreeMap<String, f64>,
    /// The bars on whose closes it decides; `null` when it was stopped.
    timeframe: Option<String>,
    /// What it trades; empty when it was stopped.
    symbols: Vec<String>,
    /// `running`; `paused`: it opens nothing, exits go on; `stopping`: it decides nothing and is
    /// being wound up; `stopped`: for good.
    #[schema(example = "running")]
    state: &'static str,
    /// Why it was paused or stopped.
    reason: Option<String>,
    /// What keeps it from doing what its state says; `null` when its last close went well.
    trouble: Option<String>,
    /// When it was started, by the desk's clock.
    started_at: String,
    /// Who started it.
    started_by: String,
    /// The close at which it decided last.
    last_bar_at: Option<String>,
    /// Closes at which it decided.
    bars_seen: u64,
    /// Wishes that it told.
    wishes: u64,
    /// Wishes that were refused, and those that the kill switch ended while they waited; the
    /// journal has the reasons.
    refused: u64,
    /// Wishes that would have opened something and were not asked for, because the kill switch
    /// stood.
    withheld: u64,
    /// The level of the kill switch over its account: while it stands the run opens nothing, exits
    /// go on. `null` when none stands.
    #[schema(example = "halt")]
    kill_switch: Option<String>,
    /// Entries that its rules left out.
    skipped: RunSkippedView,
    /// What it holds.
    positions: Vec<RunPositionView>,
    /// The text that runs; only where one run is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// What it has earned with what is closed, fees not taken off, in the quote currency of each
    /// symbol; `null` once it was stopped, and while the account has no answer.
    realized: Option<String>,
}

/// What the books say of a run.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    positions: Vec<RunPositionView>,
    realized: String,
}

impl Standing {
    pub(crate) fn of(core: &Core, book: &BookId, instruments: &[InstrumentId]) -> Self {
        let state = core.state();
        let mut positions = Vec::new();
        let mut realized = rust_decimal::Decimal::ZERO;
        let known = state.books.get(book);
        for id in instruments {
            let Some(position) = known.and_then(|book| book.positions.get(id)) else { continue };
            realized += position.realized.amount();
            if position.qty.is_zero() {
                continue;
            }
            let multiplier =
                state.instruments.get(id).map_or_else(Default::default, |i| i.multiplier);
            let stop = known.and_then(|book| book.plans.get(id)).and_then(|plan| plan.levels.stop);
            positions.push(RunPositionView {
                symbol: id.to_string(),
                qty: decimal(position.qty.get()),
                entry_price: position.average_price(multiplier).map(|p| decimal(p.get())),
                stop: stop.map(|p| decimal(p.get())),
            });
        }
        Self { positions, realized: decimal(realized) }
    }
}

impl StrategyRunView {
    pub(crate) fn new(seen: Seen, standing: Option<Standing>) -> Self {
        let Seen { record, timeframe, instruments, skipped, kill } = seen;
        let (positions, realized) =
            standing.map_or_else(Default::default, |s| (s.positions, Some(s.realized)));
        Self {
            id: record.id.0,
            strategy: RunStrategyView {
                id: record.strategy_id,
                name: record.name,
                hash: record.hash,
            },
            account: record.account.to_string(),
            book: record.book.to_string(),
            params: record.params,
            timeframe: timeframe.map(|t| t.to_string()),
            symbols: instruments.iter().map(ToString::to_string).collect(),
            state: record.state.name(),
            reason: record.reason,
            trouble: record.trouble,
            started_at: record.started_at.to_string(),
            started_by: record.by.principal.to_string(),
            last_bar_at: record.decided_at.map(|at| at.to_string()),
            bars_seen: record.closes,
            wishes: record.wishes,
            refused: record.refused,
            withheld: record.withheld,
            kill_switch: kill.map(|level| level.to_string()),
            skipped: skipped.into(),
            positions,
            source: None,
            realized,
        }
    }
}
