//! Bar history: import it, check it, keep it, read it back exactly; and make it up when told to.
//!
//! Every formula, backtest and replay stands on the bars, so this crate exists to let in none
//! that is impossible, doubled or silently mended. It must not know orders, accounts, HTTP or
//! SQL, and it reads no clock. When a market trades is told to it through [`SessionCalendar`].
//!
//! - [`import_csv`] reads a CSV file and refuses it with a list of findings, or repairs it as
//!   [`Repair`] says and reports what it did.
//! - [`BarStore`] keeps bars in Parquet files by venue, symbol, timeframe and month.
//! - [`Synthetic`] makes bars from a seed, the same ones on every machine.
//! - [`read_splits`] reads a table of splits, [`read_funding`] one of funding rates. Applying them is
//!   another crate's task.

pub mod calendar;
mod extent;
pub mod findings;
pub mod funding;
pub mod gaps;
mod guess;
pub mod import;
pub mod layout;
mod lines;
mod moment;
pub mod order;
mod row;
pub mod splits;
pub mod store;
pub mod synthetic;
pub mod table;
pub mod tick;

pub use calendar::{AlwaysOpen, Session, SessionCalendar};
pub use findings::{Finding, Findings, Rule};
pub use funding::{FundingRate, read_funding};
pub use gaps::{Gap, GapReport, find_gaps, list_gaps};
pub use guess::guess_timeframe;
pub use import::{Import, ImportError, ImportOptions, import_csv};
pub use layout::Layout;
pub use order::Repair;
pub use splits::{Split, read_splits, read_splits_of};
pub use store::{
    BarIter, BarStore, Conflict, Listing, MergeOptions, MergeReport, Provenance, Series,
    SeriesInfo, StoreError,
};
pub use synthetic::{Synthetic, SyntheticError, SyntheticSpec, generate};
pub use table::{Table, TableError};
pub use tick::{InferredTick, infer_tick};
