//! One case: an engine, and the commands that it is given.

use domain::{Bar, ClientOrderId, Price, Quote};
use path::{
    broker::{CancelOutcome, PlaceOutcome},
    verbs::{PlaceOrder, ReplaceOrder},
};
use rust_decimal::Decimal;
use venue_sim::{BarStep, Engine, ExternalOrder, Phase, SessionChange, SimTick};

use super::words::{code, event, parse_order};
use crate::common::{account, at, dec, price, qty, symbol, usd};

pub(super) struct Run {
    pub(super) engine: Engine,
    pub(super) secs: i64,
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
        let (replaces, words) = match words {
            ["replace", old, rest @ ..] => (Some(ClientOrderId::new(old).unwrap()), rest),
            words => (None, words),
        };
        let order = parse_order(if id == "hand" { "x" } else { id }, words);
        let (outcome, events) = if let Some(replaces) = replaces {
            self.engine.replace(&ReplaceOrder { order, replaces, venue_order_id: None }, now)
        } else if id == "hand" {
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

    pub(super) fn command(&mut self, words: &[&str]) -> Vec<String> {
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
                let change = match *change {
                    "open" => SessionChange::Open,
                    "close" => SessionChange::Close,
                    "extended" => SessionChange::Extended,
                    other => panic!("no session: {other}"),
                };
                let events = self.engine.on_session(&symbol(), change, now);
                events.iter().map(|(_, e)| event(e)).collect()
            }
            ["mark", p] => {
                let events = self.engine.on_mark(&symbol(), price(p), now);
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
    pub(super) fn check(&self, words: &[&str]) -> Option<Result<(), String>> {
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
