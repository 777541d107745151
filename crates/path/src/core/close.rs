//! The compound close: take what blocks the way out, close, and let protection return.
//!
//! A venue without linked orders holds a position's quantity for its stop, so a market close must
//! first see the stop gone. If the close then fails, the protection duty puts the stop back. It
//! must not know why a position is closed.

use domain::{
    Activate, BookId, InstrumentId, IntentId, Nanos, OrderKind, Origin, Percent, Protective, Qty,
    Side,
};

use super::{
    Reply, ReplyId, Step,
    live::{CloseTimer, Holding},
    system_intent,
};
use crate::{
    codes::{Refusal, RefusalCode},
    commit::Effect,
    event::{CloseEnded, ClosePurpose, CloseStarted, Event, Idempotency, OrderRecorded},
    gate::{self, Reduction},
    journal::Hash,
    state::{Close, Order},
    verbs::{PlaceOrder, RiskClass},
};

/// A close is given up after this span; then the stop comes back.
const CLOSE_WITHIN: Nanos = Nanos::from_secs(15);
/// Pause between attempts.
const CLOSE_RETRY: Nanos = Nanos::from_secs(1);
/// Orders that one close may send without filling anything.
const CLOSE_ATTEMPTS_MAX: u32 = 5;

/// Why a position is closed, and which partial target that takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) purpose: ClosePurpose,
    pub(super) target: Option<u8>,
}

impl Cause {
    pub(super) fn of(purpose: ClosePurpose) -> Self {
        Self { purpose, target: None }
    }
}

/// The content that an idempotency key of a close stands for.
pub(super) fn content((book, instrument): &Holding, share: Percent, activate: Activate) -> Hash {
    let when = match activate {
        Activate::Now => "",
        Activate::NextOpen => "|next_open",
        Activate::NextPrice => "|next_price",
    };
    Hash::of(format!("close|{book}|{instrument}|{share}{when}").as_bytes())
}

