//! What is stored, series by series, with what is missing or damaged.
//!
//! One damaged file never hides the others. This module must not change anything on the disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::{InstrumentId, Timestamp};
use serde::Serialize;

use super::{BarStore, Provenance, Series, StoreError, month::Month, path::series_of};
use crate::{
    calendar::SessionCalendar,
    gaps::{GapFinder, GapReport},
    tick::{InferredTick, of_decimals},
};

/// A folder of the store has at most so many entries.
const ENTRIES_MAX: usize = 100_000;

/// One stored series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesInfo {
    /// Instrument and timeframe.
    #[serde(flatten)]
    pub series: Series,
    /// The open of the first bar.
    pub first: Timestamp,
    /// The close of the last bar.
    pub last: Timestamp,
    /// How many bars.
    pub count: u64,
    /// Trading time without bars.
    pub gaps: GapReport,
    /// Whether a market made the bars, or the generator.
    pub provenance: Provenance,
    /// The tick that the decimals of the stored prices suggest.
    pub tick: Option<InferredTick>,
}

/// Everything that is stored.
#[derive(Debug, Default)]
pub struct Listing {
    /// The series in order of instrument and timeframe.
    pub series: Vec<SeriesInfo>,
    /// Files and folders that are damaged or foreign. Bars in them are not counted.
    pub damaged: Vec<StoreError>,
}

/// What the listing needs of a month.
struct Times {
    /// Open and close of each bar.
    times: Vec<(Timestamp, Timestamp)>,
    provenance: Provenance,
    /// Decimals of the prices.
    decimals: u32,
}

impl BarStore {
    /// Lists everything that is stored. Each file is read and checked in full.
    ///
    /// # Errors
    /// [`StoreError::Io`] or [`StoreError::TooLarge`] when a folder can't be listed; damaged files
    /// are part of the listing.
    pub fn list<'c>(
        &self,
        calendar_of: impl Fn(&InstrumentId) -> &'c dyn SessionCalendar,
    ) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        for series in self.find_series(&mut listing.damaged)? {
            let calendar = calendar_of(&series.instrument);
            let info = self.scan(&series, calendar, |error| {
                listing.damaged.push(error);
                Ok(())
            })?;
            listing.series.extend(info);
        }
        listing.series.sort_by(|a, b| a.series.cmp(&b.series));
        Ok(listing)
    }

    /// What is stored of one series, or `None` when nothing is.
    ///
    /// # Errors
    /// [`StoreError`] when a file is damaged or can't be read.
    pub fn info(
        &self,
        series: &Series,
        calendar: &dyn SessionCalendar,
    ) -> Result<Option<SeriesInfo>, StoreError> {
        self.scan(series, calendar, Err)
    }

    fn scan(
        &self,
        series: &Series,
        calendar: &dyn SessionCalendar,
        mut on_damage: impl FnMut(StoreError) -> Result<(), StoreError>,
    ) -> Result<Option<SeriesInfo>, StoreError> {
        let mut info: Option<SeriesInfo> = None;
        let mut finder = GapFinder::new(series.timeframe, calendar);
        let mut decimals = 0;
        for month in self.months(series)? {
            let month = match self.times_of(series, month) {
                Ok(Some(month)) => month,
                Ok(None) => continue,
                Err(error) => {
                    on_damage(error)?;
                    continue;
                }
            };
            decimals = decimals.max(month.decimals);
            for (open_at, close_at) in month.times {
                finder.push(open_at, close_at);
                let info = info.get_or_insert_with(|| SeriesInfo {
                    series: series.clone(),
                    first: open_at,
                    last: close_at,
                    count: 0,
                    gaps: GapReport::default(),
                    provenance: month.provenance,
                    tick: None,
                });
                info.last = close_at;
                info.count += 1;
            }
        }
        Ok(info.map(|info| SeriesInfo { gaps: finder.report, tick: of_decimals(decimals), ..info }))
    }

    fn times_of(&self, series: &Series, month: Month) -> Result<Option<Times>, StoreError> {
        let Some(file) = self.month(series, month)? else { return Ok(None) };
        let mut times = Vec::new();
        for group in 0..file.groups() {
            times.extend(file.read_times(group)?);
        }
        let (provenance, decimals) = (file.provenance(), file.price_scale());
        Ok(Some(Times { times, provenance, decimals }))
    }

    fn find_series(&self, damaged: &mut Vec<StoreError>) -> Result<Vec<Series>, StoreError> {
        let mut found = Vec::new();
        for (venue_path, venue) in folders(&self.root, damaged)? {
            for (symbol_path, symbol) in folders(&venue_path, damaged)? {
                for (path, timeframe) in folders(&symbol_path, damaged)? {
                    match series_of(&venue, &symbol, &timeframe) {
                        Some(series) => found.push(series),
                        None => damaged.push(foreign(path, "it is no folder of a series")),
                    }
                }
            }
        }
        Ok(found)
    }
}

fn foreign(path: PathBuf, reason: &str) -> StoreError {
    StoreError::Foreign { path, reason: reason.to_owned() }
}

/// The folders in a folder. Names that begin with a dot are not the store's; files are foreign.
fn folders(
    folder: &Path,
    damaged: &mut Vec<StoreError>,
) -> Result<Vec<(PathBuf, String)>, StoreError> {
    let mut found = Vec::new();
    let error = || StoreError::io(folder, "list the folder");
    let entries = match fs::read_dir(folder) {
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(error())?,
    };
    for (n, entry) in entries.enumerate() {
        if n == ENTRIES_MAX {
            let (path, max) = (folder.to_owned(), ENTRIES_MAX as u64);
            return Err(StoreError::TooLarge { path, what: "its number of entries", max });
        }
        let path = entry.map_err(error())?.path();
        match path.file_name().and_then(|name| name.to_str()).map(str::to_owned) {
            Some(name) if name.starts_with('.') => {}
            Some(name) if path.is_dir() => found.push((path, name)),
            _ => damaged.push(foreign(path, "it is not a folder of the store")),
        }
    }
    Ok(found)
}
