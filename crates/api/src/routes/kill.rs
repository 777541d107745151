//! The kill switch and the latches.
//!
//! Pulling takes one request; releasing takes a word more, and is the operator's. It must not
//! decide what a level does.

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use desk::KillReport;
use domain::AccountId;
use identity::Grants;
use path::{
    core::Reply,
    policy::{KillLevel, LatchKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Done, done};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::{Asked, forbidden},
    problem::{ApiError, FieldError, Problem, RefusalView},
};

/// How far to stop.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"level": "halt", "reason": "feed looks wrong"}))]
pub(crate) struct KillRequest {
    /// `pause`: no entries. `halt`: also cancel every order that can raise risk. `flatten`: also
    /// close every position.
    #[schema(value_type = String)]
    level: KillLevel,
    /// Why, for the journal.
    #[schema(required = false)]
    reason: String,
}

impl FromFields for KillRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let level = f.need::<KillLevel>("level");
        let reason = f.words("reason", 200);
        let reason = reason?.unwrap_or_else(|| "no reason given".to_owned());
        Some(Self { level: level?, reason })
    }
}

/// What a pull came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KillReportView {
    /// The level that was asked for.
    level: String,
    /// True when every account has it in a journal: no entry leaves any more.
    acknowledged: bool,
    /// True when the kill file is on disk.
    file: bool,
    /// Account by account.
    accounts: Vec<AccountKillView>,
    /// The other desks on the same database.
    others: Vec<OtherDeskView>,
}

/// What a pull came to for another desk on the same database.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OtherDeskView {
    /// Its name.
    desk: String,
    /// True when it sends no entries any more.
    stopped: bool,
    /// How that is known, or why not.
    how: String,
}

/// What a pull came to for one account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountKillView {
    /// The account.
    account: String,
    /// True when the level is in a journal.
    acknowledged: bool,
    /// What went wrong otherwise.
    error: Option<String>,
    /// Entries whose bytes were on their way; they are cancelled until the venue confirms.
    in_flight: Vec<String>,
}

impl From<KillReport> for KillReportView {
    fn from(report: KillReport) -> Self {
        let account = |a: desk::AccountKill| AccountKillView {
            account: a.account.to_string(),
            acknowledged: a.acknowledged,
            error: a.error,
            in_flight: a.in_flight.iter().map(ToString::to_string).collect(),
        };
        let other =
            |o: desk::OtherDesk| OtherDeskView { desk: o.desk, stopped: o.stopped, how: o.how };
        Self {
            level: report.level.to_string(),
            acknowledged: report.acknowledged,
            file: report.file,
            accounts: report.accounts.into_iter().map(account).collect(),
            others: report.others.into_iter().map(other).collect(),
        }
    }
}

/// Pulls the kill switch for every account.
#[utoipa::path(post, path = "/api/kill", tag = "kill", request_body = KillRequest,
    responses((status = 200, description = "Every account has acknowledged", body = KillReportView),
        (status = 202, description = "Pulled, but not every account has acknowledged",
            body = KillReportView),
        (status = 403, description = "Flatten without the grant of every account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn pull(
    state: Asked,
    Body(body): Body<KillRequest>,
) -> Result<(StatusCode, Json<KillReportView>), ApiError> {
    // To stop harms nobody; to close positions that are not one's own may.
    if body.level == KillLevel::Flatten && *state.grants() != Grants::All {
        return Err(forbidden(
            "Flatten closes the positions of every account, and some are not granted to you. \
             `pause` and `halt` are; so is `POST /api/accounts/{id}/close`.",
        ));
    }
    let mut report = state.desk().kill(body.level, state.origin(), body.reason).await;
    report.accounts.retain(|account| state.grants().has(&account.account));
    let status = if report.acknowledged { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(report.into())))
}

/// A release of the kill switch.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"confirm": "release"}))]
pub(crate) struct ReleaseRequest {
    /// The word `release`.
    confirm: String,
}

impl FromFields for ReleaseRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let confirm = f.need::<String>("confirm")?;
        if confirm != "release" {
            f.refuse("confirm", "the word `release`");
            return None;
        }
        Some(Self { confirm })
    }
}

/// What a release came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReleaseView {
    /// True when every account is released.
    released: bool,
    /// Accounts that refused, and why.
    refused: BTreeMap<String, Vec<RefusalView>>,
}

/// Releases the kill switch of every account and removes the kill file.
#[utoipa::path(post, path = "/api/kill/release", tag = "kill", request_body = ReleaseRequest,
    responses((status = 200, description = "Released", body = ReleaseView)))]
pub(crate) async fn release(
    state: Asked,
    Body(body): Body<ReleaseRequest>,
) -> Result<Json<ReleaseView>, ApiError> {
    tracing::warn!(word = body.confirm, "the kill switch is released");
    let replies = state.desk().release_kill(state.operator()).await?;
    let refused: BTreeMap<_, _> = replies
        .into_iter()
        .filter_map(|(account, reply)| match reply {
            Reply::Refused(refusals) => {
                Some((account.to_string(), refusals.iter().map(RefusalView::from).collect()))
            }
            _ => None,
        })
        .collect();
    Ok(Json(ReleaseView { released: refused.is_empty(), refused }))
}

/// A release of a latch.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"rebase": true}))]
pub(crate) struct LatchRelease {
    /// For `drawdown`: let the fall count from today's equity on.
    #[schema(required = false)]
    rebase: bool,
}

impl FromFields for LatchRelease {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { rebase: f.flag("rebase")? })
    }
}

/// Releases a latch of an account.
#[utoipa::path(post, path = "/api/accounts/{id}/latches/{latch}/release", tag = "kill",
    request_body = LatchRelease,
    params(("id" = String, Path, description = "The account", example = "main"),
        ("latch" = String, Path, description = "daily_loss, drawdown, foreign_desk, rewound or liquidated")),
    responses((status = 200, description = "Released", body = Done)))]
pub(crate) async fn release_latch(
    state: Asked,
    At((id, latch)): At<(String, String)>,
    Body(body): Body<LatchRelease>,
) -> Result<Json<Done>, ApiError> {
    let id: AccountId = crate::extract::parse("id", &id)?;
    let kind: LatchKind = serde_json::from_value(serde_json::Value::String(latch.clone()))
        .map_err(|_| {
            ApiError::fields(vec![FieldError {
                field: "latch".to_owned(),
                value: Some(latch.chars().take(80).collect()),
                rule: "daily_loss, drawdown, foreign_desk, rewound or liquidated".to_owned(),
            }])
        })?;
    let account = state.account(&id)?;
    done(account.release_latch(kind, body.rebase, state.operator()).await?)
}
