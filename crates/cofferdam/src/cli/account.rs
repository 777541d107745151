//! Accounts: open, list, show, movements.
//!
//! This module must not know how an account trades.

use clap::Subcommand;
use domain::{AccountId, CalendarKind, Currency, Qty};
use path::policy::Preset;
use serde_json::{Value, json};

use super::{
    Outcome,
    client::segment,
    context::Context,
    failure::Failure,
    movements::{self, MovementsArgs},
    output::{Out, Table, amount, at, balances, field, items, pairs, plain, silent, time},
    terms::{self, TermsArgs},
};

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Open a paper account at the simulated venue
    #[command(
        visible_alias = "open",
        after_help = "\
Examples:
  cofferdam account open Main
  cofferdam account open 'Coins only' --id coins --cash 25000 --preset crypto-spot
  cofferdam account open Margin --margin reg-t
  cofferdam account open Perps --preset futures-dca --leverage 5 --margin-mode isolated"
    )]
    Add {
        /// A name for people
        name: String,
        /// The id in commands and the API [default: made from the name]
        #[arg(long)]
        id: Option<AccountId>,
        /// Simulated cash to start with
        #[arg(long, default_value = "100000", value_name = "AMOUNT")]
        cash: Qty,
        /// The currency of the cash and of the limits
        #[arg(long, default_value = "USD", value_name = "CODE")]
        currency: Currency,
        /// The limits to start from: stocks, single-instrument, crypto-spot or futures-dca
        #[arg(long, default_value = "stocks")]
        preset: Preset,
        /// Whose days bound the daily loss: us_equities or 24/7 [default: 24/7 for crypto-spot,
        /// else us_equities]
        #[arg(long, value_parser = calendar)]
        calendar: Option<CalendarKind>,
        #[command(flatten)]
        terms: TermsArgs,
    },
    /// List all accounts
    List,
    /// What moved without an execution: funding, loans, dividends, deposits, splits
    #[command(after_help = "\
Examples:
  cofferdam account movements demo
  cofferdam account movements demo --kind funding --symbol BTC-PERP")]
    Movements(MovementsArgs),
    /// Show one account
    Show {
        /// The account's id
        id: AccountId,
    },
}

fn calendar(text: &str) -> Result<CalendarKind, String> {
    serde_json::from_value(text.replace('-', "_").into())
        .map_err(|_| "write us_equities or 24/7".to_owned())
}

/// Runs a command.
pub(crate) fn run(
    command: AccountCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    match command {
        AccountCommand::Add { name, id, cash, currency, preset, calendar, terms } => {
            let id = id.map_or_else(|| id_of(&name), Ok)?;
            let calendar = calendar.unwrap_or(match preset {
                Preset::CryptoSpot | Preset::FuturesDca => CalendarKind::AlwaysOpen,
                Preset::Stocks | Preset::SingleInstrument => CalendarKind::UsEquities,
            });
            let mut body = json!({
                "name": name, "id": id, "cash": cash, "currency": currency, "preset": preset,
                "calendar": calendar,
            });
            if let Value::Object(fields) = &mut body {
                terms.write(fields);
            }
            let added = api.post("/api/accounts", &body)?;
            out.json(&added)?;
            out.line(format!("account {id} opened, on paper: {}", terms::words(&added)));
            out.line(format!("next: cofferdam order buy SYMBOL QTY --account {id}"));
        }
        AccountCommand::List => {
            let list = api.get("/api/accounts")?;
            out.json(&list)?;
            out.table(&table(&list), "no accounts yet; add one: cofferdam account add NAME");
            out.line(silent(&list));
        }
        AccountCommand::Movements(args) => return movements::run(&args, &api, out),
        AccountCommand::Show { id } => {
            let account = api.get(&format!("/api/accounts/{}", segment(id.as_str())))?;
            out.json(&account)?;
            out.line(show(&account));
            out.table(&margin(&account), "");
        }
    }
    Ok(Outcome::Done)
}

/// `Coins only` becomes `coins-only`.
fn id_of(name: &str) -> Result<AccountId, Failure> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    AccountId::new(words.join("-").chars().take(32).collect::<String>()).map_err(|_| {
        Failure::usage(
            "no id can be made from this name; give one with --id, for example --id main",
        )
    })
}

