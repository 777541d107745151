//! Limits, presets and policy of an account.
//!
//! They are the operator's to set. It must not know how a limit is judged.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use axum::Json;
use domain::{AccountId, Limits, OriginKind};
use path::{
    core::Reply,
    event::LimitTarget,
    policy::{Policy, Preset},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Done, done, orders::wait::Wait, raised, terms};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::Asked,
    problem::{ApiError, Problem},
    views::{
        self,
        schema::{LimitsSchema, PolicySchema},
    },
};

/// The limits of an account, scope by scope. Of several that apply, the tightest wins.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountLimits {
    /// The whole account's.
    #[schema(value_type = LimitsSchema)]
    account: Limits,
    /// By book.
    #[schema(value_type = BTreeMap<String, LimitsSchema>)]
    books: BTreeMap<String, Limits>,
    /// By kind of source.
    #[schema(value_type = BTreeMap<String, LimitsSchema>)]
    origins: BTreeMap<String, Limits>,
    /// By principal: a user, a key, an agent.
    #[schema(value_type = BTreeMap<String, LimitsSchema>)]
    principals: BTreeMap<String, Limits>,
    /// By instrument.
    #[schema(value_type = BTreeMap<String, LimitsSchema>)]
    instruments: BTreeMap<String, Limits>,
}

/// The limits of an account.
#[utoipa::path(get, path = "/api/accounts/{id}/limits", tag = "limits",
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "The limits", body = AccountLimits)))]
pub(crate) async fn show(
    state: Asked,
    At(id): At<AccountId>,
) -> Result<Json<AccountLimits>, ApiError> {
    let account = state.account(&id)?;
    let view = views::look(&account, |core, _| {
        let state = core.state();
        AccountLimits {
            account: state.limits.clone(),
            books: state
                .books
                .values()
                .filter(|b| b.limits != Limits::default())
                .map(|b| (b.id.to_string(), b.limits.clone()))
                .collect(),
            origins: state
                .origin_limits
                .iter()
                .map(|(k, l)| (k.name().to_owned(), l.clone()))
                .collect(),
            principals: state
                .principal_limits
                .iter()
                .map(|(who, l)| (who.to_string(), l.clone()))
                .collect(),
            instruments: state
                .instrument_limits
                .iter()
                .map(|(i, l)| (i.to_string(), l.clone()))
                .collect(),
        }
    });
    Ok(Json(view.await?))
}

/// New limits of one scope. They replace all old ones of that scope.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "target": "account", "limits": {"order_notional": "10%", "daily_loss": "2%", "open_orders": 50}
}))]
pub(crate) struct SetLimits {
    /// `account`, `book:<id>`, `origin:<kind>`, `principal:<name>` or
    /// `instrument:<venue:symbol>`.
    #[schema(value_type = String)]
    target: Target,
    /// All of them: what is left out is not limited any more.
    #[schema(value_type = LimitsSchema)]
    limits: Limits,
}

#[derive(Debug)]
struct Target(LimitTarget);

impl FromStr for Target {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let form = "write account, book:<id>, origin:<kind>, principal:<name> or instrument:<venue:symbol>";
        if s == "account" {
            return Ok(Self(LimitTarget::Account));
        }
        let (scope, name) = s.split_once(':').ok_or(form)?;
        let wrong = |e: domain::IdError| e.to_string();
        Ok(Self(match scope {
            "book" => LimitTarget::Book(name.parse().map_err(wrong)?),
            "instrument" => LimitTarget::Instrument(name.parse().map_err(wrong)?),
            "principal" => LimitTarget::Principal(name.parse().map_err(wrong)?),
            "origin" => {
                let kind = OriginKind::ALL.into_iter().find(|k| k.name() == name);
                LimitTarget::Origin(kind.ok_or("the kinds are human, api_key, strategy, campaign, copy, webhook, agent, system and external")?)
            }
            _ => return Err(form.to_owned()),
        }))
    }
}

impl FromFields for SetLimits {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let target = f.need::<Target>("target");
        let limits = f.settings("limits", &Limits::default(), false);
        let limits = limits?;
        if limits.is_none() {
            f.refuse("limits", "required");
        }
        Some(Self { target: target?, limits: limits? })
    }
}

