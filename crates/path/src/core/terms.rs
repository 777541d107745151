//! Another policy, and the terms in it that the venue has to agree to first.
//!
//! A change of terms is a request to the venue like an order: judged, recorded, sent once, and
//! unknown until it is answered. What holds is told by the venue with every snapshot, so a lost
//! answer is found. Until then the old policy holds. It must not know how a venue grants terms.

use domain::{ClientOrderId, Origin};

use super::{Reply, ReplyId, Step, kill::not_an_operator};
use crate::{
    broker::{TermsOutcome, VenueSnapshot},
    codes::{Refusal, RefusalCode},
    commit::Effect,
    event::{Event, PolicySet, TermsRefused, TermsRequested},
    gate::{self, SEND_WITHIN},
    policy::Policy,
    terms::Terms,
    wire::Mono,
};

/// Complete answers with the old terms, after the acceptance window, from which on the request is
/// taken for never arrived.
const ABSENT_MIN: u8 = 2;

/// What is known and being found out about the terms.
#[derive(Debug, Default)]
pub(super) struct TermsWatch {
    /// When the request under way may have been sent at the latest.
    sent: Option<Mono>,
    /// Answers after the acceptance window that showed the old terms.
    absent: u8,
    /// When they were last asked for or settled: what was asked before then tells nothing.
    since: Option<Mono>,
    /// What the venue told last.
    told: Option<Terms>,
    /// Terms of the venue that are not the policy's, and were named.
    named: Option<Terms>,
}

impl Step<'_> {
    /// Replaces the policy: at once, or when the venue has agreed to the terms in it.
    pub(super) fn set_policy(&mut self, policy: Policy, by: Origin, reply: Option<ReplyId>) {
        if let Some(refusal) = not_an_operator(&by) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        if self.state().terms_asked.is_some() {
            let code = RefusalCode::TermsPending;
            return self.reply(reply, Reply::Refused(vec![Refusal::rule(code, code.meaning())]));
        }
        let (wanted, told) = (Terms::of(&policy), self.core.live.terms.told);
        let same = wanted == Terms::of(&self.state().policy) && told.is_none_or(|t| t == wanted);
        if same || !self.core.capabilities.terms {
            self.emit(Event::PolicySet(PolicySet { policy, by }));
            return self.reply(reply, Reply::Done);
        }
        let request = self.next_order_id();
        let ctx = self.core.context(self.now);
        let cleared = match gate::clear_terms(&ctx, (wanted, told), &request) {
            Ok(cleared) => cleared,
            Err(refusals) => return self.reply(reply, Reply::Refused(refusals)),
        };
        let body = TermsRequested { client_order_id: request.clone(), policy, by };
        if self.emit(Event::TermsRequested(body)) {
            self.effects.push(Effect::SetTerms(cleared));
            let now = self.now.mono;
            let (sent, since) = (Some(now.plus(SEND_WITHIN)), Some(now));
            self.core.live.terms = TermsWatch { sent, since, told, ..TermsWatch::default() };
            self.reply(reply, Reply::TermsAsked { request });
        }
    }

    /// The answer to a request for other terms.
    pub(super) fn terms_answered(&mut self, request: &ClientOrderId, outcome: TermsOutcome) {
        let asked = self.state().terms_asked.as_ref();
        if asked.is_none_or(|asked| asked.client_order_id != *request) {
            return;
        }
        match outcome {
            TermsOutcome::Accepted => self.terms_agreed(),
            TermsOutcome::Rejected { text } => self.terms_refused(text),
            TermsOutcome::NotSent(reason) => self.terms_refused(reason.to_string()),
            TermsOutcome::Unknown { .. } => self.compare_soon(),
        }
    }

    fn terms_agreed(&mut self) {
        if let Some(TermsRequested { policy, by, .. }) = self.state().terms_asked.clone() {
            self.core.live.terms.told = Some(Terms::of(&policy));
            self.core.live.terms.since = Some(self.now.mono);
            self.emit(Event::PolicySet(PolicySet { policy, by }));
        }
    }

    fn terms_refused(&mut self, text: String) {
        if let Some(TermsRequested { client_order_id, .. }) = self.state().terms_asked.clone() {
            self.core.live.terms.since = Some(self.now.mono);
            self.emit(Event::TermsRefused(TermsRefused { client_order_id, text }));
        }
    }

    /// Compares the terms that the venue tells with those that are asked for, or are the policy's.
    pub(super) fn compare_terms(&mut self, snapshot: &VenueSnapshot, asked: Mono) {
        let Some(told) = snapshot.terms else { return };
        if self.core.live.terms.since.is_some_and(|since| asked <= since) {
            return;
        }
        self.core.live.terms.told = Some(told);
        let Some(wish) = self.state().terms_asked.as_ref() else {
            return self.name_other_terms(told);
        };
        if Terms::of(&wish.policy) == told {
            return self.terms_agreed();
        }
        // After a restart the request may have left just before.
        let latest = self.now.mono.plus(SEND_WITHIN);
        let window = self.window();
        let watch = &mut self.core.live.terms;
        let sent = *watch.sent.get_or_insert(latest);
        if snapshot.complete && asked.since(sent) >= window {
            watch.absent = watch.absent.saturating_add(1);
        }
        if self.core.live.terms.absent >= ABSENT_MIN {
            self.terms_refused("the venue never got the request".to_owned());
        }
    }

    /// Somebody changed the terms past the desk, or a request came late after all.
    fn name_other_terms(&mut self, told: Terms) {
        let own = Terms::of(&self.state().policy);
        let watch = &mut self.core.live.terms;
        if told == own {
            watch.named = None;
        } else if watch.named.replace(told) != Some(told) {
            let text = format!(
                "The venue lets the account trade on other terms than its policy: {told}; the \
                 policy says {own}. Set the policy anew, or change the terms at the venue."
            );
            self.alarm("terms_differ", text);
        }
    }
}
