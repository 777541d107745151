//! Strategies, their faults and the language of their formulas, as people and programs see them.
//!
//! It must not know where strategies are kept.

use formula::docs::{Entry, Name};
use serde::Serialize;
use strategy::{Faults, Strategy};
use utoipa::ToSchema;

use crate::{ports::StoredStrategy, problem::FaultView};

/// What is wrong with a text, fault by fault.
pub(crate) fn faults(faults: &Faults) -> Vec<FaultView> {
    faults.0.iter().map(FaultView::from).collect()
}

/// A strategy without its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StrategyView {
    /// Never changes.
    id: String,
    /// Its name.
    #[schema(example = "Golden cross")]
    name: String,
    /// What it is about.
    description: String,
    /// What it trades.
    symbols: Vec<String>,
    /// The bars on whose closes it decides.
    #[schema(example = "1d")]
    timeframe: String,
    /// From 1; each change adds one.
    revision: u64,
    /// SHA-256 of its text, in hex.
    hash: String,
    /// When it was last changed.
    changed_at: String,
    /// Who changed it last.
    changed_by: String,
    /// Whose it is: a person by name, `key:` and a name for a key of the machine, or `operator`.
    #[schema(example = "alice")]
    owner: String,
}

impl From<StoredStrategy> for StrategyView {
    fn from(stored: StoredStrategy) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            description: stored.description,
            symbols: stored.symbols,
            timeframe: stored.timeframe,
            revision: stored.revision,
            hash: stored.hash,
            changed_at: stored.changed_at.to_string(),
            changed_by: stored.changed_by,
            owner: stored.owner,
        }
    }
}

/// Strategies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StrategyList {
    /// The last changed first.
    pub(crate) items: Vec<StrategyView>,
    /// Always null: a list has all of them.
    pub(crate) next: Option<String>,
}

/// A constant of a strategy's formulas.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ParamView {
    /// Its name.
    #[schema(example = "fast")]
    name: String,
    /// Its value when nobody chooses another.
    default: f64,
    /// The least.
    min: f64,
    /// The most.
    max: f64,
    /// The distance between two values of a search.
    step: f64,
}

/// A rule of a strategy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RuleView {
    /// Its key in the file.
    #[schema(example = "entry.long")]
    key: &'static str,
    /// The formula as it was written.
    #[schema(example = "crosses_above(sma(close, fast), sma(close, slow))")]
    formula: String,
}

fn params(strategy: &Strategy) -> Vec<ParamView> {
    let view = |(name, spec): (&String, &strategy::ParamSpec)| ParamView {
        name: name.clone(),
        default: spec.default,
        min: spec.min,
        max: spec.max,
        step: spec.step,
    };
    strategy.params.iter().map(view).collect()
}

fn rules(strategy: &Strategy) -> Vec<RuleView> {
    let rules = strategy.rules.iter();
    rules.map(|(part, rule)| RuleView { key: part.key(), formula: rule.text.clone() }).collect()
}

/// A strategy with its text and what was read from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StrategyDetail {
    #[serde(flatten)]
    strategy: StrategyView,
    /// Its text.
    source: String,
    /// Its constants.
    params: Vec<ParamView>,
    /// Its rules.
    rules: Vec<RuleView>,
    /// Empty, unless this program refuses what an older one took; then params and rules are empty.
    faults: Vec<FaultView>,
}

impl StrategyDetail {
    pub(crate) fn new(stored: StoredStrategy, source: String) -> Self {
        let read = strategy::read(&source);
        let strategy = stored.into();
        let (params, rules, faults) = match &read {
            Ok(read) => (params(read), rules(read), Vec::new()),
            Err(wrong) => (Vec::new(), Vec::new(), faults(wrong)),
        };
        Self { strategy, source, params, rules, faults }
    }
}

/// What was read from a text without a fault.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReadStrategy {
    /// Its name.
    name: String,
    /// What it is about.
    description: String,
    /// What it trades.
    symbols: Vec<String>,
    /// The bars on whose closes it decides.
    #[schema(example = "1d")]
    timeframe: String,
    /// Its constants.
    params: Vec<ParamView>,
    /// Its rules.
    rules: Vec<RuleView>,
    /// SHA-256 of its text, in hex.
    hash: String,
    /// Bars before every rule can have a value, with every constant at its default.
    warm_up_bars: usize,
}

