//! Ids of what people keep on the desk: later ones are greater, and nobody can guess the next.
//!
//! It must not know what the ids are of.

use api::ApiError;
use domain::Timestamp;

/// Nanoseconds of a millisecond.
const MILLISECOND: i64 = 1_000_000;

/// A fresh id of an instant: twelve hexadecimal digits of its milliseconds, then eight of chance.
pub(super) fn fresh(at: Timestamp) -> Result<String, ApiError> {
    let mut random = [0_u8; 4];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "no randomness");
        ApiError::unavailable("no_randomness", "The system gives no randomness.", "See the log.")
    })?;
    Ok(format!("{:012x}{}", at.0.max(0) / MILLISECOND, hex::encode(random)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_are_greater_and_two_of_an_instant_differ() {
        let at = |ms: i64| fresh(Timestamp(ms * MILLISECOND)).unwrap();
        assert!(at(1_800_000_000_000) < at(1_800_000_000_001));
        assert!(at(15) < at(16), "digits are padded");
        assert_ne!(at(7), at(7));
        assert_eq!(at(7).len(), 20);
    }
}
