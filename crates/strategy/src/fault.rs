//! What is wrong with a strategy file, where, and what to do.
//!
//! All faults are told at once, each with its line and column. This module must not know rules.

use std::{fmt, ops::Range};

use formula::Diagnostic;
use serde::Serialize;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its stable name; those of formulas are [`formula::Code`]'s.
    pub code: &'static str,
    /// The key in the file, such as `exit.stop`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// How many characters it is about.
    pub length: usize,
}

/// All that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            let gap = if n == 0 { "" } else { "\n" };
            let key = if fault.key.is_empty() { String::new() } else { format!("{}: ", fault.key) };
            write!(f, "{gap}{}:{} {key}{}", fault.line, fault.column, fault.message)?;
            if let Some(help) = &fault.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

/// Collects faults with their places in a text.
#[derive(Debug)]
pub(crate) struct Findings<'t> {
    text: &'t str,
    pub(crate) found: Vec<Fault>,
}

impl<'t> Findings<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Adds a fault about these bytes.
    pub(crate) fn add(
        &mut self,
        code: &'static str,
        key: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (line, column) = self.place(span.start);
        let length = self.text.get(span).map_or(1, |t| t.chars().count()).max(1);
        let help: String = help.into();
        self.found.push(Fault {
            code,
            key: key.to_owned(),
            message: message.into(),
            help: (!help.is_empty()).then_some(help),
            line,
            column,
            length,
        });
    }

    /// Adds the fault of a formula that stands in these bytes, quotes included.
    pub(crate) fn formula(&mut self, key: &str, span: Range<usize>, error: &Diagnostic) {
        let source = self.text.get(span.clone()).unwrap_or_default();
        let quotes = ["\"\"\"", "'''", "\"", "'"].iter().find(|q| source.starts_with(**q));
        let inside = quotes.map_or(0, |q| q.len());
        // TOML drops a line break right behind three quotes.
        let inside = inside + usize::from(inside == 3 && source[3..].starts_with('\n'));
        // Escapes would shift the place; formulas need none, so it is right for all but odd ones.
        let start = (span.start + inside + error.span.start).min(self.text.len());
        let end = (span.start + inside + error.span.end).min(self.text.len());
        let whole = !self.text.is_char_boundary(start) || !self.text.is_char_boundary(end);
        let place = if whole { span } else { start..end };
        let help = error.help.clone().unwrap_or_default();
        self.add(error.code.name(), key, place, error.message.clone(), help);
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let at = (0..=at.min(self.text.len())).rev().find(|n| self.text.is_char_boundary(*n));
        let before = &self.text[..at.unwrap_or(0)];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
