//! What only a server can do to a desk: end a session, crash, be restarted, be set wrongly.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use path::journal::{AppendError, Head, JournalReader, JournalStore};
use postgres::{Client, NoTls};
use store::{KvLog, LeaseError, PgDatabase, StoreError, verify};

use crate::{
    kit::{Desk, Kind, MINUTE, account, batch, last},
    postgres_server::{Fresh, Server, skipped},
};

#[test]
fn a_server_that_could_lose_records_is_refused() {
    if skipped() {
        return;
    }
    let server = Server::start();
    let code = |fresh: &Fresh| PgDatabase::open(&fresh.url()).unwrap_err().code();
    let fresh = Fresh::on(&server.url, "");
    PgDatabase::open(&fresh.url()).unwrap();
    for (setting, expected) in [
        ("fsync", "postgres_fsync_off"),
        ("full_page_writes", "postgres_full_page_writes_off"),
        ("synchronous_commit", "postgres_synchronous_commit_off"),
    ] {
        server.set(&format!("{setting} = off"));
        assert_eq!(code(&fresh), expected);
        server.set(&format!("{setting} = on"));
    }
    let name = fresh.name();
    fresh.admin(&format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let error = PgDatabase::open(&fresh.url()).unwrap_err();
    assert_eq!(error.code(), "postgres_synchronous_commit_off");
    let words = error.to_string();
    assert!(
        words.contains("synchronous_commit is off") && words.contains("set it to on"),
        "{words}"
    );
    let latin = Fresh::on(&server.url, "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    assert_eq!(code(&latin), "postgres_encoding");
}

#[test]
fn a_level_below_on_is_raised_for_the_journal() {
    if skipped() {
        return;
    }
    let (mut desk, home) = Desk::at(Kind::Postgres);
    let server = home.server.as_ref().unwrap();
    let name = server.name().to_owned();
    server.admin(&format!("ALTER DATABASE {name} SET synchronous_commit = local"));
    desk = {
        drop(desk);
        home.open()
    };
    desk.grow(&account("a"), 1).unwrap();
}

#[test]
fn a_foreign_schema_and_an_absent_server_are_told_apart() {
    if skipped() {
        return;
    }
    let fresh = Fresh::new();
    let mut client = Client::connect(&fresh.text(), NoTls).unwrap();
    client.batch_execute("CREATE SCHEMA cofferdam; CREATE TABLE cofferdam.phones (x INT)").unwrap();
    assert_eq!(PgDatabase::open(&fresh.url()).unwrap_err().code(), "store_foreign");
    let nowhere = "postgresql://nobody:s3cret@127.0.0.1:1/none".parse().unwrap();
    let error = PgDatabase::open(&nowhere).unwrap_err();
    assert_eq!(error.code(), "store_lost");
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

#[test]
fn several_programs_may_make_the_schema_at_once() {
    if skipped() {
        return;
    }
    let fresh = Arc::new(Fresh::new());
    let open = |fresh: Arc<Fresh>| {
        std::thread::spawn(move || {
            let db = PgDatabase::open(&fresh.url()).unwrap();
            KvLog::open_server(&fresh.url()).unwrap();
            db.meta().next_incarnation().unwrap()
        })
    };
    let threads: Vec<_> = (0..4).map(|_| open(fresh.clone())).collect();
    let mut seen: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4], "each start has a number of its own");
}

#[test]
fn a_busy_stream_refuses_once_and_works_again() {
    if skipped() {
        return;
    }
    let (mut desk, home) = Desk::at(Kind::Postgres);
    let a = account("a");
    let mut other = home.server.as_ref().unwrap().client();
    other.batch_execute("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE").unwrap();
    let started = std::time::Instant::now();
    let refused = desk.append(batch(&a, Head::default(), 0, 1, "x"));
    assert!(matches!(refused, Err(AppendError::Io(_))), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(15));
    assert!(!desk.db.is_dead());
    other.batch_execute("ROLLBACK").unwrap();
    desk.append(batch(&a, Head::default(), 0, 1, "x")).unwrap();
}

#[test]
fn an_idle_session_that_was_ended_is_not_noticed() {
    if skipped() {
        return;
    }
    let (mut desk, home) = Desk::at(Kind::Postgres);
    let a = account("a");
    let leases = desk.db.leases();
    let now = leases.now(domain::Timestamp(0)).unwrap();
    assert!(now.0 > 1_700_000_000_000_000_000, "the server's clock counts, not the caller's");
    let token = leases.acquire(a.as_str(), "x", MINUTE, now).unwrap();
    let reader = desk.db.reader();
    let mut head = Head::default();
    for round in 0..5 {
        end_sessions(&home.server.as_ref().unwrap().text());
        let batch = batch(&a, head, token.0, 2, "again");
        head = last(&batch);
        desk.append(batch).unwrap();
        assert_eq!(reader.head(&a).unwrap(), head, "round {round}");
    }
    end_sessions(&home.server.as_ref().unwrap().text());
    match leases.renew(a.as_str(), token, MINUTE, now) {
        Ok(_) | Err(LeaseError::Store(StoreError::Lost(_))) => {}
        Err(other) => panic!("{other}"),
    }
    leases.renew(a.as_str(), token, MINUTE, now).unwrap();
}

fn end_sessions(url: &str) {
    let mut client = Client::connect(url, NoTls).unwrap();
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.batch_execute(others).unwrap();
}

/// Ends sessions by `strike` while a desk appends as fast as it can. An answer is the truth: what
/// was acknowledged is there, and what was refused is not, unless the server could not be asked.
fn strike_while_writing(
    fresh: &Fresh,
    rounds: u32,
    pause: Duration,
    strike: impl Fn() + Send + Sync,
) {
    let (a, b) = (account("a"), account("b"));
    let tmp = tempfile::tempdir().unwrap();
    let lock = store::DataDirLock::acquire(tmp.path()).unwrap();
    let db = store::Database::open(&lock, Some(&fresh.url())).unwrap();
    let mut desk = Desk { journal: db.journal().unwrap(), db };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..rounds {
                std::thread::sleep(pause);
                strike();
            }
            std::thread::sleep(pause);
            done.store(true, Ordering::Release);
        });
        let mut heads = [Head::default(), Head::default()];
        let (mut written, mut failed) = (0, 0);
        while !done.load(Ordering::Acquire) {
            let batches = [batch(&a, heads[0], 0, 2, "a"), batch(&b, heads[1], 0, 1, "b")];
            let outcomes = desk.journal.append(&batches);
            if outcomes.iter().all(Result::is_ok) {
                heads = [last(&batches[0]), last(&batches[1])];
                written += 1;
                continue;
            }
            failed += 1;
            let unknown = outcomes.iter().any(
                |o| matches!(o, Err(AppendError::Io(text)) if text.contains("lost in a commit")),
            );
            let found = loop {
                match (desk.db.reader().head(&a), desk.db.reader().head(&b)) {
                    (Ok(a), Ok(b)) => break [a, b],
                    _ => std::thread::sleep(Duration::from_millis(20)),
                }
            };
            let after = [last(&batches[0]), last(&batches[1])];
            assert!(found == heads || (unknown && found == after), "{outcomes:?}");
            heads = found;
        }
        assert!(written > 10, "{written} appends went through, {failed} failed");
        assert!(!desk.db.is_dead());
        assert_eq!([desk.head(&a), desk.head(&b)], heads);
    });
    assert!(verify(&desk.db.reader(), None, &mut |_| {}).unwrap().is_sound());
}

