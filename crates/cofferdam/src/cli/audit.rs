//! Whether the journal is sound, and what that proves.
//!
//! The verdict's words are the store's, which claims no more than it checked. This module must
//! not repair anything.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use store::{Checkpoint, VerifyReport, verify};

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, clean, grouped},
    progress::Progress,
};

/// What can be done about soundness.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check every record of every stream; exit 1 when a chain is broken
    #[command(after_help = "\
A hash chain shows every change but not a cut end. Keep checkpoints on another machine:
  cofferdam audit export cp.json          then copy cp.json away
  cofferdam audit verify --checkpoint cp.json")]
    Verify {
        /// Compare with a checkpoint that was exported before
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Write a checkpoint, the heads of all streams, to be kept elsewhere
    #[command(alias = "export-checkpoint")]
    Export {
        /// The file to write; an older one is replaced
        file: PathBuf,
    },
}

/// Runs a command.
pub(crate) fn run(command: AuditCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let reader = ctx.journal()?;
    match command {
        AuditCommand::Verify { checkpoint } => {
            let checkpoint = checkpoint.map(Checkpoint::read_from).transpose()?;
            let report = checked(&reader, checkpoint.as_ref())?;
            Ok(tell(&report, out)?)
        }
        AuditCommand::Export { file } => {
            let checkpoint = reader.export_checkpoint(desk::clock::wall_time())?;
            checkpoint.write_to(&file)?;
            out.json(&json!({ "file": file, "checkpoint": checkpoint }))?;
            let streams = checkpoint.heads.len();
            out.line(format!("checkpoint of {streams} streams written to {}", file.display()));
            out.line("keep it on another machine: there it shows a cut end");
            Ok(Outcome::Done)
        }
    }
}

/// Checks a journal, with progress.
pub(crate) fn checked(
    reader: &store::Reader,
    checkpoint: Option<&Checkpoint>,
) -> Result<VerifyReport, Failure> {
    let mut progress = Progress::new();
    let mut tell = |at: &store::Progress<'_>| {
        progress.tell(|| {
            let (done, all) = (at.streams_done + 1, at.streams);
            format!("checking {} ({done} of {all}): {} of {} records", at.stream, at.records, at.of)
        });
    };
    Ok(verify(reader, checkpoint, &mut tell)?)
}

/// Prints a report.
pub(crate) fn tell(report: &VerifyReport, out: &mut Out) -> Result<Outcome, Failure> {
    out.json(&json!({ "sound": report.is_sound(), "verdict": report.verdict(),
                      "report": report }))?;
    let mut table = Table::new(&["stream", ">records", "state"]);
    for stream in &report.streams {
        let state = match &stream.broken {
            None => "sound".to_owned(),
            Some(broken) => format!("BROKEN [{}] {broken}", broken.code()),
        };
        table.row([stream.stream.clone(), grouped(&stream.records.to_string(), 0), state]);
    }
    out.table(&table, "the journal has no streams");
    out.line(clean(&report.verdict()));
    Ok(if report.is_sound() { Outcome::Done } else { Outcome::Refused })
}
