//! Names that stand for a value by themselves.
//!
//! This module must not know text beyond the names' own documentation.

use crate::{
    graph::Full,
    prim::{Binary, Column, PositionField, Prim, TimeField},
    scope::Scope,
    value::{Type, Value},
};

/// A name and what it stands for.
#[derive(Debug, Clone, Copy)]
pub struct NamedValue {
    /// The name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// Its type.
    pub ty: Type,
    /// Where it comes from.
    pub of: Of,
}

/// Where a named value comes from.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// A column of the bars.
    Bar(Column),
    /// A mean of columns, each counted so many times.
    Mean(&'static [Column]),
    /// The bar's time.
    Time(TimeField),
    /// The strategy's position.
    Position(PositionField),
}

const fn number(name: &'static str, of: Of, summary: &'static str) -> NamedValue {
    NamedValue { name, summary, ty: Type::Number, of }
}

/// Every name.
pub const NAMES: &[NamedValue] = &[
    number("open", Of::Bar(Column::Open), "The bar's first price."),
    number("high", Of::Bar(Column::High), "The bar's highest price."),
    number("low", Of::Bar(Column::Low), "The bar's lowest price."),
    number("close", Of::Bar(Column::Close), "The bar's last price."),
    number("price", Of::Bar(Column::Close), "The same as `close`."),
    number("volume", Of::Bar(Column::Volume), "The quantity that was traded in the bar."),
    number("hl2", Of::Mean(&[Column::High, Column::Low]), "(high + low) / 2."),
    number(
        "hlc3",
        Of::Mean(&[Column::High, Column::Low, Column::Close]),
        "(high + low + close) / 3.",
    ),
    number(
        "ohlc4",
        Of::Mean(&[Column::Open, Column::High, Column::Low, Column::Close]),
        "(open + high + low + close) / 4.",
    ),
    number("bar_index", Of::Bar(Column::Index), "Bars since the first one, which is 0."),
    number(
        "hour",
        Of::Time(TimeField::Hour),
        "Hour of the bar's opening, 0 to 23, in the market's time zone.",
    ),
    number("minute", Of::Time(TimeField::Minute), "Minute of the bar's opening, 0 to 59."),
    number(
        "weekday",
        Of::Time(TimeField::Weekday),
        "Day of the week of the bar's opening, 1 (Monday) to 7.",
    ),
    number("day", Of::Time(TimeField::Day), "Day of the month of the bar's opening."),
    number("month", Of::Time(TimeField::Month), "Month of the bar's opening, 1 to 12."),
    number("year", Of::Time(TimeField::Year), "Year of the bar's opening."),
    NamedValue {
        name: "session_age",
        summary: "Time from the session's opening to the bar's close; undefined outside a session.",
        ty: Type::Duration,
        of: Of::Time(TimeField::SessionAge),
    },
    NamedValue {
        name: "session_left",
        summary: "Time from the bar's close to the session's end; undefined outside a session.",
        ty: Type::Duration,
        of: Of::Time(TimeField::SessionLeft),
    },
    NamedValue {
        name: "in_session",
        summary: "Whether the bar closed in a session.",
        ty: Type::Boolean,
        of: Of::Time(TimeField::InSession),
    },
    number(
        "position",
        Of::Position(PositionField::Quantity),
        "Signed quantity that the strategy holds; 0 when flat.",
    ),
    number(
        "entry_price",
        Of::Position(PositionField::EntryPrice),
        "Average price of the position; undefined when flat.",
    ),
    number(
        "bars_held",
        Of::Position(PositionField::BarsHeld),
        "Bars since the position was opened, 0 for the bar of its first fill; undefined when flat.",
    ),
    number(
        "pnl_percent",
        Of::Position(PositionField::PnlPercent),
        "Open profit in percent of the position's entry value, before fees; undefined when flat.",
    ),
];

/// The value behind a name.
#[must_use]
pub(crate) fn named(name: &str) -> Option<&'static NamedValue> {
    NAMES.iter().find(|one| one.name == name)
}

impl NamedValue {
    /// Adds it to a plan.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn add(&self, scope: &mut Scope<'_>) -> Result<Value, Full> {
        match self.of {
            Of::Bar(column) => scope.column(column),
            Of::Time(field) => scope.time(field),
            Of::Position(field) => scope.number(Prim::Position(field), &[]),
            Of::Mean(columns) => {
                let mut sum = None;
                for column in columns {
                    let one = scope.column(*column)?;
                    sum = Some(match sum {
                        None => one,
                        Some(sum) => scope.binary(Binary::Add, sum, one)?,
                    });
                }
                #[allow(clippy::cast_precision_loss, reason = "at most four")]
                let count = Value::number(columns.len() as f64);
                let sum = sum.unwrap_or(Value::number(f64::NAN));
                scope.div(sum, count)
            }
        }
    }

    /// True for what is known of the strategy's position only.
    #[must_use]
    pub(crate) const fn is_position(&self) -> bool {
        matches!(self.of, Of::Position(_))
    }
}
