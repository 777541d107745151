//! Values on their way to and from a PostgreSQL server.
//!
//! This module must not know statements.

use std::{error::Error, sync::Arc};

use bytes::BytesMut;
use postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use crate::{
    fault::DbError,
    session::{Columns, Param},
};

/// A value, or a column of values, that travels to the thread of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Owned {
    Int(i64),
    Text(Arc<str>),
    Bytes(Vec<u8>),
    Ints(Vec<i64>),
    Texts(Vec<Arc<str>>),
    Hashes(Vec<[u8; 32]>),
}

impl From<&Param<'_>> for Owned {
    fn from(value: &Param<'_>) -> Self {
        match value {
            Param::Int(number) => Self::Int(*number),
            Param::Text(text) => Self::Text(Arc::from(*text)),
            Param::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

type Failed = Box<dyn Error + Sync + Send>;

impl ToSql for Owned {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match self {
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) => number.to_sql_checked(ty, out),
            Self::Text(text) => (&**text).to_sql_checked(ty, out),
            Self::Bytes(bytes) => bytes.to_sql_checked(ty, out),
            Self::Ints(numbers) => numbers.to_sql_checked(ty, out),
            Self::Texts(texts) => {
                let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
                texts.to_sql_checked(ty, out)
            }
            Self::Hashes(hashes) => {
                let hashes: Vec<&[u8]> = hashes.iter().map(|hash| &hash[..]).collect();
                hashes.to_sql_checked(ty, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value judges the type by itself when it is written.
        true
    }

    to_sql_checked!();
}

/// An INTEGER or a BIGINT.
struct Number(i64);

impl<'a> FromSql<'a> for Number {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failed> {
        if *ty == Type::INT4 {
            return Ok(Self(i32::from_sql(ty, raw)?.into()));
        }
        Ok(Self(i64::from_sql(ty, raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT4, Type::INT8].contains(ty)
    }
}

impl Columns for Row {
    fn int(&self, column: usize) -> Result<Option<i64>, DbError> {
        Ok(self.try_get::<_, Option<Number>>(column)?.map(|number| number.0))
    }

    fn text(&self, column: usize) -> Result<Option<Arc<str>>, DbError> {
        Ok(self.try_get::<_, Option<&str>>(column)?.map(Arc::from))
    }

    fn hash(&self, column: usize) -> Result<Option<[u8; 32]>, DbError> {
        let Some(bytes) = self.try_get::<_, Option<&[u8]>>(column)? else { return Ok(None) };
        let length = bytes.len();
        let hash = bytes.try_into();
        hash.map(Some).map_err(|_| DbError::other(format!("a hash of {length} bytes")))
    }
}
