//! What a durable record costs, on the disk of the temporary folder, and on the PostgreSQL server
//! of `COFFERDAM_TEST_DATABASE_URL` when it is set: `tools/postgres with cargo bench …`.

#![allow(clippy::unwrap_used, reason = "a bench stops at the first failure")]

use divan::{Bencher, counter::ItemsCount};
use domain::{AccountId, Timestamp};
use path::journal::{
    Draft, EventRecord, Head, JournalReader, JournalStore, LeaseToken, StreamBatch, StreamId,
};
use postgres::{Client, NoTls};
use store::{DataDirLock, Database, EMERGENCY_FILE, EmergencyJournal, KvLog};
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Names the server; without it the figures of PostgreSQL are left out.
const SERVER: &str = "COFFERDAM_TEST_DATABASE_URL";

fn no_server() -> bool {
    std::env::var_os(SERVER).is_none()
}

/// A body of the size of a usual order event.
const BODY: &str = concat!(
    "{\"order\":{\"client_order_id\":\"cfa1b2c3-1-4fz\",\"instrument\":\"sim:IBM\",\"side\":\"buy\",",
    "\"qty\":\"100\",\"kind\":{\"limit\":\"184.25\"},\"tif\":\"day\",\"book\":\"manual\"},",
    "\"origin\":{\"kind\":\"strategy\",\"name\":\"breakout-20\"},\"reserve\":\"18425.00 USD\"}"
);

struct Desk {
    journal: Box<dyn JournalStore + Send>,
    heads: Vec<(StreamId, Head)>,
    db: Database,
    _tmp: TempDir,
}

impl Desk {
    fn open(streams: usize) -> Self {
        Self::at(None, streams)
    }

    fn at(url: Option<&str>, streams: usize) -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let url = url.map(|url| url.parse().unwrap());
        let lock = DataDirLock::acquire(tmp.path()).unwrap();
        let db = Database::open(&lock, url.as_ref()).unwrap();
        Self { journal: db.journal().unwrap(), heads: heads(streams), db, _tmp: tmp }
    }

    /// A desk on a database of its own on the server.
    fn on_server(streams: usize) -> Self {
        let base = std::env::var(SERVER).unwrap();
        let name = format!("bench_{}_{streams}", std::process::id());
        let mut client = Client::connect(&base, NoTls).unwrap();
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (server, _) = base.rsplit_once('/').unwrap();
        let mut desk = Self::at(Some(&format!("{server}/{name}")), streams);
        for _ in 0..20 {
            desk.append(200_usize.div_ceil(streams));
        }
        desk
    }

    /// A desk whose write-ahead log has gone round once, as after the first minutes of a day:
    /// appends then overwrite blocks that exist instead of growing a file.
    fn warm(streams: usize) -> Self {
        let mut desk = Self::open(streams);
        for _ in 0..40 {
            desk.append(1_000_usize.div_ceil(streams));
        }
        desk
    }

    fn append(&mut self, records: usize) {
        let batches = batches(&mut self.heads, records);
        assert!(self.journal.append(&batches).iter().all(Result::is_ok));
    }
}

fn heads(streams: usize) -> Vec<(StreamId, Head)> {
    let name = |n| StreamId::account(&AccountId::new(format!("account-{n}")).unwrap());
    (0..streams).map(|n| (name(n), Head::default())).collect()
}

fn batches(heads: &mut [(StreamId, Head)], records: usize) -> Vec<StreamBatch> {
    let mut out = Vec::with_capacity(heads.len());
    for (stream, head) in heads {
        let expected = *head;
        let mut sealed = Vec::with_capacity(records);
        for _ in 0..records {
            let at = Timestamp(1_700_000_000_000_000_000 + head.seq.cast_signed());
            let draft =
                Draft { at, wall_at: at, kind: "order".into(), version: 1, body: BODY.into() };
            let record = EventRecord::seal(stream, head, draft);
            *head = record.head();
            sealed.push(record);
        }
        let token = LeaseToken(1);
        out.push(StreamBatch { stream: stream.clone(), expected, token, records: sealed });
    }
    out
}

