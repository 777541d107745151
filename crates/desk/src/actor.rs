//! One account's task: the only one that touches its core.
//!
//! It feeds commands, prices, venue messages and time to the core, hands each decision to the
//! journal's writer, and lets effects leave when the writer says that they are durable. When a
//! write fails it throws the decided state away, folds the journal anew, and tells the core again,
//! in order, every fact and every wish whose decision was lost: a fill that the venue told once
//! must count even when the disk was full at that moment. It must not judge anything itself.

mod again;
mod rest;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use path::{
    broker::{Broker, VenueEvent},
    budget::DeskBudget,
    commit::{Action, Committed},
    core::{Core, Input, Reply, ReplyId},
    journal::{JournalReader, StreamId},
    market::Now,
    wire::Wire,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    budget::SharedBudget,
    clock::Clock,
    error::DeskError,
    load, outside,
    ports::SaveSnapshot,
    quotes::Quotes,
    shared::Published,
    standing::Standing,
    writer::{ToActor, Writer, Written},
};

/// Commands that may wait.
pub(crate) const COMMANDS_MAX: usize = 4_096;
/// Venue messages that may wait.
pub(crate) const EVENTS_MAX: usize = 16_384;
/// Decisions that may be on their way to the disk.
const OUTSTANDING_MAX: usize = 1_024;
/// How often time is told.
const TICK: Duration = Duration::from_millis(100);
/// Failed writes in a row after which wishes are answered with the error.
const FAILURES_MAX: u32 = 3;
/// Pause before a journal that could not be read is read again.
const REREAD_EVERY: Duration = Duration::from_millis(250);
/// Records between snapshots.
const SNAPSHOT_EVERY: u64 = 2_000;

/// Who waits for a reply.
pub(crate) type Answer = oneshot::Sender<Result<Reply, DeskError>>;
/// Makes the input that a command stands for; called again after a failed write.
pub(crate) type MakeInput = Box<dyn Fn(Option<ReplyId>) -> Input + Send>;
/// Looks at the core.
pub(crate) type Look = Box<dyn FnOnce(&Core, Now, &mut dyn DeskBudget) + Send>;

/// What an account's task can be told.
pub(crate) enum Command {
    /// An input, and who waits for its reply.
    Input { make: MakeInput, answer: Option<Answer> },
    /// A wish that may open a position. The kill file is read before it is judged.
    Wish { make: MakeInput, answer: Answer },
    /// A look at the state.
    Look(Look),
    /// Somebody waits until nothing is under way.
    Rest(oneshot::Sender<()>),
}

/// How an account's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to.
    Stopped,
    /// Its journal is damaged or gone.
    Damaged,
    /// Another desk has the account.
    TakenOver,
}

/// What comes back from outside: outcomes of sends, answers to questions.
type Outcome = Input;

/// Everything that an account's task works with.
pub(crate) struct Parts {
    pub(crate) core: Core,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) writer: Writer,
    pub(crate) reader: Arc<dyn JournalReader + Send + Sync>,
    pub(crate) save_snapshot: SaveSnapshot,
    pub(crate) budget: SharedBudget,
    pub(crate) quotes: Arc<Quotes>,
    pub(crate) overflow: Arc<AtomicBool>,
    pub(crate) published: tokio::sync::broadcast::Sender<Arc<Published>>,
    pub(crate) kill_file: crate::killfile::KillFile,
}

pub(crate) struct Actor {
    parts: Parts,
    stream: StreamId,
    written: mpsc::UnboundedReceiver<(u64, Written)>,
    to_written: ToActor,
    outcomes: mpsc::Receiver<Outcome>,
    to_outcomes: mpsc::Sender<Outcome>,
    outstanding: BTreeMap<u64, Option<Input>>,
    next_serial: u64,
    failed: bool,
    failures: u32,
    waiting: BTreeMap<ReplyId, Waiting>,
    undecided: VecDeque<Undecided>,
    next_reply: u64,
    snapshot_at: u64,
    writable: bool,
    taken_over: bool,
    stopping: Option<oneshot::Sender<()>>,
    /// Sends and questions whose outcome is not in.
    outside: usize,
    resting: Vec<oneshot::Sender<()>>,
}

