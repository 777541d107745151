//! What the API needs from the rest of the program, in its words.

use std::sync::{Arc, OnceLock};

use api::{
    AccountFactory, ApiConfig, ApiError, ApiParts, ApiState, AuditBreak, AuditReport, AuditSource,
    BarPage, BarSeries, BarSource, KeyHash, NewPaperAccount, StreamAudit,
};
use bars::{BarStore, Provenance, Series};
use desk::{Clock, Desk, NewAccount, Tenure};
use domain::{
    AccountId, CalendarKind, InstrumentId, Limits, Money, Origin, OriginKind, Principal, Timeframe,
    Timestamp,
};
use path::{
    broker::BoxFuture,
    core::Input,
    event::LimitTarget,
    journal::Head,
    policy::{AccountSpec, Mode, Policy},
};
use runner::Runs;
use store::Reader;

use super::{
    House, ServeError,
    feed::Feed,
    key,
    listen::Plan,
    listings::Listings,
    market_data::{Markets, us_session},
    others::{SharedSwitch, Turn},
    people,
    research::Research,
    strategies::Library,
    tenancy::Tenancy,
    venue::Simulated,
};

/// Replayed daily bars are hours apart, and a second of a replay may be minutes: a price is fresh
/// until the next session.
pub(super) const REPLAY_QUOTE_AGE_MS: u32 = 86_400_000;

/// The origin of what the kill file asks for.
pub(super) fn file_origin() -> Origin {
    Origin::new(OriginKind::System, Principal::desk())
}

/// Who sets an account up.
pub(super) fn setup() -> Origin {
    Origin::new(OriginKind::Human, Principal::desk())
}

/// Opens paper accounts at the simulated venue. Clones are cheap.
#[derive(Clone)]
pub(super) struct Accounts(Arc<AccountsInner>);

struct AccountsInner {
    desk: Desk,
    venue: Simulated,
    clock: Arc<dyn Clock>,
    listings: Listings,
    store: Arc<BarStore>,
    mode: Mode,
    tenancy: Tenancy,
    switch: OnceLock<SharedSwitch>,
    /// Held while an account is opened or started: what is looked at stays so until the end.
    opening: tokio::sync::Mutex<()>,
}

impl Accounts {
    pub(super) fn new(
        desk: &Desk,
        venue: &Simulated,
        markets: &Markets,
        tenancy: &Tenancy,
    ) -> Self {
        Self(Arc::new(AccountsInner {
            desk: desk.clone(),
            venue: venue.clone(),
            clock: markets.clock.clone(),
            listings: markets.listings.clone(),
            store: markets.store.clone(),
            mode: markets.mode,
            tenancy: tenancy.clone(),
            switch: OnceLock::new(),
            opening: tokio::sync::Mutex::default(),
        }))
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(super) fn venue(&self) -> &Simulated {
        &self.0.venue
    }

    pub(super) fn listings(&self) -> &Listings {
        &self.0.listings
    }

    /// The venue's time.
    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now().at
    }

    /// True when the account was added before.
    pub(super) async fn exists(&self, id: &AccountId) -> bool {
        self.0.desk.registered_accounts().await.contains(id)
    }

    /// From now on an account that is started takes over the kill switch of all desks first.
    pub(super) fn heed(&self, switch: SharedSwitch) {
        if self.0.switch.set(switch).is_err() {
            tracing::error!("the shared kill switch was named twice");
        }
    }

    /// Takes an account's lease and starts it, unless an opening has done so meanwhile.
    pub(super) async fn start(&self, id: &AccountId) -> Result<(), ServeError> {
        let _turn = self.0.opening.lock().await;
        if self.0.desk.account(id).is_ok() {
            return Ok(());
        }
        let tenure = self.0.tenancy.acquire(id, self.0.desk.incarnation()).await?;
        self.start_or_let_go(id, tenure).await
    }

    /// Starts an account, or gives its lease back, so that another desk may try.
    async fn start_or_let_go(&self, id: &AccountId, tenure: Tenure) -> Result<(), ServeError> {
        let started = self.start_under(id, tenure).await;
        if started.is_err() && self.0.desk.account(id).is_err() {
            self.0.tenancy.let_go_soon(id, tenure.token).await;
        }
        started
    }

