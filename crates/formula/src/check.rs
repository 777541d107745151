//! From an expression to checked nodes of a plan.
//!
//! Names, types, constants, windows and the direction of time are checked here, and every fault
//! points at its place. This module must not know how nodes compute.

mod arguments;
mod names;

use std::collections::BTreeMap;

use domain::Timeframe;

use crate::{
    ast::{Expr, ExprKind, Infix, Name, Prefix},
    catalog::{Function, LENGTH_MAX},
    error::{Code, Diagnostic, Span},
    graph::{FrameId, Full, Graph, Source},
    prim::{Binary, Prim, Unary, span_secs},
    scope::Scope,
    value::{Type, Value},
};

/// The furthest that a plan may look back, all windows together, in bars.
pub const LOOK_BACK_MAX: usize = 100_000;
/// How deep named formulas may rest on each other.
const NAMED_DEPTH_MAX: usize = 16;

/// What a formula may refer to besides bars.
#[derive(Debug, Clone, Default)]
pub struct Env {
    /// Constants by name.
    pub params: BTreeMap<String, f64>,
    /// Formulas by name.
    pub formulas: BTreeMap<String, Expr>,
    /// The timeframe of the bars, where it is known.
    pub timeframe: Option<Timeframe>,
    /// Whether there is a position: in rules of a strategy there is.
    pub position: bool,
    /// The symbols whose bars can be read; all when absent.
    pub symbols: Option<Vec<String>>,
}

/// A checked expression: a value for each output, the first being meant by default.
pub(crate) struct Checked {
    values: Vec<Value>,
    of: Option<&'static Function>,
}

impl Checked {
    fn one(value: Value) -> Self {
        Self { values: vec![value], of: None }
    }

    fn value(&self) -> Value {
        self.values.first().copied().unwrap_or(Value::number(f64::NAN))
    }
}

pub(crate) type Result<T> = std::result::Result<T, Diagnostic>;

