//! The desk as a whole: clock, mode, kill switch, limits.
//!
//! It must not know single orders.

use std::collections::BTreeMap;

use axum::Json;
use identity::Grants;
use path::{budget::DeskLimits, policy::Mode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Done, raised};
use crate::{
    body::{Fields, FromFields},
    extract::Body,
    guard::asked::Asked,
    problem::ApiError,
    views::{self, Unavailable, account::KillView, decimal, schema::DeskLimitsSchema},
};

/// The clocks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// The desk's clock, which a replay drives.
    at: String,
    /// The wall clock.
    wall: String,
    /// False while wall clock and elapsed time disagree; then entries are refused.
    trusted: bool,
}

/// The kill switch over all accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeskKill {
    /// The highest level that stands anywhere: pause, halt or flatten.
    level: Option<String>,
    /// What the kill file asks for.
    file: Option<String>,
    /// Account by account, those where it is on.
    accounts: BTreeMap<String, KillView>,
}

/// What all accounts use of the desk's limits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeskUseView {
    /// Sum of the values of all positions and working entries.
    gross_exposure: String,
    /// The most by which longs may come to exceed shorts once working entries fill; negative while
    /// the desk is short whatever fills.
    net_long: String,
    /// The most by which shorts may come to exceed longs.
    net_short: String,
    /// Value of today's entries.
    entries_notional: String,
    /// Live orders.
    open_orders: u32,
}

/// The desk.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeskView {
    /// paper, replay, mixed, or none without accounts.
    #[schema(example = "paper")]
    mode: String,
    /// What every page shows: PAPER, or REPLAY with the replay's date.
    #[schema(example = "PAPER")]
    badge: String,
    /// The clocks.
    clock: ClockView,
    /// The number of this run.
    incarnation: u32,
    /// The program's version.
    version: String,
    /// False while the main journal can't be written; then entries are refused.
    journal_writable: bool,
    /// The kill switch.
    kill: DeskKill,
    /// The desk's limits.
    #[schema(value_type = DeskLimitsSchema)]
    limits: DeskLimits,
    /// What all accounts use of them.
    #[serde(rename = "use")]
    usage: Option<DeskUseView>,
    /// Accounts that run.
    accounts: Vec<String>,
    /// Accounts that could not be asked.
    unavailable: Vec<Unavailable>,
}

/// The desk at a glance.
#[utoipa::path(get, path = "/api/desk", tag = "desk",
    responses((status = 200, description = "The desk", body = DeskView)))]
pub(crate) async fn show(state: Asked) -> Result<Json<DeskView>, ApiError> {
    let desk = state.desk();
    let all = views::gather(&state, None, |core, _| {
        (core.state().spec.mode, core.state().kill.as_ref().map(|k| (k.level, KillView::from(k))))
    })
    .await?;
    let now = desk.clock().now();
    let modes: Vec<Mode> = all.found.iter().map(|(_, (mode, _))| *mode).collect();
    let (mode, badge) = mode(&modes, now.at);
    let level = all.found.iter().filter_map(|(_, (_, k))| k.as_ref().map(|(l, _)| *l)).max();
    let usage = desk.desk_use();
    Ok(Json(DeskView {
        mode,
        badge,
        clock: ClockView {
            at: now.at.to_string(),
            wall: now.wall.to_string(),
            trusted: now.trusted,
        },
        incarnation: desk.incarnation(),
        version: state.config().version.clone(),
        journal_writable: desk.journal_writable(),
        accounts: desk
            .accounts()
            .iter()
            .filter(|a| state.grants().has(a.id()))
            .map(|a| a.id().to_string())
            .collect(),
        kill: DeskKill {
            level: level.map(|l| l.to_string()),
            file: desk.kill_file().level().map(|l| l.to_string()),
            accounts: all
                .found
                .into_iter()
                .filter_map(|(id, (_, kill))| Some((id.to_string(), kill?.1)))
                .collect(),
        },
        limits: desk.desk_limits(),
        usage: (*state.grants() == Grants::All).then(|| DeskUseView {
            gross_exposure: decimal(usage.gross_exposure),
            net_long: decimal(usage.net_long),
            net_short: decimal(usage.net_short),
            entries_notional: decimal(usage.entries_notional),
            open_orders: usage.open_orders,
        }),
        unavailable: all.unavailable,
    }))
}

fn mode(modes: &[Mode], at: domain::Timestamp) -> (String, String) {
    let date: String = at.to_string().chars().take(10).collect();
    let replay = modes.contains(&Mode::Replay);
    let paper = modes.contains(&Mode::Paper);
    let (mode, badge) = match (paper, replay) {
        (true, true) => ("mixed", format!("PAPER + REPLAY {date}")),
        (false, true) => ("replay", format!("REPLAY {date}")),
        (true, false) => ("paper", "PAPER".to_owned()),
        (false, false) => ("none", "NO ACCOUNT".to_owned()),
    };
    (mode.to_owned(), badge)
}

/// New limits of the desk.
#[derive(Debug, ToSchema)]
pub(crate) struct SetDeskLimits {
    /// All of them: what is left out is not limited any more.
    #[schema(value_type = DeskLimitsSchema)]
    limits: DeskLimits,
}

impl FromFields for SetDeskLimits {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let limits = f.settings("limits", &DeskLimits::default(), false)?;
        if limits.is_none() {
            f.refuse("limits", "required");
        }
        let limits = limits?;
        let negative = [
            ("gross_exposure", limits.gross_exposure),
            ("net_exposure", limits.net_exposure),
            ("daily_entry_notional", limits.daily_entry_notional),
        ];
        let mut sound = true;
        for (name, value) in negative {
            if value.is_some_and(|v| v.is_sign_negative() && !v.is_zero()) {
                f.refuse(&format!("limits.{name}"), "zero or more");
                sound = false;
            }
        }
        sound.then_some(Self { limits })
    }
}

/// Replaces the desk's limits.
#[utoipa::path(put, path = "/api/desk/limits", tag = "limits", request_body = SetDeskLimits,
    responses((status = 200, description = "Replaced", body = Done)))]
pub(crate) async fn set_limits(
    state: Asked,
    Body(body): Body<SetDeskLimits>,
) -> Result<Json<Done>, ApiError> {
    let _alone = state.limit_changes().await;
    if raised::desk(&state.desk().desk_limits(), &body.limits) {
        state.may_raise(None)?;
    }
    state.desk().set_desk_limits(body.limits, state.operator()).await?;
    Ok(Json(Done { done: true }))
}
