//! A desk behind real sockets, with a certificate that is made when the test runs.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, reason = "a test helper")]

use std::{fs, io, net::SocketAddr, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use api::{ApiConfig, Certificate, Door, TlsFiles};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::common::House;

/// The name under which the desk is reached.
pub const HOST: &str = "desk.example";

/// A certificate for [`HOST`] and its key.
pub struct Pair(rcgen::CertifiedKey<rcgen::KeyPair>);

impl Pair {
    pub fn new() -> Self {
        Self(rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap())
    }

    pub fn chain(&self) -> String {
        self.0.cert.pem()
    }

    pub fn write(&self, files: &TlsFiles) {
        fs::write(&files.key, self.0.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&files.chain, self.chain()).unwrap();
    }
}

/// A desk that serves one door.
pub struct Desk {
    pub house: House,
    address: SocketAddr,
    pair: Option<Pair>,
    files: TlsFiles,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<io::Result<()>>,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new(tls: bool, configure: impl FnOnce(&mut ApiConfig)) -> Self {
        let house = House::with(|config| {
            config.hosts = vec![HOST.to_owned()];
            config.origins = vec![format!("https://{HOST}")];
            configure(config);
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let files = TlsFiles { chain: dir.path().join("chain"), key: dir.path().join("key") };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pair = tls.then(Pair::new);
        let door = match &pair {
            Some(pair) => {
                pair.write(&files);
                Door::Tls(listener, Certificate::load(files.clone()).unwrap())
            }
            None => Door::Plain(listener),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let wait = async {
            let _ = stopped.await;
        };
        let server = tokio::spawn(api::serve_doors(vec![door], house.state.clone(), wait));
        Self { house, address, pair, files, stop, server, _dir: dir }
    }

    pub async fn with_tls(configure: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::new(true, configure).await
    }

    pub async fn plain_door(configure: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::new(false, configure).await
    }

    /// A plain door with a trusted proxy on this machine.
    pub async fn proxied(configure: impl FnOnce(&mut ApiConfig)) -> Self {
        Self::new(false, |config| {
            config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
            configure(config);
        })
        .await
    }

    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    pub async fn plain(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn tls(&self) -> io::Result<TlsStream<TcpStream>> {
        self.tls_trusting(self.pair.as_ref().unwrap()).await
    }

    /// Connects as somebody who trusts this certificate and no other.
    pub async fn tls_trusting(&self, pair: &Pair) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(pair.0.cert.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from(HOST).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.plain().await).await
    }

    /// Asks over whatever the door speaks.
    pub async fn ask(&self, request: &str) -> String {
        match self.pair {
            Some(_) => ask(&mut self.tls().await.unwrap(), request).await,
            None => ask(&mut self.plain().await, request).await,
        }
    }

    pub async fn get(&self, path: &str, host: &str, more: &str) -> String {
        let line = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n");
        self.ask(&format!("{line}{more}connection: close\r\n\r\n")).await
    }

    pub async fn get_owned(&self, path: &str, host: &str, more: String) -> String {
        self.get(path, host, &more).await
    }

    pub async fn tls_get(&self, path: &str, host: &str, more: &str) -> String {
        assert!(self.pair.is_some());
        self.get(path, host, more).await
    }

    /// Stops the desk, which must end by itself.
    pub async fn end(self) {
        self.stop.send(()).unwrap();
        let ended = timeout(Duration::from_secs(15), self.server).await;
        ended.unwrap().unwrap().unwrap();
    }
}

/// Sends a request and reads until the other end closes.
pub async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut in the middle has answered what was read so far.
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

pub fn body(answer: &str) -> Value {
    let text = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(text).unwrap_or(Value::Null)
}
