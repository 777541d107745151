//! One connection to a PostgreSQL server, on a thread of its own.
//!
//! The driver runs an event loop inside each call and would stop the program when it is called
//! from a task of another one. So statements travel to a thread that no task runs on, and callers
//! may be anywhere. A server that doesn't answer in time has lost the connection: the thread is
//! left to itself, and ends with its call. This module must not know statements.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

use postgres::{Client, NoTls, Row, Statement, types::ToSql};

use super::{DatabaseUrl, server, values::Owned};
use crate::{
    error::StoreError,
    fault::{DbError, Fault, words},
    session::{OnRow, Param, Session},
};

/// How long a server may take to answer a new connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long sent bytes may stay unacknowledged before the connection counts as broken.
const SILENT_WITHIN: Duration = Duration::from_secs(10);

/// How long a server may take to answer a statement.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

enum Task {
    Connect,
    Query { sql: &'static str, values: Vec<Owned> },
    Execute { sql: &'static str, values: Vec<Owned> },
    Script(String),
}

enum Done {
    Nothing,
    Rows(Vec<Row>),
    Changed(u64),
}

struct Job {
    task: Task,
    answer: Sender<Result<Done, StoreError>>,
}

/// A connection. It is closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Lane {
    url: DatabaseUrl,
    schema: &'static str,
    jobs: Sender<Job>,
    in_transaction: bool,
}

impl Lane {
    /// Connects, and refuses a server that is unfit for a journal.
    pub(crate) fn connect(url: &DatabaseUrl, schema: &'static str) -> Result<Self, StoreError> {
        let jobs = start_thread(url, schema)?;
        let mut lane = Self { url: url.clone(), schema, jobs, in_transaction: false };
        lane.reconnect()?;
        Ok(lane)
    }

    fn call(&mut self, task: Task) -> Result<Done, StoreError> {
        let (answer, done) = channel();
        let sent = self.jobs.send(Job { task, answer });
        let answer = sent
            .map_err(|_| RecvTimeoutError::Disconnected)
            .and_then(|()| done.recv_timeout(ANSWER_WITHIN));
        match answer {
            Ok(done) => done,
            Err(silence) => {
                // The old thread ends with its call, and its connection with it.
                self.jobs = start_thread(&self.url, self.schema)?;
                let why = match silence {
                    RecvTimeoutError::Timeout => {
                        format!("no answer within {} s", ANSWER_WITHIN.as_secs())
                    }
                    RecvTimeoutError::Disconnected => "the connection's thread ended".to_owned(),
                };
                Err(StoreError::Lost(format!("{}: {why}", self.url)))
            }
        }
    }

    fn ask(&mut self, task: Task) -> Result<Done, DbError> {
        self.call(task).map_err(DbError::from)
    }

    /// Connects anew. What was under way on the old connection is not committed unless its commit
    /// had been sent.
    pub(crate) fn reconnect(&mut self) -> Result<(), StoreError> {
        self.in_transaction = false;
        self.call(Task::Connect).map(drop)
    }

    /// Runs a text of several statements.
    pub(crate) fn script(&mut self, text: impl Into<String>) -> Result<(), DbError> {
        self.ask(Task::Script(text.into())).map(drop)
    }

