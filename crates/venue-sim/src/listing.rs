//! Contracts that follow another instrument's prices, and the funding of perpetual ones.
//!
//! Whoever feeds prices gives a contract those of what it follows; here it is said what follows
//! what, and when who holds pays. This module must not know how orders fill.

use domain::{AssetClass, Instrument, InstrumentId, MovementId, Nanos, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    config::range,
    engine::{AccountEvent, Engine},
    error::SimError,
    market::Market,
};

/// The span between two funding times; they are at 00:00, 08:00 and 16:00 UTC.
pub const FUNDING_EVERY: Nanos = Nanos::from_secs(8 * 3_600);
/// Funding times that are made up for at once: a week of them.
const FUNDINGS_MAX: usize = 21;

/// Where the price of a contract comes from, and what holding it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The instrument whose prices are the contract's too.
    pub instrument: InstrumentId,
    /// The share of the value that longs pay to shorts at each funding time, -0.05 to 0.05; zero
    /// for none.
    pub funding_rate: Decimal,
    /// The last funding time that was charged, or the one before the listing.
    pub funded: Timestamp,
}

/// The latest funding time at or before an instant.
#[must_use]
pub const fn funding_time(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(FUNDING_EVERY.0) * FUNDING_EVERY.0)
}

impl Engine {
    /// Lists a contract that follows another instrument of this venue, or gives one other terms.
    /// It trades when that does. Funding begins with the first funding time after the listing.
    ///
    /// # Errors
    /// [`SimError::Rules`] when its rules contradict themselves, it is no contract, or it would
    /// change what was dealt in before; [`SimError::UnknownInstrument`] for what it would follow;
    /// [`SimError::Config`] for a funding rate out of range or of a dated contract, and for an
    /// expiry that has passed.
    pub fn list(
        &mut self,
        instrument: Instrument,
        follows: InstrumentId,
        funding_rate: Decimal,
        now: Timestamp,
    ) -> Result<(), SimError> {
        self.check_listing(&instrument, &follows, funding_rate, now)?;
        let id = instrument.id.clone();
        let session = self.session(&follows);
        let before = self.markets.get(&id).and_then(|market| market.state.follows.clone());
        self.register(instrument);
        if let Some(market) = self.markets.get_mut(&id) {
            market.state.session = session.unwrap_or(market.state.session);
            let funded = before.map_or_else(|| funding_time(now), |before| before.funded);
            market.state.follows = Some(Follows { instrument: follows, funding_rate, funded });
            self.dirty.market(&id);
        }
        Ok(())
    }

    fn check_listing(
        &self,
        instrument: &Instrument,
        follows: &InstrumentId,
        funding_rate: Decimal,
        now: Timestamp,
    ) -> Result<(), SimError> {
        let id = &instrument.id;
        let rules = |why: String| SimError::Rules { instrument: id.clone(), why };
        instrument.validate().map_err(|error| rules(error.to_string()))?;
        if !instrument.asset_class.is_contract() {
            return Err(rules("only a contract follows another instrument".to_owned()));
        }
        let followed = self.markets.get(follows).filter(|market| market.state.follows.is_none());
        let followed = followed.ok_or_else(|| SimError::UnknownInstrument(follows.clone()))?;
        if followed.state.instrument.quote != instrument.quote {
            let (own, other) = (instrument.quote, followed.state.instrument.quote);
            return Err(rules(format!("its prices are in {own}, those of {follows} in {other}")));
        }
        let most = Decimal::new(5, 2);
        let rule = "-0.05 to 0.05 of the value at each funding time, at most 12 decimals";
        range("funding_rate", funding_rate, -most, most, rule)?;
        if instrument.asset_class == AssetClass::Future && !funding_rate.is_zero() {
            let value = funding_rate.to_string();
            let rule = "a dated contract has no funding; leave it out";
            return Err(SimError::Config { field: "funding_rate", value, rule });
        }
        let expires = instrument.contract.as_ref().and_then(|terms| terms.expires);
        if let Some(expires) = expires.filter(|expires| *expires <= now) {
            let (value, rule) = (expires.to_string(), "it must lie in the venue's future");
            return Err(SimError::Config { field: "expires", value, rule });
        }
        match self.markets.get(id) {
            Some(known) if !like(known, instrument) => Err(rules(
                "the venue has it with other prices, currency or multiplier; choose another symbol"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Every contract that follows another instrument.
    pub fn listed(&self) -> impl Iterator<Item = (&Instrument, &Follows)> {
        let markets = self.markets.values().map(|market| &market.state);
        markets.filter_map(|state| Some((&state.instrument, state.follows.as_ref()?)))
    }

    /// Charges every funding time that has passed, each once and at the mark that stands; of more
    /// than a week only the first week.
    pub(crate) fn charge_funding(&mut self, now: Timestamp, out: &mut Vec<AccountEvent>) {
        let due = |(rules, follows): (&Instrument, &Follows)| {
            let late = follows.funded.plus(FUNDING_EVERY) <= now;
            late.then(|| (rules.id.clone(), follows.funding_rate, follows.funded))
        };
        let due: Vec<_> = self.listed().filter_map(due).collect();
        for (id, rate, funded) in due {
            let mut at = funded;
            for _ in 0..FUNDINGS_MAX {
                at = at.plus(FUNDING_EVERY);
                if at > now {
                    break;
                }
                let name = MovementId::new(format!("funding-{}", at.0 / 1_000_000_000));
                if let Some(name) = name.ok().filter(|_| !rate.is_zero()) {
                    out.extend(self.on_funding(&id, rate, &name, at));
                }
            }
            if let Some(market) = self.markets.get_mut(&id)
                && let Some(follows) = &mut market.state.follows
            {
                follows.funded = funding_time(now);
                self.dirty.market(&id);
            }
        }
    }

    /// A listed contract that has ended is traded no more, which whoever asks for its rules sees.
    pub(crate) fn retire(&mut self, instrument: &InstrumentId) {
        let Some(market) = self.markets.get_mut(instrument) else { return };
        if market.state.follows.is_some() && market.state.instrument.tradable {
            market.state.instrument.tradable = false;
            self.dirty.market(instrument);
        }
    }

    /// What is assumed about the funding of what is listed, one sentence for each.
    pub(crate) fn describe_funding(&self) -> Vec<String> {
        let words = |(rules, follows): (&Instrument, &Follows)| {
            let (id, of) = (&rules.id, &follows.instrument);
            let percent = (follows.funding_rate.abs() * Decimal::ONE_HUNDRED).normalize();
            let (payer, payee) = if follows.funding_rate.is_sign_negative() {
                ("shorts", "longs")
            } else {
                ("longs", "shorts")
            };
            if follows.funding_rate.is_zero() {
                return format!("{id} has the prices of {of}; the last one is its mark price.");
            }
            format!(
                "{id} has the prices of {of}; the last one is its mark price. Every 8 hours, at \
                 00:00, 08:00 and 16:00 UTC of the venue's clock, {payer} pay {payee} {percent} % \
                 of the value at the mark that stands; where the clock leaps, each funding time \
                 that it leapt over is charged, at most 21 of them."
            )
        };
        self.listed().map(words).collect()
    }
}

/// True when what was dealt in under the old rules can be counted under the new ones.
fn like(known: &Market, new: &Instrument) -> bool {
    let old = &known.state.instrument;
    old.quote == new.quote
        && old.multiplier == new.multiplier
        && old.asset_class == new.asset_class
        && known.state.follows.is_some()
}
