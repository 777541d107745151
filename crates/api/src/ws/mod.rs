//! The socket: what the desk publishes, as it becomes durable.
//!
//! A browser can't set headers on a socket, so the key may be its first message. It must not
//! change anything: a socket only listens.

pub(crate) mod feed;
pub(crate) mod message;
pub(crate) mod session;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use path::journal::StreamId;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::IntoParams;

use crate::{
    extract::Params,
    guard::{asked::Asker, auth::KeyPending},
    problem::{ApiError, FieldError, Problem},
    serve::Peer,
    state::ApiState,
};

/// The longest message that is taken in.
const INCOMING_MAX: usize = 4 * 1_024;
/// Streams that one socket may resume.
const RESUMED_MAX: usize = 1_000;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SocketQuery {
    /// What was seen last, as `stream:seq`, several with commas: `account/main:120,desk:8`. Then
    /// what follows is sent instead of a snapshot.
    after: Option<String>,
}

/// The events of all accounts.
///
/// The first message is `{"type":"snapshot",…}` with every account, its live orders and what waits
/// for approval, or, with `after`, the events that follow. Then
/// `{"type":"event","stream","seq","kind","at","body"}` for each durable event. A listener that is
/// too slow, or asks for too much of the past, gets `{"type":"resync"}` and a new snapshot. A
/// snapshot may show what the next events tell once more: `seq` tells them apart.
#[utoipa::path(get, path = "/ws", tag = "events", params(SocketQuery),
    responses((status = 101, description = "The socket is open. Without a key header, send \
            `{\"key\": \"cfd_…\"}` within 5 seconds."),
        (status = 503, description = "Too many sockets", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn socket(
    State(state): State<ApiState>,
    Params(query): Params<SocketQuery>,
    pending: Option<Extension<KeyPending>>,
    asker: Option<Extension<Asker>>,
    peer: Option<Extension<Peer>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|rejection| {
        let remedy = "Open it with a WebSocket client.";
        ApiError::invalid("not_a_socket", rejection.body_text(), remedy)
    })?;
    let after = query.after.as_deref().map(cursors).transpose()?;
    let address = peer.map(|Extension(peer)| peer.0);
    let entry = match asker {
        Some(Extension(asker)) => session::Entry::Open(permit(state.sockets())?, asker.caller),
        None if pending.is_some() => session::Entry::Login(permit(state.logins())?),
        None => return Err(ApiError::internal("asker_unknown", "The guard let a socket pass.")),
    };
    let upgrade = upgrade.max_message_size(INCOMING_MAX).max_frame_size(INCOMING_MAX);
    Ok(upgrade.on_upgrade(move |socket| session::run(state, socket, after, entry, address)))
}

fn permit(of: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
    of.try_acquire_owned().map_err(|_| {
        let detail = "As many sockets are open as the desk serves.";
        ApiError::unavailable("too_many_sockets", detail, "Close one first.").retry_after(5)
    })
}

fn cursors(text: &str) -> Result<BTreeMap<StreamId, u64>, ApiError> {
    let wrong = || {
        ApiError::fields(vec![FieldError {
            field: "after".to_owned(),
            value: Some(text.chars().take(80).collect()),
            rule: "stream:seq, several with commas, such as account/main:120".to_owned(),
        }])
    };
    let pair = |pair: &str| {
        let (stream, seq) = pair.rsplit_once(':')?;
        Some((StreamId::parse(stream)?, seq.parse().ok()?))
    };
    if text.split(',').count() > RESUMED_MAX {
        return Err(wrong());
    }
    text.split(',').map(pair).collect::<Option<_>>().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_name_streams_and_numbers() {
        let found = cursors("account/main:12,desk:3").unwrap();
        assert_eq!(found[&StreamId::desk()], 3);
        assert_eq!(found.len(), 2);
        for wrong in ["", "main:1", "desk", "desk:", "desk:-1", "desk:1,,"] {
            assert!(cursors(wrong).is_err(), "{wrong}");
        }
    }
}
