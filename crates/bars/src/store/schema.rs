//! The columns and metadata of a bar file.
//!
//! Times are nanoseconds in UTC; prices and volumes are exact decimals of up to 18 digits, so
//! that pandas, DuckDB and others read the very values. This module must not read or write.

use parquet::{
    basic::LogicalType,
    errors::ParquetError,
    file::metadata::KeyValue,
    schema::{parser::parse_message_type, types::Type},
};

use super::{Provenance, Series};

/// The format's version, in the metadata of each file.
const FORMAT: &str = "1";
const KEY_FORMAT: &str = "cofferdam.format";
const KEY_INSTRUMENT: &str = "instrument";
const KEY_TIMEFRAME: &str = "timeframe";
const KEY_SYNTHETIC: &str = "synthetic";

/// Digits of a decimal column.
const PRECISION: u32 = 18;
/// The first magnitude that does not fit into a decimal column.
pub(crate) const UNITS_END: i128 = 1_000_000_000_000_000_000;
/// How many columns there are.
pub(crate) const COLUMNS: usize = 7;

/// Decimals of the columns of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scales {
    /// Of open, high, low and close.
    pub(crate) price: u32,
    /// Of the volume.
    pub(crate) volume: u32,
}

/// The schema of a file with these scales.
pub(crate) fn schema(scales: Scales) -> Result<Type, ParquetError> {
    let Scales { price, volume } = scales;
    parse_message_type(&format!(
        "message bars {{
            required int64 open_time (TIMESTAMP(NANOS,true));
            required int64 close_time (TIMESTAMP(NANOS,true));
            required int64 open (DECIMAL({PRECISION},{price}));
            required int64 high (DECIMAL({PRECISION},{price}));
            required int64 low (DECIMAL({PRECISION},{price}));
            required int64 close (DECIMAL({PRECISION},{price}));
            required int64 volume (DECIMAL({PRECISION},{volume}));
        }}"
    ))
}

/// The scales of a file, or `None` when its schema is not that of a bar file.
pub(crate) fn scales(found: &Type) -> Option<Scales> {
    let scale_of = |name: &str| {
        let field = found.get_fields().iter().find(|field| field.name() == name)?;
        match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => u32::try_from(decimal.scale).ok(),
            _ => None,
        }
    };
    let scales = Scales { price: scale_of("close")?, volume: scale_of("volume")? };
    let limit = domain::num::SCALE_MAX;
    let known = scales.price <= limit && scales.volume <= limit;
    let same = |expected: Type| found.get_fields() == expected.get_fields();
    (known && schema(scales).is_ok_and(same)).then_some(scales)
}

/// The metadata of a file.
pub(crate) fn metadata(series: &Series, provenance: Provenance) -> Vec<KeyValue> {
    [
        (KEY_FORMAT, FORMAT.to_owned()),
        (KEY_INSTRUMENT, series.instrument.to_string()),
        (KEY_TIMEFRAME, series.timeframe.to_string()),
        (KEY_SYNTHETIC, (provenance == Provenance::Synthetic).to_string()),
    ]
    .into_iter()
    .map(|(key, value)| KeyValue { key: key.to_owned(), value: Some(value) })
    .collect()
}

/// The provenance that the metadata tells, or why the file is not one of the series.
pub(crate) fn provenance(found: &[KeyValue], series: &Series) -> Result<Provenance, String> {
    let get = |key: &str| {
        found.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref())
    };
    let expect = |key: &str, expected: &str| match get(key) {
        Some(value) if value == expected => Ok(()),
        Some(value) => Err(format!("{key} is `{value}`, not `{expected}`")),
        None => Err(format!("{key} is missing")),
    };
    expect(KEY_FORMAT, FORMAT)?;
    expect(KEY_INSTRUMENT, series.instrument.as_str())?;
    expect(KEY_TIMEFRAME, &series.timeframe.to_string())?;
    match get(KEY_SYNTHETIC) {
        Some("true") => Ok(Provenance::Synthetic),
        Some("false") => Ok(Provenance::Market),
        _ => Err(format!("{KEY_SYNTHETIC} is missing")),
    }
}
