//! A request whose asker is known: the state, with what this caller may reach of it.
//!
//! Routes take this in the place of the state, so an account can only be had through a check of the
//! grants, and what is ordered carries the name of who ordered. It must not know routes.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use desk::{AccountHandle, DeskError};
use domain::{AccountId, Origin, OriginKind, Principal};
use identity::{Caller, Grants, Reach, Role, Session, User, Verb, Who};

use super::access::Rule;
use crate::{
    problem::ApiError,
    state::{ApiState, by_bootstrap, by_bootstrap_operator},
};

/// Who asks, as the guard found out.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) caller: Arc<Caller>,
    pub(crate) rule: &'static Rule,
}

/// What a request was bound to, and whether a proof for exactly it was shown.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) argument_hash: String,
    pub(crate) proven: bool,
}

/// A request with its asker.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    state: ApiState,
    asker: Asker,
    bound: Option<Bound>,
}

impl Deref for Asked {
    type Target = ApiState;

    fn deref(&self) -> &ApiState {
        &self.state
    }
}

impl FromRequestParts<ApiState> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let asker = parts.extensions.get::<Asker>().cloned();
        let asker = asker.ok_or_else(|| {
            ApiError::internal("asker_unknown", "The guard let a request pass unasked.")
        })?;
        let bound = parts.extensions.get::<Bound>().cloned();
        Ok(Self { state: state.clone(), asker, bound })
    }
}

impl Asked {
    /// Who asks.
    pub(crate) fn caller(&self) -> &Caller {
        &self.asker.caller
    }

    /// The accounts that the caller may reach.
    pub(crate) fn grants(&self) -> &Grants {
        &self.asker.caller.grants
    }

    /// What the caller reaches of what no account has: kept strategies, runs over past prices.
    pub(crate) fn reach(&self) -> Reach {
        self.asker.caller.reach()
    }

    /// One account, when it is granted. One that isn't is answered like one that doesn't exist.
    pub(crate) fn account(&self, id: &AccountId) -> Result<AccountHandle, ApiError> {
        if !self.grants().has(id) {
            return Err(DeskError::AccountUnknown(id.clone()).into());
        }
        Ok(self.state.desk().account(id)?)
    }

    /// The origin of what is asked for: a person by name, a key by name.
    pub(crate) fn origin(&self) -> Origin {
        match &self.asker.caller.who {
            Who::Person { user, .. } => origin(OriginKind::Human, user.name.principal()),
            Who::Key { name, .. } => origin(OriginKind::ApiKey, name.key_principal()),
            Who::Bootstrap => by_bootstrap(),
        }
    }

    /// The origin of what is asked for in the name of a source, or in one's own. While nobody
    /// exists, whoever has the bootstrap key is everybody, and no asker of their own.
    pub(crate) fn speaks_for(&self, source: Option<Origin>) -> Origin {
        match (source, &self.asker.caller.who) {
            (Some(source), Who::Bootstrap) => source,
            (Some(source), _) => source.asked_by(self.origin()),
            (None, _) => self.origin(),
        }
    }

    /// The origin of what an operator does. Until there are users the bootstrap key stands in for
    /// a person; a key never does.
    pub(crate) fn operator(&self) -> Origin {
        match &self.asker.caller.who {
            Who::Bootstrap => by_bootstrap_operator(),
            _ => self.origin(),
        }
    }

    /// True when a key of the person who asks is behind this, living or revoked. An admin may
    /// decide about what their own keys ask for: that is what approvals by one person are for.
    pub(crate) fn is_behind(&self, origin: &Origin) -> bool {
        let Who::Person { user, .. } = &self.asker.caller.who else { return false };
        let identity = self.state.identity();
        user.role != Role::Admin
            && origin.names().any(|(_, name)| identity.owns_key(&user.id, name))
    }

    /// The person and the session, which routes about oneself ask for.
    pub(crate) fn person(&self) -> Result<(&Arc<User>, &Session), ApiError> {
        self.asker.caller.person().ok_or_else(|| forbidden("A key is nobody: sign in."))
    }

    /// Refuses who may not raise limits, and asks a person to prove once more who they are.
    pub(crate) fn may_raise(&self, account: Option<&AccountId>) -> Result<(), ApiError> {
        let verb = if account.is_some() { Verb::Loosen } else { Verb::Configure };
        if !self.caller().may(verb, account) {
            return Err(forbidden("This raises or removes a limit, which is an admin's to do."));
        }
        self.needs_proof()
    }

    /// Refuses a person's request that no proof came with.
    fn needs_proof(&self) -> Result<(), ApiError> {
        let proven = self.bound.as_ref().is_some_and(|bound| bound.proven);
        let Who::Person { user, .. } = &self.asker.caller.who else { return Ok(()) };
        match &self.bound {
            _ if proven => Ok(()),
            Some(bound) => Err(step_up(&self.state, user, self.asker.rule, &bound.argument_hash)),
            None => Err(ApiError::internal("unbound", "The guard did not bind a request.")),
        }
    }
}

fn origin(kind: OriginKind, principal: Principal) -> Origin {
    Origin::new(kind, principal)
}

/// 403: the caller has no right to this.
pub(crate) fn forbidden(detail: impl Into<String>) -> ApiError {
    let remedy = "Ask an admin of the desk, or use an account or key that may.";
    ApiError::new(StatusCode::FORBIDDEN, "not_allowed", detail, remedy)
}

/// 403: the key has no right to this, and no key may have it.
pub(crate) fn forbidden_to_key(detail: impl Into<String>) -> ApiError {
    let remedy = "Use a key with the scope for it. What takes a person, such as a release or a \
        higher limit, is done on the desk's page, signed in.";
    ApiError::new(StatusCode::FORBIDDEN, "not_allowed", detail, remedy)
}

/// 403: the person must prove once more who they are, for exactly this request.
pub(crate) fn step_up(state: &ApiState, user: &User, rule: &Rule, hash: &str) -> ApiError {
    let second = user.totp.is_some() || state.has_real_key();
    let factors = if second { vec!["password", "code"] } else { vec!["password"] };
    ApiError::new(
        StatusCode::FORBIDDEN,
        "step_up_required",
        "Prove once more who you are, for this request.",
        "POST /api/step-up with `action` and `argument_hash`, then repeat this very request with \
         the header `Step-Up`.",
    )
    .step_up(rule.action(), hash.to_owned(), factors)
}
