//! Cash that moves without an order: deposits, funding, fees for loans, dividends.
//!
//! Each movement has an id of the venue's and is kept with the executions. This module must not
//! know orders.

use domain::{
    AccountId, CashMovement, InstrumentId, Money, MovementId, MovementKind, SignedQty, Timestamp,
    num::SCALE_MAX,
};
use path::broker::VenueEvent;
use rust_decimal::Decimal;

use crate::{
    booking::add_cash,
    changes::MovementRow,
    engine::{AccountEvent, Engine},
    error::SimError,
};

/// Days by which annual rates are divided.
const DAYS_A_YEAR: i64 = 365;

/// The first letter of a movement's id.
const fn letter(kind: MovementKind) -> char {
    match kind {
        MovementKind::Funding => 'f',
        MovementKind::BorrowFee => 'b',
        MovementKind::Interest => 'i',
        MovementKind::Dividend => 'd',
        MovementKind::CashInLieu => 'c',
        MovementKind::Deposit => 'p',
        MovementKind::Withdrawal => 'w',
    }
}

/// What an account is to be paid, or pays when negative.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) account: AccountId,
    pub(crate) kind: MovementKind,
    pub(crate) instrument: Option<InstrumentId>,
    pub(crate) money: Money,
}

impl Engine {
    /// Pays money in, at the latest time of any order, execution or movement. Where a clock is at
    /// hand, [`Engine::deposit_at`] tells the time as well.
    ///
    /// # Errors
    /// As [`Engine::deposit_at`].
    pub fn deposit(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.deposit_at(account, money, self.counters.clock).map(drop)
    }

    /// Pays money in and tells it.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::NotPositive`], [`SimError::Amount`].
    pub fn deposit_at(
        &mut self,
        account: &AccountId,
        money: &Money,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        if money.amount() <= Decimal::ZERO {
            return Err(SimError::NotPositive(*money));
        }
        self.transfer(account, MovementKind::Deposit, *money, now)
    }

    /// Pays money out, as far as it is free, at the latest time of any order, execution or movement.
    ///
    /// # Errors
    /// As [`Engine::withdraw_at`].
    pub fn withdraw(&mut self, account: &AccountId, money: &Money) -> Result<(), SimError> {
        self.withdraw_at(account, money, self.counters.clock).map(drop)
    }

    /// Pays money out, as far as it is free, and tells it.
    ///
    /// # Errors
    /// [`SimError::UnknownAccount`], [`SimError::NotPositive`], [`SimError::Funds`].
    pub fn withdraw_at(
        &mut self,
        account: &AccountId,
        money: &Money,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        if money.amount() <= Decimal::ZERO {
            return Err(SimError::NotPositive(*money));
        }
        let held =
            self.accounts.get(account).ok_or_else(|| SimError::UnknownAccount(account.clone()))?;
        let free = self.free_cash(held, money.currency());
        if money.amount() > free {
            let free = Money::new(free.max(Decimal::ZERO), money.currency());
            return Err(SimError::Funds { asked: *money, free });
        }
        self.transfer(account, MovementKind::Withdrawal, money.negated(), now)
    }

    fn transfer(
        &mut self,
        account: &AccountId,
        kind: MovementKind,
        money: Money,
        now: Timestamp,
    ) -> Result<Vec<AccountEvent>, SimError> {
        let mut out = Vec::new();
        let flow = Flow { account: account.clone(), kind, instrument: None, money };
        self.pay(flow, now, &mut out)?;
        Ok(out)
    }

    /// Books a movement and tells it; nothing moves for an amount of zero.
    pub(crate) fn pay(
        &mut self,
        flow: Flow,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) -> Result<(), SimError> {
        let Flow { account, kind, instrument, money } = flow;
        if money.amount().is_zero() {
            return Ok(());
        }
        let state = &mut self.account_mut(&account)?.state;
        add_cash(&mut state.cash, &money).map_err(SimError::Amount)?;
        let at = self.stamp(now);
        self.counters.movements += 1;
        let number = self.counters.movements;
        let id = MovementId::new(format!("{}-{number}", letter(kind)))
            .expect("a letter and digits make an id");
        let movement = CashMovement { id, kind, instrument, money, at };
        self.dirty.account(&account);
        out.push((account.clone(), VenueEvent::Movement(movement.clone())));
        let row = MovementRow { account: account.clone(), number, movement };
        self.dirty.movement(&row);
        self.account_mut(&account)?.movements.push(row);
        Ok(())
    }

    /// Books several movements. One that no balance can hold is left out: balances are bounded.
    pub(crate) fn pay_all(
        &mut self,
        flows: Vec<Flow>,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        for flow in flows {
            let _ = self.pay(flow, now, out);
        }
    }

