//! The macro that makes a group of figures: its fields, their JSON and their documentation are
//! one source, so that none can be forgotten.

use serde::Serialize;

use super::figure::{Remark, Shown};

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An instant in UTC.
    Moment,
    /// An amount in the reporting currency, exact.
    Money,
    /// Hundredths.
    Percent,
    /// A plain number without a unit.
    Ratio,
    /// Multiples of what a trade risked.
    R,
    /// From 0 to 1.
    Probability,
    /// Whole seconds.
    Seconds,
    /// Years of 365.25 days.
    Years,
    /// So many.
    Count,
    /// Words.
    Text,
    /// A list or an object that is described by itself.
    Nested,
}

impl Unit {
    /// The unit in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Moment => "moment",
            Self::Money => "money",
            Self::Percent => "percent",
            Self::Ratio => "ratio",
            Self::R => "R",
            Self::Probability => "probability",
            Self::Seconds => "seconds",
            Self::Years => "years",
            Self::Count => "count",
            Self::Text => "text",
            Self::Nested => "nested",
        }
    }
}

/// One figure's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Described {
    /// The name in JSON.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// What it tells.
    pub meaning: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// When it has no value; empty when it always has one.
    pub undefined: &'static str,
}

/// A group of figures.
pub(crate) trait Section {
    /// Tells every field with its name, in the order of the JSON.
    fn each(&self, tell: &mut dyn FnMut(&'static str, &dyn Shown));

    /// The notes at all fields.
    fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        self.each(&mut |name, field| {
            remarks.extend(field.notes().iter().map(|note| Remark::new(name, *note)));
        });
        remarks
    }

    /// A field's value as a number: `None` for an unknown name, `Some(None)` without a value.
    fn number(&self, name: &str) -> Option<Option<f64>> {
        let mut found = None;
        self.each(&mut |field, shown| {
            if field == name {
                found = Some(shown.number());
            }
        });
        found
    }
}

/// Figures with the notes at them, as one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noted<T> {
    /// The figures.
    #[serde(flatten)]
    pub figures: T,
    /// Why figures are undefined or doubtful.
    pub remarks: Vec<Remark>,
}

/// The figures with their notes.
pub(crate) fn noted<T: Section>(figures: T) -> Noted<T> {
    Noted { remarks: figures.remarks(), figures }
}

macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $section:ident {$(
            $(#[doc = $meaning:literal])+
            $field:ident: $of:ty = $unit:ident, $formula:literal, $undefined:literal;
        )*}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct $section {$(
            $(#[doc = $meaning])+
            pub $field: $of,
        )*}

        impl $section {
            /// The documentation of every field, in the order of the JSON.
            pub const DESCRIBED: &'static [$crate::stats::section::Described] = &[$(
                $crate::stats::section::Described {
                    name: stringify!($field),
                    unit: $crate::stats::section::Unit::$unit,
                    meaning: concat!($($meaning),+),
                    formula: $formula,
                    undefined: $undefined,
                },
            )*];
        }

        impl $crate::stats::section::Section for $section {
            fn each(
                &self,
                tell: &mut dyn FnMut(&'static str, &dyn $crate::stats::figure::Shown),
            ) {
                $(tell(stringify!($field), &self.$field);)*
            }
        }
    };
}
pub(crate) use section;
