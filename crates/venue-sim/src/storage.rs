//! Where the simulated venue keeps its own books.
//!
//! The venue's storage is its own: it never reads the desk's journal, so that the two can be
//! reconciled. This module must not know any database.

use domain::{
    AccountId, CashMovement, ClientOrderId, CorporateAction, Fill, Timestamp, VenueOrderId,
};
use thiserror::Error;

use crate::{
    changes::{SimBook, SimChanges},
    order::SimOrder,
};

/// Why the venue's books can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimStorageError {
    /// The disk or database failed. Whether the last change is in it is not known.
    #[error("the simulated venue's storage failed: {0}")]
    Io(String),
    /// A row has a form that this version can't read.
    #[error("row `{key}` of {table} can't be read: {why}")]
    BadRow {
        /// The table.
        table: String,
        /// The key.
        key: String,
        /// The reader's words.
        why: String,
    },
}

impl SimStorageError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "sim_storage_io",
            Self::BadRow { .. } => "sim_storage_row",
        }
    }
}

/// The venue's durable books.
pub trait SimStorage {
    /// Begins a command: from now until [`SimStorage::end`] nobody else changes the books. True
    /// when somebody else has changed them since the last command, so that they are read again. A
    /// command that was begun already goes on. Storage with one user has nothing to do.
    ///
    /// # Errors
    /// [`SimStorageError`]; then the command has not begun.
    fn begin(&mut self) -> Result<bool, SimStorageError> {
        Ok(false)
    }

    /// Ends a command; what it did not commit has not happened.
    fn end(&mut self) {}

    /// Everything that the venue needs to go on: all but ended orders, executions and
    /// movements.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn load(&mut self) -> Result<SimBook, SimStorageError>;

    /// Writes the changes of one or more commands, all or none. On `Ok` they survive a crash.
    ///
    /// # Errors
    /// [`SimStorageError`]; then the venue reads its books again before it goes on.
    fn commit(&mut self, changes: &SimChanges) -> Result<(), SimStorageError>;

    /// The order with this client id, live or ended, however old.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn order(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError>;

    /// The order with this venue id, live or ended, however old, unless it has a client id.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn order_named(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError>;

    /// The account's orders without a client id that ended at or after `since`, in order.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn ended(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<SimOrder>, SimStorageError>;

    /// The account's executions at or after `since`, in order.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn fills(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<Fill>, SimStorageError>;

    /// The account's movements of cash at or after `since`, in order.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn movements(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CashMovement>, SimStorageError>;

    /// The corporate actions that changed the account's holdings at or after `since`, in order.
    ///
    /// # Errors
    /// [`SimStorageError`] when the storage fails or a row can't be read.
    fn actions(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CorporateAction>, SimStorageError>;
}