    /// Every account that holds an instrument, with its quantity.
    pub(crate) fn holders(&self, instrument: &InstrumentId) -> Vec<(AccountId, SignedQty)> {
        let held = |account: &crate::account::Account| account.state.held(instrument);
        let accounts = self.accounts.iter().map(|(id, account)| (id.clone(), held(account)));
        accounts.filter(|(_, qty)| !qty.is_zero()).collect()
    }

    /// Funding of a perpetual contract: each holder is paid −`rate` × mark × quantity ×
    /// multiplier, rounded half to even at 12 decimals; longs pay at a positive rate (0.0001 is
    /// 0.01 %). It is paid out of the balance, also by what is secured alone. The same `id` again
    /// does nothing.
    pub fn on_funding(
        &mut self,
        instrument: &InstrumentId,
        rate: Decimal,
        id: &MovementId,
        now: Timestamp,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let Some(market) = self.markets.get(instrument) else { return out };
        let rules = &market.state.instrument;
        let Some(mark) = market.state.value_price().filter(|_| rules.asset_class.is_contract())
        else {
            return out;
        };
        let flows = self.holders(instrument).into_iter().filter_map(|(account, _)| {
            let position = self.position(&account, instrument)?;
            let value = position.value(mark, rules.multiplier).ok()?;
            let owed = value.amount().checked_mul(rate)?.round_dp(SCALE_MAX);
            let (kind, money) = (MovementKind::Funding, Money::new(-owed, rules.quote));
            Some(Flow { account, kind, instrument: Some(instrument.clone()), money })
        });
        let flows: Vec<Flow> = flows.collect();
        if self.first_time(instrument, id) {
            self.pay_all(flows, now, &mut out);
            self.check_margin(instrument, now, &mut out);
        }
        out
    }

    /// A dividend: longs are paid `per_share` for each unit, shorts pay it, rounded half to even at
    /// 12 decimals. The same `id` again does nothing.
    pub fn on_dividend(
        &mut self,
        instrument: &InstrumentId,
        per_share: &Money,
        id: &MovementId,
        now: Timestamp,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        if !self.markets.contains_key(instrument) || self.is_contract(instrument) {
            return out;
        }
        let flows = self.holders(instrument).into_iter().filter_map(|(account, qty)| {
            let amount = qty.get().checked_mul(per_share.amount())?.round_dp(SCALE_MAX);
            let money = Money::new(amount, per_share.currency());
            let (kind, instrument) = (MovementKind::Dividend, Some(instrument.clone()));
            Some(Flow { account, kind, instrument, money })
        });
        let flows: Vec<Flow> = flows.collect();
        if self.first_time(instrument, id) {
            self.pay_all(flows, now, &mut out);
        }
        out
    }

    /// Charges a day's fees for what is short and interest on borrowed cash, each at its annual
    /// rate over 365, once a UTC day; days that were missed are not made up for.
    pub fn on_day(&mut self, now: Timestamp) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let day = now.utc_day();
        if self.counters.charged_day.is_some_and(|charged| charged >= day) {
            return out;
        }
        self.counters.charged_day = Some(day);
        self.dirty.counters();
        let accounts: Vec<AccountId> = self.accounts.keys().cloned().collect();
        for account in accounts {
            let mut flows = self.borrow_fees(&account);
            flows.extend(self.interest(&account));
            self.pay_all(flows, now, &mut out);
        }
        out
    }

    fn borrow_fees(&self, id: &AccountId) -> Vec<Flow> {
        let Some(account) = self.accounts.get(id) else { return Vec::new() };
        let shorts = account.state.positions.iter().filter(|(_, p)| p.qty.is_short());
        let fees = shorts.filter_map(|(instrument, _)| {
            let market = &self.markets.get(instrument)?.state;
            let rules = &market.instrument;
            let value = self.value_of(account, market).abs();
            let money = a_day(value, self.config.borrow_rate, rules.quote)?;
            let (kind, instrument) = (MovementKind::BorrowFee, Some(instrument.clone()));
            let flow = Flow { account: id.clone(), kind, instrument, money };
            (!rules.asset_class.is_contract()).then_some(flow)
        });
        fees.collect()
    }

    fn interest(&self, id: &AccountId) -> Vec<Flow> {
        let Some(account) = self.accounts.get(id) else { return Vec::new() };
        let owed = account.state.cash.iter().filter(|money| money.amount() < Decimal::ZERO);
        let charged = owed.filter_map(|owed| {
            let money = a_day(-owed.amount(), self.config.interest_rate, owed.currency())?;
            let kind = MovementKind::Interest;
            Some(Flow { account: id.clone(), kind, instrument: None, money })
        });
        charged.collect()
    }
}

/// What a day costs at an annual rate, as a payment of the account.
fn a_day(amount: Decimal, rate: Decimal, currency: domain::Currency) -> Option<Money> {
    let year = amount.checked_mul(rate)?;
    let day = year.checked_div(Decimal::from(DAYS_A_YEAR))?.round_dp(SCALE_MAX);
    Some(Money::new(-day, currency))
}
