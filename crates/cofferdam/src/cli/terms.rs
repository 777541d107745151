//! On which terms an account trades, as people type and read them.
//!
//! This module must not know whether a venue grants them.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use path::policy::{DATA_DELAY_MAX, Leverage, MarginRate};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::output::{at, field};

/// Options of an account that may be short, on margin, or trade contracts with leverage.
#[derive(Debug, Args)]
pub(crate) struct TermsArgs {
    /// Let it sell what it doesn't hold, where the venue lends it
    #[arg(long)]
    short: bool,
    /// Make it a margin account, which may be short too: `reg-t`, or the shares of the value that
    /// equity must cover to open and to hold, such as 0.5/0.25
    #[arg(long, value_name = "RATES")]
    margin: Option<MarginRates>,
    /// What secures contracts: the whole balance, or each contract alone
    #[arg(long, value_enum, value_name = "MODE")]
    margin_mode: Option<Mode>,
    /// The leverage of contracts, 1 to 1000; a contract's own maximum caps it
    #[arg(long, value_name = "TIMES", value_parser = leverage)]
    leverage: Option<Decimal>,
    /// Its prices are so many seconds behind the market: entries are limit orders only
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u32).range(1..=i64::from(DATA_DELAY_MAX)))]
    data_delay: Option<u32>,
}

/// What secures contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The whole balance and the profit of every contract secure all contracts
    Cross,
    /// What was set aside as it was opened secures each contract alone
    Isolated,
}

/// The rates of a margin account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MarginRates {
    initial: Decimal,
    maintenance: Option<Decimal>,
}

impl FromStr for MarginRates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("reg-t") || text.eq_ignore_ascii_case("reg_t") {
            let maintenance = Some(Decimal::new(25, 2));
            return Ok(Self { initial: Decimal::new(5, 1), maintenance });
        }
        let (initial, maintenance) =
            text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let (initial, maintenance) = (rate(initial)?, maintenance.map(rate).transpose()?);
        if let Some(above) = maintenance.filter(|rate| *rate > initial) {
            return Err(format!(
                "the maintenance rate {above} is above the initial rate {initial}"
            ));
        }
        Ok(Self { initial, maintenance })
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    let form = || format!("`{text}` is no rate; write reg-t, 0.5 or 0.5/0.25");
    let rate = text.trim().parse::<Decimal>().map_err(|_| form())?;
    MarginRate::try_from(rate).map(MarginRate::get).map_err(|e| e.to_string())
}

fn leverage(text: &str) -> Result<Decimal, String> {
    let times = text.parse::<Decimal>().map_err(|e| format!("{e}; write 5 or 2.5"))?;
    Leverage::try_from(times).map(Leverage::get).map_err(|e| e.to_string())
}

impl TermsArgs {
    /// Adds what was typed to a request.
    pub(crate) fn write(&self, body: &mut Map<String, Value>) {
        if self.short {
            body.insert("short".to_owned(), Value::Bool(true));
        }
        if let Some(MarginRates { initial, maintenance }) = self.margin {
            let rates = json!({"initial_rate": initial, "maintenance_rate": maintenance});
            body.insert("margin".to_owned(), rates);
        }
        if let Some(mode) = self.margin_mode {
            let mode = if mode == Mode::Cross { "cross" } else { "isolated" };
            body.insert("margin_mode".to_owned(), mode.into());
        }
        if let Some(leverage) = self.leverage {
            body.insert("leverage".to_owned(), leverage.to_string().into());
        }
        if let Some(secs) = self.data_delay {
            body.insert("data_delay_secs".to_owned(), secs.into());
        }
    }
}

/// The terms of an account in one line.
pub(crate) fn words(account: &Value) -> String {
    let Some(terms) = at(account, "terms") else { return String::new() };
    let percent = |path: &str| {
        let rate = field(terms, path).parse::<Decimal>().unwrap_or_default();
        (rate * Decimal::ONE_HUNDRED).normalize()
    };
    let paid = match at(terms, "margin") {
        Some(_) => format!(
            "margin, {} % to open and {} % to hold",
            percent("margin.initial_rate"),
            percent("margin.maintenance_rate")
        ),
        None => "cash".to_owned(),
    };
    let short = match at(terms, "short").and_then(Value::as_bool) {
        Some(true) => "may be short",
        _ => "never short",
    };
    let (leverage, mode) = (field(terms, "leverage"), field(terms, "margin_mode"));
    let delayed = match at(terms, "data_delay_secs").and_then(Value::as_u64) {
        Some(secs) => format!("; DELAYED DATA, {secs} s: limit orders only"),
        None => String::new(),
    };
    format!("{paid}; {short}; contracts at leverage {leverage}, {mode} margin{delayed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_is_typed_as_a_name_or_as_rates() {
        let read = |text: &str| text.parse::<MarginRates>();
        let reg_t = read("reg-t").unwrap();
        assert_eq!(reg_t, read("0.5/0.25").unwrap());
        assert_eq!(read("0.3").unwrap().maintenance, None);
        for (wrong, why) in [
            ("half", "`half` is no rate; write reg-t, 0.5 or 0.5/0.25"),
            ("0.2/0.3", "the maintenance rate 0.3 is above the initial rate 0.2"),
            ("1.5", "a margin rate of 1.5 is not above 0 and at most 1; 0.5 is half of the value"),
        ] {
            assert_eq!(read(wrong).unwrap_err(), why);
        }
        assert_eq!(leverage("1001").unwrap_err(), "leverage 1001 is not between 1 and 1000");
    }

    #[test]
    fn terms_are_one_line() {
        let cash = json!({"terms": {"short": false, "margin": null, "margin_mode": "cross",
            "leverage": "1"}});
        assert_eq!(words(&cash), "cash; never short; contracts at leverage 1, cross margin");
        let margin = json!({"terms": {"short": true, "margin_mode": "isolated", "leverage": "5",
            "data_delay_secs": 900,
            "margin": {"initial_rate": "0.5", "maintenance_rate": "0.25"}}});
        assert_eq!(
            words(&margin),
            "margin, 50 % to open and 25 % to hold; may be short; contracts at leverage 5, \
             isolated margin; DELAYED DATA, 900 s: limit orders only"
        );
    }
}
