//! Every function of the language: one table, from which the checker, the documentation and the
//! editor's help are made.
//!
//! A function says what it takes, what it gives, its formula and its source, and puts itself
//! together from primitives. This module must not know text beyond its own words.

mod averages;
mod logic;
mod math;
mod momentum;
mod oscillators;
mod parts;
mod relations;
mod statistics;
mod trend;
mod volatility;
mod volume;

use crate::{
    graph::Full,
    scope::Scope,
    value::{Type, Value},
};

/// The longest window that a function may look back over, in bars.
pub const LENGTH_MAX: usize = 10_000;

/// What functions are grouped by in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Averages of a series.
    Average,
    /// Speed and direction.
    Momentum,
    /// Trends and their strength.
    Trend,
    /// How far prices move.
    Volatility,
    /// What is traded.
    Volume,
    /// Extremes, ranks and relations.
    Statistics,
    /// Events and conditions.
    Logic,
    /// Plain arithmetic.
    Math,
}

impl Group {
    /// Every group, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Average,
        Self::Momentum,
        Self::Trend,
        Self::Volatility,
        Self::Volume,
        Self::Statistics,
        Self::Logic,
        Self::Math,
    ];

    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Average => "Averages",
            Self::Momentum => "Momentum",
            Self::Trend => "Trend",
            Self::Volatility => "Volatility",
            Self::Volume => "Volume",
            Self::Statistics => "Statistics",
            Self::Logic => "Events and conditions",
            Self::Math => "Arithmetic",
        }
    }
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A series or number. As the first argument it may be left out and is `close` then, if the
    /// parameter has the default [`Preset::Close`].
    Number,
    /// True or false.
    Condition,
    /// A number or a truth: whatever it is, the function gives the same type.
    Any,
    /// A whole constant between these bounds, in bars.
    Length {
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A constant between these bounds.
    Constant {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
}

/// What an argument is when it is not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Preset {
    /// It must be given.
    None,
    /// The closing price.
    Close,
    /// This number.
    Is(f64),
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name, by which an argument may be given.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when it is not given.
    pub preset: Preset,
}

impl Param {
    /// The series that is looked at; `close` when it is not given.
    pub const SOURCE: Self = Self { name: "source", kind: Kind::Number, preset: Preset::Close };

    /// A series that must be given.
    #[must_use]
    pub const fn series(name: &'static str) -> Self {
        Self { name, kind: Kind::Number, preset: Preset::None }
    }

    /// A condition that must be given.
    #[must_use]
    pub const fn condition(name: &'static str) -> Self {
        Self { name, kind: Kind::Condition, preset: Preset::None }
    }

    /// A window in bars from `min`, that must be given.
    #[must_use]
    pub const fn length(name: &'static str, min: usize) -> Self {
        Self { name, kind: Kind::Length { min, max: LENGTH_MAX }, preset: Preset::None }
    }

    /// A constant.
    #[must_use]
    pub const fn constant(name: &'static str, min: f64, max: f64) -> Self {
        Self { name, kind: Kind::Constant { min, max }, preset: Preset::None }
    }

    /// The same with a default.
    #[must_use]
    pub const fn or(self, value: f64) -> Self {
        Self { preset: Preset::Is(value), ..self }
    }
}

/// One output of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// The field's name; empty for a function with one output.
    pub name: &'static str,
    /// What it is.
    pub summary: &'static str,
}

/// The arguments of a call, bound and checked: one for each parameter, in order; more for a
/// function with any number of arguments.
#[derive(Debug, Clone)]
pub struct Args(pub Vec<Value>);

impl Args {
    /// The argument at this place.
    ///
    /// # Panics
    /// When the function has no such parameter: a fault of its table entry, which a test finds.
    #[must_use]
    pub fn value(&self, index: usize) -> Value {
        self.0[index]
    }

    /// The constant at this place.
    ///
    /// # Panics
    /// When the parameter isn't declared as a constant or a length.
    #[must_use]
    pub fn constant(&self, index: usize) -> f64 {
        self.value(index).constant().expect("the parameter is declared as a constant")
    }

    /// The window at this place, in bars.
    ///
    /// # Panics
    /// When the parameter isn't declared as a length.
    #[must_use]
    pub fn length(&self, index: usize) -> usize {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the binder has checked that it is whole and in range"
        )]
        let length = self.constant(index) as usize;
        length
    }
}

/// Why arguments that are each allowed don't go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The plan can't grow.
    #[error(transparent)]
    Full(#[from] Full),
    /// A rule between arguments is broken.
    #[error("{rule}")]
    Argument {
        /// The parameter's place.
        index: usize,
        /// The rule and the remedy, as a sentence without its full stop.
        rule: String,
    },
}

/// What a function gives: a value for each output.
pub type Built = Result<Vec<Value>, BuildError>;

/// One function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Where it stands in the documentation.
    pub group: Group,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// Where the definition is from.
    pub source: &'static str,
    /// A call that a reader can try.
    pub example: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// True when the last parameter may be given any number of times.
    pub variadic: bool,
    /// What it gives; the first is meant when no field is named.
    pub outputs: &'static [Output],
    /// The type of what it gives; `None` for the type of its last [`Kind::Any`] argument.
    pub returns: Option<Type>,
    /// Puts it together.
    pub build: fn(&mut Scope<'_>, &Args) -> Built,
}

/// A function with one output.
pub(crate) const ONE: &[Output] = &[Output { name: "", summary: "" }];

/// An output with a name.
const fn output(name: &'static str, summary: &'static str) -> Output {
    Output { name, summary }
}

/// What the entries of the tables have in common.
const BLANK: Function = Function {
    name: "",
    group: Group::Math,
    summary: "",
    formula: "",
    source: "",
    example: "",
    params: &[],
    variadic: false,
    outputs: ONE,
    returns: Some(Type::Number),
    build: |_, _| Ok(Vec::new()),
};

/// Every function, by group and then in the order of the documentation.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    [
        averages::FUNCTIONS,
        momentum::FUNCTIONS,
        oscillators::FUNCTIONS,
        trend::FUNCTIONS,
        volatility::FUNCTIONS,
        volume::FUNCTIONS,
        statistics::FUNCTIONS,
        relations::FUNCTIONS,
        logic::FUNCTIONS,
        math::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The function with this name.
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    functions().find(|one| one.name == name)
}
