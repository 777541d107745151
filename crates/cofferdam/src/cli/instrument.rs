//! Instruments: list them, add a contract on a series of prices, tell what the venue assumes.
//!
//! This module must not know where prices come from.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use domain::{Timestamp, VenueId};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, at, field, items, silent, time},
    symbol::at_venue,
};

/// The largest file of a contract.
const FILE_BYTES_MAX: u64 = 64 * 1_024;

/// What can be done with instruments.
#[derive(Debug, Subcommand)]
pub(crate) enum InstrumentCommand {
    /// List every instrument, contracts with their terms
    List,
    /// List a contract at the simulated venue, on a series of prices that the desk has
    #[command(after_help = "\
Examples:
  cofferdam instrument add BTC-PERP --follows BTC --max-leverage 20 --step 0.001 --funding-rate 0.0001
  cofferdam instrument add IBM-DEC --follows IBM --max-leverage 10 --multiplier 100 \\
      --expires 2008-12-19T21:00:00Z
  cofferdam instrument add --file perp.json      the fields of POST /api/instruments")]
    Add(Box<AddArgs>),
    /// What the simulated venue assumes: fills, fees, margin, funding
    Assumptions,
}

/// A contract to add.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Its symbol
    #[arg(required_unless_present = "file", requires_all = ["follows", "max_leverage"])]
    symbol: Option<String>,
    /// A file with the fields of POST /api/instruments as JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["symbol", "follows", "expires", "multiplier",
        "max_leverage", "tiers", "tick", "step", "min_qty", "funding_rate"])]
    file: Option<PathBuf>,
    /// The instrument whose prices are the contract's too; the last one is its mark price
    #[arg(long, value_name = "SYMBOL")]
    follows: Option<String>,
    /// When a future is settled (RFC 3339); without it the contract is perpetual
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// Units of the base per contract [default: 1]
    #[arg(long, value_name = "UNITS")]
    multiplier: Option<Decimal>,
    /// The largest leverage, 1 to 1000
    #[arg(long, value_name = "TIMES")]
    max_leverage: Option<Decimal>,
    /// A step of the margin table, rising, the last one without UP_TO, such as 50000:0.05:0.025
    /// and then 0.1:0.05 [default: one step by the largest leverage, half of it to hold]
    #[arg(long = "tier", value_name = "[UP_TO:]INITIAL:MAINTENANCE", value_parser = tier)]
    tiers: Vec<Value>,
    /// Prices are multiples of this [default: as what it follows]
    #[arg(long, value_name = "PRICE")]
    tick: Option<Decimal>,
    /// Quantities are multiples of this [default: as what it follows]
    #[arg(long, value_name = "QTY")]
    step: Option<Decimal>,
    /// The smallest order [default: one step]
    #[arg(long, value_name = "QTY")]
    min_qty: Option<Decimal>,
    /// What longs pay to shorts every eight hours, as a share of the value; 0.0001 is 0.01 %
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    funding_rate: Option<Decimal>,
}

/// `50000:0.05:0.025` or `0.1:0.05`.
fn tier(text: &str) -> Result<Value, String> {
    let form = || format!("`{text}` is no step; write 50000:0.05:0.025, or 0.1:0.05 for the last");
    let numbers: Result<Vec<Decimal>, _> = text.split(':').map(str::parse::<Decimal>).collect();
    match numbers.map_err(|_| form())?.as_slice() {
        [initial, maintenance] => {
            Ok(json!({"initial_rate": initial, "maintenance_rate": maintenance}))
        }
        [up_to, initial, maintenance] => Ok(json!({
            "up_to": up_to, "initial_rate": initial, "maintenance_rate": maintenance,
        })),
        _ => Err(form()),
    }
}

/// Runs a command.
pub(crate) fn run(
    command: InstrumentCommand,
    ctx: &Context,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    match command {
        InstrumentCommand::List => {
            let list = api.get("/api/instruments")?;
            out.json(&list)?;
            let hint = "no account trades anything yet; open one: cofferdam account open NAME";
            out.table(&table(&list), hint);
            out.line(silent(&list));
        }
        InstrumentCommand::Add(args) => {
            let added = api.post("/api/instruments", &body(&args)?)?;
            out.json(&added)?;
            let none = "listed; it is shown once an account trades: cofferdam account open NAME";
            out.table(&table(&added), none);
        }
        InstrumentCommand::Assumptions => {
            let list = api.get("/api/instruments")?;
            let assumptions = at(&list, "assumptions").cloned().unwrap_or_default();
            out.json(&assumptions)?;
            for sentence in assumptions.as_array().into_iter().flatten() {
                out.line(format!("- {}", sentence.as_str().unwrap_or_default()));
            }
        }
    }
    Ok(Outcome::Done)
}

