//! Orders: buy, sell, change, cancel, write off, list, show, and those that wait for an opening.
//!
//! Every order goes to the desk's gate like everybody else's. This module must not judge one, and
//! prints a refusal with all of its parts.

mod args;
mod body;
pub(crate) mod show;

use std::time::Duration;

pub(crate) use args::OrderCommand;
use args::{ChangeArgs, ListArgs, PlaceArgs};
use domain::{AccountId, Side};
use serde_json::Value;

use super::{
    Outcome,
    client::{Api, query, segment},
    context::Context,
    failure::Failure,
    output::{Out, field, items, silent},
    refusal, symbol,
};

/// How much longer than the desk the client waits.
const MARGIN: Duration = Duration::from_secs(15);

/// Runs a command.
pub(crate) fn run(command: OrderCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    match command {
        OrderCommand::Buy(args) => place(Side::Buy, &args, ctx, out),
        OrderCommand::Sell(args) => place(Side::Sell, &args, ctx, out),
        OrderCommand::Change(args) => change(&args, ctx, out),
        OrderCommand::Armed { account } => {
            let account = account.map(|id| id.to_string());
            let list = ctx.api()?.get(&query("/api/armed", &[("account", account)]))?;
            out.json(&list)?;
            out.table(&show::armed(items(&list)), "nothing waits for an opening");
            out.line(silent(&list));
            Ok(Outcome::Done)
        }
        OrderCommand::Disarm { id, account } => {
            let api = ctx.api()?;
            let account = owner(&api, account)?;
            let (account, name) = (segment(account.as_str()), segment(id.as_str()));
            let answer = api.delete(&format!("/api/armed/{account}/{name}"))?;
            conclude(&answer, out, |out| out.line(format!("{id} no longer waits")))
        }
        OrderCommand::Cancel { id, account, accept_unprotected } => {
            let api = ctx.api()?;
            let account = owner(&api, account)?;
            let path =
                format!("/api/orders/{}/{}", segment(account.as_str()), segment(id.as_str()));
            let accept = accept_unprotected.then(|| "true".to_owned());
            let answer = api.delete(&query(&path, &[("accept_unprotected", accept)]))?;
            conclude(&answer, out, |out| out.line(format!("cancel of {id} is under way")))
        }
        OrderCommand::WriteOff { id, account } => {
            let api = ctx.api()?;
            let account = owner(&api, account)?;
            let (account, name) = (segment(account.as_str()), segment(id.as_str()));
            let path = format!("/api/orders/{account}/{name}/write-off");
            let answer = api.post(&path, &serde_json::json!({}))?;
            conclude(&answer, out, |out| out.line(format!("{id} is written off")))
        }
        OrderCommand::List(args) => list(&args, ctx, out),
        OrderCommand::Show { id, account } => {
            let api = ctx.api()?;
            let account = owner(&api, account)?;
            let path =
                format!("/api/orders/{}/{}", segment(account.as_str()), segment(id.as_str()));
            let order = api.get(&path)?;
            out.json(&order)?;
            out.line(show::one(&order));
            Ok(Outcome::Done)
        }
    }
}

fn owner(api: &Api, named: Option<AccountId>) -> Result<AccountId, Failure> {
    match named {
        Some(id) => Ok(id),
        None => Ok(symbol::account(api, None)?.id),
    }
}

fn place(side: Side, args: &PlaceArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api_within(args.wait + MARGIN)?;
    let account = symbol::account(&api, args.account.as_ref())?;
    let instrument = symbol::instrument(&account, &args.symbol)?;
    let body = body::order(side, &account.id, &instrument, args)?;
    if args.dry_run {
        let preview = api.post("/api/orders/preview", &body)?;
        return conclude(&preview, out, |out| out.line(show::preview(&preview)));
    }
    let path = query("/api/orders", &[("wait_ms", millis(args.wait))]);
    let answer = api.post_once(&path, &body, args.key.as_deref())?;
    conclude(&answer, out, |out| out.line(show::placed(&answer)))
}

fn change(args: &ChangeArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api_within(args.wait + MARGIN)?;
    let account = owner(&api, args.account.clone())?;
    let (account, id) = (segment(account.as_str()), segment(args.id.as_str()));
    let path = query(&format!("/api/orders/{account}/{id}"), &[("wait_ms", millis(args.wait))]);
    let answer = api.patch_once(&path, &body::change(args), args.key.as_deref())?;
    conclude(&answer, out, |out| out.line(show::placed(&answer)))
}

/// A wait as the desk reads it; absent for none.
fn millis(wait: Duration) -> Option<String> {
    let wait = wait.as_millis();
    (wait > 0).then(|| wait.to_string())
}

/// Prints an answer, or the refusals that it holds.
fn conclude(
    answer: &Value,
    out: &mut Out,
    print: impl FnOnce(&mut Out),
) -> Result<Outcome, Failure> {
    out.json(answer)?;
    let refusals = refusal::all_of(answer);
    if refusals.is_empty() {
        print(out);
        return Ok(if show::is_rejected(answer) { Outcome::Refused } else { Outcome::Done });
    }
    out.line(refusal::render(&refusals));
    Ok(Outcome::Refused)
}

fn list(args: &ListArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    let state = if args.all { "all" } else { "live" };
    let account = args.account.as_ref().map(ToString::to_string);
    let limit = Some(args.limit.to_string());
    let list = api.get(&query(
        "/api/orders",
        &[("account", account), ("state", Some(state.to_owned())), ("limit", limit)],
    ))?;
    out.json(&list)?;
    let empty = if args.all {
        "no orders yet; place one: cofferdam order buy SYMBOL QTY"
    } else {
        "no live orders; see the finished ones with --all"
    };
    out.table(&show::table(items(&list)), empty);
    out.line(silent(&list));
    let next = field(&list, "next");
    if !next.is_empty() {
        out.line("there are more; raise --limit");
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests;
