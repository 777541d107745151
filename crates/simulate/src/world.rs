//! One simulated world: desks, a disk, a venue, a network, people, and time.
//!
//! Everything happens by jobs in a queue ordered by time and number, so a seed gives one history.
//! This module must not know what any job does in detail.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{AccountId, ClientOrderId, InstallationId, Timestamp};
use path::{
    broker::{Capabilities, OrderRef, VenueEvent},
    budget::DeskLimits,
    core::{Input, Reply},
    journal::StreamId,
    market::Now,
    verbs::{CancelOrder, PlaceOrder, ReplaceOrder, SetTerms},
    wire::Mono,
};
use rust_decimal::Decimal;

use crate::{
    actors::Waiting,
    check::{Invariant, Ledger, Watch},
    dice::Dice,
    disk::Disk,
    driver::Process,
    exchange::Exchange,
    faults::{Fault, Profile},
    market::Feed,
};

/// The start of simulated time: 2026-01-05, a Monday.
pub(crate) const EPOCH: i64 = 1_767_571_200_000_000_000;
/// Sets the dice apart that say whether a venue knows client ids.
const NAMES: u64 = 0x6e61_6d65_735f_6964;
/// One second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// No fault strikes while the first desk is being set up.
const QUIET: i64 = 2 * SECOND;
/// More jobs than any run needs; a run that reaches them feeds itself.
const JOBS_MAX: u64 = 150_000;

/// What travels to the venue.
#[derive(Debug)]
pub(crate) enum Request {
    Place(PlaceOrder),
    Replace(ReplaceOrder),
    Cancel(CancelOrder),
    SetTerms(SetTerms),
    LookUp(OrderRef),
    Recent(Timestamp),
    Snapshot(Timestamp),
}

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Job {
    /// A core is told something.
    Tell { p: usize, a: usize, input: Box<Input> },
    /// A core hears from the venue's stream, if its connection of that number still stands.
    Hear { p: usize, a: usize, link: u32, event: Box<VenueEvent> },
    /// A desk writes what its cores decided.
    Flush(usize),
    /// A desk carries an effect out.
    Act(usize),
    /// A desk carries an effect out that waited for its connection.
    SlowSend(usize),
    /// Time passes in a desk.
    Beat(usize),
    /// A desk extends its lease.
    Renew(usize),
    /// A desk connects an account to the venue.
    Connect { p: usize, a: usize },
    /// A request reaches the venue; without an answer the sender waits until `deadline`.
    Arrive { p: usize, a: usize, request: Box<Request>, answered: bool, deadline: i64 },
    /// The price of an instrument moves.
    Price(usize),
    /// A market closes or opens.
    Session(bool),
    /// The exchange rate moves.
    Rate,
    /// Somebody gives an order at the venue.
    ByHand { a: usize, order: Box<venue_sim::ExternalOrder> },
    /// Something happens at the venue without an order.
    Happening,
    /// A contract comes to its end.
    Expiry,
    /// Somebody does something.
    Somebody,
    /// Somebody repeats a request with the same key.
    Again(u64),
    /// Something goes wrong by itself.
    Mishap,
    /// A desk starts.
    Start,
    /// A desk that stood still goes on.
    Resume(usize),
    /// There is room on the disk again.
    Room,
    /// Somebody pulls or pulls again a kill that was not acknowledged.
    Kill(usize),
}

/// One account of the world.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) stream: StreamId,
    /// Somebody besides the desk traded or moved money, or the venue broke its word.
    pub(crate) touched: bool,
    /// The venue told that an order was over and it was not.
    pub(crate) misled: bool,
    /// Every position limit that was in force.
    pub(crate) position_limits: Vec<Option<Decimal>>,
    /// A kill that is wanted and not acknowledged.
    pub(crate) kill_wish: Option<path::policy::KillLevel>,
    /// What the venue lets it do.
    pub(crate) terms: AccountTerms,
}

