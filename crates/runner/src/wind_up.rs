//! How a run ends: what would open a position is taken back, and what is held is closed if asked.
//!
//! A run has ended when nothing of that is left, not when it was asked for. It must not know how
//! runs are kept.

use std::time::Duration;

use backtest::trader::Wish;
use desk::{AccountHandle, Desk, DeskError};
use domain::{Activate, Percent};
use path::{codes::Refusal, core::Reply, state::AccountState, verbs::RiskClass};

use crate::{
    ask::ask,
    error::RunError,
    plan::Plan,
    record::{RunId, Stop},
};

/// How long the account may take until it has heard what was asked.
const REST_WITHIN: Duration = Duration::from_secs(2);

/// What has to be asked for until nothing is left.
fn to_ask(state: &AccountState, plan: &Plan, positions: Stop) -> Vec<Wish> {
    let (book, ids) = (&plan.book, &plan.instruments);
    let mut wishes: Vec<Wish> = Vec::new();
    let armed = state.armed.values().map(|a| &a.intent);
    let waiting = armed.filter(|i| i.book == *book && ids.contains(&i.instrument));
    wishes.extend(waiting.filter(|i| !i.reduce_only).map(|i| Wish::Disarm(i.id.clone())));
    for id in ids {
        let entries = state.live_in(book, id).filter(|o| o.class == RiskClass::Entry);
        wishes.extend(entries.map(|o| Wish::Cancel(o.client_order_id.clone())));
        if positions == Stop::Close && !state.position(book, id).is_zero() {
            wishes.push(Wish::Close {
                book: book.clone(),
                instrument: id.clone(),
                share: Percent::basis_points(10_000),
                activate: Activate::Now,
                key: None,
            });
        }
    }
    wishes
}

/// What is left to be taken back or closed, in words.
fn in_words(left: &[Wish]) -> Option<String> {
    let words: Vec<String> = left.iter().filter_map(one_in_words).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn one_in_words(wish: &Wish) -> Option<String> {
    match wish {
        Wish::Close { instrument, .. } => Some(format!("{instrument} is still held")),
        Wish::Cancel(order) => Some(format!("order {order} still works")),
        Wish::Disarm(intent) => Some(format!("request {intent} still waits")),
        Wish::Submit(_) | Wish::Reverse(_) | Wish::SetPlan { .. } => None,
    }
}

/// What is left of a run that is being stopped; `None` when it has ended.
pub(crate) async fn left(
    desk: &Desk,
    plan: &Plan,
    positions: Stop,
) -> Result<Option<String>, RunError> {
    let account = desk.account(&plan.account)?;
    Ok(in_words(&look(&account, plan, positions).await?))
}

async fn look(
    account: &AccountHandle,
    plan: &Plan,
    positions: Stop,
) -> Result<Vec<Wish>, DeskError> {
    let plan = plan.clone();
    account.look(move |core, _| to_ask(core.state(), &plan, positions)).await
}

/// Asks for what is needed and says what is left of it; `None` when the run has ended.
///
/// # Errors
/// [`RunError::Refused`] when something is left and was refused, [`RunError::Desk`] when the
/// account has no answer.
pub(crate) async fn wind_up(
    desk: &Desk,
    plan: &Plan,
    positions: Stop,
) -> Result<Option<String>, RunError> {
    let account = desk.account(&plan.account)?;
    let mut refusals = Vec::new();
    let mut failed = None;
    for wish in look(&account, plan, positions).await? {
        match ask(&account, wish, &plan.origin).await {
            Ok(Reply::Refused(why)) => refusals.extend(why),
            Ok(_) => {}
            // What follows may go through all the same.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if tokio::time::timeout(REST_WITHIN, account.at_rest()).await.is_err() {
        tracing::warn!(run = %plan.run, "the account is busy for long");
    }
    let left = in_words(&look(&account, plan, positions).await?);
    outcome(&plan.run, left, refusals, failed)
}

/// What is refused or fails does not matter where nothing is left: what was to be closed is closed.
fn outcome(
    run: &RunId,
    left: Option<String>,
    refusals: Vec<Refusal>,
    failed: Option<DeskError>,
) -> Result<Option<String>, RunError> {
    match (left, failed) {
        (None, _) => Ok(None),
        (Some(_), Some(error)) => Err(error.into()),
        (Some(_), None) if !refusals.is_empty() => {
            Err(RunError::Refused { run: run.clone(), refusals })
        }
        (left, None) => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use path::codes::RefusalCode;

    use super::*;

    #[test]
    fn a_close_that_is_refused_is_told_with_its_remedy() {
        let run = RunId::of(3);
        let refusal = Refusal::rule(RefusalCode::OriginNotAllowed, "Nobody may.");
        let left = || Some("sim:IBM is still held".to_owned());
        let told = outcome(&run, left(), vec![refusal.clone()], None).unwrap_err();
        assert_eq!(told.code(), "refused");
        let text = told.to_string();
        for part in
            ["run-3 is not stopped yet", "Nobody may.", "origin_not_allowed", &refusal.remedy]
        {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(outcome(&run, None, vec![refusal], None).unwrap(), None, "nothing is left");
        assert_eq!(outcome(&run, left(), Vec::new(), None).unwrap(), left(), "it is under way");
    }
}
