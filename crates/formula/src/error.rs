//! What is wrong with a formula, where, and what to do.
//!
//! A diagnostic points at characters and names a remedy. This module must not know what is checked.

use std::fmt;

use serde::Serialize;

/// A part of a formula, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// From one part's beginning to another one's end.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What kind of fault it is. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// A character that has no meaning here.
    UnexpectedCharacter,
    /// A number that can't be read.
    BadNumber,
    /// A text without its end.
    UnclosedText,
    /// Something else was expected.
    UnexpectedToken,
    /// Nothing is written.
    EmptyFormula,
    /// Longer, deeper or larger than allowed.
    TooLarge,
    /// A name that nothing has.
    UnknownName,
    /// A function without its arguments, or a value with some.
    NotAFunction,
    /// Too few, too many, or doubled arguments.
    WrongArguments,
    /// A field that a function doesn't have.
    UnknownField,
    /// One type where another is needed.
    WrongType,
    /// A value from later than now.
    FutureReference,
    /// A value that must not change from bar to bar, and does.
    NotConstant,
    /// A constant outside its range.
    OutOfRange,
    /// Further back than is kept.
    LookBackTooLong,
    /// A division by the constant zero.
    DivisionByZero,
    /// History or a window over the position, which is known for now only.
    PositionHasNoHistory,
    /// A position where there is none.
    NoPosition,
    /// A series that can't be read here.
    UnknownSeries,
}

impl Code {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::UnexpectedCharacter,
        Self::BadNumber,
        Self::UnclosedText,
        Self::UnexpectedToken,
        Self::EmptyFormula,
        Self::TooLarge,
        Self::UnknownName,
        Self::NotAFunction,
        Self::WrongArguments,
        Self::UnknownField,
        Self::WrongType,
        Self::FutureReference,
        Self::NotConstant,
        Self::OutOfRange,
        Self::LookBackTooLong,
        Self::DivisionByZero,
        Self::PositionHasNoHistory,
        Self::NoPosition,
        Self::UnknownSeries,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnexpectedCharacter => "unexpected_character",
            Self::BadNumber => "bad_number",
            Self::UnclosedText => "unclosed_text",
            Self::UnexpectedToken => "unexpected_token",
            Self::EmptyFormula => "empty_formula",
            Self::TooLarge => "too_large",
            Self::UnknownName => "unknown_name",
            Self::NotAFunction => "not_a_function",
            Self::WrongArguments => "wrong_arguments",
            Self::UnknownField => "unknown_field",
            Self::WrongType => "wrong_type",
            Self::FutureReference => "future_reference",
            Self::NotConstant => "not_constant",
            Self::OutOfRange => "out_of_range",
            Self::LookBackTooLong => "look_back_too_long",
            Self::DivisionByZero => "division_by_zero",
            Self::PositionHasNoHistory => "position_has_no_history",
            Self::NoPosition => "no_position",
            Self::UnknownSeries => "unknown_series",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// A fault without a remedy so far.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, help: None }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn help(self, text: impl Into<String>) -> Self {
        Self { help: Some(text.into()), ..self }
    }

    /// The fault with the line it is in and marks below what it is about.
    #[must_use]
    pub fn pointing_at<'a>(&'a self, text: &'a str) -> Pointed<'a> {
        Pointed { diagnostic: self, text }
    }

    /// Line and column, both from 1; columns count characters.
    #[must_use]
    pub fn place(&self, text: &str) -> (usize, usize) {
        let start = floor(text, self.span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// The nearest boundary of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0)
}

/// A fault together with its formula; see [`Diagnostic::pointing_at`].
#[derive(Debug)]
pub struct Pointed<'a> {
    diagnostic: &'a Diagnostic,
    text: &'a str,
}

/// Characters of a line that are shown before and behind the fault.
const SHOWN: usize = 60;

impl fmt::Display for Pointed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.diagnostic.place(self.text);
        let whole: Vec<char> =
            self.text.lines().nth(line - 1).unwrap_or_default().chars().collect();
        let from = (column - 1).saturating_sub(SHOWN);
        let start = floor(self.text, self.diagnostic.span.start);
        let end = floor(self.text, self.diagnostic.span.end).max(start);
        let marked = self.text[start..end].lines().next().unwrap_or_default().chars().count();
        let shown: String = whole.iter().skip(from).take(2 * SHOWN).map(|c| visible(*c)).collect();
        writeln!(f, "{}", self.diagnostic.message)?;
        writeln!(f, "  {line}:{column} | {shown}")?;
        let indent = format!("  {line}:{column} | ").chars().count() + (column - 1 - from);
        let marks = marked.clamp(1, 2 * SHOWN);
        write!(f, "{}{}", " ".repeat(indent), "^".repeat(marks))?;
        match &self.diagnostic.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// The character, or a stand-in for one that can't be seen or that turns the line around.
fn visible(c: char) -> char {
    let hidden = c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}');
    if hidden { '\u{fffd}' } else { c }
}
