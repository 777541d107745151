//! A wish to trade: idempotency, resolution, judgement, record.
//!
//! It must not know what a venue answers.

use domain::{ClientOrderId, Intent, Origin, Qty, Side};

use super::{
    Input, Reply, ReplyId, Step, keys::content, kill::not_an_operator, live::RefusalRate, system,
};
use crate::{
    codes::{Refusal, RefusalCode},
    commit::Effect,
    event::{
        ArmedAs, CancelRecorded, Event, HoldDecision, HoldResolved, Idempotency, IntentRefused,
        OrderHeld, OrderRecorded, RefusalsCounted,
    },
    gate::{self, Verdict},
    journal::Hash,
    verbs::RiskClass,
};

/// Refusals of one source that are recorded one by one within a minute.
const REFUSALS_RECORDED_MAX: u32 = 30;
/// The span of that count.
const REFUSAL_WINDOW: domain::Nanos = domain::Nanos::from_secs(60);

impl Step<'_> {
    pub(super) fn submit(&mut self, intent: Intent, reply: Option<ReplyId>, approved: bool) {
        let content = content(&intent);
        if let Some(answer) = self.replay(&intent, &content) {
            return self.reply(reply, answer);
        }
        if intent.conditions.activate.waits() {
            return self.arm(intent, ArmedAs::Order, reply);
        }
        self.submit_now(intent, content, reply, approved);
    }

    /// A wish is resolved, judged and recorded.
    pub(super) fn submit_now(
        &mut self,
        intent: Intent,
        content: Hash,
        reply: Option<ReplyId>,
        approved: bool,
    ) {
        let resolved = match gate::resolve(&self.core.context(self.now), &intent) {
            Ok(resolved) => resolved,
            Err(refusals) => {
                let class = self.class_of(&intent, &refusals);
                return self.refused(intent, class, refusals, reply);
            }
        };
        if resolved.needs_close {
            let refusals = gate::shape(&intent, &resolved);
            if !refusals.is_empty() {
                return self.refused(intent, RiskClass::Exit, refusals, reply);
            }
            return self.submit_close(intent, resolved.qty, content, reply);
        }
        let id = self.next_order_id();
        let ctx = self.core.context(self.now);
        match gate::judge(&ctx, &intent, &resolved, &id, approved, self.budget) {
            Verdict::Refused(refusals) => self.refused(intent, resolved.class, refusals, reply),
            Verdict::Held { notional, limit } => self.hold(intent, notional, limit, reply),
            Verdict::Cleared(cleared) => {
                self.judge_again(&intent, &resolved, &id);
                let request = cleared.request();
                let (class, qty) = (resolved.class, request.qty);
                let reduce_only = request.reduce_only;
                let key = intent.idempotency_key.clone();
                let body = OrderRecorded {
                    client_order_id: id.clone(),
                    intent: intent.id,
                    book: intent.book,
                    instrument: intent.instrument,
                    side: intent.side,
                    qty,
                    kind: resolved.kind,
                    tif: intent.tif,
                    post_only: intent.post_only,
                    reduce_only,
                    class,
                    origin: intent.origin,
                    protective: resolved.protective,
                    conditions: intent.conditions,
                    replaces: None,
                    close: None,
                    reference: resolved.reference,
                    notional: resolved.notional,
                    idempotency: key.map(|key| Idempotency { key, content }),
                };
                if !self.emit(Event::OrderRecorded(Box::new(body))) {
                    return self.reply(reply, Reply::Refused(vec![unrecorded()]));
                }
                self.effects.push(Effect::Place(cleared));
                self.inquire_later(&id);
                self.reply(reply, Reply::Recorded { order: id, class, qty, replayed: false });
            }
        }
    }

    /// The class of a wish that could not be resolved: an exit when it could only have reduced.
    pub(super) fn class_of(&self, intent: &Intent, refusals: &[Refusal]) -> RiskClass {
        let position = self.state().position(&intent.book, &intent.instrument);
        let reduces = intent.reduce_only || Side::reducing(position) == Some(intent.side);
        let for_exits = refusals.iter().all(|r| r.code.classes().contains(&RiskClass::Exit));
        if reduces && for_exits { RiskClass::Exit } else { RiskClass::Entry }
    }

    fn submit_close(&mut self, intent: Intent, qty: Qty, content: Hash, reply: Option<ReplyId>) {
        let key = intent.idempotency_key.map(|key| Idempotency { key, content });
        let holding = (intent.book, intent.instrument);
        let answer = self.close_or_join(holding, qty, intent.origin, key);
        self.reply(reply, answer);
    }

    fn hold(
        &mut self,
        intent: Intent,
        notional: rust_decimal::Decimal,
        limit: rust_decimal::Decimal,
        reply: Option<ReplyId>,
    ) {
        let wait = domain::Nanos::from_secs(i64::from(self.state().policy.hold_secs));
        let expires_at = self.now.wall.plus(wait);
        let id = intent.id.clone();
        let intent = Box::new(intent);
        self.emit(Event::OrderHeld(OrderHeld { intent, notional, limit, expires_at }));
        self.reply(reply, Reply::Held { intent: id, notional, limit, expires_at });
    }

    /// Decides about a request that waits. The gate judges it anew at the price of now.
    pub(super) fn decide(
        &mut self,
        hold: &domain::IntentId,
        approve: bool,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        let Some(waiting) = self.state().holds.get(hold).cloned() else {
            let text = format!("Nothing with id {hold} waits.");
            let refusal = Refusal::rule(RefusalCode::ApprovalUnknown, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        };
        if approve && let Some(refusal) = not_an_operator(&by) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        // Whoever asked may take it back, and nothing more.
        let asked = waiting.intent.origin.names().any(|(_, name)| *name == by.principal);
        if approve && asked {
            let text = format!("{} asked for it.", by.principal);
            let refusal = Refusal::rule(RefusalCode::ApproverIsOrigin, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        let decision = if approve { HoldDecision::Approved } else { HoldDecision::Declined };
        let intent = hold.clone();
        self.emit(Event::HoldResolved(HoldResolved { intent, decision, by: Some(by) }));
        if approve {
            self.submit(waiting.intent, reply, true);
        } else {
            self.reply(reply, Reply::Done);
        }
    }

    pub(super) fn lapse_holds(&mut self) {
        let now = self.now.wall;
        let lapsed: Vec<_> = self
            .state()
            .holds
            .iter()
            .filter(|(_, h)| h.expires_at <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for intent in lapsed {
            let decision = HoldDecision::Lapsed;
            self.emit(Event::HoldResolved(HoldResolved { intent, decision, by: None }));
        }
    }

    /// Answers with a refusal and records it, up to a rate per source.
    pub(super) fn refused(
        &mut self,
        intent: Intent,
        class: RiskClass,
        refusals: Vec<Refusal>,
        reply: Option<ReplyId>,
    ) {
        let now = self.now.mono;
        let origin = intent.origin.clone();
        let rate = self.core.live.refusals.entry(origin.principal.clone()).or_insert_with(|| {
            RefusalRate { origin, since: now, recorded: 0, counted: 0, codes: Vec::new() }
        });
        if rate.recorded < REFUSALS_RECORDED_MAX {
            rate.recorded += 1;
            let intent = Box::new(intent);
            let refusals = refusals.clone();
            self.emit(Event::IntentRefused(IntentRefused { intent, class, refusals }));
        } else {
            rate.counted += 1;
            for refusal in &refusals {
                if !rate.codes.contains(&refusal.code) {
                    rate.codes.push(refusal.code);
                }
            }
        }
        self.reply(reply, Reply::Refused(refusals));
    }

    /// Records what was only counted, once its minute is over.
    pub(super) fn flush_refusals(&mut self) {
        let now = self.now.mono;
        let over: Vec<_> = self
            .core
            .live
            .refusals
            .iter()
            .filter(|(_, r)| now.since(r.since) >= REFUSAL_WINDOW)
            .map(|(principal, _)| principal.clone())
            .collect();
        for principal in over {
            let Some(rate) = self.core.live.refusals.remove(&principal) else { continue };
            if rate.counted > 0 {
                let RefusalRate { origin, counted: count, codes, .. } = rate;
                self.emit(Event::RefusalsCounted(RefusalsCounted { origin, count, codes }));
            }
        }
    }

    /// Somebody wants an order gone.
    pub(super) fn cancel_request(
        &mut self,
        id: &ClientOrderId,
        origin: &Origin,
        accept_unprotected: bool,
        reply: Option<ReplyId>,
    ) {
        let refusal = match self.state().orders.get(id) {
            Some(order) if order.end.is_none() => {
                gate::clear_cancel(&self.core.context(self.now), order, origin, accept_unprotected)
                    .err()
            }
            Some(order) => {
                let text = format!("Order {id} has ended: {:?}.", order.status());
                Some(Refusal::rule(RefusalCode::OrderUnknown, text))
            }
            None => {
                let text = format!("The account has no order {id}.");
                Some(Refusal::rule(RefusalCode::OrderUnknown, text))
            }
        };
        if let Some(refusal) = gate::door(origin).or(refusal) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        self.drop_plan_with(id);
        self.send_cancel(id, origin, accept_unprotected, "request");
        self.reply(reply, Reply::Done);
    }

    /// An operator who cancels a stop wants the position to stand without it.
    fn drop_plan_with(&mut self, id: &ClientOrderId) {
        let Some(order) = self.state().orders.get(id) else { return };
        if order.class != RiskClass::Protective {
            return;
        }
        let (book, instrument) = (order.book.clone(), order.instrument.clone());
        let protective = domain::Protective::default();
        let by = system();
        let plan = crate::event::PlanSet { book, instrument, protective, by };
        self.emit(Event::PlanSet(plan));
    }

    /// Records and sends a cancel. It may be repeated until the order has ended.
    pub(super) fn send_cancel(
        &mut self,
        id: &ClientOrderId,
        origin: &Origin,
        accept_unprotected: bool,
        reason: &str,
    ) {
        // An order that ended has nothing to cancel, even while its last fills are awaited.
        let live = self.state().orders.get(id);
        let Some(order) = live.filter(|o| o.end.is_none() || o.resurfaced.is_some()) else {
            return;
        };
        let ctx = self.core.context(self.now);
        let Ok(cleared) = gate::clear_cancel(&ctx, order, origin, accept_unprotected) else {
            return;
        };
        let (waits, asked) = (self.lacks_name(order), order.cancel_requested);
        if waits && asked {
            return;
        }
        let body = CancelRecorded {
            client_order_id: id.clone(),
            origin: origin.clone(),
            reason: reason.to_owned(),
        };
        // An order without a name at the venue is cancelled as soon as it has one.
        if !self.emit(Event::CancelRecorded(body)) || waits {
            return;
        }
        self.effects.push(Effect::Cancel(cleared));
        let now = self.now.mono;
        let retry = self
            .core
            .live
            .cancels
            .entry(id.clone())
            .or_insert(super::live::Retry { count: 0, next: now });
        retry.again(now, super::duties::CANCEL_RETRY);
    }

    /// As [`Step::send_cancel`], by the desk itself, unless one is under way.
    pub(super) fn cancel_by_desk(&mut self, id: &ClientOrderId, reason: &str) {
        let due = self.core.live.cancels.get(id).is_none_or(|r| r.next <= self.now.mono);
        if due {
            self.send_cancel(id, &system(), true, reason);
        }
    }
}

/// What can't be recorded is never sent.
pub(super) fn unrecorded() -> Refusal {
    let text = "The order does not fit the books, so it was neither recorded nor sent.";
    Refusal::rule(RefusalCode::JournalUnavailable, text)
}

/// Submitting needs no more than the intent; kept so that doors need not know [`Input`]'s fields.
impl From<Intent> for Input {
    fn from(intent: Intent) -> Self {
        Self::Submit { intent: Box::new(intent), reply: None }
    }
}
