//! Closes of more than one position, and reversals: a close and then an entry.
//!
//! A reversal is two requests. The second is judged when the first is done, like any entry. It
//! must not know how a close proceeds.

use domain::{Activate, InstrumentId, Intent, Origin, Percent, Side};

use super::{Reply, ReplyId, Step, keys};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{ArmedAs, ClosePurpose, CloseStarted, Idempotency},
    gate,
    journal::Hash,
};

impl Step<'_> {
    /// Somebody wants a share of every managed position closed.
    pub(super) fn close_all(
        &mut self,
        only: Option<&InstrumentId>,
        share: Percent,
        origin: &Origin,
        reply: Option<ReplyId>,
    ) {
        let open = self.holdings(|id| only.is_none_or(|only| only == id));
        if open.is_empty() {
            let text = "No book holds anything of what is to be closed.";
            let refusal = Refusal::rule(RefusalCode::NothingToReduce, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        let (mut begun, mut refused) = (Vec::new(), Vec::new());
        for ((book, instrument), _) in open {
            let qty = match self.close_qty(&book, &instrument, share, origin) {
                Ok(qty) => qty,
                Err(refusal) => {
                    refused.push(refusal);
                    continue;
                }
            };
            let holding = (book.clone(), instrument.clone());
            let answer = self.close_or_join(holding, qty, origin.clone(), None);
            if let Reply::Closing { close, qty } = answer {
                begun.push((book, instrument, close, qty));
            }
        }
        let answer =
            if begun.is_empty() { Reply::Refused(refused) } else { Reply::ClosingAll(begun) };
        self.reply(reply, answer);
    }

    /// Somebody wants a position closed and the other direction opened.
    pub(super) fn reverse(&mut self, intent: Intent, reply: Option<ReplyId>) {
        let content = keys::content(&intent);
        if let Some(answer) = self.replay(&intent, &content) {
            return self.reply(reply, answer);
        }
        if intent.conditions.activate.waits() {
            return self.arm(intent, ArmedAs::Reversal, reply);
        }
        self.reverse_now(intent, content, reply);
    }

    /// A reversal begins.
    pub(super) fn reverse_now(&mut self, intent: Intent, content: Hash, reply: Option<ReplyId>) {
        let key = intent.idempotency_key.clone();
        if let Some(refusal) = self.cannot_reverse(&intent) {
            let class = self.class_of(&intent, std::slice::from_ref(&refusal));
            return self.refused(intent, class, vec![refusal], reply);
        }
        if let Some(running) = self.make_way(&intent.book, &intent.instrument) {
            return self.reply(reply, running);
        }
        let (book, instrument) = (intent.book.clone(), intent.instrument.clone());
        let (origin, id) = (intent.origin.clone(), self.next_close());
        let qty = self.state().backed(&book, &instrument);
        let mut then = Intent { idempotency_key: None, reduce_only: false, ..intent };
        then.conditions.activate = Activate::Now;
        let close = self.begin_close(CloseStarted {
            id,
            book,
            instrument,
            qty,
            origin,
            purpose: ClosePurpose::Request,
            target: None,
            then: Some(Box::new(then)),
            idempotency: key.map(|key| Idempotency { key, content }),
        });
        self.reply(reply, Reply::Closing { close, qty });
    }

    fn cannot_reverse(&self, intent: &Intent) -> Option<Refusal> {
        let state = self.state();
        let position = state.position(&intent.book, &intent.instrument);
        let held = !state.backed(&intent.book, &intent.instrument).is_zero();
        let reverses = Side::reducing(position) == Some(intent.side) && held;
        let nothing = || {
            let text = format!(
                "Book {} holds nothing of {} that a {} would turn around.",
                intent.book, intent.instrument, intent.side
            );
            Refusal::rule(RefusalCode::NothingToReduce, text)
        };
        let late = state.policy.data_delay_secs.is_some() && intent.kind.limit().is_none();
        let delayed = || {
            let code = RefusalCode::DelayedData;
            late.then(|| Refusal::rule(code, code.meaning()))
        };
        gate::door(&intent.origin).or_else(|| (!reverses).then(nothing)).or_else(delayed)
    }
}
