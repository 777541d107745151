//! A search as lines of text, so that it can be interrupted and taken up again.
//!
//! The first line names everything that the sets rest on; each further line is a set that is done.
//! Numbers are written as text, because readers of JSON may round the last digit of a number, and
//! a search that was resumed must end with the same bytes. A line of a set ends with a check over
//! the first line and itself, so that a figure that was changed by hand or by a bad disk isn't
//! taken for one that was computed. This module must not know files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Sweep,
    row::{By, FIGURES, Measured, Outcome, Refused, Row},
};
use crate::trial::fingerprint;

/// The version of the format.
const FORMAT: u32 = 3;
/// What stands before the check of a line.
const CHECK: &str = ",\"check\":\"";
/// Digits of a check: 8 bytes of SHA-256 in hex.
const CHECK_DIGITS: usize = 16;
/// Bytes of the longest line.
pub const LINE_BYTES_MAX: usize = 4_096;

/// What the sets of a log rest on. Hashes are SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub cofferdam_sweep: u32,
    /// The program's version.
    pub program: String,
    /// Of the strategy file.
    pub strategy: String,
    /// Of all bars.
    pub data: String,
    /// Of money, costs, limits, the stretch, and what is traded and when it trades.
    pub config: String,
    /// Of all sets in their order.
    pub space: String,
    /// The figure that is searched for.
    pub objective: String,
    /// How many sets there are.
    pub sets: usize,
}

/// Why a log can't be taken up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum LogError {
    /// It is no log.
    #[error("it is no log of a sweep: its first line is no header; name another file")]
    NotALog,
    /// It is of something else.
    #[error("it is a log of another sweep: {0} differ; name another file, or remove this one")]
    Other(String),
    /// A line that is no set of this search.
    #[error("line {line}: {why}; remove the line and the set will be tried again")]
    Line { line: usize, why: String },
}

impl LogError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotALog => "sweep_log_unknown",
            Self::Other(_) => "sweep_log_other",
            Self::Line { .. } => "sweep_log_line",
        }
    }
}

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// The sets that are done.
    pub rows: Vec<Row>,
    /// Bytes of whole lines; what is behind them was torn while it was written.
    pub whole: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    set: usize,
    params: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<BTreeMap<String, Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

impl Sweep {
    /// What this search rests on.
    #[must_use]
    pub fn header(&self) -> Header {
        Header {
            cofferdam_sweep: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            strategy: self.trial.strategy.hash.clone(),
            data: fingerprint::data(&self.trial),
            config: fingerprint::config(&self.trial),
            space: self.space.hash(),
            objective: self.objective.name.to_owned(),
            sets: self.space.len(),
        }
    }

