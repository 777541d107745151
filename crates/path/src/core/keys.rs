//! Idempotency: the same key of the same caller is the same request, whatever became of it.
//!
//! It must not know how a request is judged.

use domain::Intent;

use super::{Reply, Step};
use crate::{
    codes::{Refusal, RefusalCode},
    event::ArmedAs,
    journal::Hash,
    state::{AccountState, Became, Hold},
    verbs::RiskClass,
};

/// The content that an idempotency key stands for: the wish without its id.
pub(super) fn content(intent: &Intent) -> Hash {
    let mut copy = intent.clone();
    copy.id = domain::IntentId::new("any").unwrap_or(copy.id);
    copy.idempotency_key = None;
    // Plain data always serialises; were it not so, the empty content would make every reuse of
    // the key a conflict, which is the safe side.
    Hash::of(serde_json::to_string(&copy).unwrap_or_default().as_bytes())
}

impl Step<'_> {
    /// The answer to a key that was used before.
    pub(super) fn replay(&self, intent: &Intent, content: &Hash) -> Option<Reply> {
        let state = self.state();
        let key = intent.idempotency_key.as_ref()?;
        if let Some(answer) = self.replay_waiting(&intent.origin.principal, key, content) {
            return Some(answer);
        }
        let held = state.holds.values().find(|h| {
            h.intent.idempotency_key.as_ref() == Some(key)
                && h.intent.origin.principal == intent.origin.principal
        });
        let Some(hold) = held else {
            return self.replay_key(&intent.origin.principal, key, content);
        };
        if self::content(&hold.intent) != *content {
            return Some(Reply::Refused(vec![other_content(key)]));
        }
        let Hold { intent, notional, limit, expires_at, .. } = hold;
        let (intent, notional) = (intent.id.clone(), *notional);
        Some(Reply::Held { intent, notional, limit: *limit, expires_at: *expires_at })
    }

    /// The answer to a key of something that waits for an opening or a price.
    pub(super) fn replay_waiting(
        &self,
        principal: &domain::Principal,
        key: &str,
        content: &Hash,
    ) -> Option<Reply> {
        let mut waiting = self.state().armed.values();
        let armed = waiting.find(|a| {
            let intent = &a.intent;
            intent.idempotency_key.as_deref() == Some(key) && intent.origin.principal == *principal
        })?;
        let intent = &armed.intent;
        let known = if let ArmedAs::Close { share } = armed.becomes {
            let holding = (intent.book.clone(), intent.instrument.clone());
            super::close::content(&holding, share, intent.conditions.activate)
        } else {
            self::content(intent)
        };
        let waiting = || Reply::Armed { intent: intent.id.clone() };
        let other = || Reply::Refused(vec![other_content(key)]);
        Some(if known == *content { waiting() } else { other() })
    }

    /// The answer to a key that became an order or a close.
    pub(super) fn replay_key(
        &self,
        principal: &domain::Principal,
        key: &str,
        content: &Hash,
    ) -> Option<Reply> {
        let state = self.state();
        let known = state.keys.get(&AccountState::key_of(principal, key))?;
        if known.content != *content {
            return Some(Reply::Refused(vec![other_content(key)]));
        }
        Some(match &known.became {
            Became::Close { id, qty } => Reply::Closing { close: *id, qty: *qty },
            Became::Order(id) => {
                let order = state.orders.get(id);
                let class = order.map_or(RiskClass::Entry, |o| o.class);
                let qty = order.map_or(domain::Qty::ZERO, |o| o.qty);
                Reply::Recorded { order: id.clone(), class, qty, replayed: true }
            }
        })
    }
}

fn other_content(key: &str) -> Refusal {
    let text = format!("The key `{key}` stands for a request with another content.");
    Refusal::rule(RefusalCode::IdempotencyConflict, text)
}
