//! Copies of the journal, checked before they count as copies.
//!
//! This module must not know how a copy is made: the store does.

use std::path::PathBuf;

use clap::Subcommand;
use store::{DataDirLock, Reader, SqliteDatabase, StoreError};

use super::{
    Outcome, audit,
    context::{self, Context},
    failure::Failure,
    output::{Out, grouped},
};

/// What can be done with copies.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Write a consistent, checked copy of the journal; the desk has to be stopped
    #[command(after_help = "\
Example:\n  cofferdam backup create /mnt/usb/cofferdam-2026-01-31.sqlite

A copy holds orders and positions, and what sessions are signed with and second factors are made
of, but no password and no key. Whoever has it can sign in: keep it where only you can read it.")]
    Create {
        /// The file to write, which must not exist
        file: PathBuf,
    },
    /// Check a copy: every record of every stream
    Verify {
        /// The copy
        file: PathBuf,
    },
}

/// Runs a command.
pub(crate) fn run(
    command: BackupCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    match command {
        BackupCommand::Create { file } => {
            if let Some(url) = ctx.database_url()? {
                return Err(on_server(&url));
            }
            let dir = ctx.existing_data_dir()?;
            context::journal_in(&dir)?;
            let lock = DataDirLock::acquire(&dir).map_err(in_use)?;
            let report = SqliteDatabase::open(&lock)?.backup_to(&file)?;
            out.json(&report)?;
            let size = grouped(&report.bytes.to_string(), 0);
            out.line(format!("{}: {size} bytes, private to its owner", file.display()));
            out.line(format!("the copy is {}", report.verify.verdict()));
            let sound = report.verify.is_sound();
            Ok(if sound { Outcome::Done } else { Outcome::Refused })
        }
        BackupCommand::Verify { file } => {
            if !file.is_file() {
                let message = format!("there is no file {}; name a copy", file.display());
                return Err(Failure::new("no_backup", message));
            }
            let reader = Reader::open(&file)?;
            audit::tell(&audit::checked(&reader, None)?, &reader.verify_people()?, out)
        }
    }
}

fn on_server(url: &store::DatabaseUrl) -> Failure {
    let message = format!(
        "the journal is in the {url}, which has tools of its own: copy it with pg_dump \
         --format=custom --schema=cofferdam --schema=cofferdam_sim_venue, and check a restored \
         copy with cofferdam audit verify"
    );
    Failure::new("backup_on_server", message)
}

fn in_use(error: StoreError) -> Failure {
    match &error {
        StoreError::Locked { owner, .. } => Failure::new(
            error.code(),
            format!("{owner} runs the desk on this folder; stop it, make the copy, and start it"),
        ),
        _ => error.into(),
    }
}
