//! What people see: aligned tables, money with its currency, times in UTC, clean text.
//!
//! Text from outside is stripped of control characters, so that nothing that a venue or a file
//! says can move the cursor of a terminal. Numbers are cut as text and never pass through a
//! float. This module must not know what is shown.

use std::fmt::Write as _;

use domain::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;

/// What a command prints on standard output, either words or JSON.
#[derive(Debug)]
pub(crate) struct Out {
    json: bool,
    text: String,
}

impl Out {
    /// Nothing yet.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, text: String::new() }
    }

    /// A line for people; nothing when JSON is asked for.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        if !self.json && !line.as_ref().is_empty() {
            self.text.push_str(line.as_ref().trim_end());
            self.text.push('\n');
        }
    }

    /// A table for people, or the sentence that says what to do when it has no rows.
    pub(crate) fn table(&mut self, table: &Table, empty: &str) {
        if table.rows.is_empty() {
            self.line(empty);
        } else if !self.json {
            self.text.push_str(&table.render());
        }
    }

    /// The whole answer for programs; nothing when words are asked for.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        if self.json {
            self.text.push_str(&serde_json::to_string_pretty(value)?);
            self.text.push('\n');
        }
        Ok(())
    }

    /// Text that is the answer in both forms.
    pub(crate) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// An empty line for people.
    pub(crate) fn raw_line(&mut self) {
        if !self.json {
            self.text.push('\n');
        }
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A table whose columns are as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    /// Names; a leading `>` aligns the column to the right.
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns. A name with a leading `>` aligns to the right, for numbers.
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    /// The table as lines.
    pub(crate) fn render(&self) -> String {
        let names: Vec<String> =
            self.columns.iter().map(|c| c.trim_start_matches('>').to_uppercase()).collect();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(names.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut out = String::new();
        for row in std::iter::once(&names).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, width), name) in row.iter().zip(&widths).zip(&self.columns) {
                let _ = if name.starts_with('>') {
                    write!(line, "{cell:>width$}  ")
                } else {
                    write!(line, "{cell:<width$}  ")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Pairs of name and value, one a line, aligned.
pub(crate) fn pairs(rows: &[(&str, String)]) -> String {
    let shown: Vec<_> = rows.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in shown {
        let _ = writeln!(out, "{name:<width$}  {}", clean(value));
    }
    out
}

/// Text without control characters.
pub(crate) fn clean(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Text that may have lines, without other control characters.
pub(crate) fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// An exact number with thousands apart and at least `decimals` decimals.
pub(crate) fn grouped(number: &str, decimals: usize) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return clean(number);
    }
    let mut out = String::from(sign);
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if decimals > 0 || !fraction.is_empty() {
        let _ = write!(out, ".{fraction:0<decimals$}");
    }
    out
}

/// An amount with its currency, `100,000.00 USD`; empty for none.
pub(crate) fn amount(value: Option<&Value>, currency: &str) -> String {
    match value.map(plain).filter(|text| !text.is_empty()) {
        Some(amount) => {
            format!("{} {}", grouped(&amount, 2), clean(currency)).trim_end().to_owned()
        }
        None => String::new(),
    }
}

/// A time to the second, in UTC.
pub(crate) fn time(value: Option<&Value>) -> String {
    match value.and_then(Value::as_str) {
        Some(text) => text.parse::<Timestamp>().map_or_else(|_| clean(text), instant),
        None => String::new(),
    }
}

/// A time to the second, in UTC.
pub(crate) fn instant(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A value as words: text as it is, nothing for null, JSON for the rest.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value at a path such as `spec.name`, as words.
pub(crate) fn field(value: &Value, path: &str) -> String {
    at(value, path).map(plain).unwrap_or_default()
}

/// The value at a path such as `spec.name`.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key)).filter(|v| !v.is_null())
}

/// The elements of a list, whether it stands alone or in a page under the name of what it lists.
pub(crate) fn items(value: &Value) -> &[Value] {
    const NAMES: [&str; 8] =
        ["accounts", "books", "orders", "positions", "approvals", "armed", "closes", "instruments"];
    let named = || NAMES.iter().find_map(|name| value.get(name).and_then(Value::as_array));
    value.as_array().or_else(named).map_or(&[], Vec::as_slice)
}

/// Amounts by currency, `{"USD": "5"}`, as `5.00 USD`.
pub(crate) fn balances(value: Option<&Value>) -> String {
    let parts = value.and_then(Value::as_object).into_iter().flatten();
    parts.map(|(currency, sum)| amount(Some(sum), currency)).collect::<Vec<_>>().join(", ")
}

/// One line for each account that could not be asked.
pub(crate) fn silent(answer: &Value) -> String {
    let silent = at(answer, "unavailable").map(items).unwrap_or_default();
    let line = |one: &Value| {
        let (account, detail) = (field(one, "account"), field(one, "detail"));
        format!("NOT SHOWN: account {}: {}\n", clean(&account), clean(&detail))
    };
    silent.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_align_to_the_right_and_hostile_text_is_disarmed() {
        let mut table = Table::new(&["symbol", ">qty"]);
        table.row(["sim:IBM".to_owned(), "1,000".to_owned()]);
        table.row(["\u{1b}[2Jé".to_owned(), "5".to_owned()]);
        assert_eq!(table.render(), "SYMBOL     QTY\nsim:IBM  1,000\n\u{fffd}[2Jé        5\n");
    }

    #[test]
    fn money_is_grouped_without_passing_through_a_float() {
        for (number, decimals, shown) in [
            ("1234567.8", 2, "1,234,567.80"),
            ("-100", 2, "-100.00"),
            ("999", 0, "999"),
            ("0.000000000001", 2, "0.000000000001"),
            ("12345678901234567890.123456", 2, "12,345,678,901,234,567,890.123456"),
            ("ten", 2, "ten"),
            ("", 2, ""),
        ] {
            assert_eq!(grouped(number, decimals), shown);
        }
        assert_eq!(amount(Some(&json!("5")), "USD"), "5.00 USD");
        assert_eq!(amount(None, "USD"), "");
        assert_eq!(balances(Some(&json!({"EUR": "1", "USD": "-2.5"}))), "1.00 EUR, -2.50 USD");
    }

    #[test]
    fn times_are_shown_in_utc_to_the_second() {
        assert_eq!(time(Some(&json!("2024-01-02T15:30:00.5+01:00"))), "2024-01-02 14:30:00Z");
        assert_eq!(time(Some(&json!("soon"))), "soon");
        assert_eq!(time(None), "");
    }

    #[test]
    fn json_and_words_exclude_each_other() {
        let mut out = Out::new(true);
        out.line("words");
        out.json(&json!({"b": 1})).unwrap();
        assert_eq!(out.text(), "{\n  \"b\": 1\n}\n");
        let mut out = Out::new(false);
        out.json(&json!(1)).unwrap();
        out.table(&Table::new(&["a"]), "nothing yet");
        assert_eq!(out.text(), "nothing yet\n");
    }
}
