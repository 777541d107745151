//! From what the desk publishes to messages of one listener.
//!
//! It subscribes before it looks, so nothing falls in between, and it never makes the desk wait: a
//! listener that is too slow loses events and is told so. It must not know sockets.

use std::{collections::BTreeMap, sync::Arc};

use desk::{Desk, Published};
use identity::{Caller, Verb};
use path::{core::Core, journal::StreamId, market::Now};
use tokio::sync::{
    broadcast::{Receiver, error::RecvError},
    mpsc,
};

use super::message::{self, Snapshot};
use crate::{
    problem::ApiError,
    routes::journal::blocking,
    views::{self, account::AccountView, approval::ApprovalView, order::OrderView},
};

/// Records of the past that a listener may ask for.
const RESUME_MAX: u64 = 10_000;
/// Records read at once.
const PAGE: usize = 500;

/// Why a feed ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The listener is gone.
    Gone,
    /// The desk can't be read.
    Failed(ApiError),
}

impl From<ApiError> for Ended {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// One listener's feed.
pub(crate) struct Feed {
    desk: Desk,
    caller: Arc<Caller>,
    events: Receiver<Arc<Published>>,
    sent: BTreeMap<StreamId, u64>,
    out: mpsc::Sender<String>,
}

impl Feed {
    /// A feed into a bounded queue.
    pub(crate) fn new(desk: Desk, caller: Arc<Caller>, out: mpsc::Sender<String>) -> Self {
        let events = desk.subscribe();
        Self { desk, caller, events, sent: BTreeMap::new(), out }
    }

