//! How a run begins, passes, and comes to rest.
//!
//! This module must not know what can go wrong.

use domain::{AccountId, CalendarKind, Currency, OriginKind, Qty, Timestamp, VenueId};
use path::{
    budget::DeskLimits,
    core::Input,
    event::{AccountOpened, Event, LimitTarget},
    journal::{Draft, EventRecord, Head, JournalStore, StreamBatch, StreamId},
    policy::{AccountSpec, Mode},
};
use rust_decimal::Decimal;

use venue_sim::{AccountSettings, MarginMode, MarginPlan};

use crate::{
    actors::{origin, strategy_book},
    check::{Invariant, Ledger},
    disk::Main,
    report::Report,
    world::{Account, AccountTerms, EPOCH, Job, SECOND, World},
};

/// So many instruments, the first ones, are delivered and in the first currency.
const SPOT: usize = 3;
/// How long a run is left alone after the faults have ended.
const REST: i64 = 120 * SECOND;

impl AccountTerms {
    /// The same for the venue.
    fn settings(&self, allow_short: bool) -> AccountSettings {
        AccountSettings {
            allow_short,
            margin: match self.spot_rate() {
                Some(initial_rate) => {
                    let maintenance_rate = initial_rate / Decimal::TWO;
                    MarginPlan::Margin { initial_rate, maintenance_rate }
                }
                None => MarginPlan::Cash,
            },
            margin_mode: if self.isolated { MarginMode::Isolated } else { MarginMode::Cross },
            default_leverage: self.leverage,
            ..AccountSettings::default()
        }
    }

    /// The share of what is delivered that equity must cover; `None` for the whole.
    pub(crate) fn spot_rate(&self) -> Option<Decimal> {
        self.margin.then(|| Decimal::new(5, 1))
    }
}

impl World {
    /// Builds accounts, venue and the first desk, and sets everything going.
    pub(crate) fn set_up(&mut self) {
        let count = 1 + self.dice.index(3);
        let tight = self.dice.chance(500);
        self.desk_limits = DeskLimits {
            gross_exposure: tight.then(|| Decimal::from(self.dice.between(15_000, 60_000))),
            net_exposure: self
                .dice
                .chance(300)
                .then(|| Decimal::from(self.dice.between(8_000, 40_000))),
            daily_entry_notional: None,
            open_orders: self.dice.chance(200).then_some(20),
        };
        let token = self.disk.acquire(EPOCH);
        for index in 0..self.exchange.instruments.len() {
            self.exchange.session(index, true, EPOCH);
            self.step_price(index);
        }
        for n in 0..count {
            self.open(n, token);
        }
        self.absorb();
        self.start();
        for a in 0..count {
            self.equip(a);
        }
        for index in 0..self.exchange.instruments.len() {
            self.after(SECOND, Job::Price(index));
        }
        self.begin_happenings();
        self.after(4 * SECOND, Job::Somebody);
        self.after(5 * SECOND, Job::Mishap);
    }

    fn open(&mut self, n: usize, token: path::journal::LeaseToken) {
        let id = AccountId::new(format!("acc-{n}")).expect("letters and digits");
        let cash = self.dice.between(30_000, 120_000);
        let terms = self.draw_terms();
        self.exchange.open_account(&id, terms.settings(self.exchange.allow_short), cash);
        if self.dice.chance(300) {
            let index = self.dice.index(SPOT);
            let instrument = self.exchange.instruments[index].id.clone();
            let units = Qty::new(Decimal::from(self.dice.between(1, 20))).unwrap_or(Qty::ZERO);
            self.exchange.endow(&id, &instrument, units);
        }
        let spec = AccountSpec {
            id: id.clone(),
            name: format!("Account {n}"),
            venue: VenueId::new("sim").expect("a constant"),
            identity: format!("sim-{n}"),
            mode: Mode::Paper,
            reporting: Currency::usd(),
            calendar: CalendarKind::AlwaysOpen,
        };
        let (policy, installation) = (self.draw_policy(&terms), self.installation.clone());
        let event = Event::AccountOpened(AccountOpened { spec, policy, installation });
        let stream = StreamId::account(&id);
        let draft = Draft {
            at: Timestamp(self.now),
            wall_at: Timestamp(self.now),
            kind: event.kind().into(),
            version: event.version(),
            body: event.body().unwrap_or_default().into(),
        };
        let record = EventRecord::seal(&stream, &Head::default(), draft);
        let expected = Head::default();
        let batch = StreamBatch { stream: stream.clone(), expected, token, records: vec![record] };
        if let Some(Err(error)) = Main(&mut self.disk).append(&[batch]).first() {
            self.violate(Invariant::JournalFolds, error.to_string());
        }
        self.durable.push(Ledger::default());
        self.accounts.push(Account {
            id,
            stream,
            touched: false,
            misled: false,
            position_limits: Vec::new(),
            kill_wish: None,
            terms,
        });
    }

    fn draw_terms(&mut self) -> AccountTerms {
        let wide = self.exchange.wide;
        let leverage = if wide { self.dice.pick(&[1, 5, 10, 20]) } else { 1 };
        let (margin, isolated) = (wide && self.dice.chance(300), wide && self.dice.chance(500));
        let delay = if wide && self.dice.chance(150) {
            1 + u32::try_from(self.dice.below(4)).unwrap_or(0)
        } else {
            0
        };
        AccountTerms { leverage: leverage.into(), margin, isolated, delay }
    }

    fn equip(&mut self, a: usize) {
        let book = strategy_book();
        let (name, capital, by) = ("Trend".to_owned(), None, origin(OriginKind::Human));
        self.tell(0, a, Input::OpenBook { book, name, capital, by, reply: None });
        let limits = Box::new(self.draw_limits(a));
        let (target, by) = (LimitTarget::Account, origin(OriginKind::Human));
        self.tell(0, a, Input::SetLimits { target, limits, by, reply: None });
    }

    /// Lets the run happen and come to rest, and checks it.
    pub(crate) fn play(&mut self) {
        self.set_up();
        let span = self.dice.between(30, 110);
        self.run_until(EPOCH + span * SECOND);
        self.settling = true;
        self.profile.calm();
        self.untrusted_until = 0;
        self.disk.full = false;
        self.trace(|| "---- the faults end ----".to_owned());
        self.at(self.now, Job::Session(true));
        self.run_until(self.now + REST / 3);
        self.feed.frozen = true;
        self.run_until(self.now + REST);
        for p in 0..self.procs.len() {
            if !self.procs[p].dead {
                self.flush(p);
            }
        }
        self.check_settled();
    }

    /// What the run found.
    pub(crate) fn report(self) -> (Report, Vec<String>) {
        let mut report = Report { runs: 1, events: self.events, ..Report::default() };
        report.seeds = (self.seed, self.seed + 1);
        report.faults = self.faults.iter().map(|(f, n)| (f.name().to_owned(), *n)).collect();
        let checks = self.watch.checks.iter();
        report.checks = checks.map(|(i, n)| (i.name().to_owned(), *n)).collect();
        report.orders = self.watch.writes.len() as u64;
        report.starts = self.starts;
        for account in &self.accounts {
            report.fills += self.exchange.fills(&account.id).len() as u64;
            report.records += self.disk.main(&account.stream).len() as u64;
        }
        report.violations = self.watch.violations;
        (report, self.traced.unwrap_or_default())
    }
}
