//! The choices inside primitives: columns, facts about time and position, plain operators.

/// A column of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded quantity.
    Volume,
    /// Bars since the first one, from 0.
    Index,
}

/// A fact about the time of a bar, in the market's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// Hour of the bar's opening, 0 to 23.
    Hour,
    /// Minute of the bar's opening, 0 to 59.
    Minute,
    /// Day of the week of the bar's opening, 1 for Monday to 7.
    Weekday,
    /// Day of the month of the bar's opening.
    Day,
    /// Month of the bar's opening, 1 to 12.
    Month,
    /// Year of the bar's opening.
    Year,
    /// Seconds from the session's opening to the bar's close.
    SessionAge,
    /// Seconds from the bar's close to the session's end.
    SessionLeft,
    /// Whether the bar's close lies in a session.
    InSession,
    /// The number of the session that the bar belongs to: changes when a new one begins.
    SessionNumber,
}

/// A fact about the strategy's position in the symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionField {
    /// Signed quantity; 0 when flat.
    Quantity,
    /// Average price of the position; undefined when flat.
    EntryPrice,
    /// Bars since the first fill, which happened in bar 0; undefined when flat.
    BarsHeld,
    /// Open profit in percent of the entry value; undefined when flat.
    PnlPercent,
}

/// Two numbers or truths to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Coalesce,
}

/// One number or truth to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Unary {
    Neg,
    Not,
    Abs,
    Sqrt,
    Exp,
    Log,
    Log10,
    Floor,
    Ceil,
    Sign,
    Atan,
    Defined,
}
