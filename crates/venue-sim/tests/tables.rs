//! Hand-computed examples as tables of text: commands, and the events that each must cause.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod common;

use std::fmt::Write as _;

use common::{account, at, dec, instrument, price, qty, symbol, usd};
use domain::{
    Bar, CalendarKind, ClientOrderId, Conditions, OrderKind, Price, Quote, Side, TimeInForce,
};
use path::{
    broker::{CancelOutcome, PlaceOutcome, VenueEvent, VenueRejection},
    verbs::PlaceOrder,
};
use rust_decimal::Decimal;
use venue_sim::{
    AccountSettings, BarStep, Engine, ExternalOrder, FillLimitsOn, Phase, SessionChange, SimConfig,
    SimTick, TriggerOn,
};

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
            ["set", "quote_max_age", secs] => {
                self.config.quote_max_age = Some(domain::Nanos::from_secs(secs.parse().unwrap()));
            }
            ["set", "min_notional", v] => self.instrument.min_notional = dec(v),
            ["set", "step", v] => {
                self.instrument.step = qty(v);
                self.instrument.min_qty = qty(v);
            }
            ["calendar", "us"] => self.instrument.calendar = CalendarKind::UsEquities,
            ["allow", "short"] => self.settings.allow_short = true,
            ["not", "shortable"] => self.instrument.shortable = false,
            ["cash-only", v] => self.cash = dec(v),
            _ => return false,
        }
        true
    }

    fn engine(&self) -> Engine {
        let mut engine = Engine::new(self.config.clone()).unwrap();
        engine.register(self.instrument.clone());
        engine.open_account(account(), self.settings).unwrap();
        if !self.cash.is_zero() {
            engine.deposit(&account(), &usd(self.cash)).unwrap();
        }
        engine
    }
}

fn code(code: VenueRejection) -> String {
    serde_json::to_string(&code).unwrap().trim_matches('"').to_owned()
}

fn event(event: &VenueEvent) -> String {
    match event {
        VenueEvent::Fill(fill) => {
            let who = fill.client_order_id.as_ref().map_or("-", ClientOrderId::as_str);
            let liquidity = serde_json::to_string(&fill.liquidity).unwrap();
            let mut text =
                format!("{who} fill {} @ {} {}", fill.qty, fill.price, liquidity.trim_matches('"'));
            if !fill.fee.amount().is_zero() {
                write!(text, " fee {}", fill.fee.amount()).unwrap();
            }
            text
        }
        VenueEvent::Order(report) => {
            let who = report.client_order_id.as_ref().map_or("-", ClientOrderId::as_str);
            let status = serde_json::to_string(&report.status).unwrap();
            format!("{who} {} {}", status.trim_matches('"'), report.filled)
        }
        other => format!("{other:?}"),
    }
}

/// `LABEL: side qty market|limit P|stop P [limit P] tif [post] [reduce]`
fn parse_order(id: &str, words: &[&str]) -> PlaceOrder {
    let side = if words[0] == "buy" { Side::Buy } else { Side::Sell };
    let (kind, rest) = match &words[2..] {
        ["market", rest @ ..] => (OrderKind::Market, rest),
        ["stop", t, "limit", l, rest @ ..] => {
            (OrderKind::StopLimit { trigger: price(t), limit: price(l) }, rest)
        }
        ["stop", t, rest @ ..] => (OrderKind::Stop { trigger: price(t) }, rest),
        ["limit", l, rest @ ..] => (OrderKind::Limit { limit: price(l) }, rest),
        other => panic!("no order: {other:?}"),
    };
    let tif: TimeInForce = serde_json::from_str(&format!("\"{}\"", rest[0])).unwrap();
    PlaceOrder {
        account: account(),
        client_order_id: ClientOrderId::new(id).unwrap(),
        instrument: symbol(),
        side,
        qty: qty(words[1]),
        kind,
        tif,
        post_only: rest[1..].contains(&"post"),
        reduce_only: rest[1..].contains(&"reduce"),
        conditions: Conditions::default(),
    }
}

struct Run {
    engine: Engine,
    secs: i64,
}

impl Run {
    fn instruct(&mut self, id: &str, words: &[&str]) -> Vec<String> {
        let now = at(self.secs);
        if words == ["cancel"] {
            let cid = ClientOrderId::new(id).unwrap();
            let (outcome, events) = self.engine.cancel(&account(), &cid, now);
            return match outcome {
                CancelOutcome::Accepted(_) => events.iter().map(event).collect(),
                CancelOutcome::TooLate => vec![format!("{id} too late")],
                CancelOutcome::NotFound => vec![format!("{id} not found")],
                other => vec![format!("{other:?}")],
            };
        }
        let order = parse_order(if id == "hand" { "x" } else { id }, words);
        let (outcome, events) = if id == "hand" {
            let PlaceOrder { account, instrument, side, qty, kind, tif, reduce_only, .. } = order;
            let order = ExternalOrder { account, instrument, side, qty, kind, tif, reduce_only };
            self.engine.external_order(&order, now)
        } else {
            self.engine.place(&order, now)
        };
        match outcome {
            PlaceOutcome::Accepted(report) => {
                assert!(report.filled.is_zero(), "the acknowledgement comes before the fills");
                events.iter().map(event).collect()
            }
            PlaceOutcome::Rejected { code: why, .. } => vec![format!("{id} refused {}", code(why))],
            PlaceOutcome::DuplicateId => vec![format!("{id} duplicate")],
            other => vec![format!("{other:?}")],
        }
    }

