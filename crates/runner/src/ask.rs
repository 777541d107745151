//! How a run's wishes are told to its account.
//!
//! It must not know rules.

use backtest::trader::Wish;
use desk::{AccountHandle, DeskError};
use domain::Origin;
use path::core::Reply;

/// Tells one wish.
pub(crate) async fn ask(
    account: &AccountHandle,
    wish: Wish,
    origin: &Origin,
) -> Result<Reply, DeskError> {
    let origin = origin.clone();
    match wish {
        Wish::Submit(intent) => account.submit(*intent).await,
        Wish::Reverse(intent) => account.reverse(*intent).await,
        other => account.tell(move |reply| other.clone().into_input(origin.clone(), reply)).await,
    }
}
