//! Names of series as paths, such that no name leaves the store's folder.
//!
//! Only letters, digits, `-`, `_` and inner dots stay as they are; all else is percent-encoded.
//! This module must not touch the disk.

use std::path::{Path, PathBuf};

use domain::{InstrumentId, VenueId};

use super::{Series, month::Month};

/// The ending of bar files.
pub(crate) const EXTENSION: &str = ".parquet";

/// Encodes a symbol as one path component.
pub(crate) fn encode(symbol: &str) -> String {
    let mut out = String::with_capacity(symbol.len());
    for (n, byte) in symbol.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let edge = n == 0 || n + 1 == symbol.len();
        if plain || (byte == b'.' && !edge) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The symbol of a path component, or `None` for a name that [`encode`] doesn't make.
pub(crate) fn decode(component: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(component.len());
    let mut rest = component.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        rest = tail.get(2..)?;
    }
    let symbol = String::from_utf8(bytes).ok()?;
    (encode(&symbol) == component).then_some(symbol)
}

/// The folder of a series below the store's folder.
pub(crate) fn series_folder(root: &Path, series: &Series) -> PathBuf {
    root.join(encode(series.instrument.venue()))
        .join(encode(series.instrument.symbol()))
        .join(series.timeframe.to_string())
}

/// The file of a month.
pub(crate) fn month_file(root: &Path, series: &Series, month: Month) -> PathBuf {
    series_folder(root, series).join(format!("{month}{EXTENSION}"))
}

/// The series that the names of three nested folders tell.
pub(crate) fn series_of(venue: &str, symbol: &str, timeframe: &str) -> Option<Series> {
    let venue = VenueId::new(decode(venue)?).ok()?;
    let instrument = InstrumentId::new(&venue, &decode(symbol)?).ok()?;
    let series = Series { instrument, timeframe: timeframe.parse().ok()? };
    (series.timeframe.to_string() == timeframe).then_some(series)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_symbol_leaves_the_folder() {
        for (symbol, expected) in [
            ("IBM", "IBM"),
            ("BRK.B", "BRK.B"),
            ("BTC/USDT", "BTC%2FUSDT"),
            ("..", "%2E%2E"),
            (".", "%2E"),
            ("../../etc", "%2E.%2F..%2Fetc"),
            ("a.", "a%2E"),
        ] {
            assert_eq!(encode(symbol), expected);
            assert_eq!(decode(expected).as_deref(), Some(symbol));
        }
        for foreign in ["%2f", "%", "%4", "%41", "a b", "%zz", "%+1", "é"] {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
        let root = Path::new("/data/bars");
        let instrument = "x:/etc/passwd".parse().unwrap();
        let series = Series { instrument, timeframe: "1d".parse().unwrap() };
        let folder = series_folder(root, &series);
        assert_eq!(folder, Path::new("/data/bars/x/%2Fetc%2Fpasswd/1d"));
    }

    proptest! {
        #[test]
        fn every_name_survives_and_stays_one_component(symbol in "[-A-Za-z0-9._/]{1,32}") {
            let encoded = encode(&symbol);
            prop_assert!(!encoded.contains('/') && encoded != "." && encoded != "..");
            prop_assert_eq!(decode(&encoded), Some(symbol));
        }

        #[test]
        fn decoding_never_panics(component in "\\PC{0,20}") {
            let _ = decode(&component);
        }
    }
}
