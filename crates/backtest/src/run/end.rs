//! What is left when the prices have ended, and what was assumed.
//!
//! It must not change anything: what is open stays open.

use rust_decimal::Decimal;

use super::Run;
use crate::{
    outcome::{Holding, Outcome},
    setup::Inside,
};

impl Run<'_> {
    pub(super) fn end(mut self) -> Outcome {
        let core = &self.driver.core;
        let state = core.state();
        let mut open = Vec::new();
        for book in state.books.values() {
            for (id, position) in book.positions.iter().filter(|(_, p)| !p.qty.is_zero()) {
                let multiplier = state.instruments.get(id).map_or(Decimal::ONE, |i| i.multiplier);
                let mark = core.market().mark(id);
                open.push(Holding {
                    book: book.id.clone(),
                    instrument: id.clone(),
                    qty: position.qty,
                    entry: position.average_price(multiplier),
                    mark,
                    unrealized: mark.and_then(|m| position.unrealized(m, multiplier).ok()),
                });
            }
        }
        let balances = self.driver.engine.cash(&self.driver.account).cloned();
        Outcome {
            ended: self.driver.now.at,
            counts: self.driver.tally.counts,
            refusals: std::mem::take(&mut self.driver.tally.refusals),
            compared: core.compared().cloned(),
            alarms: std::mem::take(&mut self.driver.tally.alarms),
            assumptions: self.assumptions(),
            equity: core.book().equity(),
            cash: state.cash(),
            balances: balances.unwrap_or_default(),
            open,
            head: state.head,
            records: std::mem::take(&mut self.driver.journal.records),
        }
    }

    /// What was assumed, in words.
    fn assumptions(&self) -> Vec<String> {
        let mut words = self.driver.engine.describe();
        words.push(spread(self.half_spread_bps));
        words.push(
            match self.inside {
                Inside::Levels => {
                    "Inside a bar the price goes from the open to low and high and then to the \
                     close, the high first where the bar fell, and passes every level between: \
                     stops, limits and targets are met at their own prices. Where a position's \
                     stop and its target both lie inside the bar, the stop comes first. A \
                     trailing stop moves with the extremes of the bar. Of a bar's volume each \
                     quarter belongs to one of its four prices and is shared with the levels \
                     before it."
                }
                Inside::Points => {
                    "Inside a bar four prices are told: open, low, high, close, the high before \
                     the low where the bar fell. Stops and targets between two of them are met \
                     at the next one. Of the bar's volume each has a quarter."
                }
            }
            .to_owned(),
        );
        words.push(
            "A decision at a bar's close meets the next price that is told. Closes that are not \
             filled within fifteen prices are given up, as they are live after fifteen seconds."
                .to_owned(),
        );
        words.push(
            "Positions that are open at the end stay open and are valued at the last price."
                .to_owned(),
        );
        if self.tells_range {
            let text =
                "An entry without a stop gets one at twice the average true range of 14 bars.";
            words.push(text.to_owned());
        }
        words
    }
}

/// What is assumed of the distance from bid to ask.
fn spread(half_bps: Decimal) -> String {
    if half_bps.is_zero() {
        return "Bars have no spread: bid and ask are the price.".to_owned();
    }
    format!(
        "Bid and ask lie {} hundredths of a per cent below and above each price of a bar, on the \
         tick away from it: buys pay the ask and sales the bid, and a limit or target fills when \
         the quote's side reaches it.",
        half_bps.normalize()
    )
}