    async fn start_under(&self, id: &AccountId, tenure: Tenure) -> Result<(), ServeError> {
        let inner = &self.0;
        let venue = inner.venue.connect(id, inner.clock.clone());
        // Until the account is under what stands, this desk confirms nothing.
        let turn = match inner.switch.get() {
            Some(switch) => Some(switch.turn().await?),
            None => None,
        };
        let handle = inner.desk.start_account_under(id, venue, tenure)?;
        if let Some((level, by, reason)) = turn.as_ref().and_then(Turn::standing) {
            inner.desk.kill_account(&handle, level, by, reason).await;
        }
        drop(turn);
        for instrument in inner.listings.all().into_values() {
            handle.inform(move |_| Input::SetInstrument(Box::new(instrument.clone()))).await?;
        }
        Feed::greet(&inner.desk, id, inner.clock.now().at).await;
        Ok(())
    }

    /// Opens an account at the venue and the desk and starts it. An opening that was cut off goes
    /// on where it ended when it is asked for again.
    pub(super) async fn open_paper(
        &self,
        id: AccountId,
        name: String,
        cash: Money,
        calendar: CalendarKind,
        policy: Policy,
        limits: Option<Limits>,
    ) -> Result<(), ServeError> {
        let inner = &self.0;
        let spec = AccountSpec {
            id: id.clone(),
            name,
            venue: domain::VenueId::new("sim").map_err(|e| ServeError::Invalid(e.to_string()))?,
            identity: format!("sim/{id}"),
            mode: inner.mode,
            reporting: cash.currency(),
            calendar,
        };
        let _turn = inner.opening.lock().await;
        if self.exists(&id).await {
            return Err(desk::DeskError::AccountExists(id).into());
        }
        let tenure = inner.tenancy.acquire(&id, inner.desk.incarnation()).await?;
        let new = NewAccount { spec, policy };
        if let Err(error) = self.create(&new, &cash, tenure).await {
            inner.tenancy.let_go_soon(&id, tenure.token).await;
            return Err(error);
        }
        self.start_or_let_go(&id, tenure).await?;
        if let Some(limits) = limits {
            let handle = inner.desk.account(&id)?;
            handle.set_limits(LimitTarget::Account, limits, setup()).await?;
        }
        Ok(())
    }
}

impl Accounts {
    /// Adds an account to the venue and to the journal. The venue may have it from an opening that
    /// was cut off, with its first deposit or without.
    async fn create(
        &self,
        new: &NewAccount,
        cash: &Money,
        tenure: Tenure,
    ) -> Result<(), ServeError> {
        let (inner, id) = (&self.0, &new.spec.id);
        inner.venue.open_account(id, &new.policy, cash, self.now())?;
        Ok(inner.desk.create_account_under(new, tenure.token).await?)
    }
}

fn failed(error: &ServeError) -> ApiError {
    match error {
        ServeError::Desk(desk::DeskError::AccountExists(_)) => ApiError::conflict(
            "account_exists",
            error.to_string(),
            "Choose another id, or use the account that exists.",
        ),
        ServeError::Lease(store::LeaseError::Held { .. }) => ApiError::conflict(
            "account_elsewhere",
            error.to_string(),
            "Use the account at the desk that holds it, or choose another id.",
        ),
        _ => ApiError::unavailable("venue", error.to_string(), "See the log of the desk."),
    }
}

impl AccountFactory for Accounts {
    fn open(&self, request: NewPaperAccount) -> BoxFuture<'_, Result<AccountId, ApiError>> {
        Box::pin(async move {
            let NewPaperAccount { id, name, cash, calendar, preset, policy } = request;
            let mut limits = preset.map(path::policy::Preset::limits);
            if let Some(limits) = limits.as_mut().filter(|_| self.0.mode == Mode::Replay) {
                limits.quote_age_ms = Some(REPLAY_QUOTE_AGE_MS);
            }
            self.open_paper(id.clone(), name, cash, calendar, policy, limits)
                .await
                .map_err(|e| failed(&e))?;
            Ok(id)
        })
    }
}

fn unreadable(error: impl std::fmt::Display) -> ApiError {
    ApiError::unavailable("unreadable", error.to_string(), "Check the disk of the data folder.")
}

/// What an error says, as a sentence.
pub(super) fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(unreadable)?
}

