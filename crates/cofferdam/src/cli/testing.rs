//! A tiny desk on loopback that gives prepared answers and remembers what it was asked.
//!
//! For tests of the client only; it knows just enough HTTP for them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use clap::Parser;
use domain::{AccountId, Nanos, Timestamp};
use path::{
    event::Event,
    journal::{Draft, EventRecord, Head, JournalStore as _, StreamBatch, StreamId},
};
use serde_json::Value;
use store::{DataDirLock, SqliteDatabase};

use super::{
    Outcome,
    args::Cli,
    client::{Api, Base},
    context::Context,
    failure::Failure,
    key::Key,
    output::Out,
};

/// Runs a command as it would be typed, against a tiny desk.
pub(crate) fn run_at(desk: &Desk, json: bool, words: &str) -> Result<(Outcome, String), Failure> {
    let tmp = tempfile::tempdir().unwrap();
    let key = tmp.path().join("key");
    std::fs::write(&key, "cfd_test_key").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, private).unwrap();
    let head = ["cofferdam", "--url", desk.url(), "--key-file", key.to_str().unwrap()];
    let cli = Cli::try_parse_from(head.into_iter().chain(words.split(' '))).unwrap();
    let mut out = Out::new(json);
    let outcome = super::dispatch(cli.command, &Context::new(cli.global), &mut out)?;
    Ok((outcome, out.text().to_owned()))
}

/// A data folder with a journal that has these events of one account.
pub(crate) fn journal(dir: &Path, account: &str, events: &[Event]) {
    let lock = DataDirLock::acquire(dir).unwrap();
    let database = SqliteDatabase::open(&lock).unwrap();
    let stream = StreamId::account(&AccountId::new(account).unwrap());
    let now = Timestamp::from_secs(1_700_000_000);
    let token =
        database.leases().acquire(stream.as_str(), "test", Nanos::from_secs(60), now).unwrap();
    let mut head = Head::default();
    let records: Vec<EventRecord> = events
        .iter()
        .map(|event| {
            let draft = Draft {
                at: now,
                wall_at: now,
                kind: event.kind().into(),
                version: event.version(),
                body: event.body().unwrap().into(),
            };
            let record = EventRecord::seal(&stream, &head, draft);
            head = record.head();
            record
        })
        .collect();
    let batch = StreamBatch { stream, expected: Head::default(), token, records };
    for result in database.journal().unwrap().append(&[batch]) {
        result.unwrap();
    }
}

/// What the desk says to one request.
pub(crate) struct Answer(Option<String>);

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let body = body.to_string();
        Self(Some(format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )))
    }

    pub(crate) fn raw(text: &str) -> Self {
        let end = if text.contains("\r\n\r\n") { "" } else { "\r\nConnection: close\r\n\r\n" };
        Self(Some(format!("{text}{end}")))
    }

    pub(crate) fn hang() -> Self {
        Self(None)
    }
}

/// What the desk was asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// Method and path.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/1.1").next().unwrap_or_default()
    }
}

pub(crate) struct Desk {
    url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Desk {
    /// Answers each request with the next answer; after the last one nobody listens.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<_> = answers.into_iter().collect();
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for answer in answers {
                let Ok((stream, _)) = listener.accept() else { return };
                serve(stream, answer, &log);
            }
        });
        Self { url, seen }
    }

    pub(crate) fn base(&self) -> Base {
        Base::parse(&self.url).unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn api(&self) -> Api {
        let key = Key::parse("cfd_test_key", "test").unwrap();
        Api::new(self.base(), &key, Duration::from_secs(5)).unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: TcpStream, answer: Answer, log: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let before = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 || &head[before..] == "\r\n" {
            break;
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    log.lock().unwrap_or_else(PoisonError::into_inner).push(Request { head, body });
    match answer.0 {
        Some(text) => {
            let _ = reader.into_inner().write_all(text.as_bytes());
        }
        None => thread::sleep(Duration::from_secs(2)),
    }
}