fn table(list: &Value) -> Table {
    let mut table =
        Table::new(&["id", "name", "mode", "venue", ">equity", ">day", ">cash", "kill", "latches"]);
    for account in items(list) {
        let currency = field(account, "currency");
        table.row([
            field(account, "id"),
            field(account, "name"),
            field(account, "mode").to_uppercase(),
            field(account, "venue"),
            amount(at(account, "equity"), &currency),
            amount(at(account, "day.pnl"), &currency),
            balances(at(account, "cash")),
            field(account, "kill.level"),
            latches(account),
        ]);
    }
    table
}

fn latches(account: &Value) -> String {
    let latches = at(account, "latches").map(items).unwrap_or_default();
    latches.iter().map(|latch| field(latch, "latch")).collect::<Vec<_>>().join(", ")
}

fn percent(account: &Value, name: &str) -> String {
    at(account, name).map_or_else(String::new, |value| format!("{} %", plain(value)))
}

fn yes(account: &Value, path: &str, yes: &str, no: &str) -> String {
    let flag = at(account, path).and_then(Value::as_bool);
    flag.map_or("", |flag| if flag { yes } else { no }).to_owned()
}

/// What should be protected and is not.
fn unprotected(account: &Value) -> String {
    let gaps = at(account, "unprotected").map(items).unwrap_or_default();
    let words = gaps.iter().map(|gap| {
        format!("{} {} in {}", field(gap, "qty"), field(gap, "symbol"), field(gap, "book"))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What secures contracts and loans, where there are any.
fn margin(account: &Value) -> Table {
    let mut table = Table::new(&[
        "margin in",
        ">wallet",
        ">unrealised",
        ">used",
        ">maintenance",
        ">available",
        ">holdings",
        ">to hold",
    ]);
    for margin in at(account, "margin").map(items).unwrap_or_default() {
        let figure = |path: &str| amount(at(margin, path), "");
        table.row([
            field(margin, "currency"),
            figure("wallet"),
            figure("unrealized"),
            figure("used"),
            figure("maintenance"),
            figure("available"),
            figure("holdings.value"),
            figure("holdings.maintenance"),
        ]);
    }
    table
}

fn show(account: &Value) -> String {
    let currency = field(account, "currency");
    let money = |path: &str| amount(at(account, path), &currency);
    pairs(&[
        ("id", field(account, "id")),
        ("name", field(account, "name")),
        ("mode", field(account, "mode").to_uppercase()),
        ("trades at", field(account, "venue")),
        ("identity", field(account, "identity")),
        ("calendar", field(account, "calendar")),
        ("terms", terms::words(account)),
        ("equity", money("equity")),
        ("cash", balances(at(account, "cash"))),
        ("available", balances(at(account, "available"))),
        ("free equity", money("free_equity")),
        ("unrealised", money("unrealized")),
        ("realised", money("realized")),
        ("fees", balances(at(account, "fees"))),
        ("day's result", money("day.pnl")),
        ("exposure", money("gross_exposure")),
        ("margin used", money("margin_used")),
        ("heat", money("heat")),
        ("peak", money("peak")),
        ("drawdown", percent(account, "drawdown_percent")),
        ("live orders", field(account, "live_orders")),
        ("waiting", field(account, "holds")),
        ("for the opening", field(account, "armed")),
        ("journal", yes(account, "fitness.journal", "written", "NOT WRITABLE")),
        ("venue", yes(account, "fitness.connected", "connected", "NOT CONNECTED")),
        ("books", yes(account, "fitness.reconciled", "agree with the venue", "NOT COMPARED YET")),
        ("unprotected", unprotected(account)),
        ("kill switch", field(account, "kill.level")),
        ("kill reason", field(account, "kill.reason")),
        ("killed at", time(at(account, "kill.since"))),
        ("latches", latches(account)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_from_the_name() {
        assert_eq!(id_of("Coins  only!").unwrap().as_str(), "coins-only");
        assert!(id_of("…").unwrap_err().is_usage());
    }
}