/// Lets tighter limits pass; what raises or removes one is an admin's, who proves once more who
/// they are.
async fn tighter_or_allowed(
    asked: &Asked,
    id: &AccountId,
    target: &LimitTarget,
    wanted: &Limits,
) -> Result<(), ApiError> {
    let (account, target) = (asked.account(id)?, target.clone());
    let old = views::look(&account, move |core, _| {
        let state = core.state();
        let found = match &target {
            LimitTarget::Account => Some(&state.limits),
            LimitTarget::Book(book) => state.books.get(book).map(|book| &book.limits),
            LimitTarget::Origin(kind) => state.origin_limits.get(kind),
            LimitTarget::Principal(who) => state.principal_limits.get(who),
            LimitTarget::Instrument(id) => state.instrument_limits.get(id),
        };
        found.cloned().unwrap_or_default()
    })
    .await?;
    if raised::account(&old, wanted) { asked.may_raise(Some(id)) } else { Ok(()) }
}

/// Replaces limits of an account.
#[utoipa::path(put, path = "/api/accounts/{id}/limits", tag = "limits", request_body = SetLimits,
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "Replaced", body = Done)))]
pub(crate) async fn set(
    state: Asked,
    At(id): At<AccountId>,
    Body(body): Body<SetLimits>,
) -> Result<Json<Done>, ApiError> {
    let account = state.account(&id)?;
    let _alone = state.limit_changes().await;
    tighter_or_allowed(&state, &id, &body.target.0, &body.limits).await?;
    done(account.set_limits(body.target.0, body.limits, state.operator()).await?)
}

/// A named set of limits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PresetView {
    /// Its name.
    #[schema(example = "stocks")]
    name: String,
    /// For whom it is and what it caps.
    text: String,
    /// Its limits.
    #[schema(value_type = LimitsSchema)]
    limits: Limits,
}

/// Presets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PresetList {
    /// The presets.
    presets: Vec<PresetView>,
}

/// The presets of limits.
#[utoipa::path(get, path = "/api/presets", tag = "limits",
    responses((status = 200, description = "The presets", body = PresetList)))]
pub(crate) async fn presets() -> Json<PresetList> {
    let view = |preset: Preset| PresetView {
        name: preset.name().to_owned(),
        text: preset.describe().to_owned(),
        limits: preset.limits(),
    };
    Json(PresetList { presets: Preset::ALL.into_iter().map(view).collect() })
}

/// A preset to apply.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"preset": "stocks"}))]
pub(crate) struct ApplyPreset {
    /// stocks, single-instrument, crypto-spot or futures-dca.
    #[schema(value_type = String)]
    preset: Preset,
}

impl FromFields for ApplyPreset {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { preset: f.need::<Preset>("preset")? })
    }
}

/// Replaces the account's limits by a preset's.
#[utoipa::path(post, path = "/api/accounts/{id}/limits/preset", tag = "limits",
    request_body = ApplyPreset,
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "Applied", body = Done)))]
pub(crate) async fn apply(
    state: Asked,
    At(id): At<AccountId>,
    Body(body): Body<ApplyPreset>,
) -> Result<Json<Done>, ApiError> {
    let account = state.account(&id)?;
    let limits = body.preset.limits();
    let _alone = state.limit_changes().await;
    tighter_or_allowed(&state, &id, &LimitTarget::Account, &limits).await?;
    done(account.set_limits(LimitTarget::Account, limits, state.operator()).await?)
}

/// How long the venue's answer to a request for other terms is waited for.
const TERMS_WAIT: Duration = Duration::from_secs(5);

/// A new policy.
#[derive(Debug, ToSchema)]
pub(crate) struct SetPolicy {
    /// The whole policy; `GET /api/accounts/{id}` shows the one in force.
    #[schema(value_type = PolicySchema)]
    policy: Policy,
}

impl FromFields for SetPolicy {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let policy = f.settings("policy", &Policy::default(), true)?;
        if policy.is_none() {
            f.refuse("policy", "required");
        }
        Some(Self { policy: policy? })
    }
}

/// Replaces an account's policy. The venue is given the terms in it: short, margin, leverage.
#[utoipa::path(put, path = "/api/accounts/{id}/policy", tag = "limits", request_body = SetPolicy,
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "Replaced", body = Done),
        (status = 409, description = "The venue can't follow: what is held needs the old terms",
            body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Terms are loosened while nothing may be opened",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The venue has not answered yet; the old policy holds",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn set_policy(
    state: Asked,
    At(id): At<AccountId>,
    Body(body): Body<SetPolicy>,
) -> Result<Json<Done>, ApiError> {
    let account = state.account(&id)?;
    terms::check(&body.policy)?;
    let (events, wanted) = (state.desk().subscribe(), body.policy.clone());
    match account.set_policy(body.policy, state.operator()).await? {
        Reply::TermsAsked { request } => {
            let wait = Wait { account, events, span: TERMS_WAIT };
            terms::answered(wait.terms(&request, wanted).await?)
        }
        reply => done(reply),
    }
}
