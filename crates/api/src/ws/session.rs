//! One socket's life: the key, the feed, pings, the end.
//!
//! Queues are bounded and every send has a deadline, so a listener that stops reading costs
//! nothing but its own socket. It must not know what is sent.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{Sink, SinkExt, StreamExt, stream::SplitStream};
use identity::{Caller, Verb};
use path::journal::StreamId;
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{MissedTickBehavior, interval, timeout},
};

use super::feed::{Ended, Feed};
use crate::{guard::auth::by_key, state::ApiState};

/// How long a socket may take to send its key.
const KEY_WITHIN: Duration = Duration::from_secs(5);
/// Messages that may wait for a listener before the feed itself waits.
const QUEUE_MAX: usize = 256;
/// How long one message may take to leave.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How often a socket is asked whether it lives, also while there is much to tell: a listener has
/// nothing to say but its answer to this.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket from which nothing came for so long is gone.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// How often it is asked whether who listens still may.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// The close code of a missing or wrong key; 4000 and up are for applications.
const UNAUTHORIZED: u16 = 4_401;
/// The close code of a desk that can't serve more.
const TRY_AGAIN: u16 = 1_013;
/// The close code of a desk that stops.
const GOING_AWAY: u16 = 1_001;

/// By which right a socket is open.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It has yet to send its key.
    Login(OwnedSemaphorePermit),
    /// Its request told who asks.
    Open(OwnedSemaphorePermit, Arc<Caller>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    key: String,
}

/// Serves a socket until it ends.
pub(crate) async fn run(
    state: ApiState,
    mut socket: WebSocket,
    after: Option<BTreeMap<StreamId, u64>>,
    entry: Entry,
    address: Option<IpAddr>,
) {
    let (_permit, caller) = match entry {
        Entry::Open(permit, caller) => (permit, caller),
        Entry::Login(login) => {
            let Some(caller) = by_first_message(&state, &mut socket, address).await else {
                return close(socket, UNAUTHORIZED, "the key is missing or wrong").await;
            };
            drop(login);
            match state.sockets().try_acquire_owned() {
                Ok(permit) => (permit, Arc::new(caller)),
                Err(_) => return close(socket, TRY_AGAIN, "too many sockets").await,
            }
        }
    };
    let mut closing = state.closing();
    let (queue, messages) = mpsc::channel(QUEUE_MAX);
    let (mut sink, stream) = socket.split();
    let feed = Feed::new(state.desk().clone(), caller.clone(), queue).run(after);
    let (code, reason) = tokio::select! {
        ended = feed => match ended {
            Ended::Gone => (GOING_AWAY, "the desk stops"),
            Ended::Failed(error) => {
                tracing::warn!(code = %error.problem().code, "a socket's feed failed");
                (TRY_AGAIN, "the desk can't be read")
            }
        },
        () = write(&mut sink, messages, PING_EVERY) => return,
        () = read(stream) => return,
        () = ended(&state, &caller, address) => (UNAUTHORIZED, "the session or key has ended"),
        _ = closing.wait_for(|closing| *closing) => (GOING_AWAY, "the desk stops"),
    };
    let frame = CloseFrame { code, reason: reason.into() };
    let _ = timeout(SEND_WITHIN, sink.send(Message::Close(Some(frame)))).await;
}

/// Waits until who listens may no longer, or may something else than when the socket was opened.
async fn ended(state: &ApiState, caller: &Caller, address: Option<IpAddr>) {
    loop {
        tokio::time::sleep(ASKED_EVERY).await;
        let now = state.identity().still(caller, address);
        if now.is_none_or(|now| now.rights != caller.rights || now.grants != caller.grants) {
            return;
        }
    }
}

/// Waits for the first message, and tells who has the key in it.
async fn by_first_message(
    state: &ApiState,
    socket: &mut WebSocket,
    address: Option<IpAddr>,
) -> Option<Caller> {
    let first = timeout(KEY_WITHIN, async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Some(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    });
    let Ok(Some(text)) = first.await else { return None };
    let login = serde_json::from_str::<Login>(&text).ok();
    let caller = login.and_then(|login| by_key(state, &login.key, address));
    // A wrong key counts against the same bucket as elsewhere; sockets that wait are few anyway.
    if caller.is_none() {
        let _ = state.failures().take();
    }
    caller.filter(|caller| caller.may(Verb::ReadAccount, None))
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    let _ = timeout(SEND_WITHIN, socket.send(Message::Close(Some(frame)))).await;
}

async fn write(
    sink: &mut (impl Sink<Message> + Unpin),
    mut messages: mpsc::Receiver<String>,
    ping_every: Duration,
) {
    let mut ping = interval(ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    loop {
        let message = tokio::select! {
            _ = ping.tick() => Message::Ping(Vec::new().into()),
            message = messages.recv() => match message {
                Some(text) => Message::Text(text.into()),
                // The feed ended; its own branch closes the socket.
                None => return std::future::pending().await,
            },
        };
        if !matches!(timeout(SEND_WITHIN, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// Takes in what comes, which is only pongs and the end.
async fn read(mut stream: SplitStream<WebSocket>) {
    while let Ok(Some(Ok(message))) = timeout(SILENT_MAX, stream.next()).await {
        if matches!(message, Message::Close(_)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::sink;

    use super::*;

    /// A listener that only listens is cut when it isn't asked, however much it is told.
    #[tokio::test]
    async fn a_busy_socket_is_asked_whether_it_lives_too() {
        let (queue, messages) = mpsc::channel(1);
        let (seen, mut sent) = mpsc::unbounded_channel();
        let mut out = Box::pin(sink::unfold(seen, |seen, message: Message| async move {
            let _ = seen.send(message);
            Ok::<_, Infallible>(seen)
        }));
        let talk = async {
            let mut pings = 0;
            while pings < 3 {
                queue.send("news".to_owned()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
                while let Ok(message) = sent.try_recv() {
                    pings += usize::from(matches!(message, Message::Ping(_)));
                }
            }
        };
        tokio::select! {
            () = write(&mut out, messages, Duration::from_millis(20)) => panic!("it ended"),
            done = timeout(Duration::from_secs(20), talk) => done.unwrap(),
        }
    }
}
