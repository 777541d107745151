//! Whether the journal is sound, and what that proves.
//!
//! The verdict's words are the store's, which claims no more than it checked. This module must
//! not repair anything.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use store::{Checkpoint, RecordReport, VerifyReport, verify};

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
    /// Check every record of every stream, and of what was changed about people, keys and
    /// strategies; exit 1 when a chain is broken
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
            tell(&report, &reader.verify_people()?, out)
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

/// Prints what was found in the streams, and in the record of people, keys and strategies.
pub(crate) fn tell(
    report: &VerifyReport,
    people: &RecordReport,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let sound = report.is_sound() && people.is_sound();
    out.json(&json!({ "sound": sound, "verdict": report.verdict(), "report": report,
                      "people": people }))?;
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
    let records = grouped(&people.records.to_string(), 0);
    out.line(match people.told() {
        None => format!(
            "people, keys and strategies: {records} records of changes, consistent; a cut end \
             would not show"
        ),
        Some(broken) => format!("BROKEN {}", clean(&broken)),
    });
    Ok(if sound { Outcome::Done } else { Outcome::Refused })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;
    use store::DataDirLock;

    use super::*;
    use crate::cli::args::Cli;

    fn report(json: bool, people: &RecordReport) -> (Outcome, String) {
        let sound = VerifyReport { streams: Vec::new(), records: 0, checkpoint: None };
        let mut out = Out::new(json);
        let outcome = tell(&sound, people, &mut out).unwrap();
        (outcome, out.text().to_owned())
    }

    #[test]
    fn the_record_of_people_counts_like_a_stream() {
        let sound = RecordReport { records: 3, ..RecordReport::default() };
        let (outcome, text) = report(false, &sound);
        assert_eq!(outcome, Outcome::Done);
        assert!(text.contains("people, keys and strategies: 3 records"), "{text}");
        let broken = RecordReport { broken: Some(4), ..sound };
        let (outcome, text) = report(false, &broken);
        assert_eq!(outcome, Outcome::Refused);
        assert!(text.contains("BROKEN") && text.contains("record 4"), "{text}");
        let told: Value = serde_json::from_str(&report(true, &broken).1).unwrap();
        assert_eq!((&told["sound"], &told["people"]["broken"]), (&json!(false), &json!(4)));
    }

    #[test]
    fn what_was_changed_about_people_is_checked_in_the_data_folder() {
        let tmp = tempfile::tempdir().unwrap();
        let run = |words: &[&str]| {
            let head = ["cofferdam", "--data-dir", tmp.path().to_str().unwrap(), "--json"];
            let cli = Cli::try_parse_from(head.into_iter().chain(words.iter().copied())).unwrap();
            let mut out = Out::new(true);
            crate::cli::dispatch(cli.command, &Context::new(cli.global), &mut out).unwrap();
            serde_json::from_str::<Value>(out.text()).unwrap()
        };
        drop(store::SqliteDatabase::open(&DataDirLock::acquire(tmp.path()).unwrap()).unwrap());
        assert_eq!(run(&["audit", "verify"])["people"]["records"], 0);
        run(&["user", "add", "alice", "--role", "admin"]);
        let told = run(&["audit", "verify"]);
        // Alice was added, and the key for the command line was minted.
        assert_eq!((&told["people"]["records"], &told["sound"]), (&json!(2), &json!(true)));
    }
}
