//! A sealed Parquet file as bars, row group by row group.
//!
//! Everything is checked again: the seal, the schema, the metadata, the order and the possibility
//! of each bar. This module must not look for files.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use domain::{Bar, Price, Qty, Timestamp};
use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::Int64Type,
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
};
use rust_decimal::Decimal;

use super::{
    Provenance, Series,
    encode::GROUP_ROWS_MAX,
    error::StoreError,
    month::Month,
    schema::{COLUMNS, Scales, provenance, scales},
    seal::{Broken, verify},
};

/// The largest file that is read: a month of seconds takes less than a third of it.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// An open file of one month.
pub(crate) struct MonthFile {
    path: PathBuf,
    month: Month,
    reader: SerializedFileReader<Bytes>,
    scales: Scales,
    provenance: Provenance,
}

impl MonthFile {
    /// Opens and checks a file, or `None` when there is none.
    pub(crate) fn open(
        path: PathBuf,
        series: &Series,
        month: Month,
    ) -> Result<Option<Self>, StoreError> {
        let Some(content) = read_bounded(&path)? else { return Ok(None) };
        verify(&content).map_err(|broken| match broken {
            Broken::Foreign(reason) => {
                StoreError::Foreign { path: path.clone(), reason: reason.to_owned() }
            }
            Broken::Corrupt(reason) => {
                StoreError::Corrupt { path: path.clone(), reason: reason.to_owned() }
            }
        })?;
        let reader = SerializedFileReader::new(Bytes::from(content))
            .map_err(|error| corrupt(&path, error))?;
        let foreign = |reason: String| StoreError::Foreign { path: path.clone(), reason };
        let file = reader.metadata().file_metadata();
        let scales = scales(file.schema())
            .ok_or_else(|| foreign("its columns are not those of bars".to_owned()))?;
        let pairs = file.key_value_metadata().map_or(&[][..], Vec::as_slice);
        let provenance = provenance(pairs, series).map_err(foreign)?;
        Ok(Some(Self { path, month, reader, scales, provenance }))
    }

    pub(crate) fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// Decimals of the prices.
    pub(crate) fn price_scale(&self) -> u32 {
        self.scales.price
    }

    pub(crate) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// All bars of the month.
    pub(crate) fn read_all(&self) -> Result<Vec<Bar>, StoreError> {
        let mut bars: Vec<Bar> = Vec::new();
        for group in 0..self.groups() {
            let more = self.read_group(group)?;
            self.check_join(bars.last(), &more)?;
            bars.extend(more);
        }
        Ok(bars)
    }

    /// Open and close times of a row group.
    pub(crate) fn read_times(
        &self,
        group: usize,
    ) -> Result<Vec<(Timestamp, Timestamp)>, StoreError> {
        let open = self.read_column(group, 0)?;
        let close = self.read_column(group, 1)?;
        if open.len() != close.len() {
            return Err(corrupt(&self.path, "its columns differ in length"));
        }
        let pairs = open.into_iter().zip(close);
        Ok(pairs.map(|(open, close)| (Timestamp(open), Timestamp(close))).collect())
    }

    /// The bars of a row group.
    pub(crate) fn read_group(&self, group: usize) -> Result<Vec<Bar>, StoreError> {
        let mut columns = Vec::with_capacity(COLUMNS);
        for index in 0..COLUMNS {
            columns.push(self.read_column(group, index)?);
        }
        let [open_at, close_at, open, high, low, close, volume] = columns.as_slice() else {
            return Err(corrupt(&self.path, "it has too few columns"));
        };
        if columns.iter().any(|column| column.len() != open_at.len()) {
            return Err(corrupt(&self.path, "its columns differ in length"));
        }
        let mut bars = Vec::with_capacity(open_at.len());
        for row in 0..open_at.len() {
            bars.push(Bar {
                open_at: Timestamp(open_at[row]),
                close_at: Timestamp(close_at[row]),
                open: self.price(open[row])?,
                high: self.price(high[row])?,
                low: self.price(low[row])?,
                close: self.price(close[row])?,
                volume: Qty::new(Decimal::new(volume[row], self.scales.volume))
                    .map_err(|error| corrupt(&self.path, error))?,
            });
        }
        self.check(&bars)?;
        Ok(bars)
    }

    fn price(&self, units: i64) -> Result<Price, StoreError> {
        Price::new(Decimal::new(units, self.scales.price))
            .map_err(|error| corrupt(&self.path, error))
    }

    fn read_column(&self, group: usize, index: usize) -> Result<Vec<i64>, StoreError> {
        let error = |error| corrupt(&self.path, error);
        let group = self.reader.get_row_group(group).map_err(error)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(usize::MAX);
        if rows > GROUP_ROWS_MAX {
            return Err(corrupt(&self.path, "a row group is too large"));
        }
        let ColumnReader::Int64ColumnReader(mut column) =
            group.get_column_reader(index).map_err(error)?
        else {
            return Err(corrupt(&self.path, "a column has another type"));
        };
        let mut values = Vec::with_capacity(rows);
        while values.len() < rows {
            let left = rows - values.len();
            if read_some(&mut column, left, &mut values).map_err(error)? == 0 {
                return Err(corrupt(&self.path, "a column is too short"));
            }
        }
        Ok(values)
    }

    fn check(&self, bars: &[Bar]) -> Result<(), StoreError> {
        let month = self.month.range();
        for bar in bars {
            if let Some(reason) = bar.impossible() {
                return Err(corrupt(&self.path, format!("the bar at {} {reason}", bar.open_at)));
            }
            if !month.contains(&bar.open_at) {
                let reason = format!("the bar at {} is of another month", bar.open_at);
                return Err(corrupt(&self.path, reason));
            }
        }
        for pair in bars.windows(2) {
            self.check_join(Some(&pair[0]), &pair[1..])?;
        }
        Ok(())
    }

    fn check_join(&self, last: Option<&Bar>, next: &[Bar]) -> Result<(), StoreError> {
        match (last, next.first()) {
            (Some(last), Some(next)) if next.open_at < last.close_at => {
                let reason = format!("the bar at {} overlaps the one before", next.open_at);
                Err(corrupt(&self.path, reason))
            }
            _ => Ok(()),
        }
    }
}

fn read_some(
    column: &mut ColumnReaderImpl<Int64Type>,
    rows: usize,
    values: &mut Vec<i64>,
) -> Result<usize, parquet::errors::ParquetError> {
    column.read_records(rows, None, None, values).map(|(records, _, _)| records)
}

fn corrupt(path: &Path, reason: impl ToString) -> StoreError {
    StoreError::Corrupt { path: path.to_owned(), reason: reason.to_string() }
}

fn read_bounded(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path, "open the file")(error)),
    };
    let mut content = Vec::new();
    let mut bounded = file.take(FILE_BYTES_MAX + 1);
    bounded.read_to_end(&mut content).map_err(StoreError::io(path, "read the file"))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        let path = path.to_owned();
        return Err(StoreError::TooLarge { path, what: "its size in bytes", max: FILE_BYTES_MAX });
    }
    Ok(Some(content))
}
