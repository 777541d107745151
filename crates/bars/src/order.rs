//! What rows say about each other: order, duplicates, overlaps; and the repairs that were chosen.
//!
//! Nothing is repaired that was not asked for, and two rows that contradict each other are never
//! decided here: only a person knows which one is true. This module must not read files.

use domain::{Bar, Timeframe, Timestamp};
use serde::Serialize;

use crate::{
    findings::{Finding, Findings, Rule},
    row::Row,
};

/// Fewer bars than this say nothing about their timeframe.
const SPACING_BARS_MIN: usize = 10;

/// What to mend instead of refusing the file. The default mends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Repair {
    /// Put rows that are out of order in order.
    pub sort: bool,
    /// Keep one of several rows that say the same of the same time. Rows that contradict each
    /// other are refused all the same.
    pub drop_duplicates: bool,
    /// Leave out impossible bars.
    pub drop_impossible: bool,
    /// Leave out rows with missing, unreadable, non-positive or outsized values.
    pub drop_unreadable: bool,
    /// Leave out rows of days on which the market is closed by the calendar.
    pub drop_non_sessions: bool,
    /// Round prices, and volumes that have more than 12 decimals, half to even to so many
    /// decimals (at most 12).
    pub round_decimals: Option<u32>,
    /// Take a file in which no two bars are as close as the timeframe says.
    pub allow_sparse: bool,
}

impl Repair {
    /// True when a row that breaks the rule is to be left out.
    pub(crate) const fn drops(&self, rule: Rule) -> bool {
        match rule {
            Rule::Columns
            | Rule::Encoding
            | Rule::Null
            | Rule::Time
            | Rule::Number
            | Rule::NotPositive
            | Rule::Range => self.drop_unreadable,
            Rule::Impossible => self.drop_impossible,
            Rule::NotASession => self.drop_non_sessions,
            Rule::Duplicate => self.drop_duplicates,
            Rule::TimeOfDay
            | Rule::Zone
            | Rule::CloseTime
            | Rule::Decimals
            | Rule::Disorder
            | Rule::Contradiction
            | Rule::Overlap
            | Rule::Timeframe => false,
        }
    }
}

/// Findings that stand, and those that a repair has settled.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) refused: Findings,
    pub(crate) repaired: Findings,
}

impl Judged {
    /// Books a finding as settled or not.
    pub(crate) fn book(&mut self, finding: Finding, settled: bool) {
        if settled { self.repaired.push(finding) } else { self.refused.push(finding) }
    }
}

/// Puts rows in order and judges them against each other.
pub(crate) fn settle(
    mut rows: Vec<Row>,
    timeframe: Timeframe,
    repair: &Repair,
    judged: &mut Judged,
) -> Vec<Bar> {
    find_disorder(&rows, repair, judged);
    rows.sort_by_key(|row| (row.bar.open_at, row.line));
    let mut bars: Vec<Bar> = Vec::with_capacity(rows.len());
    let mut kept: Option<Row> = None;
    for row in rows {
        if let Some(before) = kept {
            if row.bar.open_at == before.bar.open_at {
                let finding = same_time(&before, &row);
                let settled = repair.drops(finding.rule);
                judged.book(finding, settled);
                continue;
            }
            if row.bar.open_at < before.bar.close_at {
                let value =
                    format!("{} is inside the bar of line {}", row.bar.open_at, before.line);
                judged.refused.push(Finding::new(row.line, "time", &value, Rule::Overlap));
            }
        }
        kept = Some(row);
        bars.push(row.bar);
    }
    if let Some(finding) = find_sparse(&bars, timeframe) {
        judged.book(finding, repair.allow_sparse);
    }
    bars
}

fn find_disorder(rows: &[Row], repair: &Repair, judged: &mut Judged) {
    let mut latest: Option<Timestamp> = None;
    for row in rows {
        let at = row.bar.open_at;
        if let Some(before) = latest.filter(|before| at < *before) {
            let value = format!("{at} after {before}");
            judged.book(Finding::new(row.line, "time", &value, Rule::Disorder), repair.sort);
        }
        latest = latest.max(Some(at));
    }
}

