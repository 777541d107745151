//! The limits of an account of the desk, for a backtest under the same.
//!
//! They are read from the journal, so no desk has to run. This module must not know how a limit is
//! judged.

use ::research::wanted::Standing;
use domain::{AccountId, Limits};
use path::state::AccountState;

use crate::cli::{context::Context, failure::Failure, fold};

/// The limits of an account as the journal tells them now.
pub(super) fn of(account: &AccountId, ctx: &Context) -> Result<Standing, Failure> {
    let failure =
        |why: String| Failure::new("no_account_limits", format!("--limits-of {account}: {why}"));
    let reader = ctx.journal()?;
    let Some(folded) = fold::one(&reader, account)? else {
        let known = fold::accounts(&reader)?;
        let known: Vec<&str> = known.iter().map(AccountId::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(failure(format!("there is no such account; there are: {known}")));
    };
    let state = folded.state.map_err(failure)?;
    let state = state.ok_or_else(|| failure("its journal is empty".to_owned()))?;
    Ok(Standing { limits: state.limits.clone(), words: words(account, &state) })
}

fn words(account: &AccountId, state: &AccountState) -> String {
    let others = [
        state.books.values().filter(|book| book.limits != Limits::default()).count(),
        state.origin_limits.len(),
        state.principal_limits.len(),
        state.instrument_limits.len(),
    ];
    let besides = match others.iter().sum() {
        0_usize => String::new(),
        some => format!(
            "; those of its books, sources, principals and instruments ({some}) are left out"
        ),
    };
    let record = state.head.seq;
    format!("those of account {account} at record {record} of its journal{besides}")
}
