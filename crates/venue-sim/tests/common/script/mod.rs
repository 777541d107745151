//! Hand-computed examples as tables of text: commands, and the events that each must cause.

#![allow(dead_code, unreachable_pub, missing_docs)]

mod run;
mod words;

use std::fmt::Write as _;

use domain::{AssetClass, CalendarKind, Contract, MarginTier};
use run::Run;
use rust_decimal::Decimal;
use venue_sim::{
    AccountSettings, Engine, FillLimitsOn, MarginMode, MarginPlan, SimConfig, TriggerOn,
};

use crate::common::{account, at, dec, instrument, qty, symbol, usd};

/// What a case sets up before its first command.
struct Setup {
    config: SimConfig,
    instrument: domain::Instrument,
    settings: AccountSettings,
    cash: Decimal,
}

impl Setup {
    fn new() -> Self {
        let zero = Decimal::ZERO;
        let config = SimConfig { maker_fee: zero, taker_fee: zero, ..SimConfig::default() };
        let settings = AccountSettings::default();
        Self { config, instrument: instrument(), settings, cash: Decimal::from(100_000) }
    }

    /// True when the line is part of the set-up.
    fn take(&mut self, words: &[&str]) -> bool {
        match words {
            ["set", "slippage_bps", v] => self.config.slippage_bps = dec(v),
            ["set", "maker_fee", v] => self.config.maker_fee = dec(v),
            ["set", "taker_fee", v] => self.config.taker_fee = dec(v),
            ["set", "volume_share", v] => self.config.volume_share = Some(v.parse().unwrap()),
            ["set", "fill_limits_on", "touch"] => {
                self.config.fill_limits_on = FillLimitsOn::Touch;
            }
            ["set", "trigger_on", "quote"] => self.config.trigger_on = TriggerOn::Quote,
            ["set", "queue_when_closed", "false"] => self.config.queue_when_closed = false,
            ["set", "groups", "false"] => self.config.groups = false,
            ["set", "extended_hours", "false"] => self.config.extended_hours = false,
            ["set", "quote_max_age", secs] => {
                self.config.quote_max_age = Some(domain::Nanos::from_secs(secs.parse().unwrap()));
            }
            ["set", "min_notional", v] => self.instrument.min_notional = dec(v),
            ["set", "step", v] => {
                self.instrument.step = qty(v);
                self.instrument.min_qty = qty(v);
            }
            ["calendar", "us"] => self.instrument.calendar = CalendarKind::UsEquities,
            ["set", "liquidation_fee", v] => self.config.liquidation_fee = dec(v),
            ["set", "insurance_fund", "false"] => self.config.insurance_fund = false,
            ["set", "borrow_rate", v] => self.config.borrow_rate = dec(v),
            ["set", "interest_rate", v] => self.config.interest_rate = dec(v),
            ["contract", max, tiers @ ..] => self.contract(max, tiers),
            ["expires", secs] => self.expires(secs.parse().unwrap()),
            ["multiplier", v] => self.instrument.multiplier = dec(v),
            ["leverage", v] => self.settings.default_leverage = dec(v),
            ["isolated"] => self.settings.margin_mode = MarginMode::Isolated,
            ["margin", i, m] => {
                let (initial_rate, maintenance_rate) = (dec(i), dec(m));
                self.settings.margin = MarginPlan::Margin { initial_rate, maintenance_rate };
            }
            ["fee", "in", "base"] => self.instrument.fee_currency = self.instrument.base,
            ["quoted", "in", code] => self.instrument.quote = code.parse().unwrap(),
            ["allow", "short"] => self.settings.allow_short = true,
            ["not", "shortable"] => self.instrument.shortable = false,
            ["cash-only", v] => self.cash = dec(v),
            _ => return false,
        }
        true
    }

    /// `MAX UPTO:INITIAL:MAINTENANCE …`, the last step up to `-`.
    fn contract(&mut self, max: &str, tiers: &[&str]) {
        let tier = |text: &&str| {
            let parts: Vec<&str> = text.split(':').collect();
            MarginTier {
                up_to: (parts[0] != "-").then(|| dec(parts[0])),
                initial_rate: dec(parts[1]),
                maintenance_rate: dec(parts[2]),
            }
        };
        let tiers = tiers.iter().map(tier).collect();
        self.instrument.contract = Some(Contract { expires: None, max_leverage: dec(max), tiers });
        self.instrument.asset_class = AssetClass::Perpetual;
    }

    fn expires(&mut self, secs: i64) {
        self.instrument.contract.as_mut().unwrap().expires = Some(at(secs));
        self.instrument.asset_class = AssetClass::Future;
    }

    fn engine(&self) -> Engine {
        let mut engine = Engine::new(self.config.clone()).unwrap();
        engine.register(self.instrument.clone());
        engine.open_account(account(), self.settings.clone()).unwrap();
        if !self.cash.is_zero() {
            engine.deposit(&account(), &usd(self.cash)).unwrap();
        }
        engine
    }
}

fn play(lines: &[&str]) -> Result<(), String> {
    let mut setup = Setup::new();
    let mut run: Option<Run> = None;
    let mut at_line = 0;
    while at_line < lines.len() {
        let words: Vec<&str> = lines[at_line].split_whitespace().collect();
        at_line += 1;
        if setup.take(&words) {
            continue;
        }
        let run =
            run.get_or_insert_with(|| Run { engine: setup.engine(), secs: 0, symbol: symbol() });
        if let Some(result) = run.check(&words) {
            result?;
            continue;
        }
        let found = run.command(&words);
        run.secs += 1;
        let mut expected = Vec::new();
        while let Some(text) = lines.get(at_line).and_then(|line| line.strip_prefix("> ")) {
            expected.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            at_line += 1;
        }
        if found != expected {
            let line = words.join(" ");
            return Err(format!("  after `{line}`\n  expected {expected:#?}\n  found {found:#?}"));
        }
    }
    Ok(())
}

/// Plays every case of a table and returns how many there are.
pub fn table(text: &str) -> usize {
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push((name, Vec::new()));
        } else if let Some((_, lines)) = cases.last_mut()
            && !line.is_empty()
            && !line.starts_with('#')
        {
            lines.push(line);
        }
    }
    let mut report = String::new();
    for (name, lines) in &cases {
        if let Err(why) = play(lines) {
            writeln!(report, "{name}\n{why}").unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
    cases.len()
}
