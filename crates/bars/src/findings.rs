//! What is wrong with a file: line, value, rule and remedy, in bounded number with full totals.
//!
//! This module must not know how a rule is checked.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// So many findings of each rule are kept; the rest is only counted.
pub const KEPT_PER_RULE_MAX: usize = 20;
/// Values are quoted up to this many characters.
const VALUE_CHARS_MAX: usize = 120;

/// A rule that every imported row keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A row has as many fields as the header.
    Columns,
    /// A row is text.
    Encoding,
    /// No field is `null` or empty.
    Null,
    /// The time is readable.
    Time,
    /// The days of a file are written in one zone.
    Zone,
    /// Bars shorter than a day have a time of day.
    TimeOfDay,
    /// The day is a session of the calendar.
    NotASession,
    /// A close time in the file is the one that follows from the timeframe.
    CloseTime,
    /// A number is a plain decimal.
    Number,
    /// Prices are positive.
    NotPositive,
    /// A number is in the range that the desk can hold.
    Range,
    /// A price has at most 12 decimals.
    Decimals,
    /// Low is lowest, high is highest, the close comes after the open.
    Impossible,
    /// Times ascend.
    Disorder,
    /// A bar appears once.
    Duplicate,
    /// Two rows for one time agree.
    Contradiction,
    /// A bar opens after the one before it has closed.
    Overlap,
    /// The bars have the timeframe that was named.
    Timeframe,
}

impl Rule {
    /// The rule's stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Encoding => "encoding",
            Self::Null => "null",
            Self::Time => "time",
            Self::Zone => "zone",
            Self::TimeOfDay => "time_of_day",
            Self::NotASession => "not_a_session",
            Self::CloseTime => "close_time",
            Self::Number => "number",
            Self::NotPositive => "not_positive",
            Self::Range => "range",
            Self::Decimals => "decimals",
            Self::Impossible => "impossible",
            Self::Disorder => "disorder",
            Self::Duplicate => "duplicate",
            Self::Contradiction => "contradiction",
            Self::Overlap => "overlap",
            Self::Timeframe => "timeframe",
        }
    }

    /// The rule in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Columns => "a row has as many fields as the layout",
            Self::Encoding => "a row is UTF-8 text",
            Self::Null => "no field of a bar is null or empty",
            Self::Time => {
                "a time is RFC 3339, YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS] in UTC, or unix seconds or \
                 milliseconds, in the years 1900 to 2199"
            }
            Self::Zone => "the days of a file are written in one time zone",
            Self::TimeOfDay => "a bar shorter than a day has a time of day",
            Self::NotASession => "the market is open on the day of a bar",
            Self::CloseTime => "the close time is the open time plus the timeframe",
            Self::Number => "a number is a plain decimal such as 12.50",
            Self::NotPositive => "a price is greater than 0",
            Self::Range => "a number is at most 1000000000000000, a volume is not negative",
            Self::Decimals => "a price or volume has at most 12 decimals",
            Self::Impossible => "low <= open, close <= high, and the open comes before the close",
            Self::Disorder => "times ascend from row to row",
            Self::Duplicate => "a bar appears once",
            Self::Contradiction => "rows with the same time have the same values",
            Self::Overlap => "a bar opens when the one before it has closed, or later",
            Self::Timeframe => "bars are as far apart as the timeframe says",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Columns
            | Self::Encoding
            | Self::Null
            | Self::Time
            | Self::Number
            | Self::NotPositive
            | Self::Range => "correct the row, or choose the repair drop_unreadable",
            Self::Zone => "write every time in the same zone, or days as dates alone: 2024-01-31",
            Self::TimeOfDay => "name the timeframe 1d, or add the time of day",
            Self::NotASession => {
                "name the right calendar, or choose the repair drop_non_sessions to leave it out"
            }
            Self::CloseTime => "name the timeframe that the file has",
            Self::Timeframe => {
                "name the timeframe that the file has, or choose allow_sparse if it is right"
            }
            Self::Decimals => "choose the repair round_decimals, for example to 8",
            Self::Impossible => "correct the row, or choose the repair drop_impossible",
            Self::Disorder => "choose the repair sort",
            Self::Duplicate => "choose the repair drop_duplicates",
            Self::Contradiction => "delete the wrong one of the rows",
            Self::Overlap => "name the timeframe that the file has, or delete the wrong row",
        }
    }
}

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line in the file, from 1; the header counts.
    pub line: u64,
    /// The field, or `row`.
    pub field: &'static str,
    /// What was found, cut to 120 characters.
    pub value: String,
    /// The rule that it breaks.
    pub rule: Rule,
}

impl Finding {
    pub(crate) fn new(line: u64, field: &'static str, value: &str, rule: Rule) -> Self {
        let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let value = value.chars().take(VALUE_CHARS_MAX).map(clean).collect();
        Self { line, field, value, rule }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, value, rule } = self;
        write!(f, "line {line}: {field} `{value}`: {}; {}", rule.text(), rule.remedy())
    }
}

/// Findings: how many of each rule, and the first of each in full.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Findings {
    totals: BTreeMap<Rule, u64>,
    first: Vec<Finding>,
}

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        let total = self.totals.entry(finding.rule).or_default();
        *total += 1;
        if *total <= KEPT_PER_RULE_MAX as u64 {
            self.first.push(finding);
        }
    }

    pub(crate) fn sort_by_line(&mut self) {
        self.first.sort_by_key(|finding| (finding.line, finding.rule));
    }

    /// How many there are of each rule.
    #[must_use]
    pub fn totals(&self) -> &BTreeMap<Rule, u64> {
        &self.totals
    }

    /// How many there are of one rule.
    #[must_use]
    pub fn count(&self, rule: Rule) -> u64 {
        self.totals.get(&rule).copied().unwrap_or(0)
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.totals.values().sum()
    }

    /// The first [`KEPT_PER_RULE_MAX`] of each rule, by line.
    #[must_use]
    pub fn first(&self) -> &[Finding] {
        &self.first
    }

    /// True when nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (rule, count)) in self.totals.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {}", rule.code())?;
        }
        for finding in &self.first {
            write!(f, "\n{finding}")?;
        }
        let more = self.total() - self.first.len() as u64;
        if more > 0 { write!(f, "\nand {more} more") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_line_value_rule_and_remedy() {
        let finding = Finding::new(7, "close", "-1", Rule::NotPositive);
        assert_eq!(
            finding.to_string(),
            "line 7: close `-1`: a price is greater than 0; correct the row, or choose the \
             repair drop_unreadable"
        );
        let hostile = Finding::new(1, "row", &"\u{1b}[2J".repeat(100), Rule::Number);
        assert!(!hostile.value.contains('\u{1b}') && hostile.value.chars().count() == 120);
    }

    #[test]
    fn a_flood_of_one_rule_hides_no_other_and_is_counted() {
        let mut findings = Findings::default();
        for line in 0..1_000 {
            findings.push(Finding::new(line, "row", "", Rule::Null));
        }
        findings.push(Finding::new(5, "row", "", Rule::Overlap));
        findings.sort_by_line();
        assert_eq!((findings.total(), findings.count(Rule::Null)), (1_001, 1_000));
        assert_eq!(findings.first().len(), KEPT_PER_RULE_MAX + 1);
        assert!(findings.to_string().starts_with("1000 null, 1 overlap\nline 0: row"));
        assert!(findings.to_string().ends_with("and 980 more"));
    }
}
