//! The desk as others reach it: with a certificate of its own, and behind a proxy.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;
mod remote;

use std::time::Duration;

use api::{Certificate, TlsError, TlsFiles};
use common::{KEY, password};
use futures_util::StreamExt;
use remote::{Desk, HOST, Pair, ask, body, header, status};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const HSTS: &str = "strict-transport-security";

#[tokio::test]
async fn the_desk_is_served_with_its_own_certificate() {
    let desk = Desk::with_tls(|_| {}).await;
    let answer = desk.tls_get("/api/health", HOST, "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(header(&answer, HSTS), Some("max-age=31536000"));
    let stream = desk.tls().await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));

    for host in ["evil.example", "desk.example.evil.example", "203.0.113.5"] {
        let answer = desk.tls_get("/api/health", host, "").await;
        assert_eq!((status(&answer), &body(&answer)["code"]), (421, &json!("host_not_allowed")));
    }
    // A browser that remembers `localhost` would lose every other program on this machine.
    let own = desk.tls_get("/api/health", "localhost", "").await;
    assert_eq!((status(&own), header(&own, HSTS)), (200, None));
    desk.end().await;
}

#[tokio::test]
async fn what_is_no_tls_of_today_ends_without_an_answer() {
    let desk = Desk::with_tls(|_| {}).await;
    let mut plain = desk.plain().await;
    let request = format!("GET /api/health HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    let answer = ask(&mut plain, &request).await;
    assert!(!answer.starts_with("HTTP/"), "{answer}");

    // A greeting that knows TLS 1.1 at most.
    let mut hello = vec![0x03, 0x02];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    // Signature algorithms, without which it would be refused for that.
    hello.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let mut record = vec![0x16, 3, 1, 0, (hello.len() + 4) as u8, 1, 0, 0, hello.len() as u8];
    record.extend(hello);
    let mut old = desk.plain().await;
    old.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(5), old.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!((answer[0], *answer.last().unwrap()), (0x15, 70), "the alert `protocol_version`");

    assert_eq!(status(&desk.tls_get("/api/health", HOST, "").await), 200, "others are served");
    desk.end().await;
}

#[tokio::test]
async fn a_handshake_that_is_not_made_is_cut() {
    let desk = Desk::with_tls(|config| config.patience.handshake = ms(200)).await;
    let mut silent = desk.plain().await;
    silent.write_all(&[0x16, 3, 1]).await.unwrap();
    assert!(closes(&mut silent).await);
    desk.end().await;
}

#[tokio::test]
async fn sockets_open_with_tls_and_outlive_the_deadline_for_silence() {
    let desk = Desk::with_tls(|config| config.patience.idle = ms(200)).await;
    let mut request = format!("wss://{HOST}/ws").into_client_request().unwrap();
    request.headers_mut().insert("x-api-key", KEY.parse().unwrap());
    let (mut socket, _) = client_async(request, desk.tls().await.unwrap()).await.unwrap();
    let Message::Text(first) = socket.next().await.unwrap().unwrap() else { panic!("no text") };
    assert!(first.contains("snapshot"), "{first}");
    sleep(ms(800)).await;
    desk.house.post("/api/kill", json!({"level": "pause"})).await;
    loop {
        let message = timeout(Duration::from_secs(5), socket.next()).await.unwrap();
        match message.unwrap().unwrap() {
            Message::Text(text) if text.contains("kill_pulled") => break,
            Message::Text(_) | Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
    drop(socket);
    desk.end().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let desk = Desk::with_tls(|config| config.certificate_every = ms(50)).await;
    let mut kept = desk.tls().await.unwrap();
    let next = Pair::new();
    assert!(desk.tls_trusting(&next).await.is_err(), "not served yet");

    // A chain without its key, and then half a file: the old one stays.
    std::fs::write(&desk.files().chain, next.chain()).unwrap();
    sleep(ms(300)).await;
    assert_eq!(status(&desk.tls_get("/api/health", HOST, "").await), 200);
    std::fs::write(&desk.files().chain, "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
    sleep(ms(300)).await;
    assert_eq!(status(&desk.tls_get("/api/health", HOST, "").await), 200);

    next.write(desk.files());
    let deadline = Instant::now() + Duration::from_secs(10);
    while desk.tls_trusting(&next).await.is_err() {
        assert!(Instant::now() < deadline, "the new certificate was never served");
        sleep(ms(50)).await;
    }
    assert!(desk.tls().await.is_err(), "the old one is gone");
    let request = format!("GET /api/health HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&ask(&mut kept, &request).await), 200, "open connections go on");
    desk.end().await;
}

#[test]
fn a_certificate_that_can_not_be_served_is_named() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let dir = tempfile::tempdir().unwrap();
    let files = TlsFiles { chain: dir.path().join("chain.pem"), key: dir.path().join("key.pem") };
    let mode = |mode| fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).unwrap();
    let error = || Certificate::load(files.clone()).unwrap_err();

    assert!(matches!(error(), TlsError::Unreadable { file, .. } if file == files.chain));
    Pair::new().write(&files);
    Certificate::load(files.clone()).unwrap();
    for open in [0o644, 0o604, 0o660, 0o602] {
        mode(open);
        let error = error();
        assert!(matches!(error, TlsError::KeyExposed { .. }), "{open:o}: {error}");
        let text = error.to_string();
        for part in ["key.pem", "chmod 600", &format!("{open:04o}")] {
            assert!(text.contains(part), "{text}");
        }
    }
    mode(0o600);
    let good = fs::read(&files.chain).unwrap();
    fs::write(&files.chain, Pair::new().chain()).unwrap();
    assert!(matches!(error(), TlsError::Mismatch { .. }), "{}", error());
    fs::write(&files.chain, fs::read(&files.key).unwrap()).unwrap();
    assert!(matches!(error(), TlsError::NoCertificate(_)), "{}", error());
    fs::write(&files.chain, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    assert!(matches!(error(), TlsError::Unusable { .. }), "{}", error());
    fs::write(&files.chain, good).unwrap();
    fs::write(&files.key, fs::read(&files.chain).unwrap()).unwrap();
    assert!(matches!(error(), TlsError::NoKey(_)), "{}", error());
    fs::write(&files.key, vec![b'x'; 2 * 1024 * 1024]).unwrap();
    assert!(matches!(error(), TlsError::TooLarge(_)), "{}", error());
}

/// Signs in over this desk's door and tells the address that the session has.
async fn address_of_a_session(desk: &Desk, more: &str) -> String {
    let text = json!({"name": "owner", "password": password("owner")}).to_string();
    let request = format!(
        "POST /api/sessions HTTP/1.1\r\nhost: {HOST}\r\norigin: https://{HOST}\r\n{more}\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    let answer = desk.ask(&request).await;
    assert_eq!(status(&answer), 201, "{answer}");
    let cookie = header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let answer = desk.get("/api/session", HOST, &format!("{more}cookie: {cookie}\r\n")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)["session"]["address"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn forwarded_headers_of_anybody_else_are_not_believed() {
    let desk = Desk::with_tls(|_| {}).await;
    desk.house.owner();
    let more = "x-forwarded-for: 203.0.113.5\r\nx-forwarded-proto: https\r\n";
    assert_eq!(address_of_a_session(&desk, more).await, "127.0.0.1");
    let junk = desk.get("/api/health", HOST, "x-forwarded-for: junk\r\n").await;
    assert_eq!(status(&junk), 200, "{junk}");
    desk.end().await;

    // In the clear, no header makes a name of the desk's one that is served.
    let desk = Desk::plain_door(|_| {}).await;
    for more in ["", more] {
        assert_eq!(status(&desk.get("/api/health", HOST, more).await), 421);
        let own = desk.get("/api/health", "localhost", more).await;
        assert_eq!((status(&own), header(&own, HSTS)), (200, None), "{own}");
    }
    desk.end().await;
}

#[tokio::test]
async fn a_trusted_proxy_tells_who_the_caller_is() {
    let desk = Desk::proxied(|_| {}).await;
    desk.house.owner();
    let https = "x-forwarded-proto: https\r\n";
    for (list, wanted) in [
        ("203.0.113.5", "203.0.113.5"),
        ("198.51.100.9, 203.0.113.5", "203.0.113.5"),
        ("203.0.113.5, 127.0.0.1", "203.0.113.5"),
        ("127.0.0.1", "unknown"),
    ] {
        let more = format!("x-forwarded-for: {list}\r\n{https}");
        assert_eq!(address_of_a_session(&desk, &more).await, wanted, "{list}");
    }
    let health = |more: String| desk.get_owned("/api/health", HOST, more);
    let good = health(format!("x-forwarded-for: 203.0.113.5\r\n{https}")).await;
    assert_eq!((status(&good), header(&good, HSTS)), (200, Some("max-age=31536000")));
    for (more, code) in [
        (String::new(), "forwarded_missing"),
        ("x-forwarded-for: 203.0.113.5\r\n".to_owned(), "forwarded_missing"),
        (
            "x-forwarded-for: 203.0.113.5\r\nx-forwarded-proto: http\r\n".to_owned(),
            "forwarded_missing",
        ),
        (https.to_owned(), "forwarded_missing"),
        (format!("x-forwarded-for: junk\r\n{https}"), "forwarded_invalid"),
        (format!("x-forwarded-for: 203.0.113.5:443\r\n{https}"), "forwarded_invalid"),
    ] {
        let answer = health(more.clone()).await;
        assert_eq!((status(&answer), &body(&answer)["code"]), (400, &json!(code)), "{more}");
        assert_eq!(header(&answer, HSTS), None);
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
    }
    // Programs beside the desk go on, by this machine's own names.
    let own = desk.get("/api/health", "127.0.0.1:3000", "").await;
    assert_eq!((status(&own), header(&own, HSTS)), (200, None));
    desk.end().await;
}

/// The key of the command line is bound to loopback, where a proxy beside the desk is too.
#[tokio::test]
async fn a_key_of_this_machine_is_of_no_use_through_a_proxy() {
    let desk = Desk::proxied(|_| {}).await;
    let key = desk.house.owner().local_key.unwrap();
    let key = format!("x-api-key: {key}\r\n");
    assert_eq!(status(&desk.get("/api/desk", "localhost", &key).await), 200);
    for list in ["203.0.113.5", "127.0.0.1", "::1", "203.0.113.5, 127.0.0.1"] {
        let more = format!("x-forwarded-for: {list}\r\nx-forwarded-proto: https\r\n{key}");
        for host in [HOST, "localhost"] {
            assert_eq!(status(&desk.get("/api/desk", host, &more).await), 401, "{list} {host}");
        }
    }
    for proxys_own in ["via: 1.1 proxy\r\n", "x-real-ip: 203.0.113.5\r\n", "forwarded: for=_x\r\n"]
    {
        let answer = desk.get("/api/desk", "localhost", &format!("{proxys_own}{key}")).await;
        assert_eq!(status(&answer), 400, "{proxys_own}");
    }
    let old = format!("GET /api/desk HTTP/1.0\r\nhost: localhost\r\n{key}\r\n");
    assert_eq!(status(&desk.ask(&old).await), 400, "as some proxies ask by themselves");
    desk.end().await;
}

#[tokio::test]
async fn a_page_in_the_clear_is_not_the_https_page() {
    let desk = Desk::with_tls(|config| config.origins.clear()).await;
    for (origin, wanted) in [(format!("https://{HOST}"), 200), (format!("http://{HOST}"), 403)] {
        let more = format!("origin: {origin}\r\n");
        assert_eq!(status(&desk.get("/api/health", HOST, &more).await), wanted, "{origin}");
    }
    desk.end().await;
}

#[tokio::test]
async fn silence_a_slow_head_and_an_answer_that_nobody_reads_are_cut() {
    let desk = Desk::plain_door(|config| {
        config.patience.head = ms(250);
        config.patience.idle = ms(600);
        config.rate = api::Rate { per_second: 100_000, burst: 100_000 };
    })
    .await;
    let request = "GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

    let mut idle = desk.plain().await;
    for _ in 0..3 {
        idle.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 4_096];
        let read = idle.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        sleep(ms(350)).await;
    }
    assert!(closes(&mut idle).await, "it lived while it was used, and no longer");

    let mut slow = desk.plain().await;
    let begun = Instant::now();
    while slow.write_all(b"G").await.is_ok() && begun.elapsed() < Duration::from_secs(5) {
        sleep(ms(50)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "a head that never ends is cut");

    let mut deaf = desk.plain().await;
    let long = "GET /api/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let (mut reads, mut writes) = deaf.split();
    let _ = timeout(ms(1_500), writes.write_all(long.repeat(2_000).as_bytes())).await;
    sleep(ms(1_500)).await;
    let drained = timeout(Duration::from_secs(20), async {
        let mut buffer = vec![0; 65_536];
        while matches!(reads.read(&mut buffer).await, Ok(count) if count > 0) {}
    });
    assert!(drained.await.is_ok(), "the desk had ended the connection");
    desk.end().await;
}

#[tokio::test]
async fn one_address_does_not_get_every_place() {
    let desk = Desk::with_tls(|config| config.connections.of_near = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(desk.tls().await.unwrap());
    }
    assert!(desk.tls().await.is_err(), "a fourth");
    held.pop();
    let deadline = Instant::now() + Duration::from_secs(5);
    while desk.tls().await.is_err() {
        assert!(Instant::now() < deadline, "the place was never free again");
        sleep(ms(20)).await;
    }
    desk.end().await;
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// True when the other end closes within five seconds.
async fn closes(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.is_ok()
}
