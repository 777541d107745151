//! A request that waits for approval.
//!
//! It must not know who may approve.

use domain::AccountId;
use path::state::Hold;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Unavailable, decimal, wish::WishView};

/// A request that waits for approval. Its `id` is for `POST /api/approvals/{account}/{id}`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// What was asked for.
    #[serde(flatten)]
    pub(crate) wish: WishView,
    /// Its value in the reporting currency when it was asked.
    pub(crate) notional: String,
    /// When it was asked.
    pub(crate) since: String,
    /// When it lapses, by the wall clock.
    pub(crate) expires_at: String,
}

impl ApprovalView {
    /// The view of a hold.
    pub(crate) fn new(account: &AccountId, hold: &Hold) -> Self {
        Self {
            wish: WishView::new(account, &hold.intent),
            notional: decimal(hold.notional),
            since: hold.since.to_string(),
            expires_at: hold.expires_at.to_string(),
        }
    }
}

/// Requests that wait.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApprovalList {
    /// The requests, those that lapse first before the others.
    pub(crate) approvals: Vec<ApprovalView>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<Unavailable>,
}
