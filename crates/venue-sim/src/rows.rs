//! The venue's books as rows of a key and JSON text, so that any key-value table can hold them.
//!
//! Keys sort by bytes in the order in which they are read: executions of an account by time, then
//! number. This module must not know SQL or files.

use domain::{
    AccountId, CashMovement, ClientOrderId, CorporateAction, Fill, Timestamp, VenueOrderId,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    changes::{ActionRow, Counters, FillRow, MovementRow, SimBook, SimChanges},
    order::SimOrder,
    storage::{SimStorage, SimStorageError},
};

/// One row: the counters.
pub const META: &str = "sim_meta";
/// Accounts by id.
pub const ACCOUNT: &str = "sim_account";
/// Markets by instrument.
pub const MARKET: &str = "sim_market";
/// Live orders by `account/client id`, or `account/@venue id` when given by hand.
pub const WORKING: &str = "sim_working";
/// Ended orders by the same keys, those without a client id also by `account/#time/number`.
pub const DONE: &str = "sim_done";
/// Executions by `account/time/number`.
pub const FILL: &str = "sim_fill";
/// Movements of cash by `account/time/number`.
pub const MOVEMENT: &str = "sim_movement";
/// Corporate actions by `account/time/id`.
pub const ACTION: &str = "sim_action";
/// Every table.
pub const TABLES: [&str; 8] = [META, ACCOUNT, MARKET, WORKING, DONE, FILL, MOVEMENT, ACTION];

const COUNTERS: &str = "counters";

/// A row to insert or replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPut {
    /// One of [`TABLES`].
    pub table: &'static str,
    /// The key within the table.
    pub key: String,
    /// JSON text.
    pub json: String,
}

/// A row to delete; it may be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDelete {
    /// One of [`TABLES`].
    pub table: &'static str,
    /// The key within the table.
    pub key: String,
}

/// Rows that are written all or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowBatch {
    /// Rows to insert or replace.
    pub puts: Vec<RowPut>,
    /// Rows to delete.
    pub deletes: Vec<RowDelete>,
}

/// A place for rows: what a database implements.
pub trait JsonRows {
    /// As [`SimStorage::begin`].
    ///
    /// # Errors
    /// [`SimStorageError::Io`].
    fn begin(&mut self) -> Result<bool, SimStorageError> {
        Ok(false)
    }

    /// As [`SimStorage::end`].
    fn end(&mut self) {}

    /// Writes a batch, all or none. On `Ok` it survives a crash.
    ///
    /// # Errors
    /// [`SimStorageError::Io`].
    fn apply(&mut self, batch: &RowBatch) -> Result<(), SimStorageError>;

    /// The JSON text of one row.
    ///
    /// # Errors
    /// [`SimStorageError::Io`].
    fn get(&mut self, table: &'static str, key: &str) -> Result<Option<String>, SimStorageError>;

    /// Rows with `from <= key < until` as `(key, json)`, in byte order of the keys. An empty
    /// `until` means to the end.
    ///
    /// # Errors
    /// [`SimStorageError::Io`].
    fn range(
        &mut self,
        table: &'static str,
        from: &str,
        until: &str,
    ) -> Result<Vec<(String, String)>, SimStorageError>;
}

fn bad(table: &str, key: &str, why: impl ToString) -> SimStorageError {
    SimStorageError::BadRow { table: table.to_owned(), key: key.to_owned(), why: why.to_string() }
}

fn put(
    table: &'static str,
    key: String,
    value: &impl Serialize,
) -> Result<RowPut, SimStorageError> {
    let json = serde_json::to_string(value).map_err(|error| bad(table, &key, error))?;
    Ok(RowPut { table, key, json })
}

fn parse<T: DeserializeOwned>(table: &str, key: &str, json: &str) -> Result<T, SimStorageError> {
    serde_json::from_str(json).map_err(|error| bad(table, key, error))
}

/// Orders have the client's id as their key; those given by hand have the venue's, marked by a
/// character that no client's id has.
fn order_key(order: &SimOrder) -> String {
    match &order.client_order_id {
        Some(id) => format!("{}/{id}", order.account),
        None => format!("{}/@{}", order.account, order.venue_order_id),
    }
}

/// Where an ended order is found by its time. `#` is in no id.
fn end_key(order: &SimOrder) -> String {
    format!("{}/#{}/{:020}", order.account, sortable(order.at), order.number)
}

/// Nanoseconds shifted to be unsigned, so that their digits sort like the instants.
fn sortable(at: Timestamp) -> String {
    format!("{:020}", at.0.abs_diff(i64::MIN))
}

fn fill_key(row: &FillRow) -> String {
    format!("{}/{}/{:020}", row.account, sortable(row.fill.at), row.number)
}

fn movement_key(row: &MovementRow) -> String {
    format!("{}/{}/{:020}", row.account, sortable(row.movement.at), row.number)
}

fn action_key(row: &ActionRow) -> String {
    format!("{}/{}/{}", row.account, sortable(row.action.at), row.action.id)
}

impl SimChanges {
    /// The changes as rows.
    ///
    /// # Errors
    /// [`SimStorageError::BadRow`] when a value has no JSON form.
    pub fn to_rows(&self) -> Result<RowBatch, SimStorageError> {
        let mut batch = RowBatch::default();
        let puts = &mut batch.puts;
        if let Some(counters) = &self.counters {
            puts.push(put(META, COUNTERS.to_owned(), counters)?);
        }
        for account in &self.accounts {
            puts.push(put(ACCOUNT, account.id.to_string(), account)?);
        }
        for market in &self.markets {
            puts.push(put(MARKET, market.instrument.id.to_string(), market)?);
        }
        for order in &self.working {
            puts.push(put(WORKING, order_key(order), order)?);
        }
        for order in &self.ended {
            puts.push(put(DONE, order_key(order), order)?);
            if order.client_order_id.is_none() {
                puts.push(put(DONE, end_key(order), order)?);
            }
            batch.deletes.push(RowDelete { table: WORKING, key: order_key(order) });
        }
        for fill in &self.fills {
            puts.push(put(FILL, fill_key(fill), fill)?);
        }
        for movement in &self.movements {
            puts.push(put(MOVEMENT, movement_key(movement), movement)?);
        }
        for action in &self.actions {
            puts.push(put(ACTION, action_key(action), action)?);
        }
        Ok(batch)
    }

