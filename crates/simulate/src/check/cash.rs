//! Sums over everything that moves money or units: executions and fees, funding and dividends,
//! splits.
//!
//! This module must not know orders or limits.

use domain::{BookId, CorporateAction, InstrumentId, MovementId};
use path::event::CashMoved;
use rust_decimal::Decimal;

use super::{Invariant, Ledger};

impl Ledger {
    /// Pays for an execution; returns what the fee kept back of what was bought.
    pub(super) fn charge(
        &mut self,
        book: &BookId,
        fill: &domain::Fill,
        sign: Decimal,
    ) -> Result<Decimal, (Invariant, String)> {
        let Some(rules) = self.instruments.get(&fill.instrument).cloned() else {
            let text = format!("trade {} is of an instrument without rules", fill.trade_id);
            return Err((Invariant::JournalFolds, text));
        };
        let value = fill.price.get() * fill.qty.get() * rules.multiplier;
        self.pay(&domain::Money::new(value, rules.quote), -sign);
        if fill.fee.currency() == rules.base && rules.contract.is_none() {
            let kept_back = fill.fee.amount() / rules.multiplier;
            self.add(book, &fill.instrument, -kept_back);
            return Ok(kept_back);
        }
        self.pay(&fill.fee, Decimal::NEGATIVE_ONE);
        Ok(Decimal::ZERO)
    }

    /// A contract that came without an execution is taken over at its price.
    pub(super) fn pay_for_contract(&mut self, instrument: &InstrumentId, value: Decimal) {
        let rules = self.instruments.get(instrument).filter(|rules| rules.contract.is_some());
        if let Some((quote, multiplier)) = rules.map(|rules| (rules.quote, rules.multiplier)) {
            self.pay(&domain::Money::new(value * multiplier, quote), Decimal::NEGATIVE_ONE);
        }
    }

    pub(super) fn moved(&mut self, body: &CashMoved) {
        self.count_once(&body.movement.id);
        let shared: Decimal = body.shares.iter().map(|share| share.money.amount()).sum();
        let currency = body.movement.money.currency();
        let same = body.shares.iter().all(|share| share.money.currency() == currency);
        if !same || shared != body.movement.money.amount() {
            let text = format!("the parts of {} are not {}", body.movement.id, body.movement.money);
            self.findings.push((Invariant::MovementsOnce, text));
        }
        for share in &body.shares {
            self.pay(&share.money, Decimal::ONE);
            if let (Some(sold), Some(id)) = (&share.sold, &body.movement.instrument) {
                let left = self.add(&share.book, id, -sold.qty.get());
                if left.is_zero() {
                    self.plans.remove(&(share.book.clone(), id.clone()));
                }
            }
        }
    }

    fn count_once(&mut self, id: &MovementId) {
        if !self.movements.insert(id.clone()) {
            let text = format!("movement {id} is in the journal twice");
            self.findings.push((Invariant::MovementsOnce, text));
        }
    }

    /// Every holding in new units, toward zero at 12 decimals.
    pub(super) fn converted(&mut self, action: &CorporateAction) {
        self.count_once(&action.id);
        for ((_, instrument), qty) in &mut self.positions {
            if *instrument == action.instrument {
                *qty = (*qty * action.numerator / action.denominator).trunc_with_scale(12);
            }
        }
        self.plans.retain(|(_, instrument), _| *instrument != action.instrument);
    }
}
