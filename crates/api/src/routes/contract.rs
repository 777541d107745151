//! A contract as somebody asks for it to be listed.
//!
//! It must not know what it would follow.

use domain::{Contract, InstrumentId, MarginTier, Price, Qty, Timestamp, contract::TIERS_MAX};
use path::policy::LEVERAGE_MAX;
use rust_decimal::Decimal;
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    ports::NewContract,
};

/// One step of a margin table.
#[derive(Debug, ToSchema)]
pub(crate) struct TierRequest {
    /// The value up to which the step reaches, in the quote currency; absent in the last one.
    #[schema(value_type = Option<String>)]
    up_to: Option<Decimal>,
    /// Share of the value that must be set aside to open, at most 1: 0.05 is 5 %.
    #[schema(value_type = String)]
    initial_rate: Decimal,
    /// Share of the value below which the venue liquidates, at most the initial rate.
    #[schema(value_type = String)]
    maintenance_rate: Decimal,
}

impl FromFields for TierRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let up_to = f.decimal::<Decimal>("up_to");
        let initial = f.need_decimal::<Decimal>("initial_rate");
        let maintenance = f.need_decimal::<Decimal>("maintenance_rate");
        Some(Self { up_to: up_to?, initial_rate: initial?, maintenance_rate: maintenance? })
    }
}

/// A contract to list on a series of prices that the desk has.
#[derive(ToSchema)]
#[schema(as = NewInstrumentRequest, examples(
    json!({"symbol": "sim:BTC-PERP", "follows": "sim:BTC", "max_leverage": "20", "step": "0.001",
        "funding_rate": "0.0001", "tiers": [
            {"up_to": "50000", "initial_rate": "0.05", "maintenance_rate": "0.025"},
            {"initial_rate": "0.1", "maintenance_rate": "0.05"}]}),
    json!({"symbol": "sim:IBM-DEC", "follows": "sim:IBM", "kind": "future", "multiplier": "100",
        "expires": "2008-12-19T21:00:00Z", "max_leverage": "10"})
))]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct NewInstrumentSchema {
    /// Its venue and symbol, as venue:SYMBOL.
    symbol: String,
    /// The instrument whose prices are the contract's too; the last one is its mark price.
    follows: String,
    /// `perpetual` or `future`; without it a future when it expires, else perpetual.
    kind: Option<String>,
    /// When a future is settled in cash at the mark, RFC 3339.
    expires: Option<String>,
    /// Units of the base per contract, above 0; 1 when absent.
    multiplier: Option<String>,
    /// The largest leverage, 1 to 1000.
    max_leverage: String,
    /// The margin table, steps in rising order, the last one without end. Without it one step: one
    /// over the largest leverage to open, half of that to hold.
    #[schema(required = false)]
    tiers: Vec<TierRequest>,
    /// Prices are multiples of this; as what it follows when absent.
    tick: Option<String>,
    /// Quantities are multiples of this; as what it follows when absent.
    step: Option<String>,
    /// The smallest order; one step when absent.
    min_qty: Option<String>,
    /// The share of the value that longs pay to shorts at each funding time, every eight hours,
    /// -0.05 to 0.05; shorts pay when it is negative. For perpetual contracts; 0 when absent.
    funding_rate: Option<String>,
}

/// A contract to list.
#[derive(Debug)]
pub(crate) struct NewInstrumentRequest(pub(crate) NewContract);

/// What kind of contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Perpetual,
    Future,
}

impl FromFields for NewInstrumentRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let id = f.need::<InstrumentId>("symbol");
        let follows = f.need::<InstrumentId>("follows");
        let expires = expiry(f);
        let multiplier = f.decimal::<Decimal>("multiplier");
        let max_leverage = f.need_decimal::<Decimal>("max_leverage");
        let tiers = tiers(f);
        let tick = f.decimal::<Price>("tick");
        let step = f.decimal::<Qty>("step");
        let min_qty = f.decimal::<Qty>("min_qty");
        let funding_rate = f.decimal::<Decimal>("funding_rate");
        let multiplier = multiplier?.unwrap_or(Decimal::ONE);
        if multiplier <= Decimal::ZERO {
            f.refuse_value("multiplier", multiplier, "above 0");
        }
        let max_leverage = max_leverage?;
        if max_leverage < Decimal::ONE || max_leverage > Decimal::from(LEVERAGE_MAX) {
            f.refuse_value("max_leverage", max_leverage, format!("1 to {LEVERAGE_MAX}"));
        }
        let step = step?;
        if let Some(step) = step.filter(|step| step.is_zero()) {
            f.refuse_value("step", step, "above 0");
        }
        Some(Self(NewContract {
            id: id?,
            follows: follows?,
            expires: expires?,
            multiplier,
            max_leverage,
            tiers: tiers?,
            tick: tick?,
            step,
            min_qty: min_qty?,
            funding_rate: funding_rate?.unwrap_or_default(),
        }))
    }
}

/// When it expires, which must fit its kind.
fn expiry(f: &mut Fields) -> Option<Option<Timestamp>> {
    let kind = f.choice::<Kind>("kind", "`perpetual` or `future`");
    let expires = f.may::<Timestamp>("expires")?;
    match (kind?, expires) {
        (Some(Kind::Future), None) => f.refuse("expires", "required of a future"),
        (Some(Kind::Perpetual), Some(at)) => {
            f.refuse_value("expires", at, "a perpetual contract has none");
        }
        _ => {}
    }
    Some(expires)
}

/// The margin table.
fn tiers(f: &mut Fields) -> Option<Vec<MarginTier>> {
    let given = f.list::<TierRequest>("tiers", TIERS_MAX)?;
    let tier = |t: TierRequest| MarginTier {
        up_to: t.up_to,
        initial_rate: t.initial_rate,
        maintenance_rate: t.maintenance_rate,
    };
    let tiers: Vec<MarginTier> = given.into_iter().map(tier).collect();
    let terms = Contract { expires: None, max_leverage: Decimal::ONE, tiers };
    if let Some(error) = terms.validate().err().filter(|_| !terms.tiers.is_empty()) {
        f.refuse("tiers", error.to_string());
    }
    Some(terms.tiers)
}
