//! Books: the named sub-accounts of an account.
//!
//! This module must not know who trades in a book.

use clap::Subcommand;
use domain::{AccountId, BookId, Qty};
use serde_json::{Value, json};

use super::{
    Outcome,
    client::{Api, segment},
    context::Context,
    failure::Failure,
    output::{Out, Table, amount, at, balances, field, items, pairs},
    symbol,
};

/// What can be done with books.
#[derive(Debug, Subcommand)]
pub(crate) enum BookCommand {
    /// Open a book
    #[command(after_help = "Example:\n  cofferdam book add golden-cross --capital 10000")]
    Add {
        /// The book's id
        id: BookId,
        /// A name for people [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// Capital given to it, in the account's currency
        #[arg(long, value_name = "AMOUNT")]
        capital: Option<Qty>,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// List an account's books
    List {
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Show one book
    Show {
        /// The book's id
        id: BookId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
}

/// Runs a command.
pub(crate) fn run(command: BookCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    match command {
        BookCommand::Add { id, name, capital, account } => {
            let path = books_of(&api, account.as_ref())?;
            let name = name.unwrap_or_else(|| id.to_string());
            let added = api.post(&path, &json!({ "id": id, "name": name, "capital": capital }))?;
            out.json(&added)?;
            out.line(format!("book {id} opened"));
        }
        BookCommand::List { account } => {
            let list = api.get(&books_of(&api, account.as_ref())?)?;
            out.json(&list)?;
            out.table(&table(&list), "no books");
        }
        BookCommand::Show { id, account } => {
            let list = api.get(&books_of(&api, account.as_ref())?)?;
            let book = items(&list).iter().find(|book| field(book, "id") == id.as_str());
            let book = book.ok_or_else(|| {
                let message = format!("there is no book `{id}`; see: cofferdam book list");
                Failure::new("book_unknown", message)
            })?;
            out.json(book)?;
            out.line(show(book));
            if let Some(positions) = at(book, "positions") {
                out.table(&super::position::table(positions), "no open positions");
            }
        }
    }
    Ok(Outcome::Done)
}

fn books_of(api: &Api, account: Option<&AccountId>) -> Result<String, Failure> {
    let id = match account {
        Some(id) => id.clone(),
        None => symbol::account(api, None)?.id,
    };
    Ok(format!("/api/accounts/{}/books", segment(id.as_str())))
}

fn table(list: &Value) -> Table {
    let mut table = Table::new(&[
        "id",
        "name",
        ">capital",
        ">cash effect",
        ">unrealised",
        ">realised",
        ">fees",
        ">positions",
    ]);
    for book in items(list) {
        let number = |name: &str| amount(at(book, name), "");
        table.row([
            field(book, "id"),
            field(book, "name"),
            number("capital"),
            balances(at(book, "cash")),
            number("unrealized"),
            number("realized"),
            balances(at(book, "fees")),
            at(book, "positions").map_or(0, |positions| items(positions).len()).to_string(),
        ]);
    }
    table
}

fn show(book: &Value) -> String {
    pairs(&[
        ("id", field(book, "id")),
        ("name", field(book, "name")),
        ("capital", amount(at(book, "capital"), "")),
        ("cash effect", balances(at(book, "cash"))),
        ("unrealised", amount(at(book, "unrealized"), "")),
        ("realised", amount(at(book, "realized"), "")),
        ("fees", balances(at(book, "fees"))),
    ])
}