#[test]
fn sessions_that_end_while_writing_lose_nothing_and_invent_nothing() {
    if skipped() {
        return;
    }
    let fresh = Fresh::new();
    let url = fresh.text();
    strike_while_writing(&fresh, 40, Duration::from_millis(50), || end_sessions(&url));
}

#[test]
fn a_server_that_crashes_while_writing_loses_nothing_and_invents_nothing() {
    if skipped() {
        return;
    }
    let server = Server::start();
    let fresh = Fresh::on(&server.url, "");
    let url = fresh.text();
    // Killing one session makes the server end all of them and recover from its log.
    let kill = || {
        let Ok(mut client) = Client::connect(&url, NoTls) else { return };
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() ORDER BY state, pid LIMIT 1";
        let Ok(Some(row)) = client.query_opt(sql, &[]) else { return };
        let pid = rustix::process::Pid::from_raw(row.get(0)).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    strike_while_writing(&fresh, 5, Duration::from_millis(900), kill);
    let again = Fresh::on(&server.url, "");
    strike_while_writing(&again, 3, Duration::from_secs(2), || server.restart());
}

#[test]
fn two_writers_of_one_stream_never_both_win() {
    if skipped() {
        return;
    }
    let (first, home) = Desk::at(Kind::Postgres);
    let url = home.server.as_ref().unwrap().url();
    let second = PgDatabase::open(&url).unwrap();
    let a = account("a");
    let race =
        |mut journal: Box<dyn JournalStore + Send>, reader: store::Reader, tag: &'static str| {
            let a = a.clone();
            std::thread::spawn(move || {
                let mut won = 0;
                for _ in 0..150 {
                    let next = batch(&a, reader.head(&a).unwrap(), 0, 1, tag);
                    match journal.append(&[next]).remove(0) {
                        Ok(()) => won += 1,
                        Err(AppendError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                won
            })
        };
    let one = race(first.journal, first.db.reader(), "one");
    let two = race(Box::new(second.journal().unwrap()), second.reader(), "two");
    let won = one.join().unwrap() + two.join().unwrap();
    assert_eq!(second.reader().head(&a).unwrap().seq, won);
    assert!(won >= 150, "one of two always wins: {won}");
    assert!(verify(&second.reader(), None, &mut |_| {}).unwrap().is_sound());
}

#[test]
fn the_store_may_be_called_from_a_task() {
    if skipped() {
        return;
    }
    let (mut desk, home) = Desk::at(Kind::Postgres);
    let url = home.server.as_ref().unwrap().url();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async move {
        let a = account("a");
        desk.grow(&a, 3).unwrap();
        let leases = desk.db.leases();
        leases.acquire(a.as_str(), "x", MINUTE, leases.now(domain::Timestamp(0)).unwrap()).unwrap();
        let mut log = KvLog::open_server(&url).unwrap();
        log.commit(&[("t", "k", "{}")], &[]).unwrap();
        assert_eq!(log.get("t", "k").unwrap().as_deref(), Some("{}"));
        assert_eq!(desk.db.reader().head(&a).unwrap().seq, 3);
        drop((log, leases, desk));
    });
}

#[test]
fn the_venues_rows_are_ordered_as_bytes() {
    if skipped() {
        return;
    }
    let fresh = Fresh::new();
    let mut log = KvLog::open_server(&fresh.url()).unwrap();
    let keys = ["a-1", "a/2", "A/3", "a0", "ä", "a/1"];
    let puts: Vec<_> = keys.iter().map(|key| ("t", *key, "{}")).collect();
    log.commit(&puts, &[]).unwrap();
    log.commit(&[("t", "a0", "[]")], &[("t", "a0"), ("t", "none")]).unwrap();
    let mut sorted = keys.map(str::to_owned);
    sorted.sort_unstable();
    let found: Vec<_> = log.load("t").unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(found, sorted);
    let range: Vec<_> = log.range("t", "a/", "a0").unwrap().into_iter().map(|(k, _)| k).collect();
    assert_eq!(range, ["a/1", "a/2"]);
    drop(log);
    let log = KvLog::open_server(&fresh.url()).unwrap();
    assert_eq!(log.get("t", "a0").unwrap().as_deref(), Some("[]"));
    assert!(log.load("u").unwrap().is_empty());
}

#[test]
fn a_slow_judgement_of_limits_holds_up_neither_renewals_nor_the_kill_switch() {
    if skipped() {
        return;
    }
    let fresh = Fresh::new();
    let db = PgDatabase::open(&fresh.url()).unwrap();
    let (leases, a) = (db.leases(), account("a"));
    let now = leases.now(domain::Timestamp(0)).unwrap();
    let token = leases.acquire(a.as_str(), "x", MINUTE, now).unwrap();
    let (began, begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let uses = db.uses();
    let slow = std::thread::spawn(move || {
        uses.write("a", token, |_| {
            began.send(()).unwrap();
            let _ = ended.recv_timeout(Duration::from_secs(20));
            (Some("{}".to_owned()), ())
        })
    });
    begun.recv().unwrap();
    let asked = std::time::Instant::now();
    leases.renew(a.as_str(), token, MINUTE, now).unwrap();
    assert_eq!(db.kills().standing().unwrap().epoch, 0);
    db.meta().incarnation().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    end.send(()).unwrap();
    slow.join().unwrap().unwrap();
}

/// Stops the processes of a database's sessions until it is dropped.
struct Asleep(Vec<rustix::process::Pid>);

impl Asleep {
    fn sessions_of(fresh: &Fresh) -> Self {
        let mut client = Client::connect(&fresh.text(), NoTls).unwrap();
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let rows = client.query(sql, &[]).unwrap();
        let pids = rows.iter().filter_map(|row| rustix::process::Pid::from_raw(row.get(0)));
        let asleep = Self(pids.collect());
        asleep.signal(rustix::process::Signal::STOP);
        asleep
    }

    fn signal(&self, signal: rustix::process::Signal) {
        self.0.iter().for_each(|pid| rustix::process::kill_process(*pid, signal).unwrap());
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = rustix::process::kill_process(*pid, rustix::process::Signal::CONT);
        }
    }
}

#[test]
fn a_session_that_falls_silent_is_left_for_a_new_one() {
    if skipped() {
        return;
    }
    let fresh = Fresh::new();
    let db = PgDatabase::open(&fresh.url()).unwrap();
    let before = db.leases().now(domain::Timestamp(0)).unwrap();
    let asleep = Asleep::sessions_of(&fresh);
    assert!(!asleep.0.is_empty());
    let asked = std::time::Instant::now();
    let after = db.leases().now(domain::Timestamp(0)).unwrap();
    assert!(after > before);
    assert!(asked.elapsed() < Duration::from_secs(25), "{:?}", asked.elapsed());
}
