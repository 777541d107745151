//! One row of a CSV file as a bar, or the finding that says why not.
//!
//! This module must not know other rows: order and duplicates are judged in `order`.

use domain::{Bar, NumError, Price, Qty, num::SCALE_MAX};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    calendar::SessionCalendar,
    extent::{Extents, close_agrees},
    findings::{Finding, Rule},
    layout::Columns,
    lines::Fields,
    moment,
};

/// Numbers with more characters than this are damage.
const NUMBER_CHARS_MAX: usize = 40;

/// A bar and the line it stands on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) bar: Bar,
}

/// Reads rows of one layout.
pub(crate) struct RowReader<'a> {
    columns: Columns,
    extents: Extents<'a>,
    round_decimals: Option<u32>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(
        columns: Columns,
        timeframe: domain::Timeframe,
        calendar: &'a dyn SessionCalendar,
        round_decimals: Option<u32>,
    ) -> Self {
        let round_decimals = round_decimals.map(|decimals| decimals.min(SCALE_MAX));
        Self { columns, extents: Extents::new(timeframe, calendar), round_decimals }
    }

    /// Reads a row. The second value is a finding that rounding has repaired.
    pub(crate) fn read(
        &mut self,
        line: u64,
        bytes: &[u8],
    ) -> Result<(Row, Option<Finding>), Finding> {
        let lossy = || String::from_utf8_lossy(bytes);
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Finding::new(line, "row", &lossy(), Rule::Encoding))?;
        let fields = Fields::split(text)
            .filter(|fields| fields.all().len() == self.columns.count)
            .ok_or_else(|| Finding::new(line, "row", text, Rule::Columns))?;
        let moment = self.read_time(line, &fields)?;
        let mut numbers =
            Numbers { line, fields: &fields, decimals: self.round_decimals, rounded: None };
        let [open, high, low, close] = self.columns.prices;
        let prices = (
            numbers.price("open", open)?,
            numbers.price("high", high)?,
            numbers.price("low", low)?,
            numbers.price("close", close)?,
        );
        let volume = self.columns.volume.map_or(Ok(Qty::ZERO), |n| numbers.volume(n))?;
        let rounded = numbers.rounded;
        let (open, high, low, close) = prices;
        let (open_at, close_at) = moment;
        let bar = Bar { open_at, close_at, open, high, low, close, volume };
        if let Some(why) = bar.impossible() {
            let value = format!("{why}: open {open}, high {high}, low {low}, close {close}");
            return Err(Finding::new(line, "row", &value, Rule::Impossible));
        }
        Ok((Row { line, bar }, rounded))
    }

    fn read_time(
        &mut self,
        line: u64,
        fields: &Fields<'_>,
    ) -> Result<(domain::Timestamp, domain::Timestamp), Finding> {
        let text = fields.get(self.columns.time);
        let finding = |rule| Finding::new(line, "time", text, rule);
        if is_null(text) {
            return Err(finding(Rule::Null));
        }
        let moment = moment::parse(text).ok_or_else(|| finding(Rule::Time))?;
        let (open_at, close_at) = self.extents.of(&moment).map_err(finding)?;
        if let Some(index) = self.columns.close_time {
            let written = fields.get(index);
            let finding = |rule| Finding::new(line, "close_time", written, rule);
            let moment = moment::parse(written).ok_or_else(|| finding(Rule::Time))?;
            if !close_agrees(moment.at, close_at) {
                return Err(finding(Rule::CloseTime));
            }
        }
        Ok((open_at, close_at))
    }
}

fn is_null(text: &str) -> bool {
    text.is_empty()
        || ["null", "nan", "none", "na", "n/a"].iter().any(|n| text.eq_ignore_ascii_case(n))
}

/// The numbers of one row.
struct Numbers<'f> {
    line: u64,
    fields: &'f Fields<'f>,
    decimals: Option<u32>,
    rounded: Option<Finding>,
}

impl Numbers<'_> {
    fn price(&mut self, field: &'static str, index: usize) -> Result<Price, Finding> {
        let text = self.fields.get(index);
        let exact = text.parse::<Price>();
        match (exact, self.decimals) {
            (Ok(price), None) => Ok(price),
            (Ok(price), Some(decimals)) if price.get().scale() <= decimals => Ok(price),
            (_, Some(decimals)) => {
                let value = self.round(field, text, decimals)?;
                Price::new(value).map_err(|_| self.finding(field, text, rule_of(value)))
            }
            (Err(error), None) => Err(self.finding(field, text, diagnose(text, &error))),
        }
    }

    fn volume(&mut self, index: usize) -> Result<Qty, Finding> {
        let text = self.fields.get(index);
        match (text.parse::<Qty>(), self.decimals) {
            (Ok(qty), _) => Ok(qty),
            (Err(_), Some(decimals)) => {
                let value = self.round("volume", text, decimals)?;
                Qty::new(value).map_err(|_| self.finding("volume", text, Rule::Range))
            }
            (Err(error), None) => {
                let rule = match diagnose(text, &error) {
                    Rule::NotPositive => Rule::Range,
                    rule => rule,
                };
                Err(self.finding("volume", text, rule))
            }
        }
    }

    /// Rounds half to even. What isn't a number at all stays a finding.
    fn round(
        &mut self,
        field: &'static str,
        text: &str,
        decimals: u32,
    ) -> Result<Decimal, Finding> {
        let value = plain_decimal(text).ok_or_else(|| {
            self.finding(field, text, if is_null(text) { Rule::Null } else { Rule::Number })
        })?;
        let rounded = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
        if rounded != value && self.rounded.is_none() {
            self.rounded = Some(self.finding(field, text, Rule::Decimals));
        }
        Ok(rounded)
    }

    fn finding(&self, field: &'static str, text: &str, rule: Rule) -> Finding {
        Finding::new(self.line, field, text, rule)
    }
}