/// One stream, so many records in each durable append.
#[divan::bench(args = [1, 10, 50, 500], min_time = 2)]
fn one_stream(bencher: Bencher<'_, '_>, records: usize) {
    let mut desk = Desk::warm(1);
    bencher.counter(ItemsCount::new(records)).bench_local(|| desk.append(records));
}

/// So many streams with one record each in one durable append.
#[divan::bench(args = [8, 64], min_time = 2)]
fn many_streams(bencher: Bencher<'_, '_>, streams: usize) {
    let mut desk = Desk::warm(streams);
    bencher.counter(ItemsCount::new(streams)).bench_local(|| desk.append(1));
}

/// [`one_stream`] on PostgreSQL.
#[divan::bench(args = [1, 10, 50, 500], min_time = 2, ignore = no_server())]
fn one_stream_on_postgres(bencher: Bencher<'_, '_>, records: usize) {
    let mut desk = Desk::on_server(1);
    bencher.counter(ItemsCount::new(records)).bench_local(|| desk.append(records));
}

/// [`many_streams`] on PostgreSQL.
#[divan::bench(args = [8, 64], min_time = 2, ignore = no_server())]
fn many_streams_on_postgres(bencher: Bencher<'_, '_>, streams: usize) {
    let mut desk = Desk::on_server(streams);
    bencher.counter(ItemsCount::new(streams)).bench_local(|| desk.append(1));
}

/// [`read_1000`] on PostgreSQL.
#[divan::bench(min_time = 1, ignore = no_server())]
fn read_1000_on_postgres(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::on_server(1);
    for _ in 0..20 {
        desk.append(500);
    }
    let (reader, stream) = (desk.db.reader(), desk.heads[0].0.clone());
    let read = || reader.read(&stream, 5_000, 1_000).unwrap();
    bencher.counter(ItemsCount::new(1_000_usize)).bench_local(read);
}

/// Reading back in chunks of 1000.
#[divan::bench(min_time = 1)]
fn read_1000(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::open(1);
    for _ in 0..20 {
        desk.append(500);
    }
    let (reader, stream) = (desk.db.reader(), desk.heads[0].0.clone());
    let read = || reader.read(&stream, 5_000, 1_000).unwrap();
    bencher.counter(ItemsCount::new(1_000_usize)).bench_local(read);
}

/// Checking a stream of 10 000 records.
#[divan::bench(min_time = 1)]
fn verify_10_000(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::open(1);
    for _ in 0..20 {
        desk.append(500);
    }
    let reader = desk.db.reader();
    let check = || store::verify(&reader, None, &mut |_| {}).unwrap();
    bencher.counter(ItemsCount::new(10_000_usize)).bench_local(check);
}

/// One record in each durable append to the emergency journal.
#[divan::bench(min_time = 1)]
fn emergency(bencher: Bencher<'_, '_>) {
    let tmp = tempfile::tempdir().unwrap();
    let installation = domain::InstallationId::new("a1b2c3").unwrap();
    let path = tmp.path().join(EMERGENCY_FILE);
    let mut journal =
        EmergencyJournal::open(path, &installation, store::emergency::CAPACITY_DEFAULT).unwrap();
    let mut streams = heads(1);
    journal.begin(&streams[0].0, Head::default()).unwrap();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        if journal.free_bytes() < 4096 {
            journal.clear().unwrap();
            journal.begin(&streams[0].0, streams[0].1).unwrap();
        }
        assert!(journal.append(&batches(&mut streams, 1))[0].is_ok());
    });
}

/// Ten rows in each commit of a key-value log.
#[divan::bench(min_time = 1)]
fn kv_commit_10(bencher: Bencher<'_, '_>) {
    let tmp = tempfile::tempdir().unwrap();
    let mut log = KvLog::open(tmp.path().join("kv.sqlite")).unwrap();
    let keys: Vec<String> = (0..10).map(|n| format!("order-{n}")).collect();
    let puts: Vec<_> = keys.iter().map(|key| ("orders", key.as_str(), BODY)).collect();
    bencher.counter(ItemsCount::new(10_usize)).bench_local(|| log.commit(&puts, &[]).unwrap());
}
