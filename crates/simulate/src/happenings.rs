//! What happens at the venue without an order: funding, dividends, splits, fees for loans, the end
//! of a contract, and exchange rates.
//!
//! Each is told by the same lossy stream as executions. This module must not know what a desk makes
//! of them.

use domain::{CalendarKind, Currency, InstrumentId, Money, MovementId, Timestamp};
use path::core::Input;
use rust_decimal::Decimal;
use venue_sim::Happening;

use crate::{
    faults::Fault,
    listing::euro,
    world::{EPOCH, Job, SECOND, World},
};

/// New shares for so many old ones.
const RATIOS: [(i64, i64); 5] = [(2, 1), (3, 2), (3, 1), (1, 2), (2, 3)];
/// Prices that a split may lead to, in hundredths.
const SPLIT_CENTS: std::ops::RangeInclusive<i64> = 3_000..=40_000;

impl World {
    /// Something may happen to one of the instruments, and something else later.
    pub(crate) fn happening(&mut self) {
        if self.settling {
            return;
        }
        let wait = self.dice.millis(1_500, 6_000);
        self.after(wait, Job::Happening);
        if self.strikes(Fault::Funding) {
            self.fund();
        }
        if self.strikes(Fault::Dividend) {
            self.dividend();
        }
        if self.strikes(Fault::MarkGap) {
            self.mark_gap();
        }
        if self.strikes(Fault::LoanFees) {
            self.tell_venue(&Happening::Day);
        }
    }

    /// Shares are split overnight.
    pub(crate) fn overnight(&mut self) {
        if self.exchange.wide && self.strikes(Fault::Split) {
            self.split();
        }
    }

    /// A contract comes to its end.
    pub(crate) fn expire(&mut self) {
        self.tell_venue(&Happening::Time);
    }

    /// The instant at which the listed future ends.
    pub(crate) fn expiry(&self) -> Option<i64> {
        let mut terms = self.exchange.instruments.iter().filter_map(|i| i.contract.as_ref());
        terms.find_map(|terms| terms.expires).map(|at| at.0)
    }

    fn movement_id(&mut self, kind: &str) -> MovementId {
        self.keys += 1;
        MovementId::new(format!("{kind}-{}", self.keys)).expect("letters and digits")
    }

    fn tell_venue(&mut self, what: &Happening) {
        let events = self.exchange.happen(what, self.now);
        self.trace(|| format!("{what:?}"));
        self.publish_each(events);
    }

    /// The perpetual contract and its place in the list.
    fn perpetual(&self) -> Option<(usize, InstrumentId)> {
        let mut all = self.exchange.instruments.iter().enumerate();
        let found = all.find(|(_, i)| i.contract.as_ref().is_some_and(|c| c.expires.is_none()));
        found.map(|(index, i)| (index, i.id.clone()))
    }

    /// The mark price leaves the last trade for a moment; who is not secured then is liquidated.
    fn mark_gap(&mut self) {
        let Some((index, instrument)) = self.perpetual() else { return };
        let far = self.dice.pick(&[-150, -90, -60, 60, 90, 150]);
        for away in [far, 0] {
            let price = self.near(index, away, away);
            let instrument = instrument.clone();
            self.tell_venue(&Happening::Mark { instrument, price });
        }
    }

    fn fund(&mut self) {
        let Some((_, instrument)) = self.perpetual() else { return };
        let rate = Decimal::new(self.dice.between(-80, 120), 5);
        let id = self.movement_id("fund");
        let what = Happening::Funding { instrument, rate, id };
        self.tell_venue(&what);
        // The venue recognises its own repetitions.
        self.tell_venue(&what);
    }

    /// A share and its place in the list.
    fn some_share(&mut self) -> (usize, domain::Instrument) {
        let all = self.exchange.instruments.iter().enumerate();
        let shares = all.filter(|(_, i)| i.calendar == CalendarKind::UsEquities);
        let shares: Vec<_> = shares.map(|(index, i)| (index, i.clone())).collect();
        shares[self.dice.index(shares.len())].clone()
    }

    fn dividend(&mut self) {
        let (_, share) = self.some_share();
        let per_share = Money::new(Decimal::new(self.dice.between(1, 250), 2), share.quote);
        let id = self.movement_id("div");
        self.tell_venue(&Happening::Dividend { instrument: share.id, per_share, id });
    }

    fn split(&mut self) {
        let (index, share) = self.some_share();
        let (numerator, denominator) = self.dice.pick(&RATIOS);
        let cents = self.feed.cents(index) * denominator / numerator;
        if !SPLIT_CENTS.contains(&cents) {
            return;
        }
        self.feed.set_cents(index, cents);
        // What is on its way was judged in the old units.
        for account in &mut self.accounts {
            account.touched = true;
            account.misled = true;
        }
        let id = self.movement_id("split");
        self.tell_venue(&Happening::Split {
            instrument: share.id,
            numerator: numerator.into(),
            denominator: denominator.into(),
            id,
        });
    }

    /// The exchange rate takes a step and is told to every desk.
    pub(crate) fn rate(&mut self) {
        let wait = self.dice.millis(1_000, 4_000);
        self.after(wait, Job::Rate);
        let step = if self.feed.frozen { 0 } else { self.dice.between(-20, 20) };
        self.feed.move_rate(step);
        if self.feed.rate_stale_until > self.now {
            return;
        }
        if !self.feed.frozen && self.strikes(Fault::RateStale) {
            self.feed.rate_stale_until = self.now + self.dice.millis(3_000, 15_000);
        }
        for p in 0..self.procs.len() {
            if self.procs[p].dead {
                continue;
            }
            for a in 0..self.accounts.len() {
                let input = Box::new(Input::Rate {
                    from: euro(),
                    to: Currency::usd(),
                    rate: self.feed.rate(),
                    at: Timestamp(self.now),
                });
                let wait = self.dice.millis(0, 5);
                self.after(wait, Job::Tell { p, a, input });
            }
        }
    }

    /// Sets everything going that only wide worlds have.
    pub(crate) fn begin_happenings(&mut self) {
        if !self.exchange.wide {
            return;
        }
        if let Some(at) = self.expiry() {
            self.at(at, Job::Expiry);
        }
        self.at(EPOCH + SECOND / 10, Job::Rate);
        self.after(4 * SECOND, Job::Happening);
    }
}
