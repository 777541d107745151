//! Positions: list, close, protect, adopt.
//!
//! A close is an exit, which the gate never refuses by risk rules. This module must not compute a
//! profit: the desk does.

use clap::Subcommand;
use domain::{AccountId, BookId, InstrumentId, Percent, Price, Protective};
use serde_json::{Value, json};

use super::{
    Outcome,
    client::{Api, segment},
    context::Context,
    failure::Failure,
    output::{Out, Table, amount, at, field, grouped, items, plain, silent},
    refusal, symbol,
};

/// What can be done with positions.
#[derive(Debug, Subcommand)]
pub(crate) enum PositionCommand {
    /// List open positions, with where each one's stop is
    List {
        /// Only this account's
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Close a position, or a share of it, at the market
    #[command(after_help = "\
Examples:
  cofferdam position close IBM
  cofferdam position close IBM --percent 50 --book golden-cross")]
    Close {
        #[command(flatten)]
        which: Which,
        /// How much of it
        #[arg(long, default_value = "100")]
        percent: Percent,
        /// An idempotency key: the same key never closes twice
        #[arg(long)]
        key: Option<String>,
    },
    /// Set a position's stop and target; what is not given is removed
    #[command(after_help = "Example:\n  cofferdam position protect IBM --stop 115 --target 140")]
    Protect {
        #[command(flatten)]
        which: Which,
        /// Close at a loss from this price on; rests at the venue
        #[arg(long, value_name = "PRICE")]
        stop: Option<Price>,
        /// Close at a profit from this price on; watched by the desk
        #[arg(long, value_name = "PRICE")]
        target: Option<Price>,
        /// Let the position stand without a stop
        #[arg(long, required_unless_present = "stop")]
        accept_unprotected: bool,
    },
    /// Give a holding that nobody manages to a book
    #[command(after_help = "Example:\n  cofferdam position adopt IBM --book manual")]
    Adopt {
        #[command(flatten)]
        which: Which,
    },
}

/// Which position.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// What is held: IBM, or with its venue sim:IBM
    symbol: String,
    /// The book that holds it, or is to hold it
    #[arg(long, default_value = "manual")]
    book: BookId,
    /// The account, when there are several
    #[arg(long)]
    account: Option<AccountId>,
}

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
        let id = format!("{account}.{book}.{instrument}");
        Ok(format!("/api/positions/{}/{verb}", segment(&id)))
    }
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
        PositionCommand::Close { which, percent, key } => {
            let path = which.path(&api, "close")?;
            let body = json!({ "percent": percent });
            let answer = api.post_once(&path, &body, key.as_deref())?;
            done(&answer, out, |out| {
                let qty = field(&answer, "qty");
                let qty = if qty.is_empty() { format!("{percent} %") } else { qty };
                out.line(format!("closing {qty} of {} at the market", which.symbol));
                out.line("see: cofferdam order list --all");
            })
        }
        PositionCommand::Protect { which, stop, target, accept_unprotected } => {
            let path = which.path(&api, "protection")?;
            let mut body = json!(Protective { stop, target, ..Protective::default() });
            body["accept_unprotected"] = json!(accept_unprotected);
            let answer = api.put(&path, &body)?;
            let level = |level: Option<Price>| level.map_or("none".to_owned(), |p| p.to_string());
            done(&answer, out, |out| {
                out.line(format!("stop {} · target {}", level(stop), level(target)));
            })
        }
        PositionCommand::Adopt { which } => {
            let unmanaged = BookId::unmanaged();
            let path = which.path_in(&unmanaged, &api, "adopt")?;
            let answer = api.post(&path, &json!({ "book": which.book }))?;
            done(&answer, out, |out| {
                out.line(format!("{} now belongs to book {}", which.symbol, which.book));
            })
        }
    }
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

pub(crate) fn table(list: &Value) -> Table {
    let mut table = Table::new(&[
        "symbol",
        "account",
        "book",
        ">qty",
        ">average",
        ">last",
        ">value",
        ">unrealised",
        ">realised",
        "stop",
        ">target",
    ]);
    for position in items(list) {
        let number = |name: &str, decimals| {
            at(position, name).map_or_else(String::new, |v| grouped(&plain(v), decimals))
        };
        table.row([
            field(position, "symbol"),
            field(position, "account"),
            field(position, "book"),
            number("qty", 0),
            number("average_price", 2),
            number("mark", 2),
            cash(position, "value"),
            cash(position, "unrealized"),
            cash(position, "realized"),
            stop(position),
            number("target", 2),
        ]);
    }
    table
}

fn cash(position: &Value, name: &str) -> String {
    amount(at(position, name), &field(position, "currency"))
}

/// The stop and how much of the position it covers: `115.00 at venue`, `115.00 for 5 only`, `none`.
fn stop(position: &Value) -> String {
    let covered = field(position, "protected_qty");
    let Some(price) = at(position, "stop") else { return "none".to_owned() };
    let price = grouped(&plain(price), 2);
    match covered.as_str() {
        "0" | "" => format!("{price} NOT RESTING"),
        covered if field(position, "qty").trim_start_matches('-') == covered => {
            format!("{price} at venue")
        }
        covered => format!("{price} for {covered} only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_shown_with_what_rests_at_the_venue() {
        let shown = |stop: Value, covered: &str| {
            super::stop(&json!({"stop": stop, "protected_qty": covered, "qty": "-10"}))
        };
        assert_eq!(shown(Value::Null, "0"), "none");
        assert_eq!(shown(json!("115"), "10"), "115.00 at venue");
        assert_eq!(shown(json!("115"), "4"), "115.00 for 4 only");
        assert_eq!(shown(json!("115"), "0"), "115.00 NOT RESTING");
    }
}
