//! A conversation with either database, in the few words that the store needs.
//!
//! What is done with rows is written once, against this; how the words travel is said by
//! `connection` for SQLite and `pg` for PostgreSQL. This module must not know tables.

use std::sync::Arc;

use crate::fault::DbError;

/// A value in a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param<'a> {
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u16> for Param<'_> {
    fn from(number: u16) -> Self {
        Self::Int(number.into())
    }
}

impl<'a> From<&'a [u8; 32]> for Param<'a> {
    fn from(hash: &'a [u8; 32]) -> Self {
        Self::Bytes(hash)
    }
}

/// Values in the order of a statement's parameters.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::session::Param::from($value)),*] };
}
pub(crate) use values;

/// The columns of one row. An absent value is `None`; a value of another kind is an error.
pub(crate) trait Columns {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError>;
    fn text(&self, column: usize) -> Result<Option<Arc<str>>, DbError>;
    fn hash(&self, column: usize) -> Result<Option<[u8; 32]>, DbError>;
}

/// The columns that a statement always fills.
impl dyn Columns + '_ {
    pub(crate) fn number(&self, column: usize) -> Result<i64, DbError> {
        self.int(column)?.ok_or_else(|| missing(column))
    }

    /// A number that is never negative.
    pub(crate) fn unsigned(&self, column: usize) -> Result<u64, DbError> {
        let value = self.number(column)?;
        u64::try_from(value).map_err(|_| DbError::other(format!("{value} is out of range")))
    }

    pub(crate) fn words(&self, column: usize) -> Result<Arc<str>, DbError> {
        self.text(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn digest(&self, column: usize) -> Result<[u8; 32], DbError> {
        self.hash(column)?.ok_or_else(|| missing(column))
    }
}

fn missing(column: usize) -> DbError {
    DbError::other(format!("column {column} has no value"))
}

/// What is done with each row of an answer.
pub(crate) type OnRow<'a> = dyn FnMut(&dyn Columns) -> Result<(), DbError> + 'a;

/// One connection, or a transaction on it.
pub(crate) trait Session {
    /// Runs a statement and tells how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Param<'_>]) -> Result<u64, DbError>;

    /// Runs a query and hands over its rows in order.
    fn each(
        &mut self,
        sql: &'static str,
        values: &[Param<'_>],
        on_row: &mut OnRow<'_>,
    ) -> Result<(), DbError>;
}

impl dyn Session + '_ {
    /// Every row of an answer.
    pub(crate) fn all<T>(
        &mut self,
        sql: &'static str,
        values: &[Param<'_>],
        mut take: impl FnMut(&dyn Columns) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut found = Vec::new();
        self.each(sql, values, &mut |row| {
            found.push(take(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first row of an answer.
    pub(crate) fn first<T>(
        &mut self,
        sql: &'static str,
        values: &[Param<'_>],
        mut take: impl FnMut(&dyn Columns) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut found = None;
        self.each(sql, values, &mut |row| {
            if found.is_none() {
                found = Some(take(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }
}
