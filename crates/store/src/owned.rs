//! Whose rows a statement reads or changes.
//!
//! This module must not know what is owned.

use identity::{Owner, Reach};

use crate::{fault::DbError, session::Columns};

/// The parameter for what is reached: the owner, or everybody. No owner is written `*`.
pub(crate) fn reached(reach: &Reach) -> String {
    if reach.everything { "*".to_owned() } else { reach.owner.to_string() }
}

/// Whose a row is.
pub(crate) fn owner(columns: &dyn Columns, at: usize) -> Result<Owner, DbError> {
    let text = columns.words(at)?;
    text.parse().map_err(|error| DbError::other(format!("`{text}` owns a row: {error}")))
}
