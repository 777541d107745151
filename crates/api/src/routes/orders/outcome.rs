//! What asking for an order, a close or an approval came to.
//!
//! It must not know how it was asked.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{BookId, InstrumentId, Qty};
use path::core::Reply;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    guard::memo::mark_replayed,
    problem::ApiError,
    views::{decimal, order::OrderView},
};

/// What the desk did with a request.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Outcome {
    /// recorded: on disk and on its way. held: waits for approval. armed: waits for the market's
    /// next opening. closing: a compound close has begun. done: nothing more to do.
    #[schema(example = "recorded")]
    pub(crate) outcome: &'static str,
    /// The account.
    #[schema(example = "main")]
    pub(crate) account: String,
    /// The order's id, when it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "cfa1b2c3-1-a")]
    pub(crate) order: Option<String>,
    /// Which rules applied: entry or exit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<&'static str>,
    /// The exact quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "10")]
    pub(crate) qty: Option<String>,
    /// True when the same key had asked before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replayed: Option<bool>,
    /// The number of the compound close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) close: Option<u64>,
    /// True when the close, or all of several, has ended while it was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<bool>,
    /// The compound closes that have begun, when several positions are closed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) closes: Vec<ClosingView>,
    /// The order whose place it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "cfa1b2c3-1-9")]
    pub(crate) replaces: Option<String>,
    /// The request that waits for the market's next opening, for
    /// `DELETE /api/armed/{account}/{intent}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) armed: Option<String>,
    /// The request that waits, for `POST /api/approvals/{account}/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approval: Option<String>,
    /// Its value in the reporting currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notional: Option<String>,
    /// The limit above which it needs approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approval_above: Option<String>,
    /// When the wait for approval lapses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<String>,
    /// The order as it stands, when it was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<OrderView>,
}

/// One of several compound closes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ClosingView {
    /// The book.
    #[schema(example = "manual")]
    pub(crate) book: String,
    /// What is closed.
    #[schema(example = "sim:IBM")]
    pub(crate) symbol: String,
    /// The number of the compound close.
    pub(crate) close: u64,
    /// How much it is to close.
    #[schema(example = "10")]
    pub(crate) qty: String,
}

impl ClosingView {
    fn new((book, symbol, close, qty): (BookId, InstrumentId, u64, Qty)) -> Self {
        Self { book: book.to_string(), symbol: symbol.to_string(), close, qty: qty.to_string() }
    }
}

impl Outcome {
    /// The outcome that a reply tells; refusals are errors.
    pub(crate) fn of(account: &domain::AccountId, reply: Reply) -> Result<Self, ApiError> {
        let base = Self { account: account.to_string(), ..Self::default() };
        Ok(match reply {
            Reply::Recorded { order, class, qty, replayed } => Self {
                outcome: "recorded",
                order: Some(order.to_string()),
                class: Some(class.name()),
                qty: Some(qty.to_string()),
                replayed: Some(replayed),
                ..base
            },
            Reply::Closing { close, qty } => Self {
                outcome: "closing",
                close: Some(close),
                qty: Some(qty.to_string()),
                ended: Some(false),
                ..base
            },
            Reply::ClosingAll(begun) => Self {
                outcome: "closing",
                closes: begun.into_iter().map(ClosingView::new).collect(),
                ended: Some(false),
                ..base
            },
            Reply::Armed { intent } => {
                Self { outcome: "armed", armed: Some(intent.to_string()), ..base }
            }
            Reply::Held { intent, notional, limit, expires_at } => Self {
                outcome: "held",
                approval: Some(intent.to_string()),
                notional: Some(decimal(notional)),
                approval_above: Some(decimal(limit)),
                expires_at: Some(expires_at.to_string()),
                ..base
            },
            Reply::Refused(refusals) => return Err(ApiError::refused(&refusals)),
            Reply::Killed { .. } | Reply::TermsAsked { .. } | Reply::Done => {
                Self { outcome: "done", ..base }
            }
        })
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let status = match self.outcome {
            "recorded" => StatusCode::CREATED,
            "closing" if self.ended == Some(true) => StatusCode::OK,
            "closing" | "held" | "armed" => StatusCode::ACCEPTED,
            _ => StatusCode::OK,
        };
        let replayed = self.replayed == Some(true);
        let mut response = (status, Json(self)).into_response();
        if replayed {
            mark_replayed(response.headers_mut());
        }
        response
    }
}
