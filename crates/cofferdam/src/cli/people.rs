//! People from the shell: add, list, reset.
//!
//! It works on the database beside the desk: who can write the data folder, or the server's database,
//! administers the desk anyway, and this is the way back in for whoever lost everything else. A
//! folder that a running desk holds is left to that desk's own pages. Secrets are shown once. It must
//! not know how they are kept.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use clap::Subcommand;
use domain::AccountId;
use identity::{Grants, Identity, IdentityError, NewUser, Role, User, UserName};
use serde_json::{Value, json};
use store::{DataDirLock, PgDatabase, SqliteDatabase, StoreError};

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, instant},
};
use crate::serve::people::{has_local_key, keep_local_key, open};

/// Who is written as having done what this command does.
pub(super) const MACHINE: &str = "machine";

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add somebody; a one-time password is shown, which they change at their first sign-in
    #[command(after_help = "Example:\n  cofferdam user add alice --role admin")]
    Add {
        /// 2 to 32 of a-z, 0-9, `-`, `_`, `.` and `@`
        name: String,
        /// viewer, trader, admin or auditor
        #[arg(long, value_parser = Role::from_str)]
        role: Role,
        /// Only this account; may be given several times. All without it
        #[arg(long)]
        account: Vec<AccountId>,
    },
    /// Everybody
    List,
    /// Give somebody a one-time password and take the second factor and the keys away: for who lost
    /// them
    Reset {
        /// The name
        name: String,
    },
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Identity beside a desk, and the folder whose key files follow it.
pub(super) fn beside(ctx: &Context) -> Result<(Arc<Identity>, Option<PathBuf>), Failure> {
    if let Some(url) = ctx.database_url()? {
        return Ok((open(Arc::new(PgDatabase::open(&url)?.identities()))?, None));
    }
    let dir = ctx.data_dir()?;
    let lock = DataDirLock::acquire(&dir).map_err(|error| match error {
        StoreError::Locked { .. } => Failure::new(
            "desk_running",
            format!(
                "a desk is running on {}: sign in at its pages or use its API, or stop it for a \
                 moment",
                dir.display()
            ),
        ),
        other => other.into(),
    })?;
    let identity = open(Arc::new(SqliteDatabase::open(&lock)?.identities()))?;
    Ok((identity, Some(lock.dir().to_owned())))
}

/// The accounts that were named; all when none was.
pub(super) fn grants(accounts: Vec<AccountId>) -> Grants {
    if accounts.is_empty() { Grants::All } else { Grants::of(Some(accounts.into_iter().collect())) }
}

/// The accounts in words.
pub(super) fn words(grants: &Grants) -> String {
    let list = grants.list();
    list.map_or_else(
        || "all".to_owned(),
        |list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    )
}

/// Runs a command.
pub(crate) fn run(command: UserCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let (identity, dir) = beside(ctx)?;
    match command {
        UserCommand::Add { name, role, account } => {
            let new =
                NewUser { name: name.parse()?, role, grants: grants(account), password: None };
            let (user, password) = identity.add_user(new, MACHINE)?;
            let password = password.unwrap_or_default();
            out.json(&json!({"user": view(&user), "password": password}))?;
            out.line(format!("{} is added as {}", user.name, user.role.name()));
            shown_once(out, &password);
            if let Some(dir) = dir
                && let Some(local) = identity.mint_local_key(has_local_key(&dir))?
            {
                let kept = keep_local_key(&dir, &local);
                kept.map_err(|error| Failure::new("key_file", error.to_string()))?;
            }
        }
        UserCommand::List => list(&identity, out)?,
        UserCommand::Reset { name } => {
            let name: UserName = name.parse()?;
            let found = identity.users().into_iter().find(|user| user.name == name);
            let user = found.ok_or(IdentityError::UserUnknown)?;
            let (user, password) = identity.reset_user_here(&user.id)?;
            out.json(&json!({"user": view(&user), "password": password}))?;
            out.line(format!(
                "{} is reset: the second factor is off, keys are revoked, delays are forgotten",
                user.name
            ));
            shown_once(out, &password);
        }
    }
    Ok(Outcome::Done)
}

