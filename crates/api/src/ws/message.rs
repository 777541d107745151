//! What a socket is sent.
//!
//! It must not know when.

use std::collections::BTreeMap;

use domain::Timestamp;
use path::{
    event::Event,
    journal::{EventRecord, StreamId},
};
use serde::Serialize;

use crate::views::{Unavailable, account::AccountView, approval::ApprovalView, order::OrderView};

/// Everything that a listener starts from.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    /// The desk's clock.
    pub(crate) at: String,
    /// For each stream the number after which events follow.
    pub(crate) cursors: BTreeMap<String, u64>,
    pub(crate) accounts: Vec<AccountView>,
    /// Live orders.
    pub(crate) orders: Vec<OrderView>,
    pub(crate) approvals: Vec<ApprovalView>,
    pub(crate) unavailable: Vec<Unavailable>,
}

/// Says that events are missing and a snapshot follows.
pub(crate) fn resync(reason: &str, missed: Option<u64>) -> String {
    #[derive(Serialize)]
    struct Resync<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        reason: &'a str,
        missed: Option<u64>,
    }
    json(&Resync { kind: "resync", reason, missed })
}

/// A published event.
pub(crate) fn event(
    stream: &StreamId,
    seq: u64,
    at: Timestamp,
    event: &Event,
) -> Result<String, serde_json::Error> {
    Ok(line(stream, seq, at, event.kind(), &event.body()?))
}

/// A record of the journal, in the form of an event.
pub(crate) fn record(stream: &StreamId, record: &EventRecord) -> String {
    line(stream, record.seq, record.at, &record.kind, &record.body)
}

/// The body is JSON already and goes in as it is.
fn line(stream: &StreamId, seq: u64, at: Timestamp, kind: &str, body: &str) -> String {
    let (stream, kind) = (json(&stream.as_str()), json(&kind));
    format!(
        "{{\"type\":\"event\",\"stream\":{stream},\"seq\":{seq},\"at\":\"{at}\",\"kind\":{kind},\
         \"body\":{body}}}"
    )
}

/// Plain data as JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
