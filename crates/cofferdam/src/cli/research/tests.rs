//! Strategies over the repository's sample data, as they are typed.

mod files;
mod messages;

use std::path::{Path, PathBuf};

use clap::Parser;
use domain::{
    AccountId, CalendarKind, Cap, Currency, InstallationId, Limits, Origin, OriginKind, Principal,
};
use path::{
    event::{AccountOpened, Event, LimitTarget, LimitsSet},
    policy::{AccountSpec, Mode, Policy},
};
use serde_json::Value;

use crate::cli::{
    Outcome, args::Cli, context::Context, dispatch, failure::Failure, output::Out, testing,
};

/// A file of the repository.
fn file(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    path.display().to_string()
}

/// Runs a command as it would be typed; `@` stands for the repository's folder.
fn typed(json: bool, words: &str) -> Result<(Outcome, String), Failure> {
    let words = words.split(' ').map(|word| match word.split_once('@') {
        Some((before, name)) => format!("{before}{}", file(name)),
        None => word.to_owned(),
    });
    let all = std::iter::once("cofferdam".to_owned()).chain(words);
    let cli = Cli::try_parse_from(all).map_err(|error| Failure::usage(error.to_string()))?;
    let mut out = Out::new(json);
    let outcome = dispatch(cli.command, &Context::new(cli.global), &mut out)?;
    Ok((outcome, out.text().to_owned()))
}

const CROSS: &str = "backtest @strategies/golden-cross.toml --bars @data/IBM-1d.csv";

