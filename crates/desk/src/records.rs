//! What the desk records in its own stream: accounts, limits, starts, heads.
//!
//! Several desks may write this stream, so a record is tried on the head that is known; where
//! another desk was faster, its records are folded first and the question is asked again. This
//! module must not know what an account does.

use std::collections::BTreeMap;

use domain::{AccountId, Origin};
use path::{
    budget::DeskLimits,
    event::{AccountOpened, Event},
    journal::{AppendError, Draft, EventRecord, Head, LeaseToken, StreamBatch, StreamId},
    policy::AccountSpec,
};

use crate::{
    error::DeskError,
    house::Desk,
    register::{DeskEvent, Register},
    shared::NewAccount,
};

/// How often a record of the desk's own stream is tried when other desks write it too.
const NOTE_ATTEMPTS_MAX: usize = 32;

impl Desk {
    /// Adds an account: the first record of its stream, and the desk's. Where a call before was cut
    /// off between the two, the same account is only added to the desk.
    ///
    /// # Errors
    /// [`DeskError::AccountExists`] when the id or the venue's identity is taken, or the
    /// journal's failure.
    pub async fn create_account(&self, new: &NewAccount) -> Result<(), DeskError> {
        self.create_account_under(new, self.0.token).await
    }

    /// As [`Desk::create_account`], under a lease of the account's own.
    ///
    /// # Errors
    /// As [`Desk::create_account`].
    pub async fn create_account_under(
        &self,
        new: &NewAccount,
        token: LeaseToken,
    ) -> Result<(), DeskError> {
        let stream = StreamId::account(&new.spec.id);
        let mut register = self.0.register.lock().await;
        register.catch_up(self.0.reader.as_ref())?;
        let free = |register: &Register| {
            let taken = register.accounts.values().any(|identity| *identity == new.spec.identity);
            if taken { Err(DeskError::AccountExists(new.spec.id.clone())) } else { Ok(()) }
        };
        free(&register)?;
        match self.opened_before(&stream)? {
            None => self.open_stream(new, token).await?,
            Some(spec) if spec == new.spec => {}
            Some(_) => return Err(DeskError::AccountExists(new.spec.id.clone())),
        }
        let (account, identity) = (new.spec.id.clone(), new.spec.identity.clone());
        self.note(&mut register, &DeskEvent::AccountAdded { account, identity }, free).await
    }

    /// The account that a stream was begun for.
    fn opened_before(&self, stream: &StreamId) -> Result<Option<AccountSpec>, DeskError> {
        let first = self.0.reader.read(stream, 0, 1)?.pop();
        let Some(first) = first else { return Ok(None) };
        match Event::decode(&first.kind, first.version, &first.body)? {
            Event::AccountOpened(opened) => Ok(Some(opened.spec)),
            other => {
                let found = format!("{stream} begins with `{}`", other.kind());
                Err(DeskError::Read(path::journal::ReadError(found)))
            }
        }
    }

    async fn open_stream(&self, new: &NewAccount, token: LeaseToken) -> Result<(), DeskError> {
        let stream = StreamId::account(&new.spec.id);
        let event = Event::AccountOpened(AccountOpened {
            spec: new.spec.clone(),
            policy: new.policy.clone(),
            installation: self.0.installation.clone(),
        });
        let now = self.0.clock.now();
        let draft = Draft {
            at: now.at,
            wall_at: now.wall,
            kind: event.kind().into(),
            version: event.version(),
            body: event.body()?.into(),
        };
        let expected = Head::default();
        let records = vec![EventRecord::seal(&stream, &expected, draft)];
        Ok(self.0.writer.append(StreamBatch { stream, expected, token, records }).await?)
    }

    /// Appends to the desk's own stream. Where another desk was faster, its record is folded first
    /// and `may` is asked again.
    async fn note(
        &self,
        register: &mut Register,
        event: &DeskEvent,
        may: impl Fn(&Register) -> Result<(), DeskError>,
    ) -> Result<(), DeskError> {
        for _ in 1..NOTE_ATTEMPTS_MAX {
            match self.try_note(register, event).await {
                Err(DeskError::Journal(AppendError::Conflict { .. })) => {
                    self.catch_up(register)?;
                    may(register)?;
                }
                other => return other,
            }
        }
        self.try_note(register, event).await
    }

    async fn try_note(&self, register: &mut Register, event: &DeskEvent) -> Result<(), DeskError> {
        let mut next = register.clone();
        let batch = next.record(event, self.0.clock.now(), self.0.token)?;
        self.0.writer.append(batch).await?;
        *register = next;
        Ok(())
    }

    fn catch_up(&self, register: &mut Register) -> Result<(), DeskError> {
        register.catch_up(self.0.reader.as_ref())?;
        self.0.budget.set_limits(register.limits.clone());
        Ok(())
    }

    /// Takes in what other desks wrote to the desk's own stream: accounts and limits.
    ///
    /// # Errors
    /// [`DeskError`] when the stream can't be read.
    pub async fn refresh(&self) -> Result<(), DeskError> {
        let mut register = self.0.register.lock().await;
        self.catch_up(&mut register)
    }

    /// Every account that was ever added.
    pub async fn registered_accounts(&self) -> Vec<AccountId> {
        self.0.register.lock().await.accounts.keys().cloned().collect()
    }

    /// Records that a run has begun.
    ///
    /// # Errors
    /// The journal's failure.
    pub async fn record_start(&self, version: &str) -> Result<(), DeskError> {
        let (incarnation, version) = (self.0.incarnation, version.to_owned());
        let mut register = self.0.register.lock().await;
        let event = DeskEvent::DeskStarted { incarnation, version };
        self.note(&mut register, &event, |_| Ok(())).await
    }

    /// Records where every account's stream stands.
    ///
    /// # Errors
    /// The journal's failure.
    pub async fn record_heads(&self) -> Result<(), DeskError> {
        let mut heads = BTreeMap::new();
        for account in self.accounts() {
            let stream = StreamId::account(&account.id);
            heads.insert(stream.to_string(), self.0.reader.head(&stream)?);
        }
        let mut register = self.0.register.lock().await;
        self.note(&mut register, &DeskEvent::Heads { heads }, |_| Ok(())).await
    }

    /// Replaces the desk's limits.
    ///
    /// # Errors
    /// The journal's failure; then the old limits stay.
    pub async fn set_desk_limits(&self, limits: DeskLimits, by: Origin) -> Result<(), DeskError> {
        let mut register = self.0.register.lock().await;
        let event = DeskEvent::DeskLimitsSet { limits: limits.clone(), by };
        self.note(&mut register, &event, |_| Ok(())).await?;
        self.0.budget.set_limits(limits);
        Ok(())
    }
}
