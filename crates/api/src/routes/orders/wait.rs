//! Waiting until the venue has answered, or a close has ended.
//!
//! Waiting listens before it looks, so that no answer falls in between. It must not ask the venue.

use std::{sync::Arc, time::Duration};

use desk::{AccountHandle, Published};
use domain::{ClientOrderId, OrderKind, OrderStatus, TimeInForce};
use path::{event::Event, journal::StreamId, policy::Policy, state::Order};
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::IntoParams;

use crate::{
    problem::{ApiError, FieldError},
    views::{self, order::OrderView},
};

/// The longest wait.
const WAIT_MAX_MS: u64 = 5_000;

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitQuery {
    /// Wait so many milliseconds at most, 0 to 5000, until the venue has answered. An order that
    /// trades at once is waited for until it has ended.
    wait_ms: Option<u64>,
}

impl WaitQuery {
    /// The wait, when one is asked for.
    pub(crate) fn span(&self) -> Result<Option<Duration>, ApiError> {
        match self.wait_ms {
            None | Some(0) => Ok(None),
            Some(ms) if ms <= WAIT_MAX_MS => Ok(Some(Duration::from_millis(ms))),
            Some(ms) => Err(ApiError::fields(vec![FieldError {
                field: "wait_ms".to_owned(),
                value: Some(ms.to_string()),
                rule: format!("0 to {WAIT_MAX_MS}"),
            }])),
        }
    }
}

/// What became of a request for other terms.
#[derive(Debug)]
pub(crate) enum TermsAnswer {
    /// The policy holds.
    Agreed,
    /// The old one holds on; the venue's words.
    Refused(String),
    /// There is no answer yet.
    Open,
}

/// Listens to one account.
pub(crate) struct Wait {
    pub(crate) account: AccountHandle,
    pub(crate) events: Receiver<Arc<Published>>,
    pub(crate) span: Duration,
}

impl Wait {
    /// Waits for the venue's answer to an order and shows it as it then stands.
    pub(crate) async fn order(mut self, id: &ClientOrderId) -> Result<Option<OrderView>, ApiError> {
        let deadline = tokio::time::Instant::now() + self.span;
        loop {
            let wanted = id.clone();
            let found = views::look(&self.account, move |core, _| {
                let state = core.state();
                let order = state.orders.get(&wanted)?;
                Some((OrderView::new(core, order), is_answered(order)))
            })
            .await?;
            match found {
                Some((view, true)) => return Ok(Some(view)),
                Some((view, false)) if !self.news(deadline).await => return Ok(Some(view)),
                None if !self.news(deadline).await => return Ok(None),
                _ => {}
            }
        }
    }

    /// Waits for the end of compound closes; true when all have ended.
    pub(crate) async fn closes(mut self, ids: Vec<u64>) -> Result<bool, ApiError> {
        let deadline = tokio::time::Instant::now() + self.span;
        loop {
            let wanted = ids.clone();
            let open = views::look(&self.account, move |core, _| {
                wanted.iter().any(|id| core.state().closes.contains_key(id))
            })
            .await?;
            if !open {
                return Ok(true);
            }
            if !self.news(deadline).await {
                return Ok(false);
            }
        }
    }

    /// Waits until the venue has answered a request for the terms of `wanted`. Listening began
    /// before it was asked, so the words of a refusal are not missed.
    pub(crate) async fn terms(
        mut self,
        id: &ClientOrderId,
        wanted: Policy,
    ) -> Result<TermsAnswer, ApiError> {
        let deadline = tokio::time::Instant::now() + self.span;
        let stream = StreamId::account(self.account.id());
        loop {
            let (request, policy) = (id.clone(), wanted.clone());
            let (open, agreed) = views::look(&self.account, move |core, _| {
                let state = core.state();
                let asked = state.terms_asked.as_ref();
                let open = asked.is_some_and(|asked| asked.client_order_id == request);
                (open, state.policy == policy)
            })
            .await?;
            if !open && agreed {
                return Ok(TermsAnswer::Agreed);
            }
            match tokio::time::timeout_at(deadline, self.events.recv()).await {
                Ok(Ok(published)) if published.stream == stream => {
                    let refused = |event: &Event| match event {
                        Event::TermsRefused(e) if e.client_order_id == *id => Some(e.text.clone()),
                        _ => None,
                    };
                    if let Some(text) = published.events.iter().find_map(refused) {
                        return Ok(TermsAnswer::Refused(text));
                    }
                }
                Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) | Err(_) if open => return Ok(TermsAnswer::Open),
                Ok(Err(RecvError::Closed)) | Err(_) => {
                    let text = "it is no longer asked; see the account's journal".to_owned();
                    return Ok(TermsAnswer::Refused(text));
                }
            }
        }
    }

    /// Waits for something to happen to the account; false when the time is over.
    async fn news(&mut self, deadline: tokio::time::Instant) -> bool {
        let stream = StreamId::account(self.account.id());
        loop {
            match tokio::time::timeout_at(deadline, self.events.recv()).await {
                Ok(Ok(published)) if published.stream == stream => return true,
                Ok(Err(RecvError::Lagged(_))) => return true,
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Closed)) | Err(_) => return false,
            }
        }
    }
}

fn is_answered(order: &Order) -> bool {
    let at_once = matches!(order.kind, OrderKind::Market)
        || matches!(order.tif, TimeInForce::Ioc | TimeInForce::Fok);
    match order.status() {
        OrderStatus::Recorded | OrderStatus::Sent | OrderStatus::Unknown => false,
        status => status.is_final() || !at_once,
    }
}