    /// `quote|open|close BID ASK [last P] [vol V]`; the last price is the middle unless given.
    fn tick(&mut self, phase: Phase, words: &[&str]) -> Vec<String> {
        let (bid, ask) = (price(words[0]), price(words[1]));
        let mid = ((bid.get() + ask.get()) / Decimal::TWO).round_dp(2);
        let (mut last, mut traded_volume) = (Price::new(mid).unwrap(), None);
        for pair in words[2..].chunks(2) {
            match pair {
                ["last", p] => last = price(p),
                ["vol", v] => traded_volume = Some(qty(v)),
                other => panic!("no part of a tick: {other:?}"),
            }
        }
        let now = at(self.secs);
        let quote = Quote { bid, ask, last, at: now };
        let tick = SimTick { instrument: symbol(), quote, traded_volume, phase };
        self.engine.on_tick(&tick, now).iter().map(|(_, e)| event(e)).collect()
    }

    /// `O H L C V`
    fn bar(&mut self, steps: &[BarStep], words: &[&str]) -> Vec<String> {
        let bar = Bar {
            open_at: at(self.secs),
            close_at: at(self.secs + 1),
            open: price(words[0]),
            high: price(words[1]),
            low: price(words[2]),
            close: price(words[3]),
            volume: qty(words[4]),
        };
        let mut out = Vec::new();
        for step in steps {
            out.extend(self.engine.on_bar_step(&symbol(), &bar, *step));
        }
        out.iter().map(|(_, e)| event(e)).collect()
    }

    fn command(&mut self, words: &[&str]) -> Vec<String> {
        use BarStep::{Close, Open, Path};
        let now = at(self.secs);
        match words {
            ["hold", n, "@", p] => {
                let (held, p) = (qty(n).signed(true), price(p));
                self.engine.transfer_position(&account(), &symbol(), held, p).unwrap();
                Vec::new()
            }
            ["quote", rest @ ..] => self.tick(Phase::Continuous, rest),
            ["open", rest @ ..] => self.tick(Phase::Open, rest),
            ["close", rest @ ..] => self.tick(Phase::Close, rest),
            ["bar", rest @ ..] => self.bar(&[Open, Path, Close], rest),
            ["bar-open", rest @ ..] => self.bar(&[Open], rest),
            ["bar-path", rest @ ..] => self.bar(&[Path], rest),
            ["bar-close", rest @ ..] => self.bar(&[Close], rest),
            ["session", change] => {
                let open = *change == "open";
                let change = if open { SessionChange::Open } else { SessionChange::Close };
                let events = self.engine.on_session(&symbol(), change, now);
                events.iter().map(|(_, e)| event(e)).collect()
            }
            ["withdraw", amount] => {
                let refused = self.engine.withdraw(&account(), &usd(dec(amount))).err();
                refused.iter().map(|error| format!("refused {}", error.code())).collect()
            }
            ["wait", secs] => {
                self.secs += secs.parse::<i64>().unwrap();
                Vec::new()
            }
            ["suspend"] => {
                let mut rules = self.engine.instrument(&symbol()).unwrap().clone();
                rules.tradable = false;
                self.engine.register(rules);
                Vec::new()
            }
            [label, rest @ ..] if label.ends_with(':') => {
                self.instruct(label.trim_end_matches(':'), rest)
            }
            other => panic!("no command: {other:?}"),
        }
    }

    /// A line that checks a balance instead of doing something.
    fn check(&self, words: &[&str]) -> Option<Result<(), String>> {
        let (found, expected) = match words {
            ["position", n] => {
                let position = self.engine.position(&account(), &symbol());
                (position.map_or(Decimal::ZERO, |p| p.qty.get()), dec(n))
            }
            ["cash", n] => {
                let cash = self.engine.cash(&account()).unwrap();
                (cash.get(domain::Currency::usd()).amount(), dec(n))
            }
            _ => return None,
        };
        let differs = || format!("  {} is {found}, not {expected}", words[0]);
        Some(if found == expected { Ok(()) } else { Err(differs()) })
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
        let run = run.get_or_insert_with(|| Run { engine: setup.engine(), secs: 0 });
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
fn table(text: &str) -> usize {
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

#[test]
fn order_types_on_quotes() {
    assert_eq!(table(include_str!("tables/kinds.txt")), 27);
}

#[test]
fn orders_meet_bars() {
    assert_eq!(table(include_str!("tables/bars.txt")), 31);
}

#[test]
fn volume_makes_partial_fills() {
    assert_eq!(table(include_str!("tables/partial.txt")), 12);
}

#[test]
fn orders_live_and_expire() {
    assert_eq!(table(include_str!("tables/lifetimes.txt")), 27);
}

#[test]
fn rules_funds_and_fees() {
    assert_eq!(table(include_str!("tables/funds.txt")), 21);
}

#[test]
fn reduce_only_only_reduces() {
    assert_eq!(table(include_str!("tables/reduce.txt")), 10);
}
