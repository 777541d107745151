//! What a formula says, before anything is checked.

use domain::Timeframe;

use crate::error::Span;

/// A word with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Infix {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl Infix {
    /// As it is written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Pow => "^",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// True for `<`, `==` and their like.
    #[must_use]
    pub const fn compares(self) -> bool {
        matches!(
            self,
            Self::Less
                | Self::LessEqual
                | Self::Greater
                | Self::GreaterEqual
                | Self::Equal
                | Self::NotEqual
        )
    }
}

/// An operator before an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Prefix {
    Minus,
    Not,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The parameter's name, where one is written.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// A span of time such as `30m`.
    Duration(Timeframe),
    /// A text in quotes.
    Text(String),
    /// A name by itself.
    Name(String),
    /// A call.
    Call {
        /// Of which function.
        function: Name,
        /// With which arguments.
        arguments: Vec<Argument>,
    },
    /// A value some bars ago: `x[1]`.
    History {
        /// Of what.
        of: Box<Expr>,
        /// How many bars ago.
        bars: Box<Expr>,
    },
    /// One of several outputs: `x.signal`.
    Field {
        /// Of what.
        of: Box<Expr>,
        /// Which one.
        field: Name,
    },
    /// An operator before an expression.
    Prefix(Prefix, Box<Expr>),
    /// An operator between two expressions.
    Infix(Infix, Box<Expr>, Box<Expr>),
}
