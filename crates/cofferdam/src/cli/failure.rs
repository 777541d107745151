//! Why a command was not done, in words that say what to do.
//!
//! A refusal by the gate is an answer and no failure; it is printed by [`super::refusal`]. This
//! module must not print, and never carries a secret.

use std::fmt;

use serde_json::{Value, json};

use super::{
    output::{at, clean, clean_lines, field, items},
    refusal,
};

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    code: String,
    message: String,
    /// The desk's own answer, when it gave one.
    problem: Option<Value>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usage,
    Failed,
    /// Nothing answers at the desk's address, so nothing was done.
    Down,
}

impl Failure {
    /// Something went wrong.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { code, message, problem: None, kind: Kind::Failed }
    }

    /// The command can't be understood.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, ..Self::new("usage", message) }
    }

    /// No desk answers.
    pub(crate) fn down(message: impl Into<String>) -> Self {
        Self { kind: Kind::Down, ..Self::new("desk_down", message) }
    }

    /// A file could not be read or written.
    pub(crate) fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new("file", format!("can't {what} {}: {error}", path.display()))
    }

    /// The desk's problem document.
    pub(crate) fn problem(status: u16, body: Value) -> Self {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let code = text("code").unwrap_or_else(|| format!("http_{status}"));
        let message = text("detail")
            .or_else(|| text("title"))
            .unwrap_or_else(|| format!("the desk answered with status {status}"));
        Self { code, message, problem: Some(body), kind: Kind::Failed }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// True for a command that can't be understood.
    pub(crate) fn is_usage(&self) -> bool {
        self.kind == Kind::Usage
    }

    /// True when no desk answered.
    pub(crate) fn is_down(&self) -> bool {
        self.kind == Kind::Down
    }

    /// The fields at fault, by the desk's word.
    fn errors(&self) -> &[Value] {
        self.problem.as_ref().and_then(|p| at(p, "errors")).map(items).unwrap_or_default()
    }

    /// As a problem document; the desk's own is unchanged.
    pub(crate) fn to_json(&self) -> Value {
        self.problem.clone().unwrap_or_else(|| json!({ "code": self.code, "detail": self.message }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusals = self.problem.as_ref().map(refusal::all_of).unwrap_or_default();
        if refusals.is_empty() {
            let own = self.problem.is_none();
            let message = if own { clean_lines(&self.message) } else { clean(&self.message) };
            write!(f, "error: {message}")?;
            if !self.is_usage() {
                write!(f, " [{}]", clean(&self.code))?;
            }
            for error in self.errors() {
                let part = |name| clean(&field(error, name));
                write!(f, "\n  {} `{}`: {}", part("field"), part("value"), part("rule"))?;
            }
            let remedy =
                self.problem.as_ref().and_then(|p| p.get("remedy")).and_then(Value::as_str);
            return remedy.map_or(Ok(()), |remedy| write!(f, "\n  remedy   {}", clean(remedy)));
        }
        f.write_str(refusal::render(&refusals).trim_end())
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.code(), error.to_string())
            }
        })*
    };
}

failure_from!(
    store::StoreError,
    ::bars::StoreError,
    ::bars::ImportError,
    ::bars::SyntheticError,
    desk::DeskError
);

impl From<path::journal::ReadError> for Failure {
    fn from(error: path::journal::ReadError) -> Self {
        Self::new("journal_unreadable", error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::new("json", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_the_desk_is_told_with_code_and_remedy_and_kept_unchanged() {
        let body = json!({ "code": "account_unknown", "detail": "no\u{1b}[2J account", "x": 1,
                           "remedy": "list the accounts" });
        let failure = Failure::problem(404, body.clone());
        assert_eq!(
            failure.to_string(),
            "error: no\u{fffd}[2J account [account_unknown]\n  remedy   list the accounts"
        );
        assert_eq!(failure.to_json(), body);
        assert_eq!(Failure::problem(502, Value::Null).code(), "http_502");
    }
}