/// How an account is secured at the venue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccountTerms {
    /// How many times its margin a position in a contract may be worth.
    pub(crate) leverage: Decimal,
    /// The venue lends for what is delivered.
    pub(crate) margin: bool,
    /// Each contract is secured alone.
    pub(crate) isolated: bool,
    /// Seconds by which its desk learns prices late.
    pub(crate) delay: u32,
}

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) now: i64,
    pub(crate) clock: Arc<AtomicI64>,
    queue: BTreeMap<(i64, u64), Job>,
    numbers: u64,
    jobs: u64,
    pub(crate) dice: Dice,
    pub(crate) profile: Profile,
    pub(crate) faults: BTreeMap<Fault, u64>,
    pub(crate) disk: Disk,
    pub(crate) exchange: Exchange,
    pub(crate) feed: Feed,
    pub(crate) procs: Vec<Process>,
    pub(crate) accounts: Vec<Account>,
    /// The simulator's own books of what is durable.
    pub(crate) durable: Vec<Ledger>,
    pub(crate) capabilities: Capabilities,
    pub(crate) desk_limits: DeskLimits,
    pub(crate) installation: InstallationId,
    pub(crate) watch: Watch,
    pub(crate) waiting: BTreeMap<u64, Waiting>,
    pub(crate) replies: u64,
    pub(crate) intents: u64,
    pub(crate) keys: u64,
    pub(crate) untrusted_until: i64,
    pub(crate) settling: bool,
    pub(crate) start_due: bool,
    pub(crate) old_events: VecDeque<(usize, VenueEvent)>,
    pub(crate) events: u64,
    pub(crate) starts: u64,
    /// Orders that arrived after the venue's acceptance window.
    pub(crate) too_late: BTreeSet<(AccountId, ClientOrderId)>,
    pub(crate) traced: Option<Vec<String>>,
}

impl World {
    /// An empty world of a seed.
    pub(crate) fn new(seed: u64, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut profile = Profile::draw(&mut dice);
        // From dice of its own, so that the worlds of venues with client ids stay what they were.
        let mut names = Dice::new(seed ^ NAMES);
        let client_ids = seed == 0 || !names.chance(250);
        if !client_ids {
            profile.draw_nameless(&mut names);
        }
        if seed == 0 {
            profile.calm();
        }
        let partial = dice.chance(profile.rate(Fault::PartialFills));
        let window = dice.between(2, 6);
        let capabilities = Capabilities {
            reduce_only: dice.chance(500),
            queues_when_closed: true,
            replace: dice.chance(500),
            groups: dice.chance(300),
            terms: true,
            extended_hours: false,
            client_ids,
            acceptance_window: domain::Nanos::from_secs(window),
        };
        let exchange = Exchange::new(&mut dice, partial, &capabilities);
        let feed = Feed::new(&mut dice, exchange.instruments.len());
        let installation = InstallationId::new("simsim").expect("a constant");
        Self {
            seed,
            now: EPOCH,
            clock: Arc::new(AtomicI64::new(EPOCH)),
            queue: BTreeMap::new(),
            numbers: 0,
            jobs: 0,
            dice,
            profile,
            faults: if partial { [(Fault::PartialFills, 1)].into() } else { BTreeMap::new() },
            disk: Disk::default(),
            exchange,
            feed,
            procs: Vec::new(),
            accounts: Vec::new(),
            durable: Vec::new(),
            capabilities,
            desk_limits: DeskLimits::default(),
            installation,
            watch: Watch::default(),
            waiting: BTreeMap::new(),
            replies: 0,
            intents: 0,
            keys: 0,
            untrusted_until: 0,
            settling: false,
            start_due: false,
            old_events: VecDeque::new(),
            events: 0,
            starts: 0,
            too_late: BTreeSet::new(),
            traced: traced.then(Vec::new),
        }
    }

    /// Adds a line to the trace, if one is kept.
    pub(crate) fn trace(&mut self, line: impl FnOnce() -> String) {
        let at = self.now - EPOCH;
        if let Some(lines) = &mut self.traced {
            let (secs, micros) = (at / SECOND, at % SECOND / 1_000);
            lines.push(format!("{secs:>4}.{micros:06} {}", line()));
        }
    }

