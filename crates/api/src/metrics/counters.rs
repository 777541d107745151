//! What is counted while it happens: refusals by code, events by kind, answers by status.
//!
//! Counting listens to what the desk publishes; when it falls behind, it says so. It must not
//! look at states.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use desk::Published;
use path::event::Event;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::text::Text;

/// Counts since the start of the program.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    refusals: BTreeMap<&'static str, u64>,
    refusals_unitemised: u64,
    events: BTreeMap<&'static str, u64>,
    missed: u64,
    answers: BTreeMap<u16, u64>,
}

impl Counters {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, status: u16) {
        *self.lock().answers.entry(status).or_default() += 1;
    }

    fn published(&self, published: &Published) {
        let mut counts = self.lock();
        for event in &published.events {
            *counts.events.entry(event.kind()).or_default() += 1;
            match event {
                Event::IntentRefused(body) => {
                    for refusal in &body.refusals {
                        *counts.refusals.entry(refusal.code.name()).or_default() += 1;
                    }
                }
                Event::RefusalsCounted(body) => counts.refusals_unitemised += body.count,
                _ => {}
            }
        }
    }

    /// Writes the counts.
    pub(crate) fn write(&self, out: &mut Text) {
        let counts = self.lock();
        let name = "cofferdam_refusals_total";
        out.head(name, "Broken rules of refused requests, by code.", "counter");
        for (code, count) in &counts.refusals {
            out.sample(name, &[("code", code)], &count.to_string());
        }
        let name = "cofferdam_refusals_unitemised_total";
        out.head(name, "Refused requests beyond the rate at which they are itemised.", "counter");
        out.sample(name, &[], &counts.refusals_unitemised.to_string());
        let name = "cofferdam_events_total";
        out.head(name, "Durable events of accounts, by kind.", "counter");
        for (kind, count) in &counts.events {
            out.sample(name, &[("kind", kind)], &count.to_string());
        }
        let name = "cofferdam_events_missed_total";
        out.head(name, "Published groups of events that these counts have missed.", "counter");
        out.sample(name, &[], &counts.missed.to_string());
        let name = "cofferdam_http_answers_total";
        out.head(name, "Answers by status.", "counter");
        for (status, count) in &counts.answers {
            out.sample(name, &[("status", &status.to_string())], &count.to_string());
        }
    }
}

/// Counts what is published until nobody asks for the counts any more.
pub(crate) fn count(mut events: Receiver<Arc<Published>>, counters: Weak<Counters>) {
    tokio::spawn(async move {
        loop {
            let news = events.recv().await;
            let Some(counters) = counters.upgrade() else { return };
            match news {
                Ok(published) => counters.published(&published),
                Err(RecvError::Lagged(missed)) => counters.lock().missed += missed,
                Err(RecvError::Closed) => return,
            }
        }
    });
}