impl BarSource for Accounts {
    fn list(&self) -> BoxFuture<'_, Result<Vec<BarSeries>, ApiError>> {
        let store = self.0.store.clone();
        Box::pin(blocking(move || {
            let calendar = us_session;
            let listing = store.list(|_| &calendar).map_err(unreadable)?;
            let row = |info: bars::SeriesInfo| BarSeries {
                instrument: info.series.instrument,
                timeframe: info.series.timeframe,
                first: info.first,
                last: info.last,
                count: info.count,
                provenance: provenance(info.provenance),
                note: (info.gaps.gaps > 0).then(|| {
                    format!("{} gaps, {} bars missing", info.gaps.gaps, info.gaps.missing_bars)
                }),
            };
            Ok(listing.series.into_iter().map(row).collect())
        }))
    }

    fn read(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Option<BarPage>, ApiError>> {
        let store = self.0.store.clone();
        Box::pin(blocking(move || {
            let series = Series { instrument, timeframe };
            let calendar = us_session;
            let Some(info) = store.info(&series, &calendar).map_err(unreadable)? else {
                return Ok(None);
            };
            const SPAN_BARS_MAX: usize = 2_000_000;
            // Bars are at most a week long and weekends leave gaps, so this reaches far enough
            // back for the number asked for.
            let reach = timeframe.span().0.saturating_mul(i64::try_from(limit).unwrap_or(i64::MAX));
            let reach = reach.saturating_mul(5).saturating_add(14 * 86_400_000_000_000);
            let from = Timestamp(until.0.saturating_sub(reach));
            let mut bars = store.read(&series, from..until, SPAN_BARS_MAX).map_err(unreadable)?;
            bars.retain(|b| b.close_at <= until);
            let bars = bars.split_off(bars.len().saturating_sub(limit));
            Ok(Some(BarPage { provenance: provenance(info.provenance), bars }))
        }))
    }
}

fn provenance(of: Provenance) -> api::Provenance {
    match of {
        Provenance::Market => api::Provenance::Recorded,
        Provenance::Synthetic => api::Provenance::Synthetic,
    }
}

/// What was changed about people and keys, beside the journal's streams.
const PEOPLE: &str = "people";

/// Checks the journal's chains for the API.
struct Audit(Reader);

impl AuditSource for Audit {
    fn verify(&self) -> BoxFuture<'_, Result<AuditReport, ApiError>> {
        let reader = self.0.clone();
        Box::pin(blocking(move || {
            let report = store::verify(&reader, None, &mut |_| {}).map_err(unreadable)?;
            let stream = |s: &store::StreamReport| StreamAudit {
                stream: s.stream.clone(),
                records: s.records,
                head: s.head,
                broken: s
                    .broken
                    .as_ref()
                    .map(|b| AuditBreak { code: b.code().to_owned(), message: b.to_string() }),
            };
            let people = reader.verify_people().map_err(unreadable)?;
            let broken = people.told();
            let mut streams: Vec<StreamAudit> = report.streams.iter().map(stream).collect();
            streams.push(StreamAudit {
                stream: PEOPLE.to_owned(),
                records: people.records,
                head: Head { seq: people.records, hash: people.head },
                broken: broken
                    .clone()
                    .map(|message| AuditBreak { code: "chain_people".to_owned(), message }),
            });
            Ok(AuditReport {
                sound: report.is_sound() && people.is_sound(),
                verdict: broken.filter(|_| report.is_sound()).unwrap_or_else(|| report.verdict()),
                records: report.records + people.records,
                streams,
                checkpoint: None,
            })
        }))
    }
}

/// The API's state.
pub(super) fn state(
    house: &House,
    accounts: &Accounts,
    desk: &Desk,
    runs: Arc<Runs>,
    plan: &Plan,
    research: &Research,
) -> ApiState {
    let key = house.key.as_deref().map(|key| KeyHash::from_bytes(key::hash(key)));
    let mut config = ApiConfig::new(env!("CARGO_PKG_VERSION"), key);
    plan.configure(&mut config);
    config.kill_within += house.tenancy.others_stop_within();
    ApiState::new(ApiParts {
        desk: desk.clone(),
        accounts: Arc::new(accounts.clone()),
        audit: Arc::new(Audit(house.database.reader())),
        bars: Arc::new(accounts.clone()),
        contracts: Arc::new(accounts.clone()),
        runs,
        strategies: Arc::new(Library::new(house.database.strategies(), house.identity.clone())),
        research: Arc::new(research.clone()),
        identity: house.identity.clone(),
        keep_local_key: people::keeper(house.lock.dir()),
        config,
    })
}

#[cfg(test)]
mod tests;
