//! New bars into a stored series, by month.
//!
//! A first pass over all months looks for conflicts, so that a conflict anywhere leaves
//! everything as it was; a second pass writes the months that change. This module must not know
//! where new bars come from.

use domain::Bar;
use serde::Serialize;

use super::{
    BarStore, CONFLICTS_KEPT_MAX, Conflict, MONTH_BARS_MAX, Provenance, Series, StoreError,
    decode::MonthFile,
    encode::{check_fits, encode},
    month::Month,
    path::{month_file, series_folder},
    write::WriteLock,
};

/// How to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MergeOptions {
    /// New bars replace the stored ones that they contradict or overlap in their month.
    pub overwrite: bool,
    /// Where the new bars come from.
    pub provenance: Provenance,
}

/// What a merge has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MergeReport {
    /// Bars that were not there before.
    pub added: u64,
    /// Stored bars that had to go for new ones.
    pub replaced: u64,
    /// New bars that were stored already.
    pub unchanged: u64,
    /// Files that were written.
    pub files: u64,
}

impl BarStore {
    /// Merges bars that ascend in time into a series.
    ///
    /// Each month's file is replaced atomically; after a failure of the disk in between, earlier
    /// months are stored, and repeating the call completes it.
    ///
    /// # Errors
    /// [`StoreError::Conflicts`] when a stored bar differs or overlaps and `overwrite` was not
    /// chosen, or when the overlap crosses into another month; the other variants when bars are
    /// invalid or do not fit, a file is damaged, or the disk fails.
    pub fn merge(
        &self,
        series: &Series,
        bars: &[Bar],
        options: MergeOptions,
    ) -> Result<MergeReport, StoreError> {
        check(bars)?;
        if bars.is_empty() {
            return Ok(MergeReport::default());
        }
        let lock = WriteLock::take(&self.root)?;
        let target = Target { store: self, series, options };
        target.check_provenance()?;
        let mut conflicts = Conflicts::default();
        for (month, new) in months(bars) {
            let merged = target.merge_month(month, new, &mut conflicts)?;
            target.compare_neighbours(month, new, &mut conflicts)?;
            if merged.changes() && conflicts.total == 0 {
                target.check_fits(month, &merged.bars)?;
            }
        }
        if conflicts.total > 0 {
            let Conflicts { total, first } = conflicts;
            return Err(StoreError::Conflicts { series: series.clone(), total, first });
        }
        lock.prepare_folder(&self.root, &series_folder(&self.root, series))?;
        let mut report = MergeReport::default();
        for (month, new) in months(bars) {
            let merged = target.merge_month(month, new, &mut Conflicts::default())?;
            report.added += merged.added;
            report.replaced += merged.replaced;
            report.unchanged += merged.unchanged;
            if merged.changes() {
                let content = target.encode(month, &merged.bars)?;
                lock.replace(&month_file(&self.root, series, month), &content)?;
                report.files += 1;
            }
        }
        Ok(report)
    }
}

fn check(bars: &[Bar]) -> Result<(), StoreError> {
    let invalid =
        |index: usize, reason| StoreError::InvalidBars { index, at: bars[index].open_at, reason };
    for (index, bar) in bars.iter().enumerate() {
        if let Some(reason) = bar.impossible() {
            return Err(invalid(index, reason));
        }
        if index > 0 && bar.open_at < bars[index - 1].close_at {
            return Err(invalid(index, "it opens before the bar before it has closed"));
        }
    }
    Ok(())
}

/// The bars month by month.
fn months(mut bars: &[Bar]) -> impl Iterator<Item = (Month, &[Bar])> {
    std::iter::from_fn(move || {
        let month = Month::of(bars.first()?.open_at);
        let end = month.range().end;
        // Time's last instant belongs to its last month.
        let count = bars.partition_point(|bar| bar.open_at < end).max(1);
        let (part, rest) = bars.split_at(count);
        bars = rest;
        Some((month, part))
    })
}

#[derive(Default)]
struct Conflicts {
    total: u64,
    first: Vec<Conflict>,
}

