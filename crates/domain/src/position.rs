//! A position and what it cost.
//!
//! Quantity and cost are kept, the average is derived, so that cost is conserved exactly over any
//! sequence of fills. This module must not know books, orders or where fills come from.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money, MoneyError, notional},
    num::{NumError, Price, Qty, SCALE_MAX, SignedQty, add_exact, mul_exact},
    order::Side,
};

/// A quantity held and its total cost in the quote currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// How much, with direction.
    pub qty: SignedQty,
    /// What the quantity cost, without fees; negative for a short position.
    pub cost: Money,
    /// Profit and loss of what was closed, without fees.
    pub realized: Money,
}

impl Position {
    /// No position, valued in `currency`.
    #[must_use]
    pub fn flat(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { qty: SignedQty::ZERO, cost: zero, realized: zero }
    }

    /// The average price paid, rounded half to even at 12 decimals; `None` when flat.
    #[must_use]
    pub fn average_price(&self, multiplier: Decimal) -> Option<Price> {
        if self.qty.is_zero() || multiplier.is_zero() {
            return None;
        }
        let units = self.qty.get().checked_mul(multiplier)?;
        let average = self.cost.amount().checked_div(units)?;
        Price::new(average.round_dp(SCALE_MAX)).ok()
    }

    /// Profit or loss of what is held, valued at `mark`.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact value has more than 28 digits.
    pub fn unrealized(&self, mark: Price, multiplier: Decimal) -> Result<Money, NumError> {
        let value = self.value(mark, multiplier)?;
        let amount = add_exact("unrealized", value.amount(), -self.cost.amount())?;
        Ok(Money::new(amount, self.cost.currency()))
    }

    /// The signed value at `mark`.
    ///
    /// # Errors
    /// [`NumError::Overflow`] when the exact value has more than 28 digits.
    pub fn value(&self, mark: Price, multiplier: Decimal) -> Result<Money, NumError> {
        let units = mul_exact("value", self.qty.get(), multiplier)?;
        Ok(Money::new(mul_exact("value", units, mark.get())?, self.cost.currency()))
    }

    /// Books an execution. What reduces the position is taken out at average cost (rounded half
    /// to even at 12 decimals, the last unit takes the remainder exactly); what goes beyond zero
    /// opens the other direction at the execution's price.
    ///
    /// # Errors
    /// A [`MoneyError`] when an exact amount has more than 28 digits.
    pub fn apply(
        &mut self,
        side: Side,
        qty: Qty,
        price: Price,
        multiplier: Decimal,
    ) -> Result<(), MoneyError> {
        let closing = match Side::reducing(self.qty) {
            Some(reducing) if reducing == side => qty.min_of(self.qty.abs()),
            _ => Qty::ZERO,
        };
        if !closing.is_zero() {
            self.close(side, closing, price, multiplier)?;
        }
        let opening = qty.minus(closing);
        if !opening.is_zero() {
            let value = notional(price, opening, multiplier, self.cost.currency())?;
            let value = if side == Side::Buy { value } else { value.negated() };
            self.cost = self.cost.plus(&value)?;
            self.qty = self.qty.plus(side.signed(opening));
        }
        Ok(())
    }

    /// Turns every `denominator` units into `numerator` units, as a split does: quantity × numerator
    /// ÷ denominator, toward zero at 12 decimals, at the same total cost. A quantity of which
    /// nothing is left is closed for nothing.
    ///
    /// # Errors
    /// A [`MoneyError`] when the quantity does not fit or a factor is not above zero.
    pub fn convert(&mut self, numerator: Decimal, denominator: Decimal) -> Result<(), MoneyError> {
        let qty = converted(self.qty, numerator, denominator)?;
        if qty.is_zero() {
            self.realized = self.realized.minus(&self.cost)?;
            self.cost = Money::zero(self.cost.currency());
        }
        self.qty = qty;
        Ok(())
    }

    fn close(
        &mut self,
        side: Side,
        qty: Qty,
        price: Price,
        multiplier: Decimal,
    ) -> Result<(), MoneyError> {
        let value = notional(price, qty, multiplier, self.cost.currency())?;
        self.settle(side.signed(qty), &if side == Side::Sell { value } else { value.negated() })
    }

    /// Books what was paid for a part of the position: it is sold for exactly that, negative for
    /// what a short position owed. No more than is held goes, and nothing of another side.
    ///
    /// # Errors
    /// A [`MoneyError`] when the money is in another currency or an exact amount has more than 28
    /// digits.
    pub fn pay_out(&mut self, qty: SignedQty, paid: &Money) -> Result<(), MoneyError> {
        let same = qty.is_long() == self.qty.is_long();
        let qty = if same { qty.abs().min_of(self.qty.abs()) } else { Qty::ZERO };
        let side = Side::reducing(self.qty).unwrap_or(Side::Sell);
        self.settle(side.signed(qty), paid)
    }

