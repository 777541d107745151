//! One order in another one's place: the desk's own stops, and what people change of a working
//! order.
//!
//! The venue keeps one of the two, but until it has told the end of one, both are live here and
//! both are counted. It must not know why an order is changed.

use domain::{ClientOrderId, Intent, IntentId, OrderKind, Origin, Price, Qty, Size};

use super::{Reply, ReplyId, Step, close::reduction_body, system, system_intent};
use crate::{
    codes::{Refusal, RefusalCode},
    commit::Effect,
    event::{Event, OrderRecorded},
    gate::{self, Resolved, Verdict},
    state::Order,
    verbs::{Cleared, PlaceOrder, ReplaceOrder, RiskClass},
};

/// What somebody wants to be different about a working order. What is absent stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// The whole quantity, with what is filled already.
    pub qty: Option<Qty>,
    /// The limit price.
    pub limit: Option<Price>,
    /// The trigger price.
    pub trigger: Option<Price>,
}

impl Step<'_> {
    /// True when the venue can put another order in this one's place now.
    pub(super) fn can_replace(&self, order: &Order) -> bool {
        self.core.capabilities.replace
            && order.is_acknowledged()
            && order.end.is_none()
            && !order.unknown
            && !order.cancel_requested
            && order.replaced_by.is_none()
    }

    /// Puts a reducing order of the desk in another one's place. False when nothing was sent.
    pub(super) fn replace_reduction(&mut self, old: &Order, kind: OrderKind, qty: Qty) -> bool {
        let id = self.next_order_id();
        let Some(intent) = system_intent(&id) else { return false };
        let ctx = self.core.context(self.now);
        let Some(cleared) = gate::clear_replacement(&ctx, old, kind, qty, &id) else {
            return false;
        };
        let reference = ctx.market.mark(&old.instrument);
        let request = &cleared.request().order;
        let body = reduction_body(request, intent, &old.book, old.class, system());
        let replaces = Some(old.client_order_id.clone());
        let body = OrderRecorded { replaces, reference, ..body };
        self.send_replacement(cleared, body)
    }

    fn send_replacement(&mut self, cleared: Cleared<ReplaceOrder>, body: OrderRecorded) -> bool {
        let id = body.client_order_id.clone();
        if !self.emit(Event::OrderRecorded(Box::new(body))) {
            return false;
        }
        self.effects.push(Effect::Replace(cleared));
        self.inquire_later(&id);
        true
    }

    /// Somebody wants a working order changed.
    pub(super) fn replace_request(
        &mut self,
        id: &ClientOrderId,
        changes: Changes,
        (intent, origin): (IntentId, Origin),
        reply: Option<ReplyId>,
    ) {
        let wish = gate::door(&origin).map_or_else(|| self.changed(id, changes), Err);
        let (old, wish) = match wish {
            Ok((old, wish)) => (old, Intent { id: intent, origin, ..wish }),
            Err(refusal) => return self.reply(reply, Reply::Refused(vec![refusal])),
        };
        match self.judge_instead(&old, &wish) {
            Ok((resolved, cleared)) => self.record_change(&old, wish, &resolved, cleared, reply),
            Err(refusals) => self.refused(wish, old.class, refusals, reply),
        }
    }

    /// The order and the wish that it would be with the changes.
    fn changed(&self, id: &ClientOrderId, changes: Changes) -> Result<(Order, Intent), Refusal> {
        let no = |code: RefusalCode, text: String| Err(Refusal::rule(code, text));
        let Some(old) = self.state().orders.get(id).filter(|o| o.end.is_none()) else {
            let text = format!("The account has no live order {id}.");
            return no(RefusalCode::OrderUnknown, text);
        };
        if !self.core.capabilities.replace {
            return no(
                RefusalCode::ReplaceUnsupported,
                "The venue can't change orders.".to_owned(),
            );
        }
        if old.class == RiskClass::Protective || old.close.is_some() {
            let text = format!("Order {id} is the desk's own; change the position's plan instead.");
            return no(RefusalCode::ReplaceUnsupported, text);
        }
        if !self.can_replace(old) {
            let text = format!("Order {id} is {:?}: the venue has to answer first.", old.status());
            return no(RefusalCode::ReplacePending, text);
        }
        let kind = changed_kind(old.kind, changes)?;
        let total = changes.qty.unwrap_or(old.qty);
        if total <= old.filled {
            let text = format!("{} of order {id} are filled already.", old.filled);
            return no(RefusalCode::OrderShape, text);
        }
        let wish = Intent {
            id: old.intent.clone(),
            account: self.state().spec.id.clone(),
            book: old.book.clone(),
            instrument: old.instrument.clone(),
            side: old.side,
            size: Size::Quantity(total.minus(old.filled)),
            kind,
            tif: old.tif,
            post_only: old.post_only,
            reduce_only: old.class == RiskClass::Exit,
            protective: old.protective,
            conditions: old.conditions.clone(),
            origin: old.origin.clone(),
            idempotency_key: None,
        };
        Ok((old.clone(), wish))
    }

    /// Judges a wish as if the order whose place it takes were gone, since the venue keeps one of
    /// the two.
    fn judge_instead(
        &mut self,
        old: &Order,
        wish: &Intent,
    ) -> Result<(Resolved, Cleared<PlaceOrder>), Vec<Refusal>> {
        let touched = gate::Touched::Instrument(old.instrument.clone());
        self.core.state.set_aside(&old.client_order_id);
        self.core.figures.get_mut().touch(&touched);
        let verdict = self.judge_wish(wish);
        self.core.state.put_back(&old.client_order_id);
        self.core.figures.get_mut().touch(&touched);
        verdict
    }

    fn judge_wish(
        &mut self,
        wish: &Intent,
    ) -> Result<(Resolved, Cleared<PlaceOrder>), Vec<Refusal>> {
        let id = self.next_order_id();
        let ctx = self.core.context(self.now);
        let resolved = gate::resolve(&ctx, wish)?;
        match gate::judge(&ctx, wish, &resolved, &id, false, self.budget) {
            Verdict::Cleared(cleared) => Ok((resolved, cleared)),
            Verdict::Refused(refusals) => Err(refusals),
            Verdict::Held { notional, limit } => {
                let text = format!("A value of {notional} is above {limit} and needs approval.");
                Err(vec![Refusal::rule(RefusalCode::ReplaceNeedsApproval, text)])
            }
        }
    }

    fn record_change(
        &mut self,
        old: &Order,
        wish: Intent,
        resolved: &Resolved,
        cleared: Cleared<PlaceOrder>,
        reply: Option<ReplyId>,
    ) {
        let cleared = cleared.instead_of(old.client_order_id.clone(), old.venue_order_id.clone());
        let request = &cleared.request().order;
        let (id, qty) = (request.client_order_id.clone(), request.qty);
        let body = OrderRecorded {
            client_order_id: id.clone(),
            intent: wish.id,
            book: wish.book,
            instrument: wish.instrument,
            side: wish.side,
            qty,
            kind: resolved.kind,
            tif: wish.tif,
            post_only: wish.post_only,
            reduce_only: request.reduce_only,
            class: resolved.class,
            origin: wish.origin,
            protective: old.protective,
            conditions: wish.conditions,
            replaces: Some(old.client_order_id.clone()),
            close: None,
            reference: resolved.reference,
            notional: resolved.notional,
            idempotency: None,
        };
        if !self.send_replacement(cleared, body) {
            return self.reply(reply, Reply::Refused(vec![super::submit::unrecorded()]));
        }
        let class = resolved.class;
        self.reply(reply, Reply::Recorded { order: id, class, qty, replayed: false });
    }

    /// A fill of an order that is being replaced makes the successor too large by it. What the
    /// venue did not take into account is taken back; a stop is then placed anew.
    pub(super) fn filled_while_replaced(&mut self, id: &ClientOrderId) {
        let Some(old) = self.state().orders.get(id) else { return };
        let mut successor = old.replaced_by.as_ref().and_then(|new| self.state().orders.get(new));
        while let Some(next) = successor.filter(|s| s.end.is_some()) {
            successor = next.replaced_by.as_ref().and_then(|new| self.state().orders.get(new));
        }
        let Some(new) = successor else { return };
        let new = new.client_order_id.clone();
        let text = format!("Order {id} filled while {new} took its place: {new} is cancelled.");
        self.alarm("replaced_while_filling", text);
        self.cancel_by_desk(&new, "the order that it replaces filled meanwhile");
    }
}

fn changed_kind(old: OrderKind, changes: Changes) -> Result<OrderKind, Refusal> {
    let Changes { limit: new_limit, trigger: new_trigger, .. } = changes;
    let unfit = |what: &str| {
        let text = format!("A {} order has no {what} to change.", old.name());
        Err(Refusal::rule(RefusalCode::OrderShape, text))
    };
    Ok(match old {
        OrderKind::Market | OrderKind::Stop { .. } if new_limit.is_some() => return unfit("limit"),
        OrderKind::Market | OrderKind::Limit { .. } if new_trigger.is_some() => {
            return unfit("trigger");
        }
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: new_limit.unwrap_or(limit) },
        OrderKind::Stop { trigger } => OrderKind::Stop { trigger: new_trigger.unwrap_or(trigger) },
        OrderKind::StopLimit { trigger, limit } => OrderKind::StopLimit {
            trigger: new_trigger.unwrap_or(trigger),
            limit: new_limit.unwrap_or(limit),
        },
    })
}
