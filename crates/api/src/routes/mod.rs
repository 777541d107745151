//! The routes, one file per thing that they are about.
//!
//! A route reads a request, tells or asks the desk, and shows the answer. None decides about
//! trading: that is the gate's.

pub(crate) mod accounts;
pub(crate) mod approvals;
pub(crate) mod armed;
pub(crate) mod backtests;
pub(crate) mod books;
pub(crate) mod contract;
pub(crate) mod desk;
pub(crate) mod docs;
pub(crate) mod formulas;
pub(crate) mod health;
pub(crate) mod instruments;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod kill;
pub(crate) mod limits;
pub(crate) mod market;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod movements;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod positions;
pub(crate) mod protection;
pub(crate) mod raised;
pub(crate) mod reversal;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod statement;
pub(crate) mod strategies;
pub(crate) mod terms;
pub(crate) mod users;

use path::core::Reply;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ApiError;

/// What was asked for is done and in the journal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always true.
    pub(crate) done: bool,
}

/// The answer to what is either done or refused.
pub(crate) fn done(reply: Reply) -> Result<axum::Json<Done>, ApiError> {
    match reply {
        Reply::Refused(refusals) => Err(ApiError::refused(&refusals)),
        _ => Ok(axum::Json(Done { done: true })),
    }
}
