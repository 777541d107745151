//! What a durable decision does outside: sends, cancels, questions.
//!
//! Each runs in a task of its own, so that a slow venue holds up nothing, and each ends: an
//! adapter that doesn't answer has an unknown outcome. This module must not know what is decided.

use std::{future::Future, sync::Arc, time::Duration};

use path::{
    broker::{Broker, CancelOutcome, PlaceOutcome, QueryError, TermsOutcome},
    commit::Action,
    core::Input,
    wire::Wire,
};
use tokio::sync::mpsc;

/// How long an adapter may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

fn late() -> String {
    format!("the venue did not answer within {} s", ANSWER_WITHIN.as_secs())
}

async fn within<T>(answer: impl Future<Output = T>, otherwise: impl FnOnce() -> T) -> T {
    tokio::time::timeout(ANSWER_WITHIN, answer).await.unwrap_or_else(|_| otherwise())
}

/// Carries an action out and tells what came of it. Replies are the account's own.
pub(crate) fn carry_out(
    action: Action,
    broker: Arc<dyn Broker>,
    wire: Arc<Wire>,
    to: mpsc::Sender<Input>,
) {
    tokio::spawn(async move {
        let outcome = match action {
            Action::Reply(..) => return,
            Action::Place(recorded) => {
                let order = recorded.client_order_id().clone();
                let unknown = || PlaceOutcome::Unknown { why: late() };
                let outcome = within(broker.place(&wire, recorded), unknown).await;
                Input::Placed { order, outcome }
            }
            Action::Replace(recorded) => {
                let order = recorded.client_order_id().clone();
                let unknown = || PlaceOutcome::Unknown { why: late() };
                let outcome = within(broker.replace(&wire, recorded), unknown).await;
                Input::Placed { order, outcome }
            }
            Action::Cancel(recorded) => {
                let order = recorded.client_order_id().clone();
                let unknown = || CancelOutcome::Unknown { why: late() };
                let outcome = within(broker.cancel(&wire, recorded), unknown).await;
                Input::CancelAnswered { order, outcome }
            }
            Action::SetTerms(recorded) => {
                let request = recorded.client_order_id().clone();
                let unknown = || TermsOutcome::Unknown { why: late() };
                let outcome = within(broker.set_terms(&wire, recorded), unknown).await;
                Input::TermsAnswered { request, outcome }
            }
            Action::LookUp(order) => {
                let answer = within(broker.order(&order), || Err(QueryError(late()))).await;
                let order = order.client_order_id;
                Input::LookedUp { order, answer }
            }
            Action::Recent(since) => {
                let list = broker.recent_orders(since);
                Input::Recent(within(list, || Err(QueryError(late()))).await)
            }
            Action::Snapshot(since) => {
                let answer = within(broker.snapshot(since), || Err(QueryError(late()))).await;
                Input::Snapshot(answer)
            }
        };
        // An account that has stopped needs no outcome: the next run asks anew.
        let _ = to.send(outcome).await;
    });
}
