//! Which instruments a desk trades, on whose clock, with which prices.
//!
//! A demo replays built-in daily bars; otherwise stored bars are replayed on request. The
//! synthetic symbol is always there and always says what it is.

use std::{collections::BTreeMap, sync::Arc};

use backtest::Timetable;
use bars::{BarStore, Provenance, Synthetic, SyntheticSpec};
use desk::{Clock, Desk, SystemClock, clock::boot_time};
use domain::{
    AssetClass, Bar, CalendarKind, Currency, Instrument, InstrumentId, Nanos, Price, Qty,
    TickSource, Timeframe, Timestamp,
};
use market::{
    calendar::Calendar,
    replay::{Pace, Replay, ReplayClock, ReplaySpec, Series},
};
use path::{journal::JournalReader, policy::Mode};
use runner::{Player, Runs};
use rust_decimal::Decimal;
use venue_sim::SimConfig;

use super::{
    House, ServeError, UpArgs,
    clock::DrivenClock,
    demo,
    feed::{Around, Feed, Moving, Replaying},
    listings::Listings,
    run_feeds::RunFeeds,
    tenancy::Tenancy,
    venue::Simulated,
};

/// Bars of one series that a replay loads at most.
const BARS_MAX: usize = 1_000_000;
/// Everything that is traded follows one of these.
pub(super) const CALENDARS: [CalendarKind; 2] =
    [CalendarKind::AlwaysOpen, CalendarKind::UsEquities];
/// The synthetic symbol.
pub(super) const SYNTHETIC: &str = "sim:SYN";

/// Prices and instruments of one run.
pub(super) struct Markets {
    /// The desk's clock.
    pub(super) clock: Arc<dyn Clock>,
    /// Everything that can be traded.
    pub(super) listings: Listings,
    /// Where bars are stored.
    pub(super) store: Arc<BarStore>,
    /// How real the accounts' money is.
    pub(super) mode: Mode,
    replay: Option<(Timetable, Arc<DrivenClock>)>,
    synthetic: Vec<(Instrument, SyntheticSpec)>,
}

fn invalid(error: impl std::fmt::Display) -> ServeError {
    ServeError::Invalid(error.to_string())
}

impl Markets {
    pub(super) fn prepare(args: &UpArgs, house: &House) -> Result<Self, ServeError> {
        let store = Arc::new(BarStore::open(house.lock.dir())?);
        if args.demo {
            demo::import_bars(&store)?;
        }
        let from = match (&args.replay_from, args.demo) {
            (Some(date), _) => Some(date.as_str()),
            (None, true) => Some(demo::REPLAY_FROM),
            (None, false) => None,
        };
        let mut instruments = BTreeMap::new();
        let (clock, replay): (Arc<dyn Clock>, _) = match from {
            None => (Arc::new(SystemClock::default()), None),
            Some(date) => {
                let start = start_of(date)?.max(latest(&house.database.reader())?);
                let series = load(&store, &mut instruments)?;
                let replay = Replay::new(series, spec()).map_err(invalid)?;
                let clock = Arc::new(DrivenClock::new(driven(args, start)?));
                let mut timetable = Timetable::new(replay, &CALENDARS, Vec::new(), start);
                timetable.skip_to(start);
                clock.stop_at(timetable.next_at());
                (clock.clone(), Some((timetable, clock)))
            }
        };
        let at = clock.now().at;
        let mut synthetic = vec![(synthetic_instrument()?, synthetic_prices(at)?)];
        if args.demo {
            synthetic.push(demo::coin(at)?);
        }
        for (instrument, _) in &synthetic {
            instruments.insert(instrument.id.clone(), instrument.clone());
        }
        let listings = Listings::new(instruments);
        let mode = if replay.is_some() { Mode::Replay } else { Mode::Paper };
        Ok(Self { clock, listings, store, mode, replay, synthetic })
    }

    /// The models with which the simulated venue fills.
    pub(super) fn venue_config(&self) -> SimConfig {
        SimConfig {
            maker_fee: Decimal::new(5, 4),
            taker_fee: Decimal::new(1, 3),
            slippage_bps: Decimal::ONE,
            queue_when_closed: true,
            borrow_rate: Decimal::new(3, 2),
            interest_rate: Decimal::new(6, 2),
            ..SimConfig::default()
        }
    }

    /// The bars that strategies decide on.
    pub(super) fn feeds(&self) -> Arc<RunFeeds> {
        let series =
            self.replay.as_ref().map(|(timetable, _)| timetable.replay().series().to_vec());
        let moving = self.synthetic.iter().map(|(instrument, _)| instrument.id.clone()).collect();
        Arc::new(RunFeeds::new(series.unwrap_or_default(), moving, self.listings.clone()))
    }

    /// The feed of these prices. A synthetic symbol goes on from the last price that the venue
    /// knows, so that a restart moves no position.
    pub(super) fn into_feed(
        self,
        desk: Desk,
        runs: Arc<Runs>,
        venue: Simulated,
        tenancy: Tenancy,
    ) -> Result<Feed, ServeError> {
        let moving = self.synthetic.into_iter().map(|(instrument, spec)| {
            let start_price = venue.last(&instrument.id).unwrap_or(spec.start_price);
            let prices = Synthetic::new(SyntheticSpec { start_price, ..spec })
                .or_else(|_| Synthetic::new(spec))
                .map_err(invalid)?;
            Ok(Moving { instrument, prices })
        });
        let moving = moving.collect::<Result<_, ServeError>>()?;
        let replay = self.replay.map(|(timetable, clock)| {
            let stage = Around { clock: clock.clone(), listings: self.listings.clone() };
            let market = Arc::new(venue.shared().clone());
            let player = Player::new(timetable, desk.clone(), market, Arc::new(stage));
            Replaying { player, clock }
        });
        let house = (desk, runs);
        Ok(Feed::new(house, venue, tenancy, self.clock, self.listings, replay, moving))
    }
}

