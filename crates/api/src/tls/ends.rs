//! When a certificate ends, read from its bytes.
//!
//! The TLS library serves what it is given and does not tell. The place of the date is fixed by
//! X.509, so a few steps through the encoding find it; what looks otherwise has no date here, and
//! nothing is decided by it but a warning.

use domain::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity.
pub(super) fn of(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut fields, _) = element(certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (tag, validity, _) = element(fields)?;
    let (_, _, after_begin) = element(validity)?;
    let (kind, text, _) = element(after_begin)?;
    if tag != SEQUENCE { None } else { time(kind, std::str::from_utf8(text).ok()?) }
}

/// An element's tag, its contents, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, mut rest) = rest.split_first()?;
    let mut size = usize::from(length);
    if length >= 0x80 {
        let count = usize::from(length & 0x7f);
        let digits = rest.get(..count).filter(|digits| (1..=3).contains(&digits.len()))?;
        size = digits.iter().fold(0, |size, digit| size << 8 | usize::from(*digit));
        rest = rest.get(count..)?;
    }
    Some((tag, rest.get(..size)?, rest.get(size..)?))
}

/// `YYMMDDhhmmssZ`, where 50 is 1950, or `YYYYMMDDhhmmssZ`.
fn time(kind: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
    let whole = match (kind, digits.len()) {
        (UTC_TIME, 12) if digits < "50" => format!("20{digits}"),
        (UTC_TIME, 12) => format!("19{digits}"),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize| whole.get(from..from + 2);
    let (year, month, day) = (whole.get(..4)?, part(4)?, part(6)?);
    format!("{year}-{month}-{day}T{}:{}:{}Z", part(8)?, part(10)?, part(12)?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_in_both_forms_of_time() {
        for year in [2031, 2049, 2050, 2075] {
            let mut params = rcgen::CertificateParams::new(vec!["desk.example".into()]).unwrap();
            params.not_after = rcgen::date_time_ymd(year, 3, 9);
            let made = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            let wanted: Timestamp = format!("{year}-03-09T00:00:00Z").parse().unwrap();
            assert_eq!(of(made.der()), Some(wanted));
            for cut in 0..made.der().len().min(200) {
                // Whatever is missing, nothing breaks.
                let _ = of(&made.der()[..cut]);
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x84, 1, 1, 1, 1], &[0x30, 2, 0x30, 0]] {
            assert_eq!(of(bytes), None, "{bytes:?}");
        }
    }
}
