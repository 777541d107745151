//! One case: an engine, and the commands that it is given.

use domain::{Bar, ClientOrderId, Instrument, InstrumentId, Money, Price, Quote};
use path::{
    broker::{CancelOutcome, PlaceOutcome},
    verbs::{PlaceOrder, ReplaceOrder},
};
use rust_decimal::Decimal;
use venue_sim::{
    AccountEvent, BarStep, Engine, ExternalOrder, Happening, Phase, SessionChange, SimError,
    SimTick,
};

use super::words::{code, event, parse_order};
use crate::common::{account, at, dec, price, qty, symbol, usd};

pub(super) struct Run {
    pub(super) engine: Engine,
    pub(super) secs: i64,
    /// What the lines are about.
    pub(super) symbol: InstrumentId,
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
        let mut order = parse_order(if id == "hand" { "x" } else { id }, words);
        order.instrument = self.symbol.clone();
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
        let tick = SimTick { instrument: self.symbol.clone(), quote, traded_volume, phase };
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
            out.extend(self.engine.on_bar_step(&self.symbol, &bar, *step));
        }
        out.iter().map(|(_, e)| event(e)).collect()
    }

    pub(super) fn command(&mut self, words: &[&str]) -> Vec<String> {
        use BarStep::{Close, Open, Path};
        let now = at(self.secs);
        match words {
            ["hold", n, "@", p] => {
                let (held, p) = (qty(n).signed(true), price(p));
                self.engine.transfer_position(&account(), &self.symbol, held, p).unwrap();
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
                let events = self.engine.on_session(&self.symbol, change, now);
                events.iter().map(|(_, e)| event(e)).collect()
            }
            ["mark", p] => {
                let events = self.engine.on_mark(&self.symbol, price(p), now);
                events.iter().map(|(_, e)| event(e)).collect()
            }
            ["withdraw", amount] => {
                told(self.engine.withdraw_at(&account(), &usd(dec(amount)), now))
            }
            ["deposit", amount, code] => {
                let money = Money::new(dec(amount), code.parse().unwrap());
                told(self.engine.deposit_at(&account(), &money, now))
            }
            ["lever", leverage] => {
                let set = self.engine.set_leverage(&account(), &self.symbol, dec(leverage));
                told(set.map(|()| Vec::new()))
            }
            ["on", name] => {
                let id: InstrumentId = format!("sim:{name}").parse().unwrap();
                let rules = self.engine.instrument(&symbol()).unwrap().clone();
                self.engine.register(Instrument { id: id.clone(), ..rules });
                self.symbol = id;
                Vec::new()
            }
            ["funding" | "dividend" | "split" | "day" | "time", ..] => {
                told(Ok(self.engine.happen(&self.happening(words), now)))
            }
            ["wait", secs] => {
                self.secs += secs.parse::<i64>().unwrap();
                Vec::new()
            }
            ["suspend"] => {
                let mut rules = self.engine.instrument(&self.symbol).unwrap().clone();
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

    fn happening(&self, words: &[&str]) -> Happening {
        let instrument = self.symbol.clone();
        match words {
            ["funding", rate, id] => {
                Happening::Funding { instrument, rate: dec(rate), id: id.parse().unwrap() }
            }
            ["dividend", amount, id] => Happening::Dividend {
                instrument,
                per_share: usd(dec(amount)),
                id: id.parse().unwrap(),
            },
            ["split", n, d, id] => {
                let (numerator, denominator, id) = (dec(n), dec(d), id.parse().unwrap());
                Happening::Split { instrument, numerator, denominator, id }
            }
            ["day"] => Happening::Day,
            _ => Happening::Time,
        }
    }

    /// A line that checks a balance instead of doing something.
    pub(super) fn check(&self, words: &[&str]) -> Option<Result<(), String>> {
        let (found, expected) = match words {
            ["position", n] => {
                let position = self.engine.position(&account(), &self.symbol);
                (position.map_or(Decimal::ZERO, |p| p.qty.get()), dec(n))
            }
            ["cash", n] => (self.cash("USD"), dec(n)),
            ["cash", n, code] => (self.cash(code), dec(n)),
            ["aside", n] => {
                let book = self.engine.book();
                let state = book.accounts.iter().find(|state| state.id == account()).unwrap();
                (state.aside(&self.symbol), dec(n))
            }
            _ => return None,
        };
        let differs = || format!("  {} is {found}, not {expected}", words[0]);
        Some(if found == expected { Ok(()) } else { Err(differs()) })
    }

    fn cash(&self, code: &str) -> Decimal {
        self.engine.cash(&account()).unwrap().get(code.parse().unwrap()).amount()
    }
}

fn told(answer: Result<Vec<AccountEvent>, SimError>) -> Vec<String> {
    match answer {
        Ok(events) => events.iter().map(|(_, e)| event(e)).collect(),
        Err(error) => vec![format!("refused {}", error.code())],
    }
}