    /// A set that is done, as a line.
    ///
    /// # Errors
    /// Of writing JSON, which plain data does not have.
    pub fn line(&self, row: &Row) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(&self.written(row))?;
        let check = self.check(&text)?;
        let open = text.strip_suffix('}').unwrap_or(&text);
        Ok(format!("{open}{CHECK}{check}\"}}\n"))
    }

    /// The check of a set's line, written without one.
    fn check(&self, line: &str) -> Result<String, serde_json::Error> {
        let first = match self.first.get() {
            Some(first) => first,
            None => {
                let text = self.first_line()?;
                self.first.get_or_init(|| text)
            }
        };
        let mut hash = fingerprint::of_text(&format!("{first}{line}"));
        hash.truncate(CHECK_DIGITS);
        Ok(hash)
    }

    /// A set's line without its check, when the check is right.
    fn checked(&self, line: &str) -> Result<String, String> {
        let body = line.strip_suffix("\"}").and_then(|line| line.rsplit_once(CHECK));
        let (open, check) = body.ok_or("the check at the end of the line is missing")?;
        let text = format!("{open}}}");
        let right = self.check(&text).map_err(|error| error.to_string())?;
        if right == check {
            return Ok(text);
        }
        Err("its check doesn't fit: the line was changed after it was written".to_owned())
    }

    /// The first line of a log.
    ///
    /// # Errors
    /// Of writing JSON, which plain data does not have.
    pub fn first_line(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(&self.header())?;
        text.push('\n');
        Ok(text)
    }

    fn written(&self, row: &Row) -> Line {
        let params = self.shown(row.set);
        let number = |value: f64| value.to_string();
        match &row.outcome {
            Outcome::Tried(one) => Line {
                set: row.set,
                params,
                objective: one.objective.map(number),
                figures: Some(
                    FIGURES
                        .into_iter()
                        .zip(one.figures)
                        .map(|(n, v)| (n.to_owned(), v.map(number)))
                        .collect(),
                ),
                by: Some(one.by()),
                result: one.result.clone(),
                refused: None,
            },
            Outcome::Refused(why) => Line {
                set: row.set,
                params,
                objective: None,
                figures: None,
                by: None,
                result: None,
                refused: Some(why.clone()),
            },
        }
    }

    fn shown(&self, set: usize) -> BTreeMap<String, String> {
        self.space.params(set).into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    /// Reads what an earlier search has done. A last line without its end was torn and is left out.
    ///
    /// # Errors
    /// [`LogError`] for a log of another search or a line that is none of this one.
    pub fn resume(&self, log: &[u8]) -> Result<Done, LogError> {
        let whole = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole == 0 {
            let ours = self.first_line().is_ok_and(|first| first.as_bytes().starts_with(log));
            return if ours { Ok(Done::default()) } else { Err(LogError::NotALog) };
        }
        let mut lines = log[..whole - 1].split(|byte| *byte == b'\n').enumerate();
        let first = lines.next().map(|(_, line)| line).unwrap_or_default();
        let header: Header = serde_json::from_slice(first).map_err(|_| LogError::NotALog)?;
        let other = self.header().differences(&header);
        if !other.is_empty() {
            return Err(LogError::Other(other.join(", ")));
        }
        let mut seen = vec![false; self.space.len()];
        let mut rows = Vec::new();
        for (number, line) in lines {
            let wrong = |why: String| LogError::Line { line: number + 1, why };
            let text = std::str::from_utf8(line).map_err(|error| wrong(error.to_string()))?;
            let row = self.row(text).map_err(wrong)?;
            if !std::mem::replace(&mut seen[row.set], true) {
                rows.push(row);
            }
        }
        Ok(Done { rows, whole })
    }

    fn row(&self, line: &str) -> Result<Row, String> {
        let text = self.checked(line)?;
        let line: Line = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let set = line.set;
        if set >= self.space.len() || self.shown(set) != line.params {
            return Err(format!("set {set} has other parameters in this sweep"));
        }
        let number = |text: &String| {
            text.parse::<f64>()
                .ok()
                .filter(|v| v.is_finite())
                .ok_or(format!("`{text}` is no number"))
        };
        if let Some(refused) = line.refused {
            return Ok(Row { set, outcome: Outcome::Refused(refused) });
        }
        let (Some(known), Some(by)) = (line.figures, line.by) else {
            return Err("it has neither figures nor a reason".to_owned());
        };
        let result = line.result;
        if (by == By::Engine) != result.is_some() {
            return Err("what the engine tried, and nothing else, has a result".to_owned());
        }
        let mut figures = [None; FIGURES.len()];
        for (value, name) in figures.iter_mut().zip(FIGURES) {
            let found = known.get(name).ok_or(format!("figure {name} is missing"))?;
            *value = found.as_ref().map(number).transpose()?;
        }
        let objective = line.objective.as_ref().map(number).transpose()?;
        let measured = Measured { objective, figures, result };
        Ok(Row { set, outcome: Outcome::Tried(Box::new(measured)) })
    }
}

impl Header {
    /// What differs, in words.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let (a, b) = (self, other);
        [
            (a.cofferdam_sweep == b.cofferdam_sweep, "the format"),
            (a.program == b.program, "the program's version"),
            (a.strategy == b.strategy, "the strategy file"),
            (a.data == b.data, "the bars"),
            (
                a.config == b.config,
                "money, costs, limits, the stretch, or what is traded and when it trades",
            ),
            (a.space == b.space && a.sets == b.sets, "the sets to try"),
            (a.objective == b.objective, "the objective"),
        ]
        .into_iter()
        .filter_map(|(same, what)| (!same).then_some(what))
        .collect()
    }
}
