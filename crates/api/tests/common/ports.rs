//! What the program would give: accounts at the simulated venue, an audit, bars.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::{
    AccountFactory, ApiError, AuditReport, AuditSource, BarPage, BarSeries, BarSource,
    ContractDesk, ListedContract, NewContract, NewPaperAccount, Provenance,
};
use desk::{Desk, NewAccount, Venue, clock::wall_time};
use domain::{
    AccountId, AssetClass, Bar, Contract, Instrument, InstrumentId, MarginTier, Nanos, Origin,
    OriginKind, Principal, Timeframe, Timestamp, VenueId,
};
use path::{
    broker::{BoxFuture, VenueEvent},
    core::Input,
    event::LimitTarget,
    market::Session,
    policy::{AccountSpec, Mode, Policy},
    terms::Terms,
};
use venue_sim::{AccountSettings, MemoryStorage, SharedVenue, SimBroker};

use super::{Senders, instrument, symbol};

/// What an opening waits for.
#[derive(Default)]
pub struct Gate {
    /// Held by a test, it keeps every opening from going on.
    pub closed: tokio::sync::Mutex<()>,
    /// Openings that have begun.
    pub begun: AtomicUsize,
}

/// Opens accounts at the simulated venue.
pub struct Factory {
    pub gate: Arc<Gate>,
    pub desk: Desk,
    pub venue: SharedVenue<MemoryStorage>,
    pub senders: Senders,
}

impl Factory {
    async fn make(&self, request: NewPaperAccount) -> Result<AccountId, ApiError> {
        self.gate.begun.fetch_add(1, Ordering::AcqRel);
        let _open = self.gate.closed.lock().await;
        let id = request.id.clone();
        let spec = AccountSpec {
            id: id.clone(),
            name: request.name,
            venue: VenueId::new("sim").unwrap(),
            identity: format!("sim-{id}"),
            mode: Mode::Paper,
            reporting: request.cash.currency(),
            calendar: request.calendar,
        };
        let policy = request.policy;
        self.desk.create_account(&NewAccount { spec, policy: policy.clone() }).await?;
        self.venue.with(|v| {
            v.open_account(id.clone(), settings(&policy)).unwrap();
            v.deposit(&id, &request.cash).unwrap();
        });
        let (sender, events, overflow) = Desk::events();
        self.senders.lock().unwrap().insert(id.clone(), sender.clone());
        let broker = SimBroker::new(self.venue.clone(), id.clone(), Arc::new(wall_time));
        let venue = Venue { broker: Arc::new(broker), events, overflow };
        let account = self.desk.start_account(&id, venue)?;
        account.inform(|_| Input::SetInstrument(Box::new(instrument()))).await?;
        let calendar = request.calendar;
        let session = Session { open: true, day: wall_time().utc_day() };
        account.inform(move |_| Input::Session { calendar, session }).await?;
        sender.send(VenueEvent::Connected).await.unwrap();
        if let Some(preset) = request.preset {
            let by = Origin::new(OriginKind::Human, Principal::new("bootstrap").unwrap());
            account.set_limits(LimitTarget::Account, preset.limits(), by).await?;
        }
        for _ in 0..1_000 {
            if account.look(|core, _| core.fitness().reconciled).await? {
                return Ok(id);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(ApiError::internal("not_reconciled", "the account was not compared in time"))
    }
}

/// What the venue allows under a policy.
fn settings(policy: &Policy) -> AccountSettings {
    AccountSettings::default().with_terms(&Terms::of(policy))
}

impl AccountFactory for Factory {
    fn open(&self, request: NewPaperAccount) -> BoxFuture<'_, Result<AccountId, ApiError>> {
        Box::pin(self.make(request))
    }
}

/// Lists contracts at the simulated venue.
pub struct Contracts {
    pub desk: Desk,
    pub venue: SharedVenue<MemoryStorage>,
}

impl Contracts {
    async fn make(&self, wanted: NewContract) -> Result<InstrumentId, ApiError> {
        let rate = "0.1".parse().unwrap();
        let tier = MarginTier { up_to: None, initial_rate: rate, maintenance_rate: rate };
        let tiers = if wanted.tiers.is_empty() { vec![tier] } else { wanted.tiers };
        let (expires, max_leverage) = (wanted.expires, wanted.max_leverage);
        let contract = Instrument {
            id: wanted.id.clone(),
            asset_class: AssetClass::Perpetual,
            multiplier: wanted.multiplier,
            contract: Some(Contract { expires, max_leverage, tiers }),
            shortable: true,
            ..instrument()
        };
        let (rate, now) = (wanted.funding_rate, wall_time());
        let listed =
            self.venue.with(|v| v.list(contract.clone(), wanted.follows.clone(), rate, now));
        listed.map_err(|e| ApiError::invalid("listing", e.to_string(), "none"))?;
        for account in self.desk.accounts() {
            let contract = contract.clone();
            let tell = move |_| Input::SetInstrument(Box::new(contract.clone()));
            account.inform(tell).await?;
        }
        Ok(wanted.id)
    }
}

impl ContractDesk for Contracts {
    fn list(&self, wanted: NewContract) -> BoxFuture<'_, Result<InstrumentId, ApiError>> {
        Box::pin(self.make(wanted))
    }

    fn listed(&self) -> Vec<ListedContract> {
        let row = |(rules, follows): (&Instrument, &venue_sim::Follows)| ListedContract {
            id: rules.id.clone(),
            follows: follows.instrument.clone(),
            funding_rate: follows.funding_rate,
            next_funding: Some(follows.funded.plus(venue_sim::FUNDING_EVERY)),
        };
        self.venue.with(|v| v.engine().listed().map(row).collect())
    }

    fn assumptions(&self) -> Vec<String> {
        self.venue.with(|v| v.engine().describe())
    }
}

/// An audit that finds nothing.
pub struct Sound;

impl AuditSource for Sound {
    fn verify(&self) -> BoxFuture<'_, Result<AuditReport, ApiError>> {
        let report = AuditReport {
            sound: true,
            verdict: "consistent".to_owned(),
            records: 1,
            streams: Vec::new(),
            checkpoint: None,
        };
        Box::pin(std::future::ready(Ok(report)))
    }
}

/// Two bars of the instrument, one of which has not closed yet.
pub struct Bars;

impl BarSource for Bars {
    fn list(&self) -> BoxFuture<'_, Result<Vec<BarSeries>, ApiError>> {
        let series = BarSeries {
            instrument: symbol(),
            timeframe: Timeframe::Day,
            first: Timestamp::from_secs(0),
            last: Timestamp::from_secs(86_400),
            count: 1,
            provenance: Provenance::Recorded,
            note: None,
        };
        Box::pin(std::future::ready(Ok(vec![series])))
    }

    fn read(
        &self,
        instrument: InstrumentId,
        _: Timeframe,
        until: Timestamp,
        _: usize,
    ) -> BoxFuture<'_, Result<Option<BarPage>, ApiError>> {
        let bar = |close_at: Timestamp| {
            let p = "100".parse().unwrap();
            let open_at = close_at.plus(Nanos::from_secs(-60));
            let volume = domain::Qty::ZERO;
            Bar { open_at, close_at, open: p, high: p, low: p, close: p, volume }
        };
        let future = until.plus(Nanos::from_secs(60));
        let page = (instrument == symbol()).then(|| BarPage {
            provenance: Provenance::Recorded,
            bars: vec![bar(until), bar(future)],
        });
        Box::pin(std::future::ready(Ok(page)))
    }
}