fn shown_once(out: &mut Out, password: &str) {
    out.line(format!("one-time password, shown once: {password}"));
    out.line("it is good for 72 hours and must be changed at the first sign-in");
}

fn view(user: &User) -> Value {
    json!({
        "id": user.id, "name": user.name, "role": user.role.name(),
        "accounts": user.effective_grants().list(), "disabled": user.disabled,
        "second_factor": user.totp.is_some(), "created_at": user.created_at.to_string(),
    })
}

fn list(identity: &Identity, out: &mut Out) -> Result<(), Failure> {
    let users = identity.users();
    out.json(&json!({"users": users.iter().map(|user| view(user)).collect::<Vec<_>>()}))?;
    let mut table = Table::new(&["name", "role", "accounts", "second factor", "state", "since"]);
    for user in users {
        let state = match (user.disabled, user.must_change) {
            (true, _) => "disabled",
            (false, true) => "must choose a password",
            (false, false) => "",
        };
        table.row([
            user.name.to_string(),
            user.role.name().to_owned(),
            words(&user.effective_grants()),
            if user.totp.is_some() { "on" } else { "off" }.to_owned(),
            state.to_owned(),
            instant(user.created_at),
        ]);
    }
    out.table(&table, "nobody yet: cofferdam user add NAME --role admin");
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;

    fn run_in(dir: &std::path::Path, words: &[&str]) -> Result<String, Failure> {
        let head = ["cofferdam", "--data-dir", dir.to_str().unwrap(), "--json"];
        let cli = Cli::try_parse_from(head.into_iter().chain(words.iter().copied())).unwrap();
        let mut out = Out::new(true);
        crate::cli::dispatch(cli.command, &Context::new(cli.global), &mut out)?;
        Ok(out.text().to_owned())
    }

    #[test]
    fn people_and_keys_are_managed_beside_a_stopped_desk() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = tmp.path().join("data");
        let first = run_in(&dir, &["user", "add", "bob", "--role", "trader"]).unwrap_err();
        assert_eq!(first.code(), "last_admin", "the first one administers");
        let added = run_in(&dir, &["user", "add", "Alice", "--role", "admin"]).unwrap();
        let added: Value = serde_json::from_str(&added).unwrap();
        assert_eq!(added["user"]["name"], "alice");
        assert!(added["password"].as_str().unwrap().len() >= 16);
        assert!(dir.join("local.key").exists() && !dir.join("bootstrap.key").exists());
        run_in(&dir, &["user", "add", "bob", "--role", "trader", "--account", "main"]).unwrap();
        let taken = run_in(&dir, &["user", "add", "bob", "--role", "viewer"]).unwrap_err();
        assert_eq!(taken.code(), "name_taken");
        let listed = run_in(&dir, &["user", "list"]).unwrap();
        assert!(listed.contains("alice") && listed.contains("bob"));
        let reset = run_in(&dir, &["user", "reset", "bob"]).unwrap();
        assert!(reset.contains("password"));
        assert_eq!(run_in(&dir, &["user", "reset", "eve"]).unwrap_err().code(), "user_unknown");

        let words = ["key", "create", "--scope", "read", "--scope", "trade", "--name", "bot"];
        let minted: Value = serde_json::from_str(&run_in(&dir, &words).unwrap()).unwrap();
        let key = minted["key"].as_str().unwrap();
        assert!(key.starts_with("cfd_"));
        let listed = run_in(&dir, &["key", "list"]).unwrap();
        assert!(listed.contains("bot") && listed.contains("local") && !listed.contains(key));
        run_in(&dir, &["key", "revoke", "bot"]).unwrap();
        assert!(!run_in(&dir, &["key", "list"]).unwrap().contains("bot"));
        assert_eq!(run_in(&dir, &["key", "revoke", "bot"]).unwrap_err().code(), "key_unknown");
    }

    #[test]
    fn a_folder_that_a_desk_holds_is_left_alone() {
        let tmp = tempfile::tempdir().unwrap();
        let _held = DataDirLock::acquire(tmp.path()).unwrap();
        let failure = run_in(tmp.path(), &["user", "list"]).unwrap_err();
        assert_eq!(failure.code(), "desk_running");
    }
}
