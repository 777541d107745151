//! Reading a series in order of time, one row group in memory at a time.
//!
//! This module must not change anything on the disk.

use std::{collections::VecDeque, fs, io, ops::Range, vec};

use domain::{Bar, Timestamp};

use super::{
    BarStore, Series, StoreError,
    decode::MonthFile,
    month::Month,
    path::{EXTENSION, month_file, series_folder},
};

/// A series has at most so many files: the months of years 1678 to 2261.
const MONTHS_MAX: usize = 7_008;

impl BarStore {
    /// The bars that open in `range`, in order of time. A series that isn't stored has none.
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be listed. Damaged files are errors of the iterator.
    pub fn iter(&self, series: &Series, range: Range<Timestamp>) -> Result<BarIter, StoreError> {
        let mut months: VecDeque<Month> = self.months(series)?.into();
        if range.is_empty() {
            months.clear();
        } else {
            let first = Month::of(range.start);
            let last = Month::of(Timestamp(range.end.0 - 1));
            months.retain(|month| (first..=last).contains(month));
        }
        let (store, series) = (self.clone(), series.clone());
        Ok(BarIter { store, series, range, months, file: None, bars: Vec::new().into_iter() })
    }

    /// The bars that open in `range`, at most `bars_max` of them.
    ///
    /// # Errors
    /// [`StoreError::TooManyBars`] when there are more; the other variants when a file is damaged
    /// or can't be read.
    pub fn read(
        &self,
        series: &Series,
        range: Range<Timestamp>,
        bars_max: usize,
    ) -> Result<Vec<Bar>, StoreError> {
        let mut bars = Vec::new();
        for bar in self.iter(series, range)? {
            if bars.len() == bars_max {
                return Err(StoreError::TooManyBars { series: series.clone(), max: bars_max });
            }
            bars.push(bar?);
        }
        Ok(bars)
    }

    /// The last `count` bars in order of time, or all when there are fewer.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged or can't be read.
    pub fn latest(&self, series: &Series, count: usize) -> Result<Vec<Bar>, StoreError> {
        let mut parts: Vec<Vec<Bar>> = Vec::new();
        let mut missing = count;
        'files: for month in self.months(series)?.into_iter().rev() {
            let Some(file) = self.month(series, month)? else { continue };
            for group in (0..file.groups()).rev() {
                if missing == 0 {
                    break 'files;
                }
                let mut bars = file.read_group(group)?;
                let surplus = bars.len().saturating_sub(missing);
                bars.drain(..surplus);
                missing -= bars.len();
                parts.push(bars);
            }
        }
        Ok(parts.into_iter().rev().flatten().collect())
    }

    /// Opens a month's file, or `None` when it has vanished since it was listed.
    pub(crate) fn month(
        &self,
        series: &Series,
        month: Month,
    ) -> Result<Option<MonthFile>, StoreError> {
        MonthFile::open(month_file(&self.root, series, month), series, month)
    }

    /// The months that are stored, ascending.
    pub(crate) fn months(&self, series: &Series) -> Result<Vec<Month>, StoreError> {
        let folder = series_folder(&self.root, series);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io(folder, "list the folder")(error)),
        };
        let mut months: Vec<Month> = Vec::new();
        for entry in entries {
            let name = entry.map_err(StoreError::io(&folder, "list the folder"))?.file_name();
            let month: Option<Month> =
                name.to_str().and_then(|n| n.strip_suffix(EXTENSION)?.parse().ok());
            if months.len() == MONTHS_MAX {
                let max = MONTHS_MAX as u64;
                let what = "its number of files";
                return Err(StoreError::TooLarge { path: folder, what, max });
            }
            months.extend(month);
        }
        months.sort_unstable();
        Ok(months)
    }
}

/// Bars of a range in order of time. After an error it ends.
pub struct BarIter {
    store: BarStore,
    series: Series,
    range: Range<Timestamp>,
    months: VecDeque<Month>,
    file: Option<(MonthFile, usize)>,
    bars: vec::IntoIter<Bar>,
}

impl BarIter {
    /// Reads the next row group; `false` when there is none.
    fn advance(&mut self) -> Result<bool, StoreError> {
        loop {
            if let Some((file, group)) = &mut self.file {
                if *group < file.groups() {
                    let mut bars = file.read_group(*group)?;
                    *group += 1;
                    bars.retain(|bar| self.range.contains(&bar.open_at));
                    self.bars = bars.into_iter();
                    return Ok(true);
                }
                self.file = None;
            }
            let Some(month) = self.months.pop_front() else { return Ok(false) };
            self.file = self.store.month(&self.series, month)?.map(|file| (file, 0));
        }
    }
}

impl Iterator for BarIter {
    type Item = Result<Bar, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(bar) = self.bars.next() {
                return Some(Ok(bar));
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.months.clear();
                    self.file = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl std::fmt::Debug for BarIter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BarIter({} {:?})", self.series, self.range)
    }
}