    /// Decides whether a fault happens here, and counts it.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.profile.rate(fault);
        let quiet = self.now < EPOCH + QUIET;
        let strikes = rate > 0 && !quiet && self.dice.chance(rate);
        if strikes {
            *self.faults.entry(fault).or_default() += 1;
            self.trace(|| format!("FAULT {}", fault.name()));
        }
        strikes
    }

    /// Queues a job for an instant.
    pub(crate) fn at(&mut self, at: i64, job: Job) {
        self.numbers += 1;
        self.queue.insert((at.max(self.now), self.numbers), job);
    }

    /// Queues a job for later.
    pub(crate) fn after(&mut self, span: i64, job: Job) {
        self.at(self.now + span, job);
    }

    /// The clocks' readings.
    pub(crate) fn clocks(&self) -> Now {
        Now {
            at: Timestamp(self.now),
            wall: Timestamp(self.now),
            mono: Mono(self.now),
            trusted: self.now >= self.untrusted_until,
        }
    }

    /// Lets everything happen until an instant.
    pub(crate) fn run_until(&mut self, end: i64) {
        while let Some((key, _)) = self.queue.first_key_value() {
            let key = *key;
            if key.0 > end {
                break;
            }
            let Some(job) = self.queue.remove(&key) else { break };
            self.now = key.0;
            self.clock.store(self.now, Ordering::Relaxed);
            self.jobs += 1;
            if self.jobs > JOBS_MAX {
                return self
                    .violate(Invariant::Bounded, format!("{JOBS_MAX} jobs did not end the run"));
            }
            self.carry_out(job);
        }
        self.now = end;
        self.clock.store(end, Ordering::Relaxed);
    }

    fn carry_out(&mut self, job: Job) {
        let process = match &job {
            Job::Tell { p, .. }
            | Job::Hear { p, .. }
            | Job::Connect { p, .. }
            | Job::Flush(p)
            | Job::Act(p)
            | Job::SlowSend(p)
            | Job::Beat(p)
            | Job::Renew(p) => Some(*p),
            _ => None,
        };
        if let Some(p) = process {
            if self.procs[p].dead {
                return;
            }
            let until = self.procs[p].paused_until;
            if until > self.now {
                return self.at(until, job);
            }
        }
        match job {
            Job::Tell { p, a, input } => self.tell(p, a, *input),
            Job::Hear { p, a, link, event } => self.hear(p, a, link, *event),
            Job::Flush(p) => self.flush(p),
            Job::Act(p) => self.act(p),
            Job::SlowSend(p) => self.slow_send(p),
            Job::Beat(p) => self.beat(p),
            Job::Renew(p) => self.renew(p),
            Job::Connect { p, a } => self.connect(p, a),
            Job::Arrive { p, a, request, answered, deadline } => {
                self.arrive(p, a, *request, answered, deadline);
            }
            Job::Price(index) => self.price(index),
            Job::Session(open) => self.session(open),
            Job::Rate => self.rate(),
            Job::ByHand { a, order } => self.give_by_hand(a, &order),
            Job::Happening => self.happening(),
            Job::Expiry => self.expire(),
            Job::Somebody => self.somebody_acts(),
            Job::Again(reply) => self.again(reply),
            Job::Mishap => self.mishap(),
            Job::Start => self.start(),
            Job::Resume(p) => self.trace(|| format!("p{p} goes on")),
            Job::Room => self.room(),
            Job::Kill(a) => self.pull(a),
        }
    }

    /// The desk that people reach: the newest that lives and does not stand still.
    pub(crate) fn active(&self) -> Option<usize> {
        let p = self.procs.len().checked_sub(1)?;
        let process = &self.procs[p];
        (!process.dead && process.paused_until <= self.now).then_some(p)
    }

    /// Gives an answer to who asked.
    pub(crate) fn answer(&mut self, a: usize, id: u64, reply: &Reply) {
        self.trace(|| format!("  reply {id}: {reply:?}"));
        let waiting = self.waiting.get(&id).cloned();
        let must_pass = waiting.as_ref().is_some_and(|w| w.must_pass);
        self.watch_reply(a, must_pass, reply);
        self.answered(a, id, reply);
    }
}
