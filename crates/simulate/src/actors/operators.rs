//! People who run the desk: limits, approvals, the kill switch.
//!
//! Who pulls the switch does not rest before it is acknowledged. This module must not know what a
//! level does.

use domain::{BookId, Cap, Limits, Multiple, OriginKind, Percent};
use path::{
    core::Input,
    event::LimitTarget,
    policy::{
        DataDelay, KillLevel, LatchKind, Leverage, MarginMode, MarginRate, Policy,
        ProtectionFailure, WithoutStop,
    },
};
use rust_decimal::Decimal;

use super::{Waiting, origin, strategy_book};
use crate::{
    exchange::qty,
    world::{AccountTerms, Job, SECOND, World},
};

impl World {
    /// Somebody wants the switch pulled.
    pub(crate) fn want_kill(&mut self, a: usize) {
        let level = self.dice.pick(&[KillLevel::Pause, KillLevel::Halt, KillLevel::Flatten]);
        let everywhere = self.dice.chance(300);
        let accounts = if everywhere { 0..self.accounts.len() } else { a..a + 1 };
        for a in accounts {
            let wish = &mut self.accounts[a].kill_wish;
            *wish = (*wish).max(Some(level));
            self.pull(a);
        }
    }

    /// Pulls the switch of an account; again after a while if nobody acknowledged.
    pub(crate) fn pull(&mut self, a: usize) {
        let Some(level) = self.accounts[a].kill_wish else { return };
        self.after(SECOND, Job::Kill(a));
        let Some(p) = self.active() else { return };
        let known = self.procs[p].cores[a].state().kill_epoch;
        let wire = self.procs[p].wires[a].clone();
        let epoch = wire.epoch().max(known) + 1;
        wire.raise_epoch(epoch);
        let (by, reason) = (origin(OriginKind::Human), "drill".to_owned());
        let reply = self.wait_for(Waiting { must_pass: false, asked: None, kill: true });
        self.tell(p, a, Input::Kill { level, epoch, by, reason, reply });
    }

    /// An operator releases what stands in the way of entries.
    pub(crate) fn release(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        if self.accounts[a].kill_wish.is_some() {
            return;
        }
        let by = origin(if self.dice.chance(850) { OriginKind::Human } else { OriginKind::ApiKey });
        let reply = self.somebody();
        self.tell(p, a, Input::ReleaseKill { by: by.clone(), reply });
        for latch in [
            LatchKind::DailyLoss,
            LatchKind::Drawdown,
            LatchKind::ForeignDesk,
            LatchKind::Rewound,
            LatchKind::Liquidated,
        ] {
            let (by, reply) = (by.clone(), self.somebody());
            let rebase = self.dice.chance(500);
            self.tell(p, a, Input::ReleaseLatch { latch, rebase, by, reply });
        }
    }

    /// Draws limits of an account.
    pub(crate) fn draw_limits(&mut self, a: usize) -> Limits {
        let mut amount = |low: i64, high: i64| {
            let units = self.dice.between(low, high);
            Some(Cap::Amount(qty(units * 1_000)))
        };
        let position = amount(8_000, 40_000);
        let mut limits = Limits {
            order_notional: amount(2_000, 20_000),
            position_notional: position,
            gross_exposure: amount(15_000, 80_000),
            daily_entry_notional: amount(60_000, 400_000),
            approval_above: amount(3_000, 9_000),
            ..Limits::default()
        };
        if self.dice.chance(300) {
            limits.gross_exposure = Some(Cap::OfEquity(Percent::basis_points(4_000)));
        }
        if self.dice.chance(300) {
            limits.open_orders = Some(6 + u32::try_from(self.dice.below(20)).unwrap_or(0));
        }
        if self.dice.chance(500) {
            limits.price_collar_percent = Some(Percent::basis_points(200));
            limits.quote_age_ms = Some(4_000);
        }
        if self.dice.chance(200) {
            limits.daily_loss = Some(Cap::OfEquity(Percent::basis_points(50)));
            limits.drawdown_percent = Some(Percent::basis_points(150));
        }
        let thousands = |units: i64| Some(Cap::Amount(qty(units * 1_000)));
        if self.dice.chance(300) {
            limits.net_exposure = thousands(self.dice.between(8_000, 40_000));
        }
        if self.dice.chance(300) {
            limits.correlated_exposure = thousands(self.dice.between(12_000, 60_000));
        }
        if self.dice.chance(300) {
            limits.leverage = Multiple::new(Decimal::new(self.dice.between(20, 80), 2)).ok();
        }
        if self.exchange.wide && self.dice.chance(300) {
            limits.margin_used = thousands(self.dice.between(3_000, 30_000));
        }
        if self.dice.chance(300) {
            limits.origin_daily_notional = thousands(self.dice.between(40_000, 300_000));
        }
        let bound = position.map(|cap| cap.resolve(Decimal::ZERO));
        self.accounts[a].position_limits.push(bound);
        limits
    }

