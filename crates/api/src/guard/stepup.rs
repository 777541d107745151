//! Step-up in front of routes: binds a request to its proof, and refuses what comes without one.
//!
//! It runs after the body may be waited for, since the proof covers the body byte for byte. A proof
//! that is shown is used up, whatever comes of the request. It must not know what routes do.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use identity::{Who, argument_hash};

use super::{
    access::StepUp,
    asked::{Asker, Bound, step_up},
};
use crate::{extract::buffer, problem::ApiError, state::ApiState};

/// The header that carries a proof.
pub(crate) const HEADER: &str = "step-up";

/// Binds requests that may need a proof.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let asker = request.extensions().get::<Asker>().cloned();
    let Some(asker) = asker.filter(|asker| asker.rule.step_up != StepUp::Never) else {
        return Ok(next.run(request).await);
    };
    let Who::Person { user, session } = &asker.caller.who else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = buffer(parts.uri.path(), body).await?;
    let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
    let hash = argument_hash(parts.method.as_str(), target, &body);
    let shown = parts.headers.get(HEADER).and_then(|proof| proof.to_str().ok());
    let proven = shown.is_some_and(|proof| {
        state.identity().take_proof(session, &asker.rule.action(), &hash, proof)
    });
    if asker.rule.step_up == StepUp::Always && !proven {
        return Err(step_up(&state, user, asker.rule, &hash));
    }
    parts.extensions.insert(Bound { argument_hash: hash, proven });
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}
