//! A request that waits for approval.
//!
//! It must not know who may approve.

use domain::{AccountId, Size};
use path::state::Hold;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OriginView, Unavailable, decimal, name_of};

/// A request that waits for approval.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// Its id, for `POST /api/approvals/{account}/{id}`.
    pub(crate) id: String,
    /// The account.
    pub(crate) account: String,
    /// The book.
    pub(crate) book: String,
    /// What is to be traded.
    pub(crate) symbol: String,
    /// buy or sell.
    pub(crate) side: String,
    /// quantity, notional, percent_equity or risk_percent.
    pub(crate) size_by: String,
    /// The size as it was asked.
    pub(crate) size: String,
    /// market, limit, stop or stop_limit.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The limit price.
    pub(crate) limit: Option<String>,
    /// The price that triggers.
    pub(crate) trigger: Option<String>,
    /// How long the order would live.
    pub(crate) tif: String,
    /// The stop of the position that it would make.
    pub(crate) stop: Option<String>,
    /// The target of the position that it would make.
    pub(crate) target: Option<String>,
    /// Who asked.
    pub(crate) origin: OriginView,
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
        let intent = &hold.intent;
        let (size_by, size) = match intent.size {
            Size::Quantity(qty) => ("quantity", qty.to_string()),
            Size::Notional(value) => ("notional", value.to_string()),
            Size::PercentEquity(percent) => ("percent_equity", percent.to_string()),
            Size::RiskPercent(percent) => ("risk_percent", percent.to_string()),
        };
        Self {
            id: intent.id.to_string(),
            account: account.to_string(),
            book: intent.book.to_string(),
            symbol: intent.instrument.to_string(),
            side: intent.side.to_string(),
            size_by: size_by.to_owned(),
            size,
            kind: intent.kind.name().to_owned(),
            limit: intent.kind.limit().map(|p| p.to_string()),
            trigger: intent.kind.trigger().map(|p| p.to_string()),
            tif: name_of(&intent.tif),
            stop: intent.protective.stop.map(|p| p.to_string()),
            target: intent.protective.target.map(|p| p.to_string()),
            origin: OriginView::from(&intent.origin),
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
