//! The fold of corporate actions: quantities, protective levels and closes in new units. What a
//! reversal would open was asked in the old ones and is dropped.
//!
//! Cost stays what it was, so a split earns and loses nothing. Orders are left to the venue, which
//! ends them; protection places its stops anew. This module must not know prices of now.

use domain::{
    BookId, CorporateAction, Instrument, Position, Price, Protective, Qty, SignedQty, Target,
    Targets, Trail, TrailBy,
    num::{NumError, Rounding, SCALE_MAX},
    position::converted,
};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    AccountState,
    ledger::{money, overflow},
};

impl AccountState {
    /// Turns every holding of an instrument into new units, once; or fails and changes nothing.
    pub(super) fn convert(&mut self, action: &CorporateAction) -> Result<(), String> {
        if self.has_movement(&action.id) {
            return Ok(());
        }
        let instrument = self.instrument(&action.instrument)?;
        let ratio = Ratio { numerator: action.numerator, denominator: action.denominator };
        let positions = self.converted_positions(&instrument, ratio)?;
        let closes = self.converted_closes(&instrument, ratio)?;
        let net = self.contracts.get(&instrument.id).copied();
        let net = net.map(|net| net_of(net, &positions)).transpose()?;
        for (book, position) in positions {
            let book = self.book_mut(&book)?;
            book.hold(&instrument, position).map_err(|e| money(&e))?;
            if let Some(plan) = book.plans.get_mut(&instrument.id) {
                let long = position.qty.is_long();
                plan.levels = ratio.levels(&instrument, plan.levels, long);
                plan.base = ratio.qty(plan.base).unwrap_or(position.qty.abs());
            }
        }
        for (id, qty, closed) in closes {
            if let Some(close) = self.closes.get_mut(&id) {
                (close.qty, close.closed) = (qty, closed);
                close.then = None;
            }
        }
        if let Some(net) = net {
            self.netted.remove(&instrument.id);
            self.contracts.insert(instrument.id.clone(), net);
        }
        self.count_movement(&action.id, action.at);
        Ok(())
    }

    fn converted_positions(
        &self,
        instrument: &Instrument,
        ratio: Ratio,
    ) -> Result<Vec<(BookId, Position)>, String> {
        let held = self.books.values().filter_map(|book| {
            let position = book.positions.get(&instrument.id).filter(|p| !p.qty.is_zero())?;
            Some((book.id.clone(), *position))
        });
        held.map(|(book, mut position)| {
            let Ratio { numerator, denominator } = ratio;
            position.convert(numerator, denominator).map_err(|e| money(&e))?;
            Ok((book, position))
        })
        .collect()
    }

    fn converted_closes(
        &self,
        instrument: &Instrument,
        ratio: Ratio,
    ) -> Result<Vec<(u64, Qty, Qty)>, String> {
        let closes = self.closes.values().filter(|c| c.instrument == instrument.id);
        closes
            .map(|c| {
                let qty = ratio.qty(c.qty).map_err(|e| overflow(&e))?;
                let closed = ratio.qty(c.closed).map_err(|e| overflow(&e))?;
                Ok((c.id, qty, closed))
            })
            .collect()
    }
}

/// The account's net position holds what its books hold, fractions that each of them lost included.
fn net_of(mut net: Position, books: &[(BookId, Position)]) -> Result<Position, String> {
    let qty = books.iter().fold(SignedQty::ZERO, |sum, (_, p)| sum.plus(p.qty));
    net.qty = SignedQty::new(qty.get()).map_err(|e| overflow(&e))?;
    if net.qty.is_zero() {
        net.realized = net.realized.minus(&net.cost).map_err(|e| money(&e))?;
        net.cost = domain::Money::zero(net.cost.currency());
    }
    Ok(net)
}

/// So many new units for so many old ones.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    numerator: Decimal,
    denominator: Decimal,
}

impl Ratio {
    fn qty(self, qty: Qty) -> Result<Qty, NumError> {
        Ok(converted(qty.signed(true), self.numerator, self.denominator)?.abs())
    }

    /// A price in new units, on the tick and at least one of it. What can't be counted stays.
    fn price(self, price: Price, tick: Price, rounding: Rounding) -> Price {
        let product = price.get().checked_mul(self.denominator);
        let Some(exact) = product.and_then(|p| p.checked_div(self.numerator)) else { return price };
        let strategy = match rounding {
            Rounding::Down => RoundingStrategy::ToNegativeInfinity,
            Rounding::Up => RoundingStrategy::ToPositiveInfinity,
        };
        let exact = Price::new(exact.round_dp_with_strategy(SCALE_MAX, strategy));
        exact.ok().and_then(|p| p.to_tick(tick, rounding)).unwrap_or(tick)
    }

    /// Levels in new units. Each is rounded toward the price: no stop allows more loss, no trail
    /// follows from farther behind, and no target asks for more.
    fn levels(self, instrument: &Instrument, levels: Protective, long: bool) -> Protective {
        let (below, above) =
            if long { (Rounding::Up, Rounding::Down) } else { (Rounding::Down, Rounding::Up) };
        let (stop, target) = (
            |level| self.price(level, instrument.tick, below),
            |level| self.price(level, instrument.tick, above),
        );
        let by = |by| match by {
            TrailBy::Amount(a) => TrailBy::Amount(self.price(a, instrument.tick, Rounding::Down)),
            percent @ TrailBy::Percent(_) => percent,
        };
        let trail = |t: Trail| Trail { by: by(t.by), activation: t.activation.map(target) };
        let targets: Vec<_> =
            levels.targets.iter().map(|t| Target { price: target(t.price), ..t }).collect();
        Protective {
            stop: levels.stop.map(stop),
            target: levels.target.map(target),
            trail: levels.trail.map(trail),
            targets: Targets::new(&targets).unwrap_or(levels.targets),
            time_stop: levels.time_stop,
        }
    }
}