fn spec() -> ReplaySpec {
    ReplaySpec { half_spread_bps: Decimal::TWO }
}

fn driven(args: &UpArgs, start: Timestamp) -> Result<ReplayClock, ServeError> {
    let pace = Pace::PerSession {
        real: Nanos::from_secs(i64::from(args.session_seconds)),
        calendar: Calendar::of(CalendarKind::UsEquities),
    };
    ReplayClock::new(start, pace, Nanos(boot_time().0)).map_err(invalid)
}

fn start_of(date: &str) -> Result<Timestamp, ServeError> {
    let day: jiff::civil::Date = date.parse().map_err(|e| {
        ServeError::Invalid(format!("--replay-from `{date}` is not YYYY-MM-DD: {e}"))
    })?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(invalid)?;
    Ok(Timestamp::from_jiff(midnight.timestamp()))
}

/// The latest desk time that any stream knows: a replay goes on from there, never before.
fn latest(reader: &store::Reader) -> Result<Timestamp, ServeError> {
    let mut latest = Timestamp(i64::MIN);
    for (name, head) in reader.heads().map_err(invalid)? {
        let Some(stream) = path::journal::StreamId::parse(&name) else { continue };
        let last = reader.read(&stream, head.seq.saturating_sub(1), 1).map_err(invalid)?;
        latest = last.iter().fold(latest, |l, r| l.max(r.at));
    }
    Ok(latest)
}

fn load(
    store: &BarStore,
    instruments: &mut BTreeMap<InstrumentId, Instrument>,
) -> Result<Vec<Series>, ServeError> {
    let us = |date| us_session(date);
    let listing = store.list(|_| &us as &dyn bars::SessionCalendar)?;
    for damaged in &listing.damaged {
        tracing::warn!(%damaged, "bars left out");
    }
    let mut finest: BTreeMap<InstrumentId, &bars::SeriesInfo> = BTreeMap::new();
    for info in &listing.series {
        let id = info.series.instrument.clone();
        let finer = finest
            .get(&id)
            .is_none_or(|known| info.series.timeframe.span() < known.series.timeframe.span());
        if finer {
            finest.insert(id, info);
        }
    }
    let mut series = Vec::new();
    for (id, info) in finest {
        let all = Timestamp(i64::MIN)..Timestamp(i64::MAX);
        let bars: Vec<Bar> = store.read(&info.series, all, BARS_MAX)?;
        let tick = info.tick.map_or_else(cent, |t| Ok(t.tick))?;
        let instrument = imported(&id, tick, info.provenance)?;
        instruments.insert(id.clone(), instrument);
        series.push(Series {
            instrument: id,
            timeframe: info.series.timeframe,
            tick,
            bars: bars.into(),
        });
    }
    Ok(series)
}

/// The session of a date in New York, as the bar store asks for it.
pub(super) fn us_session(date: jiff::civil::Date) -> Option<bars::Session> {
    let session = Calendar::of(CalendarKind::UsEquities).session_of_date(date)?;
    Some(bars::Session { open: session.open, close: session.close })
}

fn cent() -> Result<Price, ServeError> {
    Price::new(Decimal::new(1, 2)).map_err(invalid)
}

/// Rules for an instrument of which only bars are known: whole units, US hours, the tick inferred
/// from the prices.
pub(super) fn imported(
    id: &InstrumentId,
    tick: Price,
    provenance: Provenance,
) -> Result<Instrument, ServeError> {
    let synthetic = provenance == Provenance::Synthetic;
    let one = Qty::new(Decimal::ONE).map_err(invalid)?;
    Ok(Instrument {
        id: id.clone(),
        asset_class: if synthetic { AssetClass::Synthetic } else { AssetClass::Equity },
        base: base_of(id),
        quote: Currency::usd(),
        fee_currency: Currency::usd(),
        tick,
        tick_source: TickSource::Inferred,
        step: one,
        min_qty: one,
        max_qty: None,
        min_notional: Decimal::ZERO,
        multiplier: Decimal::ONE,
        calendar: if synthetic { CalendarKind::AlwaysOpen } else { CalendarKind::UsEquities },
        // The simulated venue lends whatever it trades.
        shortable: true,
        tradable: true,
        contract: None,
    })
}

/// The symbol as an asset code: its capital letters and digits, at most eight of them.
fn base_of(id: &InstrumentId) -> Currency {
    let code: String = id
        .symbol()
        .to_ascii_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    Currency::new(&code).or_else(|_| Currency::new("UNIT")).unwrap_or(Currency::usd())
}

fn synthetic_instrument() -> Result<Instrument, ServeError> {
    let id: InstrumentId = SYNTHETIC.parse().map_err(invalid)?;
    let base = imported(&id, cent()?, Provenance::Synthetic)?;
    let step = Qty::new(Decimal::new(1, 2)).map_err(invalid)?;
    Ok(Instrument { tick_source: TickSource::Specified, step, min_qty: step, ..base })
}

fn synthetic_prices(at: Timestamp) -> Result<SyntheticSpec, ServeError> {
    const SEED: u64 = 20_261_122;
    SyntheticSpec::new(SEED, at, Timeframe::Seconds(1)).map_err(invalid)
}
