//! A quick look at the journal: the end of each chain, and whether its times are in the past.
//!
//! The whole check is `audit verify`. This module must not write.

use std::path::Path;

use domain::{Nanos, Timestamp};
use path::journal::{Head, JournalReader, StreamId};
use store::Reader;

use super::{Check, State};
use crate::cli::{context::Context, failure::Failure, output::instant};

/// So many of the last records of each stream are checked.
const LAST: u64 = 1_000;
/// The clock may have been set back by as much.
const SLACK: Nanos = Nanos::from_secs(60);

/// Checks the end of every stream.
pub(super) fn check(ctx: &Context, dir: &Path) -> Vec<Check> {
    const NAME: &str = "journal";
    let reader = match ctx.journal_beside(dir) {
        Ok(reader) => reader,
        Err(failure) if failure.code() == "no_journal" => {
            return vec![Check::new(NAME, State::Note, "there is none yet")];
        }
        Err(failure) => return vec![Check::new(NAME, State::Fail, failure.to_string())],
    };
    match ends(&reader) {
        Ok((streams, records, newest)) => {
            let found = format!("{streams} streams; the last {records} records are sound");
            vec![
                Check::new(NAME, State::Ok, found).remedy("check all: cofferdam audit verify"),
                times(newest, desk::clock::wall_time()),
            ]
        }
        Err(failure) => vec![
            Check::new(NAME, State::Fail, failure.to_string())
                .remedy("see the whole damage: cofferdam audit verify; then restore a backup"),
        ],
    }
}

fn ends(reader: &Reader) -> Result<(usize, u64, Timestamp), Failure> {
    let heads = reader.heads()?;
    let mut checked = 0;
    let mut newest = Timestamp(i64::MIN);
    for (name, head) in &heads {
        let Some(stream) = StreamId::parse(name) else { continue };
        let from = head.seq.saturating_sub(LAST);
        let mut before: Option<Head> = (from == 0).then(Head::default);
        for record in reader.read(&stream, from, LAST as usize)? {
            // Of the first record that is read, only the link to the one before is taken on trust.
            let previous = before.unwrap_or(Head { seq: record.seq - 1, hash: record.prev });
            let broken = |error: path::journal::ChainError| {
                Failure::new("journal_damaged", error.to_string())
            };
            before = Some(record.verify(&stream, &previous).map_err(broken)?);
            newest = newest.max(record.wall_at);
            checked += 1;
            if record.seq == head.seq && record.hash != head.hash {
                let words =
                    format!("{name}: record {} is not the one that the head names", head.seq);
                return Err(Failure::new("journal_damaged", words));
            }
        }
        if before.is_none_or(|last| last.seq < head.seq) && head.seq > 0 {
            let words = format!("{name}: records up to {} are missing", head.seq);
            return Err(Failure::new("journal_damaged", words));
        }
    }
    Ok((heads.len(), checked, newest))
}

fn times(newest: Timestamp, now: Timestamp) -> Check {
    const NAME: &str = "journal's times";
    if newest > now.plus(SLACK) {
        let found = format!("the last record is of {}, which is in the future", instant(newest));
        return Check::new(NAME, State::Fail, found)
            .remedy("the machine's clock was set back: set it right before the desk starts");
    }
    Check::new(NAME, State::Ok, "no record is of the future")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_future_means_that_the_clock_is_wrong() {
        let now = Timestamp::from_secs(1_000_000);
        assert_eq!(times(Timestamp::from_secs(1_000_061), now).state, State::Fail);
        assert_eq!(times(Timestamp::from_secs(1_000_060), now).state, State::Ok);
    }
}