impl Step<'_> {
    /// The close under way for a position.
    pub(super) fn closing(&self, book: &BookId, instrument: &InstrumentId) -> Option<u64> {
        let matches = |c: &&Close| &c.book == book && &c.instrument == instrument;
        self.state().closes.values().find(matches).map(|c| c.id)
    }

    /// Somebody wants a share of a position closed. The same key never closes twice.
    pub(super) fn close_request(
        &mut self,
        (book, instrument): Holding,
        (share, activate): (Percent, Activate),
        key: Option<String>,
        origin: Origin,
        reply: Option<ReplyId>,
    ) {
        let (holding, by) = ((book.clone(), instrument.clone()), &origin.principal);
        let content = content(&holding, share, activate);
        let before = key.as_ref().and_then(|k| {
            let waiting = self.replay_waiting(by, k, &content);
            waiting.or_else(|| self.replay_key(by, k, &content))
        });
        if let Some(answer) = before {
            return self.reply(reply, answer);
        }
        let qty = match self.close_qty(&book, &instrument, share, &origin) {
            Ok(qty) => qty,
            Err(refusal) => return self.reply(reply, Reply::Refused(vec![refusal])),
        };
        if activate.waits() {
            return self.arm_close(holding, (share, qty, activate), key, origin, reply);
        }
        let key = key.map(|key| Idempotency { key, content });
        let answer = self.close_or_join(holding, qty, origin, key);
        self.reply(reply, answer);
    }

    /// Begins a close that somebody asks for, or joins one under way that does as much.
    pub(super) fn close_or_join(
        &mut self,
        (book, instrument): Holding,
        qty: Qty,
        origin: Origin,
        key: Option<Idempotency>,
    ) -> Reply {
        if let Some(running) = self.enough_under_way(&book, &instrument, qty) {
            return running;
        }
        let cause = Cause::of(ClosePurpose::Request);
        let close = self.start_close((book, instrument), qty, origin, cause, key);
        Reply::Closing { close, qty }
    }

    /// How much of a position a share of it is.
    pub(super) fn close_qty(
        &self,
        book: &BookId,
        instrument: &InstrumentId,
        share: Percent,
        origin: &Origin,
    ) -> Result<Qty, Refusal> {
        if let Some(refusal) = gate::door(origin) {
            return Err(refusal);
        }
        let whole = self.state().backed(book, instrument);
        let rules = self.state().instruments.get(instrument);
        let (Some(rules), false) = (rules, whole.is_zero() || book.is_unmanaged()) else {
            let text = format!("Book {book} holds nothing of {instrument}.");
            return Err(Refusal::rule(RefusalCode::NothingToReduce, text));
        };
        if share == Percent::basis_points(0) {
            let text = "A share of nothing closes nothing.";
            return Err(Refusal::rule(RefusalCode::OrderShape, text));
        }
        let all = share >= Percent::basis_points(10_000);
        Ok(if all { whole } else { gate::exit_part(rules, whole.percent(share), whole) })
    }

    /// The answer to a request for a close of so much while one that does as much is under way. A
    /// smaller one, and one after which a position would be opened, ends here: what it has sent
    /// counts for what follows.
    fn enough_under_way(
        &mut self,
        book: &BookId,
        instrument: &InstrumentId,
        qty: Qty,
    ) -> Option<Reply> {
        let close = self.closing(book, instrument)?;
        let running = self.state().closes.get(&close)?.clone();
        if running.then.is_none() && running.qty.minus(running.closed) >= qty {
            return Some(Reply::Closing { close, qty: running.qty });
        }
        self.supersede(&running, "another close takes its place");
        None
    }

    /// Makes way for a close that goes on with something else. The answer, when that goes on
    /// already.
    pub(super) fn make_way(&mut self, book: &BookId, instrument: &InstrumentId) -> Option<Reply> {
        let close = self.closing(book, instrument)?;
        let running = self.state().closes.get(&close)?.clone();
        if running.then.is_some() {
            return Some(Reply::Closing { close, qty: running.qty });
        }
        self.supersede(&running, "a reversal takes its place");
        None
    }

    /// Ends a close for the sake of another one. Nobody looks after its orders any more, so they
    /// are taken back; what fills before that counts.
    fn supersede(&mut self, running: &Close, why: &str) {
        let sent = self.state().live_in(&running.book, &running.instrument);
        let sent = sent.filter(|o| o.close == Some(running.id) && o.end.is_none());
        let sent: Vec<_> = sent.map(|o| o.client_order_id.clone()).collect();
        self.end_close(running, false, why);
        for order in sent {
            self.cancel_by_desk(&order, why);
        }
    }

    pub(super) fn start_close(
        &mut self,
        (book, instrument): Holding,
        qty: Qty,
        origin: Origin,
        Cause { purpose, target }: Cause,
        idempotency: Option<Idempotency>,
    ) -> u64 {
        let id = self.next_close();
        let then = None;
        let body =
            CloseStarted { id, book, instrument, qty, origin, purpose, target, then, idempotency };
        self.begin_close(body)
    }

    /// Records a close that begins; it moves on in this step's duties.
    pub(super) fn begin_close(&mut self, body: CloseStarted) -> u64 {
        let id = body.id;
        if body.purpose == ClosePurpose::Request {
            self.core.live.dust.remove(&(body.book.clone(), body.instrument.clone()));
        }
        self.emit(Event::CloseStarted(body));
        let now = self.now.mono;
        let timer = CloseTimer { deadline: now.plus(CLOSE_WITHIN), next: now };
        self.core.live.closes.insert(id, timer);
        id
    }

    /// Moves every close on by what can be done now.
    pub(super) fn advance_closes(&mut self) {
        let closes: Vec<Close> = self.state().closes.values().cloned().collect();
        for close in closes {
            self.advance_close(&close);
        }
    }

    fn advance_close(&mut self, close: &Close) {
        let now = self.now.mono;
        let fresh = CloseTimer { deadline: now.plus(CLOSE_WITHIN), next: now };
        let timer = *self.core.live.closes.entry(close.id).or_insert(fresh);
        let position = self.state().backed(&close.book, &close.instrument);
        let left = close.qty.minus(close.closed).min_of(position);
        let own: Vec<Order> = self
            .state()
            .live_in(&close.book, &close.instrument)
            .filter(|o| o.close == Some(close.id))
            .cloned()
            .collect();
        let late = now >= timer.deadline;
        if let Some(order) = own.first() {
            if late && order.end.is_none() {
                let id = order.client_order_id.clone();
                self.cancel_by_desk(&id, "the close took too long");
            }
            return;
        }
        if left.is_zero() {
            return self.end_close(close, true, "closed");
        }
        if late || close.attempts >= CLOSE_ATTEMPTS_MAX {
            let text =
                format!("{left} of {} in book {} is still open", close.instrument, close.book);
            self.alarm("close_failed", format!("A close did not finish: {text}."));
            return self.end_close(close, false, &text);
        }
        if timer.next > now {
            return;
        }
        if self.clear_the_way(close, left) {
            self.send_close(close, left);
        }
    }

    fn end_close(&mut self, close: &Close, done: bool, text: &str) {
        let body = CloseEnded { id: close.id, done, text: text.to_owned() };
        let ended = self.emit(Event::CloseEnded(body));
        self.core.live.closes.remove(&close.id);
        if let Some(then) = close.then.as_ref().filter(|_| ended && done) {
            self.submit((**then).clone(), None, false);
        }
    }

    /// Cancels resting exits that hold the quantity. True when nothing blocks any more.
    fn clear_the_way(&mut self, close: &Close, left: Qty) -> bool {
        if self.state().reducible(&close.book, &close.instrument) >= left {
            return true;
        }
        let position = self.state().position(&close.book, &close.instrument);
        let side = Side::reducing(position);
        let blocking: Vec<Order> = self
            .state()
            .live_in(&close.book, &close.instrument)
            .filter(|o| Some(o.side) == side && o.close.is_none())
            .cloned()
            .collect();
        let kept = self.state().backed(&close.book, &close.instrument).minus(left);
        if self.shrink_stop(&blocking, kept) {
            return false;
        }
        for order in blocking.iter().filter(|o| !o.cancel_requested) {
            self.cancel_by_desk(&order.client_order_id, "makes way for a close");
        }
        false
    }

    fn send_close(&mut self, close: &Close, qty: Qty) {
        let Some(instrument) = self.state().instruments.get(&close.instrument).cloned() else {
            return;
        };
        let reduction = Reduction {
            instrument,
            book: close.book.clone(),
            qty,
            kind: OrderKind::Market,
            class: RiskClass::Exit,
        };
        let origin = close.origin.clone();
        self.send_reduction(&reduction, origin, Some(close.id));
        let next = self.now.mono.plus(CLOSE_RETRY);
        if let Some(timer) = self.core.live.closes.get_mut(&close.id) {
            timer.next = next;
        }
    }

    /// Clears, records and sends an order of the desk that only reduces.
    pub(super) fn send_reduction(
        &mut self,
        reduction: &Reduction,
        origin: Origin,
        close: Option<u64>,
    ) {
        let id = self.next_order_id();
        let ctx = self.core.context(self.now);
        let Some(cleared) = gate::clear_reduction(&ctx, reduction, &id) else { return };
        let reference = ctx.market.mark(&reduction.instrument.id);
        let request = cleared.request();
        let Some(intent) = system_intent(&id) else { return };
        let body = reduction_body(request, intent, &reduction.book, reduction.class, origin);
        let body = OrderRecorded { close, reference, ..body };
        if self.emit(Event::OrderRecorded(Box::new(body))) {
            self.effects.push(Effect::Place(cleared));
            self.inquire_later(&id);
        }
    }
}

/// The record of an order that only reduces, as far as every such record is alike.
pub(super) fn reduction_body(
    request: &PlaceOrder,
    intent: IntentId,
    book: &BookId,
    class: RiskClass,
    origin: Origin,
) -> OrderRecorded {
    OrderRecorded {
        client_order_id: request.client_order_id.clone(),
        intent,
        book: book.clone(),
        instrument: request.instrument.clone(),
        side: request.side,
        qty: request.qty,
        kind: request.kind,
        tif: request.tif,
        post_only: request.post_only,
        reduce_only: request.reduce_only,
        class,
        origin,
        protective: Protective::default(),
        conditions: request.conditions.clone(),
        replaces: None,
        close: None,
        reference: None,
        notional: None,
        idempotency: None,
    }
}
