//! The kill switch as a file, when no desk answers.
//!
//! The file comes first, then what the journal knows. A desk that runs but can't be reached reads
//! the file and says so in its journal, which is waited for. This module must not touch a venue,
//! nor the journal.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use desk::KillFile;
use path::policy::KillLevel;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use store::Reader;

use crate::cli::{
    Outcome,
    context::Context,
    failure::Failure,
    fold::{self, Folded},
    order::show,
    output::{Out, clean},
};

/// The kill file's name in a data folder.
pub(crate) const KILL_FILE: &str = "KILL";
/// A desk reads the file four times a second and journals it at once.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);

/// Writes the file and tells what remains.
pub(super) fn pull(
    ctx: &Context,
    level: KillLevel,
    why: &Failure,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let dir = ctx.data_dir()?;
    if !dir.is_dir() {
        let message = format!(
            "NOT KILLED: {why}; and there is no data folder {} to leave the kill file in. Name \
             the right one with --data-dir",
            dir.display()
        );
        return Err(Failure::new("not_killed", message));
    }
    let file = KillFile::new(dir.join(KILL_FILE));
    file.pull(level).map_err(|error| {
        Failure::new("not_killed", format!("NOT KILLED: {why}; and the kill file: {error}"))
    })?;
    let standing = file.level().unwrap_or(level);
    let holder = holder(&dir);
    let (accounts, trouble) = look(ctx, &dir, standing, holder.is_some());
    let report = Report { level: standing, dir: &dir, holder, accounts, trouble };
    out.json(&report.to_json())?;
    report.show(why, out);
    Ok(if report.is_done() { Outcome::Done } else { Outcome::Refused })
}

/// Writes the file unless what this answers is dropped within a time: a desk that takes requests
/// and doesn't answer may still read the file.
pub(super) fn after_silence(
    dir: Option<PathBuf>,
    level: KillLevel,
    within: Duration,
) -> mpsc::Sender<()> {
    let (answered, answer) = mpsc::channel();
    thread::spawn(move || {
        let silent = answer.recv_timeout(within) == Err(mpsc::RecvTimeoutError::Timeout);
        if let Some(dir) = dir.filter(|dir| silent && dir.is_dir()) {
            match KillFile::new(dir.join(KILL_FILE)).pull(level) {
                Ok(()) => eprintln!("no answer yet; the kill file is written meanwhile"),
                Err(error) => eprintln!("no answer yet, and the kill file: {error}"),
            }
        }
    });
    answered
}

/// The desk that holds the data folder, by process number; `None` when none does.
pub(crate) fn holder(dir: &Path) -> Option<String> {
    let file = File::open(dir.join(store::datadir::LOCK_FILE)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => None,
        Err(_) => {
            let mut text = String::new();
            let _ = file.take(32).read_to_string(&mut text);
            Some(text.trim().chars().filter(char::is_ascii_digit).collect())
        }
    }
}

/// The accounts as the journal tells them; with a running desk once they have the level.
fn look(
    ctx: &Context,
    dir: &Path,
    level: KillLevel,
    running: bool,
) -> (Vec<Folded>, Option<String>) {
    let read = || -> Result<(Reader, Vec<Folded>), Failure> {
        let reader = ctx.journal_beside(dir)?;
        let accounts = fold::all(&reader)?;
        Ok((reader, accounts))
    };
    let (reader, mut accounts) = match read() {
        Ok(read) => read,
        Err(failure) if failure.code() == "no_journal" => return (Vec::new(), None),
        Err(failure) => return (Vec::new(), Some(failure.to_string())),
    };
    let deadline = Instant::now() + ACKNOWLEDGE_WITHIN;
    while running
        && Instant::now() < deadline
        && !accounts.iter().all(|account| has_level(account, level))
    {
        thread::sleep(Duration::from_millis(100));
        accounts.iter_mut().for_each(|account| account.refresh(&reader));
    }
    (accounts, None)
}

fn has_level(account: &Folded, level: KillLevel) -> bool {
    let state = account.state.as_ref().ok().and_then(Option::as_ref);
    state.and_then(|state| state.kill.as_ref()).is_some_and(|kill| kill.level >= level)
}

/// What the pull came to.
struct Report<'a> {
    level: KillLevel,
    dir: &'a Path,
    holder: Option<String>,
    accounts: Vec<Folded>,
    trouble: Option<String>,
}

impl Report<'_> {
    /// Without a desk the file is all there is to do; a running desk has to take it.
    fn is_done(&self) -> bool {
        let taken = || self.accounts.iter().all(|account| has_level(account, self.level));
        self.holder.is_none() || (self.trouble.is_none() && taken())
    }

    fn to_json(&self) -> Value {
        let accounts: Vec<Value> =
            self.accounts.iter().map(|a| account_json(a, self.level)).collect();
        json!({
            "level": self.level,
            "acknowledged": self.holder.is_some() && self.is_done(),
            "file": true,
            "path": self.dir.join(KILL_FILE),
            "desk_running": self.holder.is_some(),
            "accounts": accounts,
            "journal_error": self.trouble,
        })
    }

    fn show(&self, why: &Failure, out: &mut Out) {
        out.line(format!("the desk was not asked: {}", why.to_string().replacen("error: ", "", 1)));
        let path = self.dir.join(KILL_FILE);
        out.line(format!(
            "kill switch at {}, written to {} and synced",
            self.level,
            path.display()
        ));
        match &self.holder {
            Some(pid) => {
                out.line(format!("a desk uses this folder (process {pid}) and reads the file:"));
                for account in &self.accounts {
                    let taken = has_level(account, self.level);
                    let state = if taken { "acknowledged" } else { "NOT acknowledged" };
                    out.line(format!("  {}: {state} in the journal", account.account));
                }
            }
            None => out.line("no desk uses this folder: the next one stops before it trades"),
        }
        if let Some(trouble) = &self.trouble {
            out.line(format!("the journal can't tell what is live: {}", clean(trouble)));
        }
        self.show_orders(out);
        out.line("release: start the desk, then cofferdam kill release");
    }

    fn show_orders(&self, out: &mut Out) {
        let mut table = show::folded_table();
        let mut live = false;
        for account in &self.accounts {
            match &account.state {
                Ok(Some(state)) => {
                    for order in state.live_orders() {
                        live = true;
                        table.row(show::folded_row(account.account.as_str(), order));
                    }
                }
                Ok(None) => {}
                Err(error) => out.line(format!(
                    "  {}: the journal can't tell what is live: {}",
                    account.account,
                    clean(error)
                )),
            }
        }
        if live {
            out.line("\nlive at the venue by the journal's last word:");
        }
        out.table(&table, "by the journal's last word no order is live at the venue");
        if live && self.holder.is_none() {
            out.line(
                "\nnothing was cancelled: cancel them at the venue, or start the desk, which \
                 cancels the ones that can raise risk",
            );
        }
    }
}

fn account_json(account: &Folded, level: KillLevel) -> Value {
    let state = account.state.as_ref().ok().and_then(Option::as_ref);
    let live: Vec<_> = state.map(|state| state.live_orders().collect()).unwrap_or_default();
    json!({
        "account": account.account,
        "acknowledged": has_level(account, level),
        "live_orders": live,
        "error": account.state.as_ref().err(),
    })
}
