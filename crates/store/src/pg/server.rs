//! Whether a server can be trusted with a journal.
//!
//! It is asked at every new connection, because a server may be restarted with other settings.
//! This module must not know tables.

use postgres::Client;

use crate::{
    error::{StoreError, Unsuitable},
    fault::DbError,
};

/// PostgreSQL 13; older ones get no fixes any more.
const VERSION_MIN: i64 = 130_000;

/// What every session is set to. A program that is stopped in the middle of a transaction must not
/// keep others out for ever, and a server that hangs must not keep the desk waiting for ever.
const SESSION: &str = "SET default_transaction_isolation = 'read committed'; \
     SET default_transaction_read_only = off; \
     SET lock_timeout = '5s'; \
     SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '5s'; \
     SET standard_conforming_strings = on; \
     SET client_min_messages = 'warning'";

fn show(client: &mut Client, setting: &str) -> Result<String, DbError> {
    let row = client.query_one(&format!("SHOW {setting}"), &[])?;
    Ok(row.try_get::<_, &str>(0)?.to_owned())
}

fn refuse(
    code: &'static str,
    field: &'static str,
    value: String,
    rule: &'static str,
    remedy: &'static str,
) -> StoreError {
    StoreError::Unsuitable(Unsuitable { code, field, value, rule, remedy })
}

/// Refuses a server that may lose what it acknowledged, then sets the session up.
pub(super) fn settle(client: &mut Client, schema: &'static str) -> Result<(), StoreError> {
    version(client)?;
    durability(client)?;
    let encoding = show(client, "server_encoding")?;
    if encoding != "UTF8" {
        return Err(refuse(
            "postgres_encoding",
            "the database's encoding",
            encoding,
            "records are hashed as UTF-8 text",
            "make the database with: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0",
        ));
    }
    let standby: bool = client
        .query_one("SELECT pg_is_in_recovery()", &[])
        .and_then(|row| row.try_get(0))
        .map_err(DbError::from)?;
    if standby {
        return Err(refuse(
            "postgres_standby",
            "the server",
            "a standby".to_owned(),
            "a journal is written",
            "name the primary server",
        ));
    }
    let session = format!("{SESSION}; SET search_path = {schema}, pg_temp");
    client.batch_execute(&session).map_err(DbError::from)?;
    commits(client)
}

fn version(client: &mut Client) -> Result<(), StoreError> {
    let number = show(client, "server_version_num")?;
    if number.parse::<i64>().is_ok_and(|number| number >= VERSION_MIN) {
        return Ok(());
    }
    Err(refuse(
        "postgres_too_old",
        "the server's version",
        show(client, "server_version")?,
        "at least PostgreSQL 13",
        "upgrade the server",
    ))
}

fn durability(client: &mut Client) -> Result<(), StoreError> {
    let must_be_on = [
        ("postgres_fsync_off", "fsync", "a power cut would damage the journal"),
        (
            "postgres_full_page_writes_off",
            "full_page_writes",
            "a power cut in the middle of a write would damage the journal",
        ),
        (
            "postgres_synchronous_commit_off",
            "synchronous_commit",
            "an order would be sent before its record is on the disk",
        ),
    ];
    for (code, setting, rule) in must_be_on {
        if show(client, setting)? == "off" {
            let remedy = "set it to on in postgresql.conf (and for this role and database), and \
                          restart the server";
            return Err(refuse(code, setting, "off".to_owned(), rule, remedy));
        }
    }
    Ok(())
}

/// Makes a commit wait for the disk. A server that waits for its standbys too goes on doing so.
fn commits(client: &mut Client) -> Result<(), StoreError> {
    let waits = |level: &str| ["on", "remote_apply"].contains(&level);
    if !waits(&show(client, "synchronous_commit")?) {
        client.batch_execute("SET synchronous_commit = on").map_err(DbError::from)?;
    }
    let level = show(client, "synchronous_commit")?;
    if waits(&level) {
        return Ok(());
    }
    Err(refuse(
        "postgres_synchronous_commit_off",
        "synchronous_commit",
        level,
        "a commit waits for the disk",
        "let this role set it, or set it to on in postgresql.conf",
    ))
}
