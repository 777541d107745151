//! What a replay is played on: the venue and the time, in the runner's own words.
//!
//! It must not know which venue or which clock.

use domain::{Instrument, InstrumentId, Timestamp};
use venue_sim::{
    FillLimitsOn, Happening, SessionChange, SharedVenue, SimError, SimStorage, SimTick,
};

/// The venue that hears prices before the desk does.
pub trait Market: Send + Sync {
    /// Takes a price.
    ///
    /// # Errors
    /// When the venue can't keep it.
    fn price(&self, tick: &SimTick, at: Timestamp) -> Result<(), SimError>;

    /// Opens or closes trading in an instrument.
    ///
    /// # Errors
    /// When the venue can't keep it.
    fn session(
        &self,
        instrument: &InstrumentId,
        change: SessionChange,
        at: Timestamp,
    ) -> Result<(), SimError>;

    /// Lets something happen: funding, a split.
    ///
    /// # Errors
    /// When the venue can't keep it.
    fn happen(&self, what: &Happening, at: Timestamp) -> Result<(), SimError>;

    /// When a limit is reached.
    fn fill_limits_on(&self) -> FillLimitsOn;
}

impl<S: SimStorage + Send> Market for SharedVenue<S> {
    fn price(&self, tick: &SimTick, at: Timestamp) -> Result<(), SimError> {
        self.on_tick(tick, at)
    }

    fn session(
        &self,
        instrument: &InstrumentId,
        change: SessionChange,
        at: Timestamp,
    ) -> Result<(), SimError> {
        self.on_session(instrument, change, at)
    }

    fn happen(&self, what: &Happening, at: Timestamp) -> Result<(), SimError> {
        Self::happen(self, what, at)
    }

    fn fill_limits_on(&self) -> FillLimitsOn {
        self.with(|venue| venue.engine().config().fill_limits_on)
    }
}

/// What stands around a replay.
pub trait Stage: Send + Sync {
    /// Time has come to this instant: the desk's clock shows it, and nothing later until the next
    /// call.
    fn time_is(&self, at: Timestamp);

    /// Everything that can be traded.
    fn instruments(&self) -> Vec<Instrument>;

    /// An instrument and the contracts that follow it; empty when there is no such instrument.
    fn traded(&self, of: &InstrumentId) -> Vec<Instrument>;
}
