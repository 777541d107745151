//! Serving connections: plain ones of this machine and of trusted proxies, TLS for everybody, with
//! deadlines, a bound on their number, and an orderly end.
//!
//! It must not know routes.

mod places;
mod pulse;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::Request, middleware};
use futures_util::future::join_all;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tower::ServiceExt;

pub use places::Connections;
use places::{Places, Side};
pub use pulse::Patience;
use pulse::{Noted, Pulse};

use crate::{
    forwarded::{self, Link},
    guard::headers,
    pages::pages,
    router::router_with_pages,
    state::ApiState,
    tls::{Certificate, Renewal},
};

/// The largest head of a request.
const HEAD_MAX: usize = 32 * 1_024;
/// How long connections may take to end when the desk stops.
const END_WITHIN: Duration = Duration::from_secs(10);
/// Pause after the system could not give a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address of the caller: the other end of the connection, or whom a trusted proxy names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Where the desk listens.
#[derive(Debug)]
pub enum Door {
    /// In the clear: only this machine and trusted proxies come in, whatever the address is.
    Plain(TcpListener),
    /// With TLS, for everybody.
    Tls(TcpListener, Certificate),
}

impl Door {
    fn listener(&self) -> &TcpListener {
        match self {
            Self::Plain(listener) | Self::Tls(listener, _) => listener,
        }
    }
}

/// Serves the API and the dashboard until `shutdown` resolves; then requests under way are finished, sockets closed.
///
/// # Errors
/// The listener's, when it can't tell its address.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_doors(vec![Door::Plain(listener)], state, shutdown).await
}

/// As [`serve`], at several addresses.
///
/// # Errors
/// As [`serve`].
pub async fn serve_doors(
    doors: Vec<Door>,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router_with_pages(state.clone(), pages());
    // Outside of all other checks: they judge by what this one finds.
    let router = router
        .layer(middleware::from_fn_with_state(state.clone(), forwarded::check))
        .layer(middleware::from_fn(headers::add));
    for door in &doors {
        let tls = matches!(door, Door::Tls(..));
        tracing::info!(address = %door.listener().local_addr()?, tls, "the API listens");
    }
    let places = Places::new(state.config().connections);
    let server = Server { router, state, places };
    let (stop, stopped) = watch::channel(false);
    let open = join_all(doors.into_iter().map(|door| server.attend(door, stopped.clone())));
    let close = async {
        shutdown.await;
        server.state.close_sockets();
        stop.send_replace(true);
    };
    tokio::join!(open, close);
    Ok(())
}

struct Server {
    router: Router,
    state: ApiState,
    places: Arc<Places>,
}

impl Server {
    /// Takes connections in until the desk stops, and waits for them to end.
    async fn attend(&self, door: Door, mut stopped: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let mut look =
            interval(self.state.config().certificate_every.max(Duration::from_millis(1)));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.tick().await;
        let mut complaint = None;
        let until = stopped.clone();
        loop {
            let accepted = tokio::select! {
                () = told(&mut stopped) => break,
                accepted = door.listener().accept() => accepted,
                Some(_) = connections.join_next() => continue,
                _ = look.tick() => {
                    if let Door::Tls(_, certificate) = &door {
                        complaint = renew(certificate.clone(), complaint).await;
                    }
                    continue;
                }
            };
            match accepted {
                Ok((stream, address)) => {
                    if let Some(connection) = self.admit(&door, stream, address, until.clone()) {
                        connections.spawn(connection);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken in");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(door);
        let ended = timeout(END_WITHIN, async { while connections.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!(left = connections.len(), "connections did not end in time");
        }
    }

    /// What a connection is served by; without it, it is closed at once.
    fn admit(
        &self,
        door: &Door,
        stream: TcpStream,
        address: SocketAddr,
        stopped: watch::Receiver<bool>,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let config = self.state.config();
        let peer = address.ip().to_canonical();
        let near = peer.is_loopback() || config.trusted_proxies.iter().any(|proxy| proxy.is(peer));
        let acceptor = match door {
            Door::Plain(_) if !near => {
                tracing::debug!(%peer, "a stranger came without TLS");
                return None;
            }
            Door::Plain(_) => None,
            Door::Tls(_, certificate) => Some(certificate.acceptor()),
        };
        let side = if near { Side::Near } else { Side::Stranger };
        let Some(place) = self.places.take(peer, side) else {
            tracing::debug!(%peer, "too many connections");
            return None;
        };
        // Answers are small; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let (router, patience) = (self.router.clone(), config.patience);
        Some(async move {
            let _place = place;
            let served = Served { router, patience, link: Link { peer, tls: acceptor.is_some() } };
            let Some(acceptor) = acceptor else {
                return served.connection(stream, stopped).await;
            };
            match timeout(patience.handshake, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => served.connection(stream, stopped).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            }
        })
    }
}

/// Looks whether there is a new certificate. The same complaint is made once.
async fn renew(certificate: Certificate, before: Option<String>) -> Option<String> {
    let looked = tokio::task::spawn_blocking(move || certificate.renew()).await;
    let error = match looked {
        Ok(Ok(Renewal::Same)) => return None,
        Ok(Ok(Renewal::Taken)) => {
            tracing::info!("a new certificate is served");
            return None;
        }
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    if before.as_ref() != Some(&error) {
        tracing::warn!(%error, "the certificate's files can't be used; the one before is served");
    }
    Some(error)
}

/// What all requests of a connection share.
struct Served {
    router: Router,
    patience: Patience,
    link: Link,
}

impl Served {
    async fn connection(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut stopped: watch::Receiver<bool>,
    ) {
        let Self { router, patience, link } = self;
        let pulse = Pulse::new();
        let running = pulse.clone();
        let service = tower::service_fn(move |mut request: Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(link);
            let (running, router) = (running.request(), router.clone());
            async move {
                let answer = router.oneshot(request).await;
                drop(running);
                answer
            }
        });
        let mut server = http1::Builder::new();
        // The deadlines of heads and of silence are the pulse's.
        server.header_read_timeout(None).max_buf_size(HEAD_MAX);
        let io = TokioIo::new(Noted { stream, pulse: pulse.clone() });
        let connection = server.serve_connection(io, TowerToHyperService::new(service));
        let mut connection = std::pin::pin!(connection.with_upgrades());
        let mut look =
            interval((patience.head.min(patience.idle) / 5).max(Duration::from_millis(1)));
        let mut stopping = false;
        let result = loop {
            tokio::select! {
                result = connection.as_mut() => break result,
                () = told(&mut stopped), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                _ = look.tick() => if pulse.is_overdue(patience) {
                    tracing::debug!(peer = %link.peer, "a connection was cut: nothing moved on it");
                    return;
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended with an error");
        }
    }
}

/// Waits until the desk stops.
async fn told(stopped: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server; without it the desk has stopped as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

#[cfg(test)]
mod tests;
