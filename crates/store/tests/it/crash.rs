//! A killed writer loses nothing that it acknowledged.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use domain::InstallationId;
use path::journal::{JournalReader, JournalStore, StreamId};
use store::{
    DataDirLock, Database, EMERGENCY_FILE, EmergencyJournal, emergency::CAPACITY_MIN, verify,
};

use crate::{
    isolation::{child_dir, command},
    kit::{Desk, FileDesk, Home, Kind, account, batch, last, on_both},
};

const STREAMS: [&str; 3] = ["a", "b", "c"];
const ROUNDS: u32 = 20;
/// Names the server to a child that works on one.
const URL_FILE: &str = "url";

on_both!(every_acknowledged_record_survives_sigkill);

fn say(stream: &StreamId, seq: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {stream} {seq}").unwrap();
    out.flush().unwrap();
}

/// Appends until it is killed, and says what is durable.
fn append_for_ever(dir: &Path) -> ! {
    let lock = DataDirLock::acquire(dir).unwrap();
    let url = fs::read_to_string(dir.join(URL_FILE)).ok().map(|url| url.parse().unwrap());
    let db = Database::open(&lock, url.as_ref()).unwrap();
    let mut desk = Desk { journal: db.journal().unwrap(), db };
    for round in 0.. {
        let batches: Vec<_> = STREAMS
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let stream = account(name);
                batch(&stream, desk.head(&stream), 0, 1 + (round + at) % 7, "crash")
            })
            .collect();
        let outcomes = desk.journal.append(&batches);
        for (batch, outcome) in batches.iter().zip(outcomes) {
            outcome.unwrap();
            say(&batch.stream, last(batch).seq);
        }
    }
    unreachable!()
}

/// Starts a child, lets it work for `work` after its first word, kills it, and returns the last
/// number that it acknowledged per stream.
fn run_and_kill(test: &str, dir: &Path, work: Duration) -> BTreeMap<String, u64> {
    let mut child =
        command(&[], test, dir).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let (send, receive) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut acked = BTreeMap::new();
        for line in lines.lines() {
            let line = line.unwrap();
            let Some((_, rest)) = line.split_once("ack ") else { continue };
            // The last line may be cut by the kill.
            let Some((stream, seq)) = rest.split_once(' ') else { continue };
            let Ok(seq) = seq.parse::<u64>() else { continue };
            let known = acked.entry(stream.to_owned()).or_insert(0);
            *known = seq.max(*known);
            let _ = send.send(());
        }
        acked
    });
    receive.recv_timeout(Duration::from_secs(60)).expect("the child never wrote");
    let until = Instant::now() + work;
    while Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "the child ended by itself");
    reading.join().unwrap()
}

fn every_acknowledged_record_survives_sigkill(kind: Kind) {
    if let Some(dir) = child_dir() {
        append_for_ever(&dir);
    }
    let home = Home::new(kind);
    if let Some(server) = &home.server {
        fs::write(home.path().join(URL_FILE), server.text()).unwrap();
    }
    let test = match kind {
        Kind::Sqlite => "crash::sqlite::every_acknowledged_record_survives_sigkill",
        Kind::Postgres => "crash::postgres::every_acknowledged_record_survives_sigkill",
    };
    let mut acked: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..ROUNDS {
        let work = Duration::from_millis(u64::from(20 + round * 37 % 90));
        acked.extend(run_and_kill(test, home.path(), work));
        let desk = home.open();
        let report = verify(&desk.db.reader(), None, &mut |_| {}).unwrap();
        assert!(report.is_sound(), "round {round}: {report:?}");
        assert_eq!(acked.len(), STREAMS.len());
        for stream in &report.streams {
            let acked = acked[&stream.stream];
            assert!(
                stream.records >= acked,
                "round {round}: {} has {} records, {acked} were acknowledged",
                stream.stream,
                stream.records
            );
        }
    }
    let total: u64 = acked.values().sum();
    assert!(total > u64::from(ROUNDS) * 10, "the children hardly worked: {total}");
}

fn emergency(dir: &Path) -> EmergencyJournal {
    let installation = InstallationId::new("crash1").unwrap();
    EmergencyJournal::open(dir.join(EMERGENCY_FILE), &installation, CAPACITY_MIN * 64).unwrap()
}

fn emergency_for_ever(dir: &Path) -> ! {
    let mut journal = emergency(dir);
    let stream = account("a");
    let waiting = journal.entries().unwrap().entries;
    let mut head = waiting.last().map(|entry| entry.record.head()).unwrap_or_default();
    journal.begin(&stream, head).unwrap();
    loop {
        let batch = batch(&stream, head, 0, 3, "emergency");
        if journal.append(std::slice::from_ref(&batch))[0].is_ok() {
            head = last(&batch);
            say(&stream, head.seq);
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn the_emergency_journal_survives_sigkill_in_whole_batches() {
    if let Some(dir) = child_dir() {
        emergency_for_ever(&dir);
    }
    let tmp = tempfile::tempdir().unwrap();
    let test = "crash::the_emergency_journal_survives_sigkill_in_whole_batches";
    for round in 0..5 {
        let acked = run_and_kill(test, tmp.path(), Duration::from_millis(20 + round * 9));
        let found = emergency(tmp.path()).entries().unwrap().entries;
        let count = found.len() as u64;
        assert!(count >= acked["account/a"], "round {round}: {count} of {acked:?}");
        assert_eq!(count % 3, 0, "a batch is whole or absent");
        let mut head = path::journal::Head::default();
        for entry in &found {
            assert_eq!(entry.expected, head);
            head = entry.record.verify(&entry.stream, &head).unwrap();
        }
    }
    let mut desk = FileDesk::open(tmp.path());
    for entry in emergency(tmp.path()).entries().unwrap().entries {
        let (stream, expected, token) = (entry.stream, entry.expected, entry.token);
        let records = vec![entry.record];
        let batch = path::journal::StreamBatch { stream, expected, token, records };
        desk.append(batch).unwrap();
    }
    assert!(desk.db.reader().head(&account("a")).unwrap().seq > 0);
}
