//! What each account uses of the limits of all desks that share a database.
//!
//! An entry is judged and its use written while nobody else can do either, so two desks can't both
//! take the last of a limit. A desk that has lost the account's lease can't write. This module
//! must not know what a use is made of.

use path::journal::LeaseToken;

use crate::{backend::Backend, error::LeaseError, session::values, sql};

/// The name under which uses are read and written one after another.
const USES: &str = "desk_use";

/// What one account uses, as its holder wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseRow {
    /// The account.
    pub account: String,
    /// The use, as JSON text.
    pub body: String,
}

/// The uses in one database.
#[derive(Debug, Clone)]
pub struct Uses(pub(crate) Backend);

impl Uses {
    /// Tells `judge` what the other accounts use, and writes what it answers for `account`, all
    /// while nobody else can.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when `token` is not the current one of the account's lease; then
    /// nothing was judged.
    pub fn write<T>(
        &self,
        account: &str,
        token: LeaseToken,
        judge: impl FnOnce(&[UseRow]) -> (Option<String>, T),
    ) -> Result<T, LeaseError> {
        let lease = format!("account/{account}");
        self.0.change(USES, |session| {
            let current =
                session.first(sql::LEASE_TOKEN, values![&*lease], |row| row.unsigned(0))?;
            if current != Some(token.0) {
                let current = current.unwrap_or(0);
                return Err(LeaseError::Lost { held: token.0, current });
            }
            let others = session.all(sql::PG_OTHER_USES, values![account], |row| {
                Ok(UseRow { account: row.words(0)?.to_string(), body: row.words(1)?.to_string() })
            })?;
            let (body, answer) = judge(&others);
            if let Some(body) = body {
                session
                    .execute(sql::PG_SET_USE, values![account, &*body, token.0.cast_signed()])?;
            }
            Ok(answer)
        })
    }
}
