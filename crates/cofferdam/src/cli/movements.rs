//! What moved without an execution, as people read it.
//!
//! This module must not compute any figure.

use clap::Args;
use domain::{AccountId, BookId, VenueId};
use serde_json::Value;

use super::{
    Outcome,
    client::{Api, query, segment},
    failure::Failure,
    output::{Out, Table, amount, at, field, items, time},
    symbol::at_venue,
};

/// Which movements.
#[derive(Debug, Args)]
pub(crate) struct MovementsArgs {
    /// The account's id
    id: AccountId,
    /// Only of this kind: funding, borrow_fee, interest, dividend, cash_in_lieu, deposit,
    /// withdrawal, adjustment or split
    #[arg(long)]
    kind: Option<String>,
    /// Only this book's
    #[arg(long)]
    book: Option<BookId>,
    /// Only on this symbol
    #[arg(long)]
    symbol: Option<String>,
    /// Only those with a smaller number, as the page before says
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    /// At most so many rows, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// Runs the command.
pub(crate) fn run(args: &MovementsArgs, api: &Api, out: &mut Out) -> Result<Outcome, Failure> {
    let venue = VenueId::new("sim").map_err(|e| Failure::usage(e.to_string()))?;
    let symbol = args.symbol.as_deref().map(|symbol| at_venue(&venue, symbol)).transpose()?;
    let path = format!("/api/accounts/{}/movements", segment(args.id.as_str()));
    let page = api.get(&query(
        &path,
        &[
            ("kind", args.kind.clone()),
            ("book", args.book.as_ref().map(ToString::to_string)),
            ("symbol", symbol.map(|id| id.to_string())),
            ("before", args.before.map(|before| before.to_string())),
            ("limit", Some(args.limit.to_string())),
        ],
    ))?;
    out.json(&page)?;
    out.table(&table(&page), "nothing moved without an execution yet");
    let before = field(&page, "next_before");
    if !before.is_empty() {
        out.line(format!("more: --before {before}"));
    }
    Ok(Outcome::Done)
}

/// A table of movements.
pub(crate) fn table(page: &Value) -> Table {
    let mut table = Table::new(&["at", "kind", "book", "symbol", ">amount", "id"]);
    for movement in at(page, "movements").map(items).unwrap_or_default() {
        let moved = match at(movement, "ratio") {
            Some(_) => field(movement, "ratio"),
            None => {
                let paid = amount(at(movement, "amount"), &field(movement, "currency"));
                at(movement, "fraction")
                    .map_or(paid.clone(), |_| format!("{paid} for {}", field(movement, "fraction")))
            }
        };
        table.row([
            time(at(movement, "at")),
            field(movement, "kind"),
            field(movement, "book"),
            field(movement, "symbol"),
            moved,
            field(movement, "id"),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_movement_is_a_row() {
        let page = json!({"movements": [
            {"at": "2008-06-02T16:00:00Z", "kind": "funding", "book": "manual",
                "symbol": "sim:BTC-PERP", "amount": "-0.6", "currency": "USD", "id": "f-7"},
            {"at": "2008-06-03T13:30:00Z", "kind": "split", "symbol": "sim:IBM",
                "ratio": "2 for 1", "id": "s-1"},
            {"at": "2008-06-03T13:30:00Z", "kind": "cash_in_lieu", "symbol": "sim:IBM",
                "amount": "61.25", "currency": "USD", "fraction": "0.5", "id": "s-1-c"}]});
        let text = table(&page).render();
        let rows: Vec<&str> = text.lines().collect();
        for cell in ["2008-06-02 16:00:00Z", "funding", "sim:BTC-PERP", "-0.60 USD", "f-7"] {
            assert!(rows[1].contains(cell), "{cell} in {}", rows[1]);
        }
        assert!(rows[2].contains("2 for 1"), "{}", rows[2]);
        assert!(rows[3].contains("61.25 USD for 0.5"), "{}", rows[3]);
    }
}
