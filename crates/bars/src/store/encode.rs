//! Bars of one month as the bytes of a sealed Parquet file.
//!
//! The same bars always make the same bytes. This module must not touch the disk.

use std::sync::Arc;

use domain::{Bar, Timestamp};
use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    data_type::Int64Type,
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
};
use rust_decimal::Decimal;

use super::{
    Provenance, Series,
    error::StoreError,
    schema::{COLUMNS, Scales, UNITS_END, metadata, schema},
    seal,
};

/// Rows of one row group; what a reader holds at a time.
pub(crate) const GROUP_ROWS_MAX: usize = 1 << 17;
const COMPRESSION_LEVEL: i32 = 3;

/// Why bars have no file.
pub(crate) enum EncodeError {
    /// A value has too many digits.
    DoesNotFit { field: &'static str, value: String, at: Timestamp, scale: u32 },
    /// The encoder refused.
    Encoder(String),
}

impl From<ParquetError> for EncodeError {
    fn from(error: ParquetError) -> Self {
        Self::Encoder(error.to_string())
    }
}

impl EncodeError {
    /// As an error of the store about the file that was to be written.
    pub(crate) fn about(self, path: &std::path::Path) -> StoreError {
        match self {
            Self::DoesNotFit { field, value, at, scale } => {
                StoreError::DoesNotFit { field, value, at, scale }
            }
            Self::Encoder(reason) => {
                StoreError::io(path, "encode the bars")(std::io::Error::other(reason))
            }
        }
    }
}

/// Checks that every value fits, without encoding anything.
pub(crate) fn check_fits(bars: &[Bar]) -> Result<(), EncodeError> {
    let scales = scales_of(bars);
    for group in bars.chunks(GROUP_ROWS_MAX) {
        for index in 0..COLUMNS {
            column_values(group, index, scales)?;
        }
    }
    Ok(())
}

/// Encodes bars that ascend in time.
pub(crate) fn encode(
    series: &Series,
    provenance: Provenance,
    bars: &[Bar],
) -> Result<Vec<u8>, EncodeError> {
    let scales = scales_of(bars);
    let properties = WriterProperties::builder()
        .set_created_by("cofferdam-bars".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(COMPRESSION_LEVEL)?))
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BINARY_PACKED)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_key_value_metadata(Some(metadata(series, provenance)))
        .build();
    let schema = Arc::new(schema(scales)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for group in bars.chunks(GROUP_ROWS_MAX) {
        let mut row_group = writer.next_row_group()?;
        let mut index = 0;
        while let Some(mut column) = row_group.next_column()? {
            let values = column_values(group, index, scales)?;
            column.typed::<Int64Type>().write_batch(&values, None, None)?;
            column.close()?;
            index += 1;
        }
        row_group.close()?;
    }
    let file = writer.into_inner()?;
    seal::seal(&file).map_err(|_| EncodeError::Encoder("the file has no footer".to_owned()))
}

fn scales_of(bars: &[Bar]) -> Scales {
    let decimals = |value: Decimal| value.normalize().scale();
    let price = |bar: &Bar| {
        [bar.open, bar.high, bar.low, bar.close].map(|p| decimals(p.get())).into_iter().max()
    };
    Scales {
        price: bars.iter().filter_map(price).max().unwrap_or(0),
        volume: bars.iter().map(|bar| decimals(bar.volume.get())).max().unwrap_or(0),
    }
}

fn column_values(bars: &[Bar], index: usize, scales: Scales) -> Result<Vec<i64>, EncodeError> {
    let decimals = |field, scale, get: fn(&Bar) -> Decimal| {
        bars.iter().map(|bar| to_units(field, get(bar), scale, bar.open_at)).collect()
    };
    match index {
        0 => Ok(bars.iter().map(|bar| bar.open_at.0).collect()),
        1 => Ok(bars.iter().map(|bar| bar.close_at.0).collect()),
        2 => decimals("open", scales.price, |bar| bar.open.get()),
        3 => decimals("high", scales.price, |bar| bar.high.get()),
        4 => decimals("low", scales.price, |bar| bar.low.get()),
        5 => decimals("close", scales.price, |bar| bar.close.get()),
        6 => decimals("volume", scales.volume, |bar| bar.volume.get()),
        _ => Err(EncodeError::Encoder(format!("column {index} of {COLUMNS} has no values"))),
    }
}

fn to_units(
    field: &'static str,
    value: Decimal,
    scale: u32,
    at: Timestamp,
) -> Result<i64, EncodeError> {
    let value = value.normalize();
    10_i128
        .checked_pow(scale - value.scale().min(scale))
        .and_then(|factor| value.mantissa().checked_mul(factor))
        .filter(|units| value.scale() <= scale && units.abs() < UNITS_END)
        .and_then(|units| i64::try_from(units).ok())
        .ok_or_else(|| EncodeError::DoesNotFit { field, value: value.to_string(), at, scale })
}
