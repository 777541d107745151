//! What was tried on past prices: who asked for what, how far it came, what came of it.
//!
//! Several desks may share the rows. Each run belongs to one of them, by its name, and no desk ends
//! a run of another one. Each also belongs to an owner, and is there for nobody else. A desk keeps a
//! bounded number of runs and bytes. This module must not know what a run is about: that is JSON of
//! others.

mod kept;

use domain::Timestamp;
use identity::{Owner, Reach};

use self::kept::{EndedRun, Room, too_much};
use crate::{
    backend::Backend,
    error::StoreError,
    fault::DbError,
    owned::{owner, reached},
    session::{Columns, Session, values},
    sql::research as sql,
};

/// The name under which runs are changed one after another.
const RUNS: &str = "research";
/// Ended runs that a desk keeps.
pub const RUNS_KEPT_MAX: usize = 200;
/// Bytes of results that a desk keeps.
const BYTES_KEPT_MAX: u64 = 256 * 1_024 * 1_024;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// It waits.
    Queued,
    /// It is worked at.
    Running,
    /// It has a result.
    Done,
    /// It ended without one, by a fault.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

impl RunStatus {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True when nothing more comes of it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    fn read(name: &str) -> Result<Self, DbError> {
        let found = Self::ALL.into_iter().find(|status| status.name() == name);
        found.ok_or_else(|| DbError::other(format!("`{name}` is no status of a run")))
    }
}

/// A run without its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Ids of later runs are greater.
    pub id: String,
    /// The name of the desk that works at it.
    pub desk: String,
    /// How far it is.
    pub status: RunStatus,
    /// Who asked.
    pub by: String,
    /// Whose it is.
    pub owner: Owner,
    /// What it is about, as JSON.
    pub about: String,
    /// What was asked for, as JSON.
    pub request: String,
    /// When it was asked for, by the wall clock.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it in short, as JSON; absent until it has ended.
    pub outcome: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended<'a> {
    /// One of those after which nothing more comes.
    pub status: RunStatus,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What came of it in short, as JSON.
    pub outcome: &'a str,
    /// The result as JSON, and the page or an empty text.
    pub result: Option<(&'a str, &'a str)>,
}

/// The runs of one database. Clones are the same rows.
#[derive(Debug, Clone)]
pub struct Runs(pub(crate) Backend);

fn time(columns: &dyn Columns, at: usize) -> Result<Option<Timestamp>, DbError> {
    let at = columns.number(at)?;
    Ok((at != 0).then_some(Timestamp(at)))
}

fn row(columns: &dyn Columns) -> Result<RunRow, DbError> {
    let text = |at| columns.words(at).map(|text| text.to_string());
    Ok(RunRow {
        id: text(0)?,
        desk: text(1)?,
        status: RunStatus::read(&columns.words(2)?)?,
        by: text(3)?,
        about: text(4)?,
        request: text(5)?,
        created_at: Timestamp(columns.number(6)?),
        started_at: time(columns, 7)?,
        ended_at: time(columns, 8)?,
        outcome: Some(text(9)?).filter(|outcome| !outcome.is_empty()),
        owner: owner(columns, 10)?,
    })
}

fn delete(session: &mut dyn Session, id: &str) -> Result<bool, DbError> {
    session.execute(sql::DELETE_RESULT, values![id])?;
    Ok(session.execute(sql::DELETE_RUN, values![id])? > 0)
}

/// Removes what a desk has beyond what it keeps.
fn trim(session: &mut dyn Session, desk: &str) -> Result<(), DbError> {
    let ended = session.all(sql::ENDED_RUNS, values![desk], |row| {
        let (id, bytes) = (row.words(0)?.to_string(), row.unsigned(2)?);
        Ok(EndedRun { id, owner: owner(row, 1)?, bytes })
    })?;
    for run in too_much(&ended, Room { runs: RUNS_KEPT_MAX, bytes: BYTES_KEPT_MAX }) {
        delete(session, &run.id)?;
    }
    Ok(())
}

impl Runs {
    /// Adds a run; what it has beyond its request counts from its beginning.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails, here and below.
    pub fn add(&self, run: &RunRow) -> Result<(), StoreError> {
        let owner = run.owner.to_string();
        self.0.change(RUNS, |session| {
            let put = values![
                &*run.id,
                &*run.desk,
                run.status.name(),
                &*run.by,
                &*run.about,
                &*run.request,
                run.created_at.0,
                &*owner,
            ];
            session.execute(sql::PUT_RUN, put)?;
            Ok(())
        })
    }

    /// At most `limit` of those that are reached, the newest first, those before `after` when it is
    /// named.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn list(
        &self,
        limit: u32,
        after: Option<&str>,
        reach: &Reach,
    ) -> Result<Vec<RunRow>, StoreError> {
        let (after, whose) = (after.unwrap_or_default(), reached(reach));
        let asked = values![after, &*whose, i64::from(limit)];
        self.0.look(|session| session.all(sql::RUNS, asked, row))
    }

    /// One, where there is one that is reached.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn get(&self, id: &str, reach: &Reach) -> Result<Option<RunRow>, StoreError> {
        let whose = reached(reach);
        self.0.look(|session| session.first(sql::RUN, values![id, &*whose], row))
    }

    /// Work begins; false when the run does not wait any more.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn begin(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.0.change(RUNS, |session| Ok(session.execute(sql::BEGIN_RUN, values![at.0, id])? > 0))
    }

    /// Notes how a run of `desk` ended, and removes what the desk has too much of; false when the
    /// run had ended before or is gone.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn end(&self, id: &str, desk: &str, ended: &Ended<'_>) -> Result<bool, StoreError> {
        let size = ended.result.map_or(0, |(result, report)| result.len() + report.len());
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.0.change(RUNS, |session| {
            let put = values![ended.status.name(), ended.at.0, ended.outcome, size, id];
            if session.execute(sql::END_RUN, put)? == 0 {
                return Ok(false);
            }
            if let Some((result, report)) = ended.result {
                session.execute(sql::PUT_RESULT, values![id, result, report])?;
            }
            trim(session, desk)?;
            Ok(true)
        })
    }

    /// Ends every run of `desk` that waits or is worked at: the process that had them is gone.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn fail_left(&self, desk: &str, at: Timestamp, outcome: &str) -> Result<u64, StoreError> {
        self.0.change(RUNS, |session| {
            let failed = session.execute(sql::FAIL_LEFT_RUNS, values![at.0, outcome, desk])?;
            trim(session, desk)?;
            Ok(failed)
        })
    }

    /// The result as JSON, where there is one.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn result(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.text(sql::RESULT, id)
    }

    /// The page, where there is one.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn report(&self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self.text(sql::REPORT, id)?.filter(|page| !page.is_empty()))
    }

    fn text(&self, sql: &'static str, id: &str) -> Result<Option<String>, StoreError> {
        self.0.look(|session| session.first(sql, values![id], |row| Ok(row.words(0)?.to_string())))
    }

    /// Removes a run with its result; false when there is none.
    ///
    /// # Errors
    /// As [`Runs::add`].
    pub fn remove(&self, id: &str) -> Result<bool, StoreError> {
        self.0.change(RUNS, |session| Ok(delete(session, id)?))
    }
}
