//! Statements: round trips, tax lots, trading days, movements, totals; as a table or as CSV.
//!
//! This module must not compute any figure.

use clap::{Args, ValueEnum};
use domain::{AccountId, BookId};
use serde_json::Value;

use super::{
    Outcome,
    client::{query, segment},
    context::Context,
    failure::Failure,
    movements,
    output::{Out, Table, amount, at, balances, field, items, time},
};

/// What a statement is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// From flat to flat, with what was risked and earned
    Trips,
    /// First in, first out, for the tax form
    Lots,
    /// Equity at each opening, and each day's result
    Days,
    /// Funding, loans, dividends, deposits, splits
    Movements,
    /// What each book earned and paid in all, line by line
    Totals,
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Self::Trips => "trips",
            Self::Lots => "lots",
            Self::Days => "days",
            Self::Movements => "movements",
            Self::Totals => "totals",
        }
    }
}

/// Which statement.
#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    /// The account's id
    account: AccountId,
    /// What to show
    #[arg(value_enum, default_value = "trips")]
    of: Of,
    /// Only this book's
    #[arg(long)]
    book: Option<BookId>,
    /// At most so many rows, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "csv")]
    limit: u16,
    /// The whole table as CSV, the earliest row first
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Runs the command.
pub(crate) fn run(args: StatementArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    let account = segment(args.account.as_str());
    let book = args.book.filter(|_| args.of != Of::Days).map(|b| b.to_string());
    if args.csv {
        let table = Some(args.of.name().to_owned());
        let path = format!("/api/accounts/{account}/statement.csv");
        out.raw(&api.get_text(&query(&path, &[("table", table), ("book", book)]), "text/csv")?);
        return Ok(Outcome::Done);
    }
    let path = format!("/api/accounts/{account}/{}", args.of.name());
    let limit = (args.of != Of::Totals).then(|| args.limit.to_string());
    let page = api.get(&query(&path, &[("book", book), ("limit", limit)]))?;
    out.json(&page)?;
    match args.of {
        Of::Trips => {
            out.table(&trips(&page), "no round trip has ended yet");
            if let Some(summary) = summary(&page) {
                out.line(summary);
            }
        }
        Of::Lots => out.table(&lots(&page), "nothing was closed yet"),
        Of::Days => out.table(&days(&page), "no trading day has opened yet"),
        Of::Movements => {
            out.table(&movements::table(&page), "nothing moved without an execution yet");
        }
        Of::Totals => out.table(&totals(&page), "nothing happened yet"),
    }
    Ok(Outcome::Done)
}

fn rows<'a>(page: &'a Value, name: &str) -> &'a [Value] {
    at(page, name).map(items).unwrap_or_default()
}

/// The net result, or that a fee is in another currency.
fn net(row: &Value) -> String {
    let net = amount(at(row, "net"), &field(row, "currency"));
    if net.is_empty() { "fee in another currency".to_owned() } else { net }
}

fn trips(page: &Value) -> Table {
    let mut table = Table::new(&[
        "closed", "book", "symbol", "side", ">qty", ">entry", ">exit", ">net", ">r", "exit by",
        "source",
    ]);
    for trip in rows(page, "trips") {
        table.row([
            time(at(trip, "closed")),
            field(trip, "book"),
            field(trip, "symbol"),
            field(trip, "direction"),
            field(trip, "qty"),
            field(trip, "entry"),
            field(trip, "exit"),
            net(trip),
            field(trip, "r"),
            field(trip, "exit_reason"),
            field(trip, "source"),
        ]);
    }
    table
}

fn summary(page: &Value) -> Option<String> {
    let summary = at(page, "summary").filter(|s| field(s, "trips") != "0")?;
    let or = |name: &str| {
        let text = field(summary, name);
        if text.is_empty() { "–".to_owned() } else { text }
    };
    Some(format!(
        "{} round trips: {} won, {} lost, net {}, profit factor {}, mean R {}",
        field(summary, "trips"),
        field(summary, "won"),
        field(summary, "lost"),
        balances(at(summary, "net")),
        or("profit_factor"),
        or("mean_r"),
    ))
}

fn lots(page: &Value) -> Table {
    let mut table = Table::new(&[
        "opened", "closed", "book", "symbol", "side", ">qty", ">entry", ">exit", ">gross", "fees",
        ">net", "basis",
    ]);
    for lot in rows(page, "lots") {
        table.row([
            time(at(lot, "opened")),
            time(at(lot, "closed")),
            field(lot, "book"),
            field(lot, "symbol"),
            field(lot, "direction"),
            field(lot, "qty"),
            field(lot, "entry"),
            field(lot, "exit"),
            amount(at(lot, "gross"), &field(lot, "currency")),
            balances(at(lot, "fees")),
            net(lot),
            field(lot, "basis"),
        ]);
    }
    table
}

fn days(page: &Value) -> Table {
    let mut table = Table::new(&["opened", ">equity", ">deposits", ">result"]);
    for day in rows(page, "days") {
        let figure = |name: &str| amount(at(day, name), "");
        table.row([
            time(at(day, "opened")),
            figure("equity"),
            figure("deposits"),
            figure("result"),
        ]);
    }
    table
}

/// The kinds of movement that have a column.
const MOVED: [&str; 5] = ["funding", "borrow_fee", "interest", "dividend", "cash_in_lieu"];

fn totals(page: &Value) -> Table {
    let mut table = Table::new(&[
        "book",
        "currency",
        ">results",
        ">fees",
        ">funding",
        ">borrow fees",
        ">interest",
        ">dividends",
        ">in lieu",
        ">net",
        ">put in",
        ">adjusted",
    ]);
    for line in rows(page, "totals") {
        let figure = |path: &str| amount(at(line, path), "");
        let moved = |kind: &str| figure(&format!("movements.{kind}"));
        let put_in = [moved("deposit"), moved("withdrawal")];
        let put_in = put_in.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let mut row =
            vec![field(line, "book"), field(line, "currency"), figure("gross"), figure("fees")];
        row.extend(MOVED.map(moved));
        row.extend([figure("net"), put_in.join(" "), figure("adjustments")]);
        table.row(row);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trip_is_a_row_and_all_of_them_a_line() {
        let page = json!({"summary": {"trips": 1, "won": 1, "lost": 0, "net": {"USD": "39"},
            "profit_factor": null, "mean_r": "0.78"},
            "trips": [{"closed": "2024-01-02T10:00:00Z", "book": "manual", "symbol": "sim:IBM",
            "direction": "long", "qty": "10", "entry": "100", "exit": "104", "net": "39",
            "currency": "USD", "r": "0.78", "exit_reason": "target", "source": "human"}]});
        let text = trips(&page).render();
        let row = text.lines().nth(1).unwrap();
        for cell in ["2024-01-02 10:00:00Z", "long", "104", "39.00 USD", "0.78", "target", "human"]
        {
            assert!(row.contains(cell), "{cell} in {row}");
        }
        assert_eq!(
            summary(&page).unwrap(),
            "1 round trips: 1 won, 0 lost, net 39.00 USD, profit factor –, mean R 0.78"
        );
        assert_eq!(summary(&json!({"summary": {"trips": 0}})), None);
    }
}
