//! What the door shows: plain records of texts and numbers, made from the desk's own types.
//!
//! Amounts are decimal strings. A view is made inside an account's task from one consistent state.
//! It must not decide anything.

pub(crate) mod account;
pub(crate) mod approval;
pub(crate) mod armed;
pub(crate) mod instrument;
pub(crate) mod journal;
pub(crate) mod margin;
pub(crate) mod market;
pub(crate) mod movement;
pub(crate) mod order;
pub(crate) mod plan;
pub(crate) mod position;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod statement;
pub(crate) mod strategy;
pub(crate) mod terms;
pub(crate) mod wish;

use std::collections::BTreeMap;

use desk::{AccountHandle, Desk};
use domain::{AccountId, Cash, Origin};
use futures_util::future::join_all;
use identity::Grants;
use path::{core::Core, market::Now};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{guard::asked::Asked, problem::ApiError};

/// How long an account may take to show itself.
const LOOK_WITHIN: std::time::Duration = std::time::Duration::from_secs(3);

/// Who asked, through which door.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OriginView {
    /// human, api_key, strategy, campaign, copy, webhook, agent, system or external.
    #[schema(example = "api_key")]
    pub(crate) kind: String,
    /// Who, by name.
    #[schema(example = "bootstrap")]
    pub(crate) principal: String,
    /// The person or key that asked for it, when it is somebody else: `key:bot`, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked_by: Option<String>,
}

impl From<&Origin> for OriginView {
    fn from(origin: &Origin) -> Self {
        Self {
            kind: origin.kind.name().to_owned(),
            principal: origin.principal.to_string(),
            asked_by: origin.asked_by.as_ref().map(|asker| asker.principal.to_string()),
        }
    }
}

/// An account that could not be asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Unavailable {
    /// The account.
    pub(crate) account: String,
    /// The stable code.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) detail: String,
}

/// A decimal without trailing zeros.
pub(crate) fn decimal(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Balances by currency.
pub(crate) fn cash(cash: &Cash) -> BTreeMap<String, String> {
    cash.iter().map(|m| (m.currency().to_string(), decimal(m.amount()))).collect()
}

/// A name as serde writes it.
pub(crate) fn name_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// Looks at one account.
pub(crate) async fn look<T: Send + 'static>(
    account: &AccountHandle,
    look: impl FnOnce(&Core, Now) -> T + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::time::timeout(LOOK_WITHIN, account.look(look)).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(ApiError::unavailable(
            "account_silent",
            format!("Account `{}` did not answer within 3 s.", account.id()),
            "See the desk's log; the account may be writing to a slow or full disk.",
        )),
    }
}

/// What every account shows, and the accounts that show nothing.
#[derive(Debug)]
pub(crate) struct Gathered<T> {
    pub(crate) found: Vec<(AccountId, T)>,
    pub(crate) unavailable: Vec<Unavailable>,
}

/// Looks at every account that the caller may see, or at one of them; one that doesn't answer never
/// hides the others.
pub(crate) async fn gather<T: Send + 'static>(
    asked: &Asked,
    only: Option<&AccountId>,
    view: impl Fn(&Core, Now) -> T + Clone + Send + 'static,
) -> Result<Gathered<T>, ApiError> {
    gather_granted(asked.desk(), asked.grants(), only, view).await
}

/// As [`gather`], for whoever is granted these accounts.
pub(crate) async fn gather_granted<T: Send + 'static>(
    desk: &Desk,
    grants: &Grants,
    only: Option<&AccountId>,
    view: impl Fn(&Core, Now) -> T + Clone + Send + 'static,
) -> Result<Gathered<T>, ApiError> {
    let accounts = match only {
        Some(id) if !grants.has(id) => {
            return Err(desk::DeskError::AccountUnknown(id.clone()).into());
        }
        Some(id) => vec![desk.account(id)?],
        None => desk.accounts().into_iter().filter(|a| grants.has(a.id())).collect(),
    };
    let looks = accounts.iter().map(|account| {
        let view = view.clone();
        async move { (account.id().clone(), look(account, view).await) }
    });
    let mut gathered = Gathered { found: Vec::new(), unavailable: Vec::new() };
    for (id, result) in join_all(looks).await {
        match result {
            Ok(value) => gathered.found.push((id, value)),
            Err(error) if only.is_some() => return Err(error),
            Err(error) => gathered.unavailable.push(Unavailable {
                account: id.to_string(),
                code: error.problem().code.clone(),
                detail: error.problem().detail.clone(),
            }),
        }
    }
    if only.is_none() {
        let stopped = desk.stopped().into_keys().filter(|account| grants.has(account));
        gathered.unavailable.extend(stopped.map(|account| {
            let error = desk::DeskError::AccountStopped(account.clone());
            Unavailable {
                account: account.to_string(),
                code: error.code().to_owned(),
                detail: error.to_string(),
            }
        }));
        let elsewhere = desk.elsewhere().into_iter().filter(|(account, _)| grants.has(account));
        gathered.unavailable.extend(elsewhere.map(|(account, holder)| {
            let error = desk::DeskError::AccountElsewhere { account: account.clone(), holder };
            Unavailable {
                account: account.to_string(),
                code: error.code().to_owned(),
                detail: error.to_string(),
            }
        }));
    }
    Ok(gathered)
}
