//! Random interleavings against a model that is too simple to be wrong.

use std::collections::BTreeMap;

use path::journal::{AppendError, EventRecord, Head, StreamBatch, StreamId};
use proptest::prelude::*;
use store::verify;

use crate::kit::{Desk, Kind, MINUTE, NOW, account, batch};

#[derive(Debug, Clone, Copy)]
enum Base {
    Head,
    Stale,
    WrongHash,
}

#[derive(Debug, Clone, Copy)]
enum Token {
    Current,
    Older,
    Newer,
}

#[derive(Debug, Clone)]
struct Spec {
    stream: usize,
    base: Base,
    token: Token,
    records: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Spec>),
    Acquire(usize),
    Release(usize),
    Reopen,
}

fn spec() -> impl Strategy<Value = Spec> {
    let base =
        prop_oneof![6 => Just(Base::Head), 1 => Just(Base::Stale), 1 => Just(Base::WrongHash)];
    let token =
        prop_oneof![6 => Just(Token::Current), 1 => Just(Token::Older), 1 => Just(Token::Newer)];
    (0..3_usize, base, token, 0..4_usize).prop_map(|(stream, base, token, records)| Spec {
        stream,
        base,
        token,
        records,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(spec(), 1..6).prop_map(Step::Append),
        2 => (0..3_usize).prop_map(Step::Acquire),
        1 => (0..3_usize).prop_map(Step::Release),
        1 => Just(Step::Reopen),
    ]
}

/// One stream as the model sees it.
#[derive(Debug, Default, Clone)]
struct Model {
    records: Vec<EventRecord>,
    last_writer: u64,
    /// The newest token, and whether somebody holds it.
    lease: Option<(u64, bool)>,
}

impl Model {
    fn head(&self) -> Head {
        self.records.last().map(EventRecord::head).unwrap_or_default()
    }

    fn newest_token(&self) -> u64 {
        self.lease.map_or(self.last_writer, |(token, _)| token)
    }

    fn make(&self, stream: &StreamId, spec: &Spec, tag: &str) -> StreamBatch {
        let token = match spec.token {
            Token::Current => self.newest_token(),
            Token::Older => self.newest_token().saturating_sub(1),
            Token::Newer => self.newest_token() + 1,
        };
        let mut base = self.head();
        match spec.base {
            Base::Head => {}
            Base::Stale => {
                let before = self.records.len().checked_sub(2).map(|at| self.records[at].head());
                base = before.unwrap_or_default();
            }
            Base::WrongHash => base.hash.0[7] ^= 1,
        }
        batch(stream, base, token, spec.records, tag)
    }

    fn append(&mut self, batch: &StreamBatch) -> Result<(), AppendError> {
        let held = batch.token.0;
        let fenced = |current| Err(AppendError::Fenced { held, current });
        match self.lease {
            Some((token, false)) => return fenced(token + 1),
            Some((token, true)) if held != token => return fenced(token),
            None if held < self.last_writer => return fenced(self.last_writer),
            _ => {}
        }
        if batch.expected != self.head() {
            let (expected, found) = (batch.expected.seq, self.head().seq);
            return Err(AppendError::Conflict { expected, found });
        }
        if !batch.records.is_empty() {
            self.last_writer = held;
            self.records.extend(batch.records.iter().cloned());
        }
        Ok(())
    }
}

fn run(kind: Kind, steps: Vec<Step>) {
    let (mut desk, home) = Desk::at(kind);
    let streams = [account("x"), account("y"), StreamId::desk()];
    let mut models: BTreeMap<usize, Model> = (0..3).map(|at| (at, Model::default())).collect();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Append(specs) => {
                let mut batches = Vec::new();
                let mut expected = Vec::new();
                for spec in &specs {
                    let model = models.get_mut(&spec.stream).unwrap();
                    let batch = model.make(&streams[spec.stream], spec, &format!("s{number}"));
                    expected.push(model.append(&batch));
                    batches.push(batch);
                }
                assert_eq!(desk.journal.append(&batches), expected);
            }
            Step::Acquire(at) => {
                let model = models.get_mut(&at).unwrap();
                let token = model.newest_token() + 1;
                model.lease = Some((token, true));
                let leases = desk.db.leases();
                let given = leases.acquire(streams[at].as_str(), "desk", MINUTE, NOW).unwrap();
                assert_eq!(given.0, token);
            }
            Step::Release(at) => {
                let model = models.get_mut(&at).unwrap();
                if let Some((token, held)) = model.lease {
                    let token = path::journal::LeaseToken(token);
                    let released = desk.db.leases().release(streams[at].as_str(), token);
                    assert_eq!(released.is_ok(), held);
                    model.lease = Some((token.0, false));
                }
            }
            Step::Reopen => {
                drop(desk);
                desk = home.open();
            }
        }
    }
    for (at, model) in &models {
        assert_eq!(desk.read(&streams[*at]), model.records);
        assert_eq!(desk.head(&streams[*at]), model.head());
    }
    assert!(verify(&desk.db.reader(), None, &mut |_| {}).unwrap().is_sound());
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn the_file_does_what_the_model_does(steps in prop::collection::vec(step(), 1..25)) {
        run(Kind::Sqlite, steps);
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn the_server_does_what_the_model_does(steps in prop::collection::vec(step(), 1..25)) {
        if !crate::postgres_server::skipped() {
            run(Kind::Postgres, steps);
        }
    }
}
