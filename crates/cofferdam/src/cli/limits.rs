//! Limits that the gate checks: show them, set some of them, start from a preset.
//!
//! A name or number that the desk would not understand is refused here, so that a typing error
//! never loosens anything. This module must not know how a limit is judged.

use clap::{Args, Subcommand};
use domain::{AccountId, BookId, Limits, OriginKind, Principal};
use path::{event::LimitTarget, policy::Preset};
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    client::{Api, segment},
    context::Context,
    failure::Failure,
    output::{Out, Table, at, plain},
    symbol,
};

/// What can be done with limits.
#[derive(Debug, Subcommand)]
pub(crate) enum LimitsCommand {
    /// Show an account's limits
    Show {
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Set some limits; the others stay
    #[command(after_help = "\
A cap is an amount in the account's currency or a percentage of its trading capital; a book's
limits are about that book alone. `none` removes a limit.

Examples:
  cofferdam limits set order_notional=10% daily_loss=500
  cofferdam limits set allowed=sim:IBM,sim:GOOG --book golden-cross
  cofferdam limits set entries_per_minute=5 --source webhook
  cofferdam limits set origin_daily_notional=2000 --principal agent:quant-1
  cofferdam limits set leverage=2 'trading_window=mon-fri 13:30-20:00'
  cofferdam limits set loss_cooldown_secs=none --instrument IBM")]
    Set {
        /// The limits, as name=value
        #[arg(required = true, value_name = "NAME=VALUE")]
        limits: Vec<String>,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Replace the account's limits by a preset's
    Preset {
        /// stocks, single-instrument, crypto-spot or futures-dca
        preset: Preset,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
}

/// Whose limits.
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// The account, when there are several
    #[arg(long)]
    account: Option<AccountId>,
    /// Those of one book instead of the account's
    #[arg(long, conflicts_with_all = ["source", "principal", "instrument"])]
    book: Option<BookId>,
    /// Those of one kind of source, such as webhook
    #[arg(long, value_parser = origin, conflicts_with_all = ["principal", "instrument"])]
    source: Option<OriginKind>,
    /// Those of one user, key or agent, by name
    #[arg(long, value_name = "NAME", conflicts_with = "instrument")]
    principal: Option<Principal>,
    /// Those of one instrument
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
}

fn origin(text: &str) -> Result<OriginKind, String> {
    let name = text.replace('-', "_");
    OriginKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names: Vec<_> = OriginKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// Runs a command.
pub(crate) fn run(
    command: LimitsCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    match command {
        LimitsCommand::Show { account } => {
            let all = api.get(&path(&symbol::account(&api, account.as_ref())?.id))?;
            out.json(&all)?;
            show(&all, out);
        }
        LimitsCommand::Set { limits, scope } => {
            let account = symbol::account(&api, scope.account.as_ref())?;
            let target = target(&scope, &account)?;
            let present = present(&api.get(&path(&account.id))?, &target);
            let limits = changed(present, &limits)?;
            put(&api, &account.id, &target, &limits, out)?;
        }
        LimitsCommand::Preset { preset, account } => {
            let account = symbol::account(&api, account.as_ref())?;
            let path = format!("{}/preset", path(&account.id));
            let answer = api.post(&path, &json!({ "preset": preset }))?;
            out.json(&answer)?;
            out.line(format!("limits of {} replaced by the preset's", account.id));
            out.line("see: cofferdam limits show");
        }
    }
    Ok(Outcome::Done)
}

fn path(account: &AccountId) -> String {
    format!("/api/accounts/{}/limits", segment(account.as_str()))
}

fn target(scope: &ScopeArgs, account: &symbol::Account) -> Result<LimitTarget, Failure> {
    Ok(match scope {
        ScopeArgs { book: Some(book), .. } => LimitTarget::Book(book.clone()),
        ScopeArgs { source: Some(kind), .. } => LimitTarget::Origin(*kind),
        ScopeArgs { principal: Some(who), .. } => LimitTarget::Principal(who.clone()),
        ScopeArgs { instrument: Some(symbol), .. } => {
            LimitTarget::Instrument(symbol::instrument(account, symbol)?)
        }
        _ => LimitTarget::Account,
    })
}

fn put(
    api: &Api,
    account: &AccountId,
    target: &LimitTarget,
    limits: &Limits,
    out: &mut Out,
) -> Result<(), Failure> {
    let body = json!({ "target": name_of(target), "limits": limits });
    let answer = api.put(&path(account), &body)?;
    out.json(&answer)?;
    out.line(format!("limits of {account} set"));
    out.line("see: cofferdam limits show");
    Ok(())
}

/// A scope as the API names it.
fn name_of(target: &LimitTarget) -> String {
    match target {
        LimitTarget::Account => "account".to_owned(),
        LimitTarget::Book(book) => format!("book:{book}"),
        LimitTarget::Origin(kind) => format!("origin:{}", kind.name()),
        LimitTarget::Principal(who) => format!("principal:{who}"),
        LimitTarget::Instrument(id) => format!("instrument:{id}"),
    }
}

/// The limits of a scope in the desk's answer; none when it has none.
fn present(all: &Value, target: &LimitTarget) -> Map<String, Value> {
    let found = match target {
        LimitTarget::Account => at(all, "account"),
        LimitTarget::Book(book) => all.get("books").and_then(|m| m.get(book.as_str())),
        LimitTarget::Origin(kind) => all.get("origins").and_then(|m| m.get(kind.name())),
        LimitTarget::Principal(who) => all.get("principals").and_then(|m| m.get(who.as_str())),
        LimitTarget::Instrument(id) => all.get("instruments").and_then(|m| m.get(id.as_str())),
    };
    found.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Puts `name=value` into limits, and refuses what is no limit.
fn changed(mut limits: Map<String, Value>, changes: &[String]) -> Result<Limits, Failure> {
    for change in changes {
        let (name, text) = change.split_once('=').ok_or_else(|| {
            Failure::usage(format!(
                "`{change}` is no limit; write name=value, such as daily_loss=2%"
            ))
        })?;
        let name = name.trim().replace('-', "_");
        limits.remove(&name);
        let Some(value) = value_of(&name, text.trim()) else { continue };
        limits.insert(name, value);
        serde_json::from_value::<Limits>(Value::Object(limits.clone()))
            .map_err(|error| Failure::usage(format!("`{change}`: {error}")))?;
    }
    serde_json::from_value(Value::Object(limits)).map_err(|error| {
        Failure::new("bad_answer", format!("the desk has limits that this program lacks: {error}"))
    })
}

/// A value in the form that the limit has; `None` removes the limit.
fn value_of(name: &str, text: &str) -> Option<Value> {
    const LISTS: [&str; 2] = ["allowed", "denied"];
    const COUNTS: [&str; 6] = [
        "open_orders",
        "entries_per_second",
        "entries_per_minute",
        "entries_per_day",
        "quote_age_ms",
        "loss_cooldown_secs",
    ];
    if text == "none" {
        return None;
    }
    if LISTS.contains(&name) {
        return Some(text.split(',').map(|symbol| json!(symbol.trim())).collect());
    }
    let count = text.parse::<u32>().ok().filter(|_| COUNTS.contains(&name));
    let plain = if name.ends_with("_percent") { text.trim_end_matches('%') } else { text };
    Some(count.map_or_else(|| json!(plain), |count| json!(count)))
}

fn show(all: &Value, out: &mut Out) {
    let mut table = Table::new(&["scope", "limit", ">value"]);
    let mut add = |scope: &str, limits: &Value| {
        for (name, value) in limits.as_object().into_iter().flatten() {
            let text = match value {
                Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
                other => plain(other),
            };
            if !text.is_empty() {
                table.row([scope.to_owned(), name.clone(), text]);
            }
        }
    };
    add("account", at(all, "account").unwrap_or(&Value::Null));
    let scopes = [
        ("books", "book"),
        ("origins", "source"),
        ("principals", "principal"),
        ("instruments", "instrument"),
    ];
    for (scope, word) in scopes {
        let each = at(all, scope).and_then(Value::as_object);
        for (name, limits) in each.into_iter().flatten() {
            add(&format!("{word} {name}"), limits);
        }
    }
    out.table(&table, "no limits but the venue's own; start with: cofferdam limits preset stocks");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(present: Value, changes: &[&str]) -> Result<Value, Failure> {
        let present = present.as_object().cloned().unwrap_or_default();
        let changes: Vec<String> = changes.iter().map(|c| (*c).to_owned()).collect();
        changed(present, &changes).map(|limits| json!(limits))
    }

    #[test]
    fn some_limits_change_and_the_others_stay() {
        let changed = set(
            json!({"daily_loss": "2%", "open_orders": 5}),
            &[
                "order-notional=10%",
                "open_orders=none",
                "allowed=sim:A,sim:B",
                "drawdown_percent=20%",
                "entries_per_day=7",
                "order_qty=100",
                "leverage=2",
                "trading_window=mon-fri 13:30-20:00",
            ],
        )
        .unwrap();
        assert_eq!(
            changed,
            json!({"daily_loss": "2%", "order_notional": "10%", "allowed": ["sim:A", "sim:B"],
                   "drawdown_percent": "20", "entries_per_day": 7, "order_qty": "100",
                   "leverage": "2", "trading_window": "mon-fri 13:30-20:00"})
        );
    }

    #[test]
    fn what_is_no_limit_is_bad_usage() {
        for change in [
            "daily_los=2%",
            "daily_loss",
            "daily_loss=two",
            "open_orders=-1",
            "order_qty=1e3",
            "allowed=IBM",
            "leverage=0",
            "trading_window=always",
        ] {
            assert!(set(json!({}), &[change]).unwrap_err().is_usage(), "{change}");
        }
    }
}