/// A plain decimal of any length that fits 28 digits before the point.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let plain = text.len() <= NUMBER_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    if plain { text.parse().ok() } else { None }
}

fn rule_of(value: Decimal) -> Rule {
    if value <= Decimal::ZERO { Rule::NotPositive } else { Rule::Range }
}

fn diagnose(text: &str, error: &NumError) -> Rule {
    if is_null(text) {
        return Rule::Null;
    }
    match plain_decimal(text) {
        None => Rule::Number,
        Some(value) if value <= Decimal::ZERO => Rule::NotPositive,
        Some(value) if value.scale() > SCALE_MAX => Rule::Decimals,
        Some(_) if matches!(error, NumError::Syntax { .. }) => Rule::Number,
        Some(_) => Rule::Range,
    }
}

#[cfg(test)]
mod tests {
    use domain::Timeframe;

    use super::*;
    use crate::{calendar::AlwaysOpen, layout::recognise};

    fn read(
        header: &str,
        row: &str,
        round: Option<u32>,
    ) -> Result<(Row, Option<Finding>), Finding> {
        let columns = recognise(&Fields::split(header).unwrap()).unwrap();
        RowReader::new(columns, Timeframe::Minutes(1), &AlwaysOpen, round).read(2, row.as_bytes())
    }

    fn outcome(row: &str) -> String {
        let header = "time,open,high,low,close,volume";
        match read(header, row, None) {
            Ok((row, _)) => format!("ok {} {}", row.bar.close, row.bar.volume),
            Err(finding) => format!("{} {}", finding.field, finding.rule.code()),
        }
    }

    #[test]
    fn every_way_to_be_wrong_has_its_rule() {
        let time = "2024-01-02 09:30";
        for (rest, expected) in [
            ("10,12,9,11.50,100.25", "ok 11.5 100.25"),
            ("10,12,9,11", "row columns"),
            ("10,12,9,11,1,1", "row columns"),
            ("10,null,9,11,100", "high null"),
            ("10,12,,11,100", "low null"),
            ("10,12,9,eleven,100", "close number"),
            ("10,12,9,1e1,100", "close number"),
            ("0,12,9,11,100", "open not_positive"),
            ("10,12,-9,11,100", "low not_positive"),
            ("10,12,9,11,-1", "volume range"),
            ("10,2000000000000000,9,11,1", "high range"),
            ("10,12,9,11.00000000000001,1", "close decimals"),
            ("10,12,9,11.0000000000000000000000000000001,1", "close decimals"),
            ("10,8,9,11,1", "row impossible"),
        ] {
            assert_eq!(outcome(&format!("{time},{rest}")), expected, "{rest}");
        }
        assert_eq!(outcome("yesterday,1,1,1,1,1"), "time time");
        assert_eq!(outcome("2024-01-02,1,1,1,1,1"), "time time_of_day");
    }

    #[test]
    fn rounding_happens_only_when_chosen_and_is_told() {
        let header = "time,open,high,low,close,volume";
        let row = "2024-01-02 09:30,10,12,9,11.10000000000000142,0.30000000000000004";
        assert_eq!(read(header, row, None).unwrap_err().rule, Rule::Decimals);
        let (row, told) = read(header, row, Some(4)).unwrap();
        assert_eq!(
            (row.bar.close.to_string(), row.bar.volume.to_string()),
            ("11.1".into(), "0.3".into())
        );
        assert_eq!(told.unwrap().field, "close");
        let nothing = "2024-01-02 09:30,10,12,0.00001,11,1";
        assert_eq!(read(header, nothing, Some(2)).unwrap_err().rule, Rule::NotPositive);
    }

    #[test]
    fn the_close_time_of_a_kline_betrays_a_wrong_timeframe() {
        let row = "1704067200000,1,2,0.5,1.5,10,1704067259999,1,1,1,1,0";
        assert!(read(row, row, None).is_ok());
        let micros = "1735689600000000,1,2,0.5,1.5,10,1735689659999999,1,1,1,1,0";
        assert!(read(micros, micros, None).is_ok());
        let hour = "1704067200000,1,2,0.5,1.5,10,1704070799999,1,1,1,1,0";
        assert_eq!(read(hour, hour, None).unwrap_err().rule, Rule::CloseTime);
    }
}
