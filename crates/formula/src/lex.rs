//! From text to words.
//!
//! Only plain ASCII has a meaning, so that nothing can look like what it isn't. This module must
//! not know grammar.

use domain::Timeframe;

use crate::error::{Code, Diagnostic, Span};

/// The longest formula, in bytes.
pub const TEXT_MAX: usize = 8_192;
/// The longest name, in bytes.
const NAME_MAX: usize = 64;

/// One word.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Token {
    Number(f64),
    Duration(Timeframe),
    Text(String),
    Name(String),
    /// `+ - * / ^ < <= > >= == != ( ) [ ] , . =`
    Sign(&'static str),
    End,
}

impl Token {
    /// As a message calls it.
    #[must_use]
    pub(crate) fn called(&self) -> String {
        match self {
            Self::Number(n) => format!("the number {n}"),
            Self::Duration(d) => format!("the duration {d}"),
            Self::Text(_) => "a text in quotes".to_owned(),
            Self::Name(name) => format!("`{name}`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the formula".to_owned(),
        }
    }
}

/// A word with its place.
pub(crate) type Spanned = (Token, Span);

/// Longer signs come before their beginnings.
const SIGNS: [&str; 17] =
    ["<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "<", ">", "(", ")", "[", "]", ",", "."];

/// The words of a formula; the last one is [`Token::End`].
///
/// # Errors
/// [`Diagnostic`] for a character without a meaning, a number that can't be read, a text without
/// its end, or a text that is too long.
pub(crate) fn lex(text: &str) -> Result<Vec<Spanned>, Diagnostic> {
    if text.len() > TEXT_MAX {
        let message = format!("The formula has {} bytes; {TEXT_MAX} are allowed.", text.len());
        let span = Span { start: 0, end: text.len() };
        let error = Diagnostic::new(Code::TooLarge, span, message);
        return Err(error.help("Split it into several rules."));
    }
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            at += 1;
        } else if c == '#' {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
        } else {
            let (token, length) = word(text, at, c)?;
            words.push((token, Span { start: at, end: at + length }));
            at += length;
        }
    }
    words.push((Token::End, Span { start: text.len(), end: text.len() }));
    Ok(words)
}

fn word(text: &str, at: usize, c: char) -> Result<(Token, usize), Diagnostic> {
    let rest = &text[at..];
    let digit_follows = rest[c.len_utf8()..].starts_with(|d: char| d.is_ascii_digit());
    if c.is_ascii_digit() || (c == '.' && digit_follows) {
        return number(rest, at);
    }
    if c.is_ascii_alphabetic() || c == '_' {
        return name(rest, at);
    }
    if c == '"' || c == '\'' {
        return quoted(rest, at, c);
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    if c == '=' {
        return Ok((Token::Sign("="), 1));
    }
    Err(stray(c, rest, at))
}

fn name(rest: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let length = end.unwrap_or(rest.len());
    if length > NAME_MAX {
        let span = Span { start: at, end: at + length };
        let message = format!("This name has {length} characters; {NAME_MAX} are allowed.");
        return Err(Diagnostic::new(Code::TooLarge, span, message));
    }
    Ok((Token::Name(rest[..length].to_owned()), length))
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Diagnostic> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    if rest[length..].starts_with('.')
        && rest[length + 1..].starts_with(|c: char| c.is_ascii_digit())
    {
        length += 1 + digits(&rest[length + 1..]);
    }
    length += exponent(&rest[length..]);
    let tail = rest[length..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let whole = length + tail.count();
    let span = Span { start: at, end: at + whole };
    if whole > length {
        return duration(&rest[..whole], span).map(|token| (token, whole));
    }
    match rest[..length].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), length)),
        _ => Err(Diagnostic::new(Code::BadNumber, span, "This number is too large.")
            .help("Numbers reach to about 1.8e308.")),
    }
}

/// How many bytes an exponent takes, if there is one.
fn exponent(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix(['e', 'E']) else { return 0 };
    let sign = usize::from(after.starts_with(['+', '-']));
    let digits = after[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { 0 } else { 1 + sign + digits }
}

fn duration(text: &str, span: Span) -> Result<Token, Diagnostic> {
    text.parse::<Timeframe>().map(Token::Duration).map_err(|_| {
        let text: String = text.chars().take(24).collect();
        let message = format!("`{text}` is neither a number nor a duration.");
        Diagnostic::new(Code::BadNumber, span, message)
            .help("Numbers look like 20, 0.5 or 1e-3; durations like 30s, 15m, 4h, 1d or 1w.")
    })
}

fn quoted(rest: &str, at: usize, quote: char) -> Result<(Token, usize), Diagnostic> {
    let inside = &rest[1..];
    let end = inside.find([quote, '\n']);
    match end {
        Some(end) if inside[end..].starts_with(quote) => {
            Ok((Token::Text(inside[..end].to_owned()), end + 2))
        }
        _ => {
            let span = Span { start: at, end: at + 1 + end.unwrap_or(inside.len()) };
            let error = Diagnostic::new(Code::UnclosedText, span, "This text has no end.");
            Err(error.help(format!("Close it with {quote} on the same line.")))
        }
    }
}

/// Signs that people type or paste for others.
const MEANT: [(&str, &str); 22] = [
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("!", "not"),
    ("≥", ">="),
    ("≤", "<="),
    ("≠", "!="),
    ("−", "-"),
    ("–", "-"),
    ("—", "-"),
    ("×", "*"),
    ("·", "*"),
    ("÷", "/"),
    ("“", "\""),
    ("”", "\""),
    ("’", "'"),
    ("，", ","),
    ("（", "("),
    ("）", ")"),
    ("²", "^2"),
    (":", "="),
];

fn stray(c: char, rest: &str, at: usize) -> Diagnostic {
    let meant = MEANT.iter().find(|(typed, _)| rest.starts_with(typed));
    let length = meant.map_or(c.len_utf8(), |(typed, _)| typed.len());
    let span = Span { start: at, end: at + length };
    let code = Code::UnexpectedCharacter;
    if let Some((typed, instead)) = meant {
        let message = format!("`{typed}` has no meaning here.");
        return Diagnostic::new(code, span, message).help(format!("Write `{instead}`."));
    }
    if c == '%' {
        return Diagnostic::new(code, span, "`%` has no meaning here.")
            .help("Write 2 % as 0.02, and the rest of a division as mod(a, b).");
    }
    let point = u32::from(c);
    if c.is_ascii() && !c.is_ascii_control() {
        return Diagnostic::new(code, span, format!("`{c}` has no meaning here."))
            .help("Formulas are made of names, numbers, + - * / ^ < > = ( ) [ ] , and words.");
    }
    if c.is_whitespace() {
        let message = format!("This blank is U+{point:04X}, not a plain one.");
        return Diagnostic::new(code, span, message).help("Replace it by a plain space.");
    }
    let seen = if c.is_alphanumeric() {
        format!("`{c}` (U+{point:04X})")
    } else {
        format!("U+{point:04X}")
    };
    let message = format!("The character {seen} is not allowed: only plain ASCII is.");
    Diagnostic::new(code, span, message)
        .help("It may look like another one or be invisible; delete it and type it anew.")
}
