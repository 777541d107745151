//! Latches: conditions that stop entries until a person has looked.
//!
//! This module must not know when a latch closes.

use clap::Subcommand;
use domain::AccountId;
use path::policy::LatchKind;
use serde_json::json;

use super::{
    Outcome,
    client::segment,
    context::Context,
    failure::Failure,
    output::{Out, plain},
    symbol,
};

/// What can be done with latches.
#[derive(Debug, Subcommand)]
pub(crate) enum LatchCommand {
    /// Release a latch, so that entries pass again
    #[command(after_help = "Example:\n  cofferdam latch release drawdown --rebase")]
    Release {
        /// daily-loss, drawdown, foreign-desk, rewound or liquidated
        #[arg(value_parser = kind)]
        latch: LatchKind,
        /// Count the drawdown from today's equity on
        #[arg(long)]
        rebase: bool,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
}

fn kind(text: &str) -> Result<LatchKind, String> {
    serde_json::from_value(text.replace('-', "_").into())
        .map_err(|_| "write daily-loss, drawdown, foreign-desk, rewound or liquidated".to_owned())
}

/// Runs a command.
pub(crate) fn run(command: LatchCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let LatchCommand::Release { latch, rebase, account } = command;
    if rebase && latch != LatchKind::Drawdown {
        return Err(Failure::usage("--rebase belongs to the latch drawdown"));
    }
    let api = ctx.api()?;
    let account = match account {
        Some(id) => id,
        None => symbol::account(&api, None)?.id,
    };
    let name = plain(&json!(latch));
    let account_part = segment(account.as_str());
    let path = format!("/api/accounts/{account_part}/latches/{name}/release");
    let answer = api.post(&path, &json!({ "rebase": rebase }))?;
    out.json(&answer)?;
    out.line(format!("latch released on {account}; strategies stay as they are"));
    Ok(Outcome::Done)
}
