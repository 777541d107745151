//! The simulated venue: one deterministic matching engine for paper trading and backtests.
//!
//! It exists so that a backtest and a paper account fill by the same rules. The engine is
//! synchronous: prices, time and commands are its only inputs, and the same inputs give the same
//! fills to the last digit. It must not know the desk: not its journal, books, limits or
//! strategies, not networks, clocks, threads or async runtimes. It keeps its own books, as a
//! broker does, so that the desk has something to be reconciled against.

mod account;
pub mod actions;
mod booking;
pub mod broker;
pub mod changes;
mod claims;
pub mod config;
pub mod engine;
pub mod error;
mod fill;
mod flow;
mod funds;
mod liquidation;
pub mod listing;
mod margin;
pub mod market;
mod marks;
mod matching;
pub mod memory;
mod movements;
pub mod order;
mod place;
mod recent;
mod replace;
pub mod rows;
mod rules;
pub mod settings;
pub mod shared;
pub mod storage;
pub mod unnamed;
mod venue;
mod world;

pub use account::AccountState;
pub use actions::Happening;
pub use broker::{Clock, LatencyHook, SimBroker};
pub use changes::{ActionRow, Counters, FillRow, MovementRow, SimBook, SimChanges};
pub use config::{FillLimitsOn, SimConfig, TriggerOn};
pub use engine::{AccountEvent, Engine};
pub use error::SimError;
pub use listing::{FUNDING_EVERY, Follows, funding_time};
pub use market::{BarStep, MarketState, Phase, Session, SessionChange, SimTick};
pub use memory::{MemoryRows, MemoryStorage};
pub use order::{ExternalOrder, SimOrder};
pub use rows::{JsonRows, RowBatch, RowDelete, RowPut, RowStorage, TABLES};
pub use settings::{AccountSettings, MarginMode, MarginPlan, terms_outcome};
pub use shared::{EventSink, SharedVenue};
pub use storage::{SimStorage, SimStorageError};
pub use venue::Venue;
