//! What a strategy's rules may know of its position.
//!
//! This module must not know books or orders.

use crate::{
    ops::logic::{binary_value, choose_value, round_value, unary_value},
    prim::{PositionField, Prim},
};

/// The position of a strategy in one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PositionFacts {
    /// Signed quantity; 0 when flat.
    pub quantity: f64,
    /// Average entry price.
    pub entry_price: f64,
    /// Bars since the one of the first fill.
    pub bars_held: u32,
    /// Open profit in percent of the entry value.
    pub pnl_percent: f64,
}

impl PositionFacts {
    /// The value of a primitive without memory, over the position and these source values.
    pub(crate) fn value(&self, prim: Prim, values: &[f64]) -> f64 {
        let (a, b) = (values[0], values[1]);
        match prim {
            Prim::Position(field) => self.field(field),
            Prim::Binary(op) => binary_value(op, a, b),
            Prim::Unary(op) => unary_value(op, a),
            Prim::If => choose_value(a, b, values[2]),
            Prim::Round(decimals) => round_value(decimals, a),
            _ => f64::NAN,
        }
    }

    fn field(&self, field: PositionField) -> f64 {
        let held = self.quantity != 0.0;
        match field {
            PositionField::Quantity => self.quantity,
            _ if !held => f64::NAN,
            PositionField::EntryPrice => self.entry_price,
            PositionField::BarsHeld => f64::from(self.bars_held),
            PositionField::PnlPercent => self.pnl_percent,
        }
    }
}
