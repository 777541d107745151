//! The desk's own stream: which accounts exist, the desk's limits, its starts, and the heads of
//! the other streams.
//!
//! Recording the heads ties all chains together: none can be cut off or exchanged without this
//! one showing it. It must not know what an account does.

use std::collections::BTreeMap;

use domain::{AccountId, Origin};
use path::{
    budget::DeskLimits,
    journal::{Draft, EventRecord, Head, JournalReader, LeaseToken, StreamBatch, StreamId},
    market::Now,
};
use serde::{Deserialize, Serialize};

use crate::error::DeskError;

/// Records read at once.
const PAGE: usize = 1_000;

/// What happens to the desk as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskEvent {
    /// A run of the desk began.
    DeskStarted {
        /// Grows by one with every start.
        incarnation: u32,
        /// The program's version.
        version: String,
    },
    /// An account was added.
    AccountAdded {
        /// Its id.
        account: AccountId,
        /// The identity that its venue reports; it can be added once.
        identity: String,
    },
    /// The desk's limits were replaced.
    DeskLimitsSet {
        /// The new limits.
        limits: DeskLimits,
        /// Who set them.
        by: Origin,
    },
    /// Where the other streams stand.
    Heads {
        /// The head of each.
        heads: BTreeMap<String, Head>,
    },
}

impl DeskEvent {
    /// The kind as the journal writes it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DeskStarted { .. } => "desk_started",
            Self::AccountAdded { .. } => "account_added",
            Self::DeskLimitsSet { .. } => "desk_limits_set",
            Self::Heads { .. } => "heads",
        }
    }
}

/// Everything that the desk's stream says.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The record to which this is folded.
    pub head: Head,
    /// Accounts and the identities that their venues report.
    pub accounts: BTreeMap<AccountId, String>,
    /// The desk's limits.
    pub limits: DeskLimits,
    /// The last run.
    pub incarnation: u32,
}

impl Register {
    /// Folds the desk's stream.
    ///
    /// # Errors
    /// [`DeskError`] when the stream can't be read or is damaged.
    pub fn load(reader: &dyn JournalReader) -> Result<Self, DeskError> {
        let mut register = Self::default();
        register.catch_up(reader)?;
        Ok(register)
    }

    /// Folds what was added since, by this desk or another.
    ///
    /// # Errors
    /// [`DeskError`] when the stream can't be read or is damaged; what was folded stays.
    pub(crate) fn catch_up(&mut self, reader: &dyn JournalReader) -> Result<(), DeskError> {
        let stream = StreamId::desk();
        loop {
            let records = reader.read(&stream, self.head.seq, PAGE)?;
            if records.is_empty() {
                return Ok(());
            }
            for record in records {
                let event = serde_json::from_str(&record.body)?;
                self.head =
                    record.verify(&stream, &self.head).map_err(path::state::FoldError::from)?;
                self.apply(&event);
            }
        }
    }

    fn apply(&mut self, event: &DeskEvent) {
        match event {
            DeskEvent::DeskStarted { incarnation, .. } => self.incarnation = *incarnation,
            DeskEvent::AccountAdded { account, identity } => {
                self.accounts.insert(account.clone(), identity.clone());
            }
            DeskEvent::DeskLimitsSet { limits, .. } => self.limits = limits.clone(),
            DeskEvent::Heads { .. } => {}
        }
    }

    /// Folds an event and makes the record to append for it.
    ///
    /// # Errors
    /// A serialisation failure, which plain data does not have.
    pub(crate) fn record(
        &mut self,
        event: &DeskEvent,
        now: Now,
        token: LeaseToken,
    ) -> Result<StreamBatch, DeskError> {
        let stream = StreamId::desk();
        let draft = Draft {
            at: now.at,
            wall_at: now.wall,
            kind: event.kind().into(),
            version: 1,
            body: serde_json::to_string(event)?.into(),
        };
        let expected = self.head;
        let record = EventRecord::seal(&stream, &expected, draft);
        self.head = record.head();
        self.apply(event);
        Ok(StreamBatch { stream, expected, token, records: vec![record] })
    }
}
