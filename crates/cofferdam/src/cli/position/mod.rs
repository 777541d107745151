//! Positions: list, close, reverse, protect, adopt, leave alone.
//!
//! A close is an exit, which the gate never refuses by risk rules. This module must not judge.

mod args;
mod show;

pub(crate) use args::PositionCommand;
use args::{CloseArgs, ProtectArgs, ReverseArgs, Which};
use domain::{AccountId, BookId, InstrumentId};
use serde_json::{Value, json};
pub(crate) use show::table;

use super::{
    Outcome,
    client::{Api, segment},
    context::Context,
    failure::Failure,
    output::{Out, field, items, silent},
    refusal, symbol,
};

impl Which {
    fn resolve(&self, api: &Api) -> Result<(AccountId, InstrumentId), Failure> {
        let account = symbol::account(api, self.account.as_ref())?;
        let instrument = symbol::instrument(&account, &self.symbol)?;
        Ok((account.id, instrument))
    }

    fn path(&self, api: &Api, verb: &str) -> Result<String, Failure> {
        self.path_in(&self.book, api, verb)
    }

    fn path_in(&self, book: &BookId, api: &Api, verb: &str) -> Result<String, Failure> {
        let (account, instrument) = self.resolve(api)?;
        Ok(path(&account, book, &instrument, verb))
    }
}

fn path(account: &AccountId, book: &BookId, instrument: &InstrumentId, verb: &str) -> String {
    let id = format!("{account}.{book}.{instrument}");
    format!("/api/positions/{}/{verb}", segment(&id))
}

/// Runs a command.
pub(crate) fn run(
    command: PositionCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    match command {
        PositionCommand::List { account } => {
            let path = account.map_or_else(
                || "/api/positions".to_owned(),
                |id| format!("/api/accounts/{}/positions", segment(id.as_str())),
            );
            let list = api.get(&path)?;
            out.json(&list)?;
            out.table(&table(&list), "no open positions");
            out.line(silent(&list));
            Ok(Outcome::Done)
        }
        PositionCommand::Close(args) if args.all => close_all(&args, &api, out),
        PositionCommand::Close(args) => close(&args, &api, out),
        PositionCommand::Reverse(args) => reverse(&args, &api, out),
        PositionCommand::Protect(args) => protect(&args, &api, out),
        PositionCommand::Leave(which) => {
            let answer = api.post(&which.path(&api, "leave")?, &json!({}))?;
            done(&answer, out, |out| {
                out.line(format!("{} of book {} is left alone", which.symbol, which.book));
            })
        }
        PositionCommand::Adopt(which) => {
            let unmanaged = BookId::unmanaged();
            let path = which.path_in(&unmanaged, &api, "adopt")?;
            let answer = api.post(&path, &json!({ "book": which.book }))?;
            done(&answer, out, |out| {
                out.line(format!("{} now belongs to book {}", which.symbol, which.book));
            })
        }
    }
}

fn close(args: &CloseArgs, api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let account = symbol::account(api, args.account.as_ref())?;
    let held = args.symbol.as_deref().unwrap_or_default();
    let instrument = symbol::instrument(&account, held)?;
    let path = path(&account.id, &args.book, &instrument, "close");
    let body = json!({ "percent": args.percent });
    let answer = api.post_once(&path, &body, args.key.as_deref())?;
    done(&answer, out, |out| {
        let qty = field(&answer, "qty");
        let qty = if qty.is_empty() { format!("{} %", args.percent) } else { qty };
        out.line(format!("closing {qty} of {held} at the market"));
        out.line("see: cofferdam order list --all");
    })
}

fn close_all(args: &CloseArgs, api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let account = symbol::account(api, args.account.as_ref())?;
    let mut body = json!({ "percent": args.percent });
    if let Some(only) = &args.only {
        body["symbol"] = json!(symbol::instrument(&account, only)?);
    }
    let path = format!("/api/accounts/{}/close", segment(account.id.as_str()));
    let answer = api.post_once(&path, &body, args.key.as_deref())?;
    done(&answer, out, |out| {
        for close in items(&answer) {
            let (qty, symbol) = (field(close, "qty"), field(close, "symbol"));
            let book = field(close, "book");
            out.line(format!("closing {qty} of {symbol} in book {book} at the market"));
        }
        out.line("see: cofferdam order list --all");
    })
}

fn reverse(args: &ReverseArgs, api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let mut body = json!({});
    args.plan.put(&mut body)?;
    if let Some(qty) = args.qty {
        body["quantity"] = json!(qty);
    }
    let path = args.which.path(api, "reverse")?;
    let answer = api.post_once(&path, &body, args.key.as_deref())?;
    done(&answer, out, |out| {
        let (qty, symbol) = (field(&answer, "qty"), &args.which.symbol);
        out.line(format!("closing {qty} of {symbol}; then the other direction is judged"));
        out.line("see: cofferdam order list --all");
    })
}

fn protect(args: &ProtectArgs, api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let mut body = json!({ "accept_unprotected": args.accept_unprotected });
    args.plan.put(&mut body)?;
    let path = args.which.path(api, "protection")?;
    let answer = api.put(&path, &body)?;
    done(&answer, out, |out| out.line(args.plan.words()))
}

fn done(answer: &Value, out: &mut Out, print: impl FnOnce(&mut Out)) -> Result<Outcome, Failure> {
    out.json(answer)?;
    let refusals = refusal::all_of(answer);
    if refusals.is_empty() {
        print(out);
        return Ok(Outcome::Done);
    }
    out.line(refusal::render(&refusals));
    Ok(Outcome::Refused)
}

#[cfg(test)]
mod tests;
