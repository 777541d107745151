//! What this crate needs from the program around it, in its own words.
//!
//! The program knows databases, files and venues and fills these in; the door knows none of them.

mod research;
mod strategies;

use domain::{
    AccountId, Bar, CalendarKind, InstrumentId, MarginTier, Money, Price, Qty, Timeframe, Timestamp,
};
use path::{
    broker::BoxFuture,
    journal::Head,
    policy::{Policy, Preset},
};
pub use research::{
    GridAxis, NewRun, ProgressUnit, ResearchDesk, RunCosts, RunError, RunKind, RunProgress,
    RunState, RunStrategy, RunView, Search, Sets, Task, WalkPlan,
};
use rust_decimal::Decimal;
use serde::Serialize;
pub use strategies::{StoredStrategy, StrategyLibrary, StrategyText};

use crate::problem::ApiError;

/// A paper account that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPaperAccount {
    /// Its id.
    pub id: AccountId,
    /// A name for people.
    pub name: String,
    /// What it starts with; its currency is the one in which limits are judged.
    pub cash: Money,
    /// The calendar whose days bound the daily loss.
    pub calendar: CalendarKind,
    /// The limits to start from.
    pub preset: Option<Preset>,
    /// How it wants to be treated, and on which terms it trades: the venue is given the same.
    pub policy: Policy,
}

/// Opens accounts: at the venue, in the journal, and as a running task.
pub trait AccountFactory: Send + Sync {
    /// Opens one and starts it. When it fails, nothing of it stays, or a repetition finishes it.
    fn open(&self, request: NewPaperAccount) -> BoxFuture<'_, Result<AccountId, ApiError>>;
}

/// A contract that somebody wants listed on a series of prices that the desk has.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContract {
    /// Its venue and symbol.
    pub id: InstrumentId,
    /// The instrument whose prices are the contract's too.
    pub follows: InstrumentId,
    /// When it is settled; `None` for a perpetual one.
    pub expires: Option<Timestamp>,
    /// Units of the base per contract.
    pub multiplier: Decimal,
    /// The largest leverage, at least 1.
    pub max_leverage: Decimal,
    /// The margin table; empty for one step by the largest leverage, of which half must stay
    /// covered.
    pub tiers: Vec<MarginTier>,
    /// Prices are multiples of this; as what it follows when absent.
    pub tick: Option<Price>,
    /// Quantities are multiples of this; as what it follows when absent.
    pub step: Option<Qty>,
    /// The smallest order; one step when absent.
    pub min_qty: Option<Qty>,
    /// The share of the value that longs pay to shorts at each funding time; zero for none.
    pub funding_rate: Decimal,
}

/// What is known of a contract beside its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedContract {
    /// The contract.
    pub id: InstrumentId,
    /// The instrument whose prices are the contract's too.
    pub follows: InstrumentId,
    /// The share of the value that longs pay to shorts at each funding time.
    pub funding_rate: Decimal,
    /// The next funding time; `None` without funding.
    pub next_funding: Option<Timestamp>,
}

/// Lists contracts at the simulated venue.
pub trait ContractDesk: Send + Sync {
    /// Lists one, durably, and tells every account; or gives a listed one other terms.
    fn list(&self, wanted: NewContract) -> BoxFuture<'_, Result<InstrumentId, ApiError>>;

    /// Every contract that is listed.
    fn listed(&self) -> Vec<ListedContract>;

    /// What the venue assumes, one sentence each.
    fn assumptions(&self) -> Vec<String>;
}

/// What a check of the whole journal found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditReport {
    /// True when nothing is wrong with any stream.
    pub sound: bool,
    /// The verdict in words, with what it does not prove.
    pub verdict: String,
    /// Sound records in all.
    pub records: u64,
    /// Stream by stream.
    pub streams: Vec<StreamAudit>,
    /// When the checkpoint was made that was compared.
    #[schema(value_type = Option<String>)]
    pub checkpoint: Option<Timestamp>,
}

/// What a check of one stream found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StreamAudit {
    /// The stream.
    pub stream: String,
    /// Records that are sound.
    pub records: u64,
    /// The head of the sound part.
    #[schema(value_type = crate::views::journal::HeadView)]
    pub head: Head,
    /// What is wrong after that.
    pub broken: Option<AuditBreak>,
}

/// The first thing that is wrong with a stream.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditBreak {
    /// The stable code.
    pub code: String,
    /// One sentence that names the record.
    pub message: String,
}

/// Checks the journal as the database holds it.
pub trait AuditSource: Send + Sync {
    /// Checks every record of every stream. It may take long; it must not block the runtime.
    fn verify(&self) -> BoxFuture<'_, Result<AuditReport, ApiError>>;
}

/// Who made bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// A market.
    Recorded,
    /// A seeded generator.
    Synthetic,
}

/// One stored series of bars.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BarSeries {
    /// What is traded.
    #[serde(rename = "symbol")]
    #[schema(value_type = String, example = "sim:IBM")]
    pub instrument: InstrumentId,
    /// The span of one bar.
    #[schema(value_type = String, example = "1d")]
    pub timeframe: Timeframe,
    /// The open of the first bar.
    #[schema(value_type = String)]
    pub first: Timestamp,
    /// The close of the last bar.
    #[schema(value_type = String)]
    pub last: Timestamp,
    /// How many bars.
    pub count: u64,
    /// Who made them.
    pub provenance: Provenance,
    /// What a reader should know, such as gaps or damage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Bars of one series.
#[derive(Debug, Clone)]
pub struct BarPage {
    /// Who made them.
    pub provenance: Provenance,
    /// The bars, the oldest first.
    pub bars: Vec<Bar>,
}

/// Reads stored bars.
pub trait BarSource: Send + Sync {
    /// Every series.
    fn list(&self) -> BoxFuture<'_, Result<Vec<BarSeries>, ApiError>>;

    /// The last `limit` bars that closed at or before `until`, the oldest first; `None` when there
    /// is no such series.
    fn read(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Option<BarPage>, ApiError>>;
}