fn body(args: &AddArgs) -> Result<Value, Failure> {
    if let Some(file) = &args.file {
        return read(file);
    }
    let venue = VenueId::new("sim").map_err(|e| Failure::usage(e.to_string()))?;
    let symbol = |text: &str| at_venue(&venue, text).map(|id| Value::from(id.to_string()));
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    let number = |value: Option<Decimal>| value.map(|value| Value::from(value.to_string()));
    put("symbol", args.symbol.as_deref().map(symbol).transpose()?);
    put("follows", args.follows.as_deref().map(symbol).transpose()?);
    put("expires", args.expires.map(|at| at.to_string().into()));
    put("multiplier", number(args.multiplier));
    put("max_leverage", number(args.max_leverage));
    put("tiers", (!args.tiers.is_empty()).then(|| args.tiers.clone().into()));
    put("tick", number(args.tick));
    put("step", number(args.step));
    put("min_qty", number(args.min_qty));
    put("funding_rate", number(args.funding_rate));
    Ok(body.into())
}

fn read(file: &PathBuf) -> Result<Value, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let size = fs::metadata(file).map_err(|e| failed(e.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(failed(format!("{size} bytes are more than {FILE_BYTES_MAX}")));
    }
    let text = fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    serde_json::from_str(&text).map_err(|e| failed(format!("not valid JSON: {e}")))
}

fn table(list: &Value) -> Table {
    let mut table = Table::new(&[
        "symbol",
        "class",
        ">tick",
        ">step",
        ">multiplier",
        "short",
        "follows",
        ">leverage",
        ">funding",
        "next funding",
        "expires",
    ]);
    for instrument in items(list) {
        let funding = field(instrument, "contract.funding_rate").parse::<Decimal>().ok();
        let funding = funding.filter(|rate| !rate.is_zero());
        table.row([
            field(instrument, "symbol"),
            field(instrument, "asset_class"),
            field(instrument, "tick"),
            field(instrument, "step"),
            field(instrument, "multiplier"),
            field(instrument, "shortable").replace("true", "yes").replace("false", "no"),
            field(instrument, "contract.follows"),
            field(instrument, "contract.max_leverage"),
            funding.map_or_else(String::new, |rate| {
                format!("{} %", (rate * Decimal::ONE_HUNDRED).normalize())
            }),
            time(at(instrument, "contract.next_funding")),
            time(at(instrument, "contract.expires")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn typed(words: &str) -> Result<Value, String> {
        let all = ["cofferdam", "instrument", "add"].into_iter().chain(words.split(' '));
        let cli = Cli::try_parse_from(all).map_err(|e| e.to_string())?;
        let Command::Instrument { command: InstrumentCommand::Add(args) } = cli.command else {
            return Err("another command".to_owned());
        };
        body(&args).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_typed_is_what_is_sent() {
        let perpetual = typed(
            "BTC-PERP --follows BTC --max-leverage 20 --tier 50000:0.05:0.025 --tier 0.1:0.05 \
             --funding-rate -0.0001",
        );
        assert_eq!(
            perpetual.unwrap(),
            json!({"symbol": "sim:BTC-PERP", "follows": "sim:BTC", "max_leverage": "20",
                "funding_rate": "-0.0001", "tiers": [
                    {"up_to": "50000", "initial_rate": "0.05", "maintenance_rate": "0.025"},
                    {"initial_rate": "0.1", "maintenance_rate": "0.05"}]})
        );
        let future =
            typed("IBM-DEC --follows sim:IBM --max-leverage 10 --expires 2008-12-19T21:00:00Z");
        assert_eq!(future.unwrap()["expires"], "2008-12-19T21:00:00Z");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (words, named) in [
            ("BTC-PERP", "--follows"),
            ("BTC-PERP --follows BTC", "--max-leverage"),
            ("BTC-PERP --follows BTC --max-leverage 5 --tier 1", "`1` is no step"),
            ("--file x.json --step 1", "--step"),
        ] {
            let error = typed(words).unwrap_err();
            assert!(error.contains(named), "{words}: {error}");
        }
        assert!(typed("--file /nowhere/perp.json").unwrap_err().contains("/nowhere/perp.json"));
    }
}
