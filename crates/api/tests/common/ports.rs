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
    NewPaperAccount, Provenance,
};
use desk::{Desk, NewAccount, Venue, clock::wall_time};
use domain::{
    AccountId, Bar, InstrumentId, Nanos, Origin, OriginKind, Principal, Timeframe, Timestamp,
    VenueId,
};
use path::{
    broker::{BoxFuture, VenueEvent},
    core::Input,
    event::LimitTarget,
    market::Session,
    policy::{AccountSpec, Mode},
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
        self.desk.create_account(&NewAccount { spec, policy: request.policy }).await?;
        self.venue.with(|v| {
            // Whether it may sell short is the desk's to say here.
            v.open_account(
                id.clone(),
                AccountSettings { allow_short: true, ..AccountSettings::default() },
            )
            .unwrap();
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
            let by =
                Origin { kind: OriginKind::Human, principal: Principal::new("bootstrap").unwrap() };
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

impl AccountFactory for Factory {
    fn open(&self, request: NewPaperAccount) -> BoxFuture<'_, Result<AccountId, ApiError>> {
        Box::pin(self.make(request))
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