    /// Takes a part that reduces the position out at average cost.
    fn settle(&mut self, change: SignedQty, proceeds: &Money) -> Result<(), MoneyError> {
        let share = if change.abs() == self.qty.abs() {
            self.cost
        } else {
            let product = self.cost.amount().checked_mul(change.abs().get());
            let part = product.and_then(|p| p.checked_div(self.qty.abs().get()));
            let part = part.ok_or(NumError::Overflow { field: "cost" })?;
            Money::new(part.round_dp(SCALE_MAX), self.cost.currency())
        };
        self.realized = self.realized.plus(proceeds)?.minus(&share)?;
        self.cost = self.cost.minus(&share)?;
        self.qty = self.qty.plus(change);
        Ok(())
    }
}

/// A quantity of which every `denominator` units became `numerator` units, toward zero at 12
/// decimals.
///
/// # Errors
/// [`NumError`] when it does not fit or a factor is not above zero.
pub fn converted(
    qty: SignedQty,
    numerator: Decimal,
    denominator: Decimal,
) -> Result<SignedQty, NumError> {
    let overflow = NumError::Overflow { field: "quantity" };
    if numerator <= Decimal::ZERO || denominator <= Decimal::ZERO {
        return Err(overflow);
    }
    let product = qty.get().checked_mul(numerator);
    let exact = product.and_then(|p| p.checked_div(denominator)).ok_or(overflow)?;
    SignedQty::new(exact.round_dp_with_strategy(SCALE_MAX, RoundingStrategy::ToZero))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(units: i64) -> Price {
        Price::new(Decimal::new(units, 2)).unwrap()
    }

    fn qty(units: i64) -> Qty {
        Qty::new(Decimal::from(units)).unwrap()
    }

    #[test]
    fn a_flip_closes_at_the_old_cost_and_opens_at_the_new_price() {
        let mut position = Position::flat(Currency::usd());
        position.apply(Side::Buy, qty(10), price(10_000), Decimal::ONE).unwrap();
        position.apply(Side::Sell, qty(15), price(11_000), Decimal::ONE).unwrap();
        assert_eq!(position.realized.amount(), Decimal::from(100));
        assert_eq!(position.qty.get(), Decimal::from(-5));
        assert_eq!(position.average_price(Decimal::ONE), Some(price(11_000)));
        assert_eq!(
            position.unrealized(price(10_000), Decimal::ONE).unwrap().amount(),
            Decimal::from(50)
        );
    }

    #[test]
    fn a_split_changes_the_quantity_and_not_the_cost() {
        let mut position = Position::flat(Currency::usd());
        position.apply(Side::Buy, qty(7), price(9_000), Decimal::ONE).unwrap();
        position.convert(Decimal::from(3), Decimal::from(2)).unwrap();
        assert_eq!(position.qty.get(), Decimal::new(105, 1), "7 × 3 ÷ 2");
        assert_eq!(position.cost.amount(), Decimal::from(630));
        assert!(position.convert(Decimal::ZERO, Decimal::ONE).is_err());
        position.convert(Decimal::ONE, Decimal::from(1_000_000_000_000_000_i64)).unwrap();
        assert_eq!(position.qty, SignedQty::ZERO, "10.5e-15 is nothing at 12 decimals");
        assert_eq!(position.realized.amount(), Decimal::from(-630));
        assert_eq!(position.cost.amount(), Decimal::ZERO);
    }

    proptest! {
        /// Realised plus unrealised equals cash flow plus value, to the last digit.
        #[test]
        fn profit_is_conserved(fills in proptest::collection::vec(
            (any::<bool>(), 1_i64..50, 1_i64..100_000), 1..40), mark in 1_i64..100_000) {
            let mut position = Position::flat(Currency::usd());
            let mut flow = Decimal::ZERO;
            for (buy, units, at) in fills {
                let side = if buy { Side::Buy } else { Side::Sell };
                position.apply(side, qty(units), price(at), Decimal::ONE).unwrap();
                let value = price(at).get() * qty(units).get();
                flow += if buy { -value } else { value };
            }
            let value = position.value(price(mark), Decimal::ONE).unwrap().amount();
            let open = position.unrealized(price(mark), Decimal::ONE).unwrap().amount();
            prop_assert_eq!(position.realized.amount() + open, flow + value);
        }
    }
}