struct Waiting {
    make: MakeInput,
    answer: Answer,
}

/// What a failed write left to be decided again.
enum Undecided {
    Fact(Box<Input>),
    Wish(Waiting),
}

impl Actor {
    pub(crate) fn new(parts: Parts) -> Self {
        let (to_written, written) = mpsc::unbounded_channel();
        let (to_outcomes, outcomes) = mpsc::channel(1_024);
        let stream = StreamId::account(&parts.core.state().spec.id);
        let snapshot_at = parts.core.state().head.seq + SNAPSHOT_EVERY;
        Self {
            parts,
            stream,
            written,
            to_written,
            outcomes,
            to_outcomes,
            outstanding: BTreeMap::new(),
            next_serial: 1,
            failed: false,
            failures: 0,
            waiting: BTreeMap::new(),
            undecided: VecDeque::new(),
            next_reply: 1,
            snapshot_at,
            writable: true,
            taken_over: false,
            stopping: None,
            outside: 0,
            resting: Vec::new(),
        }
    }

    /// Runs until told to stop, or until another desk has taken the account over.
    pub(crate) async fn run(
        mut self,
        incarnation: u32,
        mut commands: mpsc::Receiver<Command>,
        mut stops: mpsc::Receiver<oneshot::Sender<()>>,
        mut events: mpsc::Receiver<VenueEvent>,
    ) -> End {
        let now = self.parts.clock.now();
        let batch = self.parts.core.start(incarnation, now, &mut self.parts.budget);
        self.hand_over(batch, None);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let calm = self.outstanding.len() < OUTSTANDING_MAX && !self.failed;
            // While nothing can be written, what the venue tells waits in its bounded queue.
            let stuck = self.failures > FAILURES_MAX && !self.undecided.is_empty();
            let room = calm && !stuck;
            let unfolded = self.failed && self.outstanding.is_empty();
            let go_on = tokio::select! {
                biased;
                Some((serial, written)) = self.written.recv() => self.on_written(serial, written),
                _ = tick.tick(), if calm && !self.parts.quotes.are_coming() => {
                    self.on_tick();
                    true
                }
                Some(input) = self.outcomes.recv(), if room => {
                    self.outside = self.outside.saturating_sub(1);
                    self.step(input);
                    true
                }
                Some(event) = events.recv(), if room => { self.step(Input::Venue(event)); true }
                Some(command) = commands.recv(), if calm && self.stopping.is_none() => {
                    self.on_command(command);
                    true
                }
                Some(stopped) = stops.recv(), if self.stopping.is_none() => {
                    self.stopping = Some(stopped);
                    true
                }
                () = self.parts.quotes.changed(), if room => { self.take_quotes(); true }
                () = tokio::time::sleep(REREAD_EVERY), if unfolded => self.rebuild(),
                else => false,
            };
            let done = self.stopping.is_some() && self.outstanding.is_empty() && !self.failed;
            if done || !go_on {
                break;
            }
            self.tell_rest(commands.is_empty() && events.is_empty());
        }
        let asked = self.stopping.take();
        let end = match (self.taken_over, &asked) {
            (true, _) => End::TakenOver,
            (false, Some(_)) => End::Stopped,
            (false, None) => End::Damaged,
        };
        if let Some(stopped) = asked {
            self.keep_snapshot();
            let _ = stopped.send(());
        }
        end
    }

    fn step(&mut self, input: Input) {
        let fact = again::fact(&input);
        self.step_keeping(input, fact);
    }

    fn step_keeping(&mut self, input: Input, fact: Option<Input>) {
        let now = self.parts.clock.now();
        let batch = self.parts.core.step(input, now, &mut self.parts.budget);
        self.hand_over(batch, fact);
    }

    fn hand_over(&mut self, batch: path::commit::Batch, fact: Option<Input>) {
        if !batch.is_empty() {
            let serial = self.next_serial;
            self.next_serial += 1;
            self.outstanding.insert(serial, fact);
            self.parts.writer.send(batch, serial, &self.to_written);
        }
    }

    fn on_tick(&mut self) {
        self.decide_again();
        let writable = self.parts.writer.is_writable();
        if writable != self.writable {
            self.writable = writable;
            self.step(Input::Journal { writable });
        }
        if self.parts.overflow.swap(false, Ordering::AcqRel) {
            tracing::warn!(stream = %self.stream, "venue messages were dropped: comparing anew");
            self.step(Input::Venue(VenueEvent::Disconnected));
            self.step(Input::Venue(VenueEvent::Connected));
        }
        self.step(Input::Tick);
    }

    fn take_quotes(&mut self) {
        for (instrument, quote) in self.parts.quotes.take() {
            self.step(Input::Quote { instrument, quote });
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Look(look) => {
                let now = self.parts.clock.now();
                look(&self.parts.core, now, &mut self.parts.budget);
            }
            Command::Input { make, answer: Some(answer) } => {
                self.decide(Waiting { make, answer });
            }
            Command::Input { make, answer: None } => self.step(make(None)),
            Command::Rest(answer) => {
                self.resting.retain(|waits| !waits.is_closed());
                self.resting.push(answer);
            }
            Command::Wish { make, answer } => {
                self.heed_kill_file();
                self.decide(Waiting { make, answer });
            }
        }
    }

    /// The kill file counts from the moment it exists, not from the next poll.
    fn heed_kill_file(&mut self) {
        let Some(level) = self.parts.kill_file.level() else { return };
        let standing = self.parts.core.state().kill.as_ref().map(|k| k.level);
        if standing.is_none_or(|s| s < level) && !self.kill_waits(level) {
            let epoch = self.parts.wire.epoch() + 1;
            self.parts.wire.raise_epoch(epoch);
            let by = crate::switch::file_origin();
            let reason = "kill file".to_owned();
            self.step(Input::Kill { level, epoch, by, reason, reply: None });
        }
    }

    fn decide(&mut self, waiting: Waiting) {
        let id = ReplyId(self.next_reply);
        self.next_reply += 1;
        let input = (waiting.make)(Some(id));
        self.waiting.insert(id, waiting);
        self.step_keeping(input, None);
    }

    /// The writer's answer. False ends the task.
    fn on_written(&mut self, serial: u64, written: Written) -> bool {
        let fact = self.outstanding.remove(&serial).flatten();
        match written {
            Ok(committed) => {
                if !committed.events.is_empty() {
                    self.failures = 0;
                }
                self.perform(committed);
            }
            Err(failed) => {
                if !self.on_failed(failed, fact) {
                    return false;
                }
            }
        }
        if self.failed && self.outstanding.is_empty() {
            return self.rebuild();
        }
        true
    }

    fn answer(&mut self, id: ReplyId, reply: Result<Reply, DeskError>) {
        if let Some(answer) = self.waiting.remove(&id).map(|w| w.answer) {
            let _ = answer.send(reply);
        }
    }

    fn perform(&mut self, committed: Committed) {
        let first = committed.head.seq + 1 - committed.events.len() as u64;
        committed.events.iter().for_each(|e| self.parts.standing.note(e, &self.parts.wire));
        if !committed.events.is_empty() {
            let published = Published {
                stream: committed.stream.clone(),
                first,
                events: committed.events,
                at: self.parts.clock.now().at,
            };
            // Nobody may be listening.
            let _ = self.parts.published.send(Arc::new(published));
        }
        for action in committed.actions {
            self.act(action);
        }
        if committed.head.seq >= self.snapshot_at && self.outstanding.is_empty() {
            self.keep_snapshot();
        }
    }

    fn keep_snapshot(&mut self) {
        let state = self.parts.core.state();
        self.snapshot_at = state.head.seq + SNAPSHOT_EVERY;
        if !self.parts.writer.is_writable() {
            return;
        }
        match load::snapshot(&self.stream, state) {
            Ok(snapshot) => (self.parts.save_snapshot)(snapshot),
            Err(error) => tracing::warn!(stream = %self.stream, %error, "no snapshot was made"),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Reply(id, reply) => self.answer(id, Ok(*reply)),
            other => {
                let (broker, wire) = (self.parts.broker.clone(), self.parts.wire.clone());
                self.outside += 1;
                outside::carry_out(other, broker, wire, self.to_outcomes.clone());
            }
        }
    }
}