    /// Feeds until the listener is gone: a snapshot or what follows the cursors, then events.
    pub(crate) async fn run(mut self, after: Option<BTreeMap<StreamId, u64>>) -> Ended {
        match self.begin(after).await {
            Ok(()) => {}
            Err(ended) => return ended,
        }
        loop {
            let step = match self.events.recv().await {
                Ok(published) => self.publish(&published).await,
                Err(RecvError::Lagged(missed)) => {
                    // What is still queued is older than the snapshot that follows.
                    self.events = self.desk.subscribe();
                    self.resync("too slow", Some(missed)).await
                }
                Err(RecvError::Closed) => return Ended::Gone,
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    async fn begin(&mut self, after: Option<BTreeMap<StreamId, u64>>) -> Result<(), Ended> {
        let Some(after) = after else { return self.snapshot().await };
        let all = std::iter::once(StreamId::desk()).chain(self.accounts());
        let streams: Vec<StreamId> = all.filter(|stream| self.may_see(stream)).collect();
        let known = streams.clone();
        let heads = blocking(self.desk.reader(), move |reader| {
            known.iter().map(|s| Ok((s.clone(), reader.head(s)?.seq))).collect()
        });
        let heads: BTreeMap<StreamId, u64> = heads.await?;
        let mut asked = 0_u64;
        for (stream, seq) in &after {
            match heads.get(stream).and_then(|head| head.checked_sub(*seq)) {
                Some(gap) => asked = asked.saturating_add(gap),
                None => return self.resync("unknown stream or number", None).await,
            }
        }
        if asked > RESUME_MAX {
            return self.resync("too much of the past", Some(asked)).await;
        }
        self.sent = heads;
        for (stream, seq) in after {
            self.replay(stream, seq).await?;
        }
        Ok(())
    }

    /// Sends what the journal has after a number.
    async fn replay(&mut self, stream: StreamId, mut seq: u64) -> Result<(), Ended> {
        loop {
            let wanted = stream.clone();
            let records =
                blocking(self.desk.reader(), move |reader| reader.read(&wanted, seq, PAGE)).await?;
            for record in &records {
                self.send(message::record(&stream, record)).await?;
                seq = record.seq;
            }
            if records.len() < PAGE {
                self.sent.insert(stream, seq);
                return Ok(());
            }
        }
    }

    /// The streams of the accounts that the listener may see.
    fn accounts(&self) -> impl Iterator<Item = StreamId> + use<> {
        let grants = self.caller.grants.clone();
        let accounts = self.desk.accounts().into_iter();
        accounts.filter(move |a| grants.has(a.id())).map(|a| StreamId::account(a.id()))
    }

    fn may_see(&self, stream: &StreamId) -> bool {
        match stream.as_str().strip_prefix("account/") {
            Some(id) => id.parse().is_ok_and(|id| self.caller.may(Verb::ReadAccount, Some(&id))),
            None => self.caller.may(Verb::ReadJournal, None),
        }
    }

    async fn publish(&mut self, published: &Published) -> Result<(), Ended> {
        if !self.may_see(&published.stream) {
            return Ok(());
        }
        for (seq, event) in (published.first..).zip(&published.events) {
            if self.sent.get(&published.stream).is_none_or(|sent| *sent < seq) {
                let text = message::event(&published.stream, seq, published.at, event)
                    .map_err(|e| ApiError::internal("event_unwritable", e.to_string()))?;
                self.send(text).await?;
                self.sent.insert(published.stream.clone(), seq);
            }
        }
        Ok(())
    }

    async fn resync(&mut self, reason: &str, missed: Option<u64>) -> Result<(), Ended> {
        self.send(message::resync(reason, missed)).await?;
        self.snapshot().await
    }

    /// Sends everything as it stands. The heads are read before the states, so what happens in
    /// between is told twice rather than not at all.
    async fn snapshot(&mut self) -> Result<(), Ended> {
        let streams: Vec<StreamId> = self.accounts().collect();
        let heads = blocking(self.desk.reader(), move |reader| {
            streams.into_iter().map(|s| Ok((s.clone(), reader.head(&s)?.seq))).collect()
        });
        self.sent = heads.await?;
        let all = views::gather_granted(
            &self.desk,
            &self.caller.grants,
            None,
            |core: &Core, now: Now| {
                let state = core.state();
                let id = &state.spec.id;
                let orders: Vec<_> = state.live_orders().map(|o| OrderView::new(core, o)).collect();
                let approvals: Vec<_> =
                    state.holds.values().map(|h| ApprovalView::new(id, h)).collect();
                (AccountView::new(core, now), orders, approvals)
            },
        )
        .await?;
        let mut snapshot = Snapshot {
            kind: "snapshot",
            at: self.desk.clock().now().at.to_string(),
            cursors: self.sent.iter().map(|(s, n)| (s.to_string(), *n)).collect(),
            accounts: Vec::new(),
            orders: Vec::new(),
            approvals: Vec::new(),
            unavailable: all.unavailable,
        };
        for (_, (account, orders, approvals)) in all.found {
            snapshot.accounts.push(account);
            snapshot.orders.extend(orders);
            snapshot.approvals.extend(approvals);
        }
        self.send(message::json(&snapshot)).await
    }

    async fn send(&self, text: String) -> Result<(), Ended> {
        self.out.send(text).await.map_err(|_| Ended::Gone)
    }
}

#[cfg(test)]
mod tests {
    use domain::Limits;
    use path::{core::Input, event::LimitTarget};

    use super::*;
    use crate::{state::by_bootstrap_operator as by_operator, testing::House};

    /// More than the desk keeps for a slow listener and the queue holds together.
    const TOO_MANY: usize = 4_300;

    async fn next(messages: &mut mpsc::Receiver<String>) -> serde_json::Value {
        let wait = std::time::Duration::from_secs(10);
        let text = tokio::time::timeout(wait, messages.recv()).await.unwrap().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[tokio::test]
    async fn a_listener_that_is_too_slow_is_told_and_starts_anew() {
        let house = House::new().await;
        let (out, mut messages) = mpsc::channel(4);
        tokio::spawn(Feed::new(house.desk.clone(), Arc::new(Caller::bootstrap()), out).run(None));
        assert_eq!(next(&mut messages).await["type"], "snapshot");
        let account = house.account();
        for n in 0..TOO_MANY {
            let limits = Limits { open_orders: u32::try_from(n).ok(), ..Limits::default() };
            let set = move |reply| Input::SetLimits {
                target: LimitTarget::Account,
                limits: Box::new(limits.clone()),
                by: by_operator(),
                reply,
            };
            account.inform(set).await.unwrap();
        }
        account.set_limits(LimitTarget::Account, Limits::default(), by_operator()).await.unwrap();
        let mut events = 0;
        let resync = loop {
            let message = next(&mut messages).await;
            if message["type"] != "event" {
                break message;
            }
            events += 1;
        };
        assert_eq!(resync["type"], "resync", "{resync}");
        assert!(resync["missed"].as_u64().unwrap() > 0 && events < TOO_MANY);
        let snapshot = next(&mut messages).await;
        let cursor = snapshot["cursors"]["account/main"].as_u64().unwrap();
        assert!(cursor >= TOO_MANY as u64);
        account.set_limits(LimitTarget::Account, Limits::default(), by_operator()).await.unwrap();
        let event = next(&mut messages).await;
        assert!(event["seq"].as_u64().unwrap() > cursor, "{event}");
    }
}