impl Conflicts {
    fn push(&mut self, stored: Bar, new: Bar) {
        self.total += 1;
        if self.first.len() < CONFLICTS_KEPT_MAX {
            self.first.push(Conflict { stored, new });
        }
    }
}

/// A month as it is to be.
#[derive(Default)]
struct Merged {
    bars: Vec<Bar>,
    added: u64,
    replaced: u64,
    unchanged: u64,
}

impl Merged {
    fn changes(&self) -> bool {
        self.added > 0 || self.replaced > 0
    }
}

struct Target<'a> {
    store: &'a BarStore,
    series: &'a Series,
    options: MergeOptions,
}

impl Target<'_> {
    /// One sound file speaks for the series, since every merge passes here.
    fn check_provenance(&self) -> Result<(), StoreError> {
        for month in self.store.months(self.series)? {
            match self.open(month) {
                Err(StoreError::Corrupt { .. } | StoreError::Foreign { .. }) => {}
                sound => return sound.map(|_| ()),
            }
        }
        Ok(())
    }

    fn open(&self, month: Month) -> Result<Option<MonthFile>, StoreError> {
        let path = month_file(&self.store.root, self.series, month);
        let file = MonthFile::open(path, self.series, month)?;
        match file.as_ref().map(MonthFile::provenance) {
            Some(stored) if stored != self.options.provenance => Err(StoreError::MixedProvenance {
                series: self.series.clone(),
                stored,
                new: self.options.provenance,
            }),
            _ => Ok(file),
        }
    }

    fn check_fits(&self, month: Month, bars: &[Bar]) -> Result<(), StoreError> {
        let path = month_file(&self.store.root, self.series, month);
        if bars.len() > MONTH_BARS_MAX {
            let max = MONTH_BARS_MAX as u64;
            return Err(StoreError::TooLarge { path, what: "its number of bars", max });
        }
        check_fits(bars).map_err(|error| error.about(&path))
    }

    fn encode(&self, month: Month, bars: &[Bar]) -> Result<Vec<u8>, StoreError> {
        let path = month_file(&self.store.root, self.series, month);
        encode(self.series, self.options.provenance, bars).map_err(|error| error.about(&path))
    }

    fn merge_month(
        &self,
        month: Month,
        new: &[Bar],
        conflicts: &mut Conflicts,
    ) -> Result<Merged, StoreError> {
        let stored = match self.open(month)? {
            Some(file) => file.read_all()?,
            None => Vec::new(),
        };
        let mut merged = Merged::default();
        merged.bars.reserve(stored.len() + new.len());
        let mut stored = stored.into_iter().peekable();
        for bar in new {
            while let Some(before) = stored.next_if(|old| old.close_at <= bar.open_at) {
                merged.bars.push(before);
            }
            let mut known = false;
            while let Some(old) = stored.next_if(|old| old.open_at < bar.close_at) {
                if old == *bar {
                    known = true;
                } else if self.options.overwrite {
                    merged.replaced += 1;
                } else {
                    conflicts.push(old, *bar);
                }
            }
            if known {
                merged.unchanged += 1
            } else {
                merged.added += 1
            }
            merged.bars.push(*bar);
        }
        merged.bars.extend(stored);
        Ok(merged)
    }

    /// Bars that reach into the next month must not overlap what is stored there.
    fn compare_neighbours(
        &self,
        month: Month,
        new: &[Bar],
        conflicts: &mut Conflicts,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(()) };
        if let Some(file) = self.open(month.previous())?
            && let Some(group) = file.groups().checked_sub(1)
            && file.read_times(group)?.last().is_some_and(|(_, close)| first.open_at < *close)
            && let Some(stored) = file.read_group(group)?.last()
        {
            conflicts.push(*stored, *first);
        }
        if last.close_at > month.range().end
            && let Some(file) = self.open(month.next())?
            && file.groups() > 0
            && let Some(stored) = file.read_group(0)?.first()
            && stored.open_at < last.close_at
        {
            conflicts.push(*stored, *last);
        }
        Ok(())
    }
}