    /// Begins a transaction, on a new connection when the old one is broken.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        if self.in_transaction {
            self.rollback();
        }
        match self.script("BEGIN") {
            Err(error) if error.fault == Fault::Lost => {
                self.reconnect()?;
                self.script("BEGIN")?;
            }
            other => other?,
        }
        self.in_transaction = true;
        Ok(())
    }

    /// Commits. When the connection breaks meanwhile, nobody knows yet whether it did.
    pub(crate) fn commit(&mut self) -> Result<(), DbError> {
        self.in_transaction = false;
        self.script("COMMIT")
    }

    /// Ends a transaction without a trace. One on a broken connection has ended already.
    pub(crate) fn rollback(&mut self) {
        self.in_transaction = false;
        let _ = self.script("ROLLBACK");
    }

    /// Runs a statement over columns of values.
    pub(crate) fn execute_columns(
        &mut self,
        sql: &'static str,
        values: Vec<Owned>,
    ) -> Result<(), DbError> {
        self.ask(Task::Execute { sql, values }).map(drop)
    }

    /// Runs a query over columns of values.
    pub(crate) fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Owned>,
    ) -> Result<Vec<Row>, DbError> {
        match self.ask(Task::Query { sql, values })? {
            Done::Rows(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }
}

impl Session for Lane {
    fn execute(&mut self, sql: &'static str, values: &[Param<'_>]) -> Result<u64, DbError> {
        let values = values.iter().map(Owned::from).collect();
        match self.ask(Task::Execute { sql, values })? {
            Done::Changed(count) => Ok(count),
            _ => Ok(0),
        }
    }

    fn each(
        &mut self,
        sql: &'static str,
        values: &[Param<'_>],
        on_row: &mut OnRow<'_>,
    ) -> Result<(), DbError> {
        let rows = self.rows(sql, values.iter().map(Owned::from).collect())?;
        rows.iter().try_for_each(|row| on_row(row))
    }
}

fn start_thread(url: &DatabaseUrl, schema: &'static str) -> Result<Sender<Job>, StoreError> {
    let (jobs, inbox) = channel();
    let thread = Thread { url: url.clone(), schema, client: None, known: HashMap::new() };
    std::thread::Builder::new()
        .name("postgres".to_owned())
        .spawn(move || thread.run(&inbox))
        .map_err(|error| StoreError::Refused(format!("no thread for the database: {error}")))?;
    Ok(jobs)
}

struct Thread {
    url: DatabaseUrl,
    schema: &'static str,
    client: Option<Client>,
    known: HashMap<&'static str, Statement>,
}

impl Thread {
    fn run(mut self, inbox: &Receiver<Job>) {
        while let Ok(Job { task, answer }) = inbox.recv() {
            // Who asked may have given up.
            let _ = answer.send(self.perform(task));
        }
    }

    fn perform(&mut self, task: Task) -> Result<Done, StoreError> {
        if let Task::Connect = task {
            return self.connect().map(|()| Done::Nothing);
        }
        let done = self.ask(task);
        if done.as_ref().is_err_and(|error| error.fault == Fault::Lost) {
            self.client = None;
        }
        Ok(done?)
    }

    fn connect(&mut self) -> Result<(), StoreError> {
        self.client = None;
        self.known.clear();
        let mut config = self.url.config();
        config.connect_timeout(CONNECT_WITHIN).tcp_user_timeout(SILENT_WITHIN);
        let unreachable =
            |error: postgres::Error| StoreError::Lost(format!("{}: {}", self.url, words(&error)));
        let mut client = config.connect(NoTls).map_err(unreachable)?;
        server::settle(&mut client, self.schema)?;
        self.client = Some(client);
        Ok(())
    }

    fn ask(&mut self, task: Task) -> Result<Done, DbError> {
        let lost = || DbError::new(Fault::Lost, "the connection to the server broke");
        let client = self.client.as_mut().ok_or_else(lost)?;
        match task {
            Task::Connect => Ok(Done::Nothing),
            Task::Script(text) => {
                client.batch_execute(&text)?;
                Ok(Done::Nothing)
            }
            Task::Query { sql, values } => {
                let statement = prepared(client, &mut self.known, sql)?;
                Ok(Done::Rows(client.query(&statement, &borrowed(&values))?))
            }
            Task::Execute { sql, values } => {
                let statement = prepared(client, &mut self.known, sql)?;
                Ok(Done::Changed(client.execute(&statement, &borrowed(&values))?))
            }
        }
    }
}

fn borrowed(values: &[Owned]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn prepared(
    client: &mut Client,
    known: &mut HashMap<&'static str, Statement>,
    sql: &'static str,
) -> Result<Statement, DbError> {
    if let Some(statement) = known.get(sql) {
        return Ok(statement.clone());
    }
    let statement = client.prepare(sql)?;
    known.insert(sql, statement.clone());
    Ok(statement)
}
