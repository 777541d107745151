//! Orders that wait for a person.
//!
//! Who asked can't approve; the desk sees to that. This module must not decide anything.

use clap::{Args, Subcommand};
use domain::{AccountId, IntentId};
use serde_json::{Value, json};

use super::{
    Outcome,
    client::segment,
    context::Context,
    failure::Failure,
    output::{Out, Table, amount, at, field, items, silent, time},
    refusal, symbol,
};

/// What can be done with approvals.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalCommand {
    /// List what waits
    List,
    /// Approve an order; the gate judges it again
    Approve(Decision),
    /// Decline an order
    Decline(Decision),
}

/// Which order.
#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// The id that `approval list` shows
    id: IntentId,
    /// The account, when there are several
    #[arg(long)]
    account: Option<AccountId>,
}

/// Runs a command.
pub(crate) fn run(
    command: ApprovalCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    let (decision, approve) = match command {
        ApprovalCommand::List => {
            let list = api.get("/api/approvals")?;
            out.json(&list)?;
            out.table(&table(&list), "nothing waits for approval");
            out.line(silent(&list));
            return Ok(Outcome::Done);
        }
        ApprovalCommand::Approve(decision) => (decision, true),
        ApprovalCommand::Decline(decision) => (decision, false),
    };
    let account = match decision.account {
        Some(id) => id,
        None => symbol::account(&api, None)?.id,
    };
    let id = decision.id.as_str();
    let path = format!("/api/approvals/{}/{}", segment(account.as_str()), segment(id));
    let answer = api.post(&path, &json!({ "approve": approve }))?;
    out.json(&answer)?;
    let refusals = refusal::all_of(&answer);
    if !refusals.is_empty() {
        out.line(refusal::render(&refusals));
        return Ok(Outcome::Refused);
    }
    out.line(format!("{id} {}", if approve { "approved" } else { "declined" }));
    Ok(Outcome::Done)
}

fn table(list: &Value) -> Table {
    let mut table = Table::new(&[
        "id",
        "account",
        "book",
        "symbol",
        "side",
        "type",
        "size",
        ">value",
        "source",
        "waits until",
    ]);
    for hold in items(list) {
        table.row([
            field(hold, "id"),
            field(hold, "account"),
            field(hold, "book"),
            field(hold, "symbol"),
            field(hold, "side"),
            field(hold, "type"),
            format!("{} {}", field(hold, "size_by").replace('_', " "), field(hold, "size")),
            amount(at(hold, "notional"), ""),
            format!("{}:{}", field(hold, "origin.kind"), field(hold, "origin.principal")),
            time(at(hold, "expires_at")),
        ]);
    }
    table
}
