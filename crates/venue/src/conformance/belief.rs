//! What a probe knows: its own records, and what it was last told of everything.
//!
//! It must not know a broker.

use domain::{AccountId, CalendarKind, InstallationId, Timestamp, VenueId};
use path::{
    broker::VenueSnapshot,
    event::{AccountOpened, Event},
    journal::{AppendError, Draft, EventRecord, Head, JournalStore, StreamBatch, StreamId},
    policy::{AccountSpec, Mode, Policy, WithoutStop},
    state::AccountState,
};

pub(super) fn built_in(error: impl std::fmt::Display) -> String {
    format!("the suite itself: {error}")
}

#[derive(Debug, Clone, Default)]
pub(super) struct Records(Vec<EventRecord>);

impl JournalStore for Records {
    fn append(&mut self, batches: &[StreamBatch]) -> Vec<Result<(), AppendError>> {
        for batch in batches {
            self.0.extend(batch.records.iter().cloned());
        }
        batches.iter().map(|_| Ok(())).collect()
    }
}

/// What a probe believed at a moment, to begin another one from there.
#[derive(Debug, Clone)]
pub(super) struct Belief {
    pub(super) records: Records,
    pub(super) snapshot: Option<VenueSnapshot>,
}

impl Records {
    /// The first record of an account.
    pub(super) fn opened(
        account: &AccountId,
        instrument: &domain::Instrument,
    ) -> Result<Self, String> {
        let spec = AccountSpec {
            id: account.clone(),
            name: "Conformance".to_owned(),
            venue: VenueId::new(instrument.id.venue()).map_err(built_in)?,
            identity: account.to_string(),
            mode: Mode::Paper,
            reporting: instrument.quote,
            calendar: CalendarKind::AlwaysOpen,
        };
        let policy = Policy {
            without_stop: WithoutStop::Allow,
            duplicate_window_ms: 0,
            ..Policy::default()
        };
        let installation = InstallationId::new("c0nf0r").map_err(built_in)?;
        let event = Event::AccountOpened(AccountOpened { spec, policy, installation });
        let (kind, body) = (event.kind().into(), event.body().map_err(built_in)?.into());
        let at = Timestamp::default();
        let draft = Draft { at, wall_at: at, kind, version: event.version(), body };
        let stream = StreamId::account(account);
        Ok(Self(vec![EventRecord::seal(&stream, &Head::default(), draft)]))
    }

    /// The state that they fold to.
    pub(super) fn fold(&self) -> Result<AccountState, String> {
        let first = self.0.first().ok_or("the suite itself: no record")?;
        let stream = match Event::decode(&first.kind, first.version, &first.body) {
            Ok(Event::AccountOpened(opened)) => StreamId::account(&opened.spec.id),
            _ => return Err("the suite itself: the first record".to_owned()),
        };
        let state = AccountState::fold(None, &stream, &self.0).map_err(built_in)?;
        state.ok_or_else(|| "the suite itself: no state".to_owned())
    }
}