/// What is wrong with a text, or what was read from it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// Every fault with its place.
    faults: Vec<FaultView>,
    /// What was read; null with a fault.
    strategy: Option<ReadStrategy>,
}

impl Checked {
    /// Reads a text.
    pub(crate) fn of(source: &str) -> Self {
        let strategy = match strategy::read(source) {
            Ok(strategy) => strategy,
            Err(wrong) => return Self { faults: faults(&wrong), strategy: None },
        };
        match strategy::compile(&strategy, &strategy.defaults()) {
            Ok(compiled) => {
                let warm_up_bars = compiled.warm_up();
                let (params, rules) = (params(&strategy), rules(&strategy));
                let Strategy { name, description, symbols, timeframe, hash, .. } = strategy;
                let timeframe = timeframe.to_string();
                let read = ReadStrategy {
                    name,
                    description,
                    symbols,
                    timeframe,
                    params,
                    rules,
                    hash,
                    warm_up_bars,
                };
                Self { faults: Vec::new(), strategy: Some(read) }
            }
            Err((part, error)) => {
                let fault = FaultView::whole_rule(part.key(), &error);
                Self { faults: vec![fault], strategy: None }
            }
        }
    }
}

/// A strategy that comes with the program.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExampleView {
    /// Its file in the program's `strategies` folder.
    #[schema(example = "golden-cross.toml")]
    pub(crate) file: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// What it is about.
    pub(crate) description: String,
    /// Its text.
    pub(crate) source: &'static str,
}

/// Strategies that come with the program.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExampleList {
    /// By file.
    pub(crate) items: Vec<ExampleView>,
}

/// The reference of the formula language.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FunctionList {
    /// Every function, in the order of the reference.
    #[schema(value_type = Vec<FunctionSchema>)]
    pub(crate) items: Vec<Entry>,
    /// Every name that stands for a value.
    #[schema(value_type = Vec<NameSchema>)]
    pub(crate) names: Vec<Name>,
}

/// A function of the formula language.
#[derive(ToSchema)]
#[schema(as = Function)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct FunctionSchema {
    /// Its name.
    #[schema(example = "sma")]
    name: String,
    /// average, momentum, trend, volatility, volume, statistics, logic or math.
    group: String,
    /// A call with its parameters and defaults.
    signature: String,
    /// What it does, in a sentence.
    summary: String,
    /// How it is computed.
    formula: String,
    /// Where the definition is from.
    source: String,
    /// A call that a reader can try.
    example: String,
    /// Bars before the example's first value.
    warm_up_bars: Option<u64>,
    /// What it gives, when it gives several values.
    #[schema(value_type = Vec<NameSchema>)]
    outputs: Vec<NameSchema>,
    /// What it takes, in order.
    #[schema(value_type = Vec<ArgumentSchema>)]
    arguments: Vec<ArgumentSchema>,
}

/// A name of the formula language, or an output of a function.
#[derive(ToSchema)]
#[schema(as = FormulaName)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct NameSchema {
    /// The name.
    name: String,
    /// What it is, in a sentence.
    summary: String,
}

/// What a function takes.
#[derive(ToSchema)]
#[schema(as = Argument)]
#[allow(dead_code, reason = "read by the description only")]
pub(crate) struct ArgumentSchema {
    /// Its name, by which an argument may be given.
    name: String,
    /// number, condition, any, length (a whole constant, in bars) or constant.
    kind: String,
    /// A number, or the name `close`: what it is when it is not given; null when it must be.
    #[schema(value_type = Option<serde_json::Value>)]
    default: Option<String>,
    /// The least, of a length or constant.
    min: Option<f64>,
    /// The most, of a length or constant.
    max: Option<f64>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use utoipa::PartialSchema;

    use super::*;

    fn described<T: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    fn written(value: &Value) -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_description_has_the_fields_of_the_reference() {
        let entries = serde_json::to_value(formula::docs::entries()).unwrap();
        let names = serde_json::to_value(formula::docs::names()).unwrap();
        assert_eq!(described::<FunctionSchema>(), written(&entries[0]));
        assert_eq!(described::<ArgumentSchema>(), written(&entries[0]["arguments"][0]));
        assert_eq!(described::<NameSchema>(), written(&names[0]));
    }
}
