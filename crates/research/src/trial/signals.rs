//! What the rules of a trial said at every close: their values and their wishes.
//!
//! It exists so that two runs can be compared rule by rule. It must not judge what it hears.

use backtest::{
    Backtest, Collected,
    trader::{Trader, View, Wish},
};
use domain::Timestamp;
use strategy::Part;

use super::{Trial, TrialError, scaled::Scaled, setup};

/// What was said at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// When bars closed.
    pub at: Timestamp,
    /// The rules' values, in the order of [`rule_names`]; NaN is undefined.
    pub values: Vec<f64>,
    /// What was wished, in words.
    pub wishes: Vec<String>,
}

struct Recorder {
    rules: Scaled,
    from: Option<Timestamp>,
    said: Vec<Signal>,
}

impl Trader for Recorder {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let before = wishes.len();
        self.rules.on_close(view, wishes);
        if self.from.is_some_and(|from| view.at() < from) {
            wishes.truncate(before);
            return;
        }
        let wishes = wishes.iter().skip(before).map(|wish| format!("{wish:?}")).collect();
        self.said.push(Signal { at: view.at(), values: self.rules.rules().values(view), wishes });
    }
}

fn rules(trial: &Trial) -> Vec<Part> {
    trial.strategy.rules.keys().copied().collect()
}

/// The names of the values of a [`Signal`]: each rule, with its symbol where there are several.
#[must_use]
pub fn rule_names(trial: &Trial) -> Vec<String> {
    let symbols = &trial.strategy.symbols;
    let name = |symbol: &String, part: Part| match symbols.len() {
        1 => part.key().to_owned(),
        _ => format!("{} of {symbol}", part.key()),
    };
    let named =
        symbols.iter().flat_map(|s| rules(trial).into_iter().map(move |part| name(s, part)));
    named.collect()
}

/// What the rules say over a trial's history, from where it is traded.
///
/// # Errors
/// As [`super::run`].
pub fn signals(trial: &Trial) -> Result<Vec<Signal>, TrialError> {
    let compiled = trial.compiled()?;
    let rules = Scaled::new(trial, compiled)?;
    let mut recorder = Recorder { rules, from: trial.from, said: Vec::new() };
    Backtest::new(setup::setup(trial)?)?.run(&mut recorder, &mut Collected::default())?;
    recorder.rules.check()?;
    Ok(recorder.said)
}