    /// The changes that these rows express.
    ///
    /// # Errors
    /// [`SimStorageError::BadRow`] when a row is not one of [`SimChanges::to_rows`].
    pub fn from_rows(batch: &RowBatch) -> Result<Self, SimStorageError> {
        let mut changes = Self::default();
        for RowPut { table, key, json } in &batch.puts {
            match *table {
                META => changes.counters = Some(parse(table, key, json)?),
                ACCOUNT => changes.accounts.push(parse(table, key, json)?),
                MARKET => changes.markets.push(parse(table, key, json)?),
                WORKING => changes.working.push(parse(table, key, json)?),
                DONE if key.contains("/#") => {}
                DONE => changes.ended.push(parse(table, key, json)?),
                FILL => changes.fills.push(parse(table, key, json)?),
                MOVEMENT => changes.movements.push(parse(table, key, json)?),
                ACTION => changes.actions.push(parse(table, key, json)?),
                _ => return Err(bad(table, key, "the simulated venue has no such table")),
            }
        }
        Ok(changes)
    }
}

/// The venue's storage over rows.
#[derive(Debug, Clone, Default)]
pub struct RowStorage<R>(R);

impl<R: JsonRows> RowStorage<R> {
    /// Stores in these rows.
    pub const fn new(rows: R) -> Self {
        Self(rows)
    }

    /// The rows.
    pub const fn rows(&self) -> &R {
        &self.0
    }

    fn all<T: DeserializeOwned>(&mut self, table: &'static str) -> Result<Vec<T>, SimStorageError> {
        let rows = self.0.range(table, "", "")?;
        rows.iter().map(|(key, json)| parse(table, key, json)).collect()
    }

    fn by_key(&mut self, key: &str) -> Result<Option<SimOrder>, SimStorageError> {
        for table in [WORKING, DONE] {
            if let Some(json) = self.0.get(table, key)? {
                return parse(table, key, &json).map(Some);
            }
        }
        Ok(None)
    }

    /// The account's rows at or after `since`, in order.
    fn since<T: DeserializeOwned>(
        &mut self,
        table: &'static str,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<T>, SimStorageError> {
        // The character after `/` ends the account's keys: account ids have neither.
        let (from, until) = (format!("{account}/{}", sortable(since)), format!("{account}0"));
        let rows = self.0.range(table, &from, &until)?;
        rows.iter().map(|(key, json)| parse(table, key, json)).collect()
    }
}

impl<R: JsonRows> SimStorage for RowStorage<R> {
    fn begin(&mut self) -> Result<bool, SimStorageError> {
        self.0.begin()
    }

    fn end(&mut self) {
        self.0.end();
    }

    fn load(&mut self) -> Result<SimBook, SimStorageError> {
        let counters = match self.0.get(META, COUNTERS)? {
            Some(json) => parse(META, COUNTERS, &json)?,
            None => Counters::default(),
        };
        let (accounts, markets) = (self.all(ACCOUNT)?, self.all(MARKET)?);
        let mut working: Vec<SimOrder> = self.all(WORKING)?;
        working.sort_by_key(|order| order.number);
        Ok(SimBook { counters, accounts, markets, working })
    }

    fn commit(&mut self, changes: &SimChanges) -> Result<(), SimStorageError> {
        self.0.apply(&changes.to_rows()?)
    }

    fn order(
        &mut self,
        account: &AccountId,
        id: &ClientOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError> {
        self.by_key(&format!("{account}/{id}"))
    }

    fn order_named(
        &mut self,
        account: &AccountId,
        id: &VenueOrderId,
    ) -> Result<Option<SimOrder>, SimStorageError> {
        self.by_key(&format!("{account}/@{id}"))
    }

    fn ended(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<SimOrder>, SimStorageError> {
        // The character after `#` ends the ended orders by time.
        let (from, until) = (format!("{account}/#{}", sortable(since)), format!("{account}/$"));
        let rows = self.0.range(DONE, &from, &until)?;
        rows.iter().map(|(key, json)| parse(DONE, key, json)).collect()
    }

    fn fills(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<Fill>, SimStorageError> {
        Ok(self.since(FILL, account, since)?.into_iter().map(|row: FillRow| row.fill).collect())
    }

    fn movements(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CashMovement>, SimStorageError> {
        let rows: Vec<MovementRow> = self.since(MOVEMENT, account, since)?;
        Ok(rows.into_iter().map(|row| row.movement).collect())
    }

    fn actions(
        &mut self,
        account: &AccountId,
        since: Timestamp,
    ) -> Result<Vec<CorporateAction>, SimStorageError> {
        let rows: Vec<ActionRow> = self.since(ACTION, account, since)?;
        Ok(rows.into_iter().map(|row| row.action).collect())
    }
}
