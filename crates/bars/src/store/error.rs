//! Why the store refuses, with the file or series and the remedy.
//!
//! This module must not know how files are read or written.

use std::{io, path::PathBuf};

use domain::{Bar, Timestamp};
use serde::Serialize;
use thiserror::Error;

use super::{Provenance, Series};

/// So many conflicts are listed; the rest is only counted.
pub const CONFLICTS_KEPT_MAX: usize = 20;

/// A stored bar that the new one contradicts or overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The bar in the store.
    pub stored: Bar,
    /// The bar that was to be stored.
    pub new: Bar,
}

fn conflict_words(conflicts: &[Conflict]) -> String {
    let words = |b: &Bar| format!("{} {} {} {} {}", b.open, b.high, b.low, b.close, b.volume);
    let mut out = String::new();
    for Conflict { stored, new } in conflicts {
        let line = format!(
            "\n{} to {}: stored {}; {} to {}: new {}",
            stored.open_at,
            stored.close_at,
            words(stored),
            new.open_at,
            new.close_at,
            words(new)
        );
        out.push_str(&line);
    }
    out
}

/// Why the store did not do what was asked. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The operating system refused. When it did so while writing, earlier months of the same
    /// call are stored; repeating the call is safe.
    #[error("{path}: can't {action}: {source}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// A file that the store did not write.
    #[error(
        "{path}: not a bar file of this store ({reason}): move it out of the folder, and import \
         its bars from CSV", path = .path.display()
    )]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What gives it away.
        reason: String,
    },
    /// A file that has changed since the store wrote it.
    #[error(
        "{path}: damaged ({reason}): restore it from a backup, or delete it and import its month \
         again", path = .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder beyond its bound.
    #[error("{path}: {what} is more than {max}: move it out of the folder", path = .path.display())]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// What was counted.
        what: &'static str,
        /// The bound.
        max: u64,
    },
    /// Bars that differ from stored ones.
    #[error(
        "{series}: {total} bars contradict or overlap stored ones, nothing was stored; choose \
         overwrite if the new ones are right. The first: {}", conflict_words(.first)
    )]
    Conflicts {
        /// The series.
        series: Series,
        /// How many.
        total: u64,
        /// The first [`CONFLICTS_KEPT_MAX`].
        first: Vec<Conflict>,
    },
    /// Real and synthetic bars in one series.
    #[error(
        "{series}: stored bars are {stored}, the new ones {new}: give synthetic bars a symbol of \
         their own"
    )]
    MixedProvenance {
        /// The series.
        series: Series,
        /// What is stored.
        stored: Provenance,
        /// What was to be stored.
        new: Provenance,
    },
    /// Bars that no import would have let through.
    #[error("bar {index} at {at}: {reason}; import the bars with the checks of the importer")]
    InvalidBars {
        /// The position in the list, from 0.
        index: usize,
        /// The bar's open time.
        at: Timestamp,
        /// What is wrong.
        reason: &'static str,
    },
    /// A value with more digits than a column has.
    #[error(
        "{field} {value} at {at}: with {scale} decimals, which this month needs, it has more than \
         18 digits; round the decimals"
    )]
    DoesNotFit {
        /// The field.
        field: &'static str,
        /// The value.
        value: String,
        /// The bar's open time.
        at: Timestamp,
        /// Decimals of the column.
        scale: u32,
    },
    /// Another process is writing.
    #[error("{path}: another import holds the store; try again when it is done", path = .path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// More bars than the caller takes.
    #[error("{series}: the range has more than {max} bars: narrow it, or read it in parts")]
    TooManyBars {
        /// The series.
        series: Series,
        /// The caller's bound.
        max: usize,
    },
}

impl StoreError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "bars_io",
            Self::Foreign { .. } => "bars_foreign_file",
            Self::Corrupt { .. } => "bars_corrupt_file",
            Self::TooLarge { .. } => "bars_too_large",
            Self::Conflicts { .. } => "bars_conflict",
            Self::MixedProvenance { .. } => "bars_mixed_provenance",
            Self::InvalidBars { .. } => "bars_invalid",
            Self::DoesNotFit { .. } => "bars_does_not_fit",
            Self::Busy { .. } => "bars_busy",
            Self::TooManyBars { .. } => "bars_too_many",
        }
    }

    /// Makes an error of the operating system's answer.
    pub(crate) fn io(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, action, source }
    }
}