    /// An operator changes limits.
    pub(crate) fn change_limits(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let target = match self.dice.below(5) {
            0 => LimitTarget::Book(strategy_book()),
            1 => LimitTarget::Origin(OriginKind::ApiKey),
            2 => LimitTarget::Principal(origin(OriginKind::ApiKey).principal),
            _ => LimitTarget::Account,
        };
        let mut limits = self.draw_limits(a);
        if target != LimitTarget::Account {
            limits.position_notional = None;
        }
        let limits = Box::new(limits);
        let (by, reply) = (origin(OriginKind::Human), self.somebody());
        self.tell(p, a, Input::SetLimits { target, limits, by, reply });
    }

    /// Draws a policy.
    pub(crate) fn draw_policy(&mut self, terms: &AccountTerms) -> Policy {
        let without_stop = match self.dice.below(4) {
            0 => WithoutStop::Allow,
            _ => WithoutStop::Attach(Percent::basis_points(500)),
        };
        let flatten = self.dice.chance(400);
        Policy {
            without_stop,
            protection_failure: if flatten {
                ProtectionFailure::Flatten
            } else {
                ProtectionFailure::Alert
            },
            allow_short: self.exchange.allow_short || self.exchange.wide,
            leverage: Leverage::try_from(terms.leverage).expect("leverages are at least 1"),
            spot_margin_rate: terms.spot_rate().and_then(|rate| MarginRate::try_from(rate).ok()),
            margin_mode: if terms.isolated { MarginMode::Isolated } else { MarginMode::Cross },
            rate_max_age_secs: self.dice.pick(&[5, 60, 86_400]),
            data_delay_secs: DataDelay::try_from(terms.delay).ok(),
            hold_secs: 5 + u32::try_from(self.dice.below(20)).unwrap_or(0),
            ..Policy::default()
        }
    }

    /// An operator changes the policy.
    pub(crate) fn change_policy(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let mut terms = self.accounts[a].terms;
        if self.exchange.wide && self.dice.chance(400) {
            terms.leverage = self.dice.pick(&[1, 5, 10, 20]).into();
            terms.isolated = self.dice.chance(500);
        }
        let policy = Box::new(self.draw_policy(&terms));
        let (by, reply) = (origin(OriginKind::Human), self.somebody());
        self.tell(p, a, Input::SetPolicy { policy, by, reply });
    }

    /// Somebody decides about a request that waits.
    pub(crate) fn decide(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let Some(hold) = self.procs[p].cores[a].state().holds.keys().next().cloned() else {
            return;
        };
        let approve = self.dice.chance(700);
        let by = origin(self.dice.pick(&[OriginKind::Human, OriginKind::Strategy]));
        let reply = self.somebody();
        self.tell(p, a, Input::Decide { hold, approve, by, reply });
    }

    /// An operator writes off what the venue lost, or leaves dust alone.
    pub(crate) fn tidy(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let core = &self.procs[p].cores[a];
        let live: Vec<_> = core.state().live_orders().map(|o| o.client_order_id.clone()).collect();
        let lost = live.iter().find(|id| core.is_lost(id)).cloned();
        // Now and then one that is not lost, and more than dust: both must be refused.
        let order = lost.or_else(|| live.first().cloned().filter(|_| self.dice.chance(200)));
        let held = &self.procs[p].ledgers[a].positions;
        let held = held.iter().find(|((book, _), qty)| !book.is_unmanaged() && !qty.is_zero());
        let held = held.map(|(holding, _)| holding.clone());
        let (by, reply) = (origin(OriginKind::Human), self.somebody());
        if let Some(order) = order {
            self.accounts[a].misled |= self.exchange.is_open(&self.accounts[a].id, &order);
            self.tell(p, a, Input::WriteOff { order, by, reply });
        } else if let Some((book, instrument)) = held {
            self.tell(p, a, Input::LeaveDust { book, instrument, by, reply });
        }
    }

    /// An operator gives what nobody manages to a book.
    pub(crate) fn adopt(&mut self, a: usize) {
        let Some(p) = self.active() else { return };
        let held = &self.procs[p].ledgers[a].positions;
        let found = held.iter().find(|((book, _), qty)| book.is_unmanaged() && !qty.is_zero());
        let Some(((_, instrument), _)) = found else { return };
        let (instrument, book) = (instrument.clone(), BookId::manual());
        let (by, reply) = (origin(OriginKind::Human), self.somebody());
        self.tell(p, a, Input::Adopt { instrument, book, by, reply });
    }
}
