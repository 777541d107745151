//! Lists contracts at the simulated venue for the doors.
//!
//! What is left out takes the values of what the contract follows. It must not judge orders.

use api::{ApiError, ContractDesk, FieldError, ListedContract, NewContract};
use domain::{
    AssetClass, Contract, Instrument, InstrumentId, MarginTier, Qty, TickSource, Timestamp,
};
use path::broker::BoxFuture;
use rust_decimal::{Decimal, RoundingStrategy};
use venue_sim::{FUNDING_EVERY, SimError, funding_time};

use super::{doors::Accounts, venue::Listed};

/// Contracts that a venue lists at most.
const CONTRACTS_MAX: usize = 500;

fn wrong(field: &str, value: impl ToString, rule: impl Into<String>) -> ApiError {
    let (field, value) = (field.to_owned(), Some(value.to_string()));
    ApiError::fields(vec![FieldError { field, value, rule: rule.into() }])
}

/// The margin table of a contract that names none: one step, by its largest leverage, of which
/// half must stay covered.
fn table(max_leverage: Decimal) -> Vec<MarginTier> {
    let up = RoundingStrategy::AwayFromZero;
    let initial = Decimal::ONE.checked_div(max_leverage).unwrap_or(Decimal::ONE);
    let initial_rate = initial.round_dp_with_strategy(12, up);
    let maintenance_rate = (initial_rate / Decimal::TWO).round_dp_with_strategy(12, up);
    vec![MarginTier { up_to: None, initial_rate, maintenance_rate }]
}

/// The rules of a contract on another instrument.
pub(super) fn rules(wanted: &NewContract, followed: &Instrument) -> Instrument {
    let dated = wanted.expires.is_some();
    let tiers =
        if wanted.tiers.is_empty() { table(wanted.max_leverage) } else { wanted.tiers.clone() };
    let step = wanted.step.unwrap_or(followed.step);
    Instrument {
        id: wanted.id.clone(),
        asset_class: if dated { AssetClass::Future } else { AssetClass::Perpetual },
        base: followed.base,
        quote: followed.quote,
        fee_currency: followed.quote,
        tick: wanted.tick.unwrap_or(followed.tick),
        tick_source: if wanted.tick.is_some() {
            TickSource::Specified
        } else {
            followed.tick_source
        },
        step,
        min_qty: wanted.min_qty.unwrap_or(step),
        max_qty: None::<Qty>,
        min_notional: Decimal::ZERO,
        multiplier: wanted.multiplier,
        calendar: followed.calendar,
        shortable: true,
        tradable: true,
        contract: Some(Contract {
            expires: wanted.expires,
            max_leverage: wanted.max_leverage,
            tiers,
        }),
    }
}

fn refused(wanted: &NewContract, error: &SimError) -> ApiError {
    match error {
        SimError::Config { field, value, rule } => wrong(field, value, *rule),
        SimError::UnknownInstrument(id) => wrong(
            "follows",
            id,
            "an instrument of the venue with prices of its own; GET /api/instruments lists them",
        ),
        SimError::Rules { why, .. } => wrong("symbol", &wanted.id, why.clone()),
        _ => ApiError::unavailable("venue", error.to_string(), "See the log of the desk."),
    }
}

fn shown(listed: Listed, now: Timestamp) -> ListedContract {
    let Listed { instrument, follows, funding_rate } = listed;
    let next_funding = (!funding_rate.is_zero()).then(|| funding_time(now).plus(FUNDING_EVERY));
    ListedContract { id: instrument.id, follows, funding_rate, next_funding }
}

impl Accounts {
    async fn list_contract(&self, wanted: NewContract) -> Result<InstrumentId, ApiError> {
        let unknown = || refused(&wanted, &SimError::UnknownInstrument(wanted.follows.clone()));
        if self.listings().followed_by(&wanted.follows).is_some() {
            return Err(unknown());
        }
        let followed = self.listings().get(&wanted.follows).ok_or_else(unknown)?;
        if wanted.id.venue() != followed.id.venue() {
            let rule = format!("the venue of what it follows, {}", followed.id.venue());
            return Err(wrong("symbol", &wanted.id, rule));
        }
        let known = self.listings().get(&wanted.id).is_some();
        if !known && self.venue().listed().len() >= CONTRACTS_MAX {
            let detail = format!("A venue lists at most {CONTRACTS_MAX} contracts.");
            return Err(ApiError::conflict("capacity", detail, "Use one that is listed."));
        }
        let rules = rules(&wanted, &followed);
        let now = self.now();
        self.venue()
            .list(rules, &wanted.follows, wanted.funding_rate, now)
            .map_err(|error| refused(&wanted, &error))?;
        self.listings().announce(self.desk(), self.venue()).await;
        Ok(wanted.id)
    }
}

impl ContractDesk for Accounts {
    fn list(&self, wanted: NewContract) -> BoxFuture<'_, Result<InstrumentId, ApiError>> {
        Box::pin(self.list_contract(wanted))
    }

    fn listed(&self) -> Vec<ListedContract> {
        let now = self.now();
        self.venue().listed().into_iter().map(|listed| shown(listed, now)).collect()
    }

    fn assumptions(&self) -> Vec<String> {
        self.venue().assumptions()
    }
}
