//! Events and conditions by hand: closes 11 12 11 13 14 12 15 14, opens 10 11 12 11 13 12 14 15.

use super::{Row, U};

pub(super) fn rows() -> Vec<Row> {
    let (yes, no) = (1.0, 0.0);
    vec![
        // close - open: 1 1 -1 2 1 0 1 -1. From a tie on a move up is a cross, to a tie it isn't.
        ("crosses_above(close, open)", vec![U, no, no, yes, no, no, yes, no]),
        ("crosses_below(close, open)", vec![U, no, yes, no, no, no, no, yes]),
        ("crosses(close, open)", vec![U, no, yes, yes, no, no, yes, yes]),
        ("crosses_above(close, sma(3))", vec![U, U, U, yes, no, no, yes]),
        ("rising(close, 2)", vec![U, U, no, no, yes, no, no]),
        ("falling(close, 1)", vec![U, no, yes, no, no, yes]),
        ("bars_since(close < open)", vec![U, U, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0]),
        ("value_when(close < open, high)", vec![U, U, 13.0, 13.0, 13.0, 13.0, 13.0, 16.0]),
        ("value_when(close > open, high, 1)", vec![U, 12.0, 12.0, 13.0, 14.0, 14.0, 15.0]),
        ("count(close > open, 3)", vec![U, U, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0]),
        ("all(close > open, 2)", vec![U, yes, no, no, yes, no, no]),
        ("any(close < open, 2)", vec![U, no, yes, yes, no]),
        ("count(close[1] > open, 2)", vec![U, U, 0.0, 0.0, 0.0, 1.0, 1.0]),
    ]
}
