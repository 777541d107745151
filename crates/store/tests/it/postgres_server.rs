//! PostgreSQL servers for tests: one that all share, and ones that a test may break.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use postgres::{Client, NoTls};
use store::DatabaseUrl;

fn tool(words: &[&str]) -> String {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/postgres");
    let output = Command::new(tool).args(words).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no PostgreSQL for the tests; COFFERDAM_SKIP_POSTGRES=1 leaves them out: {told}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// True when somebody chose to leave the tests on PostgreSQL out.
pub(crate) fn skipped() -> bool {
    std::env::var_os("COFFERDAM_SKIP_POSTGRES").is_some_and(|value| value == "1")
}

/// The URL of the server that all tests share, up to the database's name.
fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<File>)> = OnceLock::new();
    let (base, _) = SHARED.get_or_init(|| {
        if let Ok(url) = std::env::var("COFFERDAM_TEST_DATABASE_URL") {
            return (url, None);
        }
        let told = tool(&["shared"]);
        let (folder, url) = told.trim().split_once('\n').unwrap();
        let users = File::open(format!("{folder}.users")).unwrap();
        rustix::fs::flock(&users, rustix::fs::FlockOperation::LockShared).unwrap();
        (url.to_owned(), Some(users))
    });
    base
}

/// A database of its own; it is dropped with this.
pub(crate) struct Fresh {
    base: String,
    name: String,
}

impl Fresh {
    /// On the server that all tests share.
    pub(crate) fn new() -> Self {
        Self::on(shared(), "")
    }

    pub(crate) fn on(base: &str, options: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (pid, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let name = format!("test_{pid}_{count}");
        let fresh = Self { base: base.to_owned(), name };
        fresh.admin(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh.name));
        fresh.admin(&format!("CREATE DATABASE {} {options}", fresh.name));
        fresh
    }

    /// Runs a statement beside the database.
    pub(crate) fn admin(&self, sql: &str) {
        Client::connect(&self.base, NoTls).unwrap().batch_execute(sql).unwrap();
    }

    pub(crate) fn text(&self) -> String {
        let (server, _) = self.base.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        self.text().parse().unwrap()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection that sees the journal's tables.
    pub(crate) fn client(&self) -> Client {
        let mut client = Client::connect(&self.text(), NoTls).unwrap();
        client.batch_execute("SET search_path = cofferdam").unwrap();
        client
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.base, NoTls) {
            let _ = client
                .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// A server that one test may stop, kill and set wrongly.
pub(crate) struct Server {
    pub(crate) folder: PathBuf,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let told = tool(&["start"]);
        let (folder, url) = told.trim().split_once('\n').unwrap();
        Self { folder: folder.into(), url: url.to_owned() }
    }

    pub(crate) fn restart(&self) {
        tool(&["restart", self.folder.to_str().unwrap()]);
    }

    /// Takes a setting over without a restart.
    pub(crate) fn set(&self, setting: &str) {
        let mut client = Client::connect(&self.url, NoTls).unwrap();
        client.batch_execute(&format!("ALTER SYSTEM SET {setting}")).unwrap();
        client.batch_execute("SELECT pg_reload_conf()").unwrap();
        let (name, value) = setting.split_once('=').unwrap();
        let (name, value) = (name.trim(), value.trim().trim_matches('\''));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        // Every session takes a new setting over by itself; a new one has it from its start.
        loop {
            let mut client = Client::connect(&self.url, NoTls).unwrap();
            let shown: String = client.query_one(&format!("SHOW {name}"), &[]).unwrap().get(0);
            if shown == value {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{name} is still {shown}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        tool(&["stop", self.folder.to_str().unwrap()]);
    }
}