fn same_time(before: &Row, row: &Row) -> Finding {
    let at = row.bar.open_at;
    if before.bar == row.bar {
        let value = format!("{at}, as in line {}", before.line);
        return Finding::new(row.line, "time", &value, Rule::Duplicate);
    }
    let words = |b: &Bar| format!("{} {} {} {} {}", b.open, b.high, b.low, b.close, b.volume);
    let value = format!("{at}: {}; line {}: {}", words(&row.bar), before.line, words(&before.bar));
    Finding::new(row.line, "row", &value, Rule::Contradiction)
}

fn find_sparse(bars: &[Bar], timeframe: Timeframe) -> Option<Finding> {
    if bars.len() < SPACING_BARS_MIN {
        return None;
    }
    let steps = bars.windows(2).map(|pair| pair[1].open_at.since(pair[0].open_at));
    let smallest = steps.min().filter(|smallest| *smallest > timeframe.span())?;
    let value = format!(
        "no two bars are closer than {} s, {timeframe} is {} s",
        smallest.0 / 1_000_000_000,
        timeframe.span().0 / 1_000_000_000
    );
    Some(Finding::new(1, "time", &value, Rule::Timeframe))
}

#[cfg(test)]
mod tests {
    use domain::{Nanos, Price, Qty};

    use super::*;

    fn row(line: u64, minute: i64, close: i64) -> Row {
        let open_at = Timestamp::from_secs(minute * 60);
        let price = Price::new(close.into()).unwrap();
        let close_at = open_at.plus(Nanos::from_secs(60));
        let (open, high, low, close) = (price, price, price, price);
        Row { line, bar: Bar { open_at, close_at, open, high, low, close, volume: Qty::ZERO } }
    }

    fn settled(rows: &[Row], repair: Repair) -> (usize, Judged) {
        let mut judged = Judged::default();
        let bars = settle(rows.to_vec(), Timeframe::Minutes(1), &repair, &mut judged);
        assert!(bars.is_sorted_by(|a, b| a.open_at < b.open_at));
        (bars.len(), judged)
    }

    #[test]
    fn disorder_is_refused_or_sorted() {
        let rows = [row(2, 0, 1), row(3, 2, 1), row(4, 1, 1)];
        let (_, judged) = settled(&rows, Repair::default());
        let found = &judged.refused.first()[0];
        assert_eq!((found.line, found.rule), (4, Rule::Disorder));
        let (count, judged) = settled(&rows, Repair { sort: true, ..Repair::default() });
        assert!(judged.refused.is_empty());
        assert_eq!((count, judged.repaired.count(Rule::Disorder)), (3, 1));
    }

    #[test]
    fn equal_rows_can_be_dropped_and_contradictions_cannot() {
        let repair = Repair { drop_duplicates: true, ..Repair::default() };
        let (count, judged) = settled(&[row(2, 0, 1), row(3, 0, 1)], repair);
        assert_eq!((count, judged.repaired.count(Rule::Duplicate)), (1, 1));
        assert!(judged.refused.is_empty());
        let (_, judged) = settled(&[row(2, 0, 1), row(3, 0, 1)], Repair::default());
        assert_eq!(judged.refused.count(Rule::Duplicate), 1);
        let (_, judged) = settled(&[row(2, 0, 1), row(3, 0, 2)], repair);
        assert_eq!(judged.refused.count(Rule::Contradiction), 1);
        assert!(judged.refused.to_string().contains("line 2: 1 1 1 1 0"));
    }

    #[test]
    fn an_overlap_is_always_refused() {
        let mut second = row(3, 1, 1);
        second.bar.open_at = Timestamp::from_secs(30);
        let all = Repair { sort: true, drop_duplicates: true, ..Repair::default() };
        let (_, judged) = settled(&[row(2, 0, 1), second], all);
        assert_eq!(judged.refused.count(Rule::Overlap), 1);
    }

    #[test]
    fn hours_are_not_taken_for_minutes() {
        let rows: Vec<Row> = (0..10).map(|n| row(n as u64 + 2, n * 60, 1)).collect();
        let (_, judged) = settled(&rows, Repair::default());
        assert_eq!(judged.refused.count(Rule::Timeframe), 1);
        let (_, judged) = settled(&rows, Repair { allow_sparse: true, ..Repair::default() });
        assert!(judged.refused.is_empty());
        let (_, judged) = settled(&rows[..9], Repair::default());
        assert!(judged.refused.is_empty());
    }
}
