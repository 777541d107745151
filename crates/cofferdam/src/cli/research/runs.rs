//! Strategies at work on the desk: start one, see what it does, pause it, stop it.
//!
//! This module must not know how rules decide.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Subcommand;
use domain::{AccountId, BookId};
use serde_json::{Value, json};

use super::replay::ReplayArgs;
use crate::cli::{
    Outcome,
    client::segment,
    context::Context,
    failure::Failure,
    formulas::param,
    output::{Out, Table, amount, at, field, items, pairs},
    symbol,
};

/// What can be done with strategies on the running desk.
#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Start a strategy on a paper account; it decides on the next close of its bars
    #[command(after_help = "\
Example:
  cofferdam strategy run strategies/golden-cross.toml --book golden-cross --param fast=12")]
    Run {
        /// The strategy file
        #[arg(value_name = "STRATEGY.toml")]
        file: PathBuf,
        /// Its book, which must hold nothing that it trades; opened when there is none
        #[arg(long)]
        book: BookId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
        /// Another value for a parameter of the strategy; can be given several times
        #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
        params: Vec<(String, f64)>,
    },
    /// List what runs, and what was stopped
    List,
    /// Show a run: what it holds, what it decided
    Show {
        /// The run's id
        run: String,
    },
    /// Let a run open nothing more; what it holds it closes as its rules say
    Pause {
        /// The run's id
        run: String,
    },
    /// Let a paused run go on
    Resume {
        /// The run's id
        run: String,
    },
    /// Try a run's strategy over the bars that it has seen, and show where the desk traded otherwise
    #[command(after_help = "\
Example:
  cofferdam strategy replay run-1")]
    Replay(Box<ReplayArgs>),
    /// End a run for good; orders that would open a position are taken back. It can be asked again
    /// while it is `stopping`
    Stop {
        /// The run's id
        run: String,
        /// Close what it holds at the market; without it positions and their stops stay
        #[arg(long)]
        close: bool,
    },
}

/// Runs a command.
pub(crate) fn run(command: RunCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    let of = |run: &str| format!("/api/strategy-runs/{}", segment(run));
    match command {
        RunCommand::Replay(args) => return super::replay::run(*args, ctx, out),
        RunCommand::Run { file, book, account, params: given } => {
            let source = super::args::text(&file)?;
            let account = match account {
                Some(id) => id,
                None => symbol::account(&api, None)?.id,
            };
            let params: BTreeMap<String, f64> = given.into_iter().collect();
            let body =
                json!({ "source": source, "account": account, "book": book, "params": params });
            let started = api.post("/api/strategy-runs", &body)?;
            out.json(&started)?;
            out.line(format!(
                "{} started: {} in book {book} of {account}; it decides on the next close",
                field(&started, "id"),
                name(&started),
            ));
        }
        RunCommand::List => {
            let list = api.get("/api/strategy-runs")?;
            out.json(&list)?;
            out.table(&table(&list), "no strategy runs; start one: cofferdam strategy run FILE");
            for one in at(&list, "damaged").map(items).unwrap_or_default() {
                let id = field(one, "id");
                out.line(format!(
                    "{id} {}: {} {}",
                    field(one, "code"),
                    field(one, "message"),
                    field(one, "remedy")
                ));
            }
        }
        RunCommand::Show { run } => show(&api.get(&of(&run))?, out)?,
        RunCommand::Pause { run } => {
            show(&api.post(&format!("{}/pause", of(&run)), &json!({}))?, out)?;
        }
        RunCommand::Resume { run } => {
            show(&api.post(&format!("{}/resume", of(&run)), &json!({}))?, out)?;
        }
        RunCommand::Stop { run, close } => {
            let positions = if close { "close" } else { "keep" };
            let body = json!({ "positions": positions });
            show(&api.post(&format!("{}/stop", of(&run)), &body)?, out)?;
        }
    }
    Ok(Outcome::Done)
}

fn name(run: &Value) -> String {
    at(run, "strategy").map(|strategy| field(strategy, "name")).unwrap_or_default()
}

fn table(list: &Value) -> Table {
    let mut table = Table::new(&[
        "id",
        "strategy",
        "account",
        "book",
        "state",
        "last bar",
        ">bars",
        ">wishes",
        ">refused",
        ">realised",
    ]);
    for run in at(list, "items").map(items).unwrap_or_default() {
        let count = |name: &str| at(run, name).map(ToString::to_string).unwrap_or_default();
        table.row([
            field(run, "id"),
            name(run),
            field(run, "account"),
            field(run, "book"),
            field(run, "state"),
            field(run, "last_bar_at"),
            count("bars_seen"),
            count("wishes"),
            count("refused"),
            amount(at(run, "realized"), ""),
        ]);
    }
    table
}

fn show(run: &Value, out: &mut Out) -> Result<(), Failure> {
    out.json(run)?;
    let count = |name: &str| at(run, name).map(ToString::to_string).unwrap_or_default();
    let params = at(run, "params").map(ToString::to_string).unwrap_or_default();
    out.line(pairs(&[
        ("run", field(run, "id")),
        ("strategy", name(run)),
        ("account", field(run, "account")),
        ("book", field(run, "book")),
        ("params", params),
        ("state", field(run, "state")),
        ("reason", field(run, "reason")),
        ("trouble", field(run, "trouble")),
        ("started", field(run, "started_at")),
        ("last bar", field(run, "last_bar_at")),
        ("bars", count("bars_seen")),
        ("wishes", count("wishes")),
        ("refused", count("refused")),
        ("withheld", count("withheld")),
        ("kill switch", field(run, "kill_switch")),
        ("realised", amount(at(run, "realized"), "")),
    ]));
    let mut held = Table::new(&["symbol", ">quantity", ">entry", ">stop"]);
    for position in at(run, "positions").map(items).unwrap_or_default() {
        held.row([
            field(position, "symbol"),
            field(position, "qty"),
            field(position, "entry_price"),
            field(position, "stop"),
        ]);
    }
    out.table(&held, "holds nothing");
    Ok(())
}
