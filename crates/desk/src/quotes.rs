//! The latest price of each instrument on its way to an account: only the newest counts.
//!
//! A slow account skips prices instead of queueing them, so the queue is bounded by the number of
//! instruments. It must not judge prices.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::{InstrumentId, Quote};
use tokio::sync::Notify;

/// The newest quotes that an account has not yet seen.
#[derive(Debug, Default)]
pub struct Quotes {
    latest: Mutex<BTreeMap<InstrumentId, Quote>>,
    news: Notify,
}

impl Quotes {
    /// Puts a quote in, over an older one that was not yet taken.
    pub fn put(&self, instrument: InstrumentId, quote: Quote) {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).insert(instrument, quote);
        self.news.notify_one();
    }

    /// Waits for news.
    pub(crate) async fn changed(&self) {
        self.news.notified().await;
    }

    /// Takes everything that is new.
    pub(crate) fn take(&self) -> BTreeMap<InstrumentId, Quote> {
        std::mem::take(&mut *self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