fn report(more: &str) -> Value {
    let (_, text) = typed(true, &format!("{CROSS}{more}")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn refused(more: &str) -> String {
    typed(false, &format!("{CROSS}{more}")).unwrap_err().to_string()
}

#[test]
fn part_of_history_is_traded_and_the_bars_before_it_warm_up() {
    let told = report(" --from 2008-01-01 --until 2009-12-31");
    assert_eq!(told["from"], "2008-01-02T14:30:00Z");
    assert_eq!(told["until"], "2009-12-31T21:00:00Z");
    let trades = told["trades"].as_array().unwrap();
    let within = |trade: &Value| trade["opened_at"].as_str().unwrap() > "2008-01-02";
    assert!(!trades.is_empty() && trades.iter().all(within), "{trades:?}");
    let words = told["assumptions"].to_string();
    assert!(words.contains("bars that close from 2008-01-01 on."), "{words}");
    assert!(words.contains("close after 2009-12-31 are left out"), "{words}");
    let whole = report("");
    assert_ne!(told["reproducibility"]["config"], whole["reproducibility"]["config"]);

    let check = "lookahead @strategies/golden-cross.toml --bars @data/IBM-1d.csv --cuts 3 \
                 --from 2008-01-01 --until 2008-12-31";
    assert_eq!(typed(false, check).unwrap().0, Outcome::Done);
}

#[test]
fn a_stretch_that_has_no_bars_says_which_there_are() {
    let late = refused(" --from 2031-01-01");
    assert!(
        late.contains("no bar of IBM closes from 2031-01-01 on: its bars go from 20"),
        "{late}"
    );
    let turned = refused(" --from 2010-01-01 --until 2009-01-01");
    assert!(turned.contains("until 2009-01-01 is before from 2010-01-01"), "{turned}");
    let wrong = refused(" --from 01/02/2010");
    assert!(wrong.contains("--from") && wrong.contains("2010-01-31T15:30:00Z"), "{wrong}");
}

const APPLE: &str = "backtest @strategies/golden-cross.toml --symbol AAPL --bars @data/AAPL-1d.csv";

#[test]
fn splits_of_a_table_are_applied_and_named() {
    let told = |more: &str| -> Value {
        serde_json::from_str(&typed(true, &format!("{APPLE}{more}")).unwrap().1).unwrap()
    };
    let (plain, split) = (told(""), told(" --splits @data/splits.csv"));
    let words = split["assumptions"].to_string();
    assert!(words.contains("AAPL: splits within the bars: 2, at the opening"), "{words}");
    assert!(!plain["assumptions"].to_string().contains("splits within the bars"));
    // 33 dollars of 2000-03-01 were 4 shares at 430 dollars in 2013: the table makes up for it.
    let held = |report: &Value| report["statistics"]["buy_and_hold_percent"].as_f64().unwrap();
    let ratio = (1.0 + held(&split) / 100.0) / (1.0 + held(&plain) / 100.0);
    assert!((ratio - 4.0).abs() < 1e-6, "{ratio}");
    assert_ne!(split["reproducibility"]["config"], plain["reproducibility"]["config"]);
    assert_eq!(split["reproducibility"]["data"], plain["reproducibility"]["data"]);
    // A table of all symbols may have no row of this one; a table of this one has to.
    let ibm = typed(false, &format!("{CROSS} --splits @data/splits.csv")).unwrap().1;
    assert!(ibm.contains("splits and dividends are not applied"), "{ibm}");
    let none = refused(" --splits IBM=@data/splits.csv");
    assert!(none.contains("the table has no split of IBM"), "{none}");
}

#[test]
fn tables_that_are_wrong_name_file_line_column_and_value() {
    let tmp = tempfile::tempdir().unwrap();
    let written = |name: &str, text: &str| {
        let path = tmp.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let file = written("s.csv", "date,ratio\n2005-02-28,2\n2006-02-30,3\n");
    let told = refused(&format!(" --splits {file}"));
    assert!(told.contains(&format!("{file}: line 3: date `2006-02-30`: a date is")), "{told}");
    let file = written("f.csv", "time,rate\n2005-02-28T00:00:00Z,0.5\n");
    let coin = " --calendar 24/7";
    let told = refused(&format!("{coin} --funding {file}"));
    assert!(told.contains(&format!("{file}: line 2: rate `0.5`: a rate is a share")), "{told}");
    let file = written("late.csv", "time,rate\n2031-02-28T00:00:00Z,0.0001\n");
    let told = refused(&format!("{coin} --funding {file}"));
    assert!(told.contains("no rate lies between 2000-"), "{told}");
    let file = written("good.csv", "time,rate\n2005-02-28T00:00:00Z,0.0001\n");
    let told = refused(&format!(" --funding {file}"));
    assert!(told.contains("IBM trades in sessions of US stocks"), "{told}");
    let told = refused(&format!("{coin} --funding GOOG={file}"));
    assert!(told.contains("the strategy trades IBM"), "{told}");
    let splits = written("i.csv", "date,ratio\n2005-03-28,2\n");
    let told = refused(&format!("{coin} --funding {file} --splits {splits}"));
    assert!(told.contains("IBM is traded as a perpetual contract (--funding)"), "{told}");
    assert!(refused(" --splits /nowhere/s.csv").contains("can't open /nowhere/s.csv"));
}

#[test]
fn a_perpetual_pays_funding_and_is_searched_by_the_engine() {
    let tmp = tempfile::tempdir().unwrap();
    let file = tmp.path().join("f.csv");
    let rates: String = (1..29)
        .flat_map(|day| {
            ["00", "08", "16"].map(|hour| format!("2008-02-{day:02} {hour}:00,0.001\n"))
        })
        .collect();
    std::fs::write(&file, format!("time,rate\n{rates}")).unwrap();
    let more = format!(" --calendar 24/7 --funding {} --compare none", file.display());
    let (told, free) = (report(&more), report(" --calendar 24/7 --compare none"));
    let words = told["assumptions"].to_string();
    assert!(words.contains("IBM: a perpetual contract without leverage"), "{words}");
    assert!(words.contains("84 funding rates from 2008-02-01T00:00:00Z"), "{words}");
    assert_ne!(told["reproducibility"]["result"], free["reproducibility"]["result"]);

    let strategy = tmp.path().join("plain.toml");
    let plain = "name = \"Plain\"\nsymbols = [\"IBM\"]\ntimeframe = \"1d\"\n[params]\n\
                 slow = { default = 20, min = 10, max = 60 }\n[entry]\nlong = \"close > sma(close, slow)\"\n\
                 [exit]\nlong = \"close < sma(close, slow)\"\n[size]\npercent_equity = 50\n";
    std::fs::write(&strategy, plain).unwrap();
    let tried_by = |more: &str, name: &str| {
        let log = tmp.path().join(name);
        let words = format!(
            "sweep {} --bars @data/IBM-1d.csv --grid slow=20..40:20 --from 2008-01-01 --out {}{more}",
            strategy.display(),
            log.display(),
        );
        typed(false, &words).unwrap();
        std::fs::read_to_string(log).unwrap()
    };
    let log = tried_by(&more, "funding.jsonl");
    assert_eq!(log.matches("\"by\":\"engine\"").count(), 2, "{log}");
    let log = tried_by(" --calendar 24/7 --compare none", "free.jsonl");
    assert_eq!(log.matches("\"by\":\"screen\"").count(), 2, "{log}");
}

/// An account whose orders may be worth 1000 dollars, and less from a webhook.
fn limited() -> Vec<Event> {
    let set = |target, cap: &str| {
        let order_notional = Some(cap.parse::<Cap>().unwrap());
        let limits = Box::new(Limits { order_notional, ..Limits::default() });
        let by = Origin::new(OriginKind::Human, Principal::new("alice").unwrap());
        Event::LimitsSet(LimitsSet { target, limits, by })
    };
    let spec = AccountSpec {
        id: AccountId::new("main").unwrap(),
        name: "Main".to_owned(),
        venue: "sim".parse().unwrap(),
        identity: "sim-main".to_owned(),
        mode: Mode::Paper,
        reporting: Currency::usd(),
        calendar: CalendarKind::UsEquities,
    };
    let installation = InstallationId::new("a1b2c3").unwrap();
    let policy = Policy::default();
    vec![
        Event::AccountOpened(AccountOpened { spec, policy, installation }),
        set(LimitTarget::Account, "5000"),
        set(LimitTarget::Origin(OriginKind::Webhook), "10"),
        set(LimitTarget::Account, "1000"),
    ]
}

#[test]
fn limits_of_an_account_are_in_force_without_a_desk() {
    let tmp = tempfile::tempdir().unwrap();
    testing::journal(tmp.path(), "main", &limited());
    let at = |more: &str| format!(" --data-dir {} {more}", tmp.path().display());
    let told = report(&at("--limits-of main --compare none"));
    let words = told["assumptions"].to_string();
    let expected = "Limits in force: those of account main at record 4 of its journal; those of its \
                    books, sources, principals and instruments (1) are left out.";
    assert!(words.contains(expected), "{words}");
    assert!(told["refused"]["orders"].as_u64().unwrap() > 0, "{}", told["refused"]);
    let codes = told["refused"]["codes"].to_string();
    assert!(codes.contains("notional"), "{codes}");
    let free = report(" --compare none");
    assert_eq!(free["refused"]["orders"], 0);
    assert_ne!(told["reproducibility"]["config"], free["reproducibility"]["config"]);

    let unknown = refused(&at("--limits-of savings"));
    assert!(unknown.contains("--limits-of savings: there is no such account; there are: main"));
    let both = refused(&at("--limits-of main --limits stocks"));
    assert!(both.contains("cannot be used with"), "{both}");
    let empty = tempfile::tempdir().unwrap();
    let none = refused(&format!(" --data-dir {} --limits-of main", empty.path().display()));
    assert!(none.contains("there is no journal in"), "{none}");
}
