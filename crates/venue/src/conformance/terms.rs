//! What an adapter owes a desk that asks for other terms.
//!
//! It must not know which terms a venue grants: what is refused must change nothing.

use path::{
    broker::TermsOutcome,
    policy::{Leverage, Policy},
    terms::Terms,
};
use rust_decimal::Decimal;

use super::{
    Rig, Verdict,
    checks::{Found, SOON, ensure},
    probe::Probe,
};
use domain::Timestamp;

/// The venue has no terms to set.
const NO_SUCH_VERB: Verdict = Verdict::Skipped("the venue keeps no terms");

/// What the venue tells with everything else.
async fn told<R: Rig>(p: &Probe<'_, R>) -> Result<Option<Terms>, String> {
    Ok(p.everything(Timestamp::default()).await?.terms)
}

/// A snapshot tells the terms; those that were granted are told from then on, and those that were
/// refused never.
pub(super) async fn terms_are_told_as_they_were_agreed<R: Rig>(p: &mut Probe<'_, R>) -> Found {
    if !p.broker.capabilities().terms {
        return Ok(NO_SUCH_VERB);
    }
    let before = told(p).await?;
    ensure!(before.is_some(), "the venue keeps terms and doesn't tell them");
    let leverage = Leverage::try_from(Decimal::TWO).map_err(|e| e.to_string())?;
    let policy = Policy { leverage, ..p.policy() };
    let outcome = p.set_policy(policy.clone()).await?;
    p.pass(SOON).await?;
    let after = told(p).await?;
    match outcome {
        TermsOutcome::Accepted => {
            ensure!(after == Some(Terms::of(&policy)), "granted, the terms are told as {after:?}");
            ensure!(p.policy() == policy, "the desk has not taken the policy over");
        }
        TermsOutcome::Rejected { .. } => {
            ensure!(after == before, "refused, the terms are told as {after:?}");
        }
        other => return Err(format!("the request came to {other:?}")),
    }
    Ok(Verdict::Kept)
}

/// A request that was judged before the kill switch and loosens does not leave after it.
pub(super) async fn no_looser_terms_leave_after_the_kill_switch<R: Rig>(
    p: &mut Probe<'_, R>,
) -> Found {
    if !p.broker.capabilities().terms {
        return Ok(NO_SUCH_VERB);
    }
    let before = told(p).await?;
    p.pull_before_sending();
    let leverage = Leverage::try_from(Decimal::TWO).map_err(|e| e.to_string())?;
    let outcome = p.set_policy(Policy { leverage, ..p.policy() }).await?;
    ensure!(matches!(outcome, TermsOutcome::NotSent(_)), "the request came to {outcome:?}");
    ensure!(told(p).await? == before, "the venue has other terms");
    Ok(Verdict::Kept)
}
