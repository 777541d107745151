//! On which terms an account trades, as the door shows them.
//!
//! They are the policy's; the venue is kept to the same. It must not know a venue.

use path::policy::{DataDelay, Policy};
use serde::Serialize;
use utoipa::ToSchema;

use super::{decimal, margin};

/// What a margin account's equity must cover, as shares of the value of what is held or short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MarginRatesView {
    /// To open.
    #[schema(example = "0.5")]
    pub(crate) initial_rate: String,
    /// To go on holding; below it the venue closes positions.
    #[schema(example = "0.25")]
    pub(crate) maintenance_rate: String,
}

/// On which terms an account trades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TermsView {
    /// True when it may sell what it doesn't hold, where the venue lends it.
    pub(crate) short: bool,
    /// The rates of a margin account; null for a cash account.
    pub(crate) margin: Option<MarginRatesView>,
    /// What secures contracts: cross (the whole balance) or isolated (each contract alone).
    #[schema(example = "cross")]
    pub(crate) margin_mode: &'static str,
    /// The leverage of contracts; a contract's own maximum caps it.
    #[schema(example = "5")]
    pub(crate) leverage: String,
    /// How many seconds the account's prices are behind the market; null for live data.
    pub(crate) data_delay_secs: Option<u32>,
}

impl From<&Policy> for TermsView {
    fn from(policy: &Policy) -> Self {
        let rates = policy.margin_rates();
        Self {
            short: policy.allow_short,
            margin: rates.map(|(initial, maintenance)| MarginRatesView {
                initial_rate: decimal(initial),
                maintenance_rate: decimal(maintenance),
            }),
            margin_mode: margin::mode(policy.margin_mode),
            leverage: decimal(policy.leverage.get()),
            data_delay_secs: policy.data_delay_secs.map(DataDelay::secs),
        }
    }
}
