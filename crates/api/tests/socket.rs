//! The socket and the server, over a real connection.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::{net::SocketAddr, time::Duration};

use common::{House, KEY};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Served {
    house: House,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn serve(house: House) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let wait = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(api::serve(listener, house.state.clone(), wait));
    Served { house, address, stop, server }
}

impl Served {
    async fn open(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, tungstenite::Error> {
        let mut request = format!("ws://{}/ws{query}", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| socket)
    }

    async fn keyed(&self, query: &str) -> Socket {
        self.open(query, &[("x-api-key", KEY)]).await.unwrap()
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
        match message.unwrap().unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => return json!({"type": "end", "frame": format!("{other:?}")}),
        }
    }
}

/// Events until one of this kind, each the successor of the one before.
async fn until(socket: &mut Socket, kind: &str, mut seq: u64) -> u64 {
    loop {
        let event = next(socket).await;
        assert_eq!(event["type"], "event", "{event}");
        assert_eq!(event["stream"], "account/main");
        let found = event["seq"].as_u64().unwrap();
        assert_eq!(found, seq + 1, "{event}");
        seq = found;
        if event["kind"] == kind {
            assert!(event["body"].is_object());
            return seq;
        }
    }
}

#[tokio::test]
async fn a_listener_gets_a_snapshot_then_events_and_can_go_on_later() {
    let served = serve(House::new().await).await;
    let mut socket = served.keyed("").await;
    let snapshot = next(&mut socket).await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["accounts"][0]["id"], "main");
    let start = snapshot["cursors"]["account/main"].as_u64().unwrap();
    served.house.buy_ten().await;
    let filled = until(&mut socket, "filled", start).await;
    drop(socket);

    let mut later = served.keyed(&format!("?after=account/main:{start}")).await;
    assert_eq!(until(&mut later, "filled", start).await, filled, "the same events again");
    served.house.post("/api/kill", json!({"level": "pause"})).await;
    until(&mut later, "kill_pulled", filled).await;

    let mut ahead = served.keyed("?after=account/main:99999").await;
    assert_eq!(next(&mut ahead).await["type"], "resync", "the journal does not reach so far");
    assert_eq!(next(&mut ahead).await["type"], "snapshot");
}

#[tokio::test]
async fn a_browser_sends_the_key_first() {
    let served = serve(House::new().await).await;
    let mut socket = served.open("", &[]).await.unwrap();
    socket.send(Message::text(json!({"key": KEY}).to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "snapshot");
    for wrong in [json!({"key": "cfd_a_b"}), json!({"key": KEY, "more": 1}), json!([])] {
        let mut socket = served.open("", &[]).await.unwrap();
        socket.send(Message::text(wrong.to_string())).await.unwrap();
        let end = next(&mut socket).await;
        assert_eq!(end["type"], "end", "{wrong}: {end}");
        assert!(end["frame"].as_str().unwrap().contains("4401"), "{end}");
    }
    let wrong = served.open("", &[("x-api-key", "cfd_a_b")]).await;
    assert!(matches!(wrong, Err(tungstenite::Error::Http(r)) if r.status() == 401));
    let foreign = served.open("", &[("origin", "https://evil.example")]).await;
    assert!(matches!(foreign, Err(tungstenite::Error::Http(r)) if r.status() == 403));
    let host = served.open("", &[("host", "evil.example")]).await;
    assert!(matches!(host, Err(tungstenite::Error::Http(r)) if r.status() == 421));
    let in_url = served.open(&format!("?key={KEY}"), &[]).await;
    assert!(matches!(in_url, Err(tungstenite::Error::Http(r)) if r.status() == 400));
}

#[tokio::test]
async fn a_socket_without_a_key_is_closed() {
    let served = serve(House::new().await).await;
    let mut socket = served.open("", &[]).await.unwrap();
    let begun = std::time::Instant::now();
    let end = next(&mut socket).await;
    assert!(end["frame"].as_str().unwrap().contains("4401"), "{end}");
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn sockets_are_bounded() {
    let served = serve(House::with(|config| config.sockets_max = 1).await).await;
    let mut first = served.keyed("").await;
    assert_eq!(next(&mut first).await["type"], "snapshot");
    let second = served.open("", &[("x-api-key", KEY)]).await;
    assert!(matches!(second, Err(tungstenite::Error::Http(r)) if r.status() == 503));
}

#[tokio::test]
async fn a_stop_ends_sockets_and_connections() {
    let served = serve(House::new().await).await;
    let mut socket = served.keyed("").await;
    assert_eq!(next(&mut socket).await["type"], "snapshot");
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    served.stop.send(()).unwrap();
    let end = next(&mut socket).await;
    assert!(end["frame"].as_str().unwrap().contains("Away"), "{end}");
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), idle.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "an idle connection is closed");
    let server = tokio::time::timeout(Duration::from_secs(5), served.server).await;
    server.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let served = serve(House::empty(|_| {})).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n").await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the connection is closed before the head is complete");
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}
