//! The latest price of each instrument on its way to an account: only the newest counts.
//!
//! A slow account skips prices instead of queueing them, so the queue is bounded by the number of
//! instruments. It must not judge prices.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{InstrumentId, Quote};
use tokio::sync::Notify;

/// The newest quotes that an account has not yet seen.
#[derive(Debug, Default)]
pub struct Quotes {
    latest: Mutex<BTreeMap<InstrumentId, Quote>>,
    news: Notify,
    coming: AtomicUsize,
}

/// A promise that a price comes: until this is dropped the account's own timer waits.
///
/// Between the venue, which hears a price first, and the account, which hears it next, an account
/// would look at its positions by the price before.
#[derive(Debug)]
#[must_use]
pub struct Coming(Arc<Quotes>);

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::AcqRel);
        // The account's timer is looked at again.
        self.0.news.notify_one();
    }
}

impl Quotes {
    /// Says that a price comes.
    pub(crate) fn announce(self: &Arc<Self>) -> Coming {
        self.coming.fetch_add(1, Ordering::AcqRel);
        Coming(Arc::clone(self))
    }

    /// True while somebody is about to tell a price.
    pub(crate) fn are_coming(&self) -> bool {
        self.coming.load(Ordering::Acquire) > 0
    }

    /// True while a price was not taken.
    pub(crate) fn are_new(&self) -> bool {
        !self.latest.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

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
