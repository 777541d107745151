//! The store of bars: one Parquet file per venue, symbol, timeframe and month.
//!
//! Files are written whole and atomically, sealed with a digest, and checked when read. Times in
//! the store are open times in UTC, also for choosing the month. This module must not know
//! instruments' rules, and there are no bars in any SQL database.

mod decode;
mod encode;
mod error;
mod list;
mod merge;
mod month;
mod path;
mod read;
mod schema;
mod seal;
mod write;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use domain::{InstrumentId, Timeframe};
use serde::{Deserialize, Serialize};

pub use error::{CONFLICTS_KEPT_MAX, Conflict, StoreError};
pub use list::{Listing, SeriesInfo};
pub use merge::{MergeOptions, MergeReport};
pub use read::BarIter;

/// A month has at most so many bars: 31 days of seconds.
pub const MONTH_BARS_MAX: usize = 2_678_400;
/// The folder of bars inside the data folder.
const FOLDER: &str = "bars";

/// What is stored together: the bars of one instrument and timeframe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// Venue and symbol.
    pub instrument: InstrumentId,
    /// The span of a bar.
    pub timeframe: Timeframe,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.instrument, self.timeframe)
    }
}

/// Where bars come from. A series has bars of one provenance only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// A market.
    #[default]
    Market,
    /// The generator; labelled so wherever they are shown.
    Synthetic,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Market => "of a market",
            Self::Synthetic => "synthetic",
        })
    }
}

/// The store in one data folder. Cheap to open; holds no file open.
#[derive(Debug, Clone)]
pub struct BarStore {
    root: PathBuf,
}

impl BarStore {
    /// Opens the store in `data_folder`, and makes its folder `bars` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the folder can't be made.
    pub fn open(data_folder: &Path) -> Result<Self, StoreError> {
        let root = data_folder.join(FOLDER);
        fs::create_dir_all(&root).map_err(StoreError::io(&root, "make the folder"))?;
        Ok(Self { root })
    }

    /// The store's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.root
    }
}
