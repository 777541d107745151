//! The journal's records, read from the data folder beside a desk that may be running.
//!
//! This module must not know what a record means, and must not write.

use clap::{Args, Subcommand};
use path::journal::{EventRecord, JournalReader, StreamId};
use serde_json::{Value, json};
use store::Reader;

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, clean, grouped, instant, pairs},
};

/// A record's body is shown up to this many characters in a list.
const BODY_SHOWN: usize = 100;

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// The last records of one stream, or of each
    #[command(after_help = "Example:\n  cofferdam journal tail --stream account/main -n 50")]
    Tail(TailArgs),
    /// One record in full, or the streams when no number is given
    #[command(after_help = "Example:\n  cofferdam journal show 42 --stream account/main")]
    Show {
        /// The record's number
        seq: Option<u64>,
        /// desk, or account/ID
        #[arg(long, default_value = "desk", value_parser = stream)]
        stream: StreamId,
    },
}

/// Which records.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// desk, or account/ID
    #[arg(long, value_parser = stream)]
    stream: Option<StreamId>,
    /// How many of each stream
    #[arg(short = 'n', long = "number", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    number: u32,
}

fn stream(text: &str) -> Result<StreamId, String> {
    StreamId::parse(text).ok_or_else(|| "write desk, or account/ID".to_owned())
}

/// Runs a command.
pub(crate) fn run(
    command: JournalCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let reader = ctx.journal()?;
    match command {
        JournalCommand::Tail(args) => tail(&reader, &args, out)?,
        JournalCommand::Show { seq: None, .. } => streams(&reader, out)?,
        JournalCommand::Show { seq: Some(seq), stream } => show(&reader, &stream, seq, out)?,
    }
    Ok(Outcome::Done)
}

fn as_json(stream: &StreamId, record: &EventRecord) -> Value {
    let body: Value = serde_json::from_str(&record.body).unwrap_or_else(|_| json!(record.body));
    json!({
        "stream": stream, "seq": record.seq, "at": record.at, "wall_at": record.wall_at,
        "kind": record.kind, "version": record.version, "body": body,
        "prev": record.prev, "hash": record.hash,
    })
}

fn tail(reader: &Reader, args: &TailArgs, out: &mut Out) -> Result<(), Failure> {
    let streams: Vec<StreamId> = match &args.stream {
        Some(stream) => vec![stream.clone()],
        None => reader.heads()?.iter().filter_map(|(name, _)| StreamId::parse(name)).collect(),
    };
    let mut table = Table::new(&["stream", ">seq", "time", "kind", "content"]);
    let mut all = Vec::new();
    for stream in &streams {
        let head = reader.head(stream)?;
        let number = u64::from(args.number);
        let records = reader.read(stream, head.seq.saturating_sub(number), args.number as usize)?;
        for record in records {
            table.row([
                stream.to_string(),
                grouped(&record.seq.to_string(), 0),
                instant(record.at),
                record.kind.to_string(),
                shortened(&record.body),
            ]);
            all.push(as_json(stream, &record));
        }
    }
    out.json(&all)?;
    out.table(&table, "no records; see the streams with: cofferdam journal show");
    Ok(())
}

fn shortened(body: &str) -> String {
    let short: String = body.chars().take(BODY_SHOWN).collect();
    if short.len() < body.len() { short + "…" } else { short }
}

fn streams(reader: &Reader, out: &mut Out) -> Result<(), Failure> {
    let heads = reader.heads()?;
    let list: Vec<Value> =
        heads.iter().map(|(name, head)| json!({ "stream": name, "head": head })).collect();
    out.json(&list)?;
    let mut table = Table::new(&["stream", ">records", "head"]);
    for (name, head) in heads {
        table.row([name, grouped(&head.seq.to_string(), 0), head.hash.to_string()]);
    }
    out.table(&table, "the journal is empty");
    Ok(())
}

fn show(reader: &Reader, stream: &StreamId, seq: u64, out: &mut Out) -> Result<(), Failure> {
    let before = seq.checked_sub(1);
    let record = match before {
        Some(before) => reader.read(stream, before, 1)?.pop(),
        None => None,
    };
    let record = record.filter(|record| record.seq == seq).ok_or_else(|| {
        let message = format!("{stream} has no record {seq}; see: cofferdam journal show");
        Failure::new("record_unknown", message)
    })?;
    let value = as_json(stream, &record);
    out.json(&value)?;
    out.line(pairs(&[
        ("stream", stream.to_string()),
        ("number", seq.to_string()),
        ("kind", format!("{} (form {})", record.kind, record.version)),
        ("desk's time", record.at.to_string()),
        ("wall time", record.wall_at.to_string()),
        ("previous", record.prev.to_string()),
        ("hash", record.hash.to_string()),
    ]));
    let body = serde_json::to_string_pretty(&value["body"])?;
    out.line(body.lines().map(clean).collect::<Vec<_>>().join("\n"));
    Ok(())
}
