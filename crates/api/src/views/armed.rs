//! A request that waits for the market's next opening.
//!
//! It must not know when a market opens.

use domain::AccountId;
use path::state::Armed;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Unavailable, wish::WishView};

/// A request that waits for the market's next opening.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArmedView {
    /// What was asked for; it is sized and judged at the opening, at the price of then.
    #[serde(flatten)]
    pub(crate) wish: WishView,
    /// When it was asked.
    pub(crate) since: String,
}

impl ArmedView {
    /// The view of a request that waits.
    pub(crate) fn new(account: &AccountId, armed: &Armed) -> Self {
        Self { wish: WishView::new(account, &armed.intent), since: armed.since.to_string() }
    }
}

/// Requests that wait.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArmedList {
    /// The requests, the oldest first.
    pub(crate) armed: Vec<ArmedView>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<Unavailable>,
}
