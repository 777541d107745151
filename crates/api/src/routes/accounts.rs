//! Accounts: list them, show one, open one.
//!
//! Opening is the program's work: a venue account, the journal, a task. It must not know venues.

use axum::{Json, http::StatusCode};
use domain::{AccountId, CalendarKind, Currency, Money, Qty};
use path::policy::{DataDelay, Leverage, MarginMode, Policy, Preset};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::Asked,
    ports::NewPaperAccount,
    problem::{ApiError, Problem},
    routes::terms::{self, MarginRequest, Terms},
    views::{self, Unavailable, account::AccountView, schema::PolicySchema},
};

/// Accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountList {
    /// The accounts in order of id.
    accounts: Vec<AccountView>,
    /// Accounts that could not be asked.
    unavailable: Vec<Unavailable>,
}

/// Every account.
#[utoipa::path(get, path = "/api/accounts", tag = "accounts",
    responses((status = 200, description = "The accounts", body = AccountList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<AccountList>, ApiError> {
    let all = views::gather(&state, None, AccountView::new).await?;
    let accounts = all.found.into_iter().map(|(_, view)| view).collect();
    Ok(Json(AccountList { accounts, unavailable: all.unavailable }))
}

/// One account.
#[utoipa::path(get, path = "/api/accounts/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The account", example = "main")),
    responses((status = 200, description = "The account", body = AccountView),
        (status = 404, description = "No such account", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(
    state: Asked,
    At(id): At<AccountId>,
) -> Result<Json<AccountView>, ApiError> {
    let account = state.account(&id)?;
    Ok(Json(views::look(&account, AccountView::new).await?))
}

/// A paper account to open.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "id": "main", "name": "Main", "cash": "100000", "currency": "USD",
    "calendar": "24/7", "preset": "futures-dca", "short": true, "leverage": "5",
    "margin": {"initial_rate": "0.5", "maintenance_rate": "0.25"}, "margin_mode": "cross"
}))]
pub(crate) struct NewAccountRequest {
    /// Its id: 1 to 32 of letters, digits, `-` and `_`.
    #[schema(value_type = String)]
    id: AccountId,
    /// A name for people; its id when absent.
    #[schema(required = false)]
    name: String,
    /// What it starts with.
    #[schema(value_type = String)]
    cash: Qty,
    /// The currency of the cash and of the limits; USD when absent.
    #[schema(value_type = String, required = false)]
    currency: Currency,
    /// `24/7` (when absent) or `us_equities`: whose days bound the daily loss.
    #[schema(value_type = String, required = false)]
    calendar: CalendarKind,
    /// Limits to start from: stocks, single-instrument, crypto-spot or futures-dca.
    #[schema(value_type = Option<String>)]
    preset: Option<Preset>,
    /// How it wants to be treated. What is left out is as by default.
    #[schema(value_type = Option<PolicySchema>)]
    policy: Policy,
    /// True to let it sell what it doesn't hold, where the venue lends it.
    #[schema(required = false)]
    short: bool,
    /// Makes it a margin account, which may be short too: equity covers a share of the value of
    /// what is held or sold short, and the venue lends the rest. Without it what is bought is
    /// paid.
    margin: Option<MarginRequest>,
    /// What secures contracts: `cross` (when absent), the whole balance, or `isolated`, each
    /// contract alone.
    #[schema(value_type = Option<String>)]
    margin_mode: Option<MarginMode>,
    /// The leverage of contracts, 1 (when absent) to 1000; a contract's own maximum caps it.
    #[schema(value_type = Option<String>)]
    leverage: Option<Leverage>,
    /// How many seconds the account's prices are behind the market, 1 to 86400, for delayed data:
    /// its entries are limit orders only. Live when absent.
    data_delay_secs: Option<u32>,
}

impl FromFields for NewAccountRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let id = f.need::<AccountId>("id");
        let name = f.words("name", 80);
        let cash = f.need_decimal::<Qty>("cash");
        let currency = f.may::<Currency>("currency");
        let calendar = f.choice::<CalendarKind>("calendar", "`24/7` or `us_equities`");
        let preset = f.may::<Preset>("preset");
        let policy = f.settings("policy", &Policy::default(), false);
        let terms = Terms::read(f);
        let (id, Terms { short, margin, margin_mode, leverage, data_delay }) = (id?, terms?);
        Some(Self {
            name: name?.unwrap_or_else(|| id.to_string()),
            id,
            cash: cash?,
            currency: currency?.unwrap_or_else(Currency::usd),
            calendar: calendar?.unwrap_or(CalendarKind::AlwaysOpen),
            preset: preset?,
            policy: policy?.unwrap_or_default(),
            short,
            margin,
            margin_mode,
            leverage,
            data_delay_secs: data_delay.map(DataDelay::secs),
        })
    }
}

/// Opens a paper account.
#[utoipa::path(post, path = "/api/accounts", tag = "accounts", request_body = NewAccountRequest,
    responses((status = 201, description = "Opened", body = AccountView),
        (status = 409, description = "The id is taken", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    body: Body<NewAccountRequest>,
) -> Result<(StatusCode, Json<AccountView>), ApiError> {
    let Body(body) = body;
    let NewAccountRequest { short, margin, margin_mode, leverage, policy, .. } = body;
    let data_delay = body.data_delay_secs.and_then(|secs| DataDelay::try_from(secs).ok());
    let policy = Terms { short, margin, margin_mode, leverage, data_delay }.over(policy);
    terms::check(&policy)?;
    let request = NewPaperAccount {
        id: body.id,
        name: body.name,
        cash: Money::new(body.cash.get(), body.currency),
        calendar: body.calendar,
        preset: body.preset,
        policy,
    };
    let id = state.accounts().open(request).await?;
    let account = state.account(&id)?;
    let view = views::look(&account, AccountView::new).await?;
    Ok((StatusCode::CREATED, Json(view)))
}