/// A check under way: the plan, what may be referred to, and the series that is being read.
pub(crate) struct Checker<'a> {
    pub(crate) graph: &'a mut Graph,
    pub(crate) env: &'a Env,
    frame: FrameId,
    named: Vec<String>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(graph: &'a mut Graph, env: &'a Env) -> Self {
        Self { graph, env, frame: FrameId::BASE, named: Vec::new() }
    }

    /// The value of an expression.
    pub(crate) fn value(&mut self, expr: &Expr) -> Result<Value> {
        let value = self.expr(expr)?.value();
        self.look_back(value, expr.span)?;
        Ok(value)
    }

    fn expr(&mut self, expr: &Expr) -> Result<Checked> {
        match &expr.kind {
            ExprKind::Number(value) => Ok(Checked::one(Value::number(*value))),
            ExprKind::Truth(value) => Ok(Checked::one(Value::boolean(*value))),
            ExprKind::Duration(span) => Ok(Checked::one(duration(*span))),
            ExprKind::Text(_) => Err(stray_text(expr.span)),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr.span),
            ExprKind::History { of, bars } => self.history(of, bars),
            ExprKind::Field { of, field } => self.field(of, field),
            ExprKind::Prefix(op, inner) => self.prefix(*op, inner),
            ExprKind::Infix(op, left, right) => self.infix(*op, left, right),
        }
    }

    fn scope(&mut self) -> Scope<'_> {
        Scope::new(self.graph, self.frame)
    }

    fn look_back(&self, value: Value, span: Span) -> Result<()> {
        let Source::Node(id) = value.source else { return Ok(()) };
        let bars = self.graph.node(id).warm_up;
        if bars <= LOOK_BACK_MAX {
            return Ok(());
        }
        let message = format!("This looks back over {bars} bars; {LOOK_BACK_MAX} are kept.");
        Err(Diagnostic::new(Code::LookBackTooLong, span, message)
            .help("Use shorter lengths, or a longer timeframe with tf(\"1d\", …)."))
    }

    /// True for what rests on the position.
    fn is_late(&self, value: Value) -> bool {
        matches!(value.source, Source::Node(id) if self.graph.node(id).late)
    }

    fn history(&mut self, of: &Expr, bars: &Expr) -> Result<Checked> {
        let inner = self.expr(of)?;
        let count = self.value(bars)?;
        let bars = bars_ago(count, bars.span)?;
        if bars > 0 && inner.values.iter().any(|v| self.is_late(*v)) {
            return Err(no_position_history(of.span));
        }
        let mut values = Vec::with_capacity(inner.values.len());
        for value in inner.values {
            let past = self.scope().history(value, bars).map_err(full(of.span))?;
            self.look_back(past, of.span)?;
            values.push(past);
        }
        Ok(Checked { values, of: inner.of })
    }

    fn field(&mut self, of: &Expr, field: &Name) -> Result<Checked> {
        let inner = self.expr(of)?;
        let outputs = inner.of.map_or(&[][..], |f| f.outputs);
        if let Some(at) = outputs.iter().position(|o| o.name == field.text) {
            let value = inner.values.get(at).copied();
            return Ok(Checked::one(value.unwrap_or(Value::number(f64::NAN))));
        }
        let known: Vec<&str> = outputs.iter().map(|o| o.name).filter(|n| !n.is_empty()).collect();
        let (message, help) = match inner.of {
            Some(f) if !known.is_empty() => (
                format!("`{}` has no output `{}`.", f.name, field.text),
                format!("It has: {}.", known.join(", ")),
            ),
            _ => (
                format!("This has no output `{}`: it is a single value.", field.text),
                "Delete the dot and what follows it.".to_owned(),
            ),
        };
        Err(Diagnostic::new(Code::UnknownField, field.span, message).help(help))
    }

    fn prefix(&mut self, op: Prefix, inner: &Expr) -> Result<Checked> {
        let value = self.expr(inner)?.value();
        let op = match op {
            Prefix::Not => {
                truth(value, inner.span)?;
                Unary::Not
            }
            Prefix::Minus if value.ty == Type::Boolean => {
                return Err(wrong_type("a number", value.ty, inner.span));
            }
            Prefix::Minus => Unary::Neg,
        };
        self.scope().unary(op, value).map(Checked::one).map_err(full(inner.span))
    }

    fn infix(&mut self, op: Infix, left: &Expr, right: &Expr) -> Result<Checked> {
        let (a, b) = (self.expr(left)?.value(), self.expr(right)?.value());
        let span = left.span.to(right.span);
        let (op, ty) = match op {
            Infix::And | Infix::Or => {
                truth(a, left.span)?;
                truth(b, right.span)?;
                (if op == Infix::And { Binary::And } else { Binary::Or }, Type::Boolean)
            }
            op if op.compares() => (comparison(op, a, b, span)?, Type::Boolean),
            op => {
                let ty = arithmetic(op, (a, left.span), (b, right.span))?;
                (arithmetic_op(op), ty)
            }
        };
        if op == Binary::Div && b.constant() == Some(0.0) {
            let error = Diagnostic::new(Code::DivisionByZero, right.span, "This divides by zero.");
            return Err(error.help("Divide by something else, or delete the division."));
        }
        self.scope().op(Prim::Binary(op), &[a, b], ty).map(Checked::one).map_err(full(span))
    }
}

fn duration(span: Timeframe) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "a week has 604800 seconds")]
    let secs = span_secs(span) as f64;
    Value { ty: Type::Duration, ..Value::number(secs) }
}

fn arithmetic_op(op: Infix) -> Binary {
    match op {
        Infix::Sub => Binary::Sub,
        Infix::Mul => Binary::Mul,
        Infix::Div => Binary::Div,
        Infix::Pow => Binary::Pow,
        _ => Binary::Add,
    }
}

fn arithmetic(op: Infix, (a, at_a): (Value, Span), (b, at_b): (Value, Span)) -> Result<Type> {
    use Type::{Boolean, Duration, Number};
    match (op, a.ty, b.ty) {
        (_, Number, Number) => Ok(Number),
        (Infix::Add | Infix::Sub, Duration, Duration) => Ok(Duration),
        (Infix::Mul | Infix::Div, Duration, Number) | (Infix::Mul, Number, Duration) => {
            Ok(Duration)
        }
        (Infix::Div, Duration, Duration) => Ok(Number),
        (_, Boolean, _) => Err(wrong_type("a number", Boolean, at_a)),
        (_, _, Boolean) => Err(wrong_type("a number", Boolean, at_b)),
        (op, a, b) => {
            let message = format!("`{}` does not work between {a} and {b}.", op.symbol());
            Err(Diagnostic::new(Code::WrongType, at_a.to(at_b), message)
                .help("Durations are added to durations and multiplied by numbers."))
        }
    }
}

