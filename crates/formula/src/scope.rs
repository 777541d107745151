//! Where indicators are put together: nodes of one frame, with constants folded.
//!
//! This module must not know text.

use crate::{
    graph::{Exactly, FrameId, Full, Graph, Source},
    ops::logic::{binary_value, choose_value, round_value, unary_value},
    prim::{Binary, Column, Prim, TimeField, Unary},
    value::{Type, Value},
};

/// A graph and the frame that is being added to.
#[derive(Debug)]
pub struct Scope<'a> {
    graph: &'a mut Graph,
    frame: FrameId,
}

impl<'a> Scope<'a> {
    /// Adds to one frame of a graph.
    pub fn new(graph: &'a mut Graph, frame: FrameId) -> Self {
        Self { graph, frame }
    }

    /// A primitive over values, of this type. What rests on constants only is computed here.
    ///
    /// # Errors
    /// [`Full`].
    pub fn op(&mut self, prim: Prim, values: &[Value], ty: Type) -> Result<Value, Full> {
        let constants: Option<Vec<f64>> = values.iter().map(Value::constant).collect();
        if let Some(folded) = constants.and_then(|c| fold(prim, &c)) {
            return Ok(Value { source: Source::Constant(Exactly(folded)), ty });
        }
        let sources = values.iter().map(|v| v.source).collect();
        let id = self.graph.add(prim, sources, self.frame)?;
        Ok(Value { source: Source::Node(id), ty })
    }

    /// A primitive over numbers that gives a number.
    ///
    /// # Errors
    /// [`Full`].
    pub fn number(&mut self, prim: Prim, values: &[Value]) -> Result<Value, Full> {
        self.op(prim, values, Type::Number)
    }

    /// A column of the bars.
    ///
    /// # Errors
    /// [`Full`].
    pub fn column(&mut self, column: Column) -> Result<Value, Full> {
        self.number(Prim::Column(column), &[])
    }

    /// A fact about the bar's time.
    ///
    /// # Errors
    /// [`Full`].
    pub fn time(&mut self, field: TimeField) -> Result<Value, Full> {
        let ty = match field {
            TimeField::SessionAge | TimeField::SessionLeft => Type::Duration,
            TimeField::InSession => Type::Boolean,
            _ => Type::Number,
        };
        self.op(Prim::Time(field), &[], ty)
    }

    /// Two values to one; comparisons and logic give truths.
    ///
    /// # Errors
    /// [`Full`].
    pub fn binary(&mut self, op: Binary, a: Value, b: Value) -> Result<Value, Full> {
        let ty = match op {
            Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual
            | Binary::Equal
            | Binary::NotEqual
            | Binary::And
            | Binary::Or => Type::Boolean,
            _ => a.ty,
        };
        self.op(Prim::Binary(op), &[a, b], ty)
    }

    /// One value to another.
    ///
    /// # Errors
    /// [`Full`].
    pub fn unary(&mut self, op: Unary, a: Value) -> Result<Value, Full> {
        let ty = if matches!(op, Unary::Defined | Unary::Not) { Type::Boolean } else { a.ty };
        self.op(Prim::Unary(op), &[a], ty)
    }

    /// `a + b`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, Full> {
        self.binary(Binary::Add, a, b)
    }

    /// `a - b`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn sub(&mut self, a: Value, b: Value) -> Result<Value, Full> {
        self.binary(Binary::Sub, a, b)
    }

    /// `a * b`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn mul(&mut self, a: Value, b: Value) -> Result<Value, Full> {
        self.binary(Binary::Mul, a, b)
    }

    /// `a / b`; undefined for a divisor of zero.
    ///
    /// # Errors
    /// [`Full`].
    pub fn div(&mut self, a: Value, b: Value) -> Result<Value, Full> {
        self.binary(Binary::Div, a, b)
    }

    /// The value so many bars ago.
    ///
    /// # Errors
    /// [`Full`].
    pub fn history(&mut self, a: Value, bars: usize) -> Result<Value, Full> {
        if bars == 0 { Ok(a) } else { self.op(Prim::History(bars), &[a], a.ty) }
    }

    /// Mean of the last values.
    ///
    /// # Errors
    /// [`Full`].
    pub fn sma(&mut self, a: Value, length: usize) -> Result<Value, Full> {
        self.number(Prim::Sma(length), &[a])
    }

    /// Exponential average, seeded with the mean of the first values.
    ///
    /// # Errors
    /// [`Full`].
    pub fn ema(&mut self, a: Value, length: usize) -> Result<Value, Full> {
        self.number(Prim::Ema { length, skip: 0 }, &[a])
    }
}

fn fold(prim: Prim, c: &[f64]) -> Option<f64> {
    match (prim, c) {
        (Prim::Binary(op), [a, b]) => Some(binary_value(op, *a, *b)),
        (Prim::Unary(op), [a]) => Some(unary_value(op, *a)),
        (Prim::If, [a, b, c]) => Some(choose_value(*a, *b, *c)),
        (Prim::Round(decimals), [a]) => Some(round_value(decimals, *a)),
        _ => None,
    }
}