fn comparison(op: Infix, a: Value, b: Value, span: Span) -> Result<Binary> {
    if a.ty != b.ty {
        let message = format!("{} is compared with {}.", capital(a.ty), b.ty);
        return Err(Diagnostic::new(Code::WrongType, span, message)
            .help("Compare values of the same type: numbers with numbers, durations (15m) with durations."));
    }
    Ok(match op {
        Infix::Equal => Binary::Equal,
        Infix::NotEqual => Binary::NotEqual,
        _ if a.ty == Type::Boolean => {
            let message = format!("`{}` does not work on true and false.", op.symbol());
            return Err(Diagnostic::new(Code::WrongType, span, message)
                .help("Join conditions with `and`, `or` and `not`."));
        }
        Infix::Less => Binary::Less,
        Infix::LessEqual => Binary::LessEqual,
        Infix::Greater => Binary::Greater,
        _ => Binary::GreaterEqual,
    })
}

fn capital(ty: Type) -> String {
    let text = ty.to_string();
    text[..1].to_ascii_uppercase() + &text[1..]
}

/// Refuses what is not a condition.
pub(crate) fn truth(value: Value, span: Span) -> Result<()> {
    match value.ty {
        Type::Boolean => Ok(()),
        ty => Err(wrong_type("a condition", ty, span)
            .help("Compare it with something, for example x > 0.")),
    }
}

fn wrong_type(wanted: &str, found: Type, span: Span) -> Diagnostic {
    let message = format!("Expected {wanted} and found {found}.");
    let error = Diagnostic::new(Code::WrongType, span, message);
    match found {
        Type::Boolean => error.help("Turn a condition into a number with if(condition, 1, 0)."),
        _ => error,
    }
}

fn stray_text(span: Span) -> Diagnostic {
    Diagnostic::new(Code::WrongType, span, "A text stands where a value is needed.").help(
        "Texts name a timeframe or a symbol, as in tf(\"1d\", close) and symbol(\"SPY\", close).",
    )
}

fn no_position_history(span: Span) -> Diagnostic {
    let message = "The position is known for now only; it has no history and no windows.";
    Diagnostic::new(Code::PositionHasNoHistory, span, message)
        .help("Compare it directly, for example bars_held >= 10 or close < entry_price * 0.97.")
}

/// A constant number of bars into the past.
fn bars_ago(count: Value, span: Span) -> Result<usize> {
    let error =
        |code, message: String, help: &str| Err(Diagnostic::new(code, span, message).help(help));
    if count.ty != Type::Number {
        let message = format!("History is counted in bars; this is {}.", count.ty);
        return error(Code::WrongType, message, "Write a number of bars, such as close[1].");
    }
    let Some(bars) = count.constant() else {
        let message = "How far to look back must be the same on every bar.".to_owned();
        let help = "Write a number or a parameter; value_when and highest look back to events.";
        return error(Code::NotConstant, message, help);
    };
    if bars < 0.0 {
        let message = format!("[{}] is a bar that is still to come.", shown(bars));
        let help = "Formulas see the past only: [1] is the bar before, [0] is now.";
        return error(Code::FutureReference, message, help);
    }
    if bars.fract() != 0.0 || !bars.is_finite() {
        let message = format!("[{}] is not a whole number of bars.", shown(bars));
        return error(Code::OutOfRange, message, "Write a whole number, such as close[1].");
    }
    #[allow(clippy::cast_precision_loss, reason = "a small bound")]
    if bars > LENGTH_MAX as f64 {
        let message = format!("[{}] is further back than {LENGTH_MAX} bars.", shown(bars));
        let help = "Look back less far, or use a longer timeframe with tf(\"1d\", …).";
        return error(Code::LookBackTooLong, message, help);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    let bars = bars as usize;
    Ok(bars)
}

fn full(span: Span) -> impl Fn(Full) -> Diagnostic {
    move |full| {
        Diagnostic::new(Code::TooLarge, span, format!("Too much at once: {full}."))
            .help("Use fewer rules, symbols or timeframes.")
    }
}

/// A number as people write it: with an exponent where it would be a row of digits.
fn shown(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-9..1e15).contains(&size) {
        return format!("{number:e}");
    }
    number.to_string()
}
